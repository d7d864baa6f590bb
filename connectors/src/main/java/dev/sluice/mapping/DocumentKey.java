package dev.sluice.mapping;

import dev.sluice.bson.DocumentDecoder;
import dev.sluice.bson.TwinDocument;
import dev.sluice.mapping.value.BsonNumbers;
import dev.sluice.mapping.value.ExtendedJson;
import dev.sluice.mapping.value.HexDigits;
import dev.sluice.mapping.value.IdUuid;
import dev.sluice.mapping.value.PgText;
import dev.sluice.mapping.value.PreciseDateTime;
import dev.sluice.mapping.value.RawBytes;
import dev.sluice.mapping.value.Uuids;
import dev.sluice.mapping.value.Value;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.KeyMapping;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;
import org.bson.BsonNumber;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// How the `_id` of one collection's documents becomes the key of their rows: two of them never become the same
/// one. Any thread; the same `_id` always becomes the same key.
///
/// Where ids of different types are written alike, [KeyMapping.Of] says which of them has the key, and the others have
/// none. Numbers that MongoDB takes for the same `_id` (1 as int, long, double or decimal) give the same key: they are
/// taken by value. An `_id` with bytes that are not UTF-8 has none, since no text of PostgreSQL can hold it.
public final class DocumentKey {
    /// Queries see the first of two fields of a name, and can't be asked for such an `_id`.
    private static final KeyResult TWINS = new KeyResult.NoKey("has a field of the same name twice");

    private static final String AS_TEXT = "; with `convert: [to_text]` the text alone counts";
    private static final String AS_NUMBER = "; `convert: [parse_number]` makes it one";
    private static final String AS_TYPE = "; a conversion to that type (`parse_number`, ..) makes it one, and with"
            + " `to_text` the text alone counts";
    private static final String APART = "; the mapping can keep them apart, with `form: typed` for the key";
    private static final String APART_AS_TEXT =
            "; the mapping can keep them apart, with `type: text` and `form: typed` for the key";

    private final String collection;
    private final ColumnType.Key type;
    private final KeyMapping.Form form;
    private final UUID namespace;

    private volatile UsualIds usual;
    private volatile Strings strings = Strings.NOT_ASKED;

    /// Whether strings have the keys that ids of other types could have.
    private enum Strings {
        NOT_ASKED,
        FIRST,
        LAST
    }

    private DocumentKey(String collection, KeyMapping key) {
        this.collection = collection;
        this.type = key.type();
        this.form = key.form();
        this.namespace = IdUuid.namespace(collection);
        this.usual = new Declared(key, false);
    }

    /// @param collection the collection's name, which is part of the UUIDs that ObjectIds become
    public static DocumentKey of(String collection, KeyMapping key) {
        return new DocumentKey(collection, key);
    }

    /// What the mapping says, and nobody else.
    ///
    /// @param firstDecides where the mapping says nothing
    private record Declared(KeyMapping key, boolean firstDecides) implements UsualIds {
        @Override
        public boolean areStrings(boolean first) {
            if (key.of() == null && first && !firstDecides) {
                // A guess would be another one on another path.
                throw new IllegalStateException(
                        "the mapping does not say of which ids the keys are, and nothing else does");
            }
            return known().orElse(first);
        }

        @Override
        public Optional<Boolean> known() {
            return Optional.ofNullable(key.of()).map(of -> of == KeyMapping.Of.STRING);
        }
    }

    /// Names who knows whether the collection's `_id`s are strings. Has no effect once it was asked.
    void decideBy(UsualIds known) {
        usual = known;
    }

    /// For trials that ask nobody: what the mapping declares, and where it declares nothing, the first id decides.
    void decideByFirst(KeyMapping key) {
        decideBy(new Declared(key, true));
    }

    private boolean areStringsFirst(boolean first) {
        Strings known = strings;
        if (known == Strings.NOT_ASKED) {
            // Two threads may ask at once; the answer is the same.
            known = usual.areStrings(first) ? Strings.FIRST : Strings.LAST;
            strings = known;
        }
        return known == Strings.FIRST;
    }

    /// What is known of the strings without an `_id` of the collection.
    private Strings known() {
        Strings known = strings;
        if (known == Strings.NOT_ASKED) {
            Optional<Boolean> found = usual.known();
            if (found.isPresent()) {
                known = found.get() ? Strings.FIRST : Strings.LAST;
                strings = known;
            }
        }
        return known;
    }

    /// Why a value that refers to the collection means no document that has a row, though a row may be
    /// written like it: only the row of an `_id` of another type. The text of an ObjectId or a UUID
    /// means these as well, since nothing else is written like them by chance.
    ///
    /// @param reference not null, not missing
    /// @param isByKey whether it is compared with the key; else with the text of the `_id`
    /// @param isReadAsId whether a conversion has read it from a text, or made the key of it
    /// @return null where it may mean one, and where no row can be written like it
    @Nullable
    String refusal(Value reference, boolean isByKey, boolean isReadAsId) {
        return switch (type) {
            case ColumnType.Text t -> textRefusal(reference, isReadAsId);
            case ColumnType.Varchar t -> textRefusal(reference, isReadAsId);
            case ColumnType.Uuid u -> uuidRefusal(reference, isByKey, isReadAsId);
            case ColumnType.Int i ->
                reference.type() == RawBytes.STRING && PlainText.isNumber(string(reference))
                        ? "is a string, and only numbers are keys of " + collection + AS_NUMBER
                        : null;
        };
    }

    private @Nullable String textRefusal(Value reference, boolean isReadAsId) {
        if (reference.type() == RawBytes.STRING) {
            String text = string(reference);
            return PlainText.mayBeNoString(text) && !PlainText.isUnmistakable(text) && known() == Strings.LAST
                    ? "is a string that is written like an _id of another type, and that one's is the key of "
                            + collection + AS_TYPE
                    : null;
        }
        boolean isNoText = reference.type() == RawBytes.DOCUMENT || reference.type() == RawBytes.ARRAY;
        if (isReadAsId || isNoText) {
            return null;
        }
        return switch (known()) {
            case NOT_ASKED -> null;
            case FIRST -> "is " + reference.kind() + ", and only strings are keys of " + collection + AS_TEXT;
            case LAST -> {
                String why = reference.isNumber()
                        ? PlainText.otherOf(reference.decoded().asNumber(), plain(reference))
                        : null;
                yield why == null ? null : why + " in " + collection;
            }
        };
    }

    private @Nullable String uuidRefusal(Value reference, boolean isByKey, boolean isReadAsId) {
        if (reference.type() == RawBytes.STRING) {
            UUID uuid = isByKey ? Uuids.parse(string(reference)) : null;
            boolean isUpper = uuid != null && !uuid.toString().equals(string(reference));
            return isUpper && known() == Strings.FIRST
                    ? "is a UUID in upper case, and only those in lower case are keys of " + collection
                            + "; `convert: [lower]` makes it one"
                    : null;
        }
        boolean isBinary = !isReadAsId && reference.uuid() != null;
        return isBinary && known() == Strings.FIRST
                ? "is a binary UUID, and only UUIDs as strings are keys of " + collection + AS_TEXT
                : null;
    }

    /// The key that a reference has to be written as, where its column would write it otherwise: numbers
    /// are keys by value, and a symbol is no string.
    ///
    /// @return null where the column writes it like the key
    @Nullable
    BsonValue written(Value reference) {
        boolean differs = reference.type() == RawBytes.DOUBLE
                || reference.type() == RawBytes.DECIMAL128
                || reference.type() == RawBytes.SYMBOL;
        boolean isText = type instanceof ColumnType.Text || type instanceof ColumnType.Varchar;
        return differs && isText ? new BsonString(plain(reference)) : null;
    }

    private static String string(Value reference) {
        return reference.decoded().asString().getValue();
    }

    /// @param id an `_id`, decoded or a document's bytes; never null, though it may be BSON's null
    public KeyResult key(BsonValue id) {
        return key(Value.of(id instanceof RawBsonDocument raw ? DocumentDecoder.document(raw) : id));
    }

    /// @param id not missing
    KeyResult key(Value id) {
        boolean mayHaveTwins = id.type() == RawBytes.DOCUMENT
                || id.type() == RawBytes.ARRAY
                || id.type() == RawBytes.JAVASCRIPT_WITH_SCOPE;
        if (mayHaveTwins && TwinDocument.isIn(id.decoded())) {
            return TWINS;
        }
        return switch (type) {
            case ColumnType.Text t -> text(id, Integer.MAX_VALUE);
            case ColumnType.Varchar(int length) -> text(id, length);
            case ColumnType.Uuid u -> uuid(id);
            case ColumnType.Int whole -> bigint(id);
        };
    }

    private KeyResult text(Value id, int length) {
        String text = form == KeyMapping.Form.TYPED ? ExtendedJson.typedKey(id.decoded()) : plain(id);
        String refusal = PgText.refusal(text);
        if (refusal != null) {
            return new KeyResult.NoKey(refusal);
        }
        String other = form == KeyMapping.Form.TYPED ? null : other(id, text);
        if (other != null) {
            return new KeyResult.NoKey(other);
        }
        return text.length() > length && text.codePointCount(0, text.length()) > length
                ? new KeyResult.NoKey("is longer than " + length + " characters")
                : new KeyResult.Key(text);
    }

    /// Why another `_id` has the key of this text; null when none has.
    private @Nullable String other(Value id, String text) {
        if (id.type() == RawBytes.STRING) {
            return strings == Strings.FIRST || !PlainText.mayBeNoString(text) || areStringsFirst(true)
                    ? null
                    : "is a string that is written like an _id of another type, which would have the same key" + APART;
        }
        if (areStringsFirst(false)) {
            return "is " + id.kind() + ", and a string that is written like it would have the same key" + APART;
        }
        boolean mayBeOther = id.type() == RawBytes.DOUBLE || id.type() == RawBytes.DECIMAL128;
        String why = mayBeOther ? PlainText.otherOf(id.decoded().asNumber(), text) : null;
        return why == null ? null : why + APART;
    }

    private static String plain(Value id) {
        byte[] bytes = id.bytes();
        return switch (id.type()) {
            case RawBytes.OBJECT_ID -> hex(id);
            case RawBytes.STRING -> id.decoded().asString().getValue();
            case RawBytes.INT32 -> Integer.toString(RawBytes.int32(bytes, id.at()));
            case RawBytes.INT64 -> Long.toString(RawBytes.int64(bytes, id.at()));
            case RawBytes.DOUBLE, RawBytes.DECIMAL128 -> number(id.decoded().asNumber());
            case RawBytes.BOOLEAN -> RawBytes.isTrue(bytes, id.at()) ? "true" : "false";
            case RawBytes.DATE_TIME -> PreciseDateTime.text(id.decoded().asDateTime());
            default -> {
                UUID uuid = id.uuid();
                yield uuid != null ? uuid.toString() : ExtendedJson.text(id.decoded());
            }
        };
    }

    private static String hex(Value id) {
        byte[] hex = id.scratch().hex();
        HexDigits.objectId(id.bytes(), id.at(), hex, 0);
        return new String(hex, StandardCharsets.ISO_8859_1);
    }

    private static String number(BsonNumber number) {
        return switch (BsonNumbers.plain(number)) {
            case BsonNumbers.Plain.Whole(long value) -> Long.toString(value);
            case BsonNumbers.Plain.Binary(double value) -> BsonNumbers.exactText(value);
            case BsonNumbers.Plain.Decimal(BigDecimal value) -> BsonNumbers.text(value);
        };
    }

    private static KeyResult bigint(Value id) {
        if (!id.isNumber()) {
            return new KeyResult.NoKey("is " + id.kind() + ", not a number");
        }
        return BsonNumbers.plain(id.decoded().asNumber()) instanceof BsonNumbers.Plain.Whole(long value)
                ? new KeyResult.Key(value)
                : new KeyResult.NoKey("is no whole number in the range of bigint");
    }

    private KeyResult uuid(Value id) {
        switch (id.type()) {
            case RawBytes.OBJECT_ID -> {
                // The hash of a name that no other id has: no UUID that anything else made.
                HexDigits.objectId(id.bytes(), id.at(), id.scratch().hex(), 0);
                return new KeyResult.Key(
                        id.scratch().uuids(namespace).of(id.scratch().hex()));
            }
            case RawBytes.STRING -> {
                String text = id.decoded().asString().getValue();
                UUID uuid = Uuids.parse(text);
                if (uuid == null) {
                    return notAUuid(id);
                }
                if (!uuid.toString().equals(text)) {
                    return new KeyResult.NoKey(
                            "is a UUID in upper case, and the same in lower case would have the same key"
                                    + APART_AS_TEXT);
                }
                return areStringsFirst(true)
                        ? new KeyResult.Key(uuid)
                        : new KeyResult.NoKey(
                                "is a UUID as a string, and a binary one would have the same key" + APART_AS_TEXT);
            }
            default -> {
                UUID uuid = id.uuid();
                if (uuid == null) {
                    return notAUuid(id);
                }
                return areStringsFirst(false)
                        ? new KeyResult.NoKey(
                                "is a binary UUID, and the same as a string would have the same key" + APART_AS_TEXT)
                        : new KeyResult.Key(uuid);
            }
        }
    }

    private static KeyResult notAUuid(Value id) {
        return new KeyResult.NoKey("is " + id.kind() + ", not a UUID");
    }
}
