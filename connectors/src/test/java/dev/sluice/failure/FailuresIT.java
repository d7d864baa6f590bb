package dev.sluice.failure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.testkit.TestTarget;
import dev.sluice.testkit.TestingServers;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("What a real PostgreSQL refuses")
@SuppressWarnings("NullAway.Init")
class FailuresIT {
    private static final String SECRET = "hush-hush";

    private TestTarget target;
    private Connection connection;

    @BeforeEach
    void open() throws SQLException {
        target = TestTarget.demo();
        connection = target.connection();
        target.execute(
                "CREATE TABLE t (id integer PRIMARY KEY, email text UNIQUE, uuid uuid, n smallint NOT NULL DEFAULT 1,"
                        + " v varchar(3), parent integer REFERENCES t, CHECK (n > 0));"
                        + "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id = 13 THEN"
                        + " RAISE EXCEPTION 'not %', NEW.email; END IF; RETURN NEW; END $$;"
                        + "CREATE TRIGGER refuse BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION refuse();"
                        + "INSERT INTO t (id, email) VALUES (1, '" + SECRET + "')");
    }

    @AfterEach
    void close() {
        target.close();
    }

    @ParameterizedTest(name = "{1}: {0}")
    @DisplayName("is described without the value, and known to be about data")
    @CsvSource(delimiter = ';', textBlock = """
            INSERT INTO t (id, email) VALUES (2, 'hush-hush');                      23505
            INSERT INTO t (id, uuid) VALUES (2, 'hush-hush');                       22P02
            INSERT INTO t (id, v) VALUES (2, 'hush-hush');                          22001
            INSERT INTO t (id, n, email) VALUES (2, 0, 'hush-hush ');               23514
            INSERT INTO t (id, n, email) VALUES (2, NULL, 'hush-hush ');            23502
            INSERT INTO t (id, n) VALUES (2, length('hush-hush') * 10000);          22003
            INSERT INTO t (id, parent, email) VALUES (2, 99, 'hush-hush ');         23503
            INSERT INTO t (id, email) VALUES (13, 'hush-hush ');                    P0001
            INSERT INTO t (id, email) VALUES (2, repeat('hush-hush ', 5) || (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 3000) i)); 54000
            INSERT INTO users (id, email, preferences) VALUES ('x', '', '{hush-hush'); 22P02
            INSERT INTO users (id, email, signed_up_at) VALUES ('x', '', 'hush-hush'); 22007
            """)
    void isDescribedWithoutTheValue(String sql, String state) {
        SQLException refused = refused(() -> execute(sql));

        assertThat(refused.getSQLState()).isEqualTo(state);
        assertThat(Failures.isAboutData(refused)).isTrue();
        assertThat(Failures.describe(refused)).contains(state).doesNotContain("hush");
        assertThat(Failures.classify(refused).getMessage()).doesNotContain("hush");
    }

    @Test
    @DisplayName("names the table, column and constraint")
    void namesTheTableColumnAndConstraint() {
        assertThat(Failures.describe(refused(() -> execute("INSERT INTO t (id, n) VALUES (2, NULL)"))))
                .contains("table t", "column n", "23502");
        assertThat(Failures.describe(refused(() -> execute("INSERT INTO t (id, email) VALUES (2, '" + SECRET + "')"))))
                .contains("t_email_key");
    }

    @Test
    @DisplayName("has a reason that is the same for each row refused alike, and names a trigger's function")
    void hasAReason() {
        String unique = Failures.reason(refused(() -> execute("INSERT INTO t (id, email) VALUES (1, 'other')")));
        assertThat(unique).isEqualTo(Failures.reason(refused(() -> execute("INSERT INTO t (id) VALUES (1)"))));
        assertThat(unique)
                .isNotEqualTo(Failures.reason(
                        refused(() -> execute("INSERT INTO t (id, email) VALUES (2, '" + SECRET + "')"))));
        SQLException raised = refused(() -> execute("INSERT INTO t (id, email) VALUES (13, '" + SECRET + "')"));
        assertThat(Failures.reason(raised)).isEqualTo("P0001, function refuse");
        assertThat(Failures.describe(raised)).contains("function refuse").doesNotContain(SECRET);
    }

    @Test
    @DisplayName("is described without the values when it came in a batch of statements")
    void aBatchIsDescribedWithoutTheValues() throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("INSERT INTO t (id, email) VALUES (?, ?)")) {
            for (int id = 2; id < 4; id++) {
                statement.setInt(1, id);
                statement.setString(2, SECRET);
                statement.addBatch();
            }
            SQLException refused = refused(statement::executeBatch);

            assertThat(refused.getMessage()).as("what the driver says").contains(SECRET);
            assertThat(Failures.describe(refused)).contains("23505").doesNotContain(SECRET);
            assertThat(Failures.classify(refused).getMessage()).doesNotContain(SECRET);
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @DisplayName("has a kind")
    @CsvSource(delimiter = ';', textBlock = """
            SELECT * FROM nowhere;                              MISSING_TABLE
            SELECT nothing FROM t;                              MISSING_TABLE
            SELECT * FROM nowhere.t;                            MISSING_TABLE
            SELECT nothing();                                   MISSING_TABLE
            CREATE TEMP TABLE twice (a int, a int);             MISSING_TABLE
            SELECT 1::;                                         MISSING_TABLE
            INSERT INTO t (id) SELECT now();                    MISSING_TABLE
            SELECT now()::bigint;                               MISSING_TABLE
            INSERT INTO t (id) VALUES (9) ON CONFLICT (id, email) DO NOTHING; MISSING_TABLE
            'CREATE RULE r AS ON UPDATE TO t DO ALSO NOTIFY t; INSERT INTO t (id) VALUES (9) ON CONFLICT (id) DO NOTHING'; MISSING_TABLE
            SET statement_timeout = 1;                          TARGET_CONFLICT
            """)
    void hasAKind(String sql, FailureKind kind) {
        String statement = kind == FailureKind.TARGET_CONFLICT ? sql + "; SELECT pg_sleep(5)" : sql;
        SQLException refused = refused(() -> execute(statement));
        assertThat(Failures.classify(refused).kind()).isEqualTo(kind);
    }

    @Test
    @DisplayName("is of the kind TARGET_ALTERED when a statement's plan is out of date")
    void aStalePlan() throws SQLException {
        connection.setAutoCommit(false);
        try (PreparedStatement statement = connection.prepareStatement("SELECT * FROM t")) {
            // Often enough for the driver to prepare it on the server.
            for (int i = 0; i < 10; i++) {
                statement.executeQuery().close();
            }
            execute("ALTER TABLE t ADD COLUMN more text");
            SQLException refused = refused(() -> statement.executeQuery());
            assertThat(Failures.classify(refused).kind()).isEqualTo(FailureKind.TARGET_ALTERED);
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }

    @Test
    @DisplayName("is of the kind MISSING_DATABASE when the database is not there")
    void aMissingDatabase() {
        PostgresUri nowhere = target.uri().withDatabase("nowhere");
        assertThat(Failures.classify(refused(() -> new PostgresConnector(nowhere).open()))
                        .kind())
                .isEqualTo(FailureKind.MISSING_DATABASE);
    }

    @Test
    @DisplayName("is of the kind TARGET_UNREACHABLE when nobody listens")
    void nobodyListens() {
        PostgresUri nobody = PostgresUri.parse("postgresql://u@127.0.0.1:1/db");
        assertThat(Failures.classify(refused(() -> new PostgresConnector(nobody).open()))
                        .kind())
                .isEqualTo(FailureKind.TARGET_UNREACHABLE);
    }

    @Test
    @DisplayName("is of the kind TARGET_UNREACHABLE when the server ended the connection")
    void theConnectionIsCut() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            var rows = statement.executeQuery("SELECT pg_backend_pid()");
            rows.next();
            target.execute("SELECT pg_terminate_backend(" + rows.getInt(1) + ")");
        }
        assertThat(Failures.classify(refused(() -> execute("SELECT 1"))).kind())
                .isEqualTo(FailureKind.TARGET_UNREACHABLE);
    }

    @Test
    @DisplayName("is of the kind MISSING_RIGHT when a right is missing")
    void aRightIsMissing() {
        String role = "nobody_" + target.uri().database();
        target.execute("CREATE ROLE " + role);
        try {
            assertThat(Failures.classify(refused(() -> execute("SET ROLE " + role + "; SELECT * FROM users")))
                            .kind())
                    .isEqualTo(FailureKind.MISSING_RIGHT);
        } finally {
            target.execute("DROP ROLE " + role);
        }
    }

    @ParameterizedTest
    @DisplayName("is of the kind ROW_SECURITY when a policy refuses a row, or rows are not to be hidden")
    @ValueSource(
            strings = {
                "INSERT INTO closed VALUES (12)",
                "UPDATE closed SET n = 12",
                "INSERT INTO closed VALUES (1) ON CONFLICT (n) DO UPDATE SET n = 12",
                "SET row_security = off; SELECT * FROM closed",
            })
    void aPolicyRefuses(String statement) throws SQLException {
        String role = "closed_" + target.uri().database();
        target.execute(
                "CREATE ROLE " + role + "; CREATE TABLE closed (n integer PRIMARY KEY); INSERT INTO closed VALUES (1);"
                        + " GRANT ALL ON closed TO " + role + "; ALTER TABLE closed ENABLE ROW LEVEL SECURITY;"
                        + " CREATE POLICY few ON closed USING (n < 10)");
        try {
            execute("SET ROLE " + role);
            assertThat(Failures.classify(refused(() -> execute(statement))).kind())
                    .isEqualTo(FailureKind.ROW_SECURITY);
        } finally {
            execute("RESET ROLE");
            target.execute("DROP TABLE closed; DROP ROLE " + role);
        }
    }

    @Test
    @DisplayName("is of the kind TARGET_REFUSED when there is no such role")
    void noSuchRole() {
        PostgresUri uri = PostgresUri.parse(TestingServers.postgres().uri());
        PostgresUri stranger = PostgresUri.parse("postgresql://a_stranger:guess@" + uri.hosts() + "/" + uri.database());
        SluiceException classified = Failures.classify(refused(() -> new PostgresConnector(stranger).open()));

        assertThat(classified.kind()).isEqualTo(FailureKind.TARGET_REFUSED);
        assertThat(classified.forPeople()).doesNotContain("guess");
    }

    private static SQLException refused(ThrowingCallable call) {
        SQLException thrown = catchThrowableOfType(SQLException.class, call);
        if (thrown == null) {
            throw new AssertionError("The server refused nothing.");
        }
        return thrown;
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
