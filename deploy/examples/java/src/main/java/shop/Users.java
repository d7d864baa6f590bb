package shop;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.mongodb.client.ClientSession;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.FindOneAndUpdateOptions;
import com.mongodb.client.model.ReturnDocument;
import com.mongodb.client.model.Updates;
import com.zaxxer.hikari.HikariDataSource;
import dev.openfeature.contrib.providers.ofrep.OfrepProvider;
import dev.openfeature.contrib.providers.ofrep.OfrepProviderOptions;
import dev.openfeature.sdk.Client;
import dev.openfeature.sdk.FlagEvaluationDetails;
import dev.openfeature.sdk.ImmutableContext;
import dev.openfeature.sdk.OpenFeatureAPI;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.bson.BsonTimestamp;
import org.bson.Document;

/** The users of a shop: written to MongoDB, read from the side that Sluice's route names. */
final class Users implements AutoCloseable {
    /** The sides. With both, both are read and MongoDB's answer counts. */
    static final String MONGODB = "mongodb", POSTGRES = "postgres", BOTH = "both";

    private final MongoClient mongo;
    private final MongoCollection<Document> documents;
    private final HikariDataSource rows = new HikariDataSource();
    private final Client flags;
    private final HttpClient web = HttpClient.newHttpClient();
    private final HttpRequest.Builder reports;
    private final Queue<Document> found = new ConcurrentLinkedQueue<>();

    /** A write that MongoDB has acknowledged. A web application keeps the operation time in the user's session. */
    record Written(int visits, BsonTimestamp operationTime) {}

    /**
     * What was read. The route is what Sluice said, the side where it was read; the row is what PostgreSQL said if it
     * was asked. -1 where there is none.
     */
    record Read(String route, String side, int visits, int row) {}

    Users(Settings settings, int connections) {
        mongo = MongoClients.create(settings.mongoUri());
        documents = mongo.getDatabase(settings.database()).getCollection("users");
        rows.setJdbcUrl(settings.jdbcUrl());
        rows.setMaximumPoolSize(connections);
        OfrepProviderOptions.Builder options = OfrepProviderOptions.builder().baseUrl(settings.sluiceUrl());
        reports = HttpRequest.newBuilder(URI.create(settings.sluiceUrl()).resolve("/api/shadow-reads"))
                .header("Content-Type", "application/json")
                .timeout(Duration.ofSeconds(5));
        if (settings.token() != null) {
            reports.header("Authorization", "Bearer " + settings.token());
            options.headers(ImmutableMap.of("Authorization", ImmutableList.of("Bearer " + settings.token())));
        }
        OpenFeatureAPI.getInstance().setProviderAndWait(OfrepProvider.constructProvider(options.build()));
        flags = OpenFeatureAPI.getInstance().getClient();
    }

    /** Counts a visit. Every write goes to MongoDB, wherever reads go. */
    Written visit(String user) {
        try (ClientSession session = mongo.startSession()) {
            Document document = Objects.requireNonNull(documents.findOneAndUpdate(
                    session,
                    Filters.eq("_id", user),
                    Updates.combine(Updates.inc("visits", 1), Updates.setOnInsert("name", user)),
                    new FindOneAndUpdateOptions().upsert(true).returnDocument(ReturnDocument.AFTER)));
            return new Written(document.getInteger("visits"), session.getOperationTime());
        }
    }

    /** Where this user's reads go. The same user gets the same answer until an operator moves the route. */
    String route(String user) {
        FlagEvaluationDetails<String> answer = flags.getStringDetails("users", MONGODB, new ImmutableContext(user));
        if (answer.getErrorCode() != null) {
            // A real application goes on with MongoDB, which has everything; this one is to count it.
            throw new IllegalStateException("Sluice gave no route: " + answer.getErrorMessage());
        }
        return answer.getValue();
    }

    /** Reads a user's visits; written is the last write that this user knows of. */
    Read visits(String user, Written written) throws SQLException {
        String route = route(user);
        if (route.equals(MONGODB) || !has(written)) {
            // Also where PostgreSQL is behind by more than we are willing to wait: MongoDB has it.
            return new Read(route, MONGODB, document(user), -1);
        }
        long began = System.nanoTime();
        int row = row(user);
        if (route.equals(POSTGRES)) {
            return new Read(route, route, row, row);
        }
        long between = System.nanoTime();
        int document = document(user);
        found.add(new Document("collection", "users")
                .append("key", user)
                .append("result", document == row ? "equal" : "different")
                .append("mongodb_ms", (System.nanoTime() - between) / 1e6)
                .append("postgres_ms", (between - began) / 1e6));
        return new Read(route, route, document, row);
    }

    /**
     * Tells Sluice what reads of both sides have found since the last time, and gives their number. A difference may be
     * a write in between: Sluice compares the document again itself.
     */
    int report() throws IOException, InterruptedException {
        List<Document> reads = new ArrayList<>();
        for (Document read = found.poll(); read != null; read = reads.size() < 1_000 ? found.poll() : null) {
            reads.add(read);
        }
        if (!reads.isEmpty()) {
            String body = new Document("reads", reads).toJson(); // keys are Extended JSON
            HttpRequest report = reports.POST(BodyPublishers.ofString(body)).build();
            HttpResponse<String> answer = web.send(report, BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IOException("Sluice did not take a report: " + answer.body());
            }
        }
        return reads.size();
    }

    private int document(String user) {
        Document document = documents.find(Filters.eq("_id", user)).first();
        return document == null ? -1 : document.getInteger("visits");
    }

    private int row(String user) throws SQLException {
        try (Connection connection = rows.getConnection();
                PreparedStatement select = connection.prepareStatement(
                        "SELECT (rest->>'visits')::integer FROM users WHERE id = ?")) {
            select.setString(1, user);
            try (ResultSet found = select.executeQuery()) {
                return found.next() ? found.getInt(1) : -1;
            }
        }
    }

    /** Whether PostgreSQL has the write; waits for it for a second. */
    private boolean has(Written written) throws SQLException {
        try (Connection connection = rows.getConnection();
                PreparedStatement wait = connection.prepareStatement(
                        "SELECT sluice.wait_for(?, ?, interval '1 second', 'users')")) {
            wait.setLong(1, Integer.toUnsignedLong(written.operationTime().getTime()));
            wait.setInt(2, written.operationTime().getInc());
            try (ResultSet found = wait.executeQuery()) {
                return found.next() && found.getBoolean(1);
            }
        }
    }

    @Override
    public void close() {
        rows.close();
        mongo.close();
    }
}
