package dev.sluice.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.ColumnMapping.Misfit;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Conversion;
import dev.sluice.schema.MappingException;
import dev.sluice.schema.Reference;
import dev.sluice.schema.TableName;
import dev.sluice.schema.Where;
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
    private final ConversionChain conversions;
    private final BsonToPg.Converter converter;
    private final @Nullable Object missing;
    private final @Nullable Object nulls;
    private final @Nullable Object instead;
    private final boolean rejects;
    private final boolean counts;
    /// Whether its source may have something to say of its own.
    private final boolean sourceSpeaks;
    /// Whether it reads strings as dates, so that nobody need be told how.
    private final boolean readsDates;

    /// The column that is written.
    private record Destination(TableName table, String column) {
        /// As people know it.
        String label() {
            return table.table() + "." + column;
        }
    }

    private ColumnMapper(
            Destination destination,
            SourceReader source,
            ConversionChain conversions,
            BsonToPg.Converter converter,
            @Nullable Object missing,
            @Nullable Object nulls,
            @Nullable Object instead,
            boolean rejects,
            boolean counts,
            boolean readsDates) {
        this.destination = destination;
        this.label = destination.label();
        this.source = source;
        this.conversions = conversions;
        this.converter = converter;
        this.missing = missing;
        this.nulls = nulls;
        this.instead = instead;
        this.rejects = rejects;
        this.counts = counts;
        this.readsDates = readsDates;
        this.sourceSpeaks = source.speaks();
    }

    /// @param counts whether it counts the field it reads, see [UnmappedFields#isCounter]
    /// @throws MappingException when a literal of the mapping does not fit the column
    static ColumnMapper of(TableName table, ColumnMapping column, SourceReader.Rests rests, boolean counts) {
        ColumnType type = typeOf(column);
        BsonToPg.Converter converter = BsonToPg.to(type);
        Where where = column.where();
        SourceReader source;
        ConversionChain conversions;
        try {
            source = SourceReader.of(column.source(), type, rests);
            conversions = ConversionChain.of(column.conversions(), type, rests);
            new LiteralCheck(type, converter, where, rests).check(column);
        } catch (IllegalArgumentException refused) {
            throw new MappingException(where, String.valueOf(refused.getMessage()));
        }
        return new ColumnMapper(
                new Destination(table, column.column()),
                source,
                conversions,
                converter,
                literal(column, column.missing(), type, "missing"),
                literal(column, column.nulls(), type, "null"),
                literal(column, column.instead(), type, "instead"),
                column.misfit() == Misfit.REJECT,
                counts,
                column.conversions().stream().anyMatch(Conversion.ParseTimestamp.class::isInstance));
    }

    /// What is written for a literal of the policies; one that is not there is SQL NULL, or JSON's where
    /// the mapping wants that.
    private static @Nullable Object literal(
            ColumnMapping column, @Nullable JsonNode literal, ColumnType type, String setting) {
        Object value = Literals.value(literal, type, column.where(), setting);
        return value == null && column.jsonNull() ? "null" : value;
    }

    /// A value that is looked up elsewhere is of the type it is looked up by.
    static ColumnType typeOf(ColumnMapping column) {
        Reference reference = column.reference();
        if (reference == null) {
            return column.type();
        }
        return column.type() instanceof ColumnType.Array
                ? new ColumnType.Array(reference.matchType())
                : reference.matchType();
    }

    /// Whether its value is what its source reads, with nothing done to it but the converter's work.
    boolean isPlain() {
        return conversions.isEmpty() && !sourceSpeaks;
    }

    BsonToPg.Converter converter() {
        return converter;
    }

    /// What is written where the source yields nothing; null is SQL NULL.
    @Nullable
    Object missing() {
        return missing;
    }

    /// What is written where the source yields null; null is SQL NULL.
    @Nullable
    Object nulls() {
        return nulls;
    }

    /// The column's value in the row; null is SQL NULL.
    @Nullable
    Object value(Scope scope) {
        Object fitting = fitting(scope);
        Refusals refusals = scope.refusals();
        SortedMap<Integer, String> refused =
                refusals == null ? null : refusals.of(destination.table(), destination.column(), scope.index());
        return refused == null ? fitting : withoutRefused(fitting, refused, scope);
    }

    /// What is left of a value that PostgreSQL does not read as the column's type.
    private @Nullable Object withoutRefused(@Nullable Object fitting, SortedMap<Integer, String> refused, Scope scope) {
        BsonValue read = source.read(scope.aside());
        if (refused.containsKey(Refusals.WHOLE) || !(fitting instanceof List<?> elements)) {
            report(original(read, read, scope), refused.values().iterator().next(), scope);
            return instead;
        }
        // Where the column's array is the document's own, its elements have places there.
        BsonArray own = read instanceof BsonArray array
                        && array.size() == elements.size()
                        && conversions.isEmpty()
                        && source.isVerbatim()
                ? array
                : null;
        List<@Nullable Object> left = new ArrayList<>(elements);
        List<Findings.Part> parts = new ArrayList<>();
        refused.forEach((element, reason) -> {
            left.set(element, null);
            BsonValue value = own == null ? BsonNull.VALUE : own.get(element);
            parts.add(new Findings.Part("[" + element + "]", value, reason));
        });
        reportParts(parts, read, own == null ? BsonNull.VALUE : own, scope);
        return left;
    }

    private @Nullable Object fitting(Scope scope) {
        if (sourceSpeaks) {
            scope.findings().enter(label, rejects);
        }
        BsonValue read = source.read(scope);
        if (counts && read != null) {
            scope.countField();
        }
        BsonValue value = read;
        String loss = null;
        if (!conversions.isEmpty()) {
            value = conversions.apply(read, scope);
            Findings findings = scope.said();
            if (findings != null) {
                String refusal = findings.takeRefusal();
                loss = findings.takeLoss();
                if (refusal != null) {
                    report(original(read, value, scope), refusal, scope);
                    return instead;
                }
            }
        }
        if (value == null) {
            keep(loss, read, scope);
            return missing;
        }
        if (Falsy.isNull(value)) {
            keep(loss, read, scope);
            return nulls;
        }
        return switch (converter.convert(value, scope)) {
            case Outcome.Fits(var fitting) -> {
                keep(loss, read, scope);
                Findings findings = scope.said();
                List<Findings.Part> parts = findings == null ? null : findings.takeParts();
                if (parts != null) {
                    reportParts(parts, read, value, scope);
                }
                yield fitting;
            }
            case Outcome.Misfit(String reason) -> {
                scope.findings().takeParts();
                String why = readsDates && reason.equals(TimesToPg.UNREAD) ? "is a string that is no date" : reason;
                report(original(read, value, scope), why, scope);
                yield instead;
            }
        };
    }

    private void report(BsonValue original, String reason, Scope scope) {
        scope.findings().enter(label, rejects);
        scope.findings().report(source.path(scope), original, reason);
    }

    private void keep(@Nullable String loss, @Nullable BsonValue read, Scope scope) {
        if (loss != null) {
            scope.findings().enter(label, rejects);
            scope.findings().keep(source.path(scope), original(read, read, scope), loss);
        }
    }

    /// The value as it was before anything was done to it.
    ///
    /// @param converted what it became, which stands for it where there was nothing: a literal of the
    ///     mapping
    private BsonValue original(@Nullable BsonValue read, @Nullable BsonValue converted, Scope scope) {
        BsonValue original = source.original(read, scope);
        if (original == null) {
            original = converted == null ? BsonNull.VALUE : converted;
        }
        return conversions.seen(original);
    }

    private void reportParts(List<Findings.Part> parts, @Nullable BsonValue read, BsonValue converted, Scope scope) {
        Findings findings = scope.findings();
        findings.enter(label, rejects);
        String path = source.path(scope);
        BsonValue original = original(read, converted, scope);
        // Only where the value is the document's own is a place in it a place in the document.
        if (original == converted && source.isVerbatim()) {
            for (Findings.Part part : parts) {
                findings.report(SourceReader.join(path, part.path()), part.value(), part.reason());
            }
        } else {
            Findings.Part first = parts.getFirst();
            findings.report(path, original, "has parts that do not fit; the first " + first.reason());
        }
    }
}
