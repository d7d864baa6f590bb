package dev.sluice.mapping.convert;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.bson.TwinDocument;
import dev.sluice.mapping.document.Findings;
import dev.sluice.mapping.document.ReadFields;
import dev.sluice.mapping.document.Scope;
import dev.sluice.mapping.row.BsonToPg;
import dev.sluice.mapping.value.DocumentPath;
import dev.sluice.mapping.value.Origin;
import dev.sluice.mapping.value.RawBytes;
import dev.sluice.mapping.value.Value;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Source;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bson.BsonDateTime;
import org.bson.BsonDocument;
import org.bson.BsonNull;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// A column's source, ready to read. Any thread.
public sealed interface SourceReader extends Origin<Scope> {
    /// ReadFields what the source yields, missing when that is nothing, and says where it comes from. A source that
    /// loses
    /// something on the way says so to the scope's findings, so it is read once; to read it again, there is
    /// [#compare].
    void read(Scope scope, Value into);

    /// Reads the source only to compare with it: nobody is told what comes to light.
    default void compare(Scope scope, Value into) {
        scope.quietly(() -> {
            read(scope, into);
            return null;
        });
    }

    /// The same for a value by itself.
    ///
    /// @return null where the source yields nothing
    default @Nullable BsonValue compared(Scope scope) {
        Value other = scope.another();
        compare(scope, other);
        return other.orNull();
    }

    @Override
    String path(Scope scope);

    /// Whether it may say something to the scope's findings.
    default boolean speaks() {
        return false;
    }

    /// Whether a place inside the value is the same place inside the document.
    default boolean isVerbatim() {
        return true;
    }

    /// @param type that a literal is read for
    /// @param reads what is read here, and in the document for what stands behind `parent`
    /// @throws IllegalArgumentException when a literal is no value BSON has
    static SourceReader of(Source source, ColumnType type, ReadFields reads) {
        return switch (source) {
            case Source.Path path ->
                new PathReader(path.toString(), reads.here().slot(path));
            case Source.Parent(Source inner) ->
                new ParentReader(of(inner, type, ReadFields.ofDocument(reads.document())));
            case Source.Element e -> new ElementReader();
            case Source.FirstOf(List<Source> sources) -> new FirstReader(all(sources, type, reads), false);
            case Source.FirstTruthy(List<Source> sources) -> new FirstReader(all(sources, type, reads), true);
            case Source.Converted converted -> ConvertedReader.of(converted, type, reads);
            case Source.Merge(List<Source> sources) -> new MergeReader(all(sources, new ColumnType.Jsonb(), reads));
            case Source.Join(List<Source> sources, String separator) ->
                new JoinReader(all(sources, new ColumnType.Text(), reads), separator);
            case Source.Constant constant ->
                new ConstantReader(Value.Literal.of(Literals.bson(constant.value(), type)));
            case Source.IdTime i -> new IdTimeReader();
            case Source.Rest r -> {
                reads.here().keepRest();
                yield new RestReader();
            }
            case Source.WholeDocument w -> new WholeReader();
            case Source.Build build -> BuildReader.of(build, reads);
        };
    }

    private static List<SourceReader> all(List<Source> sources, ColumnType type, ReadFields reads) {
        return sources.stream().map(s -> of(s, type, reads)).toList();
    }

    /// The places of several sources, for what they yield together.
    private static String paths(List<SourceReader> sources, Scope scope) {
        return sources.stream().map(s -> s.path(scope)).collect(Collectors.joining(", "));
    }

    private static boolean allVerbatim(List<SourceReader> sources) {
        return sources.stream().allMatch(SourceReader::isVerbatim);
    }

    /// @param text the path as a mapping writes it
    record PathReader(String text, int slot) implements SourceReader {
        @Override
        public void read(Scope scope, Value into) {
            into.set(scope.bytes(), scope.found(slot));
            into.comesFrom(this, scope);
        }

        @Override
        public String path(Scope scope) {
            return DocumentPath.join(scope.place(), text);
        }
    }

    record ParentReader(SourceReader inner) implements SourceReader {
        @Override
        public void read(Scope scope, Value into) {
            inner.read(scope.top(), into);
        }

        @Override
        public String path(Scope scope) {
            return inner.path(scope.top());
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
        public void read(Scope scope, Value into) {
            into.set(scope.bytes(), scope.all());
            into.comesFrom(this, scope);
        }

        @Override
        public String path(Scope scope) {
            return scope.place();
        }
    }

    /// @param truthy whether false, 0, `""`, `[]` and `{}` are passed over too, and not only null
    record FirstReader(List<SourceReader> sources, boolean truthy) implements SourceReader {
        @Override
        public void read(Scope scope, Value into) {
            Value seen = null;
            for (SourceReader source : sources) {
                source.read(scope, into);
                if (!into.isMissing() && !(truthy ? into.isFalsy() : into.isNull())) {
                    return;
                }
                if (seen == null && !into.isMissing()) {
                    seen = scope.another();
                    seen.set(into);
                }
            }
            // None has a value. When one of them is there as null, it is null rather than missing.
            if (seen != null) {
                into.set(seen);
            } else {
                into.comesFrom(sources.getFirst(), scope);
            }
        }

        @Override
        public String path(Scope scope) {
            Value value = scope.another();
            compare(scope, value);
            return value.path();
        }

        @Override
        public boolean speaks() {
            return sources.stream().anyMatch(SourceReader::speaks);
        }

        @Override
        public boolean isVerbatim() {
            return allVerbatim(sources);
        }
    }

    /// @param missing what is yielded in place of nothing and null; null for just that
    record ConvertedReader(SourceReader inner, ConversionChain conversions, Value.@Nullable Literal missing)
            implements SourceReader {
        static ConvertedReader of(Source.Converted source, ColumnType type, ReadFields reads) {
            JsonNode missing = source.missing();
            return new ConvertedReader(
                    SourceReader.of(source.source(), type, reads),
                    ConversionChain.of(source.conversions(), type, reads),
                    missing == null ? null : Value.Literal.of(Literals.bson(missing, type)));
        }

        @Override
        public void read(Scope scope, Value into) {
            inner.read(scope, into);
            boolean isNothing = into.isMissing();
            conversions.apply(into, scope);
            Findings findings = scope.said();
            String refusal = findings == null ? null : findings.takeRefusal();
            String loss = findings == null ? null : findings.takeLoss();
            if (refusal != null) {
                scope.findings().report(into.path(), seen(into, isNothing), refusal);
                into.change((BsonValue) null);
            } else if (loss != null) {
                scope.findings().keep(into.path(), seen(into, isNothing), loss);
            }
            if (missing != null && into.isMissingOrNull()) {
                into.change(missing);
            }
            if (conversions.hides() && !isNothing) {
                into.hideOriginal();
            }
        }

        private BsonValue seen(Value value, boolean isNothing) {
            return isNothing ? BsonNull.VALUE : conversions.seen(value.original());
        }

        @Override
        public String path(Scope scope) {
            return inner.path(scope);
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
        public void read(Scope scope, Value into) {
            BsonDocument merged = null;
            List<TwinDocument.Twin> twins = List.of();
            for (SourceReader source : sources) {
                Value value = scope.another();
                source.read(scope, value);
                if (value.type() != RawBytes.DOCUMENT) {
                    leaveOut(value, "an object", scope);
                    continue;
                }
                BsonDocument object = value.decoded().asDocument();
                if (merged == null) {
                    merged = new BsonDocument(object.size());
                }
                merged.putAll(object);
                if (object instanceof TwinDocument more) {
                    twins = Stream.concat(twins.stream(), more.twins().stream()).toList();
                }
            }
            into.set(merged == null || twins.isEmpty() ? merged : new TwinDocument(merged, twins));
            into.comesFrom(this, scope);
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

    private static void leaveOut(Value value, String wanted, Scope scope) {
        if (!value.isMissingOrNull()) {
            String reason = "is " + value.kind() + ", not " + wanted + ", so it is left out";
            scope.findings().keep(value.path(), value.original(), reason);
        }
    }

    record JoinReader(List<SourceReader> sources, String separator) implements SourceReader {
        @Override
        public void read(Scope scope, Value into) {
            StringBuilder joined = null;
            for (SourceReader source : sources) {
                Value value = scope.another();
                source.read(scope, value);
                String text = value.isMissing() ? null : BsonToPg.asText(value.decoded());
                if (text == null) {
                    leaveOut(value, "text", scope);
                } else if (!text.isEmpty()) {
                    joined = joined == null ? new StringBuilder() : joined.append(separator);
                    joined.append(text);
                }
            }
            into.set(joined == null ? null : new BsonString(joined.toString()));
            into.comesFrom(this, scope);
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

    record ConstantReader(Value.Literal value) implements SourceReader {
        @Override
        public void read(Scope scope, Value into) {
            into.set(value);
            into.comesFrom(this, scope);
        }

        @Override
        public String path(Scope scope) {
            return "(constant)";
        }
    }

    record IdTimeReader() implements SourceReader {
        @Override
        public void read(Scope scope, Value into) {
            into.set(scope.bytes(), scope.foundId());
            if (into.type() == RawBytes.OBJECT_ID) {
                // The seconds are unsigned: they last until 2106.
                int seconds = Integer.reverseBytes(RawBytes.int32(into.bytes(), into.at()));
                into.set(new BsonDateTime(Integer.toUnsignedLong(seconds) * 1_000));
            } else {
                into.setMissing();
            }
            into.comesFrom(this, scope);
        }

        @Override
        public String path(Scope scope) {
            return "_id";
        }
    }

    record RestReader() implements SourceReader {
        @Override
        public void read(Scope scope, Value into) {
            scope.rest(into);
            into.comesFrom(this, scope);
        }

        @Override
        public String path(Scope scope) {
            return scope.place();
        }
    }

    record WholeReader() implements SourceReader {
        @Override
        public void read(Scope scope, Value into) {
            scope.whole(into);
            into.comesFrom(this, scope);
        }

        @Override
        public String path(Scope scope) {
            return "";
        }
    }

    /// @param required the place of the part without which there is no object
    record BuildReader(List<Part> parts, int required) implements SourceReader {
        private record Part(String name, SourceReader source) {}

        static BuildReader of(Source.Build build, ReadFields reads) {
            List<Part> parts = new ArrayList<>();
            build.fields()
                    .forEach((name, source) ->
                            parts.add(new Part(name, SourceReader.of(source, new ColumnType.Jsonb(), reads))));
            int required = List.copyOf(build.fields().keySet()).indexOf(build.required());
            return new BuildReader(List.copyOf(parts), required);
        }

        @Override
        public void read(Scope scope, Value into) {
            parts.get(required).source().read(scope, into);
            if (into.isMissingOrNull()) {
                into.setMissing();
                into.comesFrom(this, scope);
                return;
            }
            BsonDocument built = new BsonDocument();
            for (int i = 0; i < parts.size(); i++) {
                Value value = into;
                if (i != required) {
                    value = scope.another();
                    parts.get(i).source().read(scope, value);
                }
                if (!value.isMissingOrNull()) {
                    built.put(parts.get(i).name(), value.decoded());
                }
            }
            into.set(built);
            into.comesFrom(this, scope);
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
