package dev.sluice.service.pipeline;

import dev.sluice.change.Watermark;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.MongoSource.Hello;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// What is known of MongoDB's time: the offset of its clock from ours, and its newest operation at known
/// moments. The watermark follows from that: when the stream has reached that newest
/// operation, everything committed up to the moment of asking is applied. Any thread.
final class SourceClock {
    /// Whether two answers are consistent with the same clock offset.
    private static boolean agree(Hello one, Hello other) {
        Duration apart = one.clockOffset().minus(other.clockOffset()).abs();
        Duration unsure = one.roundTrip().plus(other.roundTrip()).dividedBy(2);
        return apart.compareTo(unsure.plus(RESOLUTION)) <= 0;
    }

    /// How finely MongoDB gives its time, and how far two clocks may run apart within a few seconds.
    private static final Duration RESOLUTION = Duration.ofMillis(5);

    /// Answers kept, four a second: enough for a stream that is some seconds behind, and to have one among them
    /// that came quickly.
    static final int KEPT = 32;

    private final InstantSource ours;
    private final Deque<Hello> answers = new ArrayDeque<>();
    private volatile @Nullable Duration offset;
    private volatile long answeredAt = System.nanoTime();

    /// @param ours our wall clock, the one by which [MongoSource#hello()] measured
    SourceClock(InstantSource ours) {
        this.ours = ours;
    }

    synchronized void onHello(Hello answer) {
        answeredAt = System.nanoTime();
        // One of the clocks was set: what was measured before is of no use.
        answers.removeIf(earlier -> !agree(earlier, answer));
        answers.addFirst(answer);
        if (answers.size() > KEPT) {
            answers.removeLast();
        }
        // The quickest answer is off by the least.
        offset = answers.stream()
                .min(Comparator.comparing(Hello::roundTrip))
                .orElse(answer)
                .clockOffset();
    }

    /// The server's clock minus ours; null before the server was asked.
    @Nullable
    Duration offset() {
        return offset;
    }

    /// How long ago the server last answered, or this began.
    Duration sinceAnswer() {
        return Duration.ofNanos(System.nanoTime() - answeredAt);
    }

    /// The server's time now; null before the server was asked.
    @Nullable
    Instant now() {
        Duration known = offset;
        return known == null ? null : ours.instant().plus(known);
    }

    /// Up to when everything is delivered by a stream that has delivered every change up to a cluster time: at
    /// least up to that second. If the server has answered since that it had no newer operation, up
    /// to the moment of that answer. If the server does not answer, the
    /// watermark does not move.
    ///
    /// @param through every change up to and with this cluster time is delivered
    synchronized Watermark watermark(BsonTimestamp through) {
        for (Hello answer : answers) {
            if (through.compareTo(answer.lastWrite()) >= 0) {
                // The server may have looked for its newest operation before it looked at its clock.
                return new Watermark(answer.freshAt().minus(answer.roundTrip()), through);
            }
        }
        return new Watermark(MongoSource.instant(through), through);
    }
}
