package dev.sluice.backfill;

import dev.sluice.memory.MemoryBudget;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.Fence;
import dev.sluice.threads.Threads;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// The context of every write of documents that does not come from the stream, while a stream runs or not.
///
/// @param fences one for each number of a collection, shared with the stream's sink
/// @param streamPosition where the stream is applied to, asked before documents are read; from any thread.
///     Null where that is unknown
/// @param memory for the documents that are held
/// @param stopped asked between steps, from any thread
public record Fenced(
        List<Fence> fences,
        Supplier<@Nullable BsonTimestamp> streamPosition,
        MemoryBudget memory,
        Threads threads,
        BooleanSupplier stopped) {
    public Fenced {
        fences = List.copyOf(fences);
    }

    /// For writes while a stream of this process runs.
    public static Fenced beside(
            List<Fence> fences, Supplier<@Nullable BsonTimestamp> streamPosition, BooleanSupplier stopped) {
        return new Fenced(fences, streamPosition, MemoryBudget.ofProcess(), Threads.SYSTEM, stopped);
    }

    /// For writes while no stream runs, so no touched documents are recorded on the fences.
    ///
    /// @param targets those that are written
    /// @param notBefore documents are read as of this operation or later; null if it is unknown
    public static Fenced alone(
            List<CollectionTarget> targets, @Nullable BsonTimestamp notBefore, BooleanSupplier stopped) {
        return beside(
                Stream.generate(Fence::new)
                        .limit(CollectionTarget.numbers(targets))
                        .toList(),
                () -> notBefore,
                stopped);
    }

    /// The same, stopped by something else as well.
    ///
    /// @param also asked between steps, from any thread
    public Fenced orStopped(BooleanSupplier also) {
        return new Fenced(fences, streamPosition, memory, threads, () -> stopped.getAsBoolean() || also.getAsBoolean());
    }

    Fence of(CollectionTarget target) {
        return fences.get(target.index());
    }
}
