package dev.sluice.mapping;

import org.bson.BsonDocument;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// What a column is read from, and who is told what comes to light: the document, and the value that paths
/// start at, which is the document itself or in a child table an element of an array. One for each table
/// of a document; in a child table it moves along the array instead of being made anew. For one thread.
final class Scope {
    private final BsonDocument document;
    private final Findings findings;
    private final @Nullable Scope top;
    private final String array;
    private BsonValue start;
    private int index;
    private int fieldsCounted;

    private Scope(
            BsonDocument document, BsonValue start, Findings findings, @Nullable Scope top, String array, int index) {
        this.document = document;
        this.start = start;
        this.findings = findings;
        this.top = top;
        this.array = array;
        this.index = index;
    }

    /// Of the collection's own table.
    static Scope of(BsonDocument document, Findings findings) {
        return new Scope(document, document, findings, null, "", 0);
    }

    /// Of values that are in no document: those of the mapping itself.
    static Scope nowhere() {
        return of(new BsonDocument(), new Findings());
    }

    /// Of a child table, before its first element.
    ///
    /// @param array the path of the array
    Scope elements(String array) {
        return new Scope(document, document, findings, this, array, -1);
    }

    void moveTo(int next, BsonValue element) {
        index = next;
        start = element;
        fieldsCounted = 0;
    }

    /// A column has come upon its field, see [UnmappedFields].
    void countField() {
        fieldsCounted++;
    }

    int fieldsCounted() {
        return fieldsCounted;
    }

    BsonDocument document() {
        return document;
    }

    BsonValue start() {
        return start;
    }

    Findings findings() {
        return findings;
    }

    /// The scope of the document that holds the array; this one outside child tables.
    Scope top() {
        return top == null ? this : top;
    }

    /// The same place, for reading something again or only to compare with it: nobody is told what comes to
    /// light.
    Scope aside() {
        Findings unheard = new Findings();
        Scope aboveAside = top == null ? null : new Scope(document, document, unheard, null, "", 0);
        return new Scope(document, start, unheard, aboveAside, array, index);
    }

    /// The path of the value that paths start at: empty, or `lines[3]`.
    String place() {
        return top == null ? "" : array + "[" + index + "]";
    }
}
