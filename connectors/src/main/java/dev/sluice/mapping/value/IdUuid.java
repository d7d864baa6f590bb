package dev.sluice.mapping.value;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;
import org.bson.types.ObjectId;

/// The UUID that stands for a document whose `_id` is an ObjectId. It depends on the collection's name and
/// the ObjectId alone, so every run, every machine and every column that refers to the document arrives at
/// the same one.
///
/// It is a name-based UUID of version 5 (RFC 9562, SHA-1) in two steps: the namespace of a collection is
/// the UUID of the URL `https://sluice.dev/id/<collection>`, and the document's is that of its 24
/// lower-case hex digits in that namespace. In SQL, with the extension `uuid-ossp`:
///
/// ```sql
/// SELECT uuid_generate_v5(
///     uuid_generate_v5(uuid_ns_url(), 'https://sluice.dev/id/agents'), '65f0c0ffee65f0c0ffee65f0')
/// ```
public final class IdUuid {
    /// RFC 9562's namespace of URLs.
    private static final UUID URLS = UUID.fromString("6ba7b811-9dad-11d1-80b4-00c04fd430c8");

    private IdUuid() {}

    /// @param collection its name in MongoDB
    public static UUID of(String collection, ObjectId id) {
        return of(namespace(collection), id);
    }

    /// The namespace of a collection, for who needs many UUIDs of it.
    public static UUID namespace(String collection) {
        return version5(URLS, "https://sluice.dev/id/" + collection);
    }

    /// @param namespace of the collection
    public static UUID of(UUID namespace, ObjectId id) {
        return version5(namespace, id.toHexString());
    }

    private static UUID version5(UUID namespace, String name) {
        return new Maker(namespace).of(name.getBytes(StandardCharsets.UTF_8));
    }

    /// Makes the UUIDs of one namespace, for who needs very many. For one thread.
    public static final class Maker {
        private final MessageDigest sha1;
        private final byte[] namespace;

        /// @param namespace of the collection
        Maker(UUID namespace) {
            try {
                this.sha1 = MessageDigest.getInstance("SHA-1");
            } catch (NoSuchAlgorithmException impossible) {
                throw new IllegalStateException("every Java platform has SHA-1", impossible);
            }
            this.namespace = ByteBuffer.allocate(16)
                    .putLong(namespace.getMostSignificantBits())
                    .putLong(namespace.getLeastSignificantBits())
                    .array();
        }

        /// @param name an ObjectId's 24 hex digits
        public UUID of(byte[] name) {
            sha1.update(namespace);
            ByteBuffer hash = ByteBuffer.wrap(sha1.digest(name));
            long high = (hash.getLong() & ~0xF000L) | 0x5000L;
            long low = (hash.getLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
            return new UUID(high, low);
        }
    }
}
