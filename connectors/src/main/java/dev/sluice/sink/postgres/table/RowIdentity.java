package dev.sluice.sink.postgres.table;

import dev.sluice.change.IdText;
import dev.sluice.mapping.DocumentKey;
import dev.sluice.mapping.KeyResult;
import dev.sluice.mapping.PlainText;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.KeyMapping;
import dev.sluice.schema.Source;
import dev.sluice.schema.Where;
import dev.sluice.sink.CollectionTarget;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.bson.BsonBinary;
import org.bson.BsonBinarySubType;
import org.bson.BsonInt64;
import org.bson.BsonNull;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.types.ObjectId;
import org.jspecify.annotations.Nullable;

/// How the control tables name documents, and the way back from a row to its document: which `_id`s can
/// have become its key.
public final class RowIdentity {
    private static final Pattern OBJECT_ID = Pattern.compile("[0-9a-f]{24}");
    private static final Pattern LONG_WHOLE = Pattern.compile("[1-9]\\d{23}");
    private static final Pattern WHOLE = Pattern.compile("-?\\d{1,18}");

    /// UUIDs of this version were made of ObjectIds.
    private static final int NAME_BASED = 5;

    private static final DocumentKey DOCUMENT_KEY = DocumentKey.of(
            "",
            new KeyMapping("document_key", new ColumnType.Text(), KeyMapping.Form.TYPED, null, new Where("", 1, "")));

    private RowIdentity() {}

    /// An `_id` as the control tables name a document: canonical Extended JSON, numbers by value. Different
    /// ids are always written differently, equal ones alike.
    public static String documentKey(BsonValue id) {
        return switch (DOCUMENT_KEY.key(id)) {
            case KeyResult.Key key -> (String) key.key();
            case KeyResult.NoKey none -> IdText.canonical(id);
        };
    }

    /// The key of a row, from its text as rows carry it.
    ///
    /// @throws IllegalArgumentException when no key of the collection has this text
    public static Object rowKey(CollectionTarget target, String text) {
        return switch (target.mapping().key().type()) {
            case ColumnType.Text t -> text;
            case ColumnType.Varchar v -> text;
            case ColumnType.Int whole -> Long.valueOf(text);
            case ColumnType.Uuid u -> UUID.fromString(text);
        };
    }

    /// A text column that holds the `_id` as it is; null where there is none.
    public static @Nullable String idColumn(CollectionTarget target) {
        for (ColumnMapping column : target.mapping().columns()) {
            if (column.type() instanceof ColumnType.Text
                    && column.conversions().isEmpty()
                    && column.source() instanceof Source.Path(List<String> segments)
                    && segments.equals(List.of("_id"))) {
                return column.column();
            }
        }
        return null;
    }

    /// Every `_id` whose row has this key: one at most. None where another client has made the key, and no
    /// `_id` becomes it.
    ///
    /// @param rowKey the key, as text: any that the key's column can hold
    /// @return empty where it can't be known
    public static Optional<List<BsonValue>> candidates(CollectionTarget target, String rowKey) {
        KeyResult key = new KeyResult.Key(rowKey(target, rowKey));
        return written(target, rowKey)
                .map(ids -> ids.stream()
                        .filter(id -> target.mapper().key(id).equals(key))
                        .toList());
    }

    private static Optional<List<BsonValue>> written(CollectionTarget target, String rowKey) {
        KeyMapping key = target.mapping().key();
        List<BsonValue> candidates = new ArrayList<>();
        return switch (key.type()) {
            case ColumnType.Text t -> ofText(key, rowKey, candidates);
            case ColumnType.Varchar v -> ofText(key, rowKey, candidates);
            case ColumnType.Int i -> Optional.of(List.of(new BsonInt64(Long.parseLong(rowKey))));
            case ColumnType.Uuid u -> {
                UUID uuid = UUID.fromString(rowKey);
                if (uuid.version() == NAME_BASED) {
                    yield Optional.empty();
                }
                byte[] bytes = ByteBuffer.allocate(16)
                        .putLong(uuid.getMostSignificantBits())
                        .putLong(uuid.getLeastSignificantBits())
                        .array();
                yield Optional.of(
                        List.of(new BsonBinary(BsonBinarySubType.UUID_STANDARD, bytes), new BsonString(rowKey)));
            }
        };
    }

    private static Optional<List<BsonValue>> ofText(KeyMapping key, String text, List<BsonValue> candidates) {
        if (key.form() == KeyMapping.Form.TYPED) {
            // Another client may have written any text: what is no Extended JSON has become of no _id.
            return Optional.of(IdText.find(text).stream().toList());
        }
        if (text.startsWith("{") || LONG_WHOLE.matcher(text).matches()) {
            // Written as Extended JSON, or a number of as many digits as an ObjectId has: it may be told no more.
            return Optional.empty();
        }
        candidates.add(new BsonString(text));
        if (text.equals("null")) {
            candidates.add(BsonNull.VALUE);
        } else if (OBJECT_ID.matcher(text).matches()) {
            candidates.add(new BsonObjectId(new ObjectId(text)));
        } else if (WHOLE.matcher(text).matches()) {
            candidates.add(new BsonInt64(Long.parseLong(text)));
        } else if (PlainText.mayBeNoString(text)) {
            return Optional.empty();
        }
        return Optional.of(candidates);
    }
}
