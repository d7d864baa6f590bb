package dev.sluice.profile;

import dev.sluice.schema.ColumnType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.stream.Collectors;

/// Why a proposal is as it is, for people who may know better.
final class Reasons {
    /// Fields in the rest that a note names one by one.
    private static final int NAMED_MAX = 10;

    private Reasons() {}

    /// Of a column.
    ///
    /// @param values whether the few words that a field always holds are written down
    static String of(Layout.Flat flat, boolean values) {
        return join(described(flat, values), flat);
    }

    /// Of a column that is written like the key it refers to, whatever else its values look like.
    static String ofReference(Layout.Flat flat, boolean values) {
        List<String> parts = new ArrayList<>(described(flat, values));
        parts.set(0, parts.getFirst().replaceFirst(": \\w+ (with convert \\[[^\\]]*\\] )?would do", ""));
        return join(parts, flat);
    }

    /// Of a column whose values must not be shown: nothing of them.
    static String hidden(Layout.Flat flat, Sensitive sensitive) {
        return join(
                sensitive.masked()
                        ? List.of(flat.choice().reason())
                        : List.of(BsonTypes.shares(flat.field()), sensitive.reason()),
                flat);
    }

    private static List<String> described(Layout.Flat flat, boolean values) {
        FieldProfile field = flat.field();
        List<String> parts = new ArrayList<>(List.of(flat.choice().reason()));
        ObjectProfile object = field.object();
        if (object != null && flat.choice().type() instanceof ColumnType.Jsonb) {
            parts.add(whole(object));
        }
        SequencedSet<String> words = field.distinct().words();
        if (!words.isEmpty()
                && field.texts().count() == field.values()
                && field.texts().charactersMax() > 0) {
            parts.add(
                    values
                            ? "always one of " + quoted(words)
                            : words.size() == 1 ? "always the same text" : "always one of " + words.size() + " texts");
        }
        SequencedSet<String> others = TypeChoice.otherTexts(field);
        if (values && !others.isEmpty() && field.texts().count() < field.values()) {
            parts.add("the texts are " + quoted(others));
        }
        if (field.isUnique()) {
            parts.add("no two alike");
        }
        return parts;
    }

    private static String join(List<String> described, Layout.Flat flat) {
        FieldProfile field = flat.field();
        List<String> parts = new ArrayList<>(described);
        long nulls = field.count() - field.values();
        if (nulls > 0) {
            parts.add("null in " + BsonTypes.percent(nulls, field.count()));
        }
        if (flat.share() < 1) {
            parts.add("there in " + share(flat.share()));
        }
        return parts.stream().filter(p -> !p.isEmpty()).collect(Collectors.joining(", "));
    }

    private static String quoted(SequencedSet<String> words) {
        return words.stream().map(w -> '"' + OneLine.text(w) + '"').collect(Collectors.joining(", "));
    }

    /// Of a column that refers to a collection: how much of it SQL joins.
    static String of(Proposal.Target target) {
        String collection = OneLine.name(target.reference().collection());
        Optional<JoinTrial.Join> join = target.reference().join();
        if (join.isEmpty()) {
            return "_id of " + collection + " in " + share(target.reference().share())
                    + " of the values, but written unlike its key, so that none joins";
        }
        long joined = join.get().joined();
        long values = join.get().values();
        return "_id of " + collection + ": " + (join.get().complete() ? "" : "about ")
                + BsonTypes.percent(joined, values) + " of " + BsonTypes.count(values, "value") + " join"
                + (join.get().complete()
                        ? ""
                        : ", as " + BsonTypes.number(join.get().lookedUp()) + " different ones do that were looked up")
                + (join.get().conversions().contains(JoinTrial.TO_TEXT)
                        ? "; some by their text alone, which is that of an _id of another type"
                        : "")
                + (target.reference().byValues() ? "; the values alone say so" : "");
    }

    private static String share(double share) {
        return BsonTypes.percent(Math.round(share * 1_000_000), 1_000_000);
    }

    /// Why an object has no columns of its own.
    private static String whole(ObjectProfile object) {
        if (object.empty() == object.count()) {
            return "always empty";
        }
        if (Layout.isMap(object)) {
            return "the names of its fields are data";
        }
        int fields = object.fields().size();
        return BsonTypes.number(fields)
                + (fields == 1 ? " different field" : " different fields")
                + (object.empty() > 0 ? ", at times none" : "");
    }

    /// Of a collection, a line each.
    static List<String> notes(CollectionProfile profile, Layout layout) {
        List<String> notes = new ArrayList<>();
        String largest = "; the largest has " + BsonTypes.number(profile.bytesMax()) + " bytes.";
        if (profile.count() == 0) {
            notes.add("Empty when it was read: every field of later documents lands in the rest.");
        } else if (profile.sample().isEmpty()) {
            notes.add(BsonTypes.number(profile.count()) + " documents were read, all of the collection" + largest);
        } else {
            notes.add(profile.sample().get() + " were read" + largest
                    + " \"All\", \"always\", \"at most\", \"alike\" and shares below refer to these.");
        }
        left(layout).forEach(note -> notes.add("In the rest, " + note + "."));
        CollectionRules rules = profile.rules();
        if (rules.validated()) {
            notes.add("MongoDB checks documents by a validator"
                    + (rules.enforced()
                            ? " and refuses others; what it asks for and the tables do not is lost once the writes move."
                            : ", and does not refuse all others."));
        }
        if (rules.locale() != null) {
            notes.add("MongoDB compares its texts by the collation " + OneLine.name(rules.locale())
                    + "; columns here by the database's. An ICU collation is its like: COLLATE \""
                    + OneLine.text(rules.locale())
                    + "-x-icu\".");
        }
        return notes;
    }

    /// What stays in the rest, a line for each reason.
    static List<String> left(Layout layout) {
        List<String> notes = new ArrayList<>();
        for (Layout.Reason reason : Layout.Reason.values()) {
            List<String> paths = layout.left().stream()
                    .filter(l -> l.reason() == reason)
                    .map(l -> OneLine.path(l.path()))
                    .toList();
            if (!paths.isEmpty()) {
                String named = String.join(", ", paths.subList(0, Math.min(NAMED_MAX, paths.size())));
                String more = paths.size() > NAMED_MAX ? " and " + (paths.size() - NAMED_MAX) + " more" : "";
                notes.add(because(reason) + ": " + named + more);
            }
        }
        return notes;
    }

    private static String because(Layout.Reason reason) {
        return switch (reason) {
            case NULL -> "since nothing but null was seen";
            case RARE -> "since fewer than one in a hundred has them";
            case NAME -> "since the mapping has no word for their names";
            case MANY -> "since a table has at most " + Layout.COLUMNS_MAX + " columns here";
        };
    }
}
