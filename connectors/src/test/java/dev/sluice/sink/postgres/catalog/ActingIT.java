package dev.sluice.sink.postgres.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.check.TableFault;
import dev.sluice.testkit.TestTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Whether a trigger or a rule acts is PostgreSQL's to say, for each session; everybody of ours who asks gets the same
/// answer, that of what really happens.
@SuppressWarnings("NullAway.Init")
class ActingIT {
    private static final String MAPPING = """
            mapping: test
            database: test
            collections:
              things:
                table: things
                key: {column: id, type: bigint}
                columns:
                  n: integer
            """;

    private TestTarget target;

    @BeforeEach
    void open() {
        target = TestTarget.of(MAPPING, "CREATE TABLE things (id bigint PRIMARY KEY, n integer)");
    }

    @AfterEach
    void close() {
        target.close();
    }

    /// For all sessions that begin from now on.
    private void replicationRole(String role) {
        target.execute("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET session_replication_role = " + role
                + "', current_database()); END $$");
    }

    private void insert() throws SQLException {
        try (Connection connection = target.connector().open();
                Statement statement = connection.createStatement()) {
            statement.execute("INSERT INTO things VALUES (1, 1)");
        }
    }

    private CollectionTarget things() {
        return target.target("things");
    }

    private TableShape shape() {
        return things().mapper().shape();
    }

    private TableName table() {
        return shape().table();
    }

    @ParameterizedTest
    @CsvSource({
        "ENABLE, origin",
        "ENABLE, local",
        "ENABLE, replica",
        "ENABLE REPLICA, origin",
        "ENABLE REPLICA, local",
        "ENABLE REPLICA, replica",
        "ENABLE ALWAYS, origin",
        "ENABLE ALWAYS, replica",
        "DISABLE, origin",
        "DISABLE, replica"
    })
    @DisplayName("plan, checks, writing and verifying count a trigger exactly where PostgreSQL fires it")
    void triggers(String enabling, String role) throws SQLException {
        target.execute("CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS"
                + " $$ BEGIN IF NEW.id < 1000 THEN NEW.id := NEW.id + 1000; END IF; RETURN NEW; END $$;"
                + " CREATE TRIGGER odd BEFORE INSERT OR UPDATE ON things FOR EACH ROW EXECUTE FUNCTION odd();"
                + " ALTER TABLE things " + enabling + " TRIGGER odd");
        replicationRole(role);
        insert();
        boolean fires = target.rows("SELECT id FROM things").equals(List.of("1001"));

        Map<String, Boolean> said = new LinkedHashMap<>();
        try (Connection connection = target.connector().open()) {
            LiveTables live = new LiveTables(connection);
            said.put(
                    "plan",
                    !new TableReader(connection)
                            .find(table())
                            .orElseThrow()
                            .triggers()
                            .isEmpty());
            said.put(
                    "check",
                    TableFault.of(TableFault.Looking.on(connection), things(), shape(), List.of("id")).stream()
                            .anyMatch(fault -> fault.kind() == TableFault.Kind.TRIGGER));
            said.put(
                    "trial",
                    new TriggerTrial(connection).of(shape(), List.of("id")).touch("id"));
            said.put("keys that are written", !live.keepsKeys(shape()));
            said.put(
                    "triggers that are counted",
                    live.watch(List.of(shape())).acting().containsKey(table()));
            said.put(
                    "rows that are undone",
                    ActingTriggers.ofWrites(connection, things()).isPresent());
        }
        said.put(
                "verify",
                !TableTriggers.ofWrites(target.connector(), List.of(things())).isEmpty());

        assertThat(said).allSatisfy((who, answer) -> assertThat(answer).isEqualTo(fires));
    }

    @ParameterizedTest
    @CsvSource({
        "ENABLE, origin",
        "ENABLE, replica",
        "ENABLE REPLICA, origin",
        "ENABLE REPLICA, replica",
        "ENABLE ALWAYS, replica",
        "DISABLE, origin"
    })
    @DisplayName("checks and writing count a rewrite rule exactly where PostgreSQL applies it")
    void rules(String enabling, String role) throws SQLException {
        target.execute("CREATE RULE odd AS ON INSERT TO things DO INSTEAD NOTHING; ALTER TABLE things " + enabling
                + " RULE odd");
        replicationRole(role);
        insert();
        boolean applies = target.rows("SELECT id FROM things").isEmpty();

        Map<String, Boolean> said = new LinkedHashMap<>();
        try (Connection connection = target.connector().open()) {
            said.put(
                    "check",
                    !new TableReader(connection)
                            .find(table())
                            .orElseThrow()
                            .rules()
                            .isEmpty());
            said.put("write", !new LiveTables(connection).keepsKeys(shape()));
        }

        assertThat(said).allSatisfy((who, answer) -> assertThat(answer).isEqualTo(applies));
    }

    @Test
    @DisplayName("a trigger on a partition of a partition counts, for its keys and for what it undoes")
    void partitionOfAPartition() throws SQLException {
        target.execute("DROP TABLE things;"
                + " CREATE TABLE things (id bigint PRIMARY KEY, n integer) PARTITION BY RANGE (id);"
                + " CREATE TABLE half PARTITION OF things FOR VALUES FROM (MINVALUE) TO (MAXVALUE)"
                + " PARTITION BY RANGE (id);"
                + " CREATE TABLE quarter PARTITION OF half FOR VALUES FROM (MINVALUE) TO (MAXVALUE);"
                + " CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := 7; RETURN NEW; END $$;"
                + " CREATE TRIGGER odd BEFORE INSERT ON quarter FOR EACH ROW EXECUTE FUNCTION odd()");
        try (Connection connection = target.connector().open()) {
            LiveTables.Watched watched = new LiveTables(connection).watch(List.of(shape()));
            assertThat(watched.acting()).containsEntry(table(), 1);
            assertThat(watched.merging()).containsExactly(table());
            assertThat(ActingTriggers.ofWrites(connection, things())).isPresent();
        }
    }
}
