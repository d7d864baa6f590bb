package dev.sluice.flow;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What a table of the control schema holds is decided in one class: no other writes to it. Everybody
/// else calls that class, or puts the statement that it gives into an own one.
class ControlWritersTest {
    private static final Map<String, Set<String>> WRITERS = Map.ofEntries(
            entry("accepted_value", Set.of("control.QuarantineStore")),
            entry("activity", Set.of("control.ActivityStore")),
            entry("after_migration", Set.of("after.AfterStore")),
            entry("after_table", Set.of("control.AnalyzedTables")),
            entry("audit", Set.of("audit.Audit")),
            entry("backfill", Set.of("control.BackfillStore")),
            entry("backfill_chunk", Set.of("control.BackfillStore")),
            entry("balance", Set.of("balance.BalanceStore")),
            entry("checkpoint", Set.of("positions.CheckpointStore")),
            // What writes rows parks their documents; what a user decides about those is the store's.
            entry("dead_letter", Set.of("control.DeadLetterStore", "sink.postgres.Parked")),
            entry("document_row", Set.of("sink.postgres.table.Duplicates")),
            entry("drift", Set.of("verify.VerificationStore")),
            entry("gate_limit", Set.of("gate.GateStore")),
            entry("known_collection", Set.of("evolution.SchemaChangeStore")),
            entry("left_collection", Set.of("positions.LeftCollections")),
            entry("measurement", Set.of("gate.GateStore")),
            entry("mapping_version", Set.of("control.MappingVersions")),
            // The move, and what is counted of it afterwards.
            entry("moved_writes", Set.of("cutover.FinishStore", "cutover.LateWriteStore")),
            entry("passed_change", Set.of("positions.PassedChanges")),
            entry("pause", Set.of("positions.PauseStore")),
            entry("position", Set.of("positions.PositionStore")),
            entry("quarantine", Set.of("sink.postgres.Parked")),
            entry("read_route", Set.of("cutover.RouteStore")),
            entry("read_limit", Set.of("control.ReadLimitStore")),
            entry("replay", Set.of("replay.ReplayStore")),
            entry("resync", Set.of("control.ResyncStore")),
            entry("schema_change", Set.of("evolution.SchemaChangeStore")),
            entry("schema_watch", Set.of("evolution.SchemaChangeStore")),
            entry("shadow_list", Set.of("cutover.ShadowReadStore")),
            entry("shadow_read", Set.of("cutover.ShadowReadStore")),
            entry("skipped", Set.of("control.Tallies")),
            entry("source", Set.of("evolution.SourceStore")),
            entry("suspect", Set.of("verify.VerificationStore")),
            entry("unmapped_collection", Set.of("evolution.SchemaChangeStore")),
            entry("unfinished", Set.of("cutover.FinishStore")),
            entry("unmapped_field", Set.of("control.Tallies")),
            entry("usual_ids", Set.of("pipeline.NotedIds")),
            entry("verification", Set.of("verify.VerificationStore")),
            entry("verified_key", Set.of("verify.VerificationStore")),
            entry("waiting", Set.of("control.WaitingStore")),
            entry("watermark", Set.of("positions.PositionStore")));

    private static final Path SOURCES = Path.of("src/main/java/dev/sluice");

    private static final Pattern WRITES = Pattern.compile(
            "\\b(?:insert\\s+into|update|delete\\s+from|merge\\s+into|truncate(?:\\s+table)?|copy)\\s+(?:only\\s+)?"
                    + "\"?sluice\"?\\.(\\w*)",
            Pattern.CASE_INSENSITIVE);

    @Test
    void eachTableIsWrittenByTheClassWhoseItIs() throws IOException {
        SortedMap<String, Set<String>> found = new TreeMap<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
                for (String table : written(Files.readString(file))) {
                    found.computeIfAbsent(table, t -> new TreeSet<>()).add(name(file));
                }
            }
        }

        assertThat(found).isEqualTo(new TreeMap<>(WRITERS));
    }

    @Test
    void aStatementIsFoundAlsoWhereItsTextIsInPieces() {
        assertThat(List.of(
                        "\"DELETE FROM sluice.resync WHERE\"",
                        "\"DELETE FROM\"\n    + \" sluice.resync WHERE\"",
                        "\"\"\"\n    INSERT INTO\n      sluice.resync (id)\"\"\"",
                        "\"update sluice.resync SET\""))
                .allSatisfy(text -> assertThat(written(text)).containsExactly("resync"));
        assertThat(written("// DELETE FROM sluice.resync\n\"SELECT FROM sluice.resync FOR UPDATE\""))
                .isEmpty();
    }

    @Test
    void aTableThatIsNamedAtRunTimeIsTheTableOfNobody() {
        assertThat(written("\"DELETE FROM sluice.\" + table + \" WHERE\"")).containsExactly("");
    }

    /// The tables that a source text writes to; an empty name where the text does not say to which.
    private static SortedSet<String> written(String source) {
        String sql = source.replaceAll("(?m)^\\s*//.*$", "").replaceAll("\"\\s*\\+\\s*\"", "");
        SortedSet<String> tables = new TreeSet<>();
        Matcher writes = WRITES.matcher(sql);
        while (writes.find()) {
            tables.add(writes.group(1));
        }
        return tables;
    }

    /// A class as [#WRITERS] names it.
    private static String name(Path file) {
        return SOURCES.relativize(file).toString().replace(".java", "").replace('/', '.');
    }
}
