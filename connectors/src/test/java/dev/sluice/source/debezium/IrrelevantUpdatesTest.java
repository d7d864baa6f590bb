package dev.sluice.source.debezium;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.pipeline.ReadByMapping;
import dev.sluice.schema.MappingReader;
import dev.sluice.source.RelevantFields;
import dev.sluice.source.mongo.StreamEvent;
import dev.sluice.source.mongo.StreamEvent.Kind;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.bson.BsonDocument;
import org.bson.BsonTimestamp;
import org.bson.RawBsonDocument;
import org.bson.codecs.BsonDocumentCodec;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Which updates need neither a look-up nor a write.
class IrrelevantUpdatesTest {
    private static final Map<String, RelevantFields> RELEVANT =
            ReadByMapping.of(MappingReader.read("test.yaml", """
                    mapping: test
                    database: test
                    collections:
                      things: {table: things, key: {column: id, type: text}, columns: {name: text, city: {type: text, from: address.city}}}
                    """).collections());

    private long now = Long.MAX_VALUE - 5;
    private final IrrelevantUpdates updates = new IrrelevantUpdates(RELEVANT, () -> now);

    private static StreamEvent event(Kind kind, String collection, String... updated) {
        RawBsonDocument some = new RawBsonDocument(BsonDocument.parse("{_id: 1}"), new BsonDocumentCodec());
        return new StreamEvent(
                kind,
                collection,
                "",
                some,
                new BsonTimestamp(1, 1),
                0,
                some,
                null,
                null,
                List.of(updated),
                null,
                false);
    }

    private boolean isIrrelevant(String... updated) {
        return updates.isOne(event(Kind.UPDATE, "things", updated));
    }

    @Test
    @DisplayName("an update of what is read is relevant, whatever else it is of")
    void relevant() {
        assertThat(isIrrelevant("visits")).isFalse();
        assertThat(isIrrelevant("visits")).isTrue();
        assertThat(isIrrelevant("visits", "name")).isFalse();
        assertThat(isIrrelevant("name")).isFalse();
        assertThat(isIrrelevant("visits")).isTrue();
    }

    @Test
    @DisplayName(
            "the first update of each field that nothing reads is taken, so that the field is reported, and one a minute")
    void reported() {
        assertThat(isIrrelevant("visits.monday")).isFalse();
        assertThat(isIrrelevant("visits.tuesday")).as("the same field").isTrue();
        assertThat(isIrrelevant("address.zip")).isFalse();
        assertThat(isIrrelevant("address.zip", "visits")).isTrue();
        assertThat(isIrrelevant("address.zip", "fresh")).isFalse();
        now += Duration.ofSeconds(59).toNanos();
        assertThat(isIrrelevant("address.zip", "visits", "fresh")).isTrue();
        now += Duration.ofSeconds(1).toNanos();
        assertThat(isIrrelevant("visits")).isFalse();
        assertThat(isIrrelevant("visits")).isTrue();
    }

    @Test
    @DisplayName("where names are data, those beyond a thousand are one field")
    void manyNames() {
        for (int i = 0; i < IrrelevantUpdates.FIELDS_MAX; i++) {
            assertThat(isIrrelevant("counter" + i)).isFalse();
        }
        assertThat(isIrrelevant("one more")).isFalse();
        assertThat(isIrrelevant("and one more")).isTrue();
        assertThat(isIrrelevant("counter0", "another")).isTrue();
    }

    @Test
    @DisplayName("where MongoDB does not say what was updated, and of a collection that is read whole, it is relevant")
    void unknown() {
        assertThat(isIrrelevant()).isFalse();
        assertThat(updates.isOne(event(Kind.UPDATE, "others", "visits"))).isFalse();
        assertThat(updates.isOne(event(Kind.UPDATE, "others", "visits"))).isFalse();
    }

    @ParameterizedTest
    @EnumSource(value = Kind.class, mode = EnumSource.Mode.EXCLUDE, names = "UPDATE")
    @DisplayName("nothing but an update is irrelevant")
    void others(Kind kind) {
        isIrrelevant("visits");

        assertThat(updates.isOne(event(kind, "things", "visits"))).isFalse();
    }
}
