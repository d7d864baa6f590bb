package dev.sluice.service.pipeline;

import dev.sluice.change.ChangeBatch;
import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.sink.RowChange;
import java.time.Instant;
import java.util.List;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// A batch of the stream after the mapper.
///
/// @param upTo null leaves the position as it is
/// @param watermark up to where everything is in this batch or an earlier one
/// @param lease for the heap that the changes take, closed when they are committed
/// @param readNanos when it was read and mapped, [System#nanoTime()]
record MappedBatch(
        List<RowChange> changes,
        @Nullable Position upTo,
        Watermark watermark,
        MemoryBudget.Lease lease,
        long readNanos) {

    /// Up to where everything is in a batch or an earlier one.
    static Watermark watermark(ChangeBatch batch, SourceClock clock) {
        // More may be committed within the same millisecond as the last change: up to the one before is certain.
        Instant last = batch.changes().isEmpty()
                ? null
                : Instant.ofEpochMilli(batch.changes().getLast().committedAtMillis() - 1);
        BsonTimestamp through = batch.through();
        Watermark delivered = new Watermark(last, through);
        return through == null ? delivered : delivered.max(clock.watermark(through));
    }
}
