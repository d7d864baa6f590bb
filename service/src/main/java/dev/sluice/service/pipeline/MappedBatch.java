package dev.sluice.service.pipeline;

import dev.sluice.change.Position;
import dev.sluice.sink.RowChange;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A batch of the stream after the mapper.
///
/// @param upTo null leaves the position as it is
/// @param idleSinceMillis when an idle stream said where it is; 0 when the batch has changes
/// @param bytes what the documents weigh, about
/// @param readNanos when it was read and mapped, [System#nanoTime()]
record MappedBatch(List<RowChange> changes, @Nullable Position upTo, long idleSinceMillis, long bytes, long readNanos) {

    /// A batch that was read this moment.
    MappedBatch(List<RowChange> changes, @Nullable Position upTo, long idleSinceMillis, long bytes) {
        this(changes, upTo, idleSinceMillis, bytes, System.nanoTime());
    }
}
