package shop;

import java.net.URI;

/** The environment: the same variables that Sluice takes, and FLAGS_URL. The token is null when there is none. */
record Settings(String mongoUri, String database, String jdbcUrl, String sluiceUrl, String token, int seconds) {
    static Settings read() {
        return new Settings(
                get("MONGO_URI", null),
                get("MONGO_DB_NAME", "shop"),
                jdbc(URI.create(get("POSTGRES_URI", null))),
                get("FLAGS_URL", "http://localhost:8080"),
                System.getenv("SLUICE_API_READ_TOKEN"),
                Integer.parseInt(get("SECONDS", "60")));
    }

    private static String get(String name, String otherwise) {
        String value = System.getenv().getOrDefault(name, otherwise);
        if (value == null) {
            throw new IllegalArgumentException(name + " is not set.");
        }
        return value;
    }

    /** JDBC takes user and password as parameters. */
    private static String jdbc(URI uri) {
        StringBuilder url = new StringBuilder("jdbc:postgresql://" + uri.getHost());
        url.append(uri.getPort() < 0 ? "" : ":" + uri.getPort()).append(uri.getRawPath()).append('?');
        if (uri.getRawUserInfo() != null) {
            String[] login = uri.getRawUserInfo().split(":", 2);
            url.append("user=").append(login[0]);
            url.append(login.length == 1 ? "" : "&password=" + login[1]).append('&');
        }
        return url.append(uri.getRawQuery() == null ? "" : uri.getRawQuery()).toString();
    }
}
