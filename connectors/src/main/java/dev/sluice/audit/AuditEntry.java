package dev.sluice.audit;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// An entry of the audit, as it is read.
///
/// @param id rises with each entry of all pipelines
/// @param collection null for what concerns the whole pipeline
/// @param action the text of an [AuditAction]; one that this version does not know is possible
/// @param detail the particulars as text; what is null in the audit is not in it
public record AuditEntry(
        long id,
        Instant at,
        @Nullable String collection,
        String actor,
        String action,
        SequencedMap<String, String> detail) {
    public AuditEntry {
        detail = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(detail));
    }
}
