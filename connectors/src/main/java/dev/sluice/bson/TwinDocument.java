package dev.sluice.bson;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.BiConsumer;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonJavaScriptWithScope;
import org.bson.BsonValue;

/// A document in which names are there twice. As a map it has the first value of each, which is the one that
/// MongoDB's queries see. For one thread while it is made, then any.
public final class TwinDocument extends BsonDocument {
    private static final long serialVersionUID = 1;

    private final transient List<Twin> twins;

    /// A value behind another one of its name.
    ///
    /// @param number 2 for the second of its name
    /// @param names how many different names are before it in the document
    public record Twin(String name, int number, int names, BsonValue value) {
        /// The same place with another value.
        public Twin with(BsonValue other) {
            return new Twin(name, number, names, other);
        }
    }

    /// @param fields the first of each name
    /// @param twins the others, in their order
    public TwinDocument(BsonDocument fields, Collection<Twin> twins) {
        this.twins = new ArrayList<>(twins);
        putAll(fields);
    }

    /// The document that is being read with its next field, whose name it has already.
    ///
    /// @return the document itself where it has twins already
    public static TwinDocument with(BsonDocument document, String name, BsonValue value) {
        TwinDocument twins = document instanceof TwinDocument already ? already : new TwinDocument(document, List.of());
        twins.addTwin(name, value);
        return twins;
    }

    private void addTwin(String name, BsonValue value) {
        int before =
                (int) twins.stream().filter(twin -> twin.name().equals(name)).count();
        twins.add(new Twin(name, before + 2, size(), value));
    }

    /// In their order.
    public List<Twin> twins() {
        return List.copyOf(twins);
    }

    public boolean hasTwin(String name) {
        return twins.stream().anyMatch(twin -> twin.name().equals(name));
    }

    /// Every field in the order of the document, also those of a name that has been there already.
    public void forEachField(BiConsumer<String, BsonValue> field) {
        int names = 0;
        int written = 0;
        for (Entry<String, BsonValue> first : entrySet()) {
            written = twinsBehind(names, written, field);
            field.accept(first.getKey(), first.getValue());
            names++;
        }
        twinsBehind(Integer.MAX_VALUE, written, field);
    }

    private int twinsBehind(int names, int written, BiConsumer<String, BsonValue> field) {
        int next = written;
        while (next < twins.size() && twins.get(next).names() <= names) {
            field.accept(twins.get(next).name(), twins.get(next).value());
            next++;
        }
        return next;
    }

    /// A copy to be changed, in which what is there twice stays so. The values are shared.
    public static BsonDocument copy(BsonDocument document) {
        if (document instanceof TwinDocument twins) {
            return new TwinDocument(twins, twins.twins);
        }
        BsonDocument copy = new BsonDocument(document.size() + 1);
        copy.putAll(document);
        return copy;
    }

    /// Whether a name is there twice anywhere in a value, code's scope included.
    public static boolean isIn(BsonValue value) {
        return switch (value) {
            case TwinDocument twins -> true;
            case BsonDocument object -> object.values().stream().anyMatch(TwinDocument::isIn);
            case BsonArray array -> array.stream().anyMatch(TwinDocument::isIn);
            case BsonJavaScriptWithScope code -> isIn(code.getScope());
            default -> false;
        };
    }

    // Equal by its fields, as any document.
    @Override
    public boolean equals(Object other) {
        return super.equals(other);
    }

    @Override
    public int hashCode() {
        return super.hashCode();
    }
}
