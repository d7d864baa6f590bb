package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.mapping.value.IdUuid;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.service.systems.DocsGptDocuments;
import dev.sluice.service.systems.DocsGptHostility;
import dev.sluice.service.systems.DocsGptHostility.Check;
import dev.sluice.service.systems.DocsGptHostility.Entry;
import dev.sluice.service.systems.DocsGptRows;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.SoftAssertions;
import org.bson.types.ObjectId;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Promise 5, on the documents that make DocsGPT's own script give up a table: none stops anything, every
/// other row is there, and each bad value or document is found again.
class HostileDocsGptIT {
    @Test
    @DisplayName("of the 39 kinds of documents that abort DocsGPT's script none aborts, and nothing of them is lost")
    void nothingAborts() throws SQLException {
        try (LiveSystem system = LiveSystem.start("docsgpt", SandboxMongo.Options.DEFAULTS)) {
            DocsGptDocuments.insert(system.database(), DocsGptDocuments.of(39), 39);
            Map<String, List<String>> others = DocsGptRows.expected(system.database());
            List<DocsGptHostility> before = DocsGptHostility.of(1);
            List<DocsGptHostility> after = DocsGptHostility.of(2);
            assertThat(before)
                    .hasSize(39)
                    .last()
                    .extracting(DocsGptHostility::number)
                    .isEqualTo(39);
            insert(system, before);
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                insert(system, after);
                running.awaitApplied();
                assertThat(running.pipeline().status().state()).isInstanceOf(PipelineState.Streaming.class);
                SoftAssertions softly = new SoftAssertions();
                for (List<DocsGptHostility> round : List.of(before, after)) {
                    for (DocsGptHostility kind : round) {
                        for (Check check : kind.checks()) {
                            verify(system, kind, check, softly);
                        }
                    }
                }
                softly.assertAll();
                try (Connection connection = system.connector().open()) {
                    assertThat(DocsGptRows.differences(connection, others, false))
                            .as("all other rows")
                            .isEmpty();
                }
                assertThat(system.number("SELECT count(*) FROM sluice.dead_letter"))
                        .as("only those that are said to be")
                        .isEqualTo(deadLetters(before) + deadLetters(after));
            }
            assertThat(system.differences())
                    .allSatisfy(d -> assertThat(d.missing()).isZero());
        }
    }

    private static void insert(LiveSystem system, List<DocsGptHostility> kinds) {
        for (DocsGptHostility kind : kinds) {
            for (Entry entry : kind.documents()) {
                system.database().getCollection(entry.collection()).insertOne(entry.document());
            }
        }
    }

    private static long deadLetters(List<DocsGptHostility> kinds) {
        return kinds.stream()
                .flatMap(k -> k.checks().stream())
                .filter(Check.DeadLetter.class::isInstance)
                .count();
    }

    private static void verify(LiveSystem system, DocsGptHostility kind, Check check, SoftAssertions softly)
            throws SQLException {
        String what = kind.number() + ": " + kind.what();
        switch (check) {
            case Check.Row(String sql, String text) ->
                softly.assertThat(system.text(sql)).as(what + ": " + sql).isEqualTo(text);
            case Check.Quarantined(Entry entry, String column, String path, String value) ->
                softly.assertThat(system.text("SELECT value FROM sluice.quarantine WHERE collection = '"
                                + entry.collection() + "' AND document_key = '" + key(entry) + "' AND column_name = '"
                                + column + "' AND path = '" + path + "'"))
                        .as(what + ": quarantine " + column)
                        .isEqualTo(value);
            case Check.DeadLetter(Entry entry, String sqlState) -> {
                softly.assertThat(kept(system, "dead_letter", "sqlstate", entry))
                        .as(what + ": dead letter")
                        .isEqualTo(sqlState);
                softly.assertThat(kept(system, "dead_letter", "document", entry))
                        .as(what + ": the whole document")
                        .contains(id(entry).toHexString());
            }
            case Check.Waits(Entry entry, String why) ->
                softly.assertThat(kept(system, "waiting", "kind", entry))
                        .as(what + ": waits")
                        .isEqualTo(why);
            case Check.Plain(Entry entry) -> {
                for (String table : List.of("quarantine", "dead_letter", "waiting")) {
                    softly.assertThat(kept(system, table, "collection", entry))
                            .as(what + ": " + table)
                            .isNull();
                }
            }
        }
    }

    private static ObjectId id(Entry entry) {
        return entry.document().getObjectId("_id");
    }

    private static String key(Entry entry) {
        return "{\"$oid\":\"" + id(entry).toHexString() + "\"}";
    }

    private static @Nullable String kept(LiveSystem system, String table, String column, Entry entry)
            throws SQLException {
        String byRow = table.equals("waiting")
                ? " OR row_key IN ('" + IdUuid.of(entry.collection(), id(entry)) + "', '"
                        + id(entry).toHexString() + "')"
                : "";
        return system.text("SELECT " + column + " FROM sluice." + table + " WHERE collection = '" + entry.collection()
                + "' AND (document_key = '" + key(entry) + "'" + byRow + ")");
    }
}
