package dev.sluice.mapping;

import dev.sluice.mapping.convert.ConversionTrait;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Conversion;
import dev.sluice.schema.KeyMapping;
import dev.sluice.schema.Reference;
import dev.sluice.schema.Source;
import dev.sluice.schema.TableName;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The keys of the collections of one mapping: what a collection's rows and the references to them are
/// made by is the same. Shared by the mappers of these collections. Any thread.
public final class DocumentKeys {
    private final Map<TableName, Entry> byTable = new LinkedHashMap<>();

    private record Entry(CollectionMapping mapping, DocumentKey key) {}

    private DocumentKeys(Collection<CollectionMapping> collections) {
        for (CollectionMapping collection : collections) {
            byTable.put(
                    collection.table(),
                    new Entry(collection, DocumentKey.of(collection.collection(), collection.key())));
        }
    }

    /// @param collections those whose documents refer to each other, each with a table of its own
    public static DocumentKeys of(Collection<CollectionMapping> collections) {
        return new DocumentKeys(collections);
    }

    /// @throws IllegalArgumentException when the collection is none of these
    DocumentKey of(CollectionMapping collection) {
        Entry entry = byTable.get(collection.table());
        if (entry == null) {
            throw new IllegalArgumentException(collection.collection() + " is not among the collections");
        }
        return entry.key();
    }

    /// Names who knows of each collection whether its `_id`s are strings. Has no effect on one that was
    /// asked already.
    void decideBy(Function<CollectionMapping, UsualIds> known) {
        byTable.values().forEach(entry -> entry.key().decideBy(known.apply(entry.mapping())));
    }

    /// For trials that ask nobody, see [DocumentKey#decideByFirst].
    void decideByFirst() {
        byTable.values()
                .forEach(entry -> entry.key().decideByFirst(entry.mapping().key()));
    }

    /// Which documents the values of a column mean.
    ///
    /// @param child whether the column is a child table's
    /// @return null where it refers to no documents of these collections, where their keys can't be
    ///     shared by `_id`s of several types, and where the mapping says that only the text of a value
    ///     counts (`to_text`)
    @Nullable
    ReferredIds referred(ColumnMapping column, boolean child) {
        Reference reference = column.reference();
        Entry entry = reference == null ? null : byTable.get(reference.table());
        if (reference == null || entry == null || ReferredIds.isByText(column)) {
            return null;
        }
        KeyMapping key = entry.mapping().key();
        boolean byKey = reference.match().equals(key.column());
        boolean concerns = byKey
                ? key.canBeShared() && isComparedAs(reference.matchType(), key.type())
                : key.form() == KeyMapping.Form.PLAIN
                        && isComparedAs(reference.matchType(), new ColumnType.Text())
                        && holdsId(entry.mapping(), reference.match());
        return concerns ? new ReferredIds(entry.key(), byKey, reference.orphan(), child) : null;
    }

    /// Whether a column refers to a key with `form: typed` and is not written like one: no conversion of it is
    /// `typed_key`, or the text alone is to count (`to_text`). Then its values find no row, but for texts that are
    /// written like such a key already.
    public boolean lacksTypedKey(ColumnMapping column) {
        Reference reference = column.reference();
        Entry entry = reference == null ? null : byTable.get(reference.table());
        return reference != null
                && entry != null
                && reference.match().equals(entry.mapping().key().column())
                && entry.mapping().key().form() == KeyMapping.Form.TYPED
                && !isTyped(column.conversions())
                && !ReferredIds.isByText(column)
                && !column.source()
                        .isMadeOf(source ->
                                source instanceof Source.Converted converted && isTyped(converted.conversions()));
    }

    private static boolean isTyped(List<Conversion> conversions) {
        return ConversionTrait.Kind.WRITES_TYPED_KEY.isAmong(conversions);
    }

    private static boolean isComparedAs(ColumnType match, ColumnType key) {
        return match instanceof ColumnType.Uuid == key instanceof ColumnType.Uuid
                && (match instanceof ColumnType.Uuid
                        || match instanceof ColumnType.Text
                        || match instanceof ColumnType.Varchar
                        || match instanceof ColumnType.Citext);
    }

    /// Whether the column has the text of the `_id`.
    private static boolean holdsId(CollectionMapping mapping, String name) {
        return mapping.columns().stream()
                .anyMatch(column -> column.column().equals(name)
                        && column.conversions().isEmpty()
                        && column.source() instanceof Source.Path(List<String> segments)
                        && segments.equals(List.of("_id")));
    }
}
