package dev.sluice.service.plan;

import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.SkipRule;
import dev.sluice.sink.CollectionTarget;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What lets the rows of documents land that the mapping makes dead letters, by the reason.
final class RejectionRemedy {
    /// The mapper names the conversion that a value lacks.
    private static final Pattern CONVERSION = Pattern.compile("needs convert: (\\[\\w+\\])");

    /// Why an `_id` has no key, of whatever type and form.
    private static final Pattern WITHOUT_KEY = Pattern.compile("bytes that are not UTF-8|field of the same name twice");

    /// What the mapper takes and the table's narrower type does not.
    private static final Pattern REFUSED_ROW = Pattern.compile("so that PostgreSQL refuses the row$");

    private RejectionRemedy() {}

    /// @return a sentence for a person
    static String of(CollectionTarget target, Forecast.Rejected rejected) {
        CollectionMapping mapping = target.mapping();
        String table = mapping.table().table();
        String label = rejected.column();
        if (mapping.skips().stream()
                .anyMatch(rule -> rule.then() == SkipRule.Then.DEAD_LETTER
                        && rule.reason().equals(rejected.reason()))) {
            return "A rule under `skip` says so; with `then: skip` these documents have no row and are no dead letters.";
        }
        if (label.equals(table)) {
            return "Leave these documents out by a rule under `skip`, or change them in MongoDB.";
        }
        if (label.equals(table + "." + mapping.key().column())) {
            return WITHOUT_KEY.matcher(rejected.reason()).find()
                    ? "No key holds these `_id`s: leave the documents out by a rule under `skip`, or give them other"
                            + " `_id`s in MongoDB."
                    : "Give the key a type or form that takes these `_id`s, or leave the documents out by a rule under"
                            + " `skip`.";
        }
        if (REFUSED_ROW.matcher(rejected.reason()).find()) {
            return "Widen " + label
                    + " in PostgreSQL; or give it its type in the mapping too: the rows land without these"
                    + " values then, which are in quarantine.";
        }
        Matcher conversion = CONVERSION.matcher(rejected.reason());
        boolean strict = column(mapping, label)
                .filter(c -> c.misfit() == ColumnMapping.Misfit.REJECT)
                .isPresent();
        String otherwise = strict
                ? "; or `misfit: quarantine`: their rows land without the value, which is kept."
                : "; or `instead`, a value that is written in its place.";
        return "In the mapping, give " + label
                + (conversion.find()
                        ? " `convert: " + conversion.group(1) + "`"
                        : " a type that holds these values, or a conversion")
                + otherwise;
    }

    private static Optional<ColumnMapping> column(CollectionMapping mapping, String label) {
        return Stream.concat(
                        mapping.columns().stream()
                                .filter(c -> label.equals(mapping.table().table() + "." + c.column())),
                        mapping.children().stream()
                                .flatMap(child -> child.columns().stream()
                                        .filter(c -> label.equals(child.table().table() + "." + c.column()))))
                .findFirst();
    }
}
