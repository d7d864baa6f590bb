package dev.sluice.service.systems;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.bson.Document;
import org.jspecify.annotations.Nullable;

/// Compares documents with rows where no rule is needed to say what is right: a text in a text column, a
/// whole number in an integer column, a date in a timestamptz column. It knows nothing of the mapping, so
/// it sees mistakes that a comparison by the same mapper can't.
public final class PlainValues {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Object JSON_NULL = "JSON null";

    private final Map<String, Long> compared = new TreeMap<>();
    private final List<String> differences = new ArrayList<>();

    /// How many values were compared, by the type of the column.
    public Map<String, Long> compared() {
        return Map.copyOf(compared);
    }

    /// Where a row has another value than its document, or there is no row; without the values.
    public List<String> differences() {
        return List.copyOf(differences);
    }

    /// @param table with its schema
    /// @param key the text of a document's key in the table's column `id`; null for a document that has no
    ///     row
    public void compare(
            Connection connection, String table, Iterable<Document> documents, Function<Document, @Nullable String> key)
            throws SQLException {
        Map<String, String> types = types(connection, table);
        Map<String, Map<String, Object>> rows = rows(connection, table, types);
        for (Document document : documents) {
            String id = key.apply(document);
            if (id == null) {
                continue;
            }
            Map<String, Object> row = rows.get(id);
            if (row == null) {
                differences.add(table + " " + id + ": no row");
                continue;
            }
            document.forEach((field, value) -> {
                String type = types.get(field);
                Object plain = type == null || field.equals("_id") ? null : plain(value, type);
                if (plain != null) {
                    compared.merge(type, 1L, Long::sum);
                    if (!plain.equals(row.get(field))) {
                        differences.add(table + "." + field + " of " + id);
                    }
                }
            });
        }
    }

    private static Map<String, String> types(Connection connection, String table) throws SQLException {
        Map<String, String> types = new LinkedHashMap<>();
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
                        + " WHERE attrelid = ?::regclass AND attnum > 0 AND NOT attisdropped")) {
            statement.setString(1, table);
            try (ResultSet columns = statement.executeQuery()) {
                while (columns.next()) {
                    types.put(columns.getString(1), columns.getString(2));
                }
            }
        }
        return types;
    }

    private static Map<String, Map<String, Object>> rows(Connection connection, String table, Map<String, String> types)
            throws SQLException {
        Map<String, Map<String, Object>> rows = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement("SELECT * FROM " + table);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                Map<String, Object> values = new HashMap<>();
                for (Map.Entry<String, String> column : types.entrySet()) {
                    Object value = stored(row, column.getKey(), column.getValue());
                    if (value != null) {
                        values.put(column.getKey(), value);
                    }
                }
                rows.put(row.getString("id"), values);
            }
        }
        return rows;
    }

    private static @Nullable Object stored(ResultSet row, String column, String type) throws SQLException {
        if (row.getObject(column) == null) {
            return null;
        }
        return switch (type) {
            case "text", "character varying" -> row.getString(column);
            case "boolean" -> row.getBoolean(column);
            case "integer", "bigint" -> row.getLong(column);
            case "timestamp with time zone" ->
                row.getObject(column, OffsetDateTime.class).toInstant();
            case "text[]", "double precision[]" ->
                Arrays.asList((Object[]) row.getArray(column).getArray());
            case "jsonb" -> parsed(row.getString(column));
            default -> null;
        };
    }

    private static @Nullable Object plain(@Nullable Object value, String type) {
        return switch (type) {
            case "text", "character varying" -> value instanceof String s && s.indexOf('\0') < 0 ? s : null;
            case "boolean" -> value instanceof Boolean b ? b : null;
            case "integer" -> value instanceof Integer i ? Long.valueOf(i) : null;
            case "bigint" -> value instanceof Integer || value instanceof Long ? ((Number) value).longValue() : null;
            case "timestamp with time zone" -> value instanceof Date d ? d.toInstant() : null;
            case "text[]" ->
                value instanceof List<?> l && l.stream().allMatch(e -> e instanceof String s && s.indexOf('\0') < 0)
                        ? l
                        : null;
            case "double precision[]" ->
                value instanceof List<?> l && l.stream().allMatch(Double.class::isInstance) ? l : null;
            case "jsonb" -> value instanceof Document || value instanceof List<?> ? json(value) : null;
            default -> null;
        };
    }

    private static Object parsed(String json) {
        try {
            Object plain = json(JSON.convertValue(JSON.readTree(json), Object.class));
            return plain == null ? json : plain;
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /// What JSON has a word for, with numbers by value; null when some of it JSON has no word for.
    private static @Nullable Object json(@Nullable Object value) {
        return switch (value) {
            case null -> JSON_NULL;
            case String s -> s.indexOf('\0') < 0 ? s : null;
            case Boolean b -> b;
            case Double d -> Double.isFinite(d) ? BigDecimal.valueOf(d).stripTrailingZeros() : null;
            case Integer i -> BigDecimal.valueOf(i).stripTrailingZeros();
            case Long l -> BigDecimal.valueOf(l).stripTrailingZeros();
            case Map<?, ?> object -> {
                Map<Object, Object> fields = new HashMap<>();
                for (Map.Entry<?, ?> field : object.entrySet()) {
                    Object plain = json(field.getValue());
                    if (plain == null) {
                        yield null;
                    }
                    fields.put(field.getKey(), plain);
                }
                yield fields;
            }
            case List<?> list -> {
                List<Object> elements = new ArrayList<>();
                for (Object element : list) {
                    Object plain = json(element);
                    if (plain == null) {
                        yield null;
                    }
                    elements.add(plain);
                }
                yield elements;
            }
            default -> null;
        };
    }
}
