package dev.sluice.service.live;

import dev.sluice.audit.AuditEntry;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// What PostgreSQL says of a pipeline at one moment.
///
/// @param collections by name, in the mapping's order
/// @param notes findings in sentences
/// @param audit the entries of the audit since the last reading, the newest first
public record Stored(SequencedMap<String, CollectionView> collections, List<String> notes, List<AuditEntry> audit) {
    public Stored {
        collections = java.util.Collections.unmodifiableSequencedMap(new java.util.LinkedHashMap<>(collections));
        notes = List.copyOf(notes);
        audit = List.copyOf(audit);
    }

    /// Those that are other than before.
    List<CollectionView> changedSince(Map<String, CollectionView> before) {
        return collections.values().stream()
                .filter(view -> !view.equals(before.get(view.collection())))
                .toList();
    }
}
