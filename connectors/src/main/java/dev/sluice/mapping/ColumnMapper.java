package dev.sluice.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.mapping.MappingResult.MisfitValue;
import dev.sluice.mapping.MappingResult.Rejected;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.ColumnMapping.Misfit;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Conversion;
import dev.sluice.schema.MappingException;
import dev.sluice.schema.Reference;
import dev.sluice.schema.Source;
import dev.sluice.schema.TableName;
import dev.sluice.schema.Where;
import java.util.List;
import org.bson.BsonDocument;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// One column, ready to run: source, conversions, the policies for missing and null, [BsonToPg], the policy
/// for misfits, in this order. Any thread.
final class ColumnMapper {
    private final String label;
    private final SourceReader source;
    private final ConversionStep[] steps;
    private final BsonToPg.Converter converter;
    private final @Nullable Object missing;
    private final @Nullable Object nulls;
    private final @Nullable Object instead;
    private final boolean rejects;
    private final boolean dropsOtherShapes;

    private ColumnMapper(
            String label,
            SourceReader source,
            ConversionStep[] steps,
            BsonToPg.Converter converter,
            @Nullable Object missing,
            @Nullable Object nulls,
            @Nullable Object instead,
            boolean rejects,
            boolean dropsOtherShapes) {
        this.label = label;
        this.source = source;
        this.steps = steps;
        this.converter = converter;
        this.missing = missing;
        this.nulls = nulls;
        this.instead = instead;
        this.rejects = rejects;
        this.dropsOtherShapes = dropsOtherShapes;
    }

    /// @throws MappingException when a literal of the mapping does not fit the column
    static ColumnMapper of(TableName table, ColumnMapping column, SourceReader.Rests rests) {
        ColumnType type = typeOf(column);
        BsonToPg.Converter converter = BsonToPg.to(type);
        Where where = column.where();
        SourceReader source;
        ConversionStep[] steps;
        try {
            source = SourceReader.of(column.source(), type, rests);
            steps = column.conversions().stream()
                    .map(c -> ConversionStep.of(c, type))
                    .toArray(ConversionStep[]::new);
        } catch (IllegalArgumentException refused) {
            throw new MappingException(where, String.valueOf(refused.getMessage()));
        }
        checkConstants(column.source(), type, steps, converter, where);
        checkSentinels(column.conversions(), type, steps, converter, where);
        return new ColumnMapper(
                table.table() + "." + column.column(),
                source,
                steps,
                converter,
                literal(column, column.missing(), type, "missing"),
                literal(column, column.nulls(), type, "null"),
                literal(column, column.instead(), type, "instead"),
                column.misfit() == Misfit.REJECT,
                column.conversions().stream().anyMatch(c -> c instanceof Conversion.Only));
    }

    /// What is written for a literal of the policies; one that is not there is SQL NULL, or JSON's where the
    /// mapping wants that.
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

    /// Constants that stand for the value itself. Those inside a `build` land in a jsonb, where everything
    /// fits.
    private static void checkConstants(
            Source source, ColumnType type, ConversionStep[] steps, BsonToPg.Converter converter, Where where) {
        switch (source) {
            case Source.Constant constant ->
                checkLiteral(Literals.bson(constant.value(), type), steps, 0, converter, where, "from");
            case Source.FirstOf(List<Source> sources) ->
                sources.forEach(s -> checkConstants(s, type, steps, converter, where));
            case Source.Parent(Source inner) -> checkConstants(inner, type, steps, converter, where);
            case Source.Path p -> {}
            case Source.Element e -> {}
            case Source.IdTime i -> {}
            case Source.Rest r -> {}
            case Source.WholeDocument w -> {}
            case Source.Build b -> {}
        }
    }

    private static void checkSentinels(
            List<Conversion> conversions,
            ColumnType type,
            ConversionStep[] steps,
            BsonToPg.Converter converter,
            Where where) {
        for (int i = 0; i < steps.length; i++) {
            if (conversions.get(i) instanceof Conversion.Sentinel sentinel) {
                checkLiteral(Literals.bson(sentinel.to(), type), steps, i + 1, converter, where, "convert");
            }
        }
    }

    private static void checkLiteral(
            BsonValue literal,
            ConversionStep[] steps,
            int from,
            BsonToPg.Converter converter,
            Where where,
            String setting) {
        BsonValue value = literal;
        for (int i = from; i < steps.length; i++) {
            value = steps[i].apply(value);
        }
        if (value != null) {
            Literals.value(value, converter, where, setting);
        }
    }

    /// The column's value in the row; null is SQL NULL.
    ///
    /// @param start where paths start: the document, or the element of a child table's array
    /// @param place the place of `start`, asked only when something has to be said about it
    @Nullable
    Object value(BsonDocument document, BsonValue start, Place place, Findings findings) {
        BsonValue original = source.read(document, start);
        BsonValue value = original;
        for (ConversionStep step : steps) {
            value = step.apply(value);
        }
        if (value == null) {
            if (dropsOtherShapes && original != null && !Falsy.isNull(original)) {
                // The mapping says to go on without it. That is no reason to lose it.
                String reason = "is " + BsonKind.of(original) + ", which the mapping takes for missing";
                findings.add(new MisfitValue(label, path(document, start, place), original, reason));
            }
            return missing;
        }
        if (Falsy.isNull(value)) {
            return nulls;
        }
        return switch (converter.convert(value, findings)) {
            case Outcome.Fits(var fitting) -> {
                List<Findings.Part> parts = findings.takeParts();
                if (parts != null) {
                    reportParts(parts, document, start, original == null ? value : original, value, place, findings);
                }
                yield fitting;
            }
            case Outcome.Misfit(String reason) -> {
                findings.takeParts();
                report(path(document, start, place), original == null ? value : original, reason, findings);
                yield instead;
            }
        };
    }

    private void reportParts(
            List<Findings.Part> parts,
            BsonDocument document,
            BsonValue start,
            BsonValue original,
            BsonValue converted,
            Place place,
            Findings findings) {
        String path = path(document, start, place);
        // Only where the value is the document's own is a place in it a place in the document.
        if (original == converted && source.isVerbatim()) {
            for (Findings.Part part : parts) {
                report(SourceReader.join(path, part.path()), part.value(), part.reason(), findings);
            }
        } else {
            Findings.Part first = parts.getFirst();
            report(path, original, "has parts that do not fit; the first " + first.reason(), findings);
        }
    }

    private void report(String path, BsonValue value, String reason, Findings findings) {
        if (rejects) {
            findings.reject(new Rejected(label, path, reason));
        } else {
            findings.add(new MisfitValue(label, path, value, reason));
        }
    }

    private String path(BsonDocument document, BsonValue start, Place place) {
        return source.path(document, start, place.path());
    }

    /// Where in the document paths start.
    sealed interface Place {
        String path();
    }

    /// At the document itself.
    record Top() implements Place {
        static final Top PLACE = new Top();

        @Override
        public String path() {
            return "";
        }
    }

    /// At an element of an array; moved along the array instead of being made anew. For one thread.
    static final class Element implements Place {
        private final String array;
        private int index;

        Element(String array) {
            this.array = array;
        }

        void moveTo(int next) {
            index = next;
        }

        @Override
        public String path() {
            return array + "[" + index + "]";
        }
    }
}
