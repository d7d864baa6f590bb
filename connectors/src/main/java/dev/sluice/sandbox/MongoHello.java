package dev.sluice.sandbox;

import com.mongodb.ConnectionString;
import com.mongodb.MongoClientSettings;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import java.util.concurrent.TimeUnit;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.jspecify.annotations.Nullable;

/// What a MongoDB server says of itself.
///
/// @param replicaSet the name of its replica set; null when it is in none
/// @param isPrimary whether it takes writes
/// @param isSecondary whether it is a member that serves reads
/// @param electionId of the election that made it the primary; null when it is not one
/// @param product name and version, for people
record MongoHello(
        @Nullable String replicaSet,
        boolean isPrimary,
        boolean isSecondary,
        @Nullable ObjectId electionId,
        String product) {

    /// Asks a server.
    ///
    /// @param boundMillis how long to wait for a connection
    /// @throws com.mongodb.MongoException when it does not answer
    static MongoHello ask(ConnectionString connection, int boundMillis) {
        try (MongoClient client = client(connection, boundMillis)) {
            var admin = client.getDatabase("admin");
            Document hello = admin.runCommand(new Document("hello", 1));
            Document build = admin.runCommand(new Document("buildInfo", 1));
            return new MongoHello(
                    hello.getString("setName"),
                    hello.getBoolean("isWritablePrimary", false),
                    hello.getBoolean("secondary", false),
                    hello.getObjectId("electionId"),
                    "MongoDB " + build.getString("version"));
        }
    }

    /// A client that waits for a connection, and for each answer, only so long.
    static MongoClient client(ConnectionString connection, int boundMillis) {
        return MongoClients.create(MongoClientSettings.builder()
                .applyConnectionString(connection)
                .applyToClusterSettings(cluster -> cluster.serverSelectionTimeout(boundMillis, TimeUnit.MILLISECONDS))
                .applyToSocketSettings(socket -> socket.connectTimeout(boundMillis, TimeUnit.MILLISECONDS))
                .build());
    }
}
