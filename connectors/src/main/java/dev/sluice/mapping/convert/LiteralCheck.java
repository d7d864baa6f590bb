package dev.sluice.mapping.convert;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.mapping.document.ReadFields;
import dev.sluice.mapping.document.Scope;
import dev.sluice.mapping.row.BsonToPg;
import dev.sluice.mapping.value.Value;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Conversion;
import dev.sluice.schema.MappingException;
import dev.sluice.schema.Source;
import dev.sluice.schema.Where;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Sends the values that a column's mapping puts in place of others (constants, sentinels, the values of a
/// `map`) through what would become of them in a document, so that one that does not fit the column is told
/// when the mapping is read.
///
/// @param reads for conversions that compare with a source
public record LiteralCheck(ColumnType type, BsonToPg converter, ReadFields reads) {
    /// A chain of conversions on the way to the column, from one of its steps on.
    private record Way(ConversionChain chain, int from) {}

    /// A setting that puts values in, and where it is.
    private record Place(Where where, String setting) {}

    /// @throws MappingException when one does not fit
    /// @throws IllegalArgumentException when one is no value BSON has
    public void check(ColumnMapping column) {
        List<Way> rest =
                chain(column.conversions(), List.of(), new Place(column.places().conversions(), "convert"));
        source(column.source(), rest, new Place(column.where(), "from"));
    }

    /// Checks what conversions put in.
    ///
    /// @param after what follows the chain
    /// @return what follows the chain's source
    private List<Way> chain(List<Conversion> conversions, List<Way> after, Place place) {
        ConversionChain chain = ConversionChain.of(conversions, type, reads);
        for (int i = 0; i < conversions.size(); i++) {
            List<Way> rest = before(new Way(chain, i + 1), after);
            if (ConversionTrait.of(conversions.get(i)) instanceof ConversionTrait.PutsIn(List<JsonNode> literals)) {
                literals.forEach(literal -> literal(literal, rest, place));
            }
        }
        return before(new Way(chain, 0), after);
    }

    /// Constants that stand for the value itself. Those inside a `build`, a `merge` or a `join` land in an
    /// object or a text, where everything fits.
    private void source(Source source, List<Way> after, Place place) {
        switch (source) {
            case Source.Constant constant -> literal(constant.value(), after, place);
            case Source.FirstOf(List<Source> sources) -> sources.forEach(s -> source(s, after, place));
            case Source.FirstTruthy(List<Source> sources) -> sources.forEach(s -> source(s, after, place));
            case Source.Converted converted -> {
                literal(converted.missing(), after, place);
                source(converted.source(), chain(converted.conversions(), after, place), place);
            }
            case Source.Parent(Source inner) -> source(inner, after, place);
            case Source.Path p -> {}
            case Source.Element e -> {}
            case Source.IdTime i -> {}
            case Source.Rest r -> {}
            case Source.WholeDocument w -> {}
            case Source.Build b -> {}
            case Source.Merge m -> {}
            case Source.Join j -> {}
        }
    }

    private static List<Way> before(Way first, List<Way> after) {
        List<Way> ways = new ArrayList<>(after.size() + 1);
        ways.add(first);
        ways.addAll(after);
        return ways;
    }

    private void literal(@Nullable JsonNode literal, List<Way> after, Place place) {
        if (literal == null) {
            return;
        }
        Scope scope = Scope.nowhere(reads);
        Value value = scope.another();
        value.set(Literals.bson(literal, type));
        for (Way way : after) {
            way.chain().apply(value, way.from(), scope);
        }
        String refusal = scope.findings().takeRefusal();
        if (refusal != null) {
            throw Literals.misfit(place.where(), place.setting(), refusal);
        }
        if (!value.isMissing()) {
            Literals.value(value.decoded(), converter, place.where(), place.setting());
        }
    }
}
