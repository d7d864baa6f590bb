package dev.sluice.sink.postgres.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.mapping.DocumentMapper;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.schema.Catalog;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.check.TargetCheck;
import dev.sluice.sink.postgres.check.TargetDatabase;
import dev.sluice.testkit.TestingServers;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// The tables of the ready-made systems: made, described, as their mappings need them; and left as they are
/// where the system has made them itself.
class CatalogTablesIT {
    /// Everything there is outside the control schema: columns, indexes, triggers, functions and what is
    /// said of them.
    private static final String SNAPSHOT = """
            WITH own AS (SELECT c.oid, c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                         WHERE c.relkind IN ('r', 'v') AND n.nspname NOT IN ('sluice', 'pg_catalog', 'information_schema')
                           AND n.nspname NOT LIKE 'pg_toast%' AND c.relname NOT LIKE 'sluice_history%')
            SELECT concat_ws(' ', name, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
                             col_description(own.oid, a.attnum), obj_description(own.oid, 'pg_class'))
            FROM own JOIN pg_attribute a ON a.attrelid = own.oid AND a.attnum > 0 AND NOT a.attisdropped
                 LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            UNION ALL SELECT pg_get_indexdef(i.indexrelid) FROM own JOIN pg_index i ON i.indrelid = own.oid
            UNION ALL SELECT pg_get_triggerdef(t.oid) FROM own JOIN pg_trigger t ON t.tgrelid = own.oid WHERE NOT t.tgisinternal
            UNION ALL SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                      WHERE n.nspname IN ('public', 'auth') AND p.prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c')
            ORDER BY 1""";

    static List<String> systems() {
        return Catalog.NAMES;
    }

    @ParameterizedTest
    @MethodSource("systems")
    void everyTableIsAsTheMappingNeedsItAndDescribed(String system) throws SQLException {
        PostgresUri uri = PostgresUri.parse(TestingServers.postgres().createDatabase());
        Catalog.Entry entry = Catalog.load(system);

        new TargetDatabase(uri).migrate(entry);

        try (Connection connection = new PostgresConnector(uri).open()) {
            TargetCheck.check(connection, targets(entry));
        }
        assertThat(
                        rows(
                                uri,
                                "SELECT c.oid::regclass || coalesce('.' || a.attname, '') FROM pg_class c"
                                        + " JOIN pg_namespace n ON n.oid = c.relnamespace"
                                        + " LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
                                        + " WHERE c.relkind IN ('r', 'v') AND n.nspname NOT LIKE 'pg%' AND n.nspname <> 'information_schema'"
                                        + " AND c.relname NOT LIKE '%schema_history' AND c.relname NOT LIKE 'sluice_history%'"
                                        + " AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL)"))
                .as("tables and columns without a comment")
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "tbd-agents, alembic_version, task_executions, idx_task_executions_workflow_id",
        "devmentor, pgmigrations, auth.users, auth.idx_auth_users_email"
    })
    void whatTheSystemsOwnToolMadeIsLeftAsItIs(String system, String history, String table, String index)
            throws SQLException {
        PostgresUri uri = theirs(system, table, index);
        execute(uri, "CREATE TABLE " + history + " (version text)");
        List<String> before = rows(uri, SNAPSHOT);

        new TargetDatabase(uri).migrate(Catalog.load(system));

        assertThat(rows(uri, SNAPSHOT)).isEqualTo(before);
    }

    @ParameterizedTest
    @CsvSource({
        "tbd-agents, task_executions, idx_task_executions_workflow_id",
        "devmentor, auth.users, auth.idx_auth_users_email"
    })
    void whatBelongsToAnotherRoleIsLeftAsItIs(String system, String table, String index) throws SQLException {
        PostgresUri uri = theirs(system, table, index);
        // The tables that no system makes itself are made by us there, too.
        execute(uri, "DROP TABLE IF EXISTS knowledge_files, knowledge_file_chunks CASCADE");
        execute(uri, "DROP FUNCTION IF EXISTS knowledge_file_content(text)");
        execute(uri, "DROP SCHEMA sluice CASCADE");
        String role = "r_" + UUID.randomUUID().toString().replace("-", "");
        execute(uri, "CREATE ROLE " + role + " LOGIN PASSWORD 'hush'");
        execute(uri, "GRANT CREATE ON DATABASE " + uri.database() + " TO " + role);
        execute(uri, "GRANT CREATE ON SCHEMA public TO " + role);
        execute(uri, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + role);
        for (String schema :
                rows(uri, "SELECT nspname FROM pg_namespace WHERE nspname IN ('auth', 'projects', 'memory')")) {
            execute(uri, "GRANT USAGE ON SCHEMA " + schema + " TO " + role);
        }
        List<String> before = rows(uri, SNAPSHOT);
        Map<String, String> properties = new HashMap<>(uri.properties());
        properties.put("user", role);
        properties.put("password", "hush");

        new TargetDatabase(new PostgresUri(uri.hosts(), uri.database(), properties)).migrate(Catalog.load(system));

        assertThat(rows(uri, SNAPSHOT)).containsAll(before);
        assertThat(rows(
                        uri,
                        "SELECT indexname FROM pg_indexes WHERE schemaname || '.' || indexname LIKE '%" + index + "'"))
                .isEmpty();
        execute(uri, "DROP OWNED BY " + role);
        execute(uri, "DROP ROLE " + role);
    }

    /// A database with the system's tables, of which Sluice knows nothing, and which are a little
    /// different.
    private static PostgresUri theirs(String system, String table, String index) throws SQLException {
        PostgresUri uri = PostgresUri.parse(TestingServers.postgres().createDatabase());
        new TargetDatabase(uri).migrate(Catalog.load(system));
        execute(uri, "DROP TABLE \"sluice_history_" + system + "\"");
        execute(uri, "COMMENT ON TABLE " + table + " IS NULL");
        execute(uri, "DROP INDEX " + index);
        return uri;
    }

    private static List<CollectionTarget> targets(Catalog.Entry entry) {
        List<CollectionTarget> targets = new ArrayList<>();
        for (CollectionMapping collection : entry.mapping().collections()) {
            targets.add(new CollectionTarget(targets.size(), collection, DocumentMapper.of(collection)));
        }
        return targets;
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
                ResultSet row = statement.executeQuery(sql)) {
            List<String> found = new ArrayList<>();
            while (row.next()) {
                found.add(row.getString(1));
            }
            return found;
        }
    }
}
