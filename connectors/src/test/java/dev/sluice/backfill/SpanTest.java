package dev.sluice.backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.mongodb.MongoSocketReadException;
import com.mongodb.ServerAddress;
import com.mongodb.ServerCursor;
import com.mongodb.client.MongoCursor;
import dev.sluice.change.Chunk;
import dev.sluice.change.IdBracket;
import dev.sluice.failure.SluiceException;
import dev.sluice.sink.Fence;
import dev.sluice.source.mongo.DocumentReader;
import dev.sluice.source.mongo.DocumentSource;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonNull;
import org.bson.BsonRegularExpression;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.bson.codecs.BsonDocumentCodec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("What one cursor reads")
class SpanTest {
    private static final Span.Size TWO = new Span.Size(10, 2, 1_000_000);

    private final List<String> order = new ArrayList<>();
    private final Fence fence = new Fence();
    private final AtomicInteger numbers = new AtomicInteger(1);

    @Test
    @DisplayName(
            "is handed out in parts, each a chunk that ends with its last document, the rest a chunk from there on")
    void parts() {
        Span span = Span.of(chunk(IdBracket.NUMBER));
        Span.Reading reading = reading(cursor(-1, ints(1, 2, 3)));

        Span.Read.Part first = (Span.Read.Part) span.next(reading, TWO);
        assertThat(first.documents()).hasSize(2);
        assertThat(first.chunk()).isEqualTo(new Chunk("things", 0, IdBracket.NUMBER, null, new BsonInt32(2)));
        assertThat(first.rest()).isEqualTo(new Chunk("things", 1, IdBracket.NUMBER, new BsonInt32(2), null));
        Span.Read.Part second = (Span.Read.Part) span.next(reading, TWO);
        assertThat(second.chunk())
                .isEqualTo(new Chunk("things", 1, IdBracket.NUMBER, new BsonInt32(2), new BsonInt32(3)));
        Span.Read.End end = (Span.Read.End) span.next(reading, TWO);
        assertThat(end.empty()).containsExactly(new Chunk("things", 2, IdBracket.NUMBER, new BsonInt32(3), null));
        assertThat(end.left()).isEmpty();
    }

    @Test
    @DisplayName("ends a part with the document that reaches its bytes")
    void bytes() {
        Span span = Span.of(chunk(IdBracket.NUMBER));

        Span.Read.Part part =
                (Span.Read.Part) span.next(reading(cursor(-1, ints(1, 2, 3))), new Span.Size(10, 100, 20));

        // Each has 14 bytes.
        assertThat(part.documents()).hasSize(2);
        assertThat(part.bytes()).isEqualTo(28);
    }

    @Test
    @DisplayName("opens its flight before it asks for the position, and its cursor after that")
    void flightFirst() {
        Span.of(chunk(IdBracket.NUMBER)).next(reading(cursor(-1, ints(1))), TWO);

        assertThat(order).containsExactly("flight", "position", "cursor");
    }

    @Test
    @DisplayName("keeps its flight until its last part is written, however early the cursor ends")
    void landsWithTheLastPart() {
        Span span = Span.of(chunk(IdBracket.NUMBER));
        Span.Reading reading = reading(cursor(-1, ints(1, 2, 3)));
        Span.Read.Part first = (Span.Read.Part) span.next(reading, TWO);
        Span.Read.Part second = (Span.Read.Part) span.next(reading, TWO);
        span.next(reading, TWO);
        second.landed().run();
        touch(7);
        assertThat(first.flight().touched()).containsExactly(7);

        first.landed().run();
        touch(8);
        assertThat(first.flight().touched()).isEmpty();
    }

    @Test
    @DisplayName(
            "fails when the cursor is lost before it has read anything, and leaves the rest to a new one after that")
    void lostCursor() {
        Span nothing = Span.of(chunk(IdBracket.NUMBER));
        assertThatThrownBy(() -> nothing.next(reading(cursor(0, ints(1))), TWO)).isInstanceOf(SluiceException.class);

        Span some = Span.of(chunk(IdBracket.NUMBER));
        Span.Reading reading = reading(cursor(2, ints(1, 2, 3)));
        some.next(reading, TWO);
        Span.Read.End end = (Span.Read.End) some.next(reading, TWO);
        assertThat(end.empty()).isEmpty();
        assertThat(end.left()).containsExactly(new Chunk("things", 1, IdBracket.NUMBER, new BsonInt32(2), null));
    }

    @Test
    @DisplayName("is given up when the stream has touched too much since, which every part would have to look through")
    void touchedTooMuch() {
        Span span = Span.of(chunk(IdBracket.NUMBER));
        Span.Reading reading = reading(cursor(-1, ints(1, 2, 3)));
        span.next(reading, TWO);
        touch(IntStream.range(0, 100_001).boxed().toArray());

        Span.Read.End end = (Span.Read.End) span.next(reading, TWO);

        assertThat(end.left()).containsExactly(new Chunk("things", 1, IdBracket.NUMBER, new BsonInt32(2), null));
    }

    @Test
    @DisplayName("of a whole collection has a part for each bracket, and leaves ids of rare types, which lie in several"
            + " places of the order, to a chunk of their own")
    void brackets() {
        List<Chunk> all = List.of(
                chunk(0, IdBracket.NULL),
                chunk(1, IdBracket.NUMBER),
                chunk(2, IdBracket.STRING),
                chunk(3, IdBracket.OTHER));
        numbers.set(4);
        Span span = Span.ofAll(all);
        Span.Reading reading = reading(cursor(
                -1, List.of(BsonNull.VALUE, new BsonInt32(1), new BsonString("a"), new BsonRegularExpression("x"))));

        Span.Read.Part nulls = (Span.Read.Part) span.next(reading, TWO);
        assertThat(nulls.chunk()).isEqualTo(chunk(0, IdBracket.NULL));
        assertThat(nulls.rest()).isNull();
        assertThat(((Span.Read.Part) span.next(reading, TWO)).chunk().bracket()).isEqualTo(IdBracket.NUMBER);
        assertThat(((Span.Read.Part) span.next(reading, TWO)).chunk().bracket()).isEqualTo(IdBracket.STRING);
        Span.Read.End end = (Span.Read.End) span.next(reading, TWO);
        assertThat(end.left()).containsExactly(chunk(3, IdBracket.OTHER));
        assertThat(end.empty()).extracting(Chunk::bracket).containsExactly(IdBracket.NUMBER, IdBracket.STRING);
    }

    private void touch(Object... keys) {
        try (Fence.Held held = fence.hold()) {
            fence.note(Arrays.asList(keys));
            assertThat(held).isNotNull();
        }
    }

    private static Chunk chunk(IdBracket bracket) {
        return chunk(0, bracket);
    }

    private static Chunk chunk(int number, IdBracket bracket) {
        return new Chunk("things", number, bracket, null, null);
    }

    private static List<BsonValue> ints(Integer... ids) {
        return Arrays.stream(ids).<BsonValue>map(BsonInt32::new).toList();
    }

    private Span.Reading reading(MongoCursor<RawBsonDocument> cursor) {
        Fence observed = new Fence() {
            @Override
            public Flight open() {
                order.add("flight");
                return fence.open();
            }
        };
        return new Span.Reading(
                source(cursor),
                observed,
                () -> {
                    order.add("position");
                    return new BsonTimestamp(1, 1);
                },
                numbers::getAndIncrement);
    }

    /// Of a source's methods, spans call these two.
    private DocumentSource source(MongoCursor<RawBsonDocument> cursor) {
        return (DocumentSource) Proxy.newProxyInstance(
                DocumentSource.class.getClassLoader(),
                new Class<?>[] {DocumentSource.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "readAll", "readRange" -> {
                        order.add("cursor");
                        assertThat(arguments[arguments.length - 1]).isEqualTo(new BsonTimestamp(1, 1));
                        yield new DocumentReader(cursor, () -> {});
                    }
                    case String other -> throw new IllegalStateException("a span does not call " + other);
                });
    }

    /// @param lostAfter as many documents; -1 for never
    private static MongoCursor<RawBsonDocument> cursor(int lostAfter, List<BsonValue> ids) {
        return new MongoCursor<>() {
            private int at;

            @Override
            public boolean hasNext() {
                if (at == lostAfter) {
                    throw new MongoSocketReadException("lost", new ServerAddress());
                }
                return at < ids.size();
            }

            @Override
            public RawBsonDocument next() {
                return new RawBsonDocument(new BsonDocument("_id", ids.get(at++)), new BsonDocumentCodec());
            }

            @Override
            public void close() {}

            @Override
            public int available() {
                return 0;
            }

            @Override
            public @Nullable RawBsonDocument tryNext() {
                return hasNext() ? next() : null;
            }

            @Override
            public @Nullable ServerCursor getServerCursor() {
                return null;
            }

            @Override
            public ServerAddress getServerAddress() {
                return new ServerAddress();
            }
        };
    }
}
