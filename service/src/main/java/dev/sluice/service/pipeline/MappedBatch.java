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
record MappedBatch(List<RowChange> changes, @Nullable Position upTo, long idleSinceMillis, long bytes) {}
