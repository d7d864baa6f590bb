package dev.sluice.profile;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.bson.BsonBinary;
import org.bson.BsonBinarySubType;

/// What the binaries of one path were like. Filled by one thread, then only read.
public final class BinaryProfile {
    private static final int UUID_BYTES = 16;

    private final Map<Integer, Long> subtypes = new TreeMap<>();
    private long count;
    private long uuids;
    private int bytesMax;

    BinaryProfile() {}

    void add(BsonBinary binary) {
        count++;
        subtypes.merge(Byte.toUnsignedInt(binary.getType()), 1L, Long::sum);
        bytesMax = Math.max(bytesMax, binary.getData().length);
        if (binary.getType() == BsonBinarySubType.UUID_STANDARD.getValue() && binary.getData().length == UUID_BYTES) {
            uuids++;
        }
    }

    /// Adds what other binaries were like.
    void addAll(BinaryProfile other) {
        count += other.count;
        uuids += other.uuids;
        other.subtypes.forEach((subtype, times) -> subtypes.merge(subtype, times, Long::sum));
        bytesMax = Math.max(bytesMax, other.bytesMax);
    }

    public long count() {
        return count;
    }

    /// How many had each subtype.
    public Map<Integer, Long> subtypes() {
        return Collections.unmodifiableMap(subtypes);
    }

    public int bytesMax() {
        return bytesMax;
    }

    /// UUIDs of subtype 4.
    public long uuids() {
        return uuids;
    }

    /// Whether every one is a UUID of subtype 4.
    public boolean areUuids() {
        return count > 0 && uuids == count;
    }

    /// UUIDs of subtype 3, whose byte order the value does not say.
    public long legacyUuids() {
        return subtypes.getOrDefault(Byte.toUnsignedInt(BsonBinarySubType.UUID_LEGACY.getValue()), 0L);
    }
}
