package dev.sluice.service.systems;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.bson.BsonBinarySubType;
import org.bson.Document;
import org.bson.types.Binary;
import org.bson.types.ObjectId;

/// The 39 kinds of documents each of which makes DocsGPT's own script give up the table it is copied to,
/// and what becomes of each here.
///
/// @param number from 1
/// @param documents with the collection each belongs to, in the order they are written
/// @param checks what has to be found
public record DocsGptHostility(int number, String what, List<Entry> documents, List<Check> checks) {
    public DocsGptHostility {
        documents = List.copyOf(documents);
        checks = List.copyOf(checks);
    }

    /// One document.
    public record Entry(String collection, Document document) {}

    /// One thing that has to be found.
    public sealed interface Check {
        /// The query yields this text.
        record Row(String sql, String text) implements Check {}

        /// The document's value lies in quarantine: for this column, from this path, and so written.
        record Quarantined(Entry entry, String column, String path, String value) implements Check {}

        /// The document is a dead letter, refused with this code.
        record DeadLetter(Entry entry, String sqlState) implements Check {}

        /// The document waits for a row to come (`reference`) or to go (`duplicate`).
        record Waits(Entry entry, String kind) implements Check {}

        /// Nothing had to be kept elsewhere: the row says it all.
        record Plain(Entry entry) implements Check {}
    }

    /// All of them.
    ///
    /// @param round makes ids and values that have to be unique different from those of other rounds
    public static List<DocsGptHostility> of(int round) {
        return new Kinds(round).all();
    }

    private static final class Kinds {
        private static final String BY_MONGO_ID = "SELECT %s FROM %s WHERE mongo_id = '%s'";
        private static final String BY_LEGACY_ID = "SELECT %s FROM %s WHERE legacy_mongo_id = '%s'";

        /// The time of the first ObjectId: 23 January 2024.
        private static final int EPOCH = 0x65b0_0000;

        private static final DateTimeFormatter POSTGRES = DateTimeFormatter.ofPattern(
                        "uuuu-MM-dd HH:mm:ss'+00'", Locale.ROOT)
                .withZone(ZoneOffset.UTC);

        private final int round;
        private final List<DocsGptHostility> kinds = new ArrayList<>();
        private int made;

        Kinds(int round) {
            this.round = round;
        }

        private Entry entry(String collection, Object... fields) {
            Document document =
                    new Document("_id", new ObjectId(String.format("%08x%08x%08x", EPOCH + ++made, round, made)));
            for (int i = 0; i < fields.length; i += 2) {
                document.append(String.valueOf(fields[i]), fields[i + 1] == NULL ? null : fields[i + 1]);
            }
            return new Entry(collection, document);
        }

        private static final Object NULL = new Object();

        private static String id(Entry entry) {
            return entry.document().getObjectId("_id").toHexString();
        }

        private static String made(Entry entry) {
            return POSTGRES.format(
                    Instant.ofEpochSecond(entry.document().getObjectId("_id").getTimestamp()));
        }

        private static Check.Row mongo(Entry e, String column, String text) {
            return new Check.Row(BY_MONGO_ID.formatted(column, e.collection(), id(e)), text);
        }

        private static Check.Row legacy(Entry e, String column, String text) {
            return new Check.Row(BY_LEGACY_ID.formatted(column, e.collection(), id(e)), text);
        }

        private static Check.Row message(Entry e, String column, String text) {
            return new Check.Row(
                    "SELECT " + column
                            + " FROM conversation_messages m JOIN conversations c ON c.id = m.conversation_id"
                            + " WHERE m.position = 0 AND c.legacy_mongo_id = '" + id(e) + "'",
                    text);
        }

        private static Check.Quarantined kept(Entry e, String column, String path, String value) {
            return new Check.Quarantined(e, column, path, value);
        }

        private void kind(String what, Entry entry, Function<Entry, List<Check>> checks) {
            kinds.add(new DocsGptHostility(kinds.size() + 1, what, List.of(entry), checks.apply(entry)));
        }

        private void kind(String what, List<Entry> entries, List<Check> checks) {
            kinds.add(new DocsGptHostility(kinds.size() + 1, what, entries, checks));
        }

        private String unique(String text) {
            return text + "-" + round;
        }

        List<DocsGptHostility> all() {
            nul();
            missing();
            nulls();
            numbersAndDates();
            uniqueness();
            shapes();
            return kinds;
        }

        private void nul() {
            kind(
                    "NUL in an attachment's text",
                    entry("attachments", "user", "eve", "filename", "f", "path", "p", "content", "a\0b"),
                    e -> List.of(
                            legacy(e, "content", "ab"), kept(e, "attachments.content", "content", "\"a\\u0000b\"")));
            kind(
                    "NUL in a user's log",
                    entry("user_logs", "action", "a", "user", "eve", "question", "a\0b"),
                    e -> List.of(
                            mongo(e, "data ->> 'question'", "a\uFFFDb"),
                            kept(e, "user_logs.data", "question", "\"a\\u0000b\"")));
            kind(
                    "NUL in a conversation",
                    entry("conversations", "user", "eve", "queries", List.of(new Document("prompt", "a\0b"))),
                    e -> List.of(
                            message(e, "prompt", "ab"),
                            kept(e, "conversation_messages.prompt", "queries[0].prompt", "\"a\\u0000b\"")));
        }

        private void missing() {
            kind(
                    "a user's log without timestamp",
                    entry("user_logs", "action", "a", "user", "eve"),
                    e -> List.of(mongo(e, "timestamp", made(e)), new Check.Plain(e)));
            kind(
                    "a stack log without timestamp",
                    entry("stack_logs", "id", "a", "user", "eve"),
                    e -> List.of(mongo(e, "timestamp", made(e)), new Check.Plain(e)));
            Entry talk = entry("conversations", "user", "eve", "name", "waits");
            Entry state = entry("pending_tool_state", "conversation_id", id(talk), "user", "eve");
            kind(
                    "a pending state without expires_at",
                    List.of(talk, state),
                    List.of(
                            new Check.Row(
                                    "SELECT p.expires_at FROM pending_tool_state p JOIN conversations c"
                                            + " ON c.id = p.conversation_id WHERE c.legacy_mongo_id = '" + id(talk)
                                            + "'",
                                    "9999-12-31 23:59:59+00"),
                            new Check.Plain(state)));
            Entry flow = entry("workflows", "user", "eve", "name", "f");
            Entry run = entry("workflow_runs", "workflow_id", id(flow), "status", "done");
            kind(
                    "a run without created_at",
                    List.of(flow, run),
                    List.of(legacy(run, "started_at", made(run)), new Check.Plain(run)));
        }

        private void nulls() {
            kind(
                    "prompt_tokens is null",
                    entry("token_usage", "user_id", "eve", "prompt_tokens", NULL),
                    e -> List.of(mongo(e, "prompt_tokens", "0"), new Check.Plain(e)));
            for (String collection : List.of("agents", "prompts", "agent_folders")) {
                kind(
                        "the name of one of " + collection + " is null",
                        entry(collection, "user", "eve", "name", NULL),
                        e -> List.of(legacy(e, "name", ""), new Check.Plain(e)));
            }
            kind(
                    "an attachment's filename is null",
                    entry("attachments", "user", "eve", "filename", NULL, "path", "p"),
                    e -> List.of(legacy(e, "filename", ""), new Check.Plain(e)));
            Entry flow = entry("workflows", "user", "eve", "name", "f");
            Entry node = entry("workflow_nodes", "workflow_id", id(flow), "id", NULL, "type", "start");
            kind(
                    "the id of a node is null",
                    List.of(flow, node),
                    List.of(legacy(node, "node_id", id(node)), new Check.Plain(node)));
        }

        private void numbersAndDates() {
            Entry usage =
                    entry("token_usage", "user_id", "eve", "agent_id", "00000000-0000-4000-8000-00000000000" + round);
            kind(
                    "token_usage names an agent by a UUID",
                    List.of(usage),
                    List.of(
                            mongo(usage, "coalesce(agent_id::text, 'none')", "none"),
                            new Check.Waits(usage, "reference")));
            kind(
                    "generated_tokens beyond int4",
                    entry("token_usage", "user_id", "eve", "generated_tokens", 3_000_000_000L),
                    e -> List.of(
                            mongo(e, "generated_tokens", "0"),
                            kept(
                                    e,
                                    "token_usage.generated_tokens",
                                    "generated_tokens",
                                    "{\"$numberLong\": \"3000000000\"}")));
            kind(
                    "an attachment's token_count beyond int4",
                    entry("attachments", "user", "eve", "filename", "f", "path", "p", "token_count", 3_000_000_000L),
                    e -> List.of(
                            legacy(e, "coalesce(token_count::text, 'none')", "none"),
                            kept(e, "attachments.token_count", "token_count", "{\"$numberLong\": \"3000000000\"}")));
            kind(
                    "a source's date with the day first, after the 12th",
                    entry("sources", "user", "eve", "name", "s", "date", "31/12/2023 23:59:59"),
                    e -> List.of(legacy(e, "date", "2023-12-31 23:59:59+00"), new Check.Plain(e)));
            kind(
                    "a source's date is a word",
                    entry("sources", "user", "eve", "name", "s", "date", "default"),
                    e -> List.of(
                            legacy(e, "date", "1970-01-01 00:00:00+00"),
                            kept(e, "sources.date", "date", "\"default\"")));
            kind(
                    "an agent's chunks is an empty text",
                    entry("agents", "user", "eve", "name", "a", "chunks", ""),
                    e -> List.of(legacy(e, "coalesce(chunks::text, 'none')", "none"), new Check.Plain(e)));
            kind(
                    "a conversation's date in seconds since 1970",
                    entry("conversations", "user", "eve", "date", 1_714_558_830),
                    e -> List.of(
                            legacy(e, "date", "1970-01-01 00:00:00+00"),
                            kept(e, "conversations.date", "date", "{\"$numberInt\": \"1714558830\"}")));
            kind(
                    "a user's log with a timestamp that is a float",
                    entry("user_logs", "action", "a", "user", "eve", "timestamp", 1_714_558_830.25),
                    e -> List.of(
                            mongo(e, "timestamp", "1970-01-01 00:00:00+00"),
                            kept(e, "user_logs.timestamp", "timestamp", "{\"$numberDouble\": \"1.71455883025E9\"}")));
            kind(
                    "NaN inside a stack log",
                    entry(
                            "stack_logs",
                            "id",
                            "a",
                            "user",
                            "eve",
                            "stacks",
                            List.of(new Document("score", Double.NaN).append("of", Double.POSITIVE_INFINITY))),
                    e -> List.of(
                            mongo(e, "stacks #>> '{0,score,$numberDouble}'", "NaN"),
                            mongo(e, "stacks #>> '{0,of,$numberDouble}'", "Infinity"),
                            new Check.Plain(e)));
        }

        private void uniqueness() {
            twice("agents", "key", "two agents with one key", "Key", "Key");
            twice("agents", "key", "two agents whose keys differ by case alone", "CASE", "case");
            twice("agents", "shared_token", "two agents with one shared_token", "token", "token");
            Entry first = entry("agents", "user", "eve", "name", "a", "incoming_webhook_token", "");
            Entry second = entry("agents", "user", "eve", "name", "b", "incoming_webhook_token", "");
            kind(
                    "two agents with an empty webhook token",
                    List.of(first, second),
                    List.of(
                            legacy(first, "coalesce(incoming_webhook_token, 'none')", "none"),
                            legacy(second, "coalesce(incoming_webhook_token, 'none')", "none"),
                            new Check.Plain(first),
                            new Check.Plain(second)));
            twice("conversations", "shared_token", "two conversations with one shared_token", "token", "token");
            first = entry("connector_sessions", "user", "eve", "provider", unique("p"), "session_token", unique("s"));
            second = entry("connector_sessions", "user", "eve", "provider", unique("q"), "session_token", unique("s"));
            kind(
                    "two logins with one session_token",
                    List.of(first, second),
                    List.of(legacy(first, "session_token", unique("s")), new Check.DeadLetter(second, "23505")));
            Entry talk = entry("conversations", "user", "eve", "name", "shared");
            first = share(talk, "a");
            second = share(talk, "b");
            kind(
                    "one conversation shared twice in the same way",
                    List.of(talk, first, second),
                    List.of(
                            new Check.Row(
                                    "SELECT string_agg(s.uuid::text, ',') FROM shared_conversations s JOIN conversations c"
                                            + " ON c.id = s.conversation_id WHERE c.legacy_mongo_id = '" + id(talk)
                                            + "'",
                                    first.document().getString("uuid")),
                            new Check.Waits(second, "duplicate")));
            Entry flow = entry("workflows", "user", "eve", "name", "f");
            first = entry("workflow_nodes", "workflow_id", id(flow), "id", "n", "graph_version", 1, "title", "one");
            second = entry("workflow_nodes", "workflow_id", id(flow), "id", "n", "graph_version", 1, "title", "two");
            kind(
                    "two nodes with one name in one graph",
                    List.of(flow, first, second),
                    List.of(legacy(second, "title", "two"), new Check.Waits(first, "duplicate")));
            twoTools("todo_list", "todos", "title");
            twoTools("notes", "notes", "content");
        }

        private Entry share(Entry conversation, String digit) {
            return entry(
                    "shared_conversations",
                    "user",
                    "eve",
                    "conversation_id",
                    conversation.document().getObjectId("_id"),
                    "uuid",
                    "00000000-0000-4000-8000-0000000000" + digit + round,
                    "isPromptable",
                    true,
                    "first_n_queries",
                    2);
        }

        private void twice(String collection, String field, String what, String one, String other) {
            Entry first = entry(collection, "user", "eve", "name", "a", field, unique(what + one));
            Entry second = entry(collection, "user", "eve", "name", "b", field, unique(what + other));
            kind(
                    what,
                    List.of(first, second),
                    List.of(
                            legacy(first, field, unique(what + one)),
                            legacy(second, "count(*)", "0"),
                            new Check.DeadLetter(second, "23505")));
        }

        /// The script knows a tool by user and name, so the second one's contents would land on the first.
        private void twoTools(String tool, String collection, String field) {
            Entry one = entry("user_tools", "user", unique("two"), "name", tool);
            Entry other = entry("user_tools", "user", unique("two"), "name", tool);
            Entry first =
                    entry(collection, "user_id", unique("two"), "tool_id", id(one), "todo_id", 1, field, "of one");
            Entry second =
                    entry(collection, "user_id", unique("two"), "tool_id", id(other), "todo_id", 1, field, "of other");
            String owner = "(SELECT t.legacy_mongo_id FROM user_tools t WHERE t.id = tool_id) || ' ' || " + field;
            kind(
                    "two tools " + tool + " of one user",
                    List.of(one, other, first, second),
                    List.of(
                            legacy(first, owner, id(one) + " of one"),
                            legacy(second, owner, id(other) + " of other"),
                            new Check.Plain(first),
                            new Check.Plain(second)));
        }

        private void shapes() {
            kind(
                    "a source's metadata is no object",
                    entry("sources", "user", "eve", "name", "s", "metadata", "none", "colour", "red"),
                    e -> List.of(
                            legacy(e, "metadata #>> '{legacy_fields,colour}'", "red"),
                            kept(e, "sources.metadata", "metadata", "\"none\"")));
            kind(
                    "a conversation's api_key is an empty text",
                    entry("conversations", "user", "eve", "api_key", ""),
                    e -> List.of(legacy(e, "coalesce(api_key, 'none')", "none"), new Check.Plain(e)));
            Entry talk = entry("conversations", "user", "eve", "name", "shared");
            Entry share = entry(
                    "shared_conversations",
                    "user",
                    "eve",
                    "conversation_id",
                    id(talk),
                    "uuid",
                    "00000000-0000-4000-8000-00000000c00" + round,
                    "api_key",
                    "");
            kind(
                    "a share's api_key is an empty text",
                    List.of(talk, share),
                    List.of(
                            new Check.Row(
                                    "SELECT coalesce(api_key, 'none') FROM shared_conversations WHERE uuid = '"
                                            + share.document().getString("uuid") + "'",
                                    "none"),
                            new Check.Plain(share)));
            talk = entry("conversations", "user", "eve", "name", "shared");
            byte[] uuid = {0, 1, 2, 3, 4, 5, 0x46, 7, (byte) 0x88, 9, 10, 11, 12, 13, 14, (byte) round};
            share = entry(
                    "shared_conversations",
                    "user",
                    "eve",
                    "conversation_id",
                    id(talk),
                    "uuid",
                    new Binary(BsonBinarySubType.UUID_LEGACY, uuid));
            kind(
                    "a share's uuid is a binary of subtype 3",
                    List.of(talk, share),
                    List.of(
                            new Check.Row(
                                    "SELECT s.uuid FROM shared_conversations s JOIN conversations c"
                                            + " ON c.id = s.conversation_id WHERE c.legacy_mongo_id = '" + id(talk)
                                            + "'",
                                    "00010203-0405-4607-8809-0a0b0c0d0e" + String.format("%02x", round)),
                            new Check.Plain(share)));
            kind(
                    "a message's prompt is an object",
                    entry(
                            "conversations",
                            "user",
                            "eve",
                            "queries",
                            List.of(new Document("prompt", new Document("text", "Hi")).append("response", "r"))),
                    e -> List.of(
                            message(e, "coalesce(prompt, 'none') || ' ' || response", "{\"text\":\"Hi\"} r"),
                            kept(e, "conversation_messages.prompt", "queries[0].prompt", "{\"text\": \"Hi\"}")));
            kind(
                    "a user's preferences are an array",
                    entry("users", "user_id", unique("array"), "agent_preferences", Arrays.asList("a", null)),
                    e -> List.of(
                            new Check.Row(
                                    "SELECT agent_preferences::text FROM users WHERE user_id = '" + unique("array")
                                            + "'",
                                    "{\"pinned\": [], \"shared_with_me\": []}"),
                            kept(e, "users.agent_preferences", "agent_preferences", "[\"a\", null]")));
            kind(
                    "an object where text belongs",
                    entry("user_tools", "user", "eve", "name", "t", "description", new Document("en", "x")),
                    e -> List.of(
                            legacy(e, "description", "{\"en\":\"x\"}"),
                            kept(e, "user_tools.description", "description", "{\"en\": \"x\"}")));
        }
    }
}
