package dev.sluice.service.ops;

import dev.sluice.control.MappingVersions;
import dev.sluice.control.ReadLimitStore;
import dev.sluice.cutover.LateWriteStore;
import dev.sluice.cutover.WriteBlockNote;
import dev.sluice.evolution.SchemaChangeStore;
import dev.sluice.evolution.SchemaChangeStore.Change;
import dev.sluice.positions.PauseStore;
import dev.sluice.replay.ReplayStore;
import dev.sluice.replay.ReplayStore.Recorded;
import dev.sluice.service.text.Counted;
import dev.sluice.service.text.ReadLimitText;
import dev.sluice.source.mongo.ReadLimit.Rate;
import dev.sluice.verify.VerificationReports;
import dev.sluice.verify.VerificationReports.Standing;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The sentences of the status, in addition to its numbers.
final class Notes {
    private static final String VERIFIED = ": verified through ";

    /// Replays that ended longer ago are not shown.
    private static final Duration NEWS = Duration.ofHours(24);

    /// Most changes that are shown; `sluice schema-changes` has them all.
    private static final int CHANGES = 10;

    private Notes() {}

    static List<String> read(Connection connection, String pipeline) throws SQLException {
        List<String> notes = new ArrayList<>();
        for (Recorded replay : new ReplayStore(pipeline).latest(connection, 1)) {
            Instant finished = replay.finishedAt();
            if (finished == null || finished.isAfter(Instant.now().minus(NEWS))) {
                notes.add(replay(replay));
            }
        }
        List<Change> changes = new SchemaChangeStore(pipeline).latest(connection, CHANGES);
        for (Change change : changes) {
            if (change.settledAt() == null
                    || change.seenAt().isAfter(Instant.now().minus(NEWS))) {
                notes.add("schema change " + change.id() + ": " + change.forPeople() + " "
                        + (change.settledAt() == null
                                ? "Open, policy " + change.policy() + "."
                                : "(" + change.done() + ")"));
            }
        }
        new PauseStore(pipeline)
                .load(connection)
                .ifPresent(pause -> notes.add("Paused since " + pause.since() + " by " + pause.by()
                        + (pause.reason().isEmpty() ? "" : " (" + pause.reason() + ")")
                        + (pause.resumesAt() == null ? "" : "; resumes by itself at " + pause.resumesAt())
                        + ". `sluice resume` ends that; nothing is applied meanwhile."));
        new ReadLimitStore(pipeline)
                .load(connection)
                .ifPresent(limit -> notes.add("MongoDB is read at no more than "
                        + ReadLimitText.of(new Rate(limit.documents(), limit.bytes()))
                        + " beside the stream, as " + limit.by() + " set at " + limit.at()
                        + ". `sluice limit --off` ends that."));
        new MappingVersions(pipeline)
                .wanted(connection)
                .ifPresent(wanted ->
                        notes.add("Version " + wanted.number() + " of the mapping is wanted since " + wanted.at()
                                + " by " + wanted.by()
                                + ", and no process has taken it over. The one that runs the pipeline does so"
                                + " within seconds; where none runs, run `sluice evolve` again."));
        WriteBlockNote.read(connection, pipeline).ifPresent(block -> notes.add(block.forPeople()));
        for (LateWriteStore.Watched late : new LateWriteStore(pipeline).all(connection)) {
            if (late.writes() > 0) {
                notes.add(String.format(
                        Locale.ROOT,
                        "%s: %s reached MongoDB after its writes had moved to PostgreSQL, the last at %s, MongoDB's time. They"
                                + " are not in PostgreSQL: stop that writer, and carry over by hand what it wrote.",
                        late.collection(),
                        Counted.of(late.writes(), "write"),
                        late.lastAt()));
            }
        }
        notes.addAll(drift(connection, pipeline));
        return notes;
    }

    /// Whether a note says that something is to be looked at, and not only up to when a collection is verified.
    static boolean isFinding(String note) {
        return !note.contains(VERIFIED);
    }

    /// What differs, and up to when everything was compared.
    private static List<String> drift(Connection connection, String pipeline) throws SQLException {
        List<String> notes = new ArrayList<>();
        for (Standing found : new VerificationReports(pipeline).standing(connection)) {
            if (found.rows() > 0) {
                notes.add(String.format(
                        Locale.ROOT,
                        "%s: DRIFT, %s of %s, first seen %,.0f s ago: `sluice verify --repair`",
                        found.collection(),
                        Counted.of(found.rows(), "row"),
                        Counted.of(found.documents(), "document"),
                        found.sinceSeconds()));
            }
            if (found.through() != null) {
                notes.add(found.collection() + VERIFIED + found.through());
            }
        }
        return notes;
    }

    private static String replay(Recorded replay) {
        String what = "replay " + replay.id() + " from " + replay.askedFrom() + ": ";
        return what
                + switch (replay.state()) {
                    case READING ->
                        String.format(
                                Locale.ROOT,
                                "reading, %s so far, up to %s",
                                Counted.of(replay.events(), "change"),
                                replay.through() == null ? "the beginning" : replay.through());
                    case TAKING ->
                        String.format(
                                Locale.ROOT,
                                "%s resynced, %s left on the list",
                                Counted.of(replay.documents(), "document is", "documents are"),
                                Counted.of(replay.left(), "entry is", "entries are"));
                    case DONE ->
                        String.format(
                                Locale.ROOT,
                                "done, %s resynced at %s",
                                Counted.of(replay.documents(), "document"),
                                replay.finishedAt());
                    case FAILED -> "failed: " + replay.detail();
                };
    }
}
