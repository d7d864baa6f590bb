package dev.sluice.sink.postgres.catalog;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.ColumnType;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// How the values of a mapped column become values of the table's own type, where assigning them as they are does not
/// do: text that PostgreSQL has to read as an enum, an interval and the like, and values for a domain.
///
/// @param type the mapping's type; or the one that text is cast to, by its name
/// @param elements whether what is held are the elements of an array
/// @param held types, each of which holds the value in its turn, the column's own last
public record ValueCast(ColumnType type, boolean elements, List<String> held) {
    /// Types that read `now` and the like, which is another value each time.
    private static final Set<String> BY_CLOCK = Set.of(
            "timestamp without time zone",
            "timestamp with time zone",
            "time without time zone",
            "time with time zone",
            "date",
            "tsrange",
            "tstzrange",
            "daterange",
            "tsmultirange",
            "tstzmultirange",
            "datemultirange");

    public ValueCast {
        held = List.copyOf(held);
    }

    /// Whether a text may mean another value each time that it is read.
    public boolean isByClock() {
        ColumnType single = type instanceof ColumnType.Array(ColumnType of) ? of : type;
        return single instanceof ColumnType.Postgres(String base) && BY_CLOCK.contains(base);
    }

    /// @return empty where values are assigned as they are, or can't be
    public static Optional<ValueCast> of(TableReader reader, TableShape.Column column, LiveTable.@Nullable Holds holds)
            throws SQLException {
        ColumnType mapped = column.type();
        boolean array = mapped instanceof ColumnType.Array;
        ColumnType single = mapped instanceof ColumnType.Array(ColumnType of) ? of : mapped;
        if (column.reference() != null) {
            // The value that is taken has that row's type; this one is only compared.
            return single instanceof ColumnType.Postgres(String name)
                    ? read(reader, name, array, null)
                    : Optional.empty();
        }
        if (holds == null) {
            return Optional.empty();
        }
        LiveTable.Type element = array ? holds.element() : null;
        boolean elements = element != null;
        LiveTable.Type live = element == null ? holds.value() : element;
        if (single instanceof ColumnType.Postgres(String name)) {
            return array == isArray(holds) ? read(reader, name, array, live) : Optional.empty();
        }
        if (isText(single) && array == isArray(holds) && isCast(live)) {
            return Optional.of(new ValueCast(
                    named(array && !elements ? live.base().replaceFirst("\\[\\]$", "") : live.base(), array),
                    elements,
                    List.of(live.sql())));
        }
        return live.domain() ? Optional.of(new ValueCast(mapped, elements, List.of(live.sql()))) : Optional.empty();
    }

    /// How a value becomes one of a type that may not hold it, though PostgreSQL would assign it.
    ///
    /// @return empty where every value of the mapping's type is one of the live one
    static Optional<ValueCast> toNarrower(ColumnType mapped, LiveTable.Type live) {
        Optional<ColumnType> known = ColumnType.parse(live.sql());
        boolean holdsAll =
                known.filter(type -> type.equals(mapped) || isUnlimited(type)).isPresent();
        return holdsAll || live.reading() == LiveTable.Reading.NEVER
                ? Optional.empty()
                : Optional.of(new ValueCast(mapped, false, List.of(live.sql())));
    }

    private static boolean isUnlimited(ColumnType type) {
        return type instanceof ColumnType.Text || type instanceof ColumnType.Citext || type instanceof ColumnType.Jsonb;
    }

    /// Text that is read as a type that the mapping names.
    private static Optional<ValueCast> read(
            TableReader reader, String name, boolean array, LiveTable.@Nullable Type live) throws SQLException {
        // A domain over an array holds the array.
        boolean whole = live != null && live.base().endsWith("[]");
        List<String> held = new ArrayList<>(List.of(whole ? name + "[]" : name));
        if (live != null && !live.sql().equals(name)) {
            held.add(live.sql());
        }
        return reader.base(name).map(base -> new ValueCast(named(base, array), array && !whole, held));
    }

    private static ColumnType named(String base, boolean array) {
        ColumnType type = new ColumnType.Postgres(base);
        return array ? new ColumnType.Array(type) : type;
    }

    private static boolean isArray(LiveTable.Holds holds) {
        return holds.element() != null || holds.value().base().endsWith("[]");
    }

    /// Whether the mapping's values of this type are text to PostgreSQL.
    public static boolean isText(ColumnType type) {
        return type instanceof ColumnType.Text
                || type instanceof ColumnType.Varchar
                || type instanceof ColumnType.Citext;
    }

    /// Not those that a mapping has a name and rules of its own for.
    private static boolean isCast(LiveTable.Type live) {
        return switch (live.reading()) {
            case CAST -> ColumnType.parse(live.base()).isEmpty();
            case ASSIGNED, NEVER -> false;
        };
    }
}
