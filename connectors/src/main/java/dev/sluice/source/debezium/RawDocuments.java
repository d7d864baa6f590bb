package dev.sluice.source.debezium;

import com.mongodb.MongoClientSettings;
import io.debezium.config.Configuration;
import io.debezium.connector.mongodb.connection.DefaultMongoDbAuthProvider;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import org.bson.BsonDocument;
import org.bson.BsonReader;
import org.bson.BsonValue;
import org.bson.BsonWriter;
import org.bson.ByteBuf;
import org.bson.RawBsonDocument;
import org.bson.codecs.BsonDocumentCodec;
import org.bson.codecs.Codec;
import org.bson.codecs.DecoderContext;
import org.bson.codecs.EncoderContext;
import org.bson.codecs.RawBsonDocumentCodec;
import org.bson.codecs.configuration.CodecRegistries;
import org.bson.json.JsonWriterSettings;
import org.jspecify.annotations.Nullable;

/// Carries a document's BSON through Debezium untouched. Debezium would decode each document to a tree and
/// write it as JSON, for us to parse again; with this hook its `after` is the BSON itself, one byte a
/// character. That is faster, and it is exact where JSON is not: NaN, a document that looks like Extended
/// JSON, DBPointer.
///
/// It also lets [Polls] hear of the driver's commands. It hangs on Debezium's plug-in for authentication,
/// the only place that may touch the driver's settings, and relies on Debezium calling
/// `toJson(JsonWriterSettings)` for document images and nothing else: an internal matter, so its version is
/// pinned and `DebeziumChangeSourceIT` watches it. Made by the connector, by reflection.
public final class RawDocuments extends DefaultMongoDbAuthProvider {
    private @Nullable Polls polls;

    @Override
    public void init(Configuration config) {
        super.init(config);
        polls = Polls.registered(String.valueOf(config.getString(CommittedOffset.REFERENCE)));
    }

    @Override
    public MongoClientSettings.Builder addAuthConfig(MongoClientSettings.Builder settings) {
        if (polls != null) {
            settings.addCommandListener(polls);
        }
        return super.addAuthConfig(settings)
                .codecRegistry(CodecRegistries.fromRegistries(
                        CodecRegistries.fromCodecs(new RawImageCodec()),
                        MongoClientSettings.getDefaultCodecRegistry()));
    }

    /// The document in a record's `after`, when this hook was at work. Nothing in the text itself tells it
    /// from JSON: a document of 379 bytes begins with a brace too.
    static BsonDocument decode(String after) {
        return new RawBsonDocument(after.getBytes(StandardCharsets.ISO_8859_1));
    }

    /// Reads documents without decoding them.
    private static final class RawImageCodec implements Codec<BsonDocument> {
        private final RawBsonDocumentCodec raw = new RawBsonDocumentCodec();
        private final BsonDocumentCodec tree = new BsonDocumentCodec();

        @Override
        public BsonDocument decode(BsonReader reader, DecoderContext context) {
            return new RawImage(raw.decode(reader, context));
        }

        @Override
        public void encode(BsonWriter writer, BsonDocument value, EncoderContext context) {
            if (value instanceof RawImage image) {
                raw.encode(writer, image.raw, context);
            } else {
                tree.encode(writer, value, context);
            }
        }

        @Override
        public Class<BsonDocument> getEncoderClass() {
            return BsonDocument.class;
        }
    }

    /// A document that is its bytes, whatever it is asked.
    @SuppressWarnings("serial")
    private static final class RawImage extends BsonDocument {
        private final RawBsonDocument raw;

        RawImage(RawBsonDocument raw) {
            this.raw = raw;
        }

        @Override
        public String toJson(JsonWriterSettings settings) {
            ByteBuf buffer = raw.getByteBuffer();
            ByteBuffer bytes = buffer.asNIO();
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            return new String(copy, StandardCharsets.ISO_8859_1);
        }

        @Override
        public String toJson() {
            return raw.toJson();
        }

        @Override
        public @Nullable BsonValue get(Object key) {
            return raw.get(key);
        }

        @Override
        public boolean containsKey(Object key) {
            return raw.containsKey(key);
        }

        @Override
        public boolean containsValue(Object value) {
            return raw.containsValue(value);
        }

        @Override
        public int size() {
            return raw.size();
        }

        @Override
        public boolean isEmpty() {
            return raw.isEmpty();
        }

        @Override
        public Set<String> keySet() {
            return raw.keySet();
        }

        @Override
        public Collection<BsonValue> values() {
            return raw.values();
        }

        @Override
        public Set<Map.Entry<String, BsonValue>> entrySet() {
            return raw.entrySet();
        }

        @Override
        public String getFirstKey() {
            return raw.getFirstKey();
        }

        @Override
        public BsonReader asBsonReader() {
            return raw.asBsonReader();
        }

        @Override
        public BsonDocument clone() {
            return new RawImage((RawBsonDocument) raw.clone());
        }

        @Override
        public boolean equals(Object other) {
            return raw.equals(other instanceof RawImage image ? image.raw : other);
        }

        @Override
        public int hashCode() {
            return raw.hashCode();
        }

        @Override
        public String toString() {
            return raw.toString();
        }
    }
}
