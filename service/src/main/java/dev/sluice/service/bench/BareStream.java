package dev.sluice.service.bench;

import com.mongodb.client.MongoChangeStreamCursor;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Aggregates;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.changestream.ChangeStreamDocument;
import com.mongodb.client.model.changestream.FullDocument;
import dev.sluice.change.Position;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.bson.BsonDocument;
import org.bson.RawBsonDocument;

/// The least that has to be done to bring changes into a typed table: the driver's change stream with
/// look-up, the last state of each document by COPY and `ON CONFLICT`, the resume token with it, in one
/// transaction for whatever has come. One thread, one connection.
final class BareStream implements AutoCloseable {
    /// Most changes of a transaction where nothing else is asked for.
    static final int BATCH = 10_000;

    private static final long AWAIT_MILLIS = 100;

    private final MongoDatabase database;
    private final Connection connection;
    private final int batch;
    private final Listener listener;
    private final UserRows codec = new UserRows();
    private final BareLoop rows;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private volatile boolean stopped;

    /// Is told of each transaction, on the loop's thread.
    @FunctionalInterface
    interface Listener {
        /// @param last the last state of each document, by `_id`; empty where it was deleted
        /// @param changes how many changes it came from
        void onCommitted(Map<String, Optional<RawBsonDocument>> last, int changes, Ledger.Times times);
    }

    /// @param connection used by this loop alone
    /// @param batch most changes of a transaction
    BareStream(MongoDatabase database, Connection connection, int batch, Listener listener) throws SQLException {
        this.database = database;
        this.connection = connection;
        this.batch = batch;
        this.listener = listener;
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE bare_position (token text NOT NULL)");
            statement.execute("INSERT INTO bare_position VALUES ('')");
        }
        this.rows = new BareLoop(codec, connection, true);
    }

    void start(Position from) {
        Thread.ofPlatform().name("bench-bare-stream").daemon(true).start(() -> {
            try (MongoChangeStreamCursor<ChangeStreamDocument<RawBsonDocument>> cursor = database.watch(
                            List.of(Aggregates.match(Filters.eq("ns.coll", Users.COLLECTION))), RawBsonDocument.class)
                    .fullDocument(FullDocument.UPDATE_LOOKUP)
                    .resumeAfter(from.resumeToken())
                    .maxAwaitTime(AWAIT_MILLIS, TimeUnit.MILLISECONDS)
                    .cursor()) {
                while (!stopped) {
                    ChangeStreamDocument<RawBsonDocument> first = cursor.tryNext();
                    if (first != null) {
                        apply(first, cursor);
                    }
                }
                ended.complete(null);
            } catch (SQLException | RuntimeException e) {
                ended.completeExceptionally(e);
            }
        });
    }

    private void apply(
            ChangeStreamDocument<RawBsonDocument> first,
            MongoChangeStreamCursor<ChangeStreamDocument<RawBsonDocument>> cursor)
            throws SQLException {
        long read = System.nanoTime();
        Map<String, Optional<RawBsonDocument>> last = new LinkedHashMap<>();
        ChangeStreamDocument<RawBsonDocument> event = first;
        int changes = 1;
        take(event, last);
        while (changes < batch && cursor.available() > 0) {
            event = cursor.next();
            changes++;
            take(event, last);
        }
        write(last, event.getResumeToken());
        listener.onCommitted(last, changes, new Ledger.Times(read, read, System.nanoTime()));
    }

    private static void take(ChangeStreamDocument<RawBsonDocument> event, Map<String, Optional<RawBsonDocument>> last) {
        BsonDocument key = Objects.requireNonNull(event.getDocumentKey());
        String id = key.getString("_id").getValue();
        switch (Objects.requireNonNull(event.getOperationType())) {
            case DELETE -> last.put(id, Optional.empty());
            case INSERT, UPDATE, REPLACE -> {
                // Null where it was deleted meanwhile: its delete comes.
                RawBsonDocument document = event.getFullDocument();
                if (document != null) {
                    last.put(id, Optional.of(document));
                }
            }
            default -> {}
        }
    }

    private void write(Map<String, Optional<RawBsonDocument>> last, BsonDocument token) throws SQLException {
        Object[] deleted = last.entrySet().stream()
                .filter(e -> e.getValue().isEmpty())
                .map(Map.Entry::getKey)
                .toArray();
        if (deleted.length > 0) {
            try (PreparedStatement statement = connection.prepareStatement("DELETE FROM users WHERE id = ANY (?)")) {
                statement.setArray(1, connection.createArrayOf("text", deleted));
                statement.executeUpdate();
            }
        }
        last.values().forEach(document -> document.ifPresent(d -> codec.read(d.asBsonReader())));
        rows.write();
        try (PreparedStatement statement = connection.prepareStatement("UPDATE bare_position SET token = ?")) {
            statement.setString(1, token.toJson());
            statement.executeUpdate();
        }
        connection.commit();
    }

    /// Completes when it ended by itself, exceptionally, or after closing.
    CompletableFuture<Void> ended() {
        return ended;
    }

    @Override
    public void close() throws SQLException {
        stopped = true;
        ended.handle((v, e) -> null).join();
        connection.close();
    }
}
