package dev.sluice.mapping;

import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Source;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bson.BsonArray;
import org.bson.BsonDateTime;
import org.bson.BsonDocument;
import org.bson.BsonObjectId;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// A column's source, ready to read. Any thread.
///
/// Reading takes the document and the value that paths start at: the document itself, or in a child table
/// the element of the array.
sealed interface SourceReader {
    /// Null when the source yields nothing; BSON's null when it yields that.
    @Nullable
    BsonValue read(BsonDocument document, BsonValue start);

    /// Where the value that [#read] yields comes from, for people; worked out only when it turns out not to
    /// fit.
    ///
    /// @param start the path of the value that paths start at: empty, or `lines[3]`
    String path(BsonDocument document, BsonValue from, String start);

    /// Whether a place inside the value is the same place inside the document.
    default boolean isVerbatim() {
        return true;
    }

    /// @param rest what `rest` means here, and in the document for what stands behind `parent`
    static SourceReader of(Source source, ColumnType type, Rests rest) {
        return switch (source) {
            case Source.Path path -> PathReader.of(path);
            case Source.Parent(Source inner) -> new ParentReader(of(inner, type, new Rests(rest.document(), null)));
            case Source.Element e -> new ElementReader();
            case Source.FirstOf(List<Source> sources) ->
                new FirstReader(sources.stream().map(s -> of(s, type, rest)).toList());
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

    record PathReader(List<Step> steps, String text) implements SourceReader {
        /// @param index what the name means in an array; -1 when it means nothing there
        private record Step(String name, int index) {}

        static PathReader of(Source.Path path) {
            return new PathReader(
                    path.segments().stream().map(n -> new Step(n, index(n))).toList(), path.toString());
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
        public @Nullable BsonValue read(BsonDocument document, BsonValue start) {
            BsonValue value = start;
            for (Step step : steps) {
                if (value instanceof BsonDocument object) {
                    value = object.get(step.name());
                } else if (value instanceof BsonArray array && step.index() >= 0 && step.index() < array.size()) {
                    value = array.get(step.index());
                } else {
                    return null;
                }
                if (value == null) {
                    return null;
                }
            }
            return value;
        }

        @Override
        public String path(BsonDocument document, BsonValue from, String start) {
            return join(start, text);
        }
    }

    record ParentReader(SourceReader inner) implements SourceReader {
        @Override
        public @Nullable BsonValue read(BsonDocument document, BsonValue start) {
            return inner.read(document, document);
        }

        @Override
        public String path(BsonDocument document, BsonValue from, String start) {
            return inner.path(document, document, "");
        }

        @Override
        public boolean isVerbatim() {
            return inner.isVerbatim();
        }
    }

    record ElementReader() implements SourceReader {
        @Override
        public BsonValue read(BsonDocument document, BsonValue start) {
            return start;
        }

        @Override
        public String path(BsonDocument document, BsonValue from, String start) {
            return start;
        }
    }

    record FirstReader(List<SourceReader> sources) implements SourceReader {
        @Override
        public @Nullable BsonValue read(BsonDocument document, BsonValue start) {
            BsonValue seen = null;
            for (SourceReader source : sources) {
                BsonValue value = source.read(document, start);
                if (!Falsy.isMissingOrNull(value)) {
                    return value;
                }
                if (seen == null) {
                    seen = value;
                }
            }
            // None has a value. When one of them is there as null, it is null rather than missing.
            return seen;
        }

        @Override
        public String path(BsonDocument document, BsonValue from, String start) {
            return yielding(document, from).path(document, from, start);
        }

        private SourceReader yielding(BsonDocument document, BsonValue from) {
            for (SourceReader source : sources) {
                if (!Falsy.isMissingOrNull(source.read(document, from))) {
                    return source;
                }
            }
            return sources.getFirst();
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

    record ConstantReader(BsonValue value) implements SourceReader {
        @Override
        public BsonValue read(BsonDocument document, BsonValue start) {
            return value;
        }

        @Override
        public String path(BsonDocument document, BsonValue from, String start) {
            return "(constant)";
        }
    }

    record IdTimeReader() implements SourceReader {
        @Override
        public @Nullable BsonValue read(BsonDocument document, BsonValue start) {
            return document.get("_id") instanceof BsonObjectId id
                    // The seconds are unsigned: they last until 2106.
                    ? new BsonDateTime(Integer.toUnsignedLong(id.getValue().getTimestamp()) * 1_000)
                    : null;
        }

        @Override
        public String path(BsonDocument document, BsonValue from, String start) {
            return "_id";
        }
    }

    /// @param except a field that is left out though nobody reads it; null for none
    record RestReader(FieldTrie read, @Nullable String except) implements SourceReader {
        @Override
        public @Nullable BsonValue read(BsonDocument document, BsonValue start) {
            return start instanceof BsonDocument object ? read.rest(object, except) : null;
        }

        @Override
        public String path(BsonDocument document, BsonValue from, String start) {
            return start;
        }
    }

    record WholeReader() implements SourceReader {
        @Override
        public BsonValue read(BsonDocument document, BsonValue start) {
            BsonDocument whole = new BsonDocument(document.size());
            for (Map.Entry<String, BsonValue> field : document.entrySet()) {
                if (!field.getKey().equals("_id")) {
                    whole.put(field.getKey(), field.getValue());
                }
            }
            return whole;
        }

        @Override
        public String path(BsonDocument document, BsonValue from, String start) {
            return "";
        }
    }

    record BuildReader(List<Part> parts, SourceReader required) implements SourceReader {
        private record Part(String name, SourceReader source) {}

        static BuildReader of(Source.Build build, Rests rest) {
            List<Part> parts = new ArrayList<>();
            build.fields()
                    .forEach((name, source) ->
                            parts.add(new Part(name, SourceReader.of(source, new ColumnType.Jsonb(), rest))));
            SourceReader required = parts.stream()
                    .filter(part -> part.name().equals(build.required()))
                    .findFirst()
                    .orElseThrow()
                    .source();
            return new BuildReader(List.copyOf(parts), required);
        }

        @Override
        public @Nullable BsonValue read(BsonDocument document, BsonValue start) {
            if (Falsy.isMissingOrNull(required.read(document, start))) {
                return null;
            }
            BsonDocument built = new BsonDocument();
            for (Part part : parts) {
                BsonValue value = part.source().read(document, start);
                if (value != null && !Falsy.isNull(value)) {
                    built.put(part.name(), value);
                }
            }
            return built;
        }

        @Override
        public String path(BsonDocument document, BsonValue from, String start) {
            return required.path(document, from, start);
        }

        @Override
        public boolean isVerbatim() {
            return false;
        }
    }
}
