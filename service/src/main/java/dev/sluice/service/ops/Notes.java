package dev.sluice.service.ops;

import dev.sluice.evolution.SchemaChangeStore;
import dev.sluice.evolution.SchemaChangeStore.Change;
import dev.sluice.replay.ReplayStore;
import dev.sluice.replay.ReplayStore.Recorded;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What the status says in sentences, beside its numbers.
final class Notes {
    /// What ended longer ago is no news.
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
        return notes;
    }

    private static String replay(Recorded replay) {
        String what = "replay " + replay.id() + " from " + replay.askedFrom() + ": ";
        return what
                + switch (replay.state()) {
                    case READING ->
                        String.format(
                                Locale.ROOT,
                                "reading, %,d changes so far, up to %s",
                                replay.events(),
                                replay.through() == null ? "the beginning" : replay.through());
                    case TAKING ->
                        String.format(
                                Locale.ROOT,
                                "%,d documents are taken anew, %,d entries are left on the list",
                                replay.documents(),
                                replay.left());
                    case DONE ->
                        String.format(
                                Locale.ROOT,
                                "done, %,d documents taken anew at %s",
                                replay.documents(),
                                replay.finishedAt());
                    case FAILED -> "failed: " + replay.detail();
                };
    }
}
