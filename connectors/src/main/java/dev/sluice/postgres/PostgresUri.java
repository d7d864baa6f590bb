package dev.sluice.postgres;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Where PostgreSQL is, read from any of the forms people have in their settings: `postgres://`,
/// `postgresql://`, SQLAlchemy's `postgresql+driver://`, and `jdbc:postgresql://`. The parameters of libpq
/// are translated to those of the JDBC driver.
///
/// @param hosts `host:port`, one or more joined by commas
/// @param database the database's name
/// @param properties user, password and the driver's parameters; the password never leaves through
///     [#toString]
public record PostgresUri(String hosts, String database, Map<String, String> properties) {
    private static final Pattern FORM = Pattern.compile(
            "(?:jdbc:)?postgres(?:ql)?(?:\\+[a-z0-9_]+)?://(?:([^/?#]*)@)?([^/?#@]*)(?:/([^?#]*))?(?:\\?([^#]*))?");

    /// libpq's names (PostgreSQL manual, "Parameter Key Words") and what the driver calls them.
    private static final Map<String, String> FROM_LIBPQ = Map.ofEntries(
            Map.entry("sslmode", "sslmode"),
            Map.entry("ssl", "ssl"),
            Map.entry("sslrootcert", "sslrootcert"),
            Map.entry("sslcert", "sslcert"),
            Map.entry("sslkey", "sslkey"),
            Map.entry("sslpassword", "sslpassword"),
            Map.entry("sslnegotiation", "sslNegotiation"),
            Map.entry("connect_timeout", "connectTimeout"),
            Map.entry("application_name", "ApplicationName"),
            Map.entry("options", "options"),
            Map.entry("channel_binding", "channelBinding"),
            Map.entry("gssencmode", "gssEncMode"),
            Map.entry("krbsrvname", "kerberosServerName"),
            Map.entry("user", "user"),
            Map.entry("password", "password"));

    private static final List<String> SSL_MODES =
            List.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

    /// Parameters that have a meaning for libpq and none here; left out in silence.
    private static final Pattern WITHOUT_MEANING = Pattern.compile(
            "keepalives_(idle|interval|count)|client_encoding|fallback_application_name|tcp_user_timeout|passfile|service|sslcompression|sslcrl|sslsni|load_balance_hosts|async_fallback|prepared_statement_cache_size|prepare_threshold");

    public PostgresUri {
        properties = Map.copyOf(properties);
    }

    /// Reads POSTGRES_URI.
    ///
    /// @throws SluiceException of kind BAD_SETTING, without the text of the URI, which may hold a password
    public static PostgresUri parse(String text) {
        return parse(text, "POSTGRES_URI");
    }

    /// @param setting whose value it is, for the message
    /// @throws SluiceException of kind BAD_SETTING, without the text of the URI, which may hold a password
    public static PostgresUri parse(String text, String setting) {
        try {
            return read(text);
        } catch (Malformed e) {
            // Without the cause: what it was made of may hold a password.
            throw new SluiceException(FailureKind.BAD_SETTING, setting + ": " + e.getMessage() + ".");
        }
    }

    private static PostgresUri read(String text) {
        refuseCutPassword(text);
        Matcher matcher = FORM.matcher(text.strip());
        if (!matcher.matches()) {
            throw bad("it is not of the form postgresql://user:password@host:port/database?sslmode=require");
        }
        boolean jdbc = text.strip().startsWith("jdbc:");
        Map<String, String> properties = new LinkedHashMap<>();
        String credentials = matcher.group(1);
        if (credentials != null) {
            int colon = credentials.indexOf(':');
            properties.put("user", decode(colon < 0 ? credentials : credentials.substring(0, colon)));
            if (colon >= 0) {
                properties.put("password", decode(credentials.substring(colon + 1)));
            }
        }
        String hosts = matcher.group(2).isEmpty() ? "localhost" : decode(matcher.group(2));
        String database = matcher.group(3) == null ? "" : decode(matcher.group(3));
        String port = null;
        if (matcher.group(4) != null) {
            for (String pair : matcher.group(4).split("&")) {
                if (pair.isEmpty()) {
                    continue;
                }
                int equals = pair.indexOf('=');
                String name = decode(equals < 0 ? pair : pair.substring(0, equals));
                String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
                switch (name) {
                    case "host", "hostaddr" -> hosts = value;
                    case "port" -> port = value;
                    case "dbname" -> database = value;
                    case "keepalives" -> properties.put("tcpKeepAlive", value.equals("0") ? "false" : "true");
                    case "target_session_attrs" -> properties.put("targetServerType", serverType(value));
                    default -> parameter(properties, name, value, jdbc);
                }
            }
        }
        if (hosts.startsWith("/")) {
            throw bad("Unix sockets can't be used, name a host");
        }
        String user = properties.getOrDefault("user", System.getProperty("user.name"));
        properties.putIfAbsent("user", user);
        String ssl = properties.get("sslmode");
        if (ssl != null && !SSL_MODES.contains(ssl)) {
            throw bad("its sslmode is none of " + String.join(", ", SSL_MODES));
        }
        return new PostgresUri(withPorts(hosts, port), database.isEmpty() ? user : database, properties);
    }

    /// A password with a slash in it is cut in two by the grammar of URIs, and what stands before the `@`
    /// would be taken for a host and shown.
    private static void refuseCutPassword(String text) {
        int query = text.indexOf('?');
        String path = query < 0 ? text : text.substring(0, query);
        int slash = path.indexOf('/', path.indexOf("://") + 3);
        if (slash >= 0 && path.indexOf('@', slash) >= 0) {
            throw bad("it has a / before its @: in user and password write / as %2F and @ as %40");
        }
    }

    private static void parameter(Map<String, String> properties, String name, String value, boolean jdbc) {
        String translated = FROM_LIBPQ.get(name);
        if (translated != null) {
            properties.put(translated, value);
        } else if (jdbc) {
            properties.put(name, value);
        } else if (!WITHOUT_MEANING.matcher(name).matches()) {
            throw bad("its parameter '" + name + "' is not known");
        }
    }

    private static String serverType(String value) {
        return switch (value) {
            case "read-write", "primary" -> "primary";
            case "read-only", "standby" -> "secondary";
            case "prefer-standby" -> "preferSecondary";
            default -> "any";
        };
    }

    /// One port is for all hosts, several are for one host each.
    private static String withPorts(String hosts, @Nullable String port) {
        String[] names = hosts.split(",", -1);
        String[] ports = port == null ? new String[] {""} : port.split(",", -1);
        if (ports.length > 1 && ports.length != names.length) {
            throw bad("it names " + names.length + " hosts and " + ports.length + " ports");
        }
        StringBuilder joined = new StringBuilder();
        for (int i = 0; i < names.length; i++) {
            if (i > 0) {
                joined.append(',');
            }
            joined.append(withPort(bracketed(names[i]), ports[ports.length == 1 ? 0 : i]));
        }
        return joined.toString();
    }

    private static String withPort(String host, String otherwise) {
        int colon = host.lastIndexOf(':') > host.lastIndexOf(']') ? host.lastIndexOf(':') : host.length();
        String own = host.substring(Math.min(colon + 1, host.length()));
        String port = own.isEmpty() ? otherwise : own;
        if (port.isEmpty()) {
            return host.substring(0, colon);
        }
        if (!port.matches("\\d{1,5}") || Integer.parseInt(port) < 1 || Integer.parseInt(port) > 65_535) {
            throw bad("a port is not a number from 1 to 65535");
        }
        return host.substring(0, colon) + ":" + port;
    }

    /// An IPv6 address in a parameter has no brackets; the driver wants them.
    private static String bracketed(String host) {
        boolean bareIpv6 = !host.startsWith("[") && host.indexOf(':') != host.lastIndexOf(':');
        return bareIpv6 ? "[" + host + "]" : host;
    }

    private static String decode(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException malformed) {
            throw bad("it holds a % that is not followed by two hex digits (write % itself as %25)");
        }
    }

    private static Malformed bad(String why) {
        return new Malformed(why);
    }

    /// What is wrong with a URI, without its text.
    private static final class Malformed extends RuntimeException {
        Malformed(String why) {
            super(why, null, false, false);
        }
    }

    /// The same server and credentials, another database.
    public PostgresUri withDatabase(String other) {
        return new PostgresUri(hosts, other, properties);
    }

    /// With the CAs that the server's certificate is checked by, where it is to be checked (`sslmode`
    /// verify-ca or verify-full) and the URI names none (`sslrootcert`).
    ///
    /// @param file PEM
    public PostgresUri withCaFile(String file) {
        if (!properties.getOrDefault("sslmode", "").startsWith("verify-") || properties.containsKey("sslrootcert")) {
            return this;
        }
        Map<String, String> more = new LinkedHashMap<>(properties);
        more.put("sslrootcert", file);
        return new PostgresUri(hosts, database, more);
    }

    /// As PostgreSQL's own programs take it, with the password: a secret.
    public String text() {
        Map<String, String> names = new HashMap<>();
        FROM_LIBPQ.forEach((libpq, driver) -> names.put(driver, libpq));
        StringBuilder text = new StringBuilder("postgresql://");
        text.append(encoded(properties.getOrDefault("user", "")));
        if (properties.containsKey("password")) {
            text.append(':').append(encoded(properties.getOrDefault("password", "")));
        }
        text.append('@').append(hosts).append('/').append(encoded(database));
        char separator = '?';
        for (Map.Entry<String, String> property : new TreeMap<>(properties).entrySet()) {
            if (!property.getKey().equals("user") && !property.getKey().equals("password")) {
                text.append(separator)
                        .append(names.getOrDefault(property.getKey(), property.getKey()))
                        .append('=')
                        .append(encoded(property.getValue()));
                separator = '&';
            }
        }
        return text.toString();
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /// The driver's URL, without credentials.
    public String jdbcUrl() {
        return "jdbc:postgresql://" + hosts + "/" + encoded(database);
    }

    /// The driver's properties, credentials included.
    public Properties driverProperties() {
        Properties driver = new Properties();
        driver.putAll(properties);
        return driver;
    }

    /// Safe to show: no password.
    @Override
    public String toString() {
        return "postgresql://" + properties.get("user") + "@" + hosts + "/" + database;
    }
}
