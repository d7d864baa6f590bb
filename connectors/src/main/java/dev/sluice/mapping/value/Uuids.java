package dev.sluice.mapping.value;

import java.nio.ByteBuffer;
import java.util.UUID;
import org.bson.BsonBinary;
import org.bson.BsonBinarySubType;
import org.jspecify.annotations.Nullable;

/// UUIDs in BSON: binary of subtype 4, and strings in the canonical form. Subtype 3 is none: drivers wrote
/// it in three byte orders, and the value does not say in which.
public final class Uuids {
    private Uuids() {}

    /// Null when the binary is no UUID.
    public static @Nullable UUID of(BsonBinary binary) {
        byte[] data = binary.getData();
        if (binary.getType() != BsonBinarySubType.UUID_STANDARD.getValue() || data.length != 16) {
            return null;
        }
        ByteBuffer bytes = ByteBuffer.wrap(data);
        return new UUID(bytes.getLong(), bytes.getLong());
    }

    /// The UUID as BSON has it, of subtype 4.
    public static BsonBinary binary(UUID uuid) {
        return new BsonBinary(
                BsonBinarySubType.UUID_STANDARD,
                ByteBuffer.allocate(16)
                        .putLong(uuid.getMostSignificantBits())
                        .putLong(uuid.getLeastSignificantBits())
                        .array());
    }

    /// Reads the canonical form of 36 characters, in upper or lower case; null for anything else.
    public static @Nullable UUID parse(String text) {
        if (text.length() != 36) {
            return null;
        }
        for (int i = 0; i < 36; i++) {
            boolean dash = i == 8 || i == 13 || i == 18 || i == 23;
            if (dash ? text.charAt(i) != '-' : !isHex(text.charAt(i))) {
                return null;
            }
        }
        return UUID.fromString(text);
    }

    /// Whether the text is an ObjectId as a person writes it: 24 hex digits.
    public static boolean isObjectId(String text) {
        if (text.length() != 24) {
            return false;
        }
        for (int i = 0; i < 24; i++) {
            if (!isHex(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    /// Whether it is a hex digit, in upper or lower case.
    public static boolean isHex(char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    }
}
