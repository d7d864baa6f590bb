package dev.sluice.sink.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.mapping.DocumentMapper;
import dev.sluice.schema.MappingReader;
import dev.sluice.sink.CollectionTarget;
import org.bson.BsonNull;
import org.bson.BsonString;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The way back from a row's key to the _ids that can have become it")
class RowIdentityTest {
    @Test
    @DisplayName("the key null is the string or BSON's null, so that a document with the _id null is found by its row")
    void ofNull() {
        assertThat(RowIdentity.candidates(target(), "null"))
                .hasValueSatisfying(
                        ids -> assertThat(ids).containsExactlyInAnyOrder(new BsonString("null"), BsonNull.VALUE));
    }

    @Test
    @DisplayName("24 digits may be a number too, so all _ids have to be looked at; with a letter they are an ObjectId")
    void of24Digits() {
        assertThat(RowIdentity.candidates(target(), "100000000000000000000000")).isEmpty();
        assertThat(RowIdentity.candidates(target(), "65f0c0ffee65f0c0ffee65f0"))
                .hasValueSatisfying(ids -> assertThat(ids).hasSize(2));
    }

    private static CollectionTarget target() {
        var collection = MappingReader.read("m.yaml", """
                mapping: m
                database: d
                collections:
                  things: {table: things, key: {column: id, type: text}, columns: {n: integer}}
                """).collections().getFirst();
        return new CollectionTarget(0, collection, DocumentMapper.of(collection));
    }
}
