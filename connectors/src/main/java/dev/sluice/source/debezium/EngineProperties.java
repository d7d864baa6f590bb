package dev.sluice.source.debezium;

import dev.sluice.source.RelevantFields;
import dev.sluice.source.mongo.LargeChanges;
import dev.sluice.source.mongo.MongoTls;
import dev.sluice.source.mongo.StreamFilter;
import dev.sluice.source.mongo.UpdatedNames;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.bson.BsonDocument;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// The engine's settings.
///
/// @param mongoUri with the replica set's name in it
/// @param collections without the database's name
/// @param batchMax most records in a batch
/// @param linger how long a busy stream waits to fill a batch: throughput against latency
/// @param heartbeat how often a stream reports its position to which nothing has come, of whatever collection
/// @param lookAhead how much of the oplog's time MongoDB looks through at first before it has to answer, at least a
///     second; only where the stream is read by a [StreamReader]
/// @param reading who reads the stream, and the documents of updates
/// @param relevant which fields of a collection's documents matter, by its name: updates of others are left out, where
///     a [StreamReader] reads the stream; none are of a collection that is not in it
/// @param passed changes that are left out, as for [LargeChanges#without]; empty where none are
/// @param overrides properties of the engine's own that take the place of ours, for measuring what
///     ours give; an empty value leaves the property to the engine's default
public record EngineProperties(
        String pipeline,
        String mongoUri,
        String database,
        List<String> collections,
        int batchMax,
        Duration linger,
        Duration heartbeat,
        Duration lookAhead,
        Reading reading,
        Map<String, RelevantFields> relevant,
        Map<String, BsonTimestamp> passed,
        Map<String, String> overrides) {
    private static final String DEBEZIUMS_OWN = "io.debezium.connector.mongodb.MongoDbConnector";

    /// How long the engine's readers sleep at most when nothing has come.
    private static final String POLL_MILLIS = "20";

    public EngineProperties {
        collections = List.copyOf(collections);
        // In the names' order, so that the stream's pipeline is always the same text.
        relevant = Collections.unmodifiableMap(new TreeMap<>(relevant));
        passed = Map.copyOf(passed);
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
                Duration.ofMillis(2),
                Duration.ofMillis(400),
                LookAhead.FIRST,
                Reading.LOOK_UPS_IN_BATCHES,
                Map.of(),
                Map.of(),
                Map.of());
    }

    public EngineProperties withReading(Reading by) {
        return new EngineProperties(
                pipeline,
                mongoUri,
                database,
                collections,
                batchMax,
                linger,
                heartbeat,
                lookAhead,
                by,
                relevant,
                passed,
                overrides);
    }

    /// @param fields which ones of a collection's documents matter, by its name. Updates of others are left out
    public EngineProperties withRelevant(Map<String, RelevantFields> fields) {
        return new EngineProperties(
                pipeline,
                mongoUri,
                database,
                collections,
                batchMax,
                linger,
                heartbeat,
                lookAhead,
                reading,
                fields,
                passed,
                overrides);
    }

    /// @param passed changes that are left out, as for [LargeChanges#without]
    public EngineProperties withPassed(Map<String, BsonTimestamp> passed) {
        return new EngineProperties(
                pipeline,
                mongoUri,
                database,
                collections,
                batchMax,
                linger,
                heartbeat,
                lookAhead,
                reading,
                relevant,
                passed,
                overrides);
    }

    EngineProperties withOverrides(Map<String, String> properties) {
        return new EngineProperties(
                pipeline,
                mongoUri,
                database,
                collections,
                batchMax,
                linger,
                heartbeat,
                lookAhead,
                reading,
                relevant,
                passed,
                properties);
    }

    Properties toProperties() {
        // The prefix names JMX beans, which an engine that is slow to die still holds: a new one for each engine.
        String prefix = "sluice-" + UUID.randomUUID().toString().substring(0, 8);
        Properties p = new Properties();
        p.setProperty("name", prefix);
        p.setProperty("topic.prefix", prefix);
        p.setProperty("connector.class", reading.isOurs() ? StreamConnector.class.getName() : DEBEZIUMS_OWN);
        p.setProperty("offset.storage", CommittedOffset.class.getName());
        p.setProperty("mongodb.connection.string", MongoTls.forDriver(mongoUri));
        EngineCertificates.pass(MongoTls.of(mongoUri), p);
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
        p.setProperty("cursor.max.await.time.ms", "500");
        // The driver's default waits for ever on a half-open socket.
        p.setProperty("mongodb.socket.timeout.ms", "60000");
        p.setProperty("mongodb.server.selection.timeout.ms", "10000");
        p.setProperty("connection.validation.timeout.ms", "10000");
        p.setProperty("max.batch.size", String.valueOf(batchMax));
        p.setProperty("max.queue.size", String.valueOf(4 * batchMax));
        p.setProperty("poll.interval.ms", POLL_MILLIS);
        p.setProperty("record.processing.threads", "1");
        p.setProperty("extended.headers.enabled", "false");
        p.setProperty("errors.max.retries", "0");
        // Its signals would write to MongoDB or parse documents as JSON; none is used.
        p.setProperty("signal.enabled.channels", "in-process");
        p.setProperty("signal.poll.interval.ms", "60000");
        p.setProperty("topic.naming.strategy", RememberedTopics.class.getName());
        p.setProperty(
                "cursor.pipeline",
                stages(null).stream().map(BsonDocument::toJson).collect(Collectors.joining(", ", "[", "]")));
        p.setProperty("cursor.pipeline.order", "user_only");
        // It would open the stream a second time, and write the resume token, which holds an _id, to the log.
        p.setProperty("internal.log.position.check.enable", "false");
        overrides.forEach((name, value) -> {
            if (value.isEmpty()) {
                p.remove(name);
            } else {
                p.setProperty(name, value);
            }
        });
        return p;
    }

    /// What the server sends: changes of documents, and events of collections themselves, which
    /// only our own reader handles. We use the whole document, so of the description of the update
    /// there are names at most ([UpdatedNames]): Debezium would convert it to JSON in addition to the
    /// document.
    ///
    /// The filter depends on the mapping, so an event that an earlier mapping let through may not pass it:
    /// the stream is opened by time and not by token ([CommittedOffset]).
    ///
    /// @param end behind it, changes of all collections pass; null where none is needed
    List<BsonDocument> stages(@Nullable BsonTimestamp end) {
        List<BsonDocument> stages = new ArrayList<>();
        stages.add(new BsonDocument(
                "$match",
                end != null
                        ? StreamFilter.of(database, collections, end)
                        : reading.isOurs()
                                ? StreamFilter.of(database, collections)
                                : StreamFilter.ofDocuments(database, collections)));
        if (!passed.isEmpty()) {
            stages.add(new BsonDocument("$match", LargeChanges.without(passed)));
        }
        stages.add(UpdatedNames.stage(reading.isOurs() ? relevant.keySet() : List.of()));
        return stages;
    }
}
