package dev.sluice.service.pipeline;

import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.source.mongo.MongoSource;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// What we know of MongoDB's time: how its clock differs from ours, and that at some moment its newest
/// operation was such and such. From that follows the watermark of an idle stream: when the stream has got
/// to the newest operation there was, everything committed up to the moment of asking is applied. Any
/// thread.
final class SourceClock {
    /// What is written may take a moment until it can be read. So a stream has all there was when it polled
    /// the server this long after the question, and has nothing left of what came; and where it goes by the
    /// newest operation, it has all there was this long before the answer.
    private static final Duration IDLE_MARGIN = Duration.ofMillis(250);

    /// An answer of the server.
    ///
    /// @param millis the machine's clock when it came
    private record Answer(MongoSource.Hello hello, long millis) {
        /// The clocks differ by no less and no more than this, if both run evenly.
        boolean agrees(Answer other) {
            Duration apart =
                    hello.clockOffset().minus(other.hello.clockOffset()).abs();
            Duration unsure = hello.roundTrip().plus(other.hello.roundTrip()).dividedBy(2);
            return apart.compareTo(unsure.plus(RESOLUTION)) <= 0;
        }
    }

    /// How finely MongoDB gives its time, and how far two clocks may run apart within a few seconds.
    private static final Duration RESOLUTION = Duration.ofMillis(5);

    /// Answers kept: enough to reach back past the margin at one a second, and to have one among them that
    /// came quickly.
    private static final int KEPT = 8;

    private final InstantSource ours;
    private final InstantSource machine;
    private final Deque<Answer> answers = new ArrayDeque<>();
    private volatile @Nullable Duration offset;

    /// @param ours our wall clock, the one by which [MongoSource#hello()] measured
    SourceClock(InstantSource ours) {
        this(ours, InstantSource.system());
    }

    /// @param machine the clock by which the stream says since when it is idle
    SourceClock(InstantSource ours, InstantSource machine) {
        this.ours = ours;
        this.machine = machine;
    }

    synchronized void onHello(MongoSource.Hello hello) {
        Answer answer = new Answer(hello, machine.millis());
        // One of the clocks was set: what was measured before is of no use.
        answers.removeIf(earlier -> !earlier.agrees(answer));
        answers.addFirst(answer);
        if (answers.size() > KEPT) {
            answers.removeLast();
        }
        // The quickest answer is off by the least.
        offset = answers.stream()
                .map(Answer::hello)
                .min(Comparator.comparing(MongoSource.Hello::roundTrip))
                .orElse(hello)
                .clockOffset();
    }

    /// The server's clock minus ours; null before the server was asked.
    @Nullable
    Duration offset() {
        return offset;
    }

    /// The server's time now; null before the server was asked.
    @Nullable
    Instant now() {
        Duration known = offset;
        return known == null ? null : ours.instant().plus(known);
    }

    /// Up to when everything is delivered by an idle stream that has got to this position.
    ///
    /// @param idleSinceMillis when it had last polled the server and has nothing left of what came, by the
    ///     machine's clock
    synchronized Watermark idleWatermark(Position position, long idleSinceMillis) {
        BsonTimestamp reached = position.clusterTime();
        for (Answer answer : answers) {
            MongoSource.Hello hello = answer.hello();
            long since = idleSinceMillis - answer.millis();
            // Polled since, because there may be more events of the newest operation than the one it has got to.
            if (since >= 0 && reached != null && reached.compareTo(hello.lastWrite()) >= 0) {
                return new Watermark(hello.freshAt().minus(IDLE_MARGIN), hello.lastWrite());
            }
            if (!position.movesWhenIdle() && since >= IDLE_MARGIN.toMillis()) {
                return new Watermark(hello.freshAt(), hello.lastWrite());
            }
        }
        return reached == null
                ? Watermark.UNKNOWN
                : new Watermark(MongoSource.instant(reached), Watermark.before(reached));
    }
}
