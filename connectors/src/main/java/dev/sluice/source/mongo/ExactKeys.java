package dev.sluice.source.mongo;

import com.mongodb.client.model.changestream.ChangeStreamDocument;
import dev.sluice.bson.ExactBson;
import java.util.List;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.bson.conversions.Bson;
import org.jspecify.annotations.Nullable;

/// The keys of changed documents as their bytes. The driver decodes a change's `documentKey`: what is not UTF-8 in it
/// becomes U+FFFD, and of two fields of a name the last is left, so that the key may be another document's. What has
/// the
/// type of the documents it leaves as it is, so the server is asked to send the key in such a place.
public final class ExactKeys {
    private static final String KEY = "documentKey";

    /// Not asked for otherwise, and of the documents' type.
    private static final String PLACE = "fullDocumentBeforeChange";

    private ExactKeys() {}

    /// What a change stream of raw documents ends with.
    public static List<Bson> stages() {
        return List.of(
                new BsonDocument("$set", new BsonDocument(PLACE, new BsonString("$" + KEY))),
                new BsonDocument("$unset", new BsonString(KEY)));
    }

    /// The whole key: of a sharded collection, the shard key is in it too.
    ///
    /// @param change of a stream with [#stages]
    /// @return null where the change is not of a document
    public static @Nullable RawBsonDocument key(ChangeStreamDocument<RawBsonDocument> change) {
        return change.getFullDocumentBeforeChange();
    }

    /// The `_id` of the changed document.
    ///
    /// @param change of a document, of a stream with [#stages]
    /// @throws IllegalArgumentException when it is not of a document
    public static BsonValue id(ChangeStreamDocument<RawBsonDocument> change) {
        RawBsonDocument key = key(change);
        if (key == null) {
            throw new IllegalArgumentException("the change is of no document");
        }
        return ExactBson.id(key);
    }
}
