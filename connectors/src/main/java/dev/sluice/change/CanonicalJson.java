package dev.sluice.change;

import dev.sluice.bson.ExactBson;
import java.io.BufferedWriter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.bson.BsonDocument;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.bson.json.JsonMode;
import org.bson.json.JsonWriter;
import org.bson.json.JsonWriterSettings;

/// A document or a single value as canonical Extended JSON in UTF-8, which loses nothing and writes NUL as
/// an escape, so that text can hold it. The bytes lie in segments: the JSON of a document of 16 MB may have
/// 96 MB, and a string of it would be held several times. For one thread.
public final class CanonicalJson {
    private static final JsonWriterSettings CANONICAL =
            JsonWriterSettings.builder().outputMode(JsonMode.EXTENDED).build();

    /// What the driver writes around the value of a document with one field.
    private static final String BEFORE_VALUE = "{\"v\": ";

    private static final int AFTER_VALUE = 1;

    private final Segments segments;
    private final int from;
    private final int to;

    private CanonicalJson(Segments segments, int from, int to) {
        this.segments = segments;
        this.from = from;
        this.to = to;
    }

    public static CanonicalJson of(BsonDocument document) {
        Segments segments = written(document);
        return new CanonicalJson(segments, 0, segments.length);
    }

    /// A value by itself, which the driver writes inside documents only.
    public static CanonicalJson ofValue(BsonValue value) {
        if (value instanceof RawBsonDocument raw) {
            return of(raw);
        }
        Segments segments = written(new BsonDocument("v", value));
        return new CanonicalJson(segments, BEFORE_VALUE.length(), segments.length - AFTER_VALUE);
    }

    private static Segments written(BsonDocument document) {
        Segments segments = new Segments();
        try (Writer text = new BufferedWriter(new OutputStreamWriter(segments, StandardCharsets.UTF_8))) {
            // What is raw passes from one to the other: nothing of it is decoded to objects.
            ExactBson.write(new JsonWriter(text, CANONICAL), document);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return segments;
    }

    /// In bytes.
    public int length() {
        return to - from;
    }

    /// The bytes, from their beginning.
    public InputStream stream() {
        List<InputStream> parts = new ArrayList<>();
        int at = 0;
        for (byte[] segment : segments.parts) {
            int begin = Math.max(0, from - at);
            int end = Math.min(segment.length, to - at);
            if (end > begin) {
                parts.add(new ByteArrayInputStream(segment, begin, end - begin));
            }
            at += segment.length;
        }
        return new SequenceInputStream(Collections.enumeration(parts));
    }

    /// Grows without being copied.
    private static final class Segments extends OutputStream {
        private static final int SEGMENT = 1 << 16;

        private final List<byte[]> parts = new ArrayList<>();
        private int length;

        @Override
        public void write(int value) {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int count) {
            int at = offset;
            int left = count;
            while (left > 0) {
                int within = length % SEGMENT;
                if (within == 0) {
                    parts.add(new byte[SEGMENT]);
                }
                int taken = Math.min(left, SEGMENT - within);
                System.arraycopy(bytes, at, parts.getLast(), within, taken);
                length += taken;
                at += taken;
                left -= taken;
            }
        }
    }
}
