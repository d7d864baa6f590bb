package dev.sluice.service.systems;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.gridfs.GridFSBucket;
import com.mongodb.client.gridfs.GridFSBuckets;
import com.mongodb.client.gridfs.model.GridFSUploadOptions;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.ReplaceOptions;
import com.mongodb.client.model.Updates;
import java.io.ByteArrayInputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bson.Document;
import org.bson.types.ObjectId;

/// What TBD Agents does to its documents while it is used: turns of workflows, tasks from pending to their
/// end, chats, memories that are noted, changed and forgotten, files that are uploaded and thrown away.
public final class TbdAgentsChanges {
    private static final Instant NOW = Instant.parse("2026-06-20T10:00:00Z");

    private final MongoDatabase database;
    private final Map<String, List<ObjectId>> ids;
    private final Random random;
    private final List<ObjectId> files = new ArrayList<>();
    private long ticks;

    /// @param ids of the documents there are, by collection; kept up to date
    public TbdAgentsChanges(MongoDatabase database, Map<String, List<ObjectId>> ids, long seed) {
        this.database = database;
        this.ids = ids;
        this.random = new Random(seed);
    }

    /// Makes this many changes, of every kind in turn.
    public void make(int changes) {
        for (int n = 0; n < changes; n++) {
            switch (n % 16) {
                case 0 -> turn();
                case 1 -> start();
                case 2 -> finish();
                case 3, 4 -> say();
                case 5 -> note();
                case 6 -> recall();
                case 7 -> forget();
                case 8 -> runSchedule();
                case 9 -> connect();
                case 10 -> edit();
                case 11 -> replaceWhole();
                case 12 -> upload(random.nextInt(4) == 0 ? 600_000 : 900);
                case 13 -> configure();
                case 14 -> endChat();
                default -> throwAway();
            }
        }
    }

    /// Uploads a file and an item that names it.
    ///
    /// @return the file's id
    public ObjectId upload(int bytes) {
        byte[] content = new byte[bytes];
        random.nextBytes(content);
        GridFSBucket bucket = GridFSBuckets.create(database);
        ObjectId file = bucket.uploadFromStream(
                "report-" + files.size() + ".pdf",
                new ByteArrayInputStream(content),
                new GridFSUploadOptions()
                        .metadata(new Document("content_type", "application/pdf").append("at", now())));
        files.add(file);
        insert(
                "knowledge_items",
                new Document("source_id", some("knowledge_sources").toHexString())
                        .append("name", "an upload")
                        .append("content_type", "file")
                        .append("file_id", file.toHexString())
                        .append("file_name", "report.pdf")
                        .append("file_size", bytes)
                        .append("mime_type", "application/pdf")
                        .append("tags", List.of("upload"))
                        .append("metadata", new Document())
                        .append("created_at", now())
                        .append("updated_at", now()));
        return file;
    }

    private void throwAway() {
        if (files.size() > 2) {
            ObjectId file = files.remove(random.nextInt(files.size()));
            GridFSBuckets.create(database).delete(file);
            of("knowledge_items").deleteOne(Filters.eq("file_id", file.toHexString()));
        }
    }

    private void turn() {
        of("workflows")
                .updateOne(
                        Filters.and(one("workflows"), Filters.type("messages", "array"), Filters.type("logs", "array")),
                        Updates.combine(
                                Updates.set("current_turn", random.nextInt(40)),
                                Updates.push(
                                        "messages",
                                        new Document("role", "assistant").append("content", "turn " + ticks)),
                                Updates.pushEach(
                                        "logs",
                                        List.of(
                                                new Document("timestamp", now())
                                                        .append("event", "model_call")
                                                        .append("detail", ""),
                                                new Document("timestamp", now())
                                                        .append("event", "tool_result")
                                                        .append("tool_output", "€"))),
                                Updates.set(
                                        "usage",
                                        new Document("total_input_tokens", 5_000_000_000L).append("total_cost", 0.1)),
                                Updates.set("updated_at", now())));
    }

    private void start() {
        of("task_executions")
                .updateOne(
                        one("task_executions"),
                        Updates.combine(
                                Updates.set("status", "running"),
                                Updates.set("started_at", now()),
                                Updates.set("worker", "celery@9"),
                                Updates.unset("finished_at"),
                                Updates.set("updated_at", now())));
    }

    private void finish() {
        of("task_executions")
                .updateOne(
                        Filters.and(one("task_executions"), Filters.type("logs", "array")),
                        Updates.combine(
                                Updates.set("status", random.nextBoolean() ? "completed" : "failed"),
                                Updates.set("response", "It is done: " + ticks),
                                Updates.set("finished_at", now()),
                                Updates.set(
                                        "progress", new Document("todos", List.of()).append("percent_complete", 100)),
                                Updates.set("tool_calls", random.nextInt(50)),
                                Updates.push("logs", new Document("timestamp", now()).append("event", "completed")),
                                Updates.set("updated_at", now())));
    }

    private void say() {
        ObjectId session = some("chat_sessions");
        insert(
                "chat_messages",
                new Document("session_id", session)
                        .append("role", "user")
                        .append("content", "What about " + ticks + "?")
                        .append("usage", null)
                        .append("created_at", now())
                        .append("updated_at", now()));
        of("chat_sessions")
                .updateOne(
                        Filters.eq("_id", session),
                        Updates.combine(
                                Updates.set("message_count", random.nextInt(90)), Updates.set("updated_at", now())));
    }

    private void note() {
        insert(
                "memories",
                new Document("agent_id", some("agents").toHexString())
                        .append("scope", "agent")
                        .append("key", "likes")
                        .append("value", "tea " + ticks)
                        .append("embedding", List.of(0.25, -0.5, 1.0))
                        .append("metadata", new Document("by", "agent"))
                        .append("ttl", now())
                        .append("created_at", now())
                        .append("updated_at", now()));
    }

    private void recall() {
        of("memories")
                .updateOne(
                        one("memories"),
                        Updates.combine(
                                Updates.set("value", "changed " + ticks),
                                Updates.unset("ttl"),
                                Updates.unset("embedding"),
                                Updates.set("metadata", new Document("seen", 1)),
                                Updates.set("updated_at", now())));
    }

    private void forget() {
        delete("memories");
    }

    private void runSchedule() {
        of("scheduled_agents")
                .updateOne(
                        one("scheduled_agents"),
                        Updates.combine(
                                Updates.set("last_run_at", now()),
                                Updates.set("next_run_at", now()),
                                Updates.set("enabled", random.nextBoolean()),
                                Updates.unset("redbeat_key")));
    }

    private void connect() {
        of("mcp_servers")
                .updateOne(
                        Filters.and(one("mcp_servers"), Filters.type("connection_config", "object")),
                        Updates.combine(
                                Updates.set("status", "connected"),
                                Updates.set("last_error", null),
                                Updates.set("allowed_tools", List.of("search", "new " + ticks)),
                                Updates.set("connection_config.url", "https://mcp.example")));
    }

    private void edit() {
        of("agents")
                .updateOne(
                        one("agents"),
                        Updates.combine(
                                Updates.set("builtin_tools", List.of("bash")),
                                Updates.set("knowledge_tags", List.of()),
                                Updates.set("name", "renamed " + ticks),
                                Updates.unset("provider_id"),
                                Updates.set("updated_at", now())));
    }

    /// As its library saves a document it has read: whole.
    private void replaceWhole() {
        Document token = of("tokens").find(one("tokens")).first();
        if (token != null) {
            token.append("encrypted_value", "new " + ticks).append("updated_at", now());
            of("tokens").replaceOne(Filters.eq("_id", token.get("_id")), token, new ReplaceOptions().upsert(true));
        }
    }

    private void configure() {
        of("guardrails")
                .updateOne(one("guardrails"), Updates.set("prompt_config", new Document("deny", List.of("z", ticks))));
        of("custom_tools").updateOne(one("custom_tools"), Updates.set("is_enabled", random.nextBoolean()));
        of("skills").updateOne(one("skills"), Updates.set("instructions", "Do " + ticks));
        of("providers").updateOne(one("providers"), Updates.set("auth_type", "bearer"));
        of("knowledge_sources").updateOne(one("knowledge_sources"), Updates.set("status", "error"));
    }

    private void endChat() {
        ObjectId session = delete("chat_sessions");
        of("chat_messages").deleteMany(Filters.eq("session_id", session));
    }

    private void insert(String collection, Document document) {
        ObjectId id = new ObjectId();
        Document whole = new Document("_id", id);
        whole.putAll(document);
        of(collection).insertOne(whole);
        all(collection).add(id);
    }

    private ObjectId delete(String collection) {
        List<ObjectId> there = all(collection);
        ObjectId id = there.remove(random.nextInt(there.size()));
        of(collection).deleteOne(Filters.eq("_id", id));
        return id;
    }

    private MongoCollection<Document> of(String collection) {
        ticks++;
        return database.getCollection(collection);
    }

    private org.bson.conversions.Bson one(String collection) {
        return Filters.eq("_id", some(collection));
    }

    private ObjectId some(String collection) {
        List<ObjectId> there = all(collection);
        return there.get(random.nextInt(there.size()));
    }

    private List<ObjectId> all(String collection) {
        return ids.computeIfAbsent(collection, c -> new ArrayList<>());
    }

    private Date now() {
        return Date.from(NOW.plusMillis(ticks * 7));
    }
}
