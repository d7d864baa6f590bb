package dev.sluice.service.ops;

import dev.sluice.schema.Source;
import java.util.Collection;
import java.util.stream.Collectors;

/// Where a column's value comes from, in words.
final class SourceText {
    private SourceText() {}

    static String of(Source source) {
        return switch (source) {
            case Source.Path path -> path.toString();
            case Source.Parent parent -> of(parent.source()) + " of the document";
            case Source.Element e -> "the element";
            case Source.FirstOf(var sources) -> "first of " + list(sources);
            case Source.FirstTruthy(var sources) -> "first that is set of " + list(sources);
            case Source.Converted converted -> of(converted.source()) + ", converted";
            case Source.Merge(var sources) -> "merged from " + list(sources);
            case Source.Join join -> "joined from " + list(join.sources());
            case Source.Constant constant -> "always " + constant.value();
            case Source.IdTime i -> "time in _id";
            case Source.Rest r -> "all fields that nothing else reads";
            case Source.WholeDocument w -> "the whole document";
            case Source.Build build -> "object of " + list(build.fields().values());
        };
    }

    private static String list(Collection<Source> sources) {
        return sources.stream().map(SourceText::of).collect(Collectors.joining(", "));
    }
}
