package dev.sluice.profile;

import dev.sluice.mapping.DocumentKeys;
import dev.sluice.mapping.DocumentMapper;
import dev.sluice.mapping.convert.TextForm;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.profile.Proposal.KeyColumn;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Mapping;
import dev.sluice.schema.MappingReader;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.bson.BsonBoolean;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.BsonType;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// Finds how a column has to be written so that it joins the rows of a collection, and how many of its
/// values then do: values and keys are made by the mapper of the data path and compared, so what is
/// claimed is what SQL will find, and what a `reference` of the column would find. For one collection
/// that is referred to, and one thread.
public final class JoinTrial {
    /// Says in the mapping that values join by their text, whatever type the `_id` has.
    static final String TO_TEXT = "to_text";

    private static final String UNWRAP = "unwrap_reference";
    private static final String TYPED = "typed_key";

    private static final BsonString EMPTY = new BsonString("");

    private final String collection;
    private final KeyColumn key;
    private final Set<Object> keys;

    /// A way to write a reference.
    ///
    /// @param type of the column; of its elements where it is an array
    /// @param conversions that make its values like the keys
    /// @param joined values that have a row there: as many as were counted, or where not all different ones
    ///     were looked up, about so many
    /// @param values there are in all, null left out
    /// @param lookedUp different values
    /// @param complete whether these are all different ones
    public record Join(
            ColumnType type, List<String> conversions, long joined, long values, long lookedUp, boolean complete) {
        public Join {
            conversions = List.copyOf(conversions);
        }

        double share() {
            return values == 0 ? 0 : (double) joined / values;
        }
    }

    private JoinTrial(String collection, KeyColumn key) {
        this.collection = collection;
        this.key = key;
        this.keys = new HashSet<>();
    }

    /// @param ids of documents that are there
    static JoinTrial of(String collection, KeyColumn key, Set<BsonValue> ids) {
        JoinTrial trial = new JoinTrial(collection, key);
        DocumentMapper mapper = trial.mapper(List.of(), collection);
        for (BsonValue id : ids) {
            if (mapper.map(new BsonDocument("_id", id)) instanceof MappingResult.Mapped mapped) {
                trial.keys.add(mapped.key());
            }
        }
        return trial;
    }

    /// @param element whether the values are elements of arrays
    /// @return empty where no value joins in any way that the column can be written
    Optional<Join> best(FieldProfile field, boolean element) {
        Join best = null;
        // What the column makes NULL joins nothing, even where there is such a key.
        boolean emptyIsNull = !element
                && TypeChoice.of(field, "")
                        .filter(choice -> choice.conversions().contains(TypeChoice.EMPTY_TO_NULL))
                        .isPresent();
        for (List<String> conversions : ways(field, element)) {
            Join join = join(field, conversions, emptyIsNull);
            if (join.joined() > 0 && (best == null || join.joined() > best.joined())) {
                best = join;
            }
        }
        return Optional.ofNullable(best);
    }

    /// The ways that hold the other values of the field as well, the plainest first.
    private List<List<String>> ways(FieldProfile field, boolean element) {
        TextProfile texts = field.texts();
        return switch (key.type()) {
            case ColumnType.Uuid u -> {
                long held = field.binaries().uuids() + texts.count(TextForm.UUID) + (element ? 0 : texts.empty());
                yield Layout.mostly(held, field.values()) ? List.of(List.of(), List.of(TO_TEXT)) : List.of();
            }
            case ColumnType.Int i -> {
                long read = texts.count(TextForm.PADDED_NUMBER) > 0 ? 0 : texts.count(TextForm.WHOLE_NUMBER);
                long held = field.numbers().count() + read + (element ? 0 : texts.empty());
                boolean whole = field.numbers().count() == 0 || field.numbers().whole();
                yield whole && Layout.mostly(held, field.values())
                        ? List.of(read > 0 ? List.of(TypeChoice.PARSE_NUMBER) : List.of())
                        : List.of();
            }
            default -> {
                long objects = field.count(BsonType.DOCUMENT) + field.count(BsonType.ARRAY);
                boolean held = Layout.mostly(field.values() - objects, field.values());
                yield !held
                        ? List.of()
                        : key.typed()
                                ? List.of(List.of(TYPED), List.of(UNWRAP, TYPED))
                                : List.of(List.of(), List.of(UNWRAP), List.of(TO_TEXT), List.of(UNWRAP, TO_TEXT));
            }
        };
    }

    private Join join(FieldProfile field, List<String> conversions, boolean emptyIsNull) {
        DocumentMapper mapper = mapper(conversions, referring());
        Map<BsonValue, Long> values = field.distinct().references();
        long joined = 0;
        long tried = 0;
        for (Map.Entry<BsonValue, Long> value : values.entrySet()) {
            tried += value.getValue();
            boolean isNull = emptyIsNull && value.getKey().equals(EMPTY);
            Object written = isNull ? null : written(mapper, value.getKey());
            joined += written != null && keys.contains(written) ? value.getValue() : 0;
        }
        boolean complete = field.distinct().allReferences();
        return new Join(
                key.type(),
                conversions,
                complete
                        ? joined
                        : Math.round((double) joined / tried * field.distinct().referenceCount()),
                field.values(),
                values.size(),
                complete);
    }

    private static @Nullable Object written(DocumentMapper mapper, BsonValue value) {
        return mapper.map(new BsonDocument("_id", BsonBoolean.TRUE).append("v", value))
                        instanceof MappingResult.Mapped mapped
                ? mapped.row()[1]
                : null;
    }

    private String referring() {
        return collection + " refers";
    }

    /// @param conversions of the column that refers
    /// @param of the collection that is referred to, or [#referring]
    private DocumentMapper mapper(List<String> conversions, String of) {
        String yaml = "{mapping: trial, database: trial, collections: {" + PathText.scalar(collection)
                + ": {table: t, key: " + MappingYaml.key(key) + ", columns: {}}, " + PathText.scalar(referring())
                + ": {table: r, key: {column: id, type: text, of: any}, columns: {v: {type: "
                + key.type().sql() + ", convert: [" + String.join(", ", conversions) + "], reference: {table: t, take: "
                + PathText.scalar(key.column()) + "}}}}}}";
        Mapping mapping = MappingReader.read("(trial)", yaml);
        DocumentMapper mapper = DocumentMapper.of(
                Objects.requireNonNull(mapping.byCollection().get(of)), DocumentKeys.of(mapping.collections()));
        mapper.decideKeysByFirst();
        return mapper;
    }
}
