package dev.sluice.profile;

import dev.sluice.schema.ColumnType;

/// What the mapping says of texts that write dates in a way of their own.
final class DateHint {
    /// Said of times without an offset.
    static final String NO_ZONE = " without an offset: read as UTC; where they are of another zone, name it";

    private DateHint() {}

    /// The column's type: a day, or a moment.
    static ColumnType type(DateText form) {
        return form.kind() == DateText.Kind.DAY ? new ColumnType.Date() : new ColumnType.Timestamptz();
    }

    /// The conversion that reads them.
    static String conversion(DateText form) {
        String zone = form.kind() == DateText.Kind.LOCAL ? "zone: UTC, " : "";
        return "{parse_timestamp: {" + zone + "formats: [\"" + form.pattern() + "\"]}}";
    }

    /// How they are written, for people.
    static String written(DateText form) {
        return "dates as " + form.pattern()
                + switch (form.kind()) {
                    case DAY -> "";
                    case LOCAL -> NO_ZONE;
                    case OFFSET -> ", whose offset is not kept";
                };
    }

    /// Where half of the texts or more are such dates, and it is better not to decide for the reader: a
    /// part of a sentence with the line to write instead; else empty.
    static String of(TextProfile texts) {
        DateText best = null;
        for (DateText form : DateText.values()) {
            if (best == null || texts.count(form) > texts.count(best)) {
                best = form;
            }
        }
        if (best == null || 2 * texts.count(best) < texts.count()) {
            return "";
        }
        DateText turned = best.turned().orElse(null);
        String other = turned == null || texts.count(turned) == 0
                ? ""
                : ", and " + BsonTypes.percent(texts.count(turned), texts.count()) + " as " + turned.pattern()
                        + ": find out which of the two is meant";
        return ", " + BsonTypes.percent(texts.count(best), texts.count()) + " of them dates as " + best.pattern()
                + other
                + "; " + type(best).sql() + " with convert [" + conversion(best) + "] reads these, and the others go to"
                + " quarantine";
    }
}
