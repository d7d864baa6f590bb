package dev.sluice.profile;

import dev.sluice.profile.Proposal.Column;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.TableName;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.bson.BsonArray;
import org.bson.BsonBoolean;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonString;
import org.bson.BsonType;
import org.bson.BsonValue;

/// Writes the filter of a partial index as a condition on columns. [The manual](
/// https://www.mongodb.com/docs/manual/core/index-partial/) names the operators that MongoDB takes there.
final class PartialFilter {
    private final Function<String, Optional<Column>> columns;
    private final Function<List<String>, Optional<FieldProfile>> fields;

    /// @param columns of the table, by the field as a path with dots
    PartialFilter(Function<String, Optional<Column>> columns, Function<List<String>, Optional<FieldProfile>> fields) {
        this.columns = columns;
        this.fields = fields;
    }

    /// @return empty where some part of it can't be said of columns
    Optional<String> sql(BsonDocument filter) {
        return all(filter.entrySet().stream().map(this::part).toList(), " AND ");
    }

    private Optional<String> part(Map.Entry<String, BsonValue> part) {
        return switch (part.getKey()) {
            case "$and" -> each(part.getValue(), " AND ");
            case "$or" -> each(part.getValue(), " OR ").map(sql -> "(" + sql + ")");
            default ->
                part.getKey().startsWith("$")
                        ? Optional.empty()
                        : columns.apply(part.getKey()).flatMap(column -> of(column, part.getValue()));
        };
    }

    private Optional<String> each(BsonValue parts, String between) {
        return parts instanceof BsonArray array && array.stream().allMatch(BsonValue::isDocument)
                ? all(array.stream().map(each -> sql(each.asDocument())).toList(), between)
                : Optional.empty();
    }

    private static Optional<String> all(List<Optional<String>> parts, String between) {
        return parts.isEmpty() || parts.stream().anyMatch(Optional::isEmpty)
                ? Optional.empty()
                : Optional.of(parts.stream().map(Optional::orElseThrow).collect(Collectors.joining(between)));
    }

    private Optional<String> of(Column column, BsonValue asked) {
        String name = SqlKeywords.identifier(column.column());
        boolean operators = asked instanceof BsonDocument document
                && !document.isEmpty()
                && document.getFirstKey().startsWith("$");
        if (!operators) {
            return literal(column, asked).map(value -> name + " = " + value);
        }
        List<Optional<String>> parts = new ArrayList<>();
        asked.asDocument().forEach((operator, value) -> parts.add(of(column, name, operator, value)));
        return all(parts, " AND ");
    }

    private Optional<String> of(Column column, String name, String operator, BsonValue value) {
        return switch (operator) {
            case "$exists" -> value.equals(BsonBoolean.TRUE) ? Optional.of(name + " IS NOT NULL") : Optional.empty();
            case "$type" -> isAlways(column, value) ? Optional.of(name + " IS NOT NULL") : Optional.empty();
            case "$eq" -> literal(column, value).map(sql -> name + " = " + sql);
            case "$gt" -> ordered(column, value).map(sql -> name + " > " + sql);
            case "$gte" -> ordered(column, value).map(sql -> name + " >= " + sql);
            case "$lt" -> ordered(column, value).map(sql -> name + " < " + sql);
            case "$lte" -> ordered(column, value).map(sql -> name + " <= " + sql);
            case "$in" ->
                value instanceof BsonArray array
                        ? all(array.stream().map(each -> literal(column, each)).toList(), ", ")
                                .map(sql -> name + " IN (" + sql + ")")
                        : Optional.empty();
            default -> Optional.empty();
        };
    }

    /// Whether every value of the field that was seen is of the type.
    private boolean isAlways(Column column, BsonValue type) {
        Optional<FieldProfile> field = fields.apply(column.path());
        return field.isPresent()
                && type instanceof BsonString alias
                && BsonTypes.ofAlias(alias.getValue()).stream()
                                .mapToLong(field.get()::count)
                                .sum()
                        == field.get().values();
    }

    /// MongoDB orders texts by their bytes, the column by its collation.
    private static Optional<String> ordered(Column column, BsonValue value) {
        return value instanceof BsonString ? Optional.empty() : literal(column, value);
    }

    private static Optional<String> literal(Column column, BsonValue value) {
        if (!column.conversions().isEmpty()) {
            return Optional.empty();
        }
        ColumnType type = column.type();
        if (value instanceof BsonString text) {
            // Flyway takes `${` for a placeholder.
            return type instanceof ColumnType.Text && !text.getValue().contains("${")
                    ? Optional.of(TableName.literal(text.getValue()))
                    : Optional.empty();
        }
        if (value instanceof BsonBoolean flag) {
            return type instanceof ColumnType.Bool ? Optional.of(String.valueOf(flag.getValue())) : Optional.empty();
        }
        boolean ofNumbers = type instanceof ColumnType.Int
                || type instanceof ColumnType.Numeric
                || type instanceof ColumnType.DoublePrecision;
        return ofNumbers && isWhole(value)
                ? Optional.of(String.valueOf(value.asNumber().longValue()))
                : Optional.empty();
    }

    private static boolean isWhole(BsonValue value) {
        return value instanceof BsonInt32
                || value instanceof BsonInt64
                || (value.getBsonType() == BsonType.DOUBLE
                        && value.asDouble().getValue()
                                == Math.rint(value.asDouble().getValue())
                        && Math.abs(value.asDouble().getValue()) < 1L << 53);
    }
}
