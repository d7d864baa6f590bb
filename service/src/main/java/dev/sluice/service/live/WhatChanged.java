package dev.sluice.service.live;

import dev.sluice.audit.AuditEntry;
import dev.sluice.service.live.CollectionView.LastVerification;
import dev.sluice.service.live.LogEntry.Tone;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.service.text.Counted;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/// Says in sentences what became other between two looks at a pipeline.
final class WhatChanged {
    /// Details of the audit that are said; the others are keys of documents, tokens and the like.
    private static final List<String> SAID = List.of("percent", "shadow_percent", "reason", "rows", "documents");

    private final Instant at;
    private final List<LogEntry> entries = new ArrayList<>();

    private WhatChanged(Instant at) {
        this.at = at;
    }

    /// What PostgreSQL says now and did not say before.
    static List<LogEntry> between(Stored before, Stored now, Instant at) {
        WhatChanged changed = new WhatChanged(at);
        now.audit().reversed().forEach(entry -> changed.entries.add(of(entry)));
        now.collections().forEach((name, view) -> {
            CollectionView was = before.collections().get(name);
            if (was != null && !was.equals(view)) {
                changed.compare(was, view);
            }
        });
        return changed.entries;
    }

    /// What the running process does now, and did not before.
    ///
    /// @param before null for the first one
    /// @param tick of `now`
    static List<LogEntry> between(@Nullable PipelineState before, PipelineState now, Tick tick) {
        WhatChanged changed = new WhatChanged(tick.at());
        if (before == null || !before.name().equals(now.name())) {
            String text =
                    "The pipeline is " + words(now.name()) + (tick.message() == null ? "." : ": " + tick.message());
            changed.add(tone(now), null, text);
        }
        return changed.entries;
    }

    /// The newest of the audit, for who begins to look.
    static LogEntry of(AuditEntry entry) {
        StringJoiner detail = new StringJoiner(", ", " (", ")").setEmptyValue("");
        for (Map.Entry<String, String> each : entry.detail().entrySet()) {
            if (SAID.contains(each.getKey()) && !each.getValue().isEmpty()) {
                detail.add(words(each.getKey()) + ": " + each.getValue());
            }
        }
        return new LogEntry(
                entry.at(),
                entry.action().contains("refused") || entry.action().equals("auto_rollback")
                        ? Tone.WARNING
                        : Tone.PLAIN,
                entry.collection(),
                sentence(entry.action()) + " by " + entry.actor() + detail + ".");
    }

    private void compare(CollectionView was, CollectionView now) {
        if (!was.backfill().equals(now.backfill())) {
            boolean done = now.backfill().equals("done");
            add(
                    done ? Tone.GOOD : Tone.PLAIN,
                    now.collection(),
                    done
                            ? "Copied: " + Counted.of(now.documents(), "document") + "."
                            : "The copy is: " + words(now.backfill()) + ".");
        }
        counts(was, now);
        verification(was.verification(), now);
        gate(was, now);
    }

    private void counts(CollectionView was, CollectionView now) {
        if (now.drift().rows() != was.drift().rows()) {
            add(
                    now.drift().rows() == 0 ? Tone.GOOD : Tone.BAD,
                    now.collection(),
                    now.drift().rows() == 0
                            ? "No row is known to differ from its document any more."
                            : Counted.of(now.drift().rows(), "row") + " known to differ: "
                                    + now.drift().missing()
                                    + " missing, " + now.drift().extra() + " extra, "
                                    + now.drift().different() + " different.");
        }
        number(was.deadLetters(), now.deadLetters(), now.collection(), "dead letter");
        number(was.quarantinedValues(), now.quarantinedValues(), now.collection(), "quarantined value");
    }

    private void number(long was, long now, String collection, String what) {
        if (now != was) {
            add(
                    now > was ? Tone.BAD : Tone.GOOD,
                    collection,
                    now == 0 ? "No " + what + " is left." : Counted.of(now, what) + ", " + was + " before.");
        }
    }

    private void verification(@Nullable LastVerification was, CollectionView view) {
        LastVerification now = view.verification();
        // A running pipeline compares all the time; that is no event.
        if (now == null || now.origin().equals("continuous")) {
            return;
        }
        boolean sameState = was != null && was.id() == now.id() && was.state().equals(now.state());
        if (!sameState) {
            add(
                    Tone.PLAIN,
                    view.collection(),
                    "Verification " + now.id() + " (" + now.mode() + "): " + now.state() + ", "
                            + Counted.of(now.compared(), "document") + " compared.");
        }
    }

    private void gate(CollectionView was, CollectionView now) {
        if (was.gate() == null
                || now.gate() == null
                || was.gate().open() == now.gate().open()) {
            return;
        }
        add(
                now.gate().open() ? Tone.GOOD : Tone.WARNING,
                now.collection(),
                now.gate().open()
                        ? "The gate is open: reads may move to PostgreSQL."
                        : "The gate is shut. " + now.gate().reasons().getFirst());
    }

    private void add(Tone tone, @Nullable String collection, String text) {
        entries.add(new LogEntry(at, tone, collection, text));
    }

    private static Tone tone(PipelineState state) {
        return switch (state) {
            case PipelineState.Streaming s -> Tone.GOOD;
            case PipelineState.Failed f -> Tone.BAD;
            case PipelineState.Stalled s -> Tone.WARNING;
            case PipelineState.Waiting w -> Tone.WARNING;
            case PipelineState.Paused p -> Tone.WARNING;
            case PipelineState.Starting s -> Tone.PLAIN;
            case PipelineState.Standby s -> Tone.PLAIN;
            case PipelineState.Backfilling b -> Tone.PLAIN;
            case PipelineState.Draining d -> Tone.PLAIN;
            case PipelineState.Stopped s -> Tone.PLAIN;
        };
    }

    private static String words(String name) {
        return name.replace('_', ' ');
    }

    private static String sentence(String action) {
        String text = words(action);
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }
}
