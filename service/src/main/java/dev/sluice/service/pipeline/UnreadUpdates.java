package dev.sluice.service.pipeline;

import dev.sluice.change.Change;
import dev.sluice.sink.postgres.table.RowIdentity;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Documents whose last update could not be read, since the document was gone when it was looked up. Most often its
/// delete follows in the stream. Where its collection was dropped no delete follows, and its row lacks the
/// update. For one thread.
final class UnreadUpdates {
    /// More are not told apart.
    private static final int MOST = 100_000;

    private final Map<String, Set<String>> documents = new HashMap<>();
    private int count;

    void add(List<Change> changes) {
        for (Change change : changes) {
            switch (change) {
                case Change.Unresolved unresolved -> {
                    if (count < MOST
                            && documents
                                    .computeIfAbsent(change.collection(), c -> new HashSet<>())
                                    .add(RowIdentity.documentKey(change.id()))) {
                        count++;
                    }
                }
                case Change.Upsert upsert -> forget(change);
                case Change.Delete delete -> forget(change);
            }
        }
    }

    private void forget(Change change) {
        Set<String> some = documents.get(change.collection());
        if (some != null && !some.isEmpty() && some.remove(RowIdentity.documentKey(change.id()))) {
            count--;
        }
    }

    /// How many there are of a collection that was dropped, renamed or replaced; then none.
    long take(String collection) {
        Set<String> some = documents.remove(collection);
        int taken = some == null ? 0 : some.size();
        count -= taken;
        return taken;
    }
}
