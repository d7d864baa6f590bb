package dev.sluice.source.mongo;

import java.util.Locale;
import java.util.Optional;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.BsonValue;

/// Distinguishes MongoDB from servers that only implement its protocol, by their answers to `hello` and
/// `buildInfo`.
final class ServerProduct {
    private ServerProduct() {}

    /// The name of what is not MongoDB; empty for MongoDB, and for what answers as MongoDB does.
    static Optional<String> notMongoDb(BsonDocument hello, BsonDocument buildInfo) {
        if (buildInfo.keySet().stream().anyMatch(key -> key.startsWith("ferretdb"))) {
            return Optional.of("FerretDB");
        }
        String hosts = hosts(hello);
        if (hosts.contains(".docdb.amazonaws.com") || hosts.contains(".docdb-elastic.amazonaws.com")) {
            return Optional.of("Amazon DocumentDB");
        }
        if (buildInfo.containsKey("_t") || hello.containsKey("_t") || hosts.contains("cosmos.azure.com")) {
            return Optional.of("Azure Cosmos DB");
        }
        if (buildInfo.toJson().toLowerCase(Locale.ROOT).contains("documentdb")) {
            return Optional.of("DocumentDB");
        }
        // Fields that every build of MongoDB reports and that other servers rarely imitate.
        return buildInfo.containsKey("gitVersion") && buildInfo.containsKey("javascriptEngine")
                ? Optional.empty()
                : Optional.of("a server that is not MongoDB");
    }

    private static String hosts(BsonDocument hello) {
        StringBuilder hosts = new StringBuilder();
        for (String name : new String[] {"me", "primary"}) {
            if (hello.get(name) instanceof BsonString host) {
                hosts.append(host.getValue()).append(' ');
            }
        }
        if (hello.get("hosts") instanceof BsonArray all) {
            for (BsonValue host : all) {
                hosts.append(host.isString() ? host.asString().getValue() : "").append(' ');
            }
        }
        // With the port behind the name.
        return hosts.toString().toLowerCase(Locale.ROOT);
    }
}
