package dev.sluice.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The rules under `defaults`: what columns get that do not say it themselves. [MappingReader] applies
/// them while it reads, so that whatever reads the mapping finds each column as if it were written out.
/// Immutable.
final class ColumnDefaults {
    /// No rules.
    static final ColumnDefaults NONE = new ColumnDefaults(List.of());

    private final List<Rule> rules;

    private ColumnDefaults(List<Rule> rules) {
        this.rules = List.copyOf(rules);
    }

    /// One rule.
    ///
    /// @param type of the columns it is for; null for every type
    /// @param path of the fields that its columns read; null for columns of any source
    /// @param misfit null where it says nothing of it
    /// @param missing null where it says nothing of it
    private record Rule(
            @Nullable ColumnType type,
            @Nullable PathPattern path,
            Optional<List<Conversion>> conversions,
            ColumnMapping.@Nullable Misfit misfit,
            @Nullable JsonNode missing,
            Where where) {
        boolean isFor(ColumnType other, List<Source.Path> paths) {
            return (type == null || covers(type, other))
                    && (path == null || (!paths.isEmpty() && paths.stream().allMatch(path::matches)));
        }

        /// A type without a length or a precision stands for those that have one, too.
        private static boolean covers(ColumnType type, ColumnType other) {
            if (type instanceof ColumnType.Array(ColumnType element)) {
                return other instanceof ColumnType.Array(ColumnType of) && covers(element, of);
            }
            return type.equals(other)
                    || (type instanceof ColumnType.Text && other instanceof ColumnType.Varchar)
                    || (type instanceof ColumnType.Numeric any
                            && !any.constrained()
                            && other instanceof ColumnType.Numeric);
        }
    }

    /// @param list the node of `defaults`
    static ColumnDefaults read(MappingNode list) {
        return new ColumnDefaults(
                list.elements().stream().map(ColumnDefaults::rule).toList());
    }

    private static Rule rule(MappingNode node) {
        node.allow(Set.of("type", "path", "convert", "misfit", "missing"));
        if (Stream.of("convert", "misfit", "missing").noneMatch(node::has)) {
            node.problem("the rule gives nothing: write 'convert', 'misfit' or 'missing'");
        }
        return new Rule(
                node.has("type") ? MappingReader.type(node, "type") : null,
                node.has("path") ? PathPattern.of(SourceParser.path(node.at("path"))) : null,
                node.has("convert") ? Optional.of(ConversionParser.readAll(node, false)) : Optional.empty(),
                node.has("misfit") ? node.at("misfit").oneOf(ColumnMapping.Misfit.class) : null,
                node.literal("missing"),
                node.where());
    }

    /// The column with what the first rule that is for it gives, where the column does not say the same
    /// itself.
    ///
    /// @param said the node of the column
    /// @param array the array or object that a child table's column reads the elements or entries of;
    ///     null for the collection's own table
    ColumnMapping apply(ColumnMapping column, MappingNode said, Source.@Nullable Path array) {
        List<Source.Path> paths = rules.isEmpty() ? List.of() : paths(column.source(), array);
        return rules.stream()
                .filter(rule -> rule.isFor(column.type(), paths))
                .findFirst()
                .map(rule -> apply(rule, column, said))
                .orElse(column);
    }

    private static ColumnMapping apply(Rule rule, ColumnMapping column, MappingNode said) {
        Where where = column.where();
        Where given = new Where(
                rule.where().file(),
                rule.where().line(),
                where.path() + ", by " + rule.where().path());
        boolean converts = rule.conversions().isPresent() && !said.has("convert");
        boolean fills = rule.missing() != null && !said.has("missing");
        // What stands in place of a value that does not fit says that the row lands without it.
        boolean judges = !said.has("misfit") && !said.has("instead");
        ColumnMapping.Misfit misfit = rule.misfit();
        return new ColumnMapping(
                column.column(),
                column.type(),
                column.source(),
                converts ? rule.conversions().orElseThrow() : column.conversions(),
                fills ? rule.missing() : column.missing(),
                column.nulls(),
                judges && misfit != null ? misfit : column.misfit(),
                column.instead(),
                column.jsonNull(),
                column.reference(),
                column.lookup(),
                column.write(),
                new ColumnMapping.Places(where, converts ? given : where, fills ? given : where));
    }

    /// The paths that a column reads by name, as they are in the document.
    private static List<Source.Path> paths(Source source, Source.@Nullable Path array) {
        List<Source.Path> paths = new ArrayList<>(source.parentPaths());
        for (Source.Path own : source.ownPaths()) {
            paths.add(array == null ? own : within(array, own));
        }
        if (array != null && source.isMadeOf(part -> part instanceof Source.Element)) {
            paths.add(array);
        }
        return paths;
    }

    private static Source.Path within(Source.Path outer, Source.Path inner) {
        return new Source.Path(Stream.concat(outer.segments().stream(), inner.segments().stream())
                .toList());
    }
}
