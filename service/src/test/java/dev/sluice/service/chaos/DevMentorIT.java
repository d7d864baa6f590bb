package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.DBRef;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.service.systems.DevMentorChanges;
import dev.sluice.service.systems.DevMentorDocuments;
import dev.sluice.service.systems.PlainValues;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// The ready-made mapping of DevMentor: three schemas with foreign keys, a trigger, names and roles that
/// have to fit, references in several forms and to documents that are not there; copied, then changed the
/// way the application changes it.
class DevMentorIT {
    private static final int DOCUMENTS = 5_000;

    /// Which reference a row can't be without.
    private static final Map<String, String> NEEDS = Map.of(
            "user_sessions", "user_id",
            "epics", "project_id",
            "tasks", "project_id",
            "project_files", "project_id",
            "project_activity", "project_id");

    private static final Map<String, String> TARGETS = Map.of(
            "user_id", "users",
            "owner_id", "users",
            "assignee_id", "users",
            "uploaded_by", "users",
            "project_id", "projects",
            "epic_id", "epics",
            "task_id", "tasks",
            "file_id", "project_files");

    @Test
    @DisplayName("nine collections in three schemas are copied and followed, references and odd shapes included")
    void copiedAndFollowed() throws Exception {
        try (LiveSystem system = LiveSystem.start("devmentor", SandboxMongo.Options.DEFAULTS)) {
            Map<String, List<ObjectId>> ids = new HashMap<>();
            new DevMentorDocuments(31).generate(DOCUMENTS).forEach((collection, documents) -> {
                system.database().getCollection(collection).insertMany(documents);
                ids.put(
                        collection,
                        new ArrayList<>(documents.stream()
                                .map(d -> d.getObjectId("_id"))
                                .toList()));
            });
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
                asInMongo(system);
                assertThat(system.number("SELECT count(*) FROM sluice.dead_letter"))
                        .isZero();
                notWrittenAgain(system, running);

                new DevMentorChanges(system.database(), ids, 32).make(700);
                running.awaitApplied();
                asInMongo(system);
                assertThat(system.number("SELECT count(*) FROM sluice.dead_letter"))
                        .isZero();

                odd(system, running);
                trigger(system, running, ids.getOrDefault("users", List.of()).getFirst());
            }
        }
    }

    /// Asks for every collection again: no row is written.
    private static void notWrittenAgain(LiveSystem system, RunningPipeline running) throws SQLException {
        Map<String, String> before = versions(system);
        for (CollectionMapping collection : system.entry().mapping().collections()) {
            system.execute("INSERT INTO sluice.resync (pipeline, collection, reason) VALUES ('devmentor', '"
                    + collection.collection() + "', 'asked')");
        }
        running.awaitApplied();
        assertThat(system.number("SELECT count(*) FROM sluice.resync"))
                .as("asked for")
                .isZero();
        assertThat(versions(system)).as("no row is written again").isEqualTo(before);
    }

    private static Map<String, String> versions(LiveSystem system) throws SQLException {
        Map<String, String> versions = new LinkedHashMap<>();
        for (String table : tables(system)) {
            versions.put(
                    table,
                    String.valueOf(system.text(
                            "SELECT count(*) || ' ' || md5(string_agg(id || ':' || xmin::text, '|' ORDER BY id)) FROM "
                                    + table)));
        }
        return versions;
    }

    private static List<String> tables(LiveSystem system) {
        List<String> tables = new ArrayList<>();
        system.entry().mapping().collections().forEach(c -> {
            tables.add(c.table().sql());
            c.children().forEach(child -> tables.add(child.table().sql()));
        });
        return tables;
    }

    /// Every row is what its document says: by the comparison the program has; by counts and references
    /// worked out here; and by the values where no rule is needed to compare them.
    private static void asInMongo(LiveSystem system) throws SQLException {
        assertThat(system.differences()).isEmpty();
        Map<String, Set<String>> rows = new HashMap<>();
        PlainValues values = new PlainValues();
        try (Connection connection = system.connector().open()) {
            for (CollectionMapping mapping : system.entry().mapping().collections()) {
                String collection = mapping.collection();
                String table = mapping.table().schema() + "." + mapping.table().table();
                List<Document> documents =
                        system.database().getCollection(collection).find().into(new ArrayList<>());
                Set<String> with = new HashSet<>();
                for (Document document : documents) {
                    String needs = NEEDS.get(collection);
                    if (needs == null || there(document, needs, rows)) {
                        with.add(hex(document));
                    }
                }
                rows.put(collection, with);
                assertThat(system.number("SELECT count(*) FROM " + table))
                        .as(table)
                        .isEqualTo(with.size());
                Map<String, String> keys = keys(connection, collection, with);
                values.compare(connection, table, comparable(collection, documents), d -> keys.get(hex(d)));
                for (Map.Entry<String, String> reference : TARGETS.entrySet()) {
                    references(connection, table, reference.getKey(), documents, keys, rows);
                }
            }
        }
        assertThat(values.differences()).isEmpty();
        assertThat(values.compared())
                .as("values compared without the mapper")
                .hasSizeGreaterThanOrEqualTo(6)
                .allSatisfy((type, count) -> assertThat(count).as(type).isGreaterThan(100));
        assertThat(system.number("SELECT count(*) FROM memory.chunks"))
                .isEqualTo(system.database().getCollection("documents").find().into(new ArrayList<>()).stream()
                        .mapToLong(d -> d.get("chunks") instanceof List<?> chunks
                                ? chunks.stream()
                                        .filter(Document.class::isInstance)
                                        .count()
                                : 0)
                        .sum());
        assertThat(system.text("SELECT string_agg(DISTINCT role, ',' ORDER BY role) FROM auth.users"))
                .isEqualTo("admin,super_admin,user");
    }

    /// Roles and long texts are changed on purpose.
    private static List<Document> comparable(String collection, List<Document> documents) {
        List<Document> comparable = new ArrayList<>();
        for (Document document : documents) {
            Document copy = new Document(document);
            if (collection.equals("users")) {
                copy.remove("role");
                copy.remove("github_id");
            }
            if (collection.equals("audit_log")) {
                copy.remove("action");
            }
            comparable.add(copy);
        }
        return comparable;
    }

    private static String hex(Document document) {
        return document.getObjectId("_id").toHexString();
    }

    /// The id that a reference in any form is about; null where there is none.
    private static @Nullable String referred(@Nullable Object reference) {
        return switch (reference) {
            case ObjectId id -> id.toHexString();
            case DBRef ref -> String.valueOf(ref.getId());
            case Document ref -> String.valueOf(ref.get("$id"));
            case String text when !text.isEmpty() -> text;
            case null, default -> null;
        };
    }

    private static boolean there(Document document, String field, Map<String, Set<String>> rows) {
        String referred = referred(document.get(field));
        Set<String> targets = rows.get(TARGETS.get(field));
        return referred != null && targets != null && targets.contains(referred);
    }

    /// PostgreSQL's own way to the keys.
    private static Map<String, String> keys(Connection connection, String collection, Set<String> ids)
            throws SQLException {
        Map<String, String> keys = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT h, uuid_generate_v5(uuid_generate_v5(uuid_ns_url(), 'https://sluice.dev/id/' || ?), h)::text"
                        + " FROM unnest(?) h")) {
            statement.setString(1, collection);
            statement.setArray(2, connection.createArrayOf("text", ids.toArray()));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    keys.put(row.getString(1), row.getString(2));
                }
            }
        }
        return keys;
    }

    /// Each reference leads to the row of the document it names, or is NULL where that is not there.
    private static void references(
            Connection connection,
            String table,
            String column,
            List<Document> documents,
            Map<String, String> keys,
            Map<String, Set<String>> rows)
            throws SQLException {
        Map<String, @Nullable String> actual = new HashMap<>();
        try (PreparedStatement columns = connection.prepareStatement(
                "SELECT 1 FROM pg_attribute WHERE attrelid = ?::regclass AND attname = ? AND NOT attisdropped")) {
            columns.setString(1, table);
            columns.setString(2, column);
            try (ResultSet found = columns.executeQuery()) {
                if (!found.next()) {
                    return;
                }
            }
        }
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT id::text, " + column + "::text FROM " + table)) {
            while (row.next()) {
                actual.put(row.getString(1), row.getString(2));
            }
        }
        String target = TARGETS.getOrDefault(column, "");
        Map<String, String> targets = keys(connection, target, rows.getOrDefault(target, Set.of()));
        Map<String, @Nullable String> expected = new HashMap<>();
        for (Document document : documents) {
            String key = keys.get(hex(document));
            if (key != null) {
                String referred = referred(document.get(column));
                expected.put(key, referred == null ? null : targets.get(referred));
            }
        }
        assertThat(actual).as(table + "." + column).isEqualTo(expected);
    }

    /// What does not fit is where the page says it is.
    private static void odd(LiveSystem system, RunningPipeline running) throws SQLException {
        MongoCollection<Document> users = system.database().getCollection("users");
        MongoCollection<Document> sessions = system.database().getCollection("user_sessions");
        String longAddress = "someone.with.a.very.long.name.in.a.very.long.department@devmentor.example";
        ObjectId first = new ObjectId("65a000000000000000000001");
        // Rows go by UUIDs made of these: the others come behind the first.
        users.insertMany(List.of(
                new Document("_id", first).append("email", longAddress).append("role", "root"),
                new Document("_id", new ObjectId("65a00000000000000000001f")).append("email", longAddress),
                new Document("_id", new ObjectId("65a000000000000000000020"))
                        .append("email", longAddress.replace("@devmentor", "@elsewhere")),
                new Document("_id", new ObjectId("65a000000000000000000004")).append("username", "nobody")));
        ObjectId missing = new ObjectId("65a000000000000000000009");
        sessions.insertMany(List.of(
                new Document("_id", new ObjectId("65a000000000000000000005"))
                        .append("user_id", first)
                        .append("session_token", "odd-1")
                        .append("refresh_token", "odd-1")
                        .append("ip_address", "localhost"),
                new Document("_id", new ObjectId("65a000000000000000000006"))
                        .append("user_id", first)
                        .append("refresh_token", "odd-2"),
                new Document("_id", new ObjectId("65a000000000000000000007"))
                        .append("user_id", missing)
                        .append("session_token", "odd-3")
                        .append("refresh_token", "odd-3")));
        running.awaitApplied();
        assertThat(system.text("SELECT username || ' ' || role FROM auth.users WHERE email = '" + longAddress + "'"))
                .isEqualTo(longAddress.substring(0, 50) + " user");
        assertThat(quarantined(system, "users.username", first)).isEqualTo('"' + longAddress + '"');
        assertThat(quarantined(system, "users.role", first)).isEqualTo("\"root\"");
        assertThat(deadLetter(system, "65a00000000000000000001f")).contains("users_email_key");
        assertThat(deadLetter(system, "65a000000000000000000020")).contains("users_username_key");
        assertThat(deadLetter(system, "65a000000000000000000004")).contains("no email");
        assertThat(deadLetter(system, "65a000000000000000000006")).contains("no session_token");
        assertThat(system.text("SELECT coalesce(host(ip_address), 'none') || ' ' || extract(epoch FROM expires_at)::int"
                        + " FROM auth.user_sessions WHERE session_token = 'odd-1'"))
                .isEqualTo("none 0");
        assertThat(quarantined(system, "user_sessions.ip_address", new ObjectId("65a000000000000000000005")))
                .isEqualTo("\"localhost\"");
        assertThat(system.number("SELECT count(*) FROM auth.user_sessions WHERE session_token = 'odd-3'"))
                .as("a session whose user is not there")
                .isZero();

        // The user comes, and goes again: so does the session.
        users.insertOne(new Document("_id", missing).append("email", "late@devmentor.example"));
        running.awaitApplied();
        assertThat(system.number("SELECT count(*) FROM auth.user_sessions WHERE session_token = 'odd-3'"))
                .isEqualTo(1);
        users.deleteOne(Filters.eq("_id", missing));
        running.awaitApplied();
        assertThat(system.number("SELECT count(*) FROM auth.user_sessions WHERE session_token = 'odd-3'"))
                .isZero();

        // The conflict is mended: nothing is parked of it any longer.
        users.updateOne(
                Filters.eq("_id", new ObjectId("65a000000000000000000020")), Updates.set("username", "elsewhere"));
        running.awaitApplied();
        assertThat(deadLetter(system, "65a000000000000000000020")).isNull();
        assertThat(system.number("SELECT count(*) FROM auth.users WHERE username = 'elsewhere'"))
                .isEqualTo(1);
        users.deleteMany(
                Filters.in("_id", new ObjectId("65a00000000000000000001f"), new ObjectId("65a000000000000000000004")));
        sessions.deleteOne(Filters.eq("_id", new ObjectId("65a000000000000000000006")));
        running.awaitApplied();
        assertThat(system.number("SELECT count(*) FROM sluice.dead_letter")).isZero();
        assertThat(system.differences()).isEmpty();
    }

    private static @Nullable String quarantined(LiveSystem system, String column, ObjectId id) throws SQLException {
        return system.text("SELECT value FROM sluice.quarantine WHERE column_name = '" + column
                + "' AND document_key LIKE '%" + id.toHexString() + "%'");
    }

    private static @Nullable String deadLetter(LiveSystem system, String id) throws SQLException {
        return system.text("SELECT reason FROM sluice.dead_letter WHERE document_key LIKE '%" + id + "%'");
    }

    /// The trigger leaves alone what Sluice writes, and stamps what anybody else does.
    private static void trigger(LiveSystem system, RunningPipeline running, ObjectId user) throws SQLException {
        Date changed = Date.from(Instant.parse("2025-12-24T18:00:00Z"));
        system.database()
                .getCollection("users")
                .updateOne(
                        Filters.eq("_id", user),
                        Updates.combine(Updates.set("avatar_url", "new"), Updates.set("updated_at", changed)));
        running.awaitApplied();
        String row = "auth.users WHERE avatar_url = 'new'";
        assertThat(system.text("SELECT updated_at = '2025-12-24 18:00:00+00' FROM " + row))
                .isEqualTo("t");
        system.execute(
                "SET sluice.applying = 'off'; UPDATE auth.users SET is_verified = NOT is_verified WHERE avatar_url = 'new'");
        assertThat(system.text("SELECT updated_at > now() - interval '5 minutes' FROM " + row))
                .isEqualTo("t");
    }
}
