package dev.sluice.profile;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bson.BsonType;

/// Why the values of a field must not be shown, and whether they are masked unless somebody decides
/// otherwise.
///
/// @param kind secrets are masked, of personal data it is proposed in a comment
/// @param masked whether `redact` is in place
/// @param reason for people, without values
record Sensitive(Kind kind, boolean masked, String reason) {
    /// What the values are.
    enum Kind {
        SECRET,
        PERSONAL
    }

    /// Where a name does not say so, so many of ten numbers have to be those of cards: one in ten is by
    /// chance.
    private static final int CARDS_OF_TEN = 9;

    /// Numbers below which the share of cards says nothing.
    private static final int CARDS_MIN = 5;

    /// What a secret is kept as, behind its name.
    private static final Set<String> ENDINGS = Set.of(
            "hash", "hashed", "hashes", "digest", "encrypted", "enc", "value", "plain", "text", "base64", "old", "new");

    private static final List<String> SECRETS = List.of(
            "password",
            "passwd",
            "passphrase",
            "secret",
            "token",
            "apikey",
            "privatekey",
            "accesskey",
            "secretkey",
            "signingkey",
            "encryptionkey",
            "credential",
            "jwt",
            "bcrypt",
            "cardnumber",
            "creditcard",
            "cardno");

    private static final Set<String> SHORT_SECRETS = Set.of("pwd", "pin", "otp", "cvv", "cvc", "salt");

    /// Secrets that may be numbers. `tokens` are counted as a rule.
    private static final Set<String> NUMBERS =
            Set.of("password", "passwd", "pwd", "pin", "otp", "cvv", "cvc", "cardnumber", "creditcard", "cardno");

    private static final Set<String> PERSONAL = Set.of(
            "email",
            "mail",
            "phone",
            "telephone",
            "tel",
            "mobile",
            "cellphone",
            "fax",
            "ssn",
            "passport",
            "iban",
            "dob",
            "birthday",
            "birthdate",
            "emails",
            "phones");

    /// What is said of a secret beside it.
    private static final Set<String> HARMLESS =
            Set.of("type", "kind", "name", "algorithm", "alg", "label", "id", "status", "provider", "scope");

    /// @param name of the field
    /// @param within whether the name of an object around it says that its fields are secrets
    static Optional<Sensitive> of(FieldName name, FieldProfile field, boolean within) {
        TextProfile texts = field.texts();
        boolean held = texts.count() + field.count(BsonType.BINARY) > 0;
        boolean numbers = field.numbers().count() > 0;
        boolean inside = within && !HARMLESS.contains(name.last());
        if ((held && (says(name) || inside)) || (numbers && NUMBERS.contains(stem(name)))) {
            return Optional.of(new Sensitive(Kind.SECRET, true, "a secret, as its name says"));
        }
        Optional<ValueShape> secret = most(texts, true);
        if (secret.isPresent()) {
            long like = texts.count(secret.get());
            return Optional.of(new Sensitive(Kind.SECRET, 2 * like >= texts.count(), share(secret.get(), texts)));
        }
        long cards = field.numbers().cards();
        if (cards >= CARDS_MIN && cards * 10 >= field.numbers().count() * CARDS_OF_TEN) {
            return Optional.of(new Sensitive(Kind.SECRET, true, ValueShape.CARD.what()));
        }
        Optional<ValueShape> personal = most(texts, false);
        if (personal.isPresent()) {
            return Optional.of(new Sensitive(Kind.PERSONAL, false, share(personal.get(), texts)));
        }
        boolean named = name.hasAny(PERSONAL) || PERSONAL.contains(name.joined());
        return (held || numbers || field.count(BsonType.DATE_TIME) > 0) && named
                ? Optional.of(new Sensitive(Kind.PERSONAL, false, "personal data, as its name says"))
                : Optional.empty();
    }

    /// Whether a name says that what it names is a secret.
    static boolean says(FieldName name) {
        String stem = stem(name);
        return SECRETS.stream().anyMatch(stem::endsWith) || SHORT_SECRETS.contains(stem(name.last()));
    }

    private static String stem(FieldName name) {
        List<String> words = new ArrayList<>(name.words());
        while (words.size() > 1 && ENDINGS.contains(words.getLast())) {
            words.removeLast();
        }
        return stem(String.join("", words));
    }

    /// In the singular, without what it is kept as.
    private static String stem(String word) {
        String plain = word;
        for (String ending : List.of("hashed", "hash", "digest", "encrypted")) {
            plain = plain.endsWith(ending) && plain.length() > ending.length()
                    ? plain.substring(0, plain.length() - ending.length())
                    : plain;
        }
        return plain.endsWith("s") ? plain.substring(0, plain.length() - 1) : plain;
    }

    private static Optional<ValueShape> most(TextProfile texts, boolean secrets) {
        ValueShape most = null;
        for (ValueShape shape : ValueShape.values()) {
            if (shape.isSecret() == secrets
                    && texts.count(shape) > 0
                    && (most == null || texts.count(shape) > texts.count(most))) {
                most = shape;
            }
        }
        return Optional.ofNullable(most);
    }

    private static String share(ValueShape shape, TextProfile texts) {
        return shape.what() + " in " + BsonTypes.percent(texts.count(shape), texts.count()) + " of the texts";
    }
}
