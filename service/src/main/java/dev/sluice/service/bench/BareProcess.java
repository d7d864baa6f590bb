package dev.sluice.service.bench;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoDatabase;
import dev.sluice.change.Position;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bson.BsonDocument;
import org.bson.Document;

/// The bare loops as a process of their own, a JVM's start included: the limit of a cold process. `copy` ends by
/// itself, `drain` goes on until it is ended.
public final class BareProcess {
    private static final String MONGO = "BARE_MONGO_URI";
    private static final String DATABASE = "BARE_DATABASE";
    private static final String POSTGRES = "BARE_POSTGRES_URI";
    private static final String TOKEN = "BARE_TOKEN";
    private static final int BATCH = 10_000;

    private BareProcess() {}

    /// @param what `copy` or `drain`
    /// @param options of the JVM besides the launcher's
    static List<String> command(String what, List<String> options) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow"));
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), BareProcess.class.getName(), what));
        return command;
    }

    /// What it works on, in its environment, since one may hold a password.
    static Map<String, String> settings(Servers servers, MongoDatabase database, Target target, Position from) {
        return Map.of(
                MONGO, servers.mongo().uri(),
                DATABASE, database.getName(),
                POSTGRES, target.uri(),
                TOKEN, from.resumeToken().toJson());
    }

    /// @param arguments `copy` or `drain`
    public static void main(String... arguments) throws SQLException {
        PostgresConnector connector = new PostgresConnector(PostgresUri.parse(System.getenv(POSTGRES)));
        try (MongoClient client = MongoClients.create(System.getenv(MONGO))) {
            MongoDatabase database = client.getDatabase(System.getenv(DATABASE));
            switch (arguments[0]) {
                case "copy" -> copy(database, connector);
                case "drain" -> drain(database, connector);
                default -> throw new IllegalArgumentException(arguments[0]);
            }
        }
    }

    private static void copy(MongoDatabase database, PostgresConnector connector) throws SQLException {
        try (Connection connection = connector.open()) {
            new BareLoop(new UserRows(), connection, false)
                    .copy(database.getCollection(Users.COLLECTION, Document.class), BATCH);
        }
    }

    private static void drain(MongoDatabase database, PostgresConnector connector) throws SQLException {
        try (BareStream stream =
                new BareStream(database, connector.open(), BareStream.BATCH, (last, changes, times) -> {})) {
            stream.start(Position.of(BsonDocument.parse(System.getenv(TOKEN)), null));
            stream.ended().join();
        }
    }
}
