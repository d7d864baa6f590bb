package dev.sluice.service.infer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bson.BsonDateTime;
import org.bson.BsonRegularExpression;
import org.bson.BsonTimestamp;
import org.bson.Document;
import org.bson.types.Binary;
import org.bson.types.Decimal128;
import org.bson.types.ObjectId;

/// Documents in the shapes that TBD Agents' 15 collections have had, odd ones among them. The same seed
/// gives the same documents.
public final class TbdAgentsDocuments {
    private static final long START = 1_740_000_000_000L;

    private final Random random;
    private final int count;
    private final Map<String, List<Document>> collections = new LinkedHashMap<>();

    private TbdAgentsDocuments(long seed, int count) {
        this.random = new Random(seed);
        this.count = count;
    }

    /// @param count of each collection
    /// @return by collection, 15 of them
    public static Map<String, List<Document>> of(long seed, int count) {
        TbdAgentsDocuments documents = new TbdAgentsDocuments(seed, count);
        documents.catalog();
        documents.knowledge();
        documents.agents();
        documents.work();
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
            if (!document.containsKey("created_at")) {
                document.append("created_at", date(i)).append("updated_at", date(i));
            }
            made.add(document);
        }
        collections.put(collection, made);
    }

    private BsonDateTime date(int i) {
        return new BsonDateTime(START + i * 60_000L + random.nextInt(1_000));
    }

    private ObjectId id(String collection, int i) {
        List<Document> made = collections.getOrDefault(collection, List.of());
        return made.isEmpty()
                ? new ObjectId()
                : made.get(Math.floorMod(i, made.size())).getObjectId("_id");
    }

    private String hex(String collection, int i) {
        return id(collection, i).toHexString();
    }

    private static <T> T pick(List<T> of, int i) {
        return of.get(i % of.size());
    }

    private void catalog() {
        make(
                "skills",
                i -> new Document("name", "skill " + i)
                        .append("description", "")
                        .append("instructions", "do\nthis " + i)
                        .append("tags", i % 20 == 0 ? "not a list" : List.of("a", "b")));
        make(
                "tokens",
                i -> new Document("name", "TOKEN_" + i)
                        .append("encrypted_value", "gAAAA" + i)
                        .append("description", "")
                        .append("created_by", i % 2 == 0 ? "" : "somebody"));
        make("providers", i -> {
            Document provider = new Document("name", "provider " + i)
                    .append("provider_type", pick(List.of("openai", "anthropic", "custom"), i))
                    .append("api_key_token_name", "TOKEN_" + i)
                    .append("base_url", i % 2 == 0 ? null : "https://api.example")
                    .append("description", "");
            return i % 3 == 0
                    ? provider
                    : provider.append("auth_type", "x-api-key").append("azure_api_version", "2024-12-01-preview");
        });
        make(
                "custom_tools",
                i -> new Document("name", "tool_" + i)
                        .append("description", "")
                        .append("source_code", "def run():\n  return " + i)
                        .append(
                                "parameters_schema",
                                new Document("type", "object")
                                        .append(
                                                "properties",
                                                new Document("p" + i % 12, new Document("type", "string"))))
                        .append("env_config", i % 2 == 0 ? new Document() : new Document("KEY_" + i % 9, "v"))
                        .append("tags", List.of())
                        .append("is_enabled", i % 15 == 0 ? (Object) "true" : true)
                        .append("is_plugin", false));
        make(
                "guardrails",
                i -> new Document("name", "guardrail " + i)
                        .append("description", "")
                        .append("guardrail_type", pick(List.of("prompt", "request", "output"), i))
                        .append("tags", Arrays.asList("x", null))
                        .append("enabled", true)
                        .append(
                                "prompt_config",
                                i % 3 == 0 ? new Document("blocked_words", List.of("w")).append("max_length", i) : null)
                        .append("request_config", null)
                        .append(
                                "output_config",
                                i % 3 == 2 ? new Document("pattern", new BsonRegularExpression("a.b", "i")) : null));
        make(
                "mcp_servers",
                i -> new Document("name", "server " + i)
                        .append("transport_type", pick(List.of("stdio", "sse", "http"), i))
                        .append(
                                "connection_config",
                                i % 2 == 0
                                        ? new Document("command", "npx")
                                                .append("args", List.of("-y", "x"))
                                                .append("env", new Document("A" + i % 7, "1"))
                                        : new Document("url", "https://mcp.example")
                                                .append("headers", new Document("Authorization", "secret")))
                        .append("allowed_tools", List.of("t1"))
                        .append("tags", List.of())
                        .append("status", "registered")
                        .append("last_error", null));
    }

    private void knowledge() {
        make(
                "knowledge_sources",
                i -> new Document("name", "source " + i)
                        .append("description", "")
                        .append("source_type", pick(List.of("vector_db", "mongo_db", "pgvector"), i))
                        .append("connection_config", new Document("collection_name", "c" + i))
                        .append("tags", List.of("k"))
                        .append("status", "connected")
                        .append("last_error", i % 9 == 0 ? "refused" : null));
        make(
                "knowledge_items",
                i -> new Document("source_id", hex("knowledge_sources", i))
                        .append("name", "item " + i)
                        .append("content_type", pick(List.of("text", "file", "image"), i))
                        .append("text_content", i == 12 ? "NUL \0 inside" : "text " + i)
                        .append("file_id", i % 3 == 1 ? new ObjectId().toHexString() : null)
                        .append("file_name", i % 3 == 1 ? "f.pdf" : null)
                        .append(
                                "file_size",
                                i % 3 == 1 ? (Object) (i == 4 ? 3_000_000_000L : i) : i % 30 == 0 ? "10 MB" : null)
                        .append("mime_type", null)
                        .append("tags", List.of())
                        .append("metadata", new Document("page", i)));
    }

    private void agents() {
        make("agents", i -> {
            Document agent = new Document("name", "agent " + i)
                    .append("description", "")
                    .append("system_prompt", "You are helpful " + i)
                    .append("model", i % 2 == 0 ? "gpt" : null)
                    .append("mcp_server_ids", List.of(hex("mcp_servers", i)))
                    .append("mcp_server_tags", List.of())
                    .append("tool_definitions", List.of(new Document("name", "t").append("parameters", new Document())))
                    .append("provider_id", i % 2 == 0 ? hex("providers", i) : null);
            return i % 4 == 0
                    ? agent
                    : agent.append(
                                    "knowledge_source_ids",
                                    List.of(hex("knowledge_sources", i), hex("knowledge_sources", i + 1)))
                            .append("knowledge_tags", List.of("k"))
                            .append("builtin_tools", List.of("bash"))
                            .append("custom_tool_ids", List.of());
        });
        make(
                "chat_sessions",
                i -> new Document("agent_id", id("agents", i))
                        .append("github_user", "user-" + i % 20)
                        .append("title", i % 5 == 0 ? null : "session " + i)
                        .append("message_count", i));
        make("chat_messages", i -> {
            Document message = new Document("session_id", id("chat_sessions", i))
                    .append("role", i % 2 == 0 ? "user" : "assistant")
                    .append("content", "message " + i)
                    .append("usage", i % 2 == 0 ? null : usage(i))
                    .append("created_at", date(i));
            return i % 2 == 0 ? message : message.append("updated_at", date(i));
        });
        make(
                "memories",
                i -> new Document("agent_id", hex("agents", i))
                        .append("scope", pick(List.of("session", "agent", "global"), i))
                        .append("key", "key " + i)
                        .append("value", i % 25 == 0 ? (Object) new Document("odd", i) : "value " + i)
                        .append("embedding", i % 2 == 0 ? null : List.of(0.1 * i, -0.5, i == 3 ? Double.NaN : 1.0))
                        .append("metadata", i % 2 == 0 ? new Document() : new Document("m" + i % 8, i))
                        .append("ttl", i % 10 == 0 ? (Object) (START / 1_000 + i) : date(i + 100)));
    }

    private Document usage(int i) {
        Object cost = i % 11 == 0 ? new Decimal128(i) : i * 0.01;
        return new Document("total_premium_requests", i)
                .append("total_input_tokens", i * 10)
                .append("total_output_tokens", i * 20L)
                .append("total_cache_read_tokens", 0)
                .append("total_cache_write_tokens", 0)
                .append("total_cost", cost);
    }

    private void work() {
        make("workflows", i -> {
            Document workflow = new Document("title", i % 4 == 0 ? null : "workflow " + i)
                    .append("agent_id", hex("agents", i))
                    .append("github_user", "user-" + i % 20)
                    .append("model", "gpt")
                    .append("max_turns", 5)
                    .append("current_turn", i % 5)
                    .append("session_id", i % 2 == 0 ? "s" + i : null)
                    .append("skill_ids", List.of(hex("skills", i)))
                    .append("messages", messages(i))
                    .append("logs", logs(i))
                    .append("status", pick(List.of("active", "running", "completed"), i))
                    .append("output_format", "json")
                    .append("usage", usage(i))
                    .append("infinite_session", true)
                    .append("guardrail_ids", List.of())
                    .append("repo_url", null);
            return i % 3 == 0
                    ? workflow
                    : workflow.append("skill_tags", List.of())
                            .append("caveman", false)
                            .append("credential_overrides", new Document());
        });
        make(
                "task_executions",
                i -> new Document("workflow_id", hex("workflows", i))
                        .append("prompt", "task " + i)
                        .append("status", pick(List.of("pending", "running", "completed", "failed"), i))
                        .append("celery_task_id", "celery-" + i)
                        .append("worker", null)
                        .append("tool_calls", i % 7)
                        .append("response", i == 8 ? new Binary(new byte[] {1, 2, 3}) : "done " + i)
                        .append(
                                "progress",
                                i % 2 == 0
                                        ? null
                                        : new Document(
                                                        "todos",
                                                        List.of(new Document("id", i)
                                                                .append("title", "t")
                                                                .append("status", "completed")))
                                                .append("current_step", "step")
                                                .append("percent_complete", i % 100 / 1.5))
                        .append("logs", logs(i))
                        .append("messages", messages(i))
                        .append("usage", usage(i))
                        .append("started_at", date(i))
                        .append("finished_at", i % 6 == 0 ? new BsonDateTime(253_402_300_799_999L) : date(i + 1)));
        make(
                "scheduled_agents",
                i -> new Document("name", "schedule " + i)
                        .append("workflow_id", hex("workflows", i))
                        .append("prompt", "")
                        .append("interval_value", i % 9 == 0 ? (Object) "15" : 15)
                        .append("interval_unit", pick(List.of("minutes", "hours", "days"), i))
                        .append("start_at", date(i))
                        .append("end_at", i % 12 == 0 ? (Object) "2026-01-01T00:00:00Z" : null)
                        .append("enabled", true)
                        .append("last_run_at", i == 2 ? new BsonTimestamp(5, 6) : date(i))
                        .append("redbeat_key", "redbeat:" + i));
    }

    private List<Document> messages(int i) {
        List<Document> messages = new ArrayList<>();
        for (int m = i % 4; m > 0; m--) {
            Document message = new Document("role", m % 2 == 0 ? "user" : "assistant").append("content", "text " + m);
            messages.add(
                    m == 3
                            ? message.append("tool_calls", List.of(new Document("id", "c" + i)))
                                    .append("name", null)
                            : message);
        }
        return messages;
    }

    private List<Document> logs(int i) {
        List<Document> logs = new ArrayList<>();
        for (int l = i % 3; l > 0; l--) {
            logs.add(new Document("timestamp", l == 1 ? (Object) "2025-05-01T10:20:30.123456" : date(i))
                    .append("event", "tool_call")
                    .append("detail", "d" + l)
                    .append("tool_input", new Document("a" + i % 20, i))
                    .append("tool_output", l == 2 ? "text" : new Document("rows", List.of(i))));
        }
        return logs;
    }
}
