package dev.sluice.service.ops;

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

    private Notes() {}

    static List<String> read(Connection connection, String pipeline) throws SQLException {
        List<String> notes = new ArrayList<>();
        for (Recorded replay : new ReplayStore(pipeline).latest(connection, 1)) {
            Instant finished = replay.finishedAt();
            if (finished == null || finished.isAfter(Instant.now().minus(NEWS))) {
                notes.add(replay(replay));
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
