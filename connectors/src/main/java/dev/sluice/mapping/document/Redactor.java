package dev.sluice.mapping.document;

import dev.sluice.bson.TwinDocument;
import dev.sluice.mapping.value.ExtendedJson;
import dev.sluice.mapping.value.Falsy;
import dev.sluice.mapping.value.PgText;
import dev.sluice.mapping.value.Value;
import dev.sluice.schema.Redaction;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonNull;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// Takes values out of a document that must not leave MongoDB. What is left alone is shared with the
/// document it came from; only what is on the way to a redacted value is copied.
///
/// Immutable once built; any thread.
public final class Redactor {
    private final Map<String, Redactor> children = new LinkedHashMap<>();
    private Redaction.@Nullable How how;

    private Redactor() {}

    /// Null when there is nothing to redact.
    public static @Nullable Redactor of(List<Redaction> redactions) {
        if (redactions.isEmpty()) {
            return null;
        }
        Redactor root = new Redactor();
        for (Redaction redaction : redactions) {
            Redactor node = root;
            for (String name : redaction.path().segments()) {
                node = node.children.computeIfAbsent(name, n -> new Redactor());
            }
            node.how = redaction.how();
        }
        return root;
    }

    /// The document without what must not be seen; the same instance when there is none of it.
    public BsonDocument redact(BsonDocument document) {
        BsonDocument copy = document instanceof TwinDocument twins ? masked(twins) : null;
        for (Map.Entry<String, Redactor> child : children.entrySet()) {
            BsonValue value = document.get(child.getKey());
            if (value == null) {
                continue;
            }
            BsonValue redacted = child.getValue().redact(value);
            if (redacted == value) {
                continue;
            }
            if (copy == null) {
                copy = new BsonDocument(document.size());
                copy.putAll(document);
            }
            if (redacted == null) {
                copy.remove(child.getKey());
            } else {
                copy.put(child.getKey(), redacted);
            }
        }
        return copy == null ? document : copy;
    }

    /// Of what is there twice, nothing is seen in which there may be something to hide.
    private TwinDocument masked(TwinDocument document) {
        return new TwinDocument(
                document,
                document.twins().stream()
                        .filter(twin -> !isRemoved(twin.name()))
                        .map(twin -> children.containsKey(twin.name()) ? twin.with(Value.MASK) : twin)
                        .toList());
    }

    private boolean isRemoved(String name) {
        Redactor child = children.get(name);
        return child != null && child.how == Redaction.How.REMOVE;
    }

    /// The value as it may be seen: the same instance when there is nothing to hide in it; null when it is
    /// to go.
    private @Nullable BsonValue redact(BsonValue value) {
        if (how != null) {
            return switch (how) {
                case REMOVE -> null;
                case MASK -> Falsy.isNull(value) ? value : Value.MASK;
                case HASH -> Falsy.isNull(value) ? value : hash(value);
            };
        }
        return inside(value);
    }

    private BsonValue inside(BsonValue value) {
        return switch (value) {
            case BsonDocument object -> redact(object);
            case BsonArray array -> redact(array);
            default -> value;
        };
    }

    private BsonArray redact(BsonArray array) {
        BsonArray copy = null;
        for (int i = 0; i < array.size(); i++) {
            BsonValue element = array.get(i);
            BsonValue redacted = element(i, element);
            if (redacted != element) {
                if (copy == null) {
                    copy = new BsonArray(array);
                }
                copy.set(i, redacted);
            }
        }
        return copy == null ? array : copy;
    }

    private BsonValue element(int index, BsonValue element) {
        // A number in the path is an index here too, as it is in the path of a column.
        Redactor atIndex = children.get(Integer.toString(index));
        if (atIndex == null) {
            return inside(element);
        }
        BsonValue redacted = atIndex.redact(element);
        // Null in its place, since without it the places of the others would mean something else.
        return redacted == null ? BsonNull.VALUE : inside(redacted);
    }

    /// SHA-256 of the canonical Extended JSON, as 64 hex digits.
    public static BsonString hash(BsonValue value) {
        String text;
        try {
            text = PgText.escaped(ExtendedJson.text(value));
        } catch (ExtendedJson.TooDeep tooDeep) {
            return Value.MASK;
        }
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return new BsonString(HexFormat.of().formatHex(digest));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }
}
