package dev.sluice.source.debezium;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonString;

/// What the engine is told.
///
/// @param mongoUri with the replica set's name in it
/// @param collections without the database's name
/// @param batchMax most records in a batch
/// @param queueBytesMax most bytes of documents between the engine's thread and ours
/// @param linger how long a busy stream waits to fill a batch: throughput against latency
/// @param heartbeat how often an idle stream says where it is
/// @param rawDocuments whether documents come as BSON; as JSON otherwise
/// @param splitLargeEvents whether the server can split events over 16 MB (6.0.9 and later)
/// @param overrides properties of the engine's own that take the place of ours, for measuring what ours
///     give; an empty value leaves the property to the engine's default
public record EngineProperties(
        String pipeline,
        String mongoUri,
        String database,
        List<String> collections,
        int batchMax,
        long queueBytesMax,
        Duration linger,
        Duration heartbeat,
        boolean rawDocuments,
        boolean splitLargeEvents,
        Map<String, String> overrides) {
    private static final long BATCH_LEAST = 16;

    /// How long the engine's readers sleep at most when nothing has come.
    private static final String POLL_MILLIS = "20";

    private static final List<String> OPERATIONS = List.of("insert", "update", "replace", "delete");

    public EngineProperties {
        collections = List.copyOf(collections);
        overrides = Map.copyOf(overrides);
    }

    /// The settings that a run starts with.
    public static EngineProperties defaults(
            String pipeline, String mongoUri, String database, List<String> collections) {
        return new EngineProperties(
                pipeline,
                mongoUri,
                database,
                collections,
                4_096,
                64L << 20,
                Duration.ofMillis(2),
                Duration.ofSeconds(1),
                true,
                false,
                Map.of());
    }

    /// The engine buffers as many documents as a batch holds before it counts bytes; with large documents
    /// that has to be few for memory to stay bounded (promise 7).
    ///
    /// @param averageDocumentBytes of the collection with the largest; 0 when unknown, which changes
    ///     nothing
    public EngineProperties forDocumentsOf(long averageDocumentBytes) {
        int most = averageDocumentBytes <= 0
                ? batchMax
                : (int) Math.clamp(queueBytesMax / averageDocumentBytes, BATCH_LEAST, batchMax);
        return new EngineProperties(
                pipeline,
                mongoUri,
                database,
                collections,
                most,
                queueBytesMax,
                linger,
                heartbeat,
                rawDocuments,
                splitLargeEvents,
                overrides);
    }

    public EngineProperties withRawDocuments(boolean raw) {
        return new EngineProperties(
                pipeline,
                mongoUri,
                database,
                collections,
                batchMax,
                queueBytesMax,
                linger,
                heartbeat,
                raw,
                splitLargeEvents,
                overrides);
    }

    public EngineProperties withSplitLargeEvents(boolean split) {
        return new EngineProperties(
                pipeline,
                mongoUri,
                database,
                collections,
                batchMax,
                queueBytesMax,
                linger,
                heartbeat,
                rawDocuments,
                split,
                overrides);
    }

    EngineProperties withOverrides(Map<String, String> properties) {
        return new EngineProperties(
                pipeline,
                mongoUri,
                database,
                collections,
                batchMax,
                queueBytesMax,
                linger,
                heartbeat,
                rawDocuments,
                splitLargeEvents,
                properties);
    }

    Properties toProperties() {
        // The prefix names JMX beans, which an engine that is slow to die still holds: a new one for each engine.
        String prefix = "sluice-" + UUID.randomUUID().toString().substring(0, 8);
        Properties p = new Properties();
        p.setProperty("name", prefix);
        p.setProperty("topic.prefix", prefix);
        p.setProperty("connector.class", "io.debezium.connector.mongodb.MongoDbConnector");
        p.setProperty("offset.storage", CommittedOffset.class.getName());
        p.setProperty("mongodb.connection.string", mongoUri);
        p.setProperty("snapshot.mode", "no_data");
        p.setProperty("capture.mode", "change_streams_update_full");
        p.setProperty("capture.scope", "database");
        p.setProperty("capture.target", database);
        // What the engine itself lets through; on the server our own filter takes the place of the engine's.
        p.setProperty("filters.match.mode", "literal");
        p.setProperty(
                "collection.include.list",
                String.join(
                        ",", collections.stream().map(c -> database + "." + c).toList()));
        p.setProperty("tombstones.on.delete", "false");
        p.setProperty("cursor.oversize.handling.mode", splitLargeEvents ? "split" : "fail");
        p.setProperty("cursor.max.await.time.ms", "500");
        // The driver's default waits for ever on a half-open socket.
        p.setProperty("mongodb.socket.timeout.ms", "60000");
        p.setProperty("mongodb.server.selection.timeout.ms", "10000");
        p.setProperty("connection.validation.timeout.ms", "10000");
        p.setProperty("max.batch.size", String.valueOf(batchMax));
        p.setProperty("max.queue.size", String.valueOf(4 * batchMax));
        p.setProperty("queue.provider.type", DirectQueue.NAME);
        p.setProperty("poll.interval.ms", POLL_MILLIS);
        p.setProperty("record.processing.threads", "1");
        p.setProperty("heartbeat.interval.ms", String.valueOf(heartbeat.toMillis()));
        p.setProperty("extended.headers.enabled", "false");
        p.setProperty("errors.max.retries", "0");
        // Its signals would write to MongoDB or parse documents as JSON; none is used.
        p.setProperty("signal.enabled.channels", "in-process");
        p.setProperty("signal.poll.interval.ms", "60000");
        p.setProperty(UnmeteredEvents.PROPERTY, "true");
        p.setProperty("topic.naming.strategy", RememberedTopics.class.getName());
        p.setProperty("cursor.pipeline", pipelineOnServer());
        p.setProperty("cursor.pipeline.order", "user_only");
        // It would open the stream a second time, and write the resume token, which holds an _id, to the log.
        p.setProperty("internal.log.position.check.enable", "false");
        if (rawDocuments) {
            p.setProperty("mongodb.authentication.class", RawDocuments.class.getName());
        }
        overrides.forEach((name, value) -> {
            if (value.isEmpty()) {
                p.remove(name);
            } else {
                p.setProperty(name, value);
            }
        });
        return p;
    }

    /// What the server sends. We take the whole document, so what changed in it is left out: Debezium would
    /// write it as JSON beside it.
    ///
    /// The filter depends on the mapping, so an event that an earlier mapping let through may not pass it:
    /// the stream is opened by time and not by token ([CommittedOffset]).
    private String pipelineOnServer() {
        BsonDocument match = new BsonDocument("operationType", in(OPERATIONS)).append("ns.coll", in(collections));
        BsonDocument unset = new BsonDocument("$unset", new BsonString("updateDescription"));
        return "[" + new BsonDocument("$match", match).toJson() + ", " + unset.toJson() + "]";
    }

    private static BsonDocument in(List<String> values) {
        return new BsonDocument(
                "$in", new BsonArray(values.stream().map(BsonString::new).toList()));
    }
}
