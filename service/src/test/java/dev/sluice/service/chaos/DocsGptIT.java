package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.PushOptions;
import com.mongodb.client.model.Updates;
import dev.sluice.mapping.IdUuid;
import dev.sluice.sandbox.SandboxMongo;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// The ready-made DocsGPT mapping against its real tables, with triggers and foreign keys: users, prompts,
/// conversations with their messages, in the shapes documents have had over the years, copied and then
/// changed the way the application changes them.
class DocsGptIT {
    private static final int CONVERSATIONS = 3_000;

    @Test
    @DisplayName("users, prompts and conversations are copied and followed, triggers and odd shapes included")
    void copiedAndFollowed() throws SQLException {
        try (LiveSystem system = LiveSystem.start("docsgpt", SandboxMongo.Options.DEFAULTS)) {
            MongoCollection<Document> users = system.database().getCollection("users");
            MongoCollection<Document> prompts = system.database().getCollection("prompts");
            MongoCollection<Document> conversations = system.database().getCollection("conversations");
            Random random = new Random(5);
            ObjectId agent = new ObjectId();
            // An agent that DocsGPT's own migration has brought: conversations refer to it by its MongoDB id.
            system.execute("INSERT INTO agents (user_id, name, status, legacy_mongo_id) VALUES ('u1', 'a', 'draft', '"
                    + agent.toHexString() + "')");
            users.insertMany(List.of(
                    new Document("user_id", "u1")
                            .append("agent_preferences", new Document("pinned", List.of("x")).append("theme", "dark")),
                    new Document("user_id", "u2"),
                    new Document("user_id", null),
                    new Document("user_id", "u3").append("agent_preferences", List.of())));
            prompts.insertMany(List.of(
                    new Document("user", "u1").append("name", "mine").append("content", "text"),
                    new Document("user", "system").append("name", "theirs").append("content", ""),
                    new Document("user", null).append("name", null).append("content", "nobody's"),
                    new Document("content", "nothing else")));
            List<ObjectId> ids = new ArrayList<>();
            List<Document> batch = new ArrayList<>();
            for (int i = 0; i < CONVERSATIONS; i++) {
                ObjectId id = new ObjectId();
                ids.add(id);
                batch.add(conversation(id, i, agent, random));
            }
            conversations.insertMany(batch);
            ObjectId odd = new ObjectId();
            conversations.insertOne(new Document("_id", odd)
                    .append("user", "u9")
                    .append("api_key", "")
                    .append("date", "2023-05-06T07:08:09")
                    .append("shared_with", "nobody")
                    .append("compression_metadata", new Document())
                    .append(
                            "queries",
                            Arrays.asList(
                                    new Document("prompt", "a\0b"), "not an object", new Document("prompt", "third"))));
            conversations.insertOne(new Document("name", "no user"));

            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
                assertThat(system.differences()).isEmpty();
                assertThat(system.number("SELECT count(*) FROM conversations")).isEqualTo(CONVERSATIONS + 1);
                assertThat(system.text(
                                "SELECT string_agg(user_id || ':' || name, ',' ORDER BY user_id, name) FROM prompts"))
                        .isEqualTo("__system__:,__system__:,__system__:theirs,u1:mine");
                // The trigger made rows for users that have no document.
                assertThat(system.number("SELECT count(*) FROM users WHERE user_id IN ('u9', '__system__')"))
                        .isEqualTo(2);
                assertThat(system.text("SELECT string_agg(position::text, ',' ORDER BY position)"
                                + " FROM conversation_messages WHERE conversation_id = '"
                                + IdUuid.of("conversations", odd) + "'"))
                        .isEqualTo("0,2");
                assertThat(system.text(
                                "SELECT date::text || ' ' || coalesce(api_key, 'no key') || ' ' || shared_with::text"
                                        + " FROM conversations WHERE legacy_mongo_id = '" + odd.toHexString() + "'"))
                        .isEqualTo("2023-05-06 07:08:09+00 no key {}");
                assertThat(system.number("SELECT count(*) FROM conversations c JOIN agents a ON a.id = c.agent_id"))
                        .isPositive();
                String messageId = messageId(system, ids.getFirst());

                live(conversations, ids, random);
                users.updateOne(Filters.eq("user_id", "u2"), Updates.set("agent_preferences.pinned", List.of("p")));
                users.deleteOne(Filters.eq("user_id", "u3"));
                prompts.deleteOne(Filters.eq("name", "mine"));
                running.awaitApplied();
                assertThat(system.differences()).isEmpty();
                assertThat(messageId(system, ids.getFirst()))
                        .as("message ids stay")
                        .isEqualTo(messageId);
                assertThat(system.number("SELECT count(*) FROM users WHERE user_id = 'u3'"))
                        .isEqualTo(1);
                assertThat(system.number("SELECT count(*) FROM prompts")).isEqualTo(3);
                assertThat(system.number("SELECT count(*) FROM sluice.dead_letter"))
                        .isZero();
            }
        }
    }

    private static @org.jspecify.annotations.Nullable String messageId(LiveSystem system, ObjectId conversation)
            throws SQLException {
        return system.text("SELECT id FROM conversation_messages WHERE position = 0 AND conversation_id = '"
                + IdUuid.of("conversations", conversation) + "'");
    }

    private static Document conversation(ObjectId id, int i, ObjectId agent, Random random) {
        List<Document> queries = new ArrayList<>();
        for (int q = random.nextInt(4); q >= 0; q--) {
            Document query = new Document("prompt", "question " + q)
                    .append("response", "answer — " + random.nextInt())
                    .append("thought", "")
                    .append("sources", List.of(new Document("title", "t").append("text", "x")))
                    .append("tool_calls", List.of())
                    .append("timestamp", Instant.ofEpochMilli(1_700_000_000_000L + i))
                    .append("attachments", random.nextInt(5) == 0 ? List.of(new ObjectId().toHexString(), "") : null)
                    .append("model_id", "m");
            if (random.nextInt(4) == 0) {
                query.append("feedback", "like").append("feedback_timestamp", Instant.ofEpochMilli(1_700_000_100_000L));
            }
            queries.add(query);
        }
        Document conversation = new Document("_id", id)
                .append("user", "u" + (i % 50))
                .append("date", Instant.ofEpochMilli(1_690_000_000_000L + i))
                .append("name", "conversation " + i)
                .append("queries", queries);
        if (i % 3 == 0) {
            conversation.append("agent_id", i % 2 == 0 ? agent.toHexString() : new ObjectId().toHexString());
        }
        return conversation;
    }

    /// What the application does to conversations.
    private static void live(MongoCollection<Document> conversations, List<ObjectId> ids, Random random) {
        for (int n = 0; n < 400; n++) {
            // The first is left alone but for one answer, so that its message can be recognised.
            ObjectId id = ids.get(1 + random.nextInt(ids.size() - 1));
            switch (n % 5) {
                case 0 ->
                    conversations.updateOne(Filters.eq("_id", id), Updates.set("queries.0.response", "better " + n));
                case 1 ->
                    conversations.updateOne(
                            Filters.eq("_id", id),
                            Updates.push("queries", new Document("prompt", "more " + n).append("response", "yes")));
                case 2 ->
                    conversations.updateOne(
                            Filters.eq("_id", id), Updates.pushEach("queries", List.of(), new PushOptions().slice(1)));
                case 3 -> conversations.updateOne(Filters.eq("_id", id), Updates.unset("queries.0.feedback"));
                default -> conversations.updateOne(Filters.eq("_id", id), Updates.set("name", "renamed " + n));
            }
        }
        conversations.updateOne(Filters.eq("_id", ids.getFirst()), Updates.set("queries.0.response", "edited"));
        conversations.deleteMany(Filters.in("_id", ids.subList(ids.size() - 20, ids.size())));
    }
}
