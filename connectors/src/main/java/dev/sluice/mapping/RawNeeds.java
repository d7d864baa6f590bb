package dev.sluice.mapping;

import dev.sluice.schema.Conversion;
import dev.sluice.schema.Source;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// What the columns that need decoded values read of one document, or of one element of an array. Built
/// when a mapping is compiled.
final class RawNeeds {
    /// Names of fields at the top.
    final Set<String> names = new HashSet<>();
    /// What nothing reads by name.
    boolean rest;
    /// Everything.
    boolean all;

    /// Adds what a source and its conversions read.
    ///
    /// @param here where the source's own paths start
    /// @param document the document; the same for a column of the collection's own table
    static void add(Source source, List<Conversion> conversions, RawNeeds here, RawNeeds document) {
        add(source, here, document);
        conversions.forEach(c -> add(c, here, document));
    }

    private static void add(Source source, RawNeeds here, RawNeeds document) {
        switch (source) {
            case Source.Path(List<String> names) -> here.names.add(names.getFirst());
            case Source.Parent(Source inner) -> add(inner, document, document);
            case Source.Element e -> here.all = true;
            case Source.FirstOf(List<Source> sources) -> sources.forEach(s -> add(s, here, document));
            case Source.FirstTruthy(List<Source> sources) -> sources.forEach(s -> add(s, here, document));
            case Source.Converted converted -> add(converted.source(), converted.conversions(), here, document);
            case Source.Merge(List<Source> sources) -> sources.forEach(s -> add(s, here, document));
            case Source.Join join -> join.sources().forEach(s -> add(s, here, document));
            case Source.Constant c -> {}
            case Source.IdTime i -> document.names.add("_id");
            case Source.Rest r -> here.rest = true;
            case Source.WholeDocument w -> document.all = true;
            case Source.Build build -> build.fields().values().forEach(s -> add(s, here, document));
        }
    }

    private static void add(Conversion conversion, RawNeeds here, RawNeeds document) {
        if (conversion instanceof Conversion.Without(Source source)) {
            add(source, here, document);
        } else if (conversion instanceof Conversion.At at) {
            at.conversions().forEach(c -> add(c, here, document));
        }
    }
}
