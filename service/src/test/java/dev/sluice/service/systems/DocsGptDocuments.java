package dev.sluice.service.systems;

import com.mongodb.client.MongoDatabase;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.bson.BsonBinarySubType;
import org.bson.Document;
import org.bson.types.Binary;
import org.bson.types.Decimal128;
import org.bson.types.ObjectId;
import org.jspecify.annotations.Nullable;

/// A database of DocsGPT: all 21 collections, each in every shape its documents have had from the first
/// release to the last on MongoDB. No document is broken; many are odd. The same seed makes the same
/// documents, ids included.
public final class DocsGptDocuments {
    /// The time of the first ObjectId: 1 June 2023.
    private static final long EPOCH = 1_685_577_600L;

    private static final DateTimeFormatter DAY_FIRST = DateTimeFormatter.ofPattern("dd/MM/yyyy HH:mm:ss", Locale.ROOT);
    private static final int USERS = 60;

    private final Random random;
    private final Map<String, List<Document>> collections = new LinkedHashMap<>();
    private int made;

    private DocsGptDocuments(long seed) {
        random = new Random(seed);
    }

    /// Every collection's documents, by its name.
    public static Map<String, List<Document>> of(long seed) {
        DocsGptDocuments documents = new DocsGptDocuments(seed);
        documents.users();
        documents.prompts();
        documents.userTools();
        documents.folders();
        documents.sources();
        documents.attachments();
        documents.workflows();
        documents.agents();
        documents.preferences();
        documents.logs();
        documents.tokenUsage();
        documents.toolStorage();
        documents.connectorSessions();
        documents.conversations();
        documents.sharedConversations();
        documents.pendingToolState();
        return Collections.unmodifiableMap(documents.collections);
    }

    /// Writes them, in an order that has nothing to do with who refers to whom.
    public static void insert(MongoDatabase database, Map<String, List<Document>> documents, long seed) {
        List<String> names = new ArrayList<>(documents.keySet());
        Collections.shuffle(names, new Random(seed));
        for (String name : names) {
            database.getCollection(name).insertMany(documents.get(name));
        }
    }

    private List<Document> all(String collection) {
        return collections.computeIfAbsent(collection, c -> new ArrayList<>());
    }

    private Document add(String collection, Document document) {
        all(collection).add(document);
        return document;
    }

    private Document made() {
        return new Document("_id", id());
    }

    private ObjectId id() {
        made++;
        return new ObjectId(String.format("%08x%016x", EPOCH + made * 7L, 0xd0c5_0000_0000L + made));
    }

    private Instant time() {
        return Instant.ofEpochSecond(EPOCH + random.nextInt(60_000_000), random.nextInt(1000) * 1_000_000L);
    }

    private String user() {
        return "user-" + random.nextInt(USERS);
    }

    private String hex(String collection) {
        return any(collection).getObjectId("_id").toHexString();
    }

    private Document any(String collection) {
        List<Document> all = all(collection);
        return all.get(random.nextInt(all.size()));
    }

    private static Document reference(String collection, Object id) {
        return new Document("$ref", collection).append("$id", id);
    }

    private static Binary binary(UUID uuid, BsonBinarySubType type) {
        return new Binary(
                type,
                ByteBuffer.allocate(16)
                        .putLong(uuid.getMostSignificantBits())
                        .putLong(uuid.getLeastSignificantBits())
                        .array());
    }

    private UUID uuid() {
        return new UUID((random.nextLong() & ~0xF000L) | 0x4000L, (random.nextLong() >>> 2) | Long.MIN_VALUE);
    }

    /// Not every user has a document, and preferences come once there are agents.
    private void users() {
        for (int i = 0; i < USERS * 3 / 4; i++) {
            add("users", made().append("user_id", "user-" + i));
        }
        add("users", made().append("user_id", null));
        add("users", made().append("agent_preferences", new Document()));
    }

    private void preferences() {
        List<Document> users = all("users");
        for (int i = 0; i < users.size(); i++) {
            switch (i % 6) {
                case 0, 1 ->
                    users.get(i)
                            .append(
                                    "agent_preferences",
                                    new Document("pinned", new ArrayList<>(List.of(hex("agents"), hex("agents"))))
                                            .append("shared_with_me", new ArrayList<>(List.of(hex("agents")))));
                case 2 ->
                    users.get(i)
                            .append(
                                    "agent_preferences",
                                    new Document("pinned", new ArrayList<>()).append("theme", "dark"));
                case 3 -> users.get(i).append("agent_preferences", null);
                case 4 ->
                    users.get(i)
                            .append(
                                    "agent_preferences",
                                    new Document("pinned", null).append("shared_with_me", List.of(id().toHexString())));
                default -> {}
            }
        }
    }

    private void prompts() {
        for (int i = 0; i < 140; i++) {
            Document prompt = made().append("user", i % 20 == 0 ? "system" : user());
            switch (i % 7) {
                case 0 -> prompt.append("name", "Prompt " + i);
                case 1 -> prompt.append("name", null).append("content", "content of " + i);
                case 2 ->
                    prompt.append("name", "Prompt " + i).append("content", "x").append("created_at", time());
                default -> prompt.append("name", "Prompt " + i).append("content", "{summaries} — " + i);
            }
            add("prompts", prompt);
        }
        add("prompts", made().append("name", "nobody's").append("content", ""));
        add("prompts", made().append("user", "").append("name", "nobody's").append("content", ""));
    }

    private void userTools() {
        String[] names = {"mcp_tool", "memory", "todo_list", "notes", "brave", "api_tool", "mcp_tool"};
        for (int i = 0; i < 260; i++) {
            Document tool = made().append("user", i % 40 == 0 ? null : user())
                    .append("name", names[i % names.length])
                    .append("displayName", "Tool " + i)
                    .append("description", "does " + i);
            switch (i % 5) {
                case 0 ->
                    tool.append("status", true).append("actions", List.of()).append("config", new Document());
                case 1 ->
                    tool.append("customName", "My " + i)
                            .append("status", false)
                            .append("actions", List.of(new Document("name", "a").append("active", true)))
                            .append("config", new Document("token", "t" + i).append("n", 3L))
                            .append("configRequirements", new Document("token", new Document("type", "string")));
                case 2 -> tool.append("config", null).append("actions", null);
                case 3 -> tool.append("status", null).append("created_at", time());
                default -> tool.append("status", 1).append("customName", "").append("updated_at", time());
            }
            add("user_tools", tool);
        }
    }

    /// Children before and after their parents, by the order of ids; folders of folders; one whose parent
    /// is gone; three that lie in a circle.
    private void folders() {
        for (int i = 0; i < 110; i++) {
            Document folder = made().append("user", user()).append("name", "Folder " + i);
            if (i % 3 != 0) {
                folder.append("created_at", time()).append("updated_at", time());
            }
            add("agent_folders", folder);
        }
        List<Document> folders = all("agent_folders");
        for (int i = 3; i < folders.size(); i++) {
            switch (i % 5) {
                case 0 -> folders.get(i).append("parent_id", null);
                case 1 -> folders.get(i).append("parent_id", hexOf(folders.get(random.nextInt(i))));
                case 2 ->
                    folders.get(i)
                            .append("parent_id", hexOf(folders.get((i + 1 + random.nextInt(20)) % folders.size())));
                case 3 -> folders.get(i).append("parent_id", "").append("description", "a folder");
                default -> {}
            }
        }
        folders.get(0).put("parent_id", hexOf(folders.get(1)));
        folders.get(1).put("parent_id", hexOf(folders.get(2)));
        folders.get(2).put("parent_id", hexOf(folders.get(0)));
        folders.get(9).put("parent_id", id().toHexString());
    }

    private static String hexOf(Document document) {
        return document.getObjectId("_id").toHexString();
    }

    private void sources() {
        for (int i = 0; i < 280; i++) {
            String name = "Source " + i;
            Document source = made().append("user", i % 30 == 0 ? "system" : user())
                    .append("name", name)
                    .append("language", name)
                    .append("model", "text-embedding")
                    .append("type", "local")
                    .append("retriever", "classic");
            switch (i % 6) {
                case 0 ->
                    source.append(
                                    "date",
                                    LocalDateTime.ofInstant(time(), ZoneOffset.UTC)
                                            .format(DAY_FIRST))
                            .append("location", "local")
                            .append("metadata", new Document("lang", "en"));
                case 1 ->
                    source.append("date", time())
                            .append("tokens", i * 10)
                            .append("remote_data", "https://docs.example/" + i)
                            .append("sync_frequency", "daily");
                case 2 ->
                    source.append("date", time())
                            .append("tokens", String.valueOf(i))
                            .append("remote_data", "{\"provider\": \"github\", \"n\": " + i + "}")
                            .append("directory_structure", "{\"a.md\": {\"type\": \"text/markdown\"}}")
                            .append("file_path", "inputs/" + i);
                case 3 ->
                    source.append("date", time())
                            .append("remote_data", null)
                            .append("directory_structure", new Document("b.md", new Document("size_bytes", 5)))
                            .append("file_name_map", new Document("x", "b.md"));
                case 4 -> source.append("remote_data", "see the wiki").append("directory_structure", "");
                default ->
                    source.append("date", "2024-02-03T04:05:06")
                            .append("metadata", new Document("legacy_fields", new Document("old", 1)))
                            .append("also", new ObjectId(new byte[12]));
            }
            add("sources", source);
        }
    }

    private void attachments() {
        for (int i = 0; i < 320; i++) {
            Document attachment = made().append("user", user())
                    .append("filename", "file " + i + ".pdf")
                    .append("content", "text of " + i)
                    .append("mime_type", "application/pdf");
            switch (i % 4) {
                case 0 ->
                    attachment
                            .append("path", "inputs/" + i)
                            .append("date", time())
                            .append("token_count", i);
                case 1 -> attachment.append("upload_path", "uploads/" + i).append("created_at", time());
                case 2 ->
                    attachment
                            .append("path", "inputs/" + i)
                            .append("date", time())
                            .append("token_count", String.valueOf(i))
                            .append("metadata", new Document("pages", i))
                            .append("openai_file_id", "file-" + i);
                default ->
                    attachment
                            .append("path", "inputs/" + i)
                            .append("size", (long) i << 32)
                            .append("metadata", new Document())
                            .append("google_file_uri", "gs://" + i);
            }
            add("attachments", attachment);
        }
        add("attachments", made().append("filename", "nobody's").append("path", "p"));
    }

    /// Graphs of one or two versions, runs in all words for their state; nodes and edges whose workflow is
    /// gone, edges to nodes that are not there.
    private void workflows() {
        for (int i = 0; i < 70; i++) {
            Document workflow = made().append("user", user()).append("name", "Flow " + i);
            if (i % 3 == 0) {
                workflow.append("created_at", time())
                        .append("updated_at", time())
                        .append("description", "d");
            } else if (i % 3 == 1) {
                workflow.append("createdAt", time()).append("updatedAt", "");
            }
            int versions = 1 + i % 2;
            if (i % 5 != 0) {
                workflow.append("current_graph_version", versions);
            }
            add("workflows", workflow);
            for (int version = 1; version <= versions; version++) {
                graph(workflow, version, i % 5 == 0 && versions == 1);
            }
        }
        add("workflows", made().append("name", "nobody's"));
        String gone = id().toHexString();
        for (int i = 0; i < 6; i++) {
            add(
                    "workflow_nodes",
                    made().append("id", "n" + i).append("workflow_id", gone).append("graph_version", 1));
            add(
                    "workflow_edges",
                    made().append("id", "e" + i)
                            .append("workflow_id", gone)
                            .append("graph_version", 1)
                            .append("source_id", "n0")
                            .append("target_id", "n1"));
        }
        add(
                "workflow_edges",
                made().append("id", "to nowhere")
                        .append("workflow_id", hex("workflows"))
                        .append("graph_version", 1)
                        .append("source_id", "n0")
                        .append("target_id", "not there"));
        runs(gone);
    }

    private void graph(Document workflow, int version, boolean unversioned) {
        int nodes = 2 + random.nextInt(4);
        for (int n = 0; n < nodes; n++) {
            Document node = made().append("id", n == 3 ? null : "n" + n)
                    .append("workflow_id", n % 2 == 0 ? hexOf(workflow) : workflow.getObjectId("_id"))
                    .append("type", n == 0 ? "start" : "agent");
            if (!unversioned) {
                node.append("graph_version", version);
            }
            if (n % 2 == 0) {
                node.append("title", "Step " + n)
                        .append("description", "d")
                        .append("position", new Document("x", n * 1.5).append("y", n))
                        .append("config", new Document("sources", List.of(hex("sources"))));
            }
            add("workflow_nodes", node);
        }
        for (int e = 0; e < nodes - 1; e++) {
            // The fourth node has no name, so no edge can name it.
            Document edge = made().append("id", e == 3 ? null : "e" + e)
                    .append("workflow_id", hexOf(workflow))
                    .append("source_id", "n" + (e > 2 ? 0 : e))
                    .append("target_id", "n" + (e + 1 == 3 ? 2 : Math.min(e + 1, nodes - 1)));
            if (!unversioned) {
                edge.append("graph_version", version);
            }
            if (e % 2 == 0) {
                edge.append("source_handle", "out").append("target_handle", null);
            }
            add("workflow_edges", edge);
        }
    }

    private void runs(String gone) {
        String[] words = {
            "pending",
            "queued",
            "Waiting",
            "running",
            " in_progress",
            "active",
            "completed",
            "SUCCESS",
            "done",
            "finished",
            "failed",
            "error",
            "failure",
            "aborted",
            "timeout",
            "cancelled"
        };
        for (int i = 0; i < 260; i++) {
            Document run =
                    made().append("workflow_id", i % 25 == 0 ? "unknown" : i % 26 == 0 ? gone : hex("workflows"));
            if (i % 18 < 16) {
                run.append("status", words[i % 18]);
            } else if (i % 18 == 16) {
                run.append("status", null);
            }
            switch (i % 3) {
                case 0 ->
                    run.append("inputs", new Document("query", "q"))
                            .append("outputs", new Document("answer", i))
                            .append("steps", List.of(new Document("node_id", "n0").append("at", time())))
                            .append("created_at", time())
                            .append("completed_at", time());
                case 1 ->
                    run.append("created_at", time()).append("outputs", null).append("inputs", null);
                default ->
                    run.append("started_at", time()).append("result", "text").append("user", user());
            }
            add("workflow_runs", run);
        }
    }

    private void agents() {
        String[] types = {"classic", "react", "agentic", "research", "openai"};
        for (int i = 0; i < 330; i++) {
            switch (i % 6) {
                case 0 ->
                    // What sharing a conversation makes.
                    add(
                            "agents",
                            made().append("prompt_id", i % 4 == 0 ? "default" : hex("prompts"))
                                    .append("chunks", String.valueOf(i % 5))
                                    .append("user", user())
                                    .append("key", "share-" + i)
                                    .append("name", "shared " + i));
                case 1 ->
                    add(
                            "agents",
                            made().append("user", user())
                                    .append("name", "Flow agent " + i)
                                    .append("agent_type", "workflow")
                                    .append("status", "published")
                                    .append("key", "Key-" + i)
                                    .append("workflow", hex("workflows"))
                                    .append("createdAt", time())
                                    .append("updatedAt", time()));
                case 2 -> add("agents", draft(i));
                default -> add("agents", agent(i, types[i % types.length]));
            }
        }
        // Their source, prompt, folder and workflow are gone.
        add(
                "agents",
                agent(1000, "classic")
                        .append("source", reference("sources", id()))
                        .append(
                                "sources",
                                List.of(
                                        reference("sources", id()),
                                        reference(
                                                "sources",
                                                all("sources").getFirst().getObjectId("_id"))))
                        .append("prompt_id", id().toHexString())
                        .append("folder_id", id().toHexString())
                        .append("workflow", id().toHexString()));
    }

    private Document agent(int i, String type) {
        Document source = any("sources");
        Document agent = made().append("user", i % 50 == 3 ? "system" : user())
                .append("name", "Agent " + i)
                .append("description", "answers " + i)
                .append("agent_type", type)
                .append("status", i % 2 == 0 ? "published" : "template")
                .append(
                        "key",
                        UUID.nameUUIDFromBytes(new byte[] {(byte) i, (byte) (i >> 8)})
                                .toString())
                .append("image", "")
                .append("source", i % 4 == 0 ? "default" : reference("sources", source.getObjectId("_id")))
                .append(
                        "sources",
                        i % 5 == 0
                                ? List.of()
                                : List.of(
                                        reference("sources", source.getObjectId("_id")),
                                        reference("sources", any("sources").getObjectId("_id")),
                                        "default",
                                        hex("sources")))
                .append("chunks", i % 7 == 0 ? "" : String.valueOf(i % 9))
                .append("retriever", "classic")
                .append(
                        "prompt_id",
                        switch (i % 5) {
                            case 0 -> "default";
                            case 1 -> i % 2 == 0 ? "creative" : "strict";
                            default -> hex("prompts");
                        })
                .append("tools", List.of(hex("user_tools"), hex("user_tools")))
                .append("models", i % 3 == 0 ? List.of("m1", "m2") : List.of())
                .append("default_model_id", "m1")
                .append("folder_id", i % 3 == 0 ? hex("agent_folders") : null)
                .append("limited_token_mode", i % 2 == 0)
                .append("token_limit", i % 2 == 0 ? 5000 : null)
                .append("limited_request_mode", i % 2 == 0 ? "True" : false)
                .append("request_limit", i % 11 == 0 ? "100" : 100)
                .append("createdAt", time())
                .append("updatedAt", time())
                .append("lastUsedAt", i % 4 == 0 ? time() : null);
        if (i % 8 == 3) {
            agent.append("shared_publicly", true)
                    .append("shared_token", "Shared-" + i)
                    .append("shared_metadata", new Document("shared_by", "ada").append("shared_at", time()))
                    .append("incoming_webhook_token", "Hook-" + i)
                    .append("json_schema", new Document("type", "object"))
                    .append("unheard_of", i);
        }
        return agent;
    }

    private Document draft(int i) {
        return made().append("user", user())
                .append("name", "Draft " + i)
                .append("description", "")
                .append("agent_type", "")
                .append("status", "draft")
                .append("key", "")
                .append("source", "")
                .append("sources", List.of())
                .append("chunks", "")
                .append("prompt_id", "")
                .append("tools", List.of())
                .append("folder_id", "")
                .append("created_at", time());
    }

    private void logs() {
        for (int i = 0; i < 620; i++) {
            Document log = made().append("endpoint", "stream").append("level", i % 10 == 0 ? "error" : "info");
            switch (i % 5) {
                case 0 ->
                    log.append("id", uuid().toString()).append("user", user()).append("api_key", "");
                case 1 ->
                    log.append("id", uuid().toString()).append("user", null).append("api_key", "key-" + i);
                case 2 -> log.append("user", user());
                case 3 -> log.append("id", "").append("user", "").append("agent_id", hex("agents"));
                default ->
                    log.append("id", uuid().toString()).append("user", user()).append("query", "q" + i);
            }
            log.append(
                            "stacks",
                            i % 7 == 0
                                    ? null
                                    : List.of(new Document("component", "retriever")
                                            .append("data", new Document("score", i / 7.0).append("at", time()))))
                    .append("timestamp", i % 9 == 0 ? null : time());
            add("stack_logs", log);
        }
        for (int i = 0; i < 760; i++) {
            Document log = made();
            if (i % 4 == 0) {
                log.append("endpoint", "api/answer").append("user", user());
            } else {
                log.append("action", "stream_answer")
                        .append("level", "info")
                        .append("user", i % 9 == 0 ? null : user())
                        .append("api_key", i % 3 == 0 ? "key-" + i : null)
                        .append("agent_id", hex("agents"))
                        .append("question", "why " + i)
                        .append("response", "because")
                        .append("sources", List.of(new Document("title", "t")))
                        .append("tool_calls", List.of())
                        .append("attachments", null);
            }
            if (i % 10 == 0) {
                log.append("cost", Decimal128.parse("0." + (i + 1)))
                        .append("tokens", 9_007_199_254_740_993L)
                        .append("raw", new Binary(new byte[] {1, 2}));
            }
            if (i % 6 != 0) {
                log.append("timestamp", time());
            }
            add("user_logs", log);
        }
    }

    private void tokenUsage() {
        for (int i = 0; i < 820; i++) {
            Document usage = made();
            switch (i % 7) {
                case 0 -> usage.append("user_id", user()).append("api_key", null);
                case 1 -> usage.append("user_id", null).append("api_key", "key-" + i);
                case 2 -> usage.append("user", user());
                case 3 -> usage.append("agent_id", hex("agents"));
                case 4 -> usage.append("user_id", user()).append("agent_id", hex("agents"));
                case 5 -> usage.append("user_id", user()).append("agent_id", id().toHexString());
                default -> usage.append("user_id", "").append("api_key", "");
            }
            usage.append("prompt_tokens", i % 13 == 0 ? (Object) 12.0 : i % 17 == 0 ? "15" : i);
            if (i % 8 != 0) {
                usage.append("generated_tokens", i * 2);
            }
            add("token_usage", usage.append("timestamp", time()));
        }
    }

    /// Memories, todos and notes: of a tool, of the tool everybody has, of a tool that is gone.
    private void toolStorage() {
        for (int i = 0; i < 260; i++) {
            Document tool = any("user_tools");
            String user = tool.getString("user") == null ? "user-1" : tool.getString("user");
            Document memory = made().append("user_id", user)
                    .append("tool_id", tool(i, tool, user))
                    .append("path", i % 11 == 0 ? null : "/dir/" + i + ".md");
            if (i % 13 != 0) {
                memory.append("content", "remember " + i);
            }
            add("memories", memory.append("updated_at", i % 5 == 0 ? "" : time()));
        }
        // The same file twice, of the same tool and of two tools.
        Document tool = all("user_tools").get(1);
        Document other = all("user_tools").get(7);
        for (Document owner : List.of(tool, tool, other)) {
            add(
                    "memories",
                    made().append("user_id", "user-2")
                            .append("tool_id", hexOf(owner))
                            .append("path", "/twice")
                            .append("content", "of " + hexOf(owner) + " " + made));
        }
        for (int i = 0; i < 230; i++) {
            Document owner = any("user_tools");
            Document todo = made().append("todo_id", i % 10 == 0 ? String.valueOf(i) : (Object) i)
                    .append("user_id", user())
                    .append("tool_id", tool(i, owner, "user-3"))
                    .append("title", "do " + i)
                    .append("status", i % 3 == 0 ? "completed" : "open");
            if (i % 4 == 0) {
                todo.append("created_at", time()).append("updated_at", time()).append("due", time());
            }
            if (i % 29 == 0) {
                todo.put("todo_id", null);
            }
            add("todos", todo);
        }
        for (int i = 0; i < 150; i++) {
            Document owner = all("user_tools").get(i);
            Document note = made().append("user_id", "user-" + i).append("tool_id", tool(i, owner, "user-" + i));
            switch (i % 3) {
                case 0 -> note.append("note", "text " + i).append("updated_at", time());
                case 1 -> note.append("title", "T").append("content", "C " + i).append("created_at", time());
                default -> note.append("path", "/p").append("note", "N " + i).append("colour", "red");
            }
            add("notes", note);
        }
        add(
                "notes",
                made().append("user_id", "user-0")
                        .append("tool_id", all("notes").get(0).get("tool_id")));
    }

    private @Nullable Object tool(int i, Document tool, String user) {
        return switch (i % 9) {
            case 0 -> "default_" + user;
            case 1 -> id().toHexString();
            case 2 -> tool.getObjectId("_id");
            case 3 -> uuid().toString();
            default -> hexOf(tool);
        };
    }

    private void connectorSessions() {
        for (int i = 0; i < 130; i++) {
            Document session = made();
            switch (i % 4) {
                case 0 ->
                    session.append("provider", "google_drive")
                            .append("user", "user-" + i)
                            .append("status", "authorized")
                            .append("session_token", "s-" + i)
                            .append("token_info", new Document("access_token", "a" + i))
                            .append("user_email", i + "@example.org")
                            .append("created_at", time());
                case 1 ->
                    session.append("provider", "share_point")
                            .append("user", "user-" + i)
                            .append("status", "pending")
                            .append("created_at", time());
                case 2 ->
                    session.append("server_url", "https://mcp-" + i + ".example")
                            .append("user_id", "user-" + i)
                            .append("tokens", new Document("access_token", "m" + i))
                            .append("client_info", new Document("client_id", "c"));
                default ->
                    session.append("server_url", "https://mcp-" + (i - 1) + ".example")
                            .append("user_id", "user-" + (i - 1))
                            .append("client_info", new Document("client_id", "older"));
            }
            add("connector_sessions", session);
        }
        // Begun three times: the one with tokens is the one that counts.
        add("connector_sessions", made().append("provider", "google_drive").append("user", "user-0"));
        add(
                "connector_sessions",
                made().append("provider", "google_drive")
                        .append("user", "user-0")
                        .append("token_info", null));
    }

    private void conversations() {
        for (int i = 0; i < 950; i++) {
            Document conversation = made().append("user", i % 100 == 99 ? null : user())
                    .append("name", i % 15 == 0 ? null : "Talk " + i);
            switch (i % 5) {
                case 0 -> conversation.append("date", time()).append("api_key", "");
                case 1 -> conversation.append("date", time()).append("agent_id", hex("agents"));
                case 2 ->
                    conversation
                            .append("date", time())
                            .append("api_key", "key-" + i)
                            .append("agent_id", i % 2 == 0 ? id().toHexString() : "")
                            .append("is_shared_usage", true)
                            .append("shared_token", "token-" + i)
                            .append("created_at", time())
                            .append("updated_at", time());
                case 3 ->
                    conversation
                            .append("date", "2023-05-06T07:08:09")
                            .append("shared_with", i % 2 == 0 ? Arrays.asList("bob", "", null, "eve") : null)
                            .append("is_shared_usage", null)
                            .append("shared_token", "");
                default ->
                    conversation
                            .append(
                                    "compression_metadata",
                                    i % 2 == 0
                                            ? new Document("is_compressed", true).append("last_compression_at", time())
                                            : new Document())
                            .append("unheard_of", i);
            }
            if (i % 50 != 49) {
                conversation.append("queries", queries(i));
            }
            add("conversations", conversation);
        }
    }

    private @Nullable List<Object> queries(int i) {
        if (i % 50 == 48) {
            return null;
        }
        List<Object> queries = new ArrayList<>();
        for (int q = random.nextInt(5); q >= 0; q--) {
            Document query = new Document("prompt", "question " + i + "." + q)
                    .append("response", "answer — " + random.nextInt(1000))
                    .append("thought", "")
                    .append("sources", List.of(new Document("title", "t").append("score", 0.5)))
                    .append("tool_calls", i % 3 == 0 ? null : List.of())
                    .append("model_id", "m");
            switch (random.nextInt(6)) {
                case 0 ->
                    query.append("attachments", Arrays.asList(hex("attachments"), "", hex("attachments")))
                            .append("timestamp", time());
                case 1 ->
                    query.append(
                                    "attachments",
                                    List.of(
                                            id().toHexString(),
                                            any("attachments").getObjectId("_id")))
                            .append("timestamp", time());
                case 2 -> query.append("attachments", null).append("metadata", new Document("k", q));
                case 3 ->
                    query.append("feedback", "LIKE")
                            .append("feedback_timestamp", time())
                            .append("timestamp", time());
                case 4 ->
                    query.append("feedback", new Document("stars", 5)).append("timestamp", "2024-01-02T03:04:05Z");
                default -> query.append("timestamp", null).append("unheard_of", q);
            }
            queries.add(query);
        }
        if (i % 40 == 7) {
            queries.add(1, "not an object");
        }
        return queries;
    }

    private void sharedConversations() {
        List<Document> conversations = all("conversations");
        for (int i = 0; i < 160; i++) {
            Document conversation = conversations.get(i);
            ObjectId id = conversation.getObjectId("_id");
            Document share = made().append("user", user())
                    .append(
                            "uuid",
                            switch (i % 5) {
                                case 0 -> uuid().toString();
                                case 1 -> binary(uuid(), BsonBinarySubType.UUID_LEGACY);
                                default -> binary(uuid(), BsonBinarySubType.UUID_STANDARD);
                            })
                    .append(
                            "conversation_id",
                            switch (i % 3) {
                                case 0 -> id;
                                case 1 -> reference("conversations", id);
                                default -> hexOf(conversation);
                            })
                    .append("isPromptable", i % 2 == 0)
                    .append("first_n_queries", i % 4);
            if (i % 6 == 0) {
                // Prompt and chunks are those of the agent with this key.
                share.append("api_key", "share-" + i % 330);
            } else if (i % 6 == 1) {
                share.append("api_key", "").append("prompt_id", hex("prompts")).append("chunks", "3");
            } else if (i % 6 == 2) {
                share.append("api_key", "of nobody");
            }
            add("shared_conversations", share);
        }
        Document again = new Document(all("shared_conversations").getFirst());
        add("shared_conversations", again.append("_id", id()).append("uuid", uuid().toString()));
        add(
                "shared_conversations",
                made().append("user", user()).append("uuid", uuid().toString()).append("conversation_id", id()));
        add(
                "shared_conversations",
                made().append("user", user())
                        .append("conversation_id", conversations.getFirst().getObjectId("_id")));
    }

    private void pendingToolState() {
        List<Document> conversations = all("conversations");
        for (int i = 0; i < 90; i++) {
            Document conversation = conversations.get(i * 2);
            Document state = made().append(
                            "conversation_id", i % 2 == 0 ? hexOf(conversation) : conversation.getObjectId("_id"))
                    .append("user", user())
                    .append("messages", List.of(new Document("role", "user").append("content", "q")))
                    .append("pending_tool_calls", List.of(new Document("id", "c" + i)))
                    .append("created_at", time());
            if (i % 3 != 0) {
                state.append("tools_dict", new Document("0", new Document("name", "t")))
                        .append("tool_schemas", List.of(new Document("type", "function")))
                        .append("agent_config", new Document("model_id", "m"))
                        .append("client_tools", List.of())
                        .append("expires_at", time());
            } else {
                state.append("agent_config", null);
            }
            add("pending_tool_state", state);
        }
        Document first = all("pending_tool_state").getFirst();
        add(
                "pending_tool_state",
                made().append("conversation_id", first.get("conversation_id"))
                        .append("user", first.get("user"))
                        .append("messages", List.of(new Document("role", "user").append("content", "later")))
                        .append("created_at", Instant.ofEpochSecond(EPOCH + 70_000_000)));
        add(
                "pending_tool_state",
                made().append("conversation_id", id().toHexString()).append("user", "user-1"));
    }
}
