package dev.sluice.source.mongo;

import com.mongodb.client.model.changestream.ChangeStreamDocument;
import com.mongodb.client.model.changestream.OperationType;
import dev.sluice.change.CollectionChange;
import dev.sluice.change.CollectionChange.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import org.bson.BsonBinary;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// Events of collections themselves in a change stream of a database.
public final class CollectionEvents {
    static final List<String> OPERATIONS = List.of("drop", "rename", "dropDatabase");

    private CollectionEvents() {}

    /// Whether an event of a stream is one of a collection, or of the database.
    public static boolean isOne(ChangeStreamDocument<?> event) {
        return OPERATIONS.contains(event.getOperationTypeString());
    }

    /// What an event says of some collections: nothing where it is of others or of documents, and of two where
    /// one takes the place of the other.
    public static List<CollectionChange> read(
            ChangeStreamDocument<RawBsonDocument> event, Collection<String> collections) {
        BsonTimestamp time = event.getClusterTime() == null ? new BsonTimestamp(0) : event.getClusterTime();
        String collection = name(event.getNamespaceDocument());
        boolean ours = collections.contains(collection);
        BsonDocument more = event.getExtraElements() == null ? new BsonDocument() : event.getExtraElements();
        String own = hex(more.get("collectionUUID"));
        OperationType type = event.getOperationType();
        List<CollectionChange> changes = new ArrayList<>();
        if (type == OperationType.DROP && ours) {
            changes.add(new CollectionChange(Kind.DROPPED, collection, "", time, own));
        } else if (type == OperationType.RENAME) {
            String to = name(event.getDestinationNamespaceDocument());
            if (ours) {
                changes.add(new CollectionChange(Kind.RENAMED, collection, "to " + to, time, own));
            }
            if (collections.contains(to)) {
                BsonValue target = more.get("operationDescription") instanceof BsonDocument description
                        ? description.get("dropTarget")
                        : null;
                changes.add(new CollectionChange(Kind.REPLACED, to, "by " + collection, time, hex(target)));
            }
        } else if (type == OperationType.DROP_DATABASE) {
            changes.add(new CollectionChange(Kind.DATABASE_DROPPED, "", "", time, null));
        } else if ("modify".equals(event.getOperationTypeString()) && ours) {
            changes.add(new CollectionChange(Kind.MODIFIED, collection, "", time, own));
        }
        return changes;
    }

    private static String name(@Nullable BsonDocument namespace) {
        return namespace != null && namespace.get("coll") instanceof BsonString name ? name.getValue() : "";
    }

    /// An identifier as it is compared and stored; null where there is none.
    static @Nullable String hex(@Nullable BsonValue uuid) {
        return uuid instanceof BsonBinary binary ? HexFormat.of().formatHex(binary.getData()) : null;
    }
}
