package dev.sluice.sandbox;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/// The parts of a URI as PostgreSQL's own programs take it:
/// `postgresql://user:password@host:port/database?options`.
///
/// @param host name or address of the machine
/// @param port TCP port
/// @param user the role that logs in
/// @param password its password; null for none
/// @param database the database
/// @param query what stands behind the question mark, undecoded; null for nothing
record PostgresUri(
        String host,
        int port,
        String user,
        @Nullable String password,
        String database,
        @Nullable String query) {

    private static final int DEFAULT_PORT = 5432;

    /// @throws SandboxException when the text is no such URI; the message doesn't repeat it, it may hold a
    ///     password
    static PostgresUri parse(String text, String setting) {
        try {
            URI uri = new URI(text.strip());
            @Nullable String scheme = uri.getScheme();
            @Nullable String host = uri.getHost();
            if (host == null || !("postgresql".equals(scheme) || "postgres".equals(scheme))) {
                throw malformed(setting);
            }
            @Nullable String userInfo = uri.getRawUserInfo();
            String[] login = userInfo == null ? new String[] {"postgres"} : userInfo.split(":", 2);
            String path = uri.getRawPath() == null ? "" : uri.getRawPath();
            String database = path.length() > 1 ? decoded(path.substring(1)) : decoded(login[0]);
            return new PostgresUri(
                    host,
                    uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort(),
                    decoded(login[0]),
                    login.length > 1 ? decoded(login[1]) : null,
                    database,
                    uri.getRawQuery());
        } catch (URISyntaxException | IllegalArgumentException e) {
            // Without the cause: its message repeats the URI.
            throw malformed(setting);
        }
    }

    /// The same server and role, another database.
    PostgresUri withDatabase(String other) {
        return new PostgresUri(host, port, user, password, other, query);
    }

    /// The URI as text, password included.
    String text() {
        String login = password == null ? encoded(user) : encoded(user) + ":" + encoded(password);
        return "postgresql://" + login + "@" + host + ":" + port + "/" + encoded(database)
                + (query == null ? "" : "?" + query);
    }

    /// The URL that the JDBC driver takes; user and password go into [#login()].
    String jdbcUrl() {
        return "jdbc:postgresql://" + host + ":" + port + "/" + encoded(database) + (query == null ? "" : "?" + query);
    }

    /// User, password and time limits for the JDBC driver.
    Properties login() {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        if (password != null) {
            properties.setProperty("password", password);
        }
        properties.setProperty("connectTimeout", "5");
        return properties;
    }

    /// Without the password.
    @Override
    public String toString() {
        return host + ":" + port + "/" + database;
    }

    private static SandboxException malformed(String setting) {
        return new SandboxException(setting + " is not of the form postgresql://user:password@host:port/database.");
    }

    private static String decoded(String text) {
        // URLDecoder is for forms, where a plus sign means a blank; here it means itself.
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
