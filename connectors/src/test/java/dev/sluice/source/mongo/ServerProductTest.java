package dev.sluice.source.mongo;

import static org.assertj.core.api.Assertions.assertThat;

import org.bson.BsonDocument;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Answers as these servers give them, to what is asked of them.
class ServerProductTest {
    private static final String MONGODB = """
            {"version": "6.0.5", "gitVersion": "c9a99c120371d4d4c52cbb15dac34a36ce8d3b1d", "modules": [],
             "allocator": "tcmalloc", "javascriptEngine": "mozjs", "sysInfo": "deprecated",
             "versionArray": [6, 0, 5, 0], "openssl": {"running": "OpenSSL 1.1.1n"}, "bits": 64, "debug": false,
             "maxBsonObjectSize": 16777216, "storageEngines": ["devnull", "ephemeralForTest", "wiredTiger"], "ok": 1.0}
            """;
    private static final String FERRETDB = """
            {"version": "7.0.42", "gitVersion": "f9e6ac1b", "modules": [], "sysInfo": "deprecated",
             "versionArray": [7, 0, 42, 0], "bits": 64, "debug": false, "maxBsonObjectSize": 16777216,
             "buildEnvironment": {}, "ferretdbVersion": "v1.24.0",
             "ferretdbFeatures": {"aggregationStages": []}, "ok": 1.0}
            """;
    private static final String AMAZON = """
            {"version": "5.0.0", "versionArray": [5, 0, 0, 0], "bits": 64, "maxBsonObjectSize": 16777216, "ok": 1.0}
            """;
    private static final String COSMOS = """
            {"_t": "BuildInfoResponse", "ok": 1.0, "version": "4.2.0", "versionArray": [4, 2, 0, 0], "bits": 64,
             "maxBsonObjectSize": 4194304, "gitVersion": "45d947729a0315accb6d4f15a6b06be6d9c19fe7"}
            """;
    private static final String DOCUMENTDB = """
            {"version": "7.0.0", "versionArray": [7, 0, 0, 0], "bits": 64, "maxBsonObjectSize": 16777216,
             "internal": {"documentdb_versions": ["0.100-0"]}, "ok": 1.0}
            """;

    @ParameterizedTest
    @CsvSource({
        "MONGODB, db-0.internal:27017, ''",
        "FERRETDB, '', FerretDB",
        "AMAZON, docs-1.c2x.eu-west-1.docdb.amazonaws.com:27017, Amazon DocumentDB",
        "AMAZON, localhost:27017, a server that is not MongoDB",
        "COSMOS, shop.mongo.cosmos.azure.com:10255, Azure Cosmos DB",
        "MONGODB, fc-1-000.shop.mongocluster.cosmos.azure.com:10260, Azure Cosmos DB",
        "COSMOS, '', Azure Cosmos DB",
        "DOCUMENTDB, '', DocumentDB"
    })
    @DisplayName("a server that only speaks MongoDB's protocol is told by what it says of itself")
    void named(String answer, String host, String name) {
        BsonDocument hello = BsonDocument.parse("{\"isWritablePrimary\": true, \"setName\": \"rs0\", \"hosts\": [\""
                + host + "\"], \"me\": \"" + host + "\", \"ok\": 1}");
        String buildInfo = switch (answer) {
            case "MONGODB" -> MONGODB;
            case "FERRETDB" -> FERRETDB;
            case "AMAZON" -> AMAZON;
            case "COSMOS" -> COSMOS;
            default -> DOCUMENTDB;
        };
        assertThat(ServerProduct.notMongoDb(hello, BsonDocument.parse(buildInfo))
                        .orElse(""))
                .isEqualTo(name);
    }
}
