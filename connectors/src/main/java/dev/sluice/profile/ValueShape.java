package dev.sluice.profile;

import java.util.regex.Pattern;

/// What a text is by its looks, where its values must not be shown.
enum ValueShape {
    /// A hash that passwords are stored as: bcrypt, argon2, scrypt, PBKDF2, crypt.
    PASSWORD_HASH("password hashes", true) {
        @Override
        boolean fits(String text) {
            return text.startsWith("$") && PASSWORD_HASHES.matcher(text).matches();
        }
    },
    /// A JSON Web Token.
    JWT("JSON Web Tokens", true) {
        @Override
        boolean fits(String text) {
            String token = text.startsWith(BEARER) ? text.substring(BEARER.length()) : text;
            return token.startsWith("eyJ") && JWTS.matcher(token).matches();
        }
    },
    /// A key in PEM.
    PRIVATE_KEY("private keys", true) {
        @Override
        boolean fits(String text) {
            return text.contains("-----BEGIN") && text.contains("PRIVATE KEY-----");
        }
    },
    /// A key that a well-known service gives out.
    API_KEY("API keys", true) {
        @Override
        boolean fits(String text) {
            return API_KEYS.matcher(text).matches();
        }
    },
    /// The number of a payment card: 13 to 19 digits, the last of which checks the others (Luhn).
    CARD("payment card numbers", true) {
        @Override
        boolean fits(String text) {
            return text.length() <= CARD_LENGTH_MAX
                    && CARDS.matcher(text).matches()
                    && isLuhn(text.replace(" ", "").replace("-", ""));
        }
    },
    EMAIL("e-mail addresses", false) {
        @Override
        boolean fits(String text) {
            return text.length() <= EMAIL_LENGTH_MAX
                    && text.indexOf('@') > 0
                    && EMAILS.matcher(text).matches();
        }
    },
    PHONE("telephone numbers", false) {
        @Override
        boolean fits(String text) {
            return text.length() <= PHONE_LENGTH_MAX && PHONES.matcher(text).matches();
        }
    };

    private static final String BEARER = "Bearer ";
    private static final int CARD_LENGTH_MAX = 23;
    private static final int EMAIL_LENGTH_MAX = 254;
    private static final int PHONE_LENGTH_MAX = 24;
    private static final Pattern PASSWORD_HASHES = Pattern.compile(
            "\\$2[abxy]?\\$\\d\\d\\$[./A-Za-z0-9]{53}|\\$(argon2(id|i|d)|scrypt|pbkdf2[\\w-]*|[156]|sha1|y)\\$\\S+");
    private static final Pattern JWTS = Pattern.compile("eyJ[\\w-]{5,}\\.[\\w-]{5,}\\.[\\w-]*");
    private static final Pattern API_KEYS =
            Pattern.compile("(sk|pk|rk)_(live|test)_\\w{16,}|sk-[\\w-]{20,}|gh[opsur]_\\w{36}"
                    + "|github_pat_\\w{22,}|glpat-[\\w-]{20,}|AKIA[0-9A-Z]{16}|AIza[\\w-]{35}|xox[abprs]-[\\w-]{10,}");
    private static final Pattern CARDS =
            Pattern.compile("[2-6]\\d{3}(\\d{9,15}|[ -]\\d{4}[ -]\\d{4}[ -]\\d{4}|[ -]\\d{6}[ -]\\d{5})");
    private static final Pattern EMAILS = Pattern.compile("[^\\s@<>()\"]+@[^\\s@<>()\"]+\\.[^\\s@<>().\"]{2,}");
    private static final Pattern PHONES =
            Pattern.compile("\\+\\d[\\d ()-]{6,20}\\d|\\(?\\d{3}\\)?[ -]\\d{3}[ -]\\d{4}");

    private final String what;
    private final boolean secret;

    ValueShape(String what, boolean secret) {
        this.what = what;
        this.secret = secret;
    }

    /// Whether the text is of this shape as a whole.
    abstract boolean fits(String text);

    /// For people, in the plural.
    String what() {
        return what;
    }

    /// Whether who has the value can do what only its owner may; else it is data about a person.
    boolean isSecret() {
        return secret;
    }

    /// @param digits and nothing else
    static boolean isLuhn(String digits) {
        int sum = 0;
        for (int i = 0; i < digits.length(); i++) {
            int digit = digits.charAt(digits.length() - 1 - i) - '0';
            int doubled = i % 2 == 1 ? 2 * digit : digit;
            sum += doubled > 9 ? doubled - 9 : doubled;
        }
        return sum % 10 == 0;
    }
}
