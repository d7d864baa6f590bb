package dev.sluice.source.debezium;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.memory.MemoryBudget;
import dev.sluice.source.mongo.LookUps;
import dev.sluice.source.mongo.StreamEvent;
import dev.sluice.source.mongo.StreamEvent.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.bson.BsonBinary;
import org.bson.BsonBinarySubType;
import org.bson.BsonDocument;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.bson.codecs.BsonDocumentCodec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Which documents updates get, and how MongoDB is asked for them.
class UpdatedDocumentsTest {
    private static final BsonBinary FIRST = new BsonBinary(BsonBinarySubType.UUID_STANDARD, new byte[16]);
    private static final BsonBinary SECOND = new BsonBinary(
            BsonBinarySubType.UUID_STANDARD, new byte[] {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1});

    private final MemoryBudget memory = new MemoryBudget(1 << 20);

    /// What MongoDB has, by `_id`; a larger one than this has room only alone.
    private final Map<Integer, RawBsonDocument> there = new HashMap<>();

    private int room = Integer.MAX_VALUE;
    private final List<Question> questions = new ArrayList<>();
    private final List<String> got = new ArrayList<>();
    private final UpdatedDocuments documents = new UpdatedDocuments(this::read);

    private record Question(String collection, @Nullable BsonBinary uuid, List<Integer> ids, long notBefore) {}

    @BeforeEach
    void fill() {
        for (int id = 0; id < 3_000; id++) {
            there.put(id, raw("{_id: " + id + "}"));
        }
    }

    private LookUps.Found read(
            String collection, @Nullable BsonBinary uuid, List<BsonValue> ids, BsonTimestamp notBefore) {
        questions.add(new Question(
                collection,
                uuid,
                ids.stream().map(id -> id.asInt32().getValue()).toList(),
                notBefore.getTime()));
        Map<Object, RawBsonDocument> found = new LinkedHashMap<>();
        Set<Object> unread = new HashSet<>();
        for (BsonValue id : ids) {
            RawBsonDocument document = there.get(id.asInt32().getValue());
            if (document != null && (found.isEmpty() || found.size() < room)) {
                found.put(id, document);
            } else if (document != null) {
                unread.add(id);
            }
        }
        return new LookUps.Found(found, unread);
    }

    private static RawBsonDocument raw(String json) {
        return new RawBsonDocument(BsonDocument.parse(json), new BsonDocumentCodec());
    }

    private Fetched event(Kind kind, BsonBinary uuid, int id, int time) {
        StreamEvent event = new StreamEvent(
                kind,
                "things",
                "",
                raw("{_data: 'aa'}"),
                new BsonTimestamp(time, 1),
                0,
                raw("{_id: " + id + "}"),
                kind == Kind.INSERT ? raw("{_id: " + id + ", inserted: true}") : null,
                uuid,
                List.of(),
                null,
                false);
        return new Fetched.Event(event, kind == Kind.UPDATE, false, memory.acquireNothing());
    }

    private Fetched update(int id, int time) {
        return event(Kind.UPDATE, FIRST, id, time);
    }

    private void complete(List<Fetched> fetched) throws InterruptedException {
        documents.complete(fetched, (each, document) -> {
            StreamEvent change = ((Fetched.Event) each).change();
            int id = Objects.requireNonNull(change.key()).getInt32("_id").getValue();
            got.add(change.kind() + " " + id + (document == null ? "" : " with its document"));
        });
    }

    @Test
    @DisplayName("a document that is updated fifty times is read once, and not from before the last of all updates")
    void once() throws InterruptedException {
        List<Fetched> fetched = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            fetched.add(update(7, 100 + i));
        }
        fetched.add(update(8, 200));
        complete(fetched);

        assertThat(questions).containsExactly(new Question("things", FIRST, List.of(7, 8), 200));
        assertThat(got).hasSize(51).allMatch(each -> each.endsWith("with its document"));
    }

    @Test
    @DisplayName("events keep their order, only updates are asked for, and a document that is gone is none")
    void order() throws InterruptedException {
        there.remove(2);
        complete(List.of(
                event(Kind.INSERT, FIRST, 1, 1),
                update(2, 2),
                event(Kind.DELETE, FIRST, 2, 3),
                update(1, 4),
                event(Kind.REPLACE, FIRST, 3, 5)));

        assertThat(questions).containsExactly(new Question("things", FIRST, List.of(2, 1), 4));
        assertThat(got).containsExactly("INSERT 1", "UPDATE 2", "DELETE 2", "UPDATE 1 with its document", "REPLACE 3");
    }

    @Test
    @DisplayName("where only inserts and deletes came nothing is asked")
    void nothing() throws InterruptedException {
        complete(List.of(event(Kind.INSERT, FIRST, 1, 1), event(Kind.DELETE, FIRST, 1, 2)));

        assertThat(questions).isEmpty();
        assertThat(got).hasSize(2);
    }

    @Test
    @DisplayName("two collections that had one name after the other are asked for separately")
    void twoCollections() throws InterruptedException {
        complete(List.of(update(1, 1), event(Kind.UPDATE, SECOND, 1, 2)));

        assertThat(questions)
                .containsExactlyInAnyOrder(
                        new Question("things", FIRST, List.of(1), 2), new Question("things", SECOND, List.of(1), 2));
    }

    @Test
    @DisplayName(
            "what had no room in an answer is asked for again, not from before the events behind it, and none is lost")
    void noRoom() throws InterruptedException {
        room = 2;
        complete(List.of(update(1, 1), update(2, 2), update(3, 3), update(4, 4), update(5, 5)));

        assertThat(got)
                .containsExactly(
                        "UPDATE 1 with its document",
                        "UPDATE 2 with its document",
                        "UPDATE 3 with its document",
                        "UPDATE 4 with its document",
                        "UPDATE 5 with its document");
        assertThat(questions.stream().map(Question::ids))
                .containsExactly(List.of(1, 2, 3, 4, 5), List.of(3, 4, 5), List.of(5));
    }

    @Test
    @DisplayName("as many documents are asked for at a time as hold 4 MB, as far as their size is known by then")
    void byBytes() throws InterruptedException {
        for (int id = 0; id < 200; id++) {
            there.put(id, raw("{_id: " + id + ", text: '" + "x".repeat(500_000) + "'}"));
        }
        List<Fetched> fetched = new ArrayList<>();
        for (int id = 0; id < 100; id++) {
            fetched.add(update(id, id + 1));
        }
        complete(fetched);

        // The first question is asked without having seen one.
        assertThat(questions.getFirst().ids()).hasSize(64);
        assertThat(questions.stream().skip(1).map(question -> question.ids().size()))
                .allMatch(size -> size <= 9);
        assertThat(got).hasSize(100).allMatch(each -> each.endsWith("with its document"));
    }

    @Test
    @DisplayName("small documents are asked for a thousand at a time once they are known to be small")
    void many() throws InterruptedException {
        List<Fetched> fetched = new ArrayList<>();
        for (int i = 0; i < 12_000; i++) {
            fetched.add(update(i % 3_000, i + 1));
        }
        complete(fetched);

        assertThat(questions.getLast().ids().size()).isLessThanOrEqualTo(1_000);
        assertThat(questions.stream().map(question -> question.ids().size())).contains(1_000);
        assertThat(got).hasSize(12_000);
    }
}
