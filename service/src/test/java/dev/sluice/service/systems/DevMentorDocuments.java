package dev.sluice.service.systems;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Random;
import java.util.SequencedMap;
import java.util.UUID;
import org.bson.Document;
import org.bson.types.Binary;
import org.bson.types.Decimal128;
import org.bson.types.ObjectId;
import org.jspecify.annotations.Nullable;

/// Documents of DevMentor: all nine collections, in the shapes that the page of the mapping names, with
/// references to documents that are not there, in several forms, and one in ten with a value of another
/// kind. The same seed yields the same documents.
public final class DevMentorDocuments {
    private static final Instant FIRST = Instant.parse("2025-01-10T08:00:00Z");
    private static final Duration SPAN = Duration.ofDays(300);

    private final Random random;
    private int counter;

    public DevMentorDocuments(long seed) {
        this.random = new Random(seed);
    }

    /// Documents for each collection, about `total` of them together.
    public SequencedMap<String, List<Document>> generate(int total) {
        SequencedMap<String, List<Document>> all = new LinkedHashMap<>();
        List<ObjectId> users = fill(all, "users", total * 14 / 100, this::user);
        fill(all, "user_sessions", total * 14 / 100, i -> session(i, users));
        fill(all, "audit_log", total * 22 / 100, i -> audit(users));
        List<ObjectId> projects = fill(all, "projects", total * 5 / 100, i -> project(users));
        List<ObjectId> epics = fill(all, "epics", total * 6 / 100, i -> epic(projects));
        List<ObjectId> tasks = fill(all, "tasks", total * 15 / 100, i -> task(projects, epics, users));
        List<ObjectId> files = fill(all, "project_files", total * 7 / 100, i -> file(projects, users));
        fill(all, "project_activity", total * 12 / 100, i -> activity(projects, users, epics, tasks, files));
        fill(all, "documents", total * 5 / 100, i -> document());
        return all;
    }

    /// One document, by its place in the collection.
    private interface Maker {
        Document make(int i);
    }

    private List<ObjectId> fill(SequencedMap<String, List<Document>> all, String collection, int count, Maker maker) {
        List<ObjectId> ids = new ArrayList<>();
        List<Document> documents = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Instant created = FIRST.plusMillis((long) (random.nextDouble() * SPAN.toMillis()));
            ObjectId id = new ObjectId((int) created.getEpochSecond(), counter++);
            Document document = new Document("_id", id);
            document.putAll(maker.make(i));
            if (random.nextInt(10) > 0) {
                document.append("created_at", Date.from(created));
            }
            if (random.nextInt(10) > 0) {
                document.append("updated_at", Date.from(created.plusSeconds(random.nextInt(100_000))));
            }
            ids.add(id);
            documents.add(document);
        }
        all.put(collection, documents);
        return ids;
    }

    private Document user(int i) {
        Document user =
                new Document("email", "user-" + i + "@devmentor.example").append("password_hash", "$2b$10$" + i);
        switch (i % 4) {
            case 0 -> user.append("username", "user" + i).append("full_name", "User Number " + i);
            case 1 -> user.append("username", null).append("first_name", "User").append("last_name", "Nº " + i);
            case 2 ->
                user.append("username", "user" + i)
                        .append("first_name", "User " + i)
                        .append("last_name", null);
            default -> user.append("full_name", null);
        }
        if (i % 50 == 7) {
            user.append("email", "user-" + i + "." + "long".repeat(15) + "@devmentor.example");
        }
        return user.append("role", pick("user", "user", "user", "admin", "super_admin", "Admin", "owner", null))
                .append("is_active", odd(random.nextInt(5) > 0))
                .append("is_verified", odd(random.nextBoolean()))
                .append("github_id", i % 3 == 0 ? (Object) Long.valueOf(580_000L + i) : i % 3 == 1 ? "" : null)
                .append("avatar_url", "https://img.example/" + i)
                .append("last_login_at", odd(Date.from(FIRST.plusSeconds(i))))
                .append("failed_login_attempts", odd(random.nextInt(4)))
                .append("locked_until", random.nextInt(9) == 0 ? Date.from(FIRST.plusSeconds(i)) : null);
    }

    private Document session(int i, List<ObjectId> users) {
        return new Document("user_id", reference(users))
                .append("session_token", "session-" + i)
                .append("refresh_token", "refresh-" + i)
                .append("ip_address", address())
                .append("user_agent", "Mozilla/5.0")
                .append("expires_at", random.nextInt(9) == 0 ? null : Date.from(FIRST.plusSeconds(40_000_000L + i)));
    }

    private Document audit(List<ObjectId> users) {
        return new Document("user_id", random.nextInt(6) == 0 ? pick("", null) : reference(users))
                .append("action", pick("login", "logout", "password_reset", "x".repeat(130)))
                .append("ip_address", address())
                .append("user_agent", random.nextBoolean() ? "curl" : null)
                .append("success", odd(random.nextBoolean()))
                .append("details", random.nextBoolean() ? new Document("attempt", random.nextInt(9)) : null);
    }

    private Document project(List<ObjectId> users) {
        return new Document("owner_id", reference(users))
                .append("name", "project " + random.nextInt(1_000))
                .append("description", "Łódź")
                .append("status", pick("active", "archived"))
                .append("repository_url", "https://git.example/p.git")
                .append("tags", odd(List.of("a", "b")))
                .append("settings", new Document("theme", "dark").append("limits", List.of(1, 2)));
    }

    private Document epic(List<ObjectId> projects) {
        return new Document("project_id", reference(projects))
                .append("title", "epic " + random.nextInt(1_000))
                .append("status", pick("open", "done"))
                .append("priority", odd(random.nextInt(5)))
                .append("position", random.nextInt(50));
    }

    private Document task(List<ObjectId> projects, List<ObjectId> epics, List<ObjectId> users) {
        return new Document("project_id", random.nextInt(40) == 0 ? null : reference(projects))
                .append("epic_id", random.nextBoolean() ? reference(epics) : "")
                .append("assignee_id", random.nextBoolean() ? reference(users) : null)
                .append("title", "task " + random.nextInt(10_000))
                .append("description", odd("do it"))
                .append("status", pick("todo", "doing", "done"))
                .append("priority", random.nextInt(5))
                .append("position", random.nextInt(50))
                .append("estimate_hours", new Decimal128(random.nextInt(400)))
                .append("due_date", random.nextBoolean() ? "2025-12-24" : null)
                .append("tags", List.of("x"))
                .append("completed_at", null);
    }

    private Document file(List<ObjectId> projects, List<ObjectId> users) {
        return new Document("project_id", reference(projects))
                .append("uploaded_by", reference(users))
                .append("path", "src/" + random.nextInt(500) + ".ts")
                .append("version", 1 + random.nextInt(4))
                .append("mime_type", "text/plain")
                .append("size", 3_000_000_000L)
                .append("checksum", "c" + random.nextInt())
                .append("content", odd("export {}"))
                .append("metadata", new Document());
    }

    private Document activity(
            List<ObjectId> projects,
            List<ObjectId> users,
            List<ObjectId> epics,
            List<ObjectId> tasks,
            List<ObjectId> files) {
        Document activity = new Document("project_id", reference(projects))
                .append("user_id", reference(users))
                .append("action", pick("created", "moved", "renamed"))
                .append("details", new Document("n", random.nextInt(9)));
        return switch (random.nextInt(4)) {
            case 0 -> activity.append("epic_id", reference(epics));
            case 1 -> activity.append("task_id", reference(tasks));
            case 2 -> activity.append("file_id", reference(files));
            default -> activity;
        };
    }

    private Document document() {
        List<@Nullable Object> chunks = new ArrayList<>();
        for (int n = random.nextInt(6); n > 0; n--) {
            chunks.add(chunk());
        }
        if (random.nextInt(15) == 0) {
            chunks.add(random.nextInt(chunks.size() + 1), "no object");
        }
        return new Document("external_id", random.nextBoolean() ? "ext-" + random.nextInt() : null)
                .append("source", pick("upload", "git", "web"))
                .append("type", pick("document", "code", null))
                .append("path", "/docs/" + random.nextInt(100))
                .append("tags", odd(List.of("a")))
                .append("metadata", new Document("lang", "en"))
                .append("chunks", random.nextInt(12) == 0 ? null : chunks);
    }

    Document chunk() {
        Object point = switch (random.nextInt(6)) {
            case 0 ->
                new Binary(
                        (byte) 4,
                        new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, (byte) random.nextInt()});
            case 1 -> random.nextInt(1_000);
            case 2 -> null;
            default -> new UUID(random.nextLong(), random.nextLong()).toString();
        };
        return new Document("content", "text " + random.nextInt())
                .append("qdrant_point_id", point)
                .append("embedding_model", "text-embedding-3")
                .append("score", random.nextDouble())
                .append("metadata", new Document("page", random.nextInt(100)));
    }

    private Object address() {
        return pick(
                "10.0.0." + random.nextInt(256),
                "2001:db8::" + Integer.toHexString(random.nextInt(65_536)),
                "unknown",
                "10.0.0.1:8080");
    }

    /// In a form that is in use; one in fifteen is of a document that is not there.
    private Object reference(List<ObjectId> ids) {
        ObjectId id = random.nextInt(15) == 0
                ? new ObjectId(1_000_000_000 + random.nextInt(1_000), random.nextInt(1 << 24))
                : ids.get(random.nextInt(ids.size()));
        return switch (random.nextInt(6)) {
            case 0 -> id.toHexString();
            case 1 -> new Document("$ref", "theirs").append("$id", id);
            default -> id;
        };
    }

    /// One in ten becomes something else.
    private @Nullable Object odd(Object value) {
        return random.nextInt(10) == 0 ? OddValues.insteadOf(value, random) : value;
    }

    @SafeVarargs
    private <T extends @Nullable Object> T pick(T... choices) {
        return choices[random.nextInt(choices.length)];
    }
}
