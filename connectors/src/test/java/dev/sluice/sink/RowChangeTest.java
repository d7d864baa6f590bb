package dev.sluice.sink;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.bson.ExactBson;
import dev.sluice.change.Change;
import dev.sluice.mapping.DocumentMapper;
import dev.sluice.schema.MappingReader;
import dev.sluice.testkit.OddBytes;
import java.util.List;
import java.util.Objects;
import org.bson.BsonDocument;
import org.bson.BsonTimestamp;
import org.bson.RawBsonDocument;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Changes of documents whose _id is no key")
class RowChangeTest {
    @Test
    @DisplayName("are of different documents where only the first of two fields of a name differs, or a byte that is no"
            + " character")
    void differentDocuments() {
        assertDifferent(RawBsonDocument.parse("{_id: {a: 1, a: 7}}"), RawBsonDocument.parse("{_id: {a: 2, a: 7}}"));
        assertDifferent(
                RawBsonDocument.parse("{_id: {$code: 'f', $scope: {a: 1, a: 7}}}"),
                RawBsonDocument.parse("{_id: {$code: 'f', $scope: {a: 2, a: 7}}}"));
        assertDifferent(withBytes("ff"), withBytes("fe"));
    }

    @Test
    @DisplayName("are of one document where the _id is the same, decoded or as its bytes")
    void oneDocument() {
        RawBsonDocument document = RawBsonDocument.parse("{_id: {a: 1, a: 7}, n: 1}");

        assertThat(change(document).identity())
                .isEqualTo(change(RawBsonDocument.parse("{_id: {a: 1, a: 7}, n: 2}"))
                        .identity());
    }

    private static void assertDifferent(RawBsonDocument one, RawBsonDocument other) {
        assertThat(change(one).identity()).isNotEqualTo(change(other).identity());
        assertThat(change(one).fenceKey()).isNotEqualTo(change(other).fenceKey());
    }

    private static RawBsonDocument withBytes(String hex) {
        return ExactBson.document(new BsonDocument("_id", new BsonDocument("b", OddBytes.string(hex))));
    }

    private static RowChange change(RawBsonDocument document) {
        var collection = MappingReader.read("m.yaml", """
                mapping: m
                database: d
                collections:
                  things: {table: things, key: {column: id, type: text}, columns: {n: integer}}
                """).collections().getFirst();
        ChangeMapper mapper =
                ChangeMapper.of(List.of(new CollectionTarget(0, collection, DocumentMapper.of(collection))));
        return Objects.requireNonNull(
                mapper.map(new Change.Upsert("things", ExactBson.id(document), document, new BsonTimestamp(1, 1), 0)));
    }
}
