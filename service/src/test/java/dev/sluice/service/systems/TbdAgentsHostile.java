package dev.sluice.service.systems;

import static dev.sluice.service.systems.HostileDocument.lands;
import static dev.sluice.service.systems.HostileDocument.parked;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import org.bson.Document;
import org.bson.types.Binary;
import org.bson.types.Decimal128;
import org.bson.types.ObjectId;

/// The documents that TBD Agents' own migration script can't take: the first twenty kinds end a
/// collection's migration, those after them are skipped or lose something without a word.
public final class TbdAgentsHostile {
    /// What is in the ids.
    private static final Instant MADE = Instant.parse("2026-02-03T04:05:06Z");

    private static final String ID_TIME = "'2026-02-03 04:05:06+00'";
    private static final Date WRITTEN = Date.from(Instant.parse("2026-02-03T04:05:06.789Z"));
    private static final String NOWHEN = "'1970-01-01 00:00:00+00'";

    private final List<HostileDocument> documents = new ArrayList<>();
    private final int set;

    private TbdAgentsHostile(int set) {
        this.set = set;
    }

    /// One set of them; sets of other numbers have other ids and unique names.
    public static List<HostileDocument> set(int number) {
        TbdAgentsHostile hostile = new TbdAgentsHostile(number);
        hostile.abort();
        hostile.lose();
        return List.copyOf(hostile.documents);
    }

    private void abort() {
        add(lands("NUL in a text", "chat_messages", message("a\0b"), "content = 'ab'")
                .keeps("content", "\"a\\u0000b\""));
        add(lands(
                        "NUL in a jsonb",
                        "task_executions",
                        task().append("logs", List.of(new Document("detail", "a\0b"))),
                        "logs #>> '{0,detail}' = U&'a\\FFFDb'")
                .keeps("logs", "\"a\\u0000b\""));
        add(lands(
                        "NUL in an element",
                        "agents",
                        agent().append("builtin_tools", List.of("a\0b", "c")),
                        "builtin_tools = '{ab,c}'")
                .keeps("builtin_tools", "[\"a\\u0000b\", \"c\"]"));
        add(lands(
                "NaN in a jsonb",
                "chat_messages",
                message("x").append("usage", new Document("total_cost", Double.NaN)),
                "usage -> 'total_cost' = '{\"$numberDouble\": \"NaN\"}'"));
        add(lands(
                "infinity in a jsonb",
                "memories",
                memory().append("metadata", new Document("score", Double.POSITIVE_INFINITY)),
                "metadata -> 'score' = '{\"$numberDouble\": \"Infinity\"}'"));
        add(lands(
                        "beyond int4",
                        "knowledge_items",
                        item().append("file_size", 3_221_225_472L),
                        "file_size IS NULL AND name = 'n'")
                .keeps("file_size", "{\"$numberLong\": \"3221225472\"}"));
        add(lands(
                "year 9999",
                "scheduled_agents",
                schedule().append("end_at", Date.from(Instant.parse("9999-12-31T23:59:59.999Z"))),
                "end_at = '9999-12-31 23:59:59.999+00'"));
        add(lands("null tags", "skills", skill().append("tags", null), "tags = '{}'"));
        add(
                lands(
                        "late-added arrays",
                        "agents",
                        without(agent(), "knowledge_source_ids", "knowledge_tags", "builtin_tools", "custom_tool_ids"),
                        "knowledge_source_ids = '{}' AND knowledge_tags = '{}' AND builtin_tools = '{}' AND custom_tool_ids = '{}'"));
        add(lands(
                "late-added texts",
                "providers",
                without(provider(), "auth_type", "azure_api_version"),
                "auth_type = 'x-api-key' AND azure_api_version = '2024-12-01-preview'"));
        add(lands(
                "late-added booleans",
                "workflows",
                without(workflow(), "caveman", "bypass_memory", "auto_memory", "tsv_tool_results"),
                "NOT caveman AND NOT bypass_memory AND NOT auto_memory AND NOT tsv_tool_results"));
        add(lands(
                "late-added jsonb",
                "workflows",
                without(workflow(), "credential_overrides", "skill_tags"),
                "credential_overrides = '{}' AND skill_tags = '{}'"));
        add(lands(
                "no updated_at",
                "chat_messages",
                without(message("x"), "updated_at"),
                "updated_at = '2026-02-03 04:05:06.789+00'"));
        add(lands("a token", "tokens", token("twice-" + set), "name = 'twice-" + set + "'"));
        add(parked("a token of the same name", "tokens", token("twice-" + set), "tokens_name_key"));
        add(lands(
                "created_at as seconds",
                "memories",
                memory().append("created_at", 1_767_225_600),
                "created_at = '2026-01-01 00:00:00+00'"));
        add(lands(
                        "created_at as words",
                        "chat_sessions",
                        session().append("created_at", "yesterday"),
                        "created_at = " + NOWHEN + " AND updated_at = '2026-02-03 04:05:06.789+00'")
                .keeps("created_at", "\"yesterday\""));
        add(lands("null in a text", "mcp_servers", server().append("name", null), "name = ''"));
        add(lands("no such text", "guardrails", without(guardrail(), "guardrail_type"), "guardrail_type = ''"));
        add(lands("words for a number", "workflows", workflow().append("max_turns", "many"), "max_turns = 5")
                .keeps("max_turns", "\"many\""));
        add(lands(
                "null in a jsonb",
                "knowledge_sources",
                source().append("connection_config", null),
                "connection_config = '{}'"));
    }

    private void lose() {
        add(lands(
                "Decimal128 in a jsonb",
                "chat_messages",
                message("x")
                        .append(
                                "usage",
                                new Document("total_cost", new Decimal128(new BigDecimal("0.1000000000000000055")))),
                "usage ->> 'total_cost' = '0.1000000000000000055'"));
        add(lands(
                "binary in a jsonb",
                "task_executions",
                task().append("progress", new Document("blob", new Binary(new byte[] {1, 2, 3}))),
                "progress #>> '{blob,$binary,base64}' = 'AQID'"));
        add(lands(
                "ttl as seconds",
                "memories",
                memory().append("ttl", 1_767_225_600.5),
                "ttl = '2026-01-01 00:00:00.5+00'"));
        add(lands("ttl as milliseconds", "memories", memory().append("ttl", 1_767_225_600_000L), "ttl IS NULL")
                .keeps("ttl", "{\"$numberLong\": \"1767225600000\"}"));
        add(lands("ttl as words", "memories", memory().append("ttl", "in a week"), "ttl IS NULL")
                .keeps("ttl", "\"in a week\""));
        add(lands(
                "ttl with an offset",
                "memories",
                memory().append("ttl", "2026-01-01T00:00:00+08:00"),
                "ttl = '2025-12-31 16:00:00+00'"));
        add(lands("tags that are no array", "knowledge_items", item().append("tags", "prod"), "tags = '{prod}'"));
        add(lands(
                "null among the tags",
                "custom_tools",
                tool().append("tags", Arrays.asList("a", null)),
                "tags = ARRAY['a', NULL]"));
        add(lands(
                        "an object among the tags",
                        "custom_tools",
                        tool().append("tags", List.of("a", new Document("b", 1))),
                        "tags = ARRAY['a', '{\"b\":1}']")
                .keeps("tags", "[\"a\", {\"b\": {\"$numberInt\": \"1\"}}]"));
        add(lands(
                        "a text in an embedding",
                        "memories",
                        memory().append("embedding", List.of(0.5, "x", 1)),
                        "embedding = '{0.5,NULL,1}'")
                .keeps("embedding", "\"x\""));
        add(lands(
                "numbers as texts in an embedding",
                "memories",
                memory().append("embedding", List.of("0.5", "-1")),
                "embedding = '{0.5,-1}'"));
        add(lands(
                "NaN in an embedding",
                "memories",
                memory().append("embedding", List.of(0.5, Double.NaN)),
                "embedding = '{0.5,NaN}'"));
        add(lands("a size in words", "knowledge_items", item().append("file_size", "10 MB"), "file_size IS NULL")
                .keeps("file_size", "\"10 MB\""));
        add(lands(
                        "an object in a text",
                        "agents",
                        agent().append("description", new Document("a", "b")),
                        "description = '{\"a\":\"b\"}'")
                .keeps("description", "{\"a\": \"b\"}"));
        add(lands(
                        "an array in a text",
                        "task_executions",
                        task().append("response", List.of("a")),
                        "response = '[\"a\"]'")
                .keeps("response", "[\"a\"]"));
        add(lands("a fraction", "workflows", workflow().append("max_turns", 7.9), "max_turns = 7")
                .keeps("max_turns", "{\"$numberDouble\": \"7.9\"}"));
        add(lands("a number with blanks", "workflows", workflow().append("max_turns", " 7 "), "max_turns = 7"));
        add(lands("a boolean in words", "guardrails", guardrail().append("enabled", "No"), "NOT enabled"));
        add(lands("a boolean in other words", "guardrails", guardrail().append("enabled", "YES"), "enabled"));
        add(lands(
                "neither time",
                "task_executions",
                without(task(), "created_at", "updated_at"),
                "created_at = " + ID_TIME + " AND updated_at = " + ID_TIME));
        add(lands(
                "unknown fields",
                "workflows",
                workflow().append("output_destination", new Document("slack_channel_id", "C1")),
                "title = 't'"));
        Document numbered = skill();
        numbered.put("_id", 40 + set);
        add(lands("a number for an id", "skills", numbered, "name = 'n'"));
    }

    /// Gives it an id, unless it has one.
    private void add(HostileDocument hostile) {
        Document document =
                new Document("_id", new ObjectId((int) MADE.getEpochSecond(), set * 1_000 + documents.size()));
        document.putAll(hostile.document());
        documents.add(new HostileDocument(
                hostile.kind(),
                hostile.collection(),
                document,
                hostile.landed(),
                hostile.quarantined(),
                hostile.deadLetter()));
    }

    private static Document without(Document document, String... fields) {
        List.of(fields).forEach(document::remove);
        return document;
    }

    private static Document timed(Document document) {
        return document.append("created_at", WRITTEN).append("updated_at", WRITTEN);
    }

    private static Document agent() {
        return timed(new Document("name", "n"))
                .append("description", "d")
                .append("system_prompt", "p")
                .append("mcp_server_ids", List.of())
                .append("mcp_server_tags", List.of())
                .append("tool_definitions", List.of())
                .append("knowledge_source_ids", List.of("a"))
                .append("knowledge_tags", List.of("a"))
                .append("builtin_tools", List.of("a"))
                .append("custom_tool_ids", List.of("a"));
    }

    private static Document message(String content) {
        return timed(new Document("session_id", new ObjectId(1, 1)).append("role", "user"))
                .append("content", content);
    }

    private static Document task() {
        return timed(new Document("workflow_id", "w").append("prompt", "p").append("status", "pending"))
                .append("tool_calls", 0)
                .append("logs", List.of())
                .append("messages", List.of());
    }

    private static Document memory() {
        return timed(new Document("agent_id", "a").append("scope", "global").append("key", "k"))
                .append("value", "v")
                .append("metadata", new Document());
    }

    private static Document item() {
        return timed(new Document("source_id", "s").append("name", "n").append("content_type", "file"))
                .append("tags", List.of())
                .append("metadata", new Document());
    }

    private static Document schedule() {
        return timed(new Document("name", "n").append("workflow_id", "w").append("prompt", ""))
                .append("interval_value", 1)
                .append("interval_unit", "hours")
                .append("start_at", WRITTEN)
                .append("enabled", true);
    }

    private static Document skill() {
        return timed(new Document("name", "n").append("description", "").append("instructions", ""))
                .append("tags", List.of());
    }

    private Document provider() {
        return timed(new Document("name", "hostile-" + set).append("provider_type", "openai"))
                .append("api_key_token_name", "")
                .append("auth_type", "bearer")
                .append("azure_api_version", "v")
                .append("description", "");
    }

    private static Document token(String name) {
        return timed(new Document("name", name).append("encrypted_value", "x"))
                .append("description", "")
                .append("created_by", "");
    }

    private static Document session() {
        return timed(new Document("agent_id", new ObjectId(1, 2)).append("github_user", "u"))
                .append("message_count", 0);
    }

    private static Document server() {
        return timed(new Document("name", "n").append("transport_type", "sse"))
                .append("connection_config", new Document())
                .append("allowed_tools", List.of())
                .append("tags", List.of())
                .append("status", "registered");
    }

    private static Document guardrail() {
        return timed(new Document("name", "n").append("description", "").append("guardrail_type", "prompt"))
                .append("tags", List.of())
                .append("enabled", true);
    }

    private static Document source() {
        return timed(new Document("name", "n").append("description", "").append("source_type", "pgvector"))
                .append("connection_config", new Document("a", 1))
                .append("tags", List.of())
                .append("status", "registered");
    }

    private static Document tool() {
        return timed(new Document("name", "n").append("description", "").append("source_code", ""))
                .append("parameters_schema", new Document())
                .append("env_config", new Document())
                .append("tags", List.of())
                .append("is_enabled", true)
                .append("is_plugin", false);
    }

    private static Document workflow() {
        return timed(new Document("title", "t").append("agent_id", "a").append("github_user", "u"))
                .append("model", "m")
                .append("max_turns", 3)
                .append("current_turn", 0)
                .append("skill_ids", List.of())
                .append("skill_tags", List.of("a"))
                .append("messages", List.of())
                .append("logs", List.of())
                .append("status", "active")
                .append("output_format", "json")
                .append("infinite_session", true)
                .append("caveman", true)
                .append("bypass_memory", true)
                .append("auto_memory", true)
                .append("tsv_tool_results", true)
                .append("guardrail_ids", List.of())
                .append("guardrail_tags", List.of())
                .append("credential_overrides", new Document("a", "b"));
    }
}
