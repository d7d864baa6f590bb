package dev.sluice.service.ops;

import dev.sluice.change.OperationTime;
import dev.sluice.change.Watermark;
import dev.sluice.service.pipeline.PipelineStatus;
import dev.sluice.service.pipeline.PipelineStatus.Headroom;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// How far a running process is, by what it knows itself, so that it can be said while PostgreSQL is away.
/// Seconds throughout, null where unknown; of MongoDB's clock and not of ours.
///
/// @param lagSeconds how far the rows are behind MongoDB; the sum of the next two
/// @param captureLagSeconds how far what is read is behind MongoDB
/// @param applyLagSeconds how far what is applied is behind what is read
/// @param changesWaiting read and not yet applied; null while nothing is read
/// @param catchUp how it stands with catching up
/// @param catchUpSeconds until it has caught up, if it goes on like this; null when it is not gaining
/// @param resumeTokenHeadroomSeconds the position's time minus that of the oplog's oldest entry
/// @param resumeTokenHeadroomUnknown why that is not known, and what to do
/// @param clockOffsetSeconds MongoDB's clock minus ours
/// @param watermark the stream is applied up to this time
/// @param through the stream is applied up to and with this operation time, `seconds.increment`
/// @param collections lag by collection; of one that is not copied yet it is unknown
public record Live(
        @Nullable Double lagSeconds,
        @Nullable Double captureLagSeconds,
        @Nullable Double applyLagSeconds,
        @Nullable Long changesWaiting,
        String catchUp,
        @Nullable Double catchUpSeconds,
        @Nullable Double resumeTokenHeadroomSeconds,
        @Nullable String resumeTokenHeadroomUnknown,
        @Nullable Double clockOffsetSeconds,
        @Nullable Instant watermark,
        @Nullable String through,
        SequencedMap<String, CollectionLag> collections) {
    public Live {
        collections = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(collections));
    }

    /// @param lagSeconds and the other: as of the whole
    public record CollectionLag(
            @Nullable Double lagSeconds, @Nullable Double applyLagSeconds) {}

    public static Live of(PipelineStatus status) {
        SequencedMap<String, CollectionLag> collections = new LinkedHashMap<>();
        status.collections()
                .forEach((name, collection) -> collections.put(
                        name,
                        new CollectionLag(
                                known(status.lagSeconds(collection)), known(status.applyLagSeconds(collection)))));
        double waiting = status.lag().waiting();
        double catchUp = status.catchUpSeconds();
        Headroom headroom = status.headroom();
        return new Live(
                known(status.lag().seconds()),
                known(status.lag().captureSeconds()),
                known(status.lag().applySeconds()),
                Double.isNaN(waiting) ? null : (long) waiting,
                word(catchUp),
                known(catchUp),
                known(headroom.seconds()),
                headroom.unknownBecause(),
                known(status.lag().clockOffsetSeconds()),
                status.lag().watermark(),
                text(status.lag().applied()),
                collections);
    }

    /// The exact part, as `seconds.increment`; null when unknown.
    public static @Nullable String text(Watermark watermark) {
        BsonTimestamp through = watermark.through();
        return through == null ? null : OperationTime.text(through);
    }

    private static String word(double catchUp) {
        return Double.isNaN(catchUp)
                ? "unknown"
                : Double.isInfinite(catchUp) ? "not gaining" : catchUp == 0 ? "caught up" : "gaining";
    }

    private static @Nullable Double known(double value) {
        return Double.isFinite(value) ? Math.round(value * 1_000) / 1_000.0 : null;
    }
}
