package dev.sluice.sink.postgres.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.schema.Catalog;
import dev.sluice.schema.Mapping;
import dev.sluice.testkit.TestTarget;
import dev.sluice.testkit.TestingServers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init")
class TargetDatabaseIT {
    private final String unique = UUID.randomUUID().toString().replace("-", "");
    private final List<String> undo = new ArrayList<>();

    @AfterEach
    void clean() throws SQLException {
        for (String sql : undo.reversed()) {
            onServer(sql);
        }
    }

    @Nested
    class Making {
        @Test
        void fourProcessesAtOnceMakeOneDatabaseAndMigrateItOnce() throws Exception {
            String name = "Fresh-" + unique;
            undo.add("DROP DATABASE IF EXISTS \"" + name + "\" WITH (FORCE)");
            Catalog.Entry demo = Catalog.load("demo");
            CyclicBarrier together = new CyclicBarrier(4);
            List<String> applied = new ArrayList<>();
            try (ExecutorService processes = Executors.newFixedThreadPool(4)) {
                List<Future<List<String>>> futures = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    futures.add(processes.submit(() -> {
                        TargetDatabase database = new TargetDatabase(server().withDatabase(name));
                        together.await(1, TimeUnit.MINUTES);
                        database.createIfMissing();
                        together.await(1, TimeUnit.MINUTES);
                        return database.migrate(demo);
                    }));
                }
                for (Future<List<String>> future : futures) {
                    applied.addAll(future.get(2, TimeUnit.MINUTES));
                }
            }

            TargetDatabase database = new TargetDatabase(server().withDatabase(name));
            assertThat(applied).hasSameSizeAs(database.info(demo));
            assertThat(database.pending(demo)).isZero();
            assertThat(database.migrate(demo)).isEmpty();
            assertThat(database.info(demo)).hasSizeGreaterThan(1).allMatch(line -> line.contains("Success"));
        }

        @Test
        void aDatabaseThatIsThereIsLeftAlone() {
            try (TestTarget target = TestTarget.demo()) {
                target.execute("INSERT INTO users (id, email) VALUES ('u1', 'x')");
                TargetDatabase database = new TargetDatabase(target.uri());
                database.createIfMissing();
                database.migrate(Catalog.load("demo"));
                assertThat(target.rows("SELECT id FROM users")).containsExactly("u1");
            }
        }

        @Test
        void aRoleThatMayNotCreateDatabasesIsToldSoOnce() throws SQLException {
            PostgresUri nobody = role("LOGIN NOCREATEDB").withDatabase("missing_" + unique);

            assertKind(FailureKind.MISSING_RIGHT, () -> new TargetDatabase(nobody).createIfMissing())
                    .hasMessageContaining("missing_" + unique)
                    .hasMessageContaining("CREATEDB")
                    .hasMessageNotContaining("hush");
        }

        @Test
        void aRoleThatMayNotCreateTablesIsToldSo() throws SQLException {
            try (TestTarget target = TestTarget.demo()) {
                target.execute("DROP SCHEMA sluice CASCADE");
                PostgresUri nobody = role("LOGIN").withDatabase(target.uri().database());

                assertKind(FailureKind.MISSING_RIGHT, () -> new TargetDatabase(nobody).migrate(Catalog.load("demo")))
                        .hasMessageNotContaining("hush");
            }
        }

        @Test
        void aTableInTheWayOfAMigrationStopsItAndLeavesNothingHalf() throws SQLException {
            PostgresUri uri = PostgresUri.parse(TestingServers.postgres().createDatabase());
            execute(uri, "CREATE TABLE order_lines (mine integer)");

            assertKind(FailureKind.MISSING_TABLE, () -> new TargetDatabase(uri).migrate(Catalog.load("demo")))
                    .hasMessageContaining("order_lines");
            assertThat(rows(uri, "SELECT relname FROM pg_class WHERE relname IN ('users', 'orders')"))
                    .isEmpty();
        }

        @Test
        @DisplayName("scripts in folders are found, and those in the folder after are not: they come after the copy")
        void scriptsAfterTheCopyAreLeftToOthers(@TempDir Path folder) throws SQLException, IOException {
            Path migrations = folder.resolve("migrations");
            Files.createDirectories(migrations.resolve("later"));
            Files.createDirectories(migrations.resolve("after"));
            Files.writeString(
                    folder.resolve("mapping.yaml"),
                    "mapping: bare\ndatabase: d\ncollections:\n  things: {key: {column: id, type: text}}\n");
            Files.writeString(migrations.resolve("V0001__a.sql"), "CREATE TABLE things (id text PRIMARY KEY)");
            Files.writeString(migrations.resolve("later/V0002__b.sql"), "ALTER TABLE things ADD COLUMN name text");
            Files.writeString(
                    migrations.resolve("after/V0001__c.sql"), "CREATE INDEX things_name_idx ON things (name)");
            PostgresUri uri = PostgresUri.parse(TestingServers.postgres().createDatabase());
            Catalog.Entry entry = Catalog.load(folder.toString());

            new TargetDatabase(uri).migrate(entry);

            assertThat(rows(uri, "SELECT script FROM sluice_history_bare WHERE version > '0' ORDER BY 1"))
                    .containsExactly("V0001__a.sql", "later/V0002__b.sql");
            assertThat(rows(uri, "SELECT indexname FROM pg_indexes WHERE tablename = 'things'"))
                    .containsExactly("things_pkey");
            assertThat(new TargetDatabase(uri).pending(entry)).isZero();
        }

        @Test
        void severalSystemsLiveSideBySideInOneDatabase() throws SQLException {
            PostgresUri uri = PostgresUri.parse(TestingServers.postgres().createDatabase());
            TargetDatabase database = new TargetDatabase(uri);
            Catalog.Entry docsgpt = Catalog.load("docsgpt");
            // Both have a table users: the demo goes to a schema of its own.
            Catalog.Entry demo = Catalog.load("demo");
            Mapping mapping = demo.mapping();
            Catalog.Entry shop = new Catalog.Entry(
                    new Mapping(
                            mapping.name(),
                            mapping.database(),
                            "shop",
                            mapping.collections(),
                            mapping.ignored(),
                            mapping.groups()),
                    demo.migrations(),
                    demo.text());

            assertThat(database.migrate(docsgpt)).hasSize(database.info(docsgpt).size());
            assertThat(database.migrate(shop)).hasSize(1);
            assertThat(database.migrate(docsgpt)).isEmpty();
            assertThat(database.migrate(shop)).isEmpty();
            assertThat(rows(uri, "SELECT schemaname FROM pg_tables WHERE tablename = 'users' ORDER BY 1"))
                    .containsExactly("public", "shop");
        }

        @Test
        void everyColumnHasAComment() throws SQLException {
            for (String name : Catalog.NAMES) {
                PostgresUri uri = PostgresUri.parse(TestingServers.postgres().createDatabase());
                Catalog.Entry entry = Catalog.load(name);
                new TargetDatabase(uri).migrate(entry);
                String schema = entry.mapping().schema();

                String what = "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                        + " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE a.attnum > 0 AND NOT a.attisdropped"
                        + " AND c.relkind IN ('r', 'p', 'v') AND n.nspname IN ('sluice', '" + schema + "')"
                        + " AND c.relname !~ '^(schema_history|sluice_history_.*)$'";
                assertThat(rows(
                                uri,
                                "SELECT n.nspname || '.' || c.relname || '.' || a.attname " + what
                                        + " AND coalesce(col_description(c.oid, a.attnum), '') = ''"))
                        .as(name)
                        .isEmpty();
                assertThat(rows(
                                uri,
                                "SELECT DISTINCT n.nspname || '.' || c.relname " + what
                                        + " AND coalesce(obj_description(c.oid, 'pg_class'), '') = ''"))
                        .as(name)
                        .isEmpty();
                assertThat(rows(uri, "SELECT DISTINCT n.nspname || '.' || c.relname " + what))
                        .hasSizeGreaterThan(10);
            }
        }
    }

    @Nested
    class Checking {
        @Test
        void whatIsMigratedIsFine() {
            try (TestTarget target = TestTarget.demo()) {
                assertThatCode(() -> TargetCheck.check(target.connection(), target.targets()))
                        .doesNotThrowAnyException();
            }
        }

        @Test
        void allThatIsMissingIsNamedAtOnce() {
            try (TestTarget target = TestTarget.demo()) {
                target.execute("DROP TABLE order_lines; ALTER TABLE users DROP COLUMN age, DROP COLUMN city;"
                        + " ALTER TABLE orders DROP CONSTRAINT orders_pkey; DROP TABLE sluice.quarantine CASCADE");

                assertKind(FailureKind.MISSING_TABLE, () -> TargetCheck.check(target.connection(), target.targets()))
                        .hasMessageContaining("sluice.quarantine")
                        .hasMessageContaining("public.order_lines")
                        .hasMessageContaining("age")
                        .hasMessageContaining("city")
                        .hasMessageContaining("public.orders has no unique index on (id)");
            }
        }

        @Test
        void aUniqueIndexThatOnConflictCannotUseDoesNotCount() {
            for (String index : List.of("CREATE UNIQUE INDEX ON users (id, email)", "CREATE INDEX ON users (id)")) {
                try (TestTarget target = TestTarget.demo()) {
                    target.execute("ALTER TABLE users DROP CONSTRAINT users_pkey; " + index);
                    assertKind(
                                    FailureKind.MISSING_TABLE,
                                    () -> TargetCheck.check(target.connection(), target.targets()))
                            .as(index)
                            .hasMessageContaining("public.users has no unique index on (id)");
                }
            }
        }

        @Test
        void aUniqueIndexThatIsNoConstraintAndHoldsMoreCounts() {
            try (TestTarget target = TestTarget.demo()) {
                target.execute("ALTER TABLE users DROP CONSTRAINT users_pkey;"
                        + " CREATE UNIQUE INDEX ON users (id) INCLUDE (email)");
                assertThatCode(() -> TargetCheck.check(target.connection(), target.targets()))
                        .doesNotThrowAnyException();
            }
        }

        @Test
        void tablesTheRoleMayNotWriteAreNamed() throws SQLException {
            try (TestTarget target = TestTarget.demo()) {
                PostgresUri nobody = role("LOGIN").withDatabase(target.uri().database());
                String name = nobody.properties().get("user");
                undo.add("DROP OWNED BY " + name);
                target.execute("GRANT USAGE ON SCHEMA sluice TO " + name
                        + "; GRANT ALL ON ALL TABLES IN SCHEMA sluice TO " + name
                        + "; GRANT SELECT, INSERT, UPDATE, DELETE ON users TO " + name
                        + "; GRANT SELECT, INSERT, UPDATE ON orders TO " + name);
                try (Connection connection = new PostgresConnector(nobody).open()) {
                    assertKind(FailureKind.MISSING_RIGHT, () -> TargetCheck.check(connection, target.targets()))
                            .hasMessageContaining("public.orders")
                            .hasMessageContaining("public.order_lines")
                            .hasMessageNotContaining("users")
                            .hasMessageNotContaining("sluice.");
                }
                target.execute("DROP OWNED BY " + name);
            }
        }
    }

    private static org.assertj.core.api.AbstractThrowableAssert<?, ? extends Throwable> assertKind(
            FailureKind kind, ThrowingCallable call) {
        return assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SluiceException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }

    /// A role of this test's own.
    private PostgresUri role(String attributes) throws SQLException {
        String name = "r_" + unique;
        onServer("CREATE ROLE " + name + " " + attributes + " PASSWORD 'hush'");
        undo.add("DROP ROLE " + name);
        Map<String, String> properties = new HashMap<>(server().properties());
        properties.put("user", name);
        properties.put("password", "hush");
        return new PostgresUri(server().hosts(), server().database(), properties);
    }

    private static PostgresUri server() {
        return PostgresUri.parse(TestingServers.postgres().uri());
    }

    private static void onServer(String sql) throws SQLException {
        execute(server(), sql);
    }

    private static void execute(PostgresUri uri, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(uri.jdbcUrl(), uri.driverProperties());
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static List<String> rows(PostgresUri uri, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(uri.jdbcUrl(), uri.driverProperties());
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            List<String> found = new ArrayList<>();
            while (rows.next()) {
                found.add(rows.getString(1));
            }
            return found;
        }
    }
}
