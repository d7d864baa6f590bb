package dev.sluice.schema;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// What of its documents the rows of a collection depend on. An update that touches nothing of it leaves rows, child
/// rows, quarantine, and whether the document has rows at all, as they are. Immutable; any thread.
///
/// Fields are told by the names that MongoDB's events of updates have: segments joined by dots. Such a name may be
/// meant in several ways, since a field's own name may have dots in it, and a number may be an index; it touches what
/// is read where it does in one of them.
public final class Reads {
    private final Set<String> read = new HashSet<>();

    /// What a path that is read goes on through.
    private final Set<String> outer = new HashSet<>();

    private boolean everything;

    private Reads() {}

    public static Reads of(CollectionMapping mapping) {
        Reads reads = new Reads();
        reads.columns(mapping.columns(), false);
        for (ChildMapping child : mapping.children()) {
            // Each element or entry counts, also one that is no object.
            reads.path(child.path());
            reads.columns(child.columns(), true);
        }
        mapping.skips().forEach(skip -> reads.source(skip.source(), false));
        return reads;
    }

    /// Whether every field is read, as by a column of the rest.
    public boolean everything() {
        return everything;
    }

    /// Whether rows may depend on a field, or on one inside it, or on what it lies in.
    ///
    /// @param name as an event of an update has it: `address.city`, `lines.3.quantity`
    public boolean touchedBy(String name) {
        if (everything || outer.contains(name) || read.contains(name)) {
            return true;
        }
        for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
            if (read.contains(name.substring(0, dot))) {
                return true;
            }
        }
        return false;
    }

    /// Of a field that is not read, the outermost one that it lies in and that is not read either: of
    /// `visits.2026.page`, `visits`, where nothing inside `visits` is read.
    ///
    /// @param name one for which [#touchedBy] says no
    public String unread(String name) {
        for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
            String field = name.substring(0, dot);
            if (!outer.contains(field)) {
                return field;
            }
        }
        return name;
    }

    private void columns(List<ColumnMapping> columns, boolean inElement) {
        for (ColumnMapping column : columns) {
            source(column.source(), inElement);
            conversions(column.conversions(), inElement);
        }
    }

    /// @param inElement whether it reads an element of an array or an entry of an object, of which all
    ///     counts anyway
    private void source(Source source, boolean inElement) {
        switch (source) {
            case Source.Path path -> {
                if (!inElement) {
                    path(path);
                }
            }
            case Source.Parent(Source behind) -> source(behind, false);
            case Source.Rest _ -> everything |= !inElement;
            case Source.WholeDocument _ -> everything = true;
            case Source.FirstOf(List<Source> sources) -> sources(sources, inElement);
            case Source.FirstTruthy(List<Source> sources) -> sources(sources, inElement);
            case Source.Merge(List<Source> sources) -> sources(sources, inElement);
            case Source.Join join -> sources(join.sources(), inElement);
            case Source.Build build -> sources(build.fields().values(), inElement);
            case Source.Converted converted -> {
                source(converted.source(), inElement);
                conversions(converted.conversions(), inElement);
            }
            // No update changes an `_id`.
            case Source.IdTime _, Source.Element _, Source.Constant _ -> {}
        }
    }

    private void sources(Collection<Source> sources, boolean inElement) {
        sources.forEach(source -> source(source, inElement));
    }

    /// Some compare with a value of another place.
    private void conversions(List<Conversion> conversions, boolean inElement) {
        for (Conversion conversion : conversions) {
            switch (conversion) {
                case Conversion.Without(Source source) -> source(source, inElement);
                case Conversion.At at -> conversions(at.conversions(), inElement);
                case Conversion.Trim _,
                        Conversion.Lower _,
                        Conversion.EmptyToNull _,
                        Conversion.BlankToNull _,
                        Conversion.StripNul _,
                        Conversion.MaxLength _,
                        Conversion.ToText _,
                        Conversion.JsonText _,
                        Conversion.Split _,
                        Conversion.Part _,
                        Conversion.ParseJson _,
                        Conversion.WrapText _,
                        Conversion.FalsyToNull _,
                        Conversion.Truthy _,
                        Conversion.ParseBoolean _,
                        Conversion.EqualTo _,
                        Conversion.Sentinel _,
                        Conversion.MapValues _,
                        Conversion.ParseNumber _,
                        Conversion.Truncate _,
                        Conversion.Round _,
                        Conversion.NumberRange _,
                        Conversion.ParseTimestamp _,
                        Conversion.ParseEpoch _,
                        Conversion.InZone _,
                        Conversion.DateOnly _,
                        Conversion.JsonDates _,
                        Conversion.ObjectIdToUuid _,
                        Conversion.UnwrapReference _,
                        Conversion.TypedKey _,
                        Conversion.LegacyUuid _,
                        Conversion.Only _,
                        Conversion.DropEmpty _,
                        Conversion.Distinct _,
                        Conversion.WrapArray _,
                        Conversion.Hash _,
                        Conversion.Redact _ -> {}
            }
        }
    }

    /// Up to an index, since elements of an array that are not read have their say in what becomes of the others.
    private void path(Source.Path path) {
        StringBuilder name = new StringBuilder(path.segments().getFirst());
        for (String segment : path.segments().subList(1, path.segments().size())) {
            if (isIndex(segment)) {
                break;
            }
            name.append('.').append(segment);
        }
        for (int dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
            outer.add(name.substring(0, dot));
        }
        read.add(name.toString());
    }

    private static boolean isIndex(String segment) {
        return segment.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
