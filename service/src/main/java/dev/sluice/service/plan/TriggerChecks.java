package dev.sluice.service.plan;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.sink.postgres.catalog.LiveTable;
import dev.sluice.sink.postgres.catalog.TriggerEffects;
import dev.sluice.sink.postgres.catalog.TriggerTrial;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What the triggers of a table do to rows.
final class TriggerChecks {
    private final TriggerTrial trial;
    private final Checklist list;

    TriggerChecks(TriggerTrial trial, Checklist list) {
        this.trial = trial;
        this.list = list;
    }

    /// What the table's triggers make of the values that Sluice writes, trigger by trigger.
    void check(LiveTable table, WrittenTable written) throws SQLException {
        TableShape shape = written.shape();
        List<String> conflict = written.conflict();
        trial.undoing(shape, conflict).forEach((who, what) -> what.forEach(undone -> undoing(table, who, undone)));
        TriggerEffects together = trial.of(shape, conflict);
        String obstacle = together.obstacle();
        if (obstacle != null) {
            untried(table, shape, together, obstacle);
            return;
        }
        List<TableShape.Column> touched = shape.columns().stream()
                .skip(shape.keyColumns())
                .filter(c -> together.touch(c.name()) && !conflict.contains(c.name()))
                .toList();
        if (touched.isEmpty()) {
            return;
        }
        SequencedMap<String, TriggerEffects> alone = trial.alone(shape, conflict);
        SequencedMap<Touched, List<String>> shared = new LinkedHashMap<>();
        for (TableShape.Column column : touched) {
            String by = alone.entrySet().stream()
                    .filter(t -> t.getValue().touch(column.name()))
                    .map(Map.Entry::getKey)
                    .collect(Collectors.joining(", "));
            shared.computeIfAbsent(
                            new Touched(
                                    by.isEmpty() ? "the triggers together" : by,
                                    together.stamped().contains(column.name()) ? column.write() : null),
                            t -> new ArrayList<>())
                    .add(table.name() + "." + column.name());
        }
        shared.forEach(this::touched);
    }

    private void undoing(LiveTable table, String who, TriggerTrial.Undoing what) {
        switch (what) {
            case WRITE ->
                list.warning(
                        Check.TRIGGER,
                        table.name().toString(),
                        "The trigger " + who + " deletes rows of " + table.name()
                                + " after they are written, or changes their"
                                + " keys. Such a document becomes a dead letter (27000); where these are more than a fifth of"
                                + " the last 500 rows, the pipeline stops.",
                        "Let the function leave rows alone while current_setting('sluice.applying', true) is 'on'.");
            case DELETE ->
                list.warning(
                        Check.TRIGGER,
                        table.name().toString(),
                        "The trigger " + who + " lets rows of " + table.name()
                                + " stay that are deleted: rows of documents"
                                + " that are gone stay, and `sluice verify` reports them as extra.",
                        "Let the function return OLD while current_setting('sluice.applying', true) is 'on'; or map the"
                                + " collection with on_delete: keep, where rows are to stay.");
        }
    }

    /// What triggers do to a column.
    ///
    /// @param who the triggers
    /// @param stamped how the mapping writes it, of a column that they set whatever is written; null of one that
    ///     keeps what an update of it alone brings
    private record Touched(String who, ColumnMapping.@Nullable Write stamped) {}

    private void touched(Touched how, List<String> columns) {
        String names = String.join(", ", columns);
        boolean one = columns.size() == 1;
        String set = names + (one ? " is" : " are") + " set by " + how.who();
        switch (how.stamped()) {
            case null ->
                list.info(
                        Check.TRIGGER,
                        names,
                        set + " when a row is inserted or other columns of it change, and "
                                + (one
                                        ? "keeps the value of an update that changes only it"
                                        : "keep the values of an update that changes only them")
                                + ": Sluice writes " + (one ? "it" : "them")
                                + " a second time, so that rows hold what documents do.");
            case ALONG ->
                list.info(
                        Check.TRIGGER,
                        names,
                        set + " whatever is written. The mapping writes " + (one ? "it" : "them")
                                + " `along`: a difference there alone is no reason to write the row, and comparisons leave"
                                + " it out.");
            case INSERT ->
                list.info(
                        Check.TRIGGER,
                        names,
                        set + " whatever is written. The mapping writes " + (one ? "it" : "them")
                                + " once, and comparisons leave " + (one ? "it" : "them") + " out.");
            case ALWAYS, MERGE ->
                list.warning(
                        Check.TRIGGER,
                        names,
                        set + " whatever is written, so comparisons find " + (one ? "it" : "them")
                                + " different from the document as often as they look, and a repair changes nothing.",
                        "Let the function leave rows alone while current_setting('sluice.applying', true) is 'on';"
                                + " or write the column `along`, or leave it out of the mapping.");
        }
    }

    private void untried(LiveTable table, TableShape shape, TriggerEffects effects, String obstacle) {
        String triggers = table.triggers().stream()
                .map(t -> t.name() + " (" + t.function() + ")")
                .collect(Collectors.joining(", "));
        String found = "What the triggers of " + table.name() + (triggers.isEmpty() ? "" : ", " + triggers + ",")
                + " make of what Sluice writes could not be found out: " + obstacle + ".";
        List<String> along = shape.columns().stream()
                .filter(c -> c.write() == ColumnMapping.Write.ALONG)
                .map(TableShape.Column::name)
                .toList();
        if (effects.drops()) {
            list.warning(
                    Check.TRIGGER,
                    table.name().toString(),
                    found
                            + " A document whose row a trigger leaves out, or as it was (RETURN NULL), becomes a dead letter"
                            + " (27000); where these are more than a fifth of the last 500 rows, the pipeline stops.",
                    "Let the function return the row while current_setting('sluice.applying', true) is 'on'.");
        } else if (along.isEmpty()) {
            list.info(Check.TRIGGER, table.name().toString(), found);
        } else {
            list.warning(
                    Check.TRIGGER,
                    table.name().toString(),
                    found + " So " + String.join(", ", along)
                            + " is treated as a column that no trigger sets: if"
                            + " a trigger does set it, comparisons report its rows as different.",
                    "Let the functions accept a row of made-up values, or a row of the table inserted once more; the role"
                            + " needs EXECUTE on them.");
        }
    }
}
