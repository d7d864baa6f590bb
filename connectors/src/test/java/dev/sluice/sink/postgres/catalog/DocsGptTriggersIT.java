package dev.sluice.sink.postgres.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.schema.Catalog;
import dev.sluice.sink.postgres.check.TargetDatabase;
import dev.sluice.testkit.TestingServers;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// DocsGPT's own triggers: they stand back while Sluice writes, do their work for everybody else, and in a
/// database that DocsGPT has set up by itself they are as it made them.
class DocsGptTriggersIT {
    private static final String AGENT = "00000000-0000-4000-8000-00000000000a";
    private static final String SOURCE = "00000000-0000-4000-8000-00000000000b";
    private static final String ATTACHMENT = "00000000-0000-4000-8000-00000000000c";
    private static final String CONVERSATION = "00000000-0000-4000-8000-00000000000d";

    @Test
    void theyStandBackWhileSluiceWrites() throws SQLException {
        PostgresUri uri = migrated();
        try (Connection sluice = new PostgresConnector(uri).open()) {
            fill(sluice);
            execute(sluice, "UPDATE agents SET name = 'renamed'");
            assertThat(text(sluice, "SELECT updated_at FROM agents")).isEqualTo("2024-01-01 00:00:00+00");
            execute(sluice, "UPDATE agents SET name = 'again', updated_at = '2024-02-02T00:00:00Z'");
            assertThat(text(sluice, "SELECT updated_at FROM agents")).isEqualTo("2024-02-02 00:00:00+00");
            // Their documents have no such time.
            execute(sluice, "UPDATE prompts SET name = 'renamed'");
            assertThat(text(sluice, "SELECT updated_at > '2024-01-02' FROM prompts"))
                    .isEqualTo("t");
            execute(sluice, "DELETE FROM sources; DELETE FROM attachments; UPDATE agents SET source_id = NULL");
            assertThat(text(sluice, "SELECT extra_source_ids FROM agents")).isEqualTo("{" + SOURCE + "}");
            assertThat(text(sluice, "SELECT attachments FROM conversation_messages"))
                    .isEqualTo("{" + ATTACHMENT + "}");
            execute(sluice, "DELETE FROM agents");
            assertThat(text(sluice, "SELECT agent_preferences ->> 'pinned' FROM users WHERE user_id = 'ada'"))
                    .isEqualTo("[\"" + AGENT + "\"]");
        }
    }

    @Test
    void theyWorkForEverybodyElse() throws SQLException {
        PostgresUri uri = migrated();
        try (Connection application = new PostgresConnector(uri).open()) {
            execute(application, "SET sluice.applying = 'off'");
            fill(application);
            execute(application, "UPDATE agents SET name = 'renamed', updated_at = '2024-02-02T00:00:00Z'");
            assertThat(text(application, "SELECT updated_at > now() - interval '1 hour' FROM agents"))
                    .isEqualTo("t");
            execute(application, "DELETE FROM sources; DELETE FROM attachments");
            assertThat(text(application, "SELECT extra_source_ids FROM agents")).isEqualTo("{}");
            assertThat(text(application, "SELECT attachments FROM conversation_messages"))
                    .isEqualTo("{}");
            execute(application, "DELETE FROM agents");
            assertThat(text(application, "SELECT agent_preferences ->> 'pinned' FROM users WHERE user_id = 'ada'"))
                    .isEqualTo("[]");
        }
    }

    @Test
    void aDatabaseOfDocsGptsOwnMakingIsLeftAsItIs() throws SQLException {
        PostgresUri uri = PostgresUri.parse(TestingServers.postgres().createDatabase());
        try (Connection alembic = new PostgresConnector(uri).open()) {
            execute(
                    alembic,
                    "CREATE TABLE alembic_version (version_num text); CREATE TABLE conversation_messages (id uuid);"
                            + " CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS"
                            + " 'BEGIN NEW.updated_at := now(); RETURN NEW; END'");
            String before = text(alembic, "SELECT prosrc FROM pg_proc WHERE proname = 'set_updated_at'");
            new TargetDatabase(uri).migrate(Catalog.load("docsgpt"));
            assertThat(text(alembic, "SELECT prosrc FROM pg_proc WHERE proname = 'set_updated_at'"))
                    .isEqualTo(before);
            assertThat(text(
                            alembic,
                            "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables"
                                    + " WHERE schemaname = 'public' AND tablename NOT LIKE 'sluice%'"))
                    .isEqualTo("alembic_version conversation_messages");
        }
    }

    private static PostgresUri migrated() {
        PostgresUri uri = PostgresUri.parse(TestingServers.postgres().createDatabase());
        new TargetDatabase(uri).migrate(Catalog.load("docsgpt"));
        return uri;
    }

    private static void fill(Connection connection) throws SQLException {
        execute(connection, """
            INSERT INTO users (user_id, agent_preferences) VALUES ('ada', '{"pinned": ["%1$s"]}');
            INSERT INTO prompts (user_id, name, content, updated_at) VALUES ('ada', 'p', '', '2024-01-01T00:00:00Z');
            INSERT INTO sources (id, user_id, name) VALUES ('%2$s', 'ada', 's');
            INSERT INTO attachments (id, user_id, filename, upload_path) VALUES ('%3$s', 'ada', 'f', 'p');
            INSERT INTO agents (id, user_id, name, status, source_id, extra_source_ids, updated_at)
              VALUES ('%1$s', 'ada', 'a', 'draft', '%2$s', ARRAY ['%2$s'::uuid], '2024-01-01T00:00:00Z');
            INSERT INTO conversations (id, user_id) VALUES ('%4$s', 'ada');
            INSERT INTO conversation_messages (conversation_id, position, attachments)
              VALUES ('%4$s', 0, ARRAY ['%3$s'::uuid])
            """.formatted(AGENT, SOURCE, ATTACHMENT, CONVERSATION));
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static @Nullable String text(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            return row.next() ? row.getString(1) : null;
        }
    }
}
