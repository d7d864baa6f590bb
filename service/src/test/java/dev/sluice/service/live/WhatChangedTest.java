package dev.sluice.service.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.audit.AuditEntry;
import dev.sluice.service.live.CollectionView.Drift;
import dev.sluice.service.live.CollectionView.GateView;
import dev.sluice.service.live.CollectionView.LastVerification;
import dev.sluice.service.live.LogEntry.Tone;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// What the log says of two looks at a pipeline.
class WhatChangedTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final GateView OPEN = new GateView(true, List.of());
    private static final GateView SHUT = new GateView(false, List.of("1 row is known to differ.", "Too old."));

    private static CollectionView view(
            String backfill, Drift drift, long deadLetters, @Nullable GateView gate, @Nullable LastVerification last) {
        return new CollectionView(
                "users", "public.users", backfill, 20, 20, true, drift, null, last, deadLetters, 0, 0, gate, null);
    }

    /// Copied, with nothing wrong and its gate open.
    private static CollectionView well(@Nullable LastVerification last) {
        return view("done", new Drift(0, 0, 0), 0, OPEN, last);
    }

    private static Stored stored(CollectionView view, AuditEntry... audit) {
        SequencedMap<String, CollectionView> views = new LinkedHashMap<>();
        views.put(view.collection(), view);
        return new Stored(views, List.of(), List.of(audit));
    }

    private static List<String> said(CollectionView before, CollectionView now) {
        return WhatChanged.between(stored(before), stored(now), NOW).stream()
                .map(entry -> entry.tone() + ": " + entry.text())
                .toList();
    }

    @Test
    @DisplayName("nothing is said where nothing changed")
    void nothing() {
        CollectionView view = well(null);

        assertThat(said(view, view)).isEmpty();
    }

    @Test
    @DisplayName("a finished copy, drift, dead letters, and a gate that shuts with its first reason")
    void worse() {
        assertThat(said(
                        view("running", new Drift(0, 0, 0), 0, OPEN, null),
                        view("done", new Drift(1, 0, 2), 1, SHUT, null)))
                .containsExactly(
                        "good: Copied: 20 documents.",
                        "bad: 3 rows known to differ: 1 missing, 0 extra, 2 different.",
                        "bad: 1 dead letter, 0 before.",
                        "warning: The gate is shut. 1 row is known to differ.");
    }

    @Test
    @DisplayName("that it is well again is said, too")
    void better() {
        assertThat(said(view("done", new Drift(1, 0, 0), 1, SHUT, null), well(null)))
                .containsExactly(
                        "good: No row is known to differ from its document any more.",
                        "good: No dead letter is left.",
                        "good: The gate is open: reads may move to PostgreSQL.");
    }

    @Test
    @DisplayName("a verification that was asked for is said, the rounds of a running pipeline are not")
    void verifications() {
        CollectionView before = well(null);

        assertThat(said(before, well(new LastVerification(7, "full", "asked", "done", 20, 20L))))
                .containsExactly("plain: Verification 7 (full): done, 20 documents compared.");
        assertThat(said(before, well(new LastVerification(8, "full", "continuous", "done", 20, 20L))))
                .isEmpty();
    }

    @Test
    @DisplayName("new entries of the audit are said with who it was and without keys of documents")
    void audit() {
        CollectionView view = well(null);
        SequencedMap<String, String> detail =
                new LinkedHashMap<>(Map.of("percent", "10", "document_key", "\"a-key\"", "gate", "[..]"));
        AuditEntry moved = new AuditEntry(5, NOW, "users", "ada", "cutover", detail);

        assertThat(WhatChanged.between(stored(view), stored(view, moved), NOW))
                .containsExactly(new LogEntry(NOW, Tone.PLAIN, "users", "Cutover by ada (percent: 10)."));
    }
}
