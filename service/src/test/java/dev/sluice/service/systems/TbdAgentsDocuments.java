package dev.sluice.service.systems;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SequencedMap;
import org.bson.Document;
import org.bson.types.ObjectId;

/// Documents of TBD Agents: all 15 collections, from before fields were added that are there today, and one
/// in eight with a value the application does not write. The same seed yields the same documents.
public final class TbdAgentsDocuments {
    /// When fields were added that the tables demand; documents from before lack them.
    private static final Map<String, Map<String, String>> ADDED = Map.of(
            "agents",
            Map.of(
                    "knowledge_source_ids", "2026-04-14",
                    "knowledge_tags", "2026-04-14",
                    "builtin_tools", "2026-04-16",
                    "custom_tool_ids", "2026-04-21"),
            "custom_tools",
            Map.of("is_plugin", "2026-04-28"),
            "providers",
            Map.of("azure_api_version", "2026-04-17", "auth_type", "2026-05-06"),
            "chat_messages",
            Map.of("updated_at", "2026-05-14"),
            "task_executions",
            Map.of("updated_at", "2026-05-14", "scheduled_agent_id", "2026-04-20"),
            "guardrails",
            Map.of("output_config", "2026-04-25"),
            "workflows",
            Map.of(
                    "bypass_memory", "2026-04-17",
                    "auto_memory", "2026-04-17",
                    "skill_tags", "2026-04-21",
                    "caveman", "2026-04-21",
                    "tsv_tool_results", "2026-04-22",
                    "credential_overrides", "2026-05-02",
                    "webhook_url", "2026-04-24",
                    "error_webhook_url", "2026-05-08"));

    private static final Instant FIRST = Instant.parse("2026-01-10T08:00:00Z");
    private static final Duration SPAN = Duration.ofDays(150);

    private final Random random;
    private int counter;

    public TbdAgentsDocuments(long seed) {
        this.random = new Random(seed);
    }

    /// Documents for each collection, about `total` of them together; more than half of them chats,
    /// memories and tasks.
    public SequencedMap<String, List<Document>> generate(int total) {
        SequencedMap<String, List<Document>> all = new LinkedHashMap<>();
        List<ObjectId> agents = fill(all, "agents", total * 6 / 100, i -> agent());
        fill(all, "skills", total * 4 / 100, i -> skill());
        fill(all, "custom_tools", total * 3 / 100, i -> customTool());
        fill(all, "guardrails", total * 3 / 100, i -> guardrail());
        fill(all, "mcp_servers", total * 3 / 100, i -> mcpServer());
        fill(all, "tokens", total * 2 / 100, this::token);
        fill(all, "providers", total * 2 / 100, this::provider);
        List<ObjectId> sources = fill(all, "knowledge_sources", total * 3 / 100, i -> knowledgeSource());
        fill(all, "knowledge_items", total * 9 / 100, i -> knowledgeItem(sources));
        fill(all, "memories", total * 14 / 100, i -> memory(agents));
        List<ObjectId> sessions = fill(all, "chat_sessions", total * 8 / 100, i -> chatSession(agents));
        fill(all, "chat_messages", total * 20 / 100, i -> chatMessage(sessions));
        List<ObjectId> workflows = fill(all, "workflows", total * 8 / 100, i -> workflow(agents));
        fill(all, "task_executions", total * 11 / 100, i -> task(workflows));
        fill(all, "scheduled_agents", total * 4 / 100, i -> schedule(workflows));
        return all;
    }

    /// One document, by its place in the collection.
    private interface Maker {
        Document make(int i);
    }

    private List<ObjectId> fill(SequencedMap<String, List<Document>> all, String collection, int count, Maker maker) {
        List<ObjectId> ids = new ArrayList<>();
        List<Document> documents = new ArrayList<>();
        for (int i = 0; i < Math.max(count, 3); i++) {
            Instant created = FIRST.plusMillis((long) (random.nextDouble() * SPAN.toMillis()));
            ObjectId id = new ObjectId((int) created.getEpochSecond(), counter++);
            Document document = new Document("_id", id);
            document.putAll(maker.make(i));
            document.append("created_at", Date.from(created))
                    .append("updated_at", Date.from(created.plusSeconds(random.nextInt(100_000))));
            ADDED.getOrDefault(collection, Map.of()).forEach((field, since) -> {
                if (created.isBefore(Instant.parse(since + "T00:00:00Z"))) {
                    document.remove(field);
                }
            });
            if (random.nextInt(8) == 0) {
                makeOdd(collection, document);
            }
            if (random.nextInt(20) == 0) {
                document.append("revision_id", new ObjectId((int) created.getEpochSecond(), counter++));
            }
            ids.add(id);
            documents.add(document);
        }
        all.put(collection, documents);
        return ids;
    }

    /// One or two fields become what the application would not write. Names that have to be unique stay.
    private void makeOdd(String collection, Document document) {
        List<String> fields = new ArrayList<>(document.keySet());
        fields.remove("_id");
        if (collection.equals("tokens") || collection.equals("providers")) {
            fields.remove("name");
        }
        for (int n = random.nextInt(2); n >= 0; n--) {
            String field = fields.get(random.nextInt(fields.size()));
            Object value = document.get(field);
            if (value == null || random.nextInt(6) == 0) {
                document.remove(field);
            } else {
                document.put(field, OddValues.insteadOf(value, random));
            }
        }
    }

    private Document agent() {
        return new Document("name", "agent " + random.nextInt(1_000))
                .append("description", maybeEmpty("writes reports"))
                .append("system_prompt", "You are the — agent " + random.nextInt())
                .append("model", pick("gpt-5", "claude-opus-4-5", null))
                .append("mcp_server_ids", hexes(3))
                .append("mcp_server_tags", tags())
                .append(
                        "tool_definitions",
                        random.nextInt(3) == 0 ? List.of(new Document("name", "t").append("n", 1)) : List.of())
                .append("knowledge_source_ids", hexes(2))
                .append("knowledge_tags", tags())
                .append("builtin_tools", List.of("bash", "view"))
                .append("custom_tool_ids", hexes(2))
                .append("provider_id", random.nextBoolean() ? hex() : null);
    }

    private Document skill() {
        return new Document("name", "skill " + random.nextInt(1_000))
                .append("description", maybeEmpty("how to"))
                .append("instructions", "1. Look.\n2. Write.\n".repeat(1 + random.nextInt(20)))
                .append("tags", tags());
    }

    private Document customTool() {
        return new Document("name", "tool " + random.nextInt(1_000))
                .append("description", "")
                .append("source_code", "def run(x):\n\treturn x")
                .append("parameters_schema", new Document("type", "object").append("required", List.of("x")))
                .append("env_config", new Document("REGION", "eu").append("API_KEY", "not-a-secret"))
                .append("tags", tags())
                .append("is_enabled", random.nextBoolean())
                .append("is_plugin", random.nextBoolean());
    }

    private Document guardrail() {
        String type = pick("prompt", "request", "output");
        return new Document("name", "guardrail " + random.nextInt(1_000))
                .append("description", "")
                .append("guardrail_type", type)
                .append("tags", tags())
                .append("enabled", random.nextBoolean())
                .append("prompt_config", "prompt".equals(type) ? new Document("deny", List.of("x", "y")) : null)
                .append("request_config", "request".equals(type) ? new Document("max", 5) : null)
                .append("output_config", "output".equals(type) ? new Document("strip", true) : null);
    }

    private Document mcpServer() {
        return new Document("name", "server " + random.nextInt(1_000))
                .append("transport_type", pick("stdio", "sse", "http"))
                .append(
                        "connection_config",
                        new Document("command", "npx").append("env", new Document("A.B", "dotted")))
                .append("allowed_tools", List.of("search", "fetch"))
                .append("tags", tags())
                .append("status", pick("registered", "connected", "error"))
                .append("last_error", random.nextInt(5) == 0 ? "timed out" : null);
    }

    private Document token(int i) {
        return new Document("name", "token-" + i)
                .append("encrypted_value", "gAAAA" + random.nextLong())
                .append("description", "")
                .append("created_by", user());
    }

    private Document provider(int i) {
        return new Document("name", "provider-" + i)
                .append("provider_type", pick("github_copilot", "openai", "anthropic", "azure_openai", "custom"))
                .append("api_key_token_name", "token-" + i)
                .append("base_url", random.nextBoolean() ? "https://models.example/v" + i : null)
                .append("auth_type", pick("x-api-key", "bearer"))
                .append("azure_api_version", "2025-03-01")
                .append("azure_deployment", null)
                .append("description", maybeEmpty("ours"));
    }

    private Document knowledgeSource() {
        return new Document("name", "source " + random.nextInt(1_000))
                .append("description", "")
                .append("source_type", pick("vector_db", "mongo_db", "pgvector"))
                .append("connection_config", new Document("collection", "c" + random.nextInt(9)).append("top_k", 5))
                .append("tags", tags())
                .append("status", pick("registered", "connected", "error"))
                .append("last_error", null);
    }

    private Document knowledgeItem(List<ObjectId> sources) {
        Document item = new Document("source_id", some(sources).toHexString())
                .append("name", "item " + random.nextInt(10_000))
                .append("content_type", pick("text", "file", "image"));
        if ("text".equals(item.getString("content_type"))) {
            return item.append("text_content", "Łódź " + random.nextInt())
                    .append("tags", tags())
                    .append("metadata", new Document());
        }
        return item.append("file_id", hex())
                .append("file_name", "file.pdf")
                .append("file_size", random.nextInt(50_000_000))
                .append("mime_type", "application/pdf")
                .append("tags", tags())
                .append("metadata", new Document("pages", random.nextInt(50)));
    }

    private Document memory(List<ObjectId> agents) {
        Document memory = new Document("agent_id", some(agents).toHexString())
                .append("scope", pick("session", "agent", "global"))
                .append("key", "key " + random.nextInt(100))
                .append("value", "remember " + random.nextInt());
        if (random.nextInt(3) > 0) {
            List<Object> embedding = new ArrayList<>();
            for (int d = 0; d < 16; d++) {
                embedding.add(random.nextDouble() - 0.5);
            }
            switch (random.nextInt(20)) {
                case 0 -> embedding.set(3, "x");
                case 1 -> embedding.set(3, Double.NaN);
                case 2 -> embedding.set(3, 1);
                default -> {}
            }
            memory.append("embedding", embedding);
        }
        memory.append("metadata", random.nextBoolean() ? new Document("source", "chat") : new Document());
        if (random.nextInt(4) == 0) {
            memory.append("ttl", Date.from(FIRST.plusSeconds(random.nextInt(30_000_000))));
        }
        return memory;
    }

    private Document chatSession(List<ObjectId> agents) {
        return new Document("agent_id", some(agents))
                .append("github_user", user())
                .append("title", random.nextInt(4) == 0 ? null : "chat " + random.nextInt(1_000))
                .append("message_count", random.nextInt(40));
    }

    private Document chatMessage(List<ObjectId> sessions) {
        return new Document("session_id", some(sessions))
                .append("role", pick("user", "assistant"))
                .append("content", "text ".repeat(random.nextInt(30)) + "😀")
                .append("usage", random.nextBoolean() ? usage() : null);
    }

    private Document workflow(List<ObjectId> agents) {
        Document workflow = new Document("title", maybeEmpty("weekly report"))
                .append("agent_id", some(agents).toHexString())
                .append("github_user", user())
                .append("model", "gpt-5")
                .append("max_turns", 1 + random.nextInt(50))
                .append("current_turn", random.nextInt(5))
                .append("session_id", random.nextBoolean() ? "sess-" + random.nextInt() : null)
                .append("skill_ids", hexes(2))
                .append("skill_tags", tags())
                .append("messages", messages())
                .append("logs", logs())
                .append("status", pick("active", "inactive", "completed", "halted"))
                .append("output_format", pick("json", "markdown"))
                .append("usage", random.nextBoolean() ? usage() : null)
                .append("infinite_session", random.nextBoolean())
                .append("caveman", random.nextBoolean())
                .append("bypass_memory", random.nextBoolean())
                .append("auto_memory", random.nextBoolean())
                .append("tsv_tool_results", random.nextBoolean())
                .append("reasoning_effort", pick("low", "medium", "high", null))
                .append("guardrail_ids", hexes(2))
                .append("guardrail_tags", tags())
                .append("repo_url", "https://git.example/r.git")
                .append("repo_branch", "main")
                .append("repo_token_name", "token-0")
                .append("credential_overrides", new Document("github", "token-1"))
                .append("webhook_url", null)
                .append("error_webhook_url", "https://hooks.example/e");
        return random.nextInt(10) == 0
                ? workflow.append("output_destination", new Document("slack_channel_id", "C1"))
                : workflow;
    }

    private Document task(List<ObjectId> workflows) {
        Instant started = FIRST.plusSeconds(random.nextInt(12_000_000));
        return new Document("workflow_id", some(workflows).toHexString())
                .append("prompt", "do " + random.nextInt(100))
                .append("status", pick("pending", "running", "completed", "failed", "halted", "max_turns_reached"))
                .append("celery_task_id", "c-" + random.nextInt())
                .append("worker", "celery@" + random.nextInt(4))
                .append("model", "gpt-5")
                .append("reasoning_effort", null)
                .append("tool_calls", random.nextInt(30))
                .append("response", random.nextBoolean() ? "done" : null)
                .append(
                        "progress",
                        new Document(
                                        "todos",
                                        List.of(new Document("id", 1)
                                                .append("title", "t")
                                                .append("status", "completed")))
                                .append("current_step", "t")
                                .append("percent_complete", 50))
                .append("logs", logs())
                .append("messages", messages())
                .append("usage", usage())
                .append("started_at", Date.from(started))
                .append("finished_at", random.nextBoolean() ? Date.from(started.plusSeconds(90)) : null)
                .append("scheduled_agent_id", random.nextInt(3) == 0 ? hex() : null);
    }

    private Document schedule(List<ObjectId> workflows) {
        Instant start = FIRST.plusSeconds(random.nextInt(12_000_000));
        return new Document("name", "every " + random.nextInt(100))
                .append("workflow_id", some(workflows).toHexString())
                .append("prompt", "go")
                .append("interval_value", 1 + random.nextInt(30))
                .append("interval_unit", pick("minutes", "hours", "days"))
                .append("start_at", Date.from(start))
                .append("end_at", random.nextBoolean() ? Date.from(start.plusSeconds(9_000_000)) : null)
                .append("enabled", random.nextBoolean())
                .append("last_run_at", random.nextBoolean() ? Date.from(start.plusSeconds(60)) : null)
                .append("next_run_at", Date.from(start.plusSeconds(120)))
                .append("redbeat_key", "redbeat:" + random.nextInt());
    }

    private Document usage() {
        return new Document("total_premium_requests", 1.5)
                .append("total_input_tokens", random.nextInt(100_000))
                .append("total_output_tokens", random.nextInt(10_000))
                .append("total_cost", 0.25);
    }

    private List<Document> messages() {
        List<Document> messages = new ArrayList<>();
        for (int n = random.nextInt(4); n > 0; n--) {
            messages.add(new Document("role", "assistant")
                    .append("content", random.nextInt(3) == 0 ? null : "text " + random.nextInt())
                    .append("tool_calls", null));
        }
        return messages;
    }

    private List<Document> logs() {
        List<Document> logs = new ArrayList<>();
        for (int n = random.nextInt(5); n > 0; n--) {
            logs.add(new Document("timestamp", Date.from(FIRST.plusMillis(random.nextInt())))
                    .append("event", "tool_call")
                    .append("detail", "")
                    .append("tool_input", "{\"x\": 1}"));
        }
        return logs;
    }

    private List<String> tags() {
        return List.of("prod", "eu", "a,b").subList(0, random.nextInt(4));
    }

    private List<String> hexes(int most) {
        List<String> hexes = new ArrayList<>();
        for (int n = random.nextInt(most + 1); n > 0; n--) {
            hexes.add(hex());
        }
        return hexes;
    }

    private String hex() {
        byte[] bytes = new byte[12];
        random.nextBytes(bytes);
        return new ObjectId(bytes).toHexString();
    }

    private String user() {
        return "user-" + new String(new byte[] {(byte) ('a' + random.nextInt(26))}, StandardCharsets.US_ASCII);
    }

    private String maybeEmpty(String text) {
        return random.nextInt(4) == 0 ? "" : text;
    }

    private ObjectId some(List<ObjectId> ids) {
        return ids.get(random.nextInt(ids.size()));
    }

    @SafeVarargs
    private <T extends @org.jspecify.annotations.Nullable Object> T pick(T... choices) {
        return choices[random.nextInt(choices.length)];
    }
}
