package dev.sluice.service.ops;

import dev.sluice.after.AfterProgress;
import dev.sluice.balance.Balance;
import dev.sluice.control.DeadLetterStore.Staying;
import dev.sluice.service.ops.StatusReport.CollectionReport;
import dev.sluice.service.ops.StatusReport.Writer;
import dev.sluice.service.pipeline.LastWriter;
import dev.sluice.service.text.Counted;
import dev.sluice.service.text.TextTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// A [StatusReport] for people, as `sluice status` prints it.
public final class StatusText {
    private StatusText() {}

    /// @return lines without the last one's end
    public static String of(StatusReport report) {
        Writer writer = report.writer();
        if (writer.owner() == null) {
            return "pipeline " + report.pipeline() + ": never started. `sluice run` starts it.";
        }
        List<String> lines = new ArrayList<>();
        lines.add("pipeline " + report.pipeline() + ", " + written(report));
        lines.addAll(standing(report));
        lines.add(collections(report.knownCollections()));
        SequencedMap<String, Balance> balances = new LinkedHashMap<>();
        Map<String, Staying> staying = new HashMap<>();
        for (CollectionReport c : report.knownCollections()) {
            Balance balance = c.balance();
            if (balance != null) {
                balances.put(c.collection(), balance);
            }
            Staying rows = c.staying();
            if (rows != null) {
                staying.put(c.collection(), rows);
            }
        }
        if (!balances.isEmpty()) {
            lines.add("");
            if (report.knownCollections().stream().anyMatch(StatusText::hasOtherDeadLetters)) {
                lines.add("The dead letters above are those of now; documents and rows are as of their time under"
                        + " \"counted at\":");
            }
            lines.addAll(List.of(BalanceTable.forPeople(balances, staying), ""));
        }
        report.knownCollections().forEach(c -> lines.addAll(copied(c)));
        AfterProgress after = report.after();
        if (after != null) {
            lines.addAll(AfterText.of(after));
        }
        lines.addAll(report.notes());
        return String.join(System.lineSeparator(), lines).stripTrailing();
    }

    /// Who writes it and how far, as `epoch 3, written by ...`; null before the first start.
    public static @Nullable String written(StatusReport report) {
        Writer writer = report.writer();
        return writer.owner() == null
                ? null
                : String.format(
                        Locale.ROOT,
                        "epoch %d, written by %s; position %s, moved %.1f s ago",
                        writer.epoch(),
                        writer.owner(),
                        writer.position() == null ? "unknown" : writer.position(),
                        writer.positionAgeSeconds());
    }

    /// What there is to say of the process that writes it, or does not, in sentences.
    public static List<String> standing(StatusReport report) {
        if (report.writer().owner() == null) {
            return List.of("`sluice run` starts it.");
        }
        return isFinished(report)
                ? List.of("This migration is finished: the writes of all collections have moved to PostgreSQL, and"
                        + " `sluice run` has nothing left to do.")
                : whoWrites(report.writer());
    }

    /// Whether the writes of all collections have moved.
    public static boolean isFinished(StatusReport report) {
        List<CollectionReport> known = report.knownCollections();
        return !known.isEmpty() && known.stream().allMatch(c -> c.backfill().equals("writes_on_postgres"));
    }

    private static boolean hasOtherDeadLetters(CollectionReport collection) {
        Balance balance = collection.balance();
        return balance != null && balance.deadLetters() != collection.deadLetters();
    }

    private static List<String> whoWrites(Writer writer) {
        if (!Boolean.TRUE.equals(writer.running())) {
            return List.of(
                    "No process holds this pipeline now" + lastWriter(writer),
                    "The lag is not known: each collection is as of its time under \"applied through\", and MongoDB may"
                            + " have moved on.");
        }
        if (writer.ownerProcess() == LastWriter.Fate.ENDED) {
            return List.of("The process that wrote it last has ended. Another one holds this pipeline and has not taken"
                    + " it over yet.");
        }
        Double age = writer.positionAgeSeconds();
        return age != null && age > StatusReader.WORKING_SECONDS
                ? List.of("A process holds this pipeline, but its position does not move: see its log, or the state in"
                        + " its GET /api/status.")
                : List.of();
    }

    /// What is known of the process that had it last, and what to do.
    private static String lastWriter(Writer writer) {
        String owner = writer.owner();
        return switch (writer.ownerProcess()) {
            case ENDED -> ", and " + owner + ", which had it last, has ended. `sluice run` resumes from there.";
            case RUNS ->
                ". But " + owner
                        + ", which had it last, is still there: it may be waiting for a database, and then resumes"
                        + " by itself. See its log and its GET /api/status.";
            case UNKNOWN ->
                ". Whether " + owner
                        + ", which had it last, is still there can't be seen from here: it may be waiting"
                        + " for a database; see its log and its GET /api/status. If it has ended, `sluice run`"
                        + " resumes from there.";
            case null -> ". `sluice run` resumes from there.";
        };
    }

    private static String collections(List<CollectionReport> collections) {
        TextTable table = new TextTable()
                .words("collection")
                .words("backfill")
                .numbers("lag s")
                .numbers("dead letters")
                .numbers("quarantined")
                .numbers("incomplete")
                .numbers("unmapped")
                .words("applied through");
        for (CollectionReport c : collections) {
            table.row(
                    c.collection(),
                    c.backfill(),
                    c.lagSeconds() == null ? "unknown" : String.format(Locale.ROOT, "%.1f", c.lagSeconds()),
                    c.deadLetters(),
                    c.quarantinedValues(),
                    c.incomplete(),
                    c.unmappedFields(),
                    c.watermark() == null ? "unknown" : c.watermark());
        }
        return table.text();
    }

    /// What there is to say of the copy while nothing is counted, and what the mapping skipped.
    private static List<String> copied(CollectionReport c) {
        List<String> lines = new ArrayList<>();
        if (c.balance() == null && !c.backfill().equals("not started")) {
            lines.add(String.format(
                    Locale.ROOT,
                    c.backfill().equals("done")
                            ? "%s: not counted yet; the copy read %s%s"
                            : "%s: is being copied; read so far: %s%s",
                    c.collection(),
                    Counted.of(c.backfilledDocuments(), "document"),
                    c.estimatedDocuments() == null
                            ? ""
                            : String.format(Locale.ROOT, " of about %,d", c.estimatedDocuments())));
        }
        c.skipped()
                .forEach((reason, documents) -> lines.add(String.format(
                        Locale.ROOT,
                        "%s: skipped %,d x %s, each time that one came by since the beginning",
                        c.collection(),
                        documents,
                        reason)));
        return lines;
    }
}
