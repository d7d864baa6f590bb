package dev.sluice.service.pipeline;

import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.table.RowIdentity;
import dev.sluice.verify.Suspect;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// Documents that the stream has written and that are to be compared again: as many as the budget allows;
/// the others are left to the next full round. Any thread.
final class WrittenDocuments {
    private final int most;
    private final Map<Integer, Map<Object, BsonValue>> waiting = new HashMap<>();

    /// Those for which there was no room, by the collection's number.
    private final Map<Integer, Long> passedOver = new HashMap<>();

    private @Nullable CollectionTarget next;
    private int count;

    /// @param most how many wait at once
    WrittenDocuments(int most) {
        this.most = most;
    }

    /// How many documents of a collection wait, and for how many there was no room since a full round; one that was
    /// written several times may be counted several times.
    synchronized long left(CollectionTarget target) {
        return waiting.getOrDefault(target.index(), Map.of()).size() + passedOver.getOrDefault(target.index(), 0L);
    }

    /// A full round has compared everything that was written before it.
    ///
    /// @param before what [#left] was when it began
    synchronized void onCompared(CollectionTarget target, long before) {
        passedOver.computeIfPresent(target.index(), (number, passed) -> Math.max(0, passed - before));
    }

    /// Costs next to nothing while there is no room.
    void add(List<RowChange> changes) {
        synchronized (this) {
            for (RowChange change : changes) {
                if (count >= most) {
                    passedOver.merge(change.target().index(), 1L, Long::sum);
                    continue;
                }
                Object key = switch (change.effect()) {
                    case RowChange.Effect.Upsert u -> u.key();
                    case RowChange.Effect.Delete d -> d.key();
                    case RowChange.Effect.Skip s -> s.key();
                    case RowChange.Effect.Reject r -> null;
                    case RowChange.Effect.Forget f -> null;
                    case RowChange.Effect.Wait w -> null;
                };
                if (key != null
                        && waiting.computeIfAbsent(change.target().index(), i -> new HashMap<>())
                                        .putIfAbsent(key, change.change().id())
                                == null) {
                    count++;
                    if (next == null) {
                        next = change.target();
                    }
                }
            }
        }
    }

    /// Documents of one collection.
    ///
    /// @param documents at least one
    record Batch(CollectionTarget target, List<Suspect> documents) {}

    /// Takes what waits of one collection, of another one each time.
    ///
    /// @return null when nothing waits
    synchronized @Nullable Batch take(List<CollectionTarget> targets) {
        if (next == null) {
            return null;
        }
        CollectionTarget target = next;
        Map<Object, BsonValue> documents = waiting.getOrDefault(target.index(), Map.of());
        waiting.remove(target.index());
        count -= documents.size();
        next = targets.stream()
                .filter(t -> waiting.containsKey(t.index()))
                .findFirst()
                .orElse(null);
        List<Suspect> suspects = new ArrayList<>(documents.size());
        documents.forEach((key, id) -> suspects.add(new Suspect(key.toString(), RowIdentity.documentKey(id))));
        return new Batch(target, suspects);
    }
}
