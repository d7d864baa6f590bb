package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.PushOptions;
import com.mongodb.client.model.UpdateOptions;
import com.mongodb.client.model.Updates;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.service.systems.DocsGptDocuments;
import dev.sluice.service.systems.DocsGptRows;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// The ready-made DocsGPT mapping against its real tables, with triggers and foreign keys: all 21
/// collections in the shapes documents have had over the years, copied, then changed the way the
/// application changes them. What has to come of it is worked out twice: by the mapper, through
/// verification, and by [DocsGptRows], which knows nothing of the mapper.
class DocsGptIT {
    private static final long SEED = 20;

    @Test
    @DisplayName("every collection is copied and followed, and running again changes nothing")
    void copiedAndFollowed() throws SQLException {
        try (LiveSystem system = LiveSystem.start("docsgpt", SandboxMongo.Options.DEFAULTS)) {
            Map<String, List<Document>> documents = DocsGptDocuments.of(SEED);
            assertThat(documents).hasSize(21);
            assertThat(documents.values().stream().mapToInt(List::size).sum()).isGreaterThan(5_000);
            DocsGptDocuments.insert(system.database(), documents, SEED);

            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
                assertRight(system);
                assertThat(system.number("SELECT count(*) FROM sluice.dead_letter"))
                        .isZero();
                copied(system, documents);

                Map<String, String> before = versions(system);
                for (CollectionMapping collection : system.entry().mapping().collections()) {
                    system.execute("INSERT INTO sluice.resync (pipeline, collection, reason) VALUES ('docsgpt', '"
                            + collection.collection() + "', 'asked')");
                }
                running.awaitApplied();
                assertThat(versions(system)).as("not one row is written again").isEqualTo(before);

                String message =
                        "SELECT m.id FROM conversation_messages m JOIN conversations c ON c.id = m.conversation_id"
                                + " WHERE m.position = 0 AND c.legacy_mongo_id = '" + hex(conversation(documents, 0))
                                + "'";
                String messageId = system.text(message);
                Life life = new Life(system.database(), documents);
                life.conversations();
                life.agents();
                life.tools();
                life.folders();
                life.sourcesAndAttachments();
                life.workflows();
                life.pending();
                life.sharesAndSessions();
                life.usersAndPrompts();
                life.logs();
                running.awaitApplied();
                assertRight(system);
                assertThat(system.text(message)).as("message ids stay").isEqualTo(messageId);
                assertThat(system.number("SELECT count(*) FROM sluice.dead_letter"))
                        .isZero();
                followed(system, life);
                timesAlone(system, running);

                life.comeBack();
                running.awaitApplied();
                assertRight(system);
                assertThat(system.number("SELECT count(*) FROM memories m JOIN user_tools t ON t.id = m.tool_id"
                                + " WHERE t.legacy_mongo_id = '" + hex(life.tool) + "'"))
                        .as("the memories of a tool that is there again")
                        .isPositive();
            }
        }
    }

    /// A referrer and what it refers to, written at the same moment in two transactions, may miss each
    /// other until the next sweep: so it is looked at again for a while.
    private static void assertRight(LiveSystem system) {
        await().atMost(Duration.ofMinutes(1))
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofSeconds(5))
                .untilAsserted(() -> compare(system));
    }

    private static void compare(LiveSystem system) throws SQLException {
        try (Connection connection = system.connector().open()) {
            assertThat(DocsGptRows.differences(connection, DocsGptRows.expected(system.database()), true))
                    .isEmpty();
        }
        assertThat(system.differences()).isEmpty();
    }

    @Test
    @DisplayName("in a database of DocsGPT's own making, whose triggers stamp every update, rows settle too")
    void triggersThatDoNotStandBack() throws SQLException {
        try (LiveSystem system = LiveSystem.start("docsgpt", SandboxMongo.Options.DEFAULTS)) {
            system.execute("CREATE TABLE alembic_version (version_num text)");
            system.execute("CREATE OR REPLACE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS"
                    + " 'BEGIN NEW.updated_at := now(); RETURN NEW; END'");
            Map<String, List<Document>> documents = DocsGptDocuments.of(SEED);
            for (String collection : List.of("agent_folders", "sources", "agents", "conversations")) {
                system.database().getCollection(collection).insertMany(documents.getOrDefault(collection, List.of()));
            }
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                Life life = new Life(system.database(), documents);
                life.agents();
                life.conversations();
                life.folders();
                running.awaitApplied();
                await().atMost(Duration.ofMinutes(1))
                        .untilAsserted(() -> assertThat(system.differences()).isEmpty());
                Map<String, String> before = versions(system);
                for (String collection : List.of("agent_folders", "sources", "agents", "conversations")) {
                    system.execute("INSERT INTO sluice.resync (pipeline, collection, reason) VALUES ('docsgpt', '"
                            + collection + "', 'asked')");
                }
                running.awaitApplied();
                assertThat(versions(system)).as("not one row is written again").isEqualTo(before);
            }
        }
    }

    /// A hash of which version of each row is there, for every table.
    private static Map<String, String> versions(LiveSystem system) throws SQLException {
        Map<String, String> versions = new LinkedHashMap<>();
        for (String table : DocsGptRows.TABLES) {
            versions.put(
                    table,
                    String.valueOf(system.text(
                            "SELECT count(*) || ' ' || md5(string_agg(id::text || ':' || xmin::text, ',' ORDER BY id))"
                                    + " FROM " + table)));
        }
        return versions;
    }

    /// Some of what has to be there, in plain figures.
    private static void copied(LiveSystem system, Map<String, List<Document>> documents) throws SQLException {
        for (String collection : List.of(
                "prompts",
                "user_tools",
                "agent_folders",
                "sources",
                "agents",
                "stack_logs",
                "user_logs",
                "token_usage")) {
            assertThat(system.number("SELECT count(*) FROM " + collection))
                    .as(collection)
                    .isEqualTo(documents.getOrDefault(collection, List.of()).size());
        }
        assertThat(system.text("SELECT string_agg(reason || ':' || documents, ' ' ORDER BY reason) FROM sluice.skipped"
                        + " WHERE collection = 'users'"))
                .startsWith("no user_id:");
        assertThat(system.text("SELECT string_agg(collection || ' ' || path, ', ' ORDER BY collection, path)"
                        + " FROM sluice.unmapped_field WHERE path LIKE '%unheard%'"))
                .isEqualTo("agents unheard_of, conversations queries[].unheard_of, conversations unheard_of");
        // Lines of L1 to L15: what the application's own script loses.
        assertThat(system.number("SELECT count(*) FROM connector_sessions WHERE provider LIKE 'mcp:https://%'"))
                .isPositive();
        assertThat(system.number("SELECT count(*) FROM token_usage WHERE agent_id IS NOT NULL"))
                .isGreaterThan(200);
        assertThat(system.number(
                        "SELECT count(*) FROM token_usage WHERE user_id = '__system__' AND agent_id IS NOT NULL"))
                .isPositive();
        assertThat(system.number("SELECT count(*) FROM memories WHERE tool_id IS NULL"))
                .isPositive();
        assertThat(system.number("SELECT count(*) FROM sluice.quarantine WHERE column_name = 'memories.tool_id'"
                        + " AND value LIKE '\"default_%'"))
                .isPositive();
        assertThat(system.number("SELECT count(*) FROM sluice.quarantine WHERE column_name = 'agents.prompt_id'"
                        + " AND value IN ('\"creative\"', '\"strict\"')"))
                .isPositive();
        assertThat(system.text(
                        "SELECT min(date)::text FROM sources WHERE metadata #>> '{legacy_fields,location}' = 'local'"))
                .startsWith("202");
        // Three folders in a circle, and one whose parent is gone.
        assertThat(system.number("SELECT count(*) FROM agent_folders a JOIN agent_folders b ON b.id = a.parent_id"
                        + " JOIN agent_folders c ON c.id = b.parent_id AND c.parent_id = a.id"))
                .isEqualTo(3);
        assertThat(system.number("SELECT count(*) FROM sluice.waiting WHERE column_name = 'agent_folders.parent_id'"))
                .isEqualTo(1);
        assertThat(system.number(
                        "SELECT count(*) FROM sluice.quarantine WHERE column_name = 'conversation_messages.position'"
                                + " AND value = '\"not an object\"'"))
                .isPositive();
    }

    /// A change of nothing but its time reaches the row, in each table whose trigger stands back, and a time that
    /// is another one is a difference.
    private static void timesAlone(LiveSystem system, RunningPipeline running) throws SQLException {
        Instant then = Instant.parse("2031-05-06T07:08:09Z");
        List<String> tables = List.of(
                "agent_folders",
                "agents",
                "conversations",
                "memories",
                "notes",
                "sources",
                "todos",
                "user_tools",
                "workflows");
        for (String table : tables) {
            String field = table.equals("agents") ? "updatedAt" : "updated_at";
            system.database().getCollection(table).updateMany(Filters.empty(), Updates.set(field, then));
        }
        running.awaitApplied();
        assertRight(system);
        for (String table : tables) {
            assertThat(system.number("SELECT count(*) FROM " + table + " WHERE updated_at = '" + then + "'"))
                    .as(table)
                    .isPositive()
                    .isEqualTo(system.number("SELECT count(*) FROM " + table));
            String one = " WHERE id = (SELECT min(id::text)::uuid FROM " + table + ")";
            system.execute("UPDATE " + table + " SET updated_at = now()" + one);
            assertThat(system.differences().toString()).contains(table, "updated_at");
            system.execute("UPDATE " + table + " SET updated_at = '" + then + "'" + one);
        }
    }

    private static void followed(LiveSystem system, Life life) throws SQLException {
        assertThat(system.number("SELECT count(*) FROM users WHERE user_id = 'user-1'"))
                .as("a user whose document is deleted stays")
                .isEqualTo(1);
        assertThat(system.number("SELECT count(*) FROM users WHERE user_id = 'newcomer'"))
                .isEqualTo(1);
        assertThat(system.number("SELECT count(*) FROM user_tools WHERE legacy_mongo_id = '" + hex(life.tool) + "'"))
                .isZero();
        assertThat(system.number("SELECT count(*) FROM sluice.waiting WHERE collection = 'memories'"))
                .as("memories of a tool that is deleted wait for it")
                .isPositive();
        assertThat(system.text("SELECT updated_at FROM agents WHERE legacy_mongo_id = '" + hex(life.edited) + "'"))
                .as("the document's own time, not that of the copying")
                .isEqualTo("2030-01-02 03:04:05+00");
        assertThat(system.number("SELECT count(*) FROM workflow_nodes n JOIN workflows w ON w.id = n.workflow_id"
                        + " WHERE w.legacy_mongo_id = '" + hex(life.workflow) + "' AND n.graph_version = 9"))
                .isEqualTo(3);
        assertThat(system.number("SELECT count(*) FROM workflow_nodes n JOIN workflows w ON w.id = n.workflow_id"
                        + " WHERE w.legacy_mongo_id = '" + hex(life.workflow) + "' AND n.graph_version < 9"))
                .isZero();
    }

    private static Document conversation(Map<String, List<Document>> documents, int index) {
        return documents.getOrDefault("conversations", List.of()).get(index);
    }

    private static String hex(Document document) {
        return document.getObjectId("_id").toHexString();
    }

    /// What the application does, in its own words: `$set` of one answer, `$push`, `$push` with `$slice`,
    /// new versions of graphs, and so on. References are written before what they refer to where they can
    /// be.
    private static final class Life {
        private final MongoDatabase database;
        private final Map<String, List<Document>> documents;
        private final Random random = new Random(SEED);
        final Document tool;
        final Document edited;
        final Document workflow;

        Life(MongoDatabase database, Map<String, List<Document>> documents) {
            this.database = database;
            this.documents = documents;
            this.tool = documents.getOrDefault("memories", List.of()).stream()
                    .map(m -> String.valueOf(m.get("tool_id")))
                    .flatMap(id -> all("user_tools").stream().filter(t -> hex(t).equals(id)))
                    .findFirst()
                    .orElseThrow();
            this.edited = all("agents").get(3);
            this.workflow = all("workflows").get(1);
        }

        private List<Document> all(String collection) {
            return documents.getOrDefault(collection, List.of());
        }

        private MongoCollection<Document> collection(String name) {
            return database.getCollection(name);
        }

        private void update(String collection, Document document, Bson update) {
            collection(collection).updateOne(is(document), update);
        }

        private void delete(String collection, Document document) {
            collection(collection).deleteOne(is(document));
        }

        private static Bson is(Document document) {
            return Filters.eq("_id", document.getObjectId("_id"));
        }

        void conversations() {
            List<Document> all = all("conversations");
            ObjectId late = new ObjectId();
            for (int n = 0; n < 300; n++) {
                // The first is left alone but for one answer, so that its message can be recognised.
                Document conversation = all.get(1 + random.nextInt(all.size() - 1));
                if (!(conversation.get("queries") instanceof List<?> queries)
                        || !queries.stream().allMatch(Document.class::isInstance)) {
                    continue;
                }
                switch (n % 6) {
                    case 0 -> update("conversations", conversation, Updates.set("queries.0.response", "better " + n));
                    case 1 ->
                        update(
                                "conversations",
                                conversation,
                                Updates.push(
                                        "queries",
                                        new Document("prompt", "more " + n)
                                                .append("attachments", List.of(late.toHexString()))));
                    case 2 ->
                        update(
                                "conversations",
                                conversation,
                                Updates.pushEach("queries", List.of(), new PushOptions().slice(1)));
                    case 3 -> update("conversations", conversation, Updates.unset("queries.0.feedback"));
                    case 4 ->
                        update(
                                "conversations",
                                conversation,
                                Updates.combine(
                                        Updates.set("queries.0.feedback", "DISLIKE"),
                                        Updates.set(
                                                "queries.0.feedback_timestamp", Instant.ofEpochSecond(1_700_000_000))));
                    default -> update("conversations", conversation, Updates.set("name", "renamed " + n));
                }
            }
            collection("attachments")
                    .insertOne(new Document("_id", late)
                            .append("user", "user-5")
                            .append("filename", "late")
                            .append("path", "p"));
            update("conversations", all.getFirst(), Updates.set("queries.0.response", "edited"));
            collection("conversations")
                    .deleteMany(Filters.in(
                            "_id",
                            all.subList(900, 930).stream()
                                    .map(d -> d.getObjectId("_id"))
                                    .toList()));
            // Its shares and pending states go with it.
            delete("conversations", all.get(4));
        }

        void agents() {
            List<Document> all = all("agents");
            update(
                    "agents",
                    edited,
                    Updates.combine(
                            Updates.set("name", "edited"),
                            Updates.set("prompt_id", hex(all("prompts").get(3))),
                            Updates.set("updatedAt", Instant.parse("2030-01-02T03:04:05Z"))));
            for (int i = 10; i < 40; i++) {
                delete("agents", all.get(i));
            }
            String gone = hex(all.get(11));
            collection("users")
                    .updateMany(
                            Filters.eq("agent_preferences.pinned", gone),
                            Updates.pull("agent_preferences.pinned", gone));
            Document source =
                    new Document("_id", new ObjectId()).append("user", "user-2").append("name", "late");
            ObjectId agent = new ObjectId();
            collection("conversations")
                    .insertOne(new Document("_id", new ObjectId())
                            .append("user", "user-2")
                            .append("agent_id", agent.toHexString())
                            .append("date", Instant.ofEpochSecond(1_700_000_000))
                            .append("queries", List.of()));
            Document reference = new Document("$ref", "sources").append("$id", source.getObjectId("_id"));
            collection("agents")
                    .insertOne(new Document("_id", agent)
                            .append("user", "user-2")
                            .append("name", "early")
                            .append("key", "early")
                            .append("source", reference)
                            .append("sources", List.of(reference))
                            .append("status", "draft"));
            collection("sources").insertOne(source);
            // A key is given up, and taken by another agent.
            update("agents", all.get(60), Updates.set("key", ""));
            update(
                    "agents",
                    all.get(66),
                    Updates.set("key", String.valueOf(all.get(60).get("key"))));
        }

        void tools() {
            delete("user_tools", tool);
            Document renamed = all("user_tools").get(1);
            update(
                    "user_tools",
                    renamed,
                    Updates.combine(Updates.set("customName", "renamed"), Updates.set("config.token", "new")));
            ObjectId late = new ObjectId();
            for (String path : List.of("/a", "/b")) {
                collection("memories")
                        .insertOne(new Document("_id", new ObjectId())
                                .append("user_id", "user-7")
                                .append("tool_id", late.toHexString())
                                .append("path", path)
                                .append("content", "early"));
            }
            collection("user_tools")
                    .insertOne(
                            new Document("_id", late).append("user", "user-7").append("name", "memory"));
            // The first of two files of one name goes, and the other takes its place.
            List<Document> memories = all("memories");
            delete("memories", memories.get(memories.size() - 3));
            update("memories", memories.get(5), Updates.set("path", "/moved.md"));
            for (int i = 0; i < 40; i++) {
                update("todos", all("todos").get(i), Updates.set("status", i % 2 == 0 ? "completed" : "open"));
                update("notes", all("notes").get(i), Updates.set("note", "rewritten " + i));
            }
            delete("todos", all("todos").get(41));
            delete("notes", all("notes").get(0));
        }

        void folders() {
            List<Document> all = all("agent_folders");
            update("agent_folders", all.get(1), Updates.set("parent_id", null));
            for (int i = 20; i < 40; i++) {
                update("agent_folders", all.get(i), Updates.set("parent_id", hex(all.get(i + 30))));
            }
            for (int i = 50; i < 60; i++) {
                delete("agent_folders", all.get(i));
            }
            // The application takes agents out of a folder that it deletes, and does not always get to it.
            collection("agents").updateMany(Filters.eq("folder_id", hex(all.get(50))), Updates.set("folder_id", null));
            ObjectId parent = new ObjectId();
            collection("agent_folders")
                    .insertOne(new Document("_id", new ObjectId())
                            .append("user", "user-3")
                            .append("name", "early child")
                            .append("parent_id", parent.toHexString()));
            collection("agent_folders")
                    .insertOne(
                            new Document("_id", parent).append("user", "user-3").append("name", "late parent"));
        }

        void sourcesAndAttachments() {
            for (int i = 0; i < 25; i++) {
                delete("sources", all("sources").get(i));
                delete("attachments", all("attachments").get(i));
            }
            update(
                    "sources",
                    all("sources").get(30),
                    Updates.combine(
                            Updates.set("tokens", 99), Updates.set("date", Instant.ofEpochSecond(1_700_000_000))));
            update("attachments", all("attachments").get(30), Updates.set("openai_file_id", "file-new"));
        }

        /// A new version of a graph: its nodes and edges, then those of the versions before go.
        void workflows() {
            String id = hex(workflow);
            for (int e = 0; e < 2; e++) {
                collection("workflow_edges")
                        .insertOne(new Document("_id", new ObjectId())
                                .append("id", "e" + e)
                                .append("workflow_id", id)
                                .append("graph_version", 9)
                                .append("source_id", "n" + e)
                                .append("target_id", "n" + (e + 1)));
            }
            for (int n = 0; n < 3; n++) {
                collection("workflow_nodes")
                        .insertOne(new Document("_id", new ObjectId())
                                .append("id", "n" + n)
                                .append("workflow_id", id)
                                .append("graph_version", 9)
                                .append("type", "agent")
                                .append("position", new Document("x", n).append("y", 0)));
            }
            update(
                    "workflows",
                    workflow,
                    Updates.combine(
                            Updates.set("current_graph_version", 9),
                            Updates.set("updated_at", Instant.ofEpochSecond(1_700_000_000))));
            for (String part : List.of("workflow_nodes", "workflow_edges")) {
                collection(part)
                        .deleteMany(Filters.and(
                                Filters.in("workflow_id", id, workflow.getObjectId("_id")),
                                Filters.ne("graph_version", 9)));
            }
            // Deleted with what belongs to it, and without.
            Document whole = all("workflows").get(10);
            for (String part : List.of("workflow_nodes", "workflow_edges", "workflow_runs")) {
                collection(part).deleteMany(Filters.in("workflow_id", hex(whole), whole.getObjectId("_id")));
            }
            delete("workflows", whole);
            delete("workflows", all("workflows").get(11));
            update(
                    "workflow_runs",
                    all("workflow_runs").get(1),
                    Updates.combine(
                            Updates.set("status", "completed"),
                            Updates.set("completed_at", Instant.ofEpochSecond(1_700_000_000))));
        }

        /// The TTL index deletes, and the application replaces.
        void pending() {
            List<Document> all = all("pending_tool_state");
            for (int i = 10; i < 40; i++) {
                delete("pending_tool_state", all.get(i));
            }
            Document state = all.get(45);
            collection("pending_tool_state")
                    .updateOne(
                            Filters.and(
                                    Filters.eq("conversation_id", state.get("conversation_id")),
                                    Filters.eq("user", state.get("user"))),
                            Updates.combine(
                                    Updates.set("messages", List.of(new Document("content", "replaced"))),
                                    Updates.set("created_at", Instant.ofEpochSecond(1_700_000_000)),
                                    Updates.set("expires_at", Instant.ofEpochSecond(1_700_001_800))),
                            new UpdateOptions().upsert(true));
            // The later of two goes, and the earlier one has the row again.
            delete("pending_tool_state", all.get(all.size() - 2));
        }

        void sharesAndSessions() {
            List<Document> shares = all("shared_conversations");
            collection("shared_conversations")
                    .insertOne(new Document("_id", new ObjectId())
                            .append("user", "user-2")
                            .append(
                                    "conversation_id",
                                    conversation(documents, 200).getObjectId("_id"))
                            .append(
                                    "uuid",
                                    UUID.nameUUIDFromBytes(new byte[] {9}).toString())
                            .append("isPromptable", true)
                            .append("first_n_queries", 1)
                            .append("api_key", "early"));
            // The first of two links of one kind goes: the second takes its place.
            delete("shared_conversations", shares.getFirst());
            List<Document> sessions = all("connector_sessions");
            delete("connector_sessions", sessions.get(0));
            delete("connector_sessions", sessions.get(4));
            collection("connector_sessions")
                    .insertOne(new Document("_id", new ObjectId())
                            .append("provider", "google_drive")
                            .append("user", "user-4")
                            .append("session_token", "s-4")
                            .append("status", "pending")
                            .append("created_at", Instant.ofEpochSecond(1_700_000_000)));
            update("connector_sessions", sessions.get(2), Updates.set("tokens.access_token", "refreshed"));
            update(
                    "connector_sessions",
                    sessions.get(5),
                    Updates.combine(
                            Updates.set("status", "authorized"),
                            Updates.set("token_info", new Document("access_token", "given"))));
        }

        void usersAndPrompts() {
            List<Document> users = all("users");
            update(
                    "users",
                    users.get(0),
                    Updates.push("agent_preferences.pinned", hex(all("agents").get(100))));
            update("users", users.get(2), Updates.unset("agent_preferences.theme"));
            delete("users", users.get(1));
            // Known by a conversation before there is a document.
            collection("conversations")
                    .insertOne(new Document("_id", new ObjectId())
                            .append("user", "newcomer")
                            .append("date", Instant.ofEpochSecond(1_700_000_000)));
            collection("users")
                    .insertOne(new Document("_id", new ObjectId())
                            .append("user_id", "newcomer")
                            .append(
                                    "agent_preferences",
                                    new Document(
                                            "pinned",
                                            new ArrayList<>(
                                                    List.of(hex(all("agents").get(101)))))));
            for (int i = 10; i < 20; i++) {
                delete("prompts", all("prompts").get(i));
                update("prompts", all("prompts").get(i + 10), Updates.set("content", "rewritten " + i));
            }
        }

        void logs() {
            for (int i = 0; i < 50; i++) {
                ObjectId id = new ObjectId();
                collection("user_logs")
                        .insertOne(new Document("_id", id)
                                .append("action", "stream_answer")
                                .append("user", "user-3")
                                .append("question", "live " + i)
                                .append("timestamp", Instant.ofEpochSecond(1_700_000_000)));
                collection("token_usage")
                        .insertOne(new Document("_id", id)
                                .append("user_id", "user-3")
                                .append("agent_id", hex(all("agents").get(i)))
                                .append("prompt_tokens", i)
                                .append("timestamp", Instant.ofEpochSecond(1_700_000_000)));
                collection("stack_logs")
                        .insertOne(new Document("_id", id)
                                .append("id", "live " + i)
                                .append("user", "user-3")
                                .append("timestamp", Instant.ofEpochSecond(1_700_000_000)));
            }
        }

        /// What was deleted is there again, under its own id.
        void comeBack() {
            collection("user_tools").insertOne(tool);
            for (int i = 0; i < 5; i++) {
                collection("sources").insertOne(all("sources").get(i));
                collection("attachments").insertOne(all("attachments").get(i));
                collection("agent_folders").insertOne(all("agent_folders").get(50 + i));
                collection("agents").insertOne(all("agents").get(10 + i));
            }
            collection("workflows").insertOne(all("workflows").get(11));
            collection("conversations").insertOne(all("conversations").get(4));
        }
    }
}
