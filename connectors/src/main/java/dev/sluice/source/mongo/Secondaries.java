package dev.sluice.source.mongo;

import com.mongodb.MongoException;
import com.mongodb.client.MongoClient;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.bson.BsonArray;
import org.bson.BsonDateTime;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonNumber;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// How late MongoDB's own secondaries are: a copy that keeps the primary busy keeps them from following it, and a
/// majority of late ones holds back the stream, which shows only what a majority has. Any thread.
public final class Secondaries {
    private static final int SECONDARY = 2;
    private static final int PRIMARY = 1;

    private final MongoClient client;

    Secondaries(MongoClient client) {
        this.client = client;
    }

    /// How late the latest of them is; zero where there are none. Members with a configured delay and those that the
    /// primary does not reach are left out.
    ///
    /// @return empty where the user may not ask (it takes the role clusterMonitor), where there is no primary, on a
    ///     sharded cluster, and while MongoDB does not answer
    public Optional<Duration> lag() {
        try {
            return lag(ask("replSetGetStatus"), ask("replSetGetConfig"));
        } catch (MongoException notTold) {
            return Optional.empty();
        }
    }

    private BsonDocument ask(String command) {
        return client.getDatabase("admin").runCommand(new BsonDocument(command, new BsonInt32(1)), BsonDocument.class);
    }

    static Optional<Duration> lag(BsonDocument status, BsonDocument config) {
        Set<String> delayed = new HashSet<>();
        for (BsonValue value : config.getDocument("config", new BsonDocument()).getArray("members", new BsonArray())) {
            BsonDocument member = value.asDocument();
            // The second is its name before MongoDB 5.0.
            if (isPositive(member.get("secondaryDelaySecs")) || isPositive(member.get("slaveDelay"))) {
                delayed.add(member.getString("host", new BsonString("")).getValue());
            }
        }
        long primary = Long.MIN_VALUE;
        long oldest = Long.MAX_VALUE;
        for (BsonValue value : status.getArray("members", new BsonArray())) {
            BsonDocument member = value.asDocument();
            if (!(member.get("state") instanceof BsonNumber state)
                    || !(member.get("optimeDate") instanceof BsonDateTime applied)) {
                continue;
            }
            if (state.intValue() == PRIMARY) {
                primary = applied.getValue();
            } else if (state.intValue() == SECONDARY
                    && !delayed.contains(
                            member.getString("name", new BsonString("")).getValue())) {
                oldest = Math.min(oldest, applied.getValue());
            }
        }
        return primary == Long.MIN_VALUE
                ? Optional.empty()
                : Optional.of(Duration.ofMillis(oldest == Long.MAX_VALUE ? 0 : Math.max(0, primary - oldest)));
    }

    private static boolean isPositive(@Nullable BsonValue value) {
        return value instanceof BsonNumber number && number.longValue() > 0;
    }
}
