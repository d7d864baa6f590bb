package dev.sluice.pipeline;

import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.Reads;
import dev.sluice.source.RelevantFields;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/// The fields that a mapping reads are those that matter.
///
/// @param reads not everything
public record ReadByMapping(Reads reads) implements RelevantFields {
    /// By collection; without those of which everything is read.
    public static Map<String, RelevantFields> of(Collection<CollectionMapping> mappings) {
        Map<String, RelevantFields> relevant = new HashMap<>();
        for (CollectionMapping mapping : mappings) {
            Reads reads = Reads.of(mapping);
            if (!reads.everything()) {
                relevant.put(mapping.collection(), new ReadByMapping(reads));
            }
        }
        return relevant;
    }

    @Override
    public boolean areTouchedBy(String name) {
        return reads.touchedBy(name);
    }

    @Override
    public String outermostIrrelevant(String name) {
        return reads.unread(name);
    }
}
