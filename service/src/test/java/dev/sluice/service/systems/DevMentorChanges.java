package dev.sluice.service.systems;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.PushOptions;
import com.mongodb.client.model.Updates;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;

/// What DevMentor does to its documents while it is used, rows that come before those they refer to and
/// people who leave included.
public final class DevMentorChanges {
    private static final Instant NOW = Instant.parse("2025-12-20T10:00:00Z");

    private final MongoDatabase database;
    private final Map<String, List<ObjectId>> ids;
    private final Random random;
    private final DevMentorDocuments documents;
    private long ticks;

    /// @param ids of the documents there are, by collection; kept up to date
    public DevMentorChanges(MongoDatabase database, Map<String, List<ObjectId>> ids, long seed) {
        this.database = database;
        this.ids = ids;
        this.random = new Random(seed);
        this.documents = new DevMentorDocuments(seed);
    }

    /// Makes this many changes, of every kind in turn.
    public void make(int changes) {
        for (int n = 0; n < changes; n++) {
            ticks++;
            switch (n % 14) {
                case 0 -> signUp();
                case 1 -> logIn();
                case 2 -> failToLogIn();
                case 3 -> logOut();
                case 4 -> move();
                case 5 -> assign();
                case 6 -> planAhead();
                case 7 -> edit();
                case 8 -> addChunk();
                case 9 -> shortenDocument();
                case 10 -> rewordChunk();
                case 11 -> rename();
                case 12 -> delete(n % 28 == 12 ? "epics" : "tasks");
                default -> leaveOrClose(n);
            }
        }
    }

    private void signUp() {
        insert(
                "users",
                new Document("email", "new-" + ticks + "@devmentor.example")
                        .append("first_name", "New")
                        .append("last_name", "Nº " + ticks)
                        .append("password_hash", "h")
                        .append("role", "user")
                        .append("created_at", now())
                        .append("updated_at", now()));
    }

    private void logIn() {
        ObjectId user = some("users");
        insert(
                "user_sessions",
                new Document("user_id", user)
                        .append("session_token", "live-s-" + ticks)
                        .append("refresh_token", "live-r-" + ticks)
                        .append("ip_address", "192.0.2.7")
                        .append("expires_at", now())
                        .append("created_at", now()));
        of("users")
                .updateOne(
                        Filters.eq("_id", user),
                        Updates.combine(
                                Updates.set("last_login_at", now()),
                                Updates.set("failed_login_attempts", 0),
                                Updates.unset("locked_until"),
                                Updates.set("updated_at", now())));
        insert(
                "audit_log",
                new Document("user_id", user)
                        .append("action", "login")
                        .append("success", true)
                        .append("created_at", now()));
    }

    /// updated_at is left as it was: a trigger must not make it now.
    private void failToLogIn() {
        of("users")
                .updateOne(
                        Filters.and(one("users"), Filters.type("failed_login_attempts", "number")),
                        Updates.set("failed_login_attempts", 1 + random.nextInt(5)));
    }

    private void logOut() {
        delete("user_sessions");
    }

    private void move() {
        of("tasks")
                .updateOne(
                        one("tasks"),
                        Updates.combine(
                                Updates.set("status", "done"),
                                Updates.set("completed_at", now()),
                                Updates.set("position", random.nextInt(50)),
                                Updates.set("updated_at", now())));
        insert(
                "project_activity",
                new Document("project_id", some("projects"))
                        .append("user_id", some("users"))
                        .append("task_id", some("tasks"))
                        .append("action", "moved")
                        .append("created_at", now()));
    }

    private void assign() {
        of("tasks")
                .updateOne(
                        one("tasks"),
                        random.nextBoolean()
                                ? Updates.combine(
                                        Updates.set("assignee_id", some("users")),
                                        Updates.set("epic_id", some("epics")))
                                : Updates.combine(
                                        Updates.unset("assignee_id"), Updates.set("project_id", some("projects"))));
    }

    /// A task and an epic of a project that comes after them.
    private void planAhead() {
        ObjectId project = new ObjectId();
        ObjectId epic = new ObjectId();
        insert(
                "tasks",
                new Document("project_id", project)
                        .append("epic_id", epic)
                        .append("title", "ahead " + ticks)
                        .append("created_at", now()));
        put(
                "epics",
                epic,
                new Document("project_id", project.toHexString())
                        .append("title", "ahead")
                        .append("created_at", now()));
        put(
                "projects",
                project,
                new Document("owner_id", some("users"))
                        .append("name", "late " + ticks)
                        .append("created_at", now()));
    }

    private void edit() {
        of("project_files")
                .updateOne(
                        one("project_files"),
                        Updates.combine(
                                Updates.inc("version", 1),
                                Updates.set("content", "export " + ticks),
                                Updates.set("size", 12L)));
    }

    private void addChunk() {
        of("documents")
                .updateOne(
                        Filters.and(one("documents"), Filters.type("chunks", "array")),
                        Updates.push("chunks", documents.chunk()));
    }

    private void shortenDocument() {
        of("documents")
                .updateOne(
                        Filters.and(one("documents"), Filters.type("chunks", "array")),
                        Updates.pushEach("chunks", List.of(), new PushOptions().slice(1)));
    }

    private void rewordChunk() {
        of("documents")
                .updateOne(
                        Filters.and(one("documents"), Filters.type("chunks.0", "object")),
                        Updates.combine(
                                Updates.set("chunks.0.content", "reworded " + ticks),
                                Updates.set("updated_at", now())));
    }

    private void rename() {
        of("projects")
                .updateOne(
                        one("projects"),
                        Updates.combine(
                                Updates.set("name", "renamed " + ticks),
                                Updates.set("settings.theme", "light"),
                                Updates.set("updated_at", now())));
    }

    private void leaveOrClose(int n) {
        switch (n % 3) {
            case 0 -> delete("users");
            case 1 -> delete("projects");
            default -> delete("documents");
        }
    }

    private void insert(String collection, Document document) {
        put(collection, new ObjectId(), document);
    }

    private void put(String collection, ObjectId id, Document document) {
        Document whole = new Document("_id", id);
        whole.putAll(document);
        of(collection).insertOne(whole);
        all(collection).add(id);
    }

    private void delete(String collection) {
        List<ObjectId> there = all(collection);
        of(collection).deleteOne(Filters.eq("_id", there.remove(random.nextInt(there.size()))));
    }

    private MongoCollection<Document> of(String collection) {
        return database.getCollection(collection);
    }

    private Bson one(String collection) {
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
