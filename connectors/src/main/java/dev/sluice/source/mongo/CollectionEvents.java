package dev.sluice.source.mongo;

import dev.sluice.change.CollectionChange;
import dev.sluice.change.CollectionChange.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import org.bson.BsonBinary;
import org.bson.BsonDocument;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// Events of collections themselves in a change stream of a database.
public final class CollectionEvents {
    static final List<String> OPERATIONS = List.of("drop", "rename", "dropDatabase");

    private CollectionEvents() {}

    /// What an event says of some collections: nothing where it is of others or of documents, and of two where
    /// one takes the place of the other.
    public static List<CollectionChange> read(StreamEvent event, Collection<String> collections) {
        BsonTimestamp time = event.clusterTime();
        String collection = event.collection();
        boolean ours = collections.contains(collection);
        String own = hex(event.collectionUuid());
        List<CollectionChange> changes = new ArrayList<>();
        switch (event.kind()) {
            case DROP -> {
                if (ours) {
                    changes.add(new CollectionChange(Kind.DROPPED, collection, "", time, own));
                }
            }
            case RENAME -> {
                if (ours) {
                    changes.add(new CollectionChange(Kind.RENAMED, collection, "to " + event.to(), time, own));
                }
                if (collections.contains(event.to())) {
                    BsonDocument description = event.description();
                    BsonValue target = description == null ? null : description.get("dropTarget");
                    changes.add(new CollectionChange(Kind.REPLACED, event.to(), "by " + collection, time, hex(target)));
                }
            }
            case DROP_DATABASE -> changes.add(new CollectionChange(Kind.DATABASE_DROPPED, "", "", time, null));
            case MODIFY -> {
                if (ours) {
                    changes.add(new CollectionChange(Kind.MODIFIED, collection, "", time, own));
                }
            }
            case INSERT, UPDATE, REPLACE, DELETE, INVALIDATE, OTHER -> {}
        }
        return changes;
    }

    /// An identifier as it is compared and stored; null where there is none.
    static @Nullable String hex(@Nullable BsonValue uuid) {
        return uuid instanceof BsonBinary binary ? HexFormat.of().formatHex(binary.getData()) : null;
    }
}
