package dev.sluice.mapping;

import org.bson.BsonDocument;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// What a column is read from, and who is told what comes to light: the document, and the value that paths
/// start at, which is the document itself or in a child table an element of an array. One for each table
/// of a document; in a child table it moves along the array instead of being made anew. For one thread.
final class Scope implements NestedMisfits {
    private final BsonDocument document;
    private final @Nullable Scope top;
    private final String array;
    private BsonValue start;
    private final @Nullable Refusals refusals;
    private @Nullable Findings findings;
    private int index;
    private int fieldsCounted;

    private Scope(BsonDocument document, @Nullable Scope top, String array, @Nullable Refusals refusals) {
        this.document = document;
        this.start = document;
        this.top = top;
        this.array = array;
        this.refusals = refusals;
    }

    /// Of the collection's own table.
    static Scope of(BsonDocument document) {
        return of(document, null);
    }

    /// @param refusals what PostgreSQL has refused of the document's rows; null for nothing
    static Scope of(BsonDocument document, @Nullable Refusals refusals) {
        return new Scope(document, null, "", refusals);
    }

    /// Of values that are in no document: those of the mapping itself.
    static Scope nowhere() {
        return of(new BsonDocument());
    }

    /// Of a child table, before its first element.
    ///
    /// @param path of the array
    Scope elements(String path) {
        return new Scope(document, this, path, refusals);
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

    /// For who has something to say. Most documents have nothing to find, so there are none until then.
    Findings findings() {
        Scope all = top();
        if (all.findings == null) {
            all.findings = new Findings();
        }
        return all.findings;
    }

    /// What has been said of the document; null when that is nothing.
    @Nullable
    Findings said() {
        return top().findings;
    }

    /// Keeps what is there twice in a value, where the name is read.
    ///
    /// @param path of the value, empty for the document
    void keepTwins(FieldTrie read, BsonValue value, String path, String table) {
        read.twins(
                value,
                path,
                (place, twin) -> findings().add(new MappingResult.MisfitValue(table, place, twin, Findings.TWIN)));
    }

    @Override
    public void misfit(String path, BsonValue part, String reason) {
        findings().misfit(path, part, reason);
    }

    /// The scope of the document that holds the array; this one outside child tables.
    Scope top() {
        return top == null ? this : top;
    }

    /// The same place, for reading something again or only to compare with it: nobody is told what comes to
    /// light.
    Scope aside() {
        Scope aside = new Scope(document, top == null ? null : of(document), array, null);
        aside.moveTo(index, start);
        return aside;
    }

    /// What PostgreSQL has refused of the document's rows; null for nothing.
    @Nullable
    Refusals refusals() {
        return refusals;
    }

    /// The number of the element that it has moved to; 0 outside child tables.
    int index() {
        return index;
    }

    /// The path of the value that paths start at: empty, or `lines[3]`.
    String place() {
        return top == null ? "" : array + "[" + index + "]";
    }
}
