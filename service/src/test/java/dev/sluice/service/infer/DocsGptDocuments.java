package dev.sluice.service.infer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.bson.BsonDateTime;
import org.bson.BsonUndefined;
import org.bson.Document;
import org.bson.types.Binary;
import org.bson.types.Decimal128;
import org.bson.types.ObjectId;

/// Documents in the shapes that DocsGPT's 21 collections have had over the years, odd ones among them. The
/// same seed gives the same documents.
public final class DocsGptDocuments {
    private static final long START = 1_700_000_000_000L;

    private final Random random;
    private final int count;
    private final Map<String, List<Document>> collections = new LinkedHashMap<>();

    private DocsGptDocuments(long seed, int count) {
        this.random = new Random(seed);
        this.count = count;
    }

    /// @param count of each collection
    /// @return by collection, 21 of them
    public static Map<String, List<Document>> of(long seed, int count) {
        DocsGptDocuments documents = new DocsGptDocuments(seed, count);
        documents.people();
        documents.logs();
        documents.knowledge();
        documents.agents();
        documents.tools();
        documents.conversations();
        documents.workflows();
        return documents.collections;
    }

    private interface Maker {
        Document make(int i);
    }

    private void make(String collection, Maker maker) {
        List<Document> made = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Document document = new Document(
                    "_id",
                    new ObjectId((int) (START / 1_000) + i, i + Math.abs(collection.hashCode() % 1_000) * 1_000));
            document.putAll(maker.make(i));
            made.add(document);
        }
        collections.put(collection, made);
    }

    private BsonDateTime date(int i) {
        return new BsonDateTime(START + i * 60_000L + random.nextInt(1_000));
    }

    private String user(int i) {
        return "user-" + i % 40;
    }

    private Object id(String collection, int i) {
        List<Document> made = collections.getOrDefault(collection, List.of());
        return made.isEmpty()
                ? new ObjectId()
                : made.get(Math.floorMod(i, made.size())).getObjectId("_id");
    }

    private String hex(String collection, int i) {
        return id(collection, i).toString();
    }

    private String words(int most) {
        StringBuilder words = new StringBuilder();
        for (int i = random.nextInt(most); i >= 0; i--) {
            words.append("wörter ").append(random.nextInt(1_000)).append(' ');
        }
        return words.toString();
    }

    private void people() {
        make("users", i -> {
            Document user = new Document("user_id", i % 25 == 0 ? null : user(i));
            if (i % 3 != 0) {
                user.append(
                        "agent_preferences",
                        i % 30 == 1
                                ? List.of("an old shape")
                                : new Document("pinned", List.of(new ObjectId().toHexString()))
                                        .append("shared_with_me", List.of()));
            }
            return user;
        });
        make(
                "prompts",
                i -> new Document("user", i % 7 == 0 ? "system" : i % 11 == 0 ? 42 : user(i))
                        .append("name", i % 50 == 3 ? null : "prompt " + i)
                        .append("content", i == 17 ? "with a NUL \0 in it" : words(40)));
    }

    private void logs() {
        make(
                "stack_logs",
                i -> new Document("endpoint", "stream")
                        .append(
                                "id",
                                UUID.nameUUIDFromBytes(new byte[] {(byte) i}).toString())
                        .append("level", i % 4 == 0 ? "error" : "info")
                        .append("user", user(i))
                        .append("api_key", "")
                        .append("query", words(5))
                        .append("stacks", stacks(i))
                        .append("timestamp", date(i)));
        make("user_logs", i -> {
            Document log = new Document(i % 5 == 0 ? "endpoint" : "action", "stream_answer")
                    .append("level", "info")
                    .append("user", user(i))
                    .append("api_key", i % 3 == 0 ? "key-" + i % 5 : null)
                    .append("agent_id", i % 2 == 0 ? new ObjectId().toHexString() : null)
                    .append("question", words(8))
                    .append("response", words(50))
                    .append("sources", List.of(new Document("title", "t").append("score", i / 7.0)))
                    .append("tool_calls", List.of())
                    .append("attachments", null)
                    .append("timestamp", date(i));
            if (i % 10 == 0) {
                log.append("structured_output", true)
                        .append("schema", new Document("type", "object").append("n" + i, i));
            }
            return log;
        });
        make(
                "token_usage",
                i -> new Document("user_id", i % 9 == 0 ? null : user(i))
                        .append("api_key", i % 4 == 0 ? "key-" + i % 5 : null)
                        .append("prompt_tokens", i % 20 == 0 ? (Object) (i * 1.5) : i)
                        .append("generated_tokens", i == 5 ? (Object) 5_000_000_000L : i)
                        .append("timestamp", date(i)));
    }

    private List<Document> stacks(int i) {
        return List.of(new Document("component", "llm")
                .append("data", new Document("k" + i % 30, i).append("usage", i % 40 == 0 ? Double.NaN : i)));
    }

    private void knowledge() {
        make(
                "agent_folders",
                i -> new Document("user", user(i))
                        .append("name", "folder " + i)
                        .append("parent_id", i % 3 == 0 ? null : hex("prompts", i))
                        .append("created_at", date(i))
                        .append("updated_at", date(i)));
        // A folder's parent is a folder: by their ids, which are known only now.
        List<Document> folders = collections.getOrDefault("agent_folders", List.of());
        for (int i = 0; i < folders.size(); i++) {
            if (i % 3 != 0) {
                folders.get(i).put("parent_id", hex("agent_folders", i / 2));
            }
        }
        make("sources", i -> {
            Document source = new Document("user", i % 13 == 0 ? "system" : user(i))
                    .append("name", "source " + i)
                    .append("language", "source " + i)
                    .append("date", i % 6 == 0 ? "13/05/2023 10:11:12" : date(i))
                    .append("model", "huggingface_sentence-transformers")
                    .append("type", i % 2 == 0 ? "file" : "crawler")
                    .append("tokens", i % 3 == 0 ? (Object) (i * 10) : Integer.toString(i * 10))
                    .append("retriever", "classic")
                    .append("remote_data", i % 2 == 0 ? null : "{\"urls\": [\"u" + i + "\"]}")
                    .append("sync_frequency", "never")
                    .append(
                            "directory_structure",
                            i % 4 == 0
                                    ? "{}"
                                    : new Document(
                                            "file " + i + ".pdf",
                                            new Document("size_bytes", i).append("token_count", i)));
            if (i % 5 == 0) {
                source.append("file_name_map", new Document(UUID.randomUUID() + ".pdf", "name.pdf"));
            }
            if (i == 33) {
                source.append("from an older version", new Decimal128(7));
            }
            return source;
        });
        make("attachments", i -> {
            Document attachment = new Document("user", user(i))
                    .append("path", "uploads/" + i)
                    .append("filename", "file " + i)
                    .append("content", words(200))
                    .append("token_count", i)
                    .append("mime_type", "text/plain")
                    .append("date", date(i))
                    .append("metadata", i % 2 == 0 ? new Document() : new Document("pages", i));
            if (i % 8 == 0) {
                attachment.append("openai_file_id", "file-" + i).append("size", (long) i << 33);
            }
            return attachment;
        });
    }

    private void agents() {
        make("agents", i -> {
            if (i % 12 == 0) {
                return new Document("prompt_id", hex("prompts", i))
                        .append("chunks", "2")
                        .append("user", user(i))
                        .append("key", "key-" + i)
                        .append("name", "shared");
            }
            Object source = i % 4 == 0
                    ? "default"
                    : i % 4 == 1 ? "" : new Document("$ref", "sources").append("$id", id("sources", i));
            Document agent = new Document("user", user(i))
                    .append("name", "agent " + i)
                    .append("description", words(4))
                    .append(
                            "agent_type",
                            List.of("classic", "react", "workflow").get(i % 3))
                    .append("status", i % 2 == 0 ? "draft" : "published")
                    .append("key", i % 2 == 0 ? "" : UUID.randomUUID().toString())
                    .append("image", "")
                    .append("source", source)
                    .append("sources", i % 5 == 0 ? List.of() : List.of(source))
                    .append("chunks", Integer.toString(i % 4))
                    .append("retriever", "classic")
                    .append("prompt_id", i % 6 == 0 ? "default" : hex("prompts", i))
                    .append("tools", List.of(hex("user_tools", i)))
                    .append("json_schema", i % 9 == 0 ? new Document("type", "object") : null)
                    .append("models", List.of("m1"))
                    .append("default_model_id", "m1")
                    .append("folder_id", i % 2 == 0 ? null : hex("agent_folders", i))
                    .append("limited_token_mode", i % 10 == 0 ? (Object) "false" : false)
                    .append("token_limit", i)
                    .append("createdAt", date(i))
                    .append("updatedAt", date(i))
                    .append("lastUsedAt", i % 3 == 0 ? null : date(i));
            if (i % 5 == 0) {
                agent.append("shared_publicly", true)
                        .append("shared_metadata", new Document("shared_by", user(i)).append("shared_at", date(i)));
            }
            return agent;
        });
    }

    private void tools() {
        make(
                "user_tools",
                i -> new Document("user", user(i))
                        .append("name", i % 2 == 0 ? "mcp_tool" : "brave")
                        .append("displayName", "Tool " + i)
                        .append("description", "")
                        .append("customName", "")
                        .append(
                                "actions",
                                List.of(new Document("name", "search")
                                        .append("description", words(3))
                                        .append("active", true)
                                        .append(
                                                "parameters",
                                                new Document("type", "object")
                                                        .append("properties", new Document("q" + i % 20, "x")))))
                        .append(
                                "config",
                                i % 3 == 0
                                        ? new Document()
                                        : new Document("token", "secret " + i).append("x" + i % 9, i))
                        .append("configRequirements", new Document())
                        .append("status", i % 20 == 0 ? (Object) 1 : true));
        // Agents were made before tools: give them real ones.
        collections.getOrDefault("agents", List.of()).forEach(agent -> {
            if (agent.containsKey("tools")) {
                agent.put("tools", List.of(hex("user_tools", random.nextInt(count))));
            }
        });
        make(
                "memories",
                i -> new Document("user_id", user(i))
                        .append("tool_id", i % 10 == 0 ? "default_" + user(i) : hex("user_tools", i))
                        .append("path", "/notes/" + i)
                        .append("content", words(10))
                        .append("updated_at", date(i)));
        make(
                "todos",
                i -> new Document("todo_id", i % 7 == 0 ? (Object) Integer.toString(i) : i)
                        .append("user_id", user(i))
                        .append("tool_id", hex("user_tools", i))
                        .append("title", "todo " + i)
                        .append("status", i % 2 == 0 ? "open" : "completed")
                        .append("created_at", date(i))
                        .append("updated_at", date(i)));
        make(
                "notes",
                i -> new Document("user_id", user(i))
                        .append("tool_id", hex("user_tools", i))
                        .append("note", words(20))
                        .append("updated_at", i == 9 ? new BsonDateTime(253_402_300_799_999L) : date(i)));
        make(
                "connector_sessions",
                i -> i % 4 == 0
                        ? new Document("server_url", "https://mcp.example/" + i)
                                .append("user_id", user(i))
                                .append("tokens", new Document("access_token", "secret"))
                                .append("client_info", new Document("client_id", "c" + i))
                        : new Document("provider", "google_drive")
                                .append("user", user(i))
                                .append("status", i % 2 == 0 ? "pending" : "authorized")
                                .append("session_token", UUID.randomUUID().toString())
                                .append(
                                        "token_info",
                                        i % 2 == 0 ? null : new Document("access_token", "s").append("expiry", date(i)))
                                .append(
                                        "created_at",
                                        i % 3 == 0 ? (Object) "2024-05-01T10:20:30.123456+00:00" : date(i)));
    }

    private void conversations() {
        make("conversations", i -> {
            List<Object> queries = new ArrayList<>();
            for (int q = i % 5; q > 0; q--) {
                Document query = new Document("prompt", words(10))
                        .append("response", words(60))
                        .append("thought", "")
                        .append("sources", List.of(new Document("title", "t").append("text", words(3))))
                        .append("tool_calls", List.of())
                        .append("timestamp", date(i))
                        .append("attachments", q == 2 ? List.of(hex("attachments", i)) : null)
                        .append("model_id", "m" + q);
                if (q == 1) {
                    query.append("feedback", "like")
                            .append("feedback_timestamp", date(i))
                            .append("metadata", new Document());
                }
                queries.add(query);
            }
            if (i == 41) {
                queries.add("not an object");
            }
            Document conversation = new Document("user", user(i))
                    .append("date", i % 50 == 0 ? "2023-05-06T07:08:09" : date(i))
                    .append("name", "conversation " + i)
                    .append("queries", queries);
            if (i % 3 == 0) {
                conversation
                        .append("agent_id", hex("agents", i))
                        .append("api_key", "key-" + i)
                        .append("is_shared_usage", i % 2 == 0);
            }
            if (i % 20 == 0) {
                conversation.append("shared_with", List.of(user(i + 1)));
                conversation.append(
                        "compression_metadata",
                        new Document("is_compressed", true)
                                .append("last_compression_at", date(i))
                                .append(
                                        "compression_points",
                                        List.of(new Document("query_index", 1).append("tokens", i))));
            }
            return conversation;
        });
        make(
                "shared_conversations",
                i -> new Document(
                                "uuid",
                                i == 7
                                        ? new Binary((byte) 3, new byte[16])
                                        : new Binary((byte) 4, bytes(UUID.nameUUIDFromBytes(new byte[] {(byte) i, 1}))))
                        .append(
                                "conversation_id",
                                i % 10 == 0
                                        ? new Document("$ref", "conversations").append("$id", id("conversations", i))
                                        : id("conversations", i))
                        .append("isPromptable", i % 2 == 0)
                        .append("first_n_queries", i % 6)
                        .append("user", user(i)));
        make(
                "pending_tool_state",
                i -> new Document("conversation_id", hex("conversations", i))
                        .append("user", user(i))
                        .append(
                                "messages",
                                List.of(new Document("role", "user")
                                        .append("content", i % 2 == 0 ? words(3) : List.of("part"))))
                        .append(
                                "pending_tool_calls",
                                Arrays.asList(
                                        new Document("call_id", "c" + i)
                                                .append("arguments", new Document("a" + i % 11, i)),
                                        null))
                        .append("tools_dict", new Document(Integer.toString(i), new Document("name", "t")))
                        .append("tool_schemas", List.of())
                        .append("agent_config", new Document("model_id", "m").append("user_api_key", null))
                        .append("client_tools", new BsonUndefined())
                        .append("created_at", date(i))
                        .append("expires_at", date(i + 30)));
    }

    private static byte[] bytes(UUID uuid) {
        return java.nio.ByteBuffer.allocate(16)
                .putLong(uuid.getMostSignificantBits())
                .putLong(uuid.getLeastSignificantBits())
                .array();
    }

    private void workflows() {
        make(
                "workflows",
                i -> new Document("name", "workflow " + i)
                        .append("description", "")
                        .append("user", user(i))
                        .append("created_at", date(i))
                        .append("updated_at", date(i))
                        .append("current_graph_version", 1 + i % 3));
        make(
                "workflow_nodes",
                i -> new Document("id", "node-" + i)
                        .append("workflow_id", hex("workflows", i))
                        .append("graph_version", 1)
                        .append("type", i % 2 == 0 ? "start" : "agent")
                        .append("title", "node")
                        .append("description", null)
                        .append("position", new Document("x", i % 2 == 0 ? (Object) i : i + 0.5).append("y", 0))
                        .append(
                                "config",
                                i % 2 == 0
                                        ? new Document()
                                        : new Document("agent_type", "classic").append("tools", List.of())));
        make(
                "workflow_edges",
                i -> new Document("id", "edge-" + i)
                        .append("workflow_id", hex("workflows", i))
                        .append("graph_version", 1)
                        .append("source_id", "node-" + i)
                        .append("target_id", "node-" + (i + 1))
                        .append("source_handle", null)
                        .append("target_handle", i % 30 == 0 ? "t" : null));
        make(
                "workflow_runs",
                i -> new Document("workflow_id", i % 15 == 0 ? "unknown" : hex("workflows", i))
                        .append("status", i % 3 == 0 ? "completed" : "failed")
                        .append("inputs", new Document("query", words(3)))
                        .append("outputs", i % 3 == 0 ? new Document("answer", words(3)) : null)
                        .append(
                                "steps",
                                List.of(new Document("node_id", "node-" + i)
                                        .append("status", "completed")
                                        .append("started_at", date(i))))
                        .append("created_at", date(i))
                        .append("completed_at", i % 3 == 0 ? date(i + 1) : null));
    }
}
