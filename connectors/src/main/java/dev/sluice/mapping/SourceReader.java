package dev.sluice.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.bson.TwinDocument;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Source;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bson.BsonArray;
import org.bson.BsonDateTime;
import org.bson.BsonDocument;
import org.bson.BsonNull;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// A column's source, ready to read. Any thread.
sealed interface SourceReader {
    /// Null when the source yields nothing; BSON's null when it yields that. A source that loses something
    /// on the way says so to the scope's findings, so it is read once; where it has to be read again, in a
    /// scope [Scope#aside].
    @Nullable
    BsonValue read(Scope scope);

    /// Where the value that [#read] yields comes from, for people; worked out only when it turns out not to
    /// fit.
    String path(Scope scope);

    /// The value as it was before the source itself converted it, for quarantine.
    ///
    /// @param read what [#read] has yielded; null for nothing
    /// @return null where there was none
    default @Nullable BsonValue original(@Nullable BsonValue read, Scope scope) {
        return read;
    }

    /// Whether it may say something to the scope's findings.
    default boolean speaks() {
        return false;
    }

    /// Whether a place inside the value is the same place inside the document.
    default boolean isVerbatim() {
        return true;
    }

    /// @param type that a literal is read for
    /// @param rest what `rest` means here, and in the document for what stands behind `parent`
    /// @throws IllegalArgumentException when a literal is no value BSON has
    static SourceReader of(Source source, ColumnType type, Rests rest) {
        return switch (source) {
            case Source.Path path -> PathReader.of(path);
            case Source.Parent(Source inner) -> new ParentReader(of(inner, type, new Rests(rest.document(), null)));
            case Source.Element e -> new ElementReader();
            case Source.FirstOf(List<Source> sources) -> new FirstReader(all(sources, type, rest), false);
            case Source.FirstTruthy(List<Source> sources) -> new FirstReader(all(sources, type, rest), true);
            case Source.Converted converted -> ConvertedReader.of(converted, type, rest);
            case Source.Merge(List<Source> sources) -> new MergeReader(all(sources, new ColumnType.Jsonb(), rest));
            case Source.Join(List<Source> sources, String separator) ->
                new JoinReader(all(sources, new ColumnType.Text(), rest), separator);
            case Source.Constant constant -> new ConstantReader(Literals.bson(constant.value(), type));
            case Source.IdTime i -> new IdTimeReader();
            case Source.Rest r -> {
                FieldTrie element = rest.element();
                yield element == null ? new RestReader(rest.document(), "_id") : new RestReader(element, null);
            }
            case Source.WholeDocument w -> new WholeReader();
            case Source.Build build -> BuildReader.of(build, rest);
        };
    }

    private static List<SourceReader> all(List<Source> sources, ColumnType type, Rests rest) {
        return sources.stream().map(s -> of(s, type, rest)).toList();
    }

    /// The fields that are read by name.
    ///
    /// @param element those of a child table's elements; null for a column of the collection's own table
    record Rests(FieldTrie document, @Nullable FieldTrie element) {}

    /// Joins `lines[3]` and `quantity`, or `tags` and `[1]`.
    static String join(String outer, String inner) {
        if (outer.isEmpty()) {
            return inner.startsWith(".") ? inner.substring(1) : inner;
        }
        return inner.isEmpty() || inner.startsWith("[") || inner.startsWith(".") ? outer + inner : outer + "." + inner;
    }

    /// A field's name as paths write it: in quotes where it is empty or could be taken for a path, so that two values
    /// of
    /// a document are never kept under one.
    static String segment(String name) {
        boolean isPlain = !name.isEmpty() && name.indexOf('.') < 0 && name.indexOf('[') < 0 && name.indexOf('#') < 0;
        return isPlain ? name : '"' + name + '"';
    }

    /// What tells a value behind another one of its name from the others in a path: `sku#2`.
    static String segment(TwinDocument.Twin twin) {
        return segment(PgText.escaped(twin.name())) + "#" + twin.number();
    }

    /// The places of several sources, for what they yield together.
    private static String paths(List<SourceReader> sources, Scope scope) {
        return sources.stream().map(s -> s.path(scope)).collect(Collectors.joining(", "));
    }

    /// Most columns are this and nothing else, so it is arrays and not objects.
    final class PathReader implements SourceReader {
        private final String[] names;
        /// What each name means in an array; -1 when it means nothing there.
        private final int[] indexes;
        private final String text;

        private PathReader(String[] names, int[] indexes, String text) {
            this.names = names;
            this.indexes = indexes;
            this.text = text;
        }

        static PathReader of(Source.Path path) {
            return new PathReader(
                    path.segments().toArray(String[]::new),
                    path.segments().stream().mapToInt(PathReader::index).toArray(),
                    path.toString());
        }

        /// The path as a mapping writes it.
        String text() {
            return text;
        }

        /// The index that a name stands for in an array; -1 when it is none.
        static int index(String name) {
            if (name.length() > 7) {
                return -1;
            }
            int index = 0;
            for (int i = 0; i < name.length(); i++) {
                char c = name.charAt(i);
                if (c < '0' || c > '9') {
                    return -1;
                }
                index = index * 10 + (c - '0');
            }
            return index;
        }

        @Override
        public @Nullable BsonValue read(Scope scope) {
            BsonValue value = scope.start();
            for (int i = 0; i < names.length && value != null; i++) {
                if (value instanceof BsonDocument object) {
                    value = object.get(names[i]);
                } else if (value instanceof BsonArray array && indexes[i] >= 0 && indexes[i] < array.size()) {
                    value = array.get(indexes[i]);
                } else {
                    return null;
                }
            }
            return value;
        }

        @Override
        public String path(Scope scope) {
            return join(scope.place(), text);
        }
    }

    record ParentReader(SourceReader inner) implements SourceReader {
        @Override
        public @Nullable BsonValue read(Scope scope) {
            return inner.read(scope.top());
        }

        @Override
        public String path(Scope scope) {
            return inner.path(scope.top());
        }

        @Override
        public @Nullable BsonValue original(@Nullable BsonValue read, Scope scope) {
            return inner.original(read, scope.top());
        }

        @Override
        public boolean speaks() {
            return inner.speaks();
        }

        @Override
        public boolean isVerbatim() {
            return inner.isVerbatim();
        }
    }

    record ElementReader() implements SourceReader {
        @Override
        public BsonValue read(Scope scope) {
            return scope.start();
        }

        @Override
        public String path(Scope scope) {
            return scope.place();
        }
    }

    /// @param truthy whether false, 0, `""`, `[]` and `{}` are passed over too, and not only null
    record FirstReader(List<SourceReader> sources, boolean truthy) implements SourceReader {
        @Override
        public @Nullable BsonValue read(Scope scope) {
            BsonValue seen = null;
            for (SourceReader source : sources) {
                BsonValue value = source.read(scope);
                if (isIt(value)) {
                    return value;
                }
                if (seen == null) {
                    seen = value;
                }
            }
            // None has a value. When one of them is there as null, it is null rather than missing.
            return seen;
        }

        private boolean isIt(@Nullable BsonValue value) {
            return truthy ? value != null && !Falsy.isFalsy(value) : !Falsy.isMissingOrNull(value);
        }

        @Override
        public String path(Scope scope) {
            return yielding(scope).path(scope);
        }

        @Override
        public @Nullable BsonValue original(@Nullable BsonValue read, Scope scope) {
            return yielding(scope).original(read, scope);
        }

        private SourceReader yielding(Scope scope) {
            Scope again = scope.aside();
            SourceReader seen = null;
            for (SourceReader source : sources) {
                BsonValue value = source.read(again);
                if (isIt(value)) {
                    return source;
                }
                if (seen == null && value != null) {
                    seen = source;
                }
            }
            return seen == null ? sources.getFirst() : seen;
        }

        @Override
        public boolean speaks() {
            return sources.stream().anyMatch(SourceReader::speaks);
        }

        @Override
        public boolean isVerbatim() {
            for (SourceReader source : sources) {
                if (!source.isVerbatim()) {
                    return false;
                }
            }
            return true;
        }
    }

    /// @param missing what is yielded in place of nothing and null; null for just that
    record ConvertedReader(
            SourceReader inner,
            ConversionChain conversions,
            @Nullable BsonValue missing) implements SourceReader {
        static ConvertedReader of(Source.Converted source, ColumnType type, Rests rest) {
            JsonNode missing = source.missing();
            return new ConvertedReader(
                    SourceReader.of(source.source(), type, rest),
                    ConversionChain.of(source.conversions(), type, rest),
                    missing == null ? null : Literals.bson(missing, type));
        }

        @Override
        public @Nullable BsonValue read(Scope scope) {
            BsonValue original = inner.read(scope);
            BsonValue value = conversions.apply(original, scope);
            Findings findings = scope.said();
            String refusal = findings == null ? null : findings.takeRefusal();
            String loss = findings == null ? null : findings.takeLoss();
            if (refusal != null) {
                value = null;
                scope.findings().report(inner.path(scope), seen(original, scope), refusal);
            } else if (loss != null) {
                scope.findings().keep(inner.path(scope), seen(original, scope), loss);
            }
            return missing != null && Falsy.isMissingOrNull(value) ? missing : value;
        }

        private BsonValue seen(@Nullable BsonValue read, Scope scope) {
            BsonValue original = inner.original(read, scope);
            return original == null ? BsonNull.VALUE : conversions.seen(original);
        }

        @Override
        public String path(Scope scope) {
            return inner.path(scope);
        }

        @Override
        public @Nullable BsonValue original(@Nullable BsonValue read, Scope scope) {
            BsonValue original = inner.original(inner.read(scope.aside()), scope);
            // Where there is none, it is the literal that stands for it.
            return original == null ? read : conversions.seen(original);
        }

        @Override
        public boolean speaks() {
            return true;
        }

        @Override
        public boolean isVerbatim() {
            return inner.isVerbatim();
        }
    }

    record MergeReader(List<SourceReader> sources) implements SourceReader {
        @Override
        public @Nullable BsonValue read(Scope scope) {
            BsonDocument merged = null;
            List<TwinDocument.Twin> twins = List.of();
            for (SourceReader source : sources) {
                BsonValue value = source.read(scope);
                if (value instanceof BsonDocument object) {
                    if (merged == null) {
                        merged = new BsonDocument(object.size());
                    }
                    merged.putAll(object);
                    if (object instanceof TwinDocument more) {
                        twins = Stream.concat(twins.stream(), more.twins().stream())
                                .toList();
                    }
                } else {
                    leaveOut(value, source, "an object", scope);
                }
            }
            return merged == null || twins.isEmpty() ? merged : new TwinDocument(merged, twins);
        }

        @Override
        public String path(Scope scope) {
            return paths(sources, scope);
        }

        @Override
        public boolean speaks() {
            return true;
        }

        @Override
        public boolean isVerbatim() {
            return false;
        }
    }

    private static void leaveOut(@Nullable BsonValue value, SourceReader source, String wanted, Scope scope) {
        if (value != null && !Falsy.isNull(value)) {
            BsonValue original = source.original(value, scope);
            String reason = "is " + BsonKind.of(value) + ", not " + wanted + ", so it is left out";
            scope.findings().keep(source.path(scope), original == null ? value : original, reason);
        }
    }

    record JoinReader(List<SourceReader> sources, String separator) implements SourceReader {
        @Override
        public @Nullable BsonValue read(Scope scope) {
            StringBuilder joined = null;
            for (SourceReader source : sources) {
                BsonValue value = source.read(scope);
                String text = value == null ? null : BsonToPg.asText(value);
                if (text == null) {
                    leaveOut(value, source, "text", scope);
                } else if (!text.isEmpty()) {
                    joined = joined == null ? new StringBuilder() : joined.append(separator);
                    joined.append(text);
                }
            }
            return joined == null ? null : new BsonString(joined.toString());
        }

        @Override
        public String path(Scope scope) {
            return paths(sources, scope);
        }

        @Override
        public boolean speaks() {
            return true;
        }

        @Override
        public boolean isVerbatim() {
            return false;
        }
    }

    record ConstantReader(BsonValue value) implements SourceReader {
        @Override
        public BsonValue read(Scope scope) {
            return value;
        }

        @Override
        public String path(Scope scope) {
            return "(constant)";
        }
    }

    record IdTimeReader() implements SourceReader {
        @Override
        public @Nullable BsonValue read(Scope scope) {
            return scope.document().get("_id") instanceof BsonObjectId id
                    // The seconds are unsigned: they last until 2106.
                    ? new BsonDateTime(Integer.toUnsignedLong(id.getValue().getTimestamp()) * 1_000)
                    : null;
        }

        @Override
        public String path(Scope scope) {
            return "_id";
        }
    }

    /// @param except a field that is left out though nobody reads it; null for none
    record RestReader(FieldTrie read, @Nullable String except) implements SourceReader {
        @Override
        public @Nullable BsonValue read(Scope scope) {
            return scope.start() instanceof BsonDocument object ? read.rest(object, except) : null;
        }

        @Override
        public String path(Scope scope) {
            return scope.place();
        }
    }

    record WholeReader() implements SourceReader {
        @Override
        public BsonValue read(Scope scope) {
            BsonDocument whole = TwinDocument.copy(scope.document());
            whole.remove("_id");
            return whole;
        }

        @Override
        public String path(Scope scope) {
            return "";
        }
    }

    /// @param required the place of the part without which there is no object
    record BuildReader(List<Part> parts, int required) implements SourceReader {
        private record Part(String name, SourceReader source) {}

        static BuildReader of(Source.Build build, Rests rest) {
            List<Part> parts = new ArrayList<>();
            build.fields()
                    .forEach((name, source) ->
                            parts.add(new Part(name, SourceReader.of(source, new ColumnType.Jsonb(), rest))));
            int required = List.copyOf(build.fields().keySet()).indexOf(build.required());
            return new BuildReader(List.copyOf(parts), required);
        }

        @Override
        public @Nullable BsonValue read(Scope scope) {
            BsonValue needed = parts.get(required).source().read(scope);
            if (Falsy.isMissingOrNull(needed)) {
                return null;
            }
            BsonDocument built = new BsonDocument();
            for (int i = 0; i < parts.size(); i++) {
                Part part = parts.get(i);
                BsonValue value = i == required ? needed : part.source().read(scope);
                if (value != null && !Falsy.isNull(value)) {
                    built.put(part.name(), value);
                }
            }
            return built;
        }

        @Override
        public String path(Scope scope) {
            return parts.get(required).source().path(scope);
        }

        @Override
        public boolean speaks() {
            return parts.stream().anyMatch(part -> part.source().speaks());
        }

        @Override
        public boolean isVerbatim() {
            return false;
        }
    }
}
