package dev.sluice.mapping.value;

import dev.sluice.bson.TwinDocument;

/// Places in a document as people read them: `lines[3].quantity`. Any thread.
public final class DocumentPath {
    private DocumentPath() {}

    /// Joins `lines[3]` and `quantity`, or `tags` and `[1]`.
    ///
    /// @param outer the place of an object or an array; empty for the document
    /// @param inner the place inside it, as [#segment] writes names, with or without a dot before it; may be empty
    public static String join(String outer, String inner) {
        if (outer.isEmpty()) {
            return inner.startsWith(".") ? inner.substring(1) : inner;
        }
        return inner.isEmpty() || inner.startsWith("[") || inner.startsWith(".") ? outer + inner : outer + "." + inner;
    }

    /// A field's name as paths write it: in quotes where it is empty or could be taken for a path, so that two values
    /// of a document are never kept under one.
    public static String segment(String name) {
        boolean isPlain = !name.isEmpty() && name.indexOf('.') < 0 && name.indexOf('[') < 0 && name.indexOf('#') < 0;
        return isPlain ? name : '"' + name + '"';
    }

    /// What tells a value behind another one of its name from the others in a path: `sku#2`.
    public static String segment(TwinDocument.Twin twin) {
        return segment(PgText.escaped(twin.name())) + "#" + twin.number();
    }
}
