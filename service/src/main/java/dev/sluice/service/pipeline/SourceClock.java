package dev.sluice.service.pipeline;

import dev.sluice.change.Position;
import dev.sluice.source.mongo.MongoSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// What we know of MongoDB's time: how its clock differs from ours, and that at some moment its newest
/// operation was such and such. From that follows the watermark of an idle stream: when the stream has got
/// to the newest operation there was, everything committed up to the moment of asking is applied. Any
/// thread.
final class SourceClock {
    /// For servers whose idle tokens stand still: a stream that polled the server this long after the
    /// question, and has nothing left of what came, has all that was there. What is written may take a
    /// moment until it can be read.
    private static final Duration IDLE_MARGIN = Duration.ofMillis(250);

    /// An answer of the server.
    ///
    /// @param newest its newest operation
    /// @param serverTime its clock when it answered
    /// @param ourMillis our clock then
    private record Answer(BsonTimestamp newest, Instant serverTime, long ourMillis) {}

    /// Answers kept: enough to reach back past the margin at one a second.
    private static final int KEPT = 8;

    private final Deque<Answer> answers = new ArrayDeque<>();
    private volatile Duration offset = Duration.ZERO;

    synchronized void onHello(MongoSource.Hello hello) {
        long now = System.currentTimeMillis();
        offset = hello.clockOffset();
        answers.addFirst(new Answer(hello.lastWrite(), Instant.ofEpochMilli(now).plus(offset), now));
        if (answers.size() > KEPT) {
            answers.removeLast();
        }
    }

    /// The server's clock minus ours.
    Duration offset() {
        return offset;
    }

    /// Up to when everything is applied once an idle stream has got to this position; null when that can't
    /// be said.
    synchronized @Nullable Instant idleWatermark(Position position, long idleSinceMillis) {
        BsonTimestamp reached = position.clusterTime();
        for (Answer answer : answers) {
            boolean there = reached != null && reached.compareTo(answer.newest()) >= 0;
            boolean polledSince =
                    !position.movesWhenIdle() && idleSinceMillis - answer.ourMillis() >= IDLE_MARGIN.toMillis();
            if (there || polledSince) {
                return answer.serverTime();
            }
        }
        return reached == null ? null : MongoSource.instant(reached);
    }
}
