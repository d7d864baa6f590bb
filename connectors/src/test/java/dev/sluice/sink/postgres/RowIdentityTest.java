package dev.sluice.sink.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.mapping.DocumentMapper;
import dev.sluice.schema.MappingReader;
import dev.sluice.sink.CollectionTarget;
import java.util.List;
import org.bson.BsonNull;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.types.ObjectId;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The way back from a row's key to the _id that has become it")
class RowIdentityTest {
    @Test
    @DisplayName("the key null is the string's where ids are strings, and else BSON's null")
    void ofNull() {
        assertThat(RowIdentity.candidates(target("string"), "null")).hasValue(List.of(new BsonString("null")));
        assertThat(RowIdentity.candidates(target("any"), "null")).hasValue(List.of(BsonNull.VALUE));
    }

    @Test
    @DisplayName("24 digits may be a number too, so all _ids have to be looked at; with a letter they are an ObjectId")
    void of24Digits() {
        assertThat(RowIdentity.candidates(target("any"), "100000000000000000000000"))
                .isEmpty();
        assertThat(RowIdentity.candidates(target("any"), "65f0c0ffee65f0c0ffee65f0"))
                .hasValue(List.of(new BsonObjectId(new ObjectId("65f0c0ffee65f0c0ffee65f0"))));
        assertThat(RowIdentity.candidates(target("string"), "65f0c0ffee65f0c0ffee65f0"))
                .hasValue(List.of(new BsonString("65f0c0ffee65f0c0ffee65f0")));
    }

    private static CollectionTarget target(String of) {
        var collection =
                MappingReader.read("m.yaml", """
                mapping: m
                database: d
                collections:
                  things: {table: things, key: {column: id, type: text, of: %s}, columns: {n: integer}}
                """.formatted(of)).collections().getFirst();
        return new CollectionTarget(0, collection, DocumentMapper.of(collection));
    }
}
