package dev.sluice.service.infer;

import dev.sluice.profile.Coverage;
import dev.sluice.profile.Hazard;
import dev.sluice.profile.Proposal;
import dev.sluice.service.infer.Inference.Inferred;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What somebody should look at before the tables are made, by topic: where it is, without values.
final class Decisions {
    private final Map<Topic, List<String>> places = new EnumMap<>(Topic.class);

    /// What there is to decide, the most urgent first.
    enum Topic {
        DEAD_LETTERS("dead letters"),
        QUARANTINED("quarantined values"),
        SECRETS("secrets: masked, if `redact` can reach them"),
        MIXED_IDS("keys of several types"),
        AMBIGUOUS_DATES("texts that may be dates: not read"),
        AMOUNTS("amounts of money: two digits after the point"),
        TIMES("times without an offset: read as UTC"),
        DATES("texts read as dates"),
        EPOCHS("numbers read as times"),
        GUESSED("references that only the values tell"),
        NOTHING("texts for no value: NULL"),
        PERSONAL("personal data: copied"),
        MIXED_TYPES("fields of several types"),
        NOT_HELD("values that PostgreSQL can't hold"),
        SEVERAL_KINDS("collections with documents of several kinds"),
        MAPS("objects whose names are data: jsonb"),
        ELEMENT_KEYS("child tables by a field of their elements: the order of the array is not kept"),
        NESTED_ARRAYS("arrays inside child tables: jsonb, for these have no child tables of their own"),
        ENTRIES("objects whose names are data: a table of their entries"),
        NUMBERS("numbers that programs round"),
        NAMES("odd names"),
        LARGE("large documents");

        private final String title;

        Topic(String title) {
            this.title = title;
        }

        /// For people, as part of a line.
        String title() {
            return title;
        }
    }

    private Decisions() {}

    /// @return the places of each topic that has some
    static Map<Topic, List<String>> of(List<Inferred> collections) {
        Decisions decisions = new Decisions();
        collections.forEach(decisions::add);
        return decisions.places;
    }

    private void add(Inferred inferred) {
        String collection = inferred.table().collection();
        Coverage coverage = inferred.coverage();
        coverage.reasons().forEach((reason, count) -> {
            Topic topic = reason.startsWith("dead letter: ") ? Topic.DEAD_LETTERS : Topic.QUARANTINED;
            put(topic, reason.substring(reason.indexOf(": ") + 2) + " (" + count + ")");
        });
        inferred.table()
                .hazards()
                .forEach(hazard ->
                        topic(hazard.kind()).ifPresent(topic -> put(topic, collection + "." + hazard.path())));
        inferred.table().columns().forEach(column -> add(inferred.table().table(), column));
        inferred.table().children().forEach(child -> {
            if (child.key() instanceof Proposal.RowKey.Field) {
                put(Topic.ELEMENT_KEYS, child.table());
            }
            child.columns().forEach(column -> add(child.table(), column));
        });
    }

    private void add(String table, Proposal.Column column) {
        String place = table + "." + column.column();
        if (column.reason().contains("of them dates as")) {
            put(Topic.AMBIGUOUS_DATES, place);
        }
        if (column.reference().filter(target -> target.reference().byValues()).isPresent()) {
            put(Topic.GUESSED, place);
        }
        if (column.reason().contains("money by its")) {
            put(Topic.AMOUNTS, place);
        }
        for (String conversion : column.conversions()) {
            if (conversion.startsWith("{parse_timestamp: {zone: UTC")) {
                put(Topic.TIMES, place);
            } else if (conversion.startsWith("{parse_timestamp: {formats")) {
                put(Topic.DATES, place);
            } else if (conversion.startsWith("{parse_epoch: ")) {
                put(Topic.EPOCHS, place);
            } else if (conversion.startsWith("{sentinel: {when: [\"")) {
                put(Topic.NOTHING, place);
            }
        }
    }

    private void put(Topic topic, String place) {
        places.computeIfAbsent(topic, t -> new ArrayList<>()).add(place);
    }

    private static Optional<Topic> topic(Hazard.Kind kind) {
        return switch (kind) {
            case SECRET -> Optional.of(Topic.SECRETS);
            case PERSONAL -> Optional.of(Topic.PERSONAL);
            case MIXED_IDS -> Optional.of(Topic.MIXED_IDS);
            case MIXED_TYPES -> Optional.of(Topic.MIXED_TYPES);
            case NUL, NOT_UTF8, NOT_FINITE, DATE_OUT_OF_RANGE, LEGACY_UUID, TWIN_NAMES -> Optional.of(Topic.NOT_HELD);
            case UNBOUNDED_NAMES -> Optional.of(Topic.MAPS);
            case ENTRIES -> Optional.of(Topic.ENTRIES);
            case NESTED_ARRAY -> Optional.of(Topic.NESTED_ARRAYS);
            case SEVERAL_KINDS -> Optional.of(Topic.SEVERAL_KINDS);
            case LARGE_WHOLE_NUMBER, MANY_DIGITS -> Optional.of(Topic.NUMBERS);
            case ODD_NAME, NAME_COLLISION, NAME_CUT, MANY_FIELDS -> Optional.of(Topic.NAMES);
            case LARGE_DOCUMENT -> Optional.of(Topic.LARGE);
            case EMPTY -> Optional.empty();
        };
    }
}
