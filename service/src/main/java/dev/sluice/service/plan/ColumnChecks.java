package dev.sluice.service.plan;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.catalog.LiveTable;
import dev.sluice.sink.postgres.catalog.TableReader;
import dev.sluice.sink.postgres.catalog.ValueCast;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What the columns of a table make of the values that the mapping writes, and of those it does not write.
final class ColumnChecks {
    private final TableReader reader;
    private final Checklist list;

    ColumnChecks(TableReader reader, Checklist list) {
        this.reader = reader;
        this.list = list;
    }

    /// @param faulty the columns of which a problem says what is the matter already
    void check(LiveTable table, WrittenTable written, Set<String> faulty) throws SQLException {
        losses(table, written, faulty);
        unwritten(table, written.columns());
    }

    /// What is said of several columns of a table in one line.
    ///
    /// @param remedy null where there is nothing to do
    private record Shared(String said, @Nullable String remedy) {}

    /// @param live its type in the table
    /// @param written the type that the mapping has
    private record Typed(String column, String live, String written) {
        String beside() {
            return column + " (" + live + (live.equals(written) ? "" : ", written as " + written) + ")";
        }
    }

    /// Values that lose something on their way into a column, or do not fit.
    ///
    /// @param faulty the columns of which a problem says what is the matter already
    private void losses(LiveTable table, WrittenTable written, Set<String> faulty) throws SQLException {
        TableShape shape = written.shape();
        SequencedMap<Shared, List<Typed>> shared = new LinkedHashMap<>();
        for (TableShape.Column column : shape.columns()) {
            Optional<LiveTable.Column> found = table.column(column.name());
            if (found.isEmpty() || faulty.contains(table.name() + "." + column.name()) || column.reference() != null) {
                continue;
            }
            Typed typed =
                    new Typed(column.name(), found.get().type(), column.type().sql());
            Optional<ValueCast> cast = ValueCast.of(reader, column, found.get().holds());
            String fate =
                    cast.isPresent() ? fate(written.target(), shape, found.get()) : "the document is a dead letter";
            cast.ifPresent(c ->
                    share(shared, new Shared("where PostgreSQL does not take a value for that, " + fate, null), typed));
            loss(column, found.get(), fate)
                    .ifPresent(loss ->
                            share(shared, new Shared(loss, remedy(loss, found.get(), cast.isPresent())), typed));
        }
        shared.forEach((what, columns) -> said(table, what, columns));
    }

    private static Optional<String> loss(TableShape.Column column, LiveTable.Column live, String fate) {
        LiveTable.Type element = live.holds().element();
        // The length of a domain's elements is not in the column's type.
        boolean padded = element != null && element.domain() && element.base().equals("bpchar");
        return TypeFit.loss(column.type(), live.baseType(), fate)
                .or(() -> padded ? Optional.of(TypeFit.PADS) : Optional.empty());
    }

    /// @param cast whether what PostgreSQL refuses is found out before a row is written
    /// @return null where nothing that is lost could be kept otherwise
    private static @Nullable String remedy(String loss, LiveTable.Column live, boolean cast) {
        if (loss.equals(TypeFit.PADS)) {
            return null;
        }
        return cast
                ? "Convert the values in the mapping, or give the table a type that holds all of them."
                : TypeFit.isPadded(live.baseType())
                        ? "Give the column `type: {postgres: " + live.baseType()
                                + "}` in the mapping, and what does not fit is quarantined instead."
                        : "Name the table's own type in the mapping, and what does not fit is quarantined instead.";
    }

    private static void share(SequencedMap<Shared, List<Typed>> shared, Shared what, Typed column) {
        shared.computeIfAbsent(what, w -> new ArrayList<>()).add(column);
    }

    private void said(LiveTable table, Shared what, List<Typed> columns) {
        String subject =
                columns.stream().map(c -> table.name() + "." + c.column()).collect(Collectors.joining(", "));
        Typed only = columns.getFirst();
        String found = columns.size() == 1
                ? subject + " is " + only.live() + " and the mapping writes " + only.written() + ": " + what.said()
                        + "."
                : table.name() + " has " + columns.size()
                        + " columns of types that PostgreSQL parses the mapping's values as: "
                        + columns.stream().map(Typed::beside).collect(Collectors.joining(", ")) + "; " + what.said()
                        + ".";
        if (what.remedy() == null) {
            list.info(Check.COLUMN_TYPE, subject, found);
        } else {
            list.warning(Check.COLUMN_TYPE, subject, found, what.remedy());
        }
    }

    /// What becomes of a value that PostgreSQL does not take for its column's type.
    private static String fate(CollectionTarget target, TableShape shape, LiveTable.Column live) {
        List<ColumnMapping> columns = target.mapping().table().equals(shape.table())
                ? target.mapping().columns()
                : target.mapping().children().stream()
                        .filter(child -> child.table().equals(shape.table()))
                        .flatMap(child -> child.columns().stream())
                        .toList();
        Optional<ColumnMapping> mapped =
                columns.stream().filter(c -> c.column().equals(live.name())).findFirst();
        boolean strict =
                mapped.map(c -> c.misfit() == ColumnMapping.Misfit.REJECT).orElse(true);
        boolean refused = live.notNull() && mapped.map(c -> c.instead() == null).orElse(true);
        return strict || refused
                ? "the document is a dead letter"
                : "the row lands without it, and it is kept in quarantine";
    }

    private void unwritten(LiveTable table, Set<String> written) {
        List<String> left = new ArrayList<>();
        List<LiveTable.Column> unfilled = table.unfilled(written);
        for (LiveTable.Column column : table.columns()) {
            if (written.contains(column.name())) {
                continue;
            }
            if (!unfilled.contains(column)) {
                left.add(column.name());
            } else if (table.maybeFilledByTrigger(column.name())) {
                String name = table.name() + "." + column.name();
                list.warning(
                        Check.COLUMN_REQUIRED,
                        name,
                        name + " is NOT NULL without a default, and the mapping does not write it: every row is refused"
                                + " unless a trigger gives it a value, which the triggers' text does not show.",
                        "Map it (a constant will do), or give it a default.");
            }
        }
        if (!left.isEmpty()) {
            list.info(
                    Check.COLUMN_UNMAPPED,
                    table.name().toString(),
                    "The mapping leaves to their defaults, in " + table.name() + ": " + String.join(", ", left) + ".");
        }
    }
}
