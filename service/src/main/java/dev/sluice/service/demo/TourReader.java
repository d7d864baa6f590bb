package dev.sluice.service.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.mongodb.MongoException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import dev.sluice.failure.SluiceException;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.service.ops.SnakeCaseJson;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.bson.Document;
import org.bson.types.ObjectId;

/// An application that reads users: for each read it asks by OFREP, over HTTP, which database to read
/// from, and reads there. On threads of its own; any thread may ask what it did.
final class TourReader implements AutoCloseable {
    /// So many reads show how they are shared out: each user is read about twice.
    static final long ENOUGH = 200;

    private static final int KEYS = 100;
    private static final int THREADS = 4;
    private static final long PAUSE_MILLIS = 2;
    private static final long PAUSE_AFTER_FAILURE_MILLIS = 100;
    private static final long END_SECONDS = 5;

    private final URI question;
    private final MongoCollection<Document> users;
    private final PostgresConnector connector;
    private final HttpClient client = HttpClient.newHttpClient();
    private final ExecutorService threads = Executors.newFixedThreadPool(
            THREADS,
            Thread.ofPlatform().name("sluice-demo-reader-", 0).daemon(true).factory());
    private final LongAdder postgres = new LongAdder();
    private final LongAdder mongo = new LongAdder();
    private final LongAdder failed = new LongAdder();

    /// Of the last answers, one for each key: whether it was PostgreSQL.
    private final boolean[] told = new boolean[KEYS];

    private List<ObjectId> ids = List.of();

    /// Numbers of reads.
    ///
    /// @param failed those for which there was no answer, from Sluice or from a database
    record Reads(long postgres, long mongo, long failed) {
        long all() {
            return postgres + mongo + failed;
        }

        Reads since(Reads before) {
            return new Reads(postgres - before.postgres, mongo - before.mongo, failed - before.failed);
        }
    }

    /// @param port of Sluice's HTTP server, on this machine
    TourReader(int port, MongoCollection<Document> users, PostgresConnector connector) {
        this.question = URI.create("http://localhost:" + port + "/ofrep/v1/evaluate/flags/users");
        this.users = users;
        this.connector = connector;
    }

    /// Begins to read, where it has not begun. For one thread.
    ///
    /// @throws MongoException when MongoDB can't be asked which users there are; then it has not begun
    void start() {
        if (!ids.isEmpty()) {
            return;
        }
        List<ObjectId> some = new ArrayList<>();
        users.find().projection(new Document("_id", 1)).limit(KEYS).forEach(d -> some.add(d.getObjectId("_id")));
        ids = List.copyOf(some);
        for (int first = 0; first < THREADS; first++) {
            int mine = first;
            threads.execute(() -> readAgainAndAgain(mine));
        }
    }

    Reads reads() {
        return new Reads(postgres.sum(), mongo.sum(), failed.sum());
    }

    /// Whether the last answers, one for each user it reads, are those of a route with that share.
    ///
    /// @param percent of PostgreSQL; between 0 and 100 it is enough that there are answers of both kinds
    boolean sees(int percent) {
        int of = 0;
        synchronized (told) {
            for (boolean one : told) {
                of += one ? 1 : 0;
            }
        }
        return percent == 0 ? of == 0 : percent == 100 ? of == ids.size() : of > 0 && of < ids.size();
    }

    /// Each thread has users of its own: where the last answers for all of these are of a new route, no
    /// answer of the old one is on its way.
    private void readAgainAndAgain(int first) {
        try {
            while (true) {
                try (Connection connection = connector.open()) {
                    for (int i = first; ; i = i + THREADS < ids.size() ? i + THREADS : first) {
                        read(i, connection);
                        Thread.sleep(PAUSE_MILLIS);
                    }
                } catch (IOException | SQLException | MongoException | SluiceException e) {
                    failed.increment();
                    Thread.sleep(PAUSE_AFTER_FAILURE_MILLIS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void read(int key, Connection connection) throws IOException, InterruptedException, SQLException {
        ObjectId id = ids.get(key);
        boolean fromPostgres = asksForPostgres(id);
        synchronized (told) {
            told[key] = fromPostgres;
        }
        // The shop deletes users as well: one that is gone was read, too.
        if (fromPostgres) {
            try (PreparedStatement statement = connection.prepareStatement("SELECT email FROM users WHERE id = ?")) {
                statement.setString(1, id.toHexString());
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                }
            }
            postgres.increment();
        } else {
            users.find(Filters.eq("_id", id)).first();
            mongo.increment();
        }
    }

    /// @throws IOException also when the answer is none
    private boolean asksForPostgres(ObjectId id) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(question)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(
                        "{\"context\": {\"targetingKey\": \"" + id.toHexString() + "\"}}"))
                .build();
        HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
        JsonNode value = SnakeCaseJson.read(answer.body()).path("value");
        if (answer.statusCode() != 200 || !value.isTextual()) {
            throw new IOException("no answer, but status " + answer.statusCode());
        }
        return value.asText().equals("postgres");
    }

    @Override
    public void close() throws InterruptedException {
        threads.shutdownNow();
        threads.awaitTermination(END_SECONDS, TimeUnit.SECONDS);
        client.shutdownNow();
    }
}
