package dev.sluice.testkit;

import dev.sluice.change.Change;
import dev.sluice.mapping.DocumentMapper;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.MappingReader;
import dev.sluice.sink.ChangeMapper;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.RowChange;
import java.util.List;
import java.util.Objects;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonTimestamp;

/// Mapped changes of a small collection, for tests of what is done with changes and not of how they are mapped.
public final class ThingChanges {
    private ThingChanges() {}

    /// An insert of `{_id: id, name: 'a'}` into `things`, whose rows have a number as their key.
    public static RowChange insert(int id) {
        CollectionMapping things =
                MappingReader.read("m.yaml", """
                mapping: m
                database: d
                collections:
                  things: {table: things, key: {column: id, type: bigint}, columns: {name: text}}
                """).collections().getFirst();
        BsonDocument document = BsonDocument.parse("{_id: " + id + ", name: 'a'}");
        return Objects.requireNonNull(
                ChangeMapper.of(List.of(new CollectionTarget(0, things, DocumentMapper.of(things))))
                        .map(new Change.Upsert("things", new BsonInt32(id), document, new BsonTimestamp(1, 1), 0)));
    }
}
