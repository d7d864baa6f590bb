package dev.sluice.mapping;

import dev.sluice.bson.DocumentDecoder;
import dev.sluice.bson.TwinDocument;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.KeyMapping;
import java.math.BigDecimal;
import java.util.UUID;
import org.bson.BsonNumber;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;

/// How the `_id` of one collection's documents becomes the key of their rows. Immutable; any thread.
///
/// Numbers that MongoDB takes for the same `_id` (1 as int, long, double or decimal) give the same key: they are
/// taken by value. An `_id` with bytes that are not UTF-8 has none, since no text of PostgreSQL can hold it.
public final class DocumentKey {
    /// Queries see the first of two fields of a name, and can't be asked for such an `_id`.
    private static final KeyResult TWINS = new KeyResult.NoKey("has a field of the same name twice");

    private final ColumnType type;
    private final KeyMapping.Form form;
    private final UUID namespace;

    private DocumentKey(String collection, KeyMapping key) {
        this.type = key.type();
        this.form = key.form();
        this.namespace = IdUuid.namespace(collection);
    }

    /// @param collection the collection's name, which is part of the UUIDs that ObjectIds become
    public static DocumentKey of(String collection, KeyMapping key) {
        return new DocumentKey(collection, key);
    }

    /// @param id an `_id`; never null, though it may be BSON's null
    public KeyResult key(BsonValue id) {
        BsonValue decoded = id instanceof RawBsonDocument raw ? DocumentDecoder.document(raw) : id;
        return TwinDocument.isIn(decoded) ? TWINS : made(decoded);
    }

    private KeyResult made(BsonValue id) {
        return switch (type) {
            case ColumnType.Text t -> text(id, Integer.MAX_VALUE);
            case ColumnType.Varchar(int length) -> text(id, length);
            case ColumnType.Uuid u -> uuid(id);
            case ColumnType.Int whole -> bigint(id);
            case ColumnType.Citext c -> notAKey();
            case ColumnType.Bool b -> notAKey();
            case ColumnType.DoublePrecision d -> notAKey();
            case ColumnType.Numeric n -> notAKey();
            case ColumnType.Timestamptz t -> notAKey();
            case ColumnType.Date d -> notAKey();
            case ColumnType.Bytea b -> notAKey();
            case ColumnType.Jsonb j -> notAKey();
            case ColumnType.Inet i -> notAKey();
            case ColumnType.Postgres p -> notAKey();
            case ColumnType.Array a -> notAKey();
        };
    }

    private KeyResult notAKey() {
        throw new IllegalStateException("the mapping's reader lets no key of type " + type.sql() + " pass");
    }

    private KeyResult text(BsonValue id, int length) {
        String text = form == KeyMapping.Form.TYPED ? typed(id) : plain(id);
        String refusal = PgText.refusal(text);
        if (refusal != null) {
            return new KeyResult.NoKey(refusal);
        }
        return text.length() > length && text.codePointCount(0, text.length()) > length
                ? new KeyResult.NoKey("is longer than " + length + " characters")
                : new KeyResult.Key(text);
    }

    private static String plain(BsonValue id) {
        return switch (id.getBsonType()) {
            case STRING -> id.asString().getValue();
            case OBJECT_ID -> id.asObjectId().getValue().toHexString();
            case INT32 -> Integer.toString(id.asInt32().getValue());
            case INT64 -> Long.toString(id.asInt64().getValue());
            case DOUBLE, DECIMAL128 -> number(id.asNumber());
            case BOOLEAN -> id.asBoolean().getValue() ? "true" : "false";
            case DATE_TIME -> PreciseDateTime.text(id.asDateTime());
            case BINARY -> {
                UUID uuid = Uuids.of(id.asBinary());
                yield uuid != null ? uuid.toString() : extendedJson(id);
            }
            case DOCUMENT,
                    ARRAY,
                    UNDEFINED,
                    NULL,
                    REGULAR_EXPRESSION,
                    DB_POINTER,
                    JAVASCRIPT,
                    SYMBOL,
                    JAVASCRIPT_WITH_SCOPE,
                    TIMESTAMP,
                    MIN_KEY,
                    MAX_KEY -> extendedJson(id);
            case END_OF_DOCUMENT -> throw new IllegalArgumentException("no value has the type END_OF_DOCUMENT");
        };
    }

    private static String number(BsonNumber number) {
        return switch (BsonNumbers.plain(number)) {
            case BsonNumbers.Plain.Whole(long value) -> Long.toString(value);
            case BsonNumbers.Plain.Binary(double value) -> BsonNumbers.exactText(value);
            case BsonNumbers.Plain.Decimal(BigDecimal value) -> BsonNumbers.text(value);
        };
    }

    /// The text of a key with [KeyMapping.Form#TYPED].
    ///
    /// @throws ExtendedJson.TooDeep when the value is
    static String typed(BsonValue id) {
        return extendedJson(id);
    }

    private static String extendedJson(BsonValue id) {
        return ExtendedJson.text(id);
    }

    private static KeyResult bigint(BsonValue id) {
        if (id instanceof BsonNumber number) {
            return BsonNumbers.plain(number) instanceof BsonNumbers.Plain.Whole(long value)
                    ? new KeyResult.Key(value)
                    : new KeyResult.NoKey("is no whole number in the range of bigint");
        }
        return new KeyResult.NoKey("is " + BsonKind.of(id) + ", not a number");
    }

    private KeyResult uuid(BsonValue id) {
        UUID uuid = switch (id.getBsonType()) {
            case OBJECT_ID -> IdUuid.of(namespace, id.asObjectId().getValue());
            case BINARY -> Uuids.of(id.asBinary());
            case STRING -> Uuids.parse(id.asString().getValue());
            case DOUBLE,
                    DOCUMENT,
                    ARRAY,
                    UNDEFINED,
                    BOOLEAN,
                    DATE_TIME,
                    NULL,
                    REGULAR_EXPRESSION,
                    DB_POINTER,
                    JAVASCRIPT,
                    SYMBOL,
                    JAVASCRIPT_WITH_SCOPE,
                    INT32,
                    TIMESTAMP,
                    INT64,
                    DECIMAL128,
                    MIN_KEY,
                    MAX_KEY,
                    END_OF_DOCUMENT -> null;
        };
        return uuid != null ? new KeyResult.Key(uuid) : new KeyResult.NoKey("is " + BsonKind.of(id) + ", not a UUID");
    }
}
