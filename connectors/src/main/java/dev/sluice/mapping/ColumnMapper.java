package dev.sluice.mapping;

import dev.sluice.mapping.convert.ConversionChain;
import dev.sluice.mapping.convert.LiteralCheck;
import dev.sluice.mapping.convert.Literals;
import dev.sluice.mapping.convert.SourceReader;
import dev.sluice.mapping.document.Findings;
import dev.sluice.mapping.document.ReadFields;
import dev.sluice.mapping.document.Scope;
import dev.sluice.mapping.row.BsonToPg;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.mapping.row.Refusals;
import dev.sluice.mapping.row.RowCollector;
import dev.sluice.mapping.row.RowOutput;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.mapping.row.TimesToPg;
import dev.sluice.mapping.value.DocumentPath;
import dev.sluice.mapping.value.RawBytes;
import dev.sluice.mapping.value.Value;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.ColumnMapping.Misfit;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.MappingException;
import dev.sluice.schema.TableName;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import org.bson.BsonArray;
import org.bson.BsonNull;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// One column, ready to run: source, conversions, the policies for missing and null, [BsonToPg], the policy
/// for misfits, in this order. Any thread.
final class ColumnMapper {
    private final Destination destination;
    private final String label;
    private final SourceReader source;
    /// The source where it is nothing but a path, which most are; else null.
    private final SourceReader.@Nullable PathReader path;
    private final ConversionChain conversions;
    private final BsonToPg converter;
    private final Policies policies;
    /// Whether its source may have something to say of its own.
    private final boolean sourceSpeaks;
    /// Whether there may be something to say of a value that fits.
    private final boolean mayFind;

    /// The column that is written.
    private record Destination(TableName table, String column) {
        /// As people know it.
        String label() {
            return table.table() + "." + column;
        }
    }

    /// What is written where there is no fitting value; null is SQL NULL.
    ///
    /// @param missing where the source yields nothing
    /// @param nulls where it yields null
    /// @param instead where it yields a misfit
    /// @param rejects whether a misfit rejects the document
    /// @param referred the documents that its values mean; null where they mean none
    private record Policies(
            @Nullable Object missing,
            @Nullable Object nulls,
            @Nullable Object instead,
            boolean rejects,
            @Nullable ReferredIds referred) {}

    private ColumnMapper(
            Destination destination,
            SourceReader source,
            ConversionChain conversions,
            BsonToPg converter,
            Policies policies) {
        this.destination = destination;
        this.label = destination.label();
        this.source = source;
        this.path = source instanceof SourceReader.PathReader only ? only : null;
        this.conversions = conversions;
        this.converter = converter;
        this.policies = policies;
        this.sourceSpeaks = source.speaks();
        this.mayFind = !conversions.isEmpty() || converter.hasParts();
    }

    /// @throws MappingException when a literal of the mapping does not fit the column
    static ColumnMapper of(TableName table, ColumnMapping column, ReadFields reads, DocumentKeys keys) {
        ColumnType type = TableShape.Column.typeOf(column);
        BsonToPg converter = BsonToPg.to(type);
        SourceReader source;
        ConversionChain conversions;
        try {
            source = SourceReader.of(column.source(), type, reads);
        } catch (IllegalArgumentException refused) {
            throw new MappingException(column.where(), String.valueOf(refused.getMessage()));
        }
        try {
            conversions = ConversionChain.of(column.conversions(), type, reads);
            new LiteralCheck(type, converter, reads).check(column);
        } catch (IllegalArgumentException refused) {
            throw new MappingException(column.places().conversions(), String.valueOf(refused.getMessage()));
        }
        return new ColumnMapper(
                new Destination(table, column.column()),
                source,
                conversions,
                converter,
                new Policies(
                        written(
                                column,
                                Literals.value(
                                        column.missing(), type, column.places().missing(), "missing")),
                        written(column, Literals.value(column.nulls(), type, column.where(), "null")),
                        written(column, Literals.value(column.instead(), type, column.where(), "instead")),
                        column.misfit() == Misfit.REJECT,
                        keys.referred(column, reads.element() != null)));
    }

    /// What is written for a literal of the policies; one that is not there is SQL NULL, or JSON's where
    /// the mapping wants that.
    private static @Nullable Object written(ColumnMapping column, @Nullable Object literal) {
        return literal == null && column.jsonNull() ? "null" : literal;
    }

    /// Writes the column's value in the row without what PostgreSQL refuses of it.
    void write(Scope scope, Refusals refusals, RowOutput out) {
        SortedMap<Integer, String> refused = refusals.of(destination.table(), destination.column(), scope.rowKey());
        if (refused == null) {
            write(scope, out);
        } else {
            RowCollector single = RowCollector.ofOne();
            write(scope, single);
            out.value(withoutRefused(single.one(), refused, scope));
        }
    }

    /// What is left of a value that PostgreSQL does not read as the column's type.
    private @Nullable Object withoutRefused(@Nullable Object fitting, SortedMap<Integer, String> refused, Scope scope) {
        Value read = scope.another();
        source.compare(scope, read);
        BsonValue original = conversions.seen(read.original());
        if (refused.containsKey(Refusals.WHOLE) || !(fitting instanceof List<?> elements)) {
            report(read, original, refused.values().iterator().next(), scope);
            return policies.instead();
        }
        // Where the column's array is the document's own, its elements have places there.
        boolean isOwn = conversions.isEmpty() && source.isVerbatim();
        BsonArray own =
                isOwn && read.orNull() instanceof BsonArray array && array.size() == elements.size() ? array : null;
        List<@Nullable Object> left = new ArrayList<>(elements);
        List<Findings.Part> parts = new ArrayList<>();
        refused.forEach((element, reason) -> {
            left.set(element, null);
            parts.add(new Findings.Part("[" + element + "]", own == null ? BsonNull.VALUE : own.get(element), reason));
        });
        reportParts(read, parts, original, own != null && !read.isChanged(), scope);
        return left;
    }

    /// Writes the column's value in the row.
    void write(Scope scope, RowOutput out) {
        Value value = scope.value();
        ReferredIds referred = policies.referred();
        if (referred != null) {
            scope.startReference();
        }
        if (path != null) {
            value.set(scope.bytes(), scope.found(path.slot()));
        } else {
            read(scope, value);
        }
        boolean isNothing = value.isMissing();
        boolean isRefused = !conversions.isEmpty() && isRefused(value, isNothing, scope);
        if (referred != null) {
            isRefused = isRefused || meansNone(value, isNothing, referred, scope);
            scope.endReference();
        }
        if (isRefused) {
            out.value(policies.instead());
            return;
        }
        if (value.isMissing()) {
            out.value(policies.missing());
        } else if (value.isNull()) {
            out.value(policies.nulls());
        } else {
            String reason = converter.write(value, out, scope);
            if (reason != null) {
                misfit(value, isNothing, reason, scope);
                out.value(policies.instead());
                return;
            }
        }
        if (mayFind) {
            keepFound(value, isNothing, scope);
        }
    }

    /// Whether a value means no document with a row, so that it may reach no row at all. Of an array its
    /// elements do.
    private boolean meansNone(Value value, boolean isNothing, ReferredIds referred, Scope scope) {
        if (value.type() == RawBytes.ARRAY && converter.hasParts()) {
            List<Findings.Part> none = new ArrayList<>();
            boolean isOwn = !value.isChanged() && !conversions.hides() && source.isVerbatim();
            BsonArray left = referred.elements(value.decoded().asArray(), none, scope);
            if (!none.isEmpty()) {
                reportParts(value, none, original(value, isNothing), isOwn, scope);
            }
            if (left != null) {
                value.change(left);
            }
            return false;
        }
        String reason = referred.refusal(value, scope);
        if (reason == null) {
            referred.write(value);
            return false;
        }
        if (referred.skips() && !referred.child() && !policies.rejects()) {
            scope.findings().reject(new MappingResult.Rejected(label, place(value, scope), reason));
        } else {
            misfit(value, isNothing, reason, scope);
        }
        return true;
    }

    /// Whether an element may have no row because of this column.
    boolean leavesOut() {
        ReferredIds referred = policies.referred();
        return referred != null && referred.skips() && !policies.rejects();
    }

    /// Why an element has no row: it refers to what can't have one. Null where it has one. Nobody is
    /// told what else comes to light.
    @Nullable
    String leftOut(Scope scope) {
        ReferredIds referred = policies.referred();
        if (referred == null) {
            return null;
        }
        scope.startReference();
        String reason = scope.quietly(() -> {
            Value read = scope.another();
            source.read(scope, read);
            conversions.apply(read, scope);
            Findings said = scope.said();
            boolean isRefused = said != null && said.takeRefusal() != null;
            return isRefused ? null : referred.refusal(read, scope);
        });
        scope.endReference();
        return reason;
    }

    private void read(Scope scope, Value value) {
        if (sourceSpeaks) {
            scope.findings().enter(label, policies.rejects());
        }
        source.read(scope, value);
    }

    /// Whether the conversions have no value for the column.
    private boolean isRefused(Value value, boolean isNothing, Scope scope) {
        conversions.apply(value, scope);
        Findings findings = scope.said();
        String refusal = findings == null ? null : findings.takeRefusal();
        if (refusal != null) {
            misfit(value, isNothing, refusal, scope);
        }
        return refusal != null;
    }

    private String place(Value value, Scope scope) {
        return path != null ? path.path(scope) : value.path();
    }

    private void misfit(Value value, boolean isNothing, String reason, Scope scope) {
        scope.findings().takeLoss();
        scope.findings().takeParts();
        boolean isUnread = conversions.readsDates() && reason.equals(TimesToPg.UNREAD);
        report(value, original(value, isNothing), isUnread ? "is a string that is no date" : reason, scope);
    }

    private void report(Value value, BsonValue original, String reason, Scope scope) {
        scope.findings().enter(label, policies.rejects());
        scope.findings().report(place(value, scope), original, reason);
    }

    /// Keeps what conversions took away from a value that was written, and its parts that do not fit.
    private void keepFound(Value value, boolean isNothing, Scope scope) {
        Findings findings = scope.said();
        String loss = findings == null ? null : findings.takeLoss();
        List<Findings.Part> parts = findings == null ? null : findings.takeParts();
        if (findings != null && loss != null) {
            findings.enter(label, policies.rejects());
            BsonValue original = isNothing ? BsonNull.VALUE : conversions.seen(value.original());
            findings.keep(place(value, scope), original, loss);
        }
        if (parts != null) {
            // Only where the value is the document's own is a place in it a place in the document.
            boolean isOwn = !value.isChanged() && !conversions.hides() && source.isVerbatim();
            reportParts(value, parts, original(value, isNothing), isOwn, scope);
        }
    }

    /// The value as it was before anything was done to it.
    ///
    /// @param isNothing whether there was none, so that what it became stands for it: a literal of the mapping
    private BsonValue original(Value value, boolean isNothing) {
        BsonValue original = isNothing ? value.orNull() : value.original();
        return conversions.seen(original == null ? BsonNull.VALUE : original);
    }

    /// @param isOwn whether the places of the parts are places in the document
    private void reportParts(Value value, List<Findings.Part> parts, BsonValue original, boolean isOwn, Scope scope) {
        Findings findings = scope.findings();
        findings.enter(label, policies.rejects());
        String path = place(value, scope);
        if (isOwn) {
            for (Findings.Part part : parts) {
                findings.report(DocumentPath.join(path, part.path()), part.value(), part.reason());
            }
        } else {
            findings.report(
                    path,
                    original,
                    "has parts that do not fit; the first " + parts.getFirst().reason());
        }
    }
}
