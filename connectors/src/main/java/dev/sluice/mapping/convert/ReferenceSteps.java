package dev.sluice.mapping.convert;

import dev.sluice.bson.TwinDocument;
import dev.sluice.mapping.document.Scope;
import dev.sluice.mapping.value.ExtendedJson;
import dev.sluice.mapping.value.Falsy;
import dev.sluice.mapping.value.IdUuid;
import dev.sluice.mapping.value.RawBytes;
import dev.sluice.mapping.value.Uuids;
import dev.sluice.mapping.value.Value;
import dev.sluice.schema.Conversion;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.UUID;
import org.bson.BsonArray;
import org.bson.BsonBinary;
import org.bson.BsonBinarySubType;
import org.bson.BsonDbPointer;
import org.bson.BsonDocument;
import org.bson.BsonNull;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.types.ObjectId;
import org.jspecify.annotations.Nullable;

/// The conversions of what refers to another document.
final class ReferenceSteps {
    /// How deep references are wrapped in each other: `{_id: {$oid: ".."}}` is 2.
    private static final int WRAPPED_MAX = 4;

    private static final Set<String> OF_A_REFERENCE = Set.of("$ref", "$id", "$db", "_id", "$oid");

    private ReferenceSteps() {}

    static ConversionStep objectIdToUuid(String collection) {
        UUID namespace = IdUuid.namespace(collection);
        return ConversionStep.of(
                v -> v.type() != RawBytes.OBJECT_ID && v.type() != RawBytes.STRING && v.type() != RawBytes.ARRAY,
                BsonValue.class,
                (value, scope) -> {
                    if (!(value instanceof BsonArray array)) {
                        return uuid(namespace, value, scope);
                    }
                    BsonArray uuids = new BsonArray(array.size());
                    for (BsonValue element : array) {
                        uuids.add(uuid(namespace, element, scope));
                    }
                    return uuids;
                });
    }

    private static BsonValue uuid(UUID namespace, BsonValue value, Scope scope) {
        if (value instanceof BsonObjectId id) {
            return scope.readAsId(Uuids.binary(IdUuid.of(namespace, id.getValue())));
        }
        return value instanceof BsonString s && Uuids.isObjectId(s.getValue())
                ? scope.readAsId(Uuids.binary(IdUuid.of(namespace, new ObjectId(s.getValue()))))
                : value;
    }

    static ConversionStep unwrap(AnyOf none) {
        return ConversionStep.of(Value::isMissingOrNull, BsonValue.class, (value, scope) -> {
            if (!(value instanceof BsonArray array)) {
                return unwrapped(value, none, scope, 1);
            }
            BsonArray references = new BsonArray(array.size());
            for (BsonValue element : array) {
                BsonValue reference = unwrapped(element, none, scope, 1);
                if (Falsy.isNull(element) || !Falsy.isNull(reference)) {
                    references.add(reference);
                }
            }
            return references;
        });
    }

    private static BsonValue unwrapped(BsonValue value, AnyOf none, Scope scope, int depth) {
        if (none.has(value)) {
            return BsonNull.VALUE;
        }
        return switch (value) {
            case BsonDbPointer pointer -> new BsonObjectId(pointer.getId());
            case BsonString s
            when Uuids.isObjectId(s.getValue()) -> scope.readAsId(new BsonObjectId(new ObjectId(s.getValue())));
            case BsonDocument object
            when depth < WRAPPED_MAX -> {
                BsonValue inner = inside(object);
                if (inner == null) {
                    yield value;
                }
                if (object instanceof TwinDocument || !OF_A_REFERENCE.containsAll(object.keySet())) {
                    scope.findings().lose("has more in it than a reference");
                }
                yield unwrapped(inner, none, scope, depth + 1);
            }
            default -> value;
        };
    }

    private static @Nullable BsonValue inside(BsonDocument object) {
        BsonValue id = object.get("$id");
        if (id == null) {
            id = object.get("_id");
        }
        if (id == null && object.get("$oid") instanceof BsonString oid && Uuids.isObjectId(oid.getValue())) {
            id = oid;
        }
        return id;
    }

    static BsonValue typedKey(BsonValue value) {
        if (!(value instanceof BsonArray array)) {
            return typedKeyOf(value);
        }
        BsonArray keys = new BsonArray(array.size());
        array.forEach(element -> keys.add(typedKeyOf(element)));
        return keys;
    }

    private static BsonValue typedKeyOf(BsonValue value) {
        try {
            // An _id with a name twice is no key, so there is nothing to refer to; it must not be taken for another's.
            return Falsy.isNull(value) || TwinDocument.isIn(value)
                    ? value
                    : new BsonString(ExtendedJson.typedKey(value));
        } catch (ExtendedJson.TooDeep tooDeep) {
            // No text column takes it as it is, either.
            return value;
        }
    }

    static BsonValue legacyUuid(BsonValue value, Conversion.LegacyOrder order, Scope scope) {
        if (value instanceof BsonBinary binary) {
            return standard(binary, order, scope);
        }
        if (!(value instanceof BsonArray array)) {
            return value;
        }
        BsonArray uuids = new BsonArray(array.size());
        for (BsonValue element : array) {
            uuids.add(element instanceof BsonBinary binary ? standard(binary, order, scope) : element);
        }
        return uuids;
    }

    private static BsonValue standard(BsonBinary binary, Conversion.LegacyOrder order, Scope scope) {
        if (binary.getType() != BsonBinarySubType.UUID_LEGACY.getValue() || binary.getData().length != 16) {
            return binary;
        }
        ByteBuffer bytes = ByteBuffer.wrap(binary.getData());
        long high = bytes.getLong();
        long low = bytes.getLong();
        UUID uuid = switch (order) {
            case PYTHON -> new UUID(high, low);
            case JAVA -> new UUID(Long.reverseBytes(high), Long.reverseBytes(low));
            case CSHARP -> new UUID(csharp(high), low);
        };
        return scope.readAsId(Uuids.binary(uuid));
    }

    /// The first four bytes, the next two and the next two are each the other way round.
    private static long csharp(long high) {
        long first = Integer.toUnsignedLong(Integer.reverseBytes((int) (high >>> 32)));
        long second = Short.toUnsignedLong(Short.reverseBytes((short) (high >>> 16)));
        long third = Short.toUnsignedLong(Short.reverseBytes((short) high));
        return first << 32 | second << 16 | third;
    }
}
