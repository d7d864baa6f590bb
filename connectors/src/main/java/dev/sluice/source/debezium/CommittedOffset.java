package dev.sluice.source.debezium;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.change.Position;
import io.debezium.connector.mongodb.ResumeTokens;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import org.apache.kafka.connect.runtime.WorkerConfig;
import org.apache.kafka.connect.storage.OffsetBackingStore;
import org.apache.kafka.connect.util.Callback;
import org.bson.BsonTimestamp;

/// The engine's offset store, which is only a bridge: it gives the engine the position that was committed
/// to PostgreSQL with its rows, and ignores what the engine wants to store. Made by the engine, by
/// reflection.
///
/// The engine is given the position's cluster time, and the token only where there is none: MongoDB resumes
/// after a token only if that very event passes the stream's filter, which it does not once its collection
/// is no longer mapped (error 280). By time the stream begins with everything committed at that time, so
/// the last changes may come again, which changes nothing (promise 2).
public final class CommittedOffset implements OffsetBackingStore {
    /// The engine property that says which position is meant.
    static final String REFERENCE = "offset.storage.ref";

    private static final Map<String, Position> POSITIONS = new ConcurrentHashMap<>();
    private static final ObjectMapper JSON = new ObjectMapper();

    private String reference = "";

    static void register(String reference, Position position) {
        POSITIONS.put(reference, position);
    }

    static void forget(String reference) {
        POSITIONS.remove(reference);
    }

    @Override
    public void configure(WorkerConfig config) {
        reference = config.originalsStrings().getOrDefault(REFERENCE, "");
    }

    @Override
    public void start() {}

    @Override
    public void stop() {}

    @Override
    public Future<Map<ByteBuffer, ByteBuffer>> get(Collection<ByteBuffer> keys) {
        Map<ByteBuffer, ByteBuffer> found = new HashMap<>();
        Position position = POSITIONS.get(reference);
        if (position != null) {
            for (ByteBuffer key : keys) {
                if (isThePipelines(key)) {
                    found.put(key, ByteBuffer.wrap(offset(position)));
                }
            }
        }
        return CompletableFuture.completedFuture(found);
    }

    /// The task also asks for partitions of older versions (by replica set, by shard): those have no
    /// offset.
    private static boolean isThePipelines(ByteBuffer key) {
        byte[] bytes = new byte[key.remaining()];
        key.duplicate().get(bytes);
        try {
            JsonNode partition = JSON.readTree(bytes).path(1);
            return partition.size() == 1 && partition.has("server_id");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] offset(Position position) {
        Map<String, Object> offset = new LinkedHashMap<>();
        BsonTimestamp time = position.clusterTime();
        if (time != null) {
            offset.put("sec", time.getTime());
            offset.put("ord", time.getInc());
        } else {
            offset.put("resume_token", ResumeTokens.toBase64(position.resumeToken()));
        }
        try {
            return JSON.writeValueAsBytes(offset);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    @Override
    public Future<Void> set(Map<ByteBuffer, ByteBuffer> values, Callback<Void> callback) {
        callback.onCompletion(null, null);
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public Set<Map<String, Object>> connectorPartitions(String connectorName) {
        return Set.of();
    }
}
