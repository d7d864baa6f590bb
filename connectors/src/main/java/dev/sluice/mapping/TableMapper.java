package dev.sluice.mapping;

import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.MappingException;
import dev.sluice.schema.Source;
import dev.sluice.schema.TableName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// One table, ready to run. Any thread.
///
/// @param unread watches over values that keep paths from being read; null where there is nothing to watch
/// @param unmapped names the fields that nothing reads; null where a column keeps them
@SuppressWarnings("ArrayRecordComponent") // An array for speed; two of them are never compared.
record TableMapper(
        TableShape shape,
        ColumnMapper[] columns,
        SourceReader.Reads reads,
        @Nullable UnreadFields unread,
        @Nullable UnmappedFields unmapped) {
    /// @throws MappingException with every literal that does not fit its column
    static ColumnMapper[] columns(
            TableName table, List<ColumnMapping> mappings, SourceReader.Reads reads, DocumentKeys keys) {
        List<MappingException.Problem> problems = new ArrayList<>();
        List<ColumnMapper> columns = new ArrayList<>();
        for (ColumnMapping mapping : mappings) {
            try {
                columns.add(ColumnMapper.of(table, mapping, reads, keys));
            } catch (MappingException wrong) {
                problems.addAll(wrong.problems());
            }
        }
        if (!problems.isEmpty()) {
            throw new MappingException(problems);
        }
        return columns.toArray(ColumnMapper[]::new);
    }

    /// Whether a column holds what no other one reads, so that nothing is left to look after.
    static boolean keepsRest(List<ColumnMapping> columns) {
        return columns.stream()
                .anyMatch(c -> reads(
                        c.source(),
                        source -> source instanceof Source.Rest
                                || source instanceof Source.WholeDocument
                                || source instanceof Source.Element));
    }

    /// Whether a source is such a one, or is made of one.
    static boolean reads(Source source, Predicate<Source> such) {
        return such.test(source)
                || switch (source) {
                    case Source.FirstOf(List<Source> sources) -> anyReads(sources, such);
                    case Source.FirstTruthy(List<Source> sources) -> anyReads(sources, such);
                    case Source.Merge(List<Source> sources) -> anyReads(sources, such);
                    case Source.Join join -> anyReads(join.sources(), such);
                    case Source.Build build -> anyReads(build.fields().values(), such);
                    case Source.Converted converted -> reads(converted.source(), such);
                    case Source.Path p -> false;
                    case Source.Parent p -> false;
                    case Source.Element e -> false;
                    case Source.Constant c -> false;
                    case Source.IdTime i -> false;
                    case Source.Rest r -> false;
                    case Source.WholeDocument w -> false;
                };
    }

    private static boolean anyReads(Collection<Source> sources, Predicate<Source> such) {
        return sources.stream().anyMatch(source -> reads(source, such));
    }

    /// Why an element has no row because of what it refers to; null where it has one.
    @Nullable
    String leftOut(Scope scope) {
        for (ColumnMapper column : columns) {
            String reason = column.leavesOut() ? column.leftOut(scope) : null;
            if (reason != null) {
                return reason;
            }
        }
        return null;
    }

    /// Writes the columns of a row, without the key.
    void write(Scope scope, RowOutput out) {
        Refusals refusals = scope.refusals();
        if (refusals == null) {
            for (ColumnMapper column : columns) {
                column.write(scope, out);
            }
        } else {
            for (ColumnMapper column : columns) {
                column.write(scope, refusals, out);
            }
        }
    }

    /// Keeps what is there twice in a document or an element, where the name is read.
    ///
    /// @param place of the value, empty for the document
    void keepTwins(BsonValue value, String place, Findings findings) {
        reads.here()
                .twins(
                        value,
                        place,
                        (path, twin) -> findings.add(
                                new MappingResult.MisfitValue(shape.table().table(), path, twin, Findings.TWIN)));
    }
}
