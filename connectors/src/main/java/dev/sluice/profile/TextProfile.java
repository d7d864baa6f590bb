package dev.sluice.profile;

import dev.sluice.bson.Utf8;
import dev.sluice.mapping.convert.TextForm;
import dev.sluice.mapping.row.ExactFit;
import dev.sluice.schema.ColumnType;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import org.bson.BsonString;

/// What the texts of one path were like. Filled by one thread, then only read.
public final class TextProfile {
    /// No text that is longer is of any form but JSON.
    private static final int FORM_LENGTH_MAX = 400;

    /// Kinds of keys that are counted.
    private static final int PATTERNS_MAX = 40;

    /// A secret or an address is not longer.
    private static final int SHAPE_LENGTH_MAX = 8_192;

    private final Map<TextForm, Long> forms = new EnumMap<>(TextForm.class);
    private static final Set<TextForm> SHORT_FORMS = EnumSet.complementOf(EnumSet.of(TextForm.JSON));

    private final Map<DateText, Long> dates = new EnumMap<>(DateText.class);
    private final Map<ValueShape, Long> shapes = new EnumMap<>(ValueShape.class);
    private final SequencedMap<String, Long> nullWords = new TreeMap<>();
    private final SequencedMap<String, Long> patterns = new LinkedHashMap<>();

    private long count;
    private long empty;
    private long unfit;
    private long notUtf8;
    private int charactersMax;

    TextProfile() {}

    void add(String text) {
        // Long to find out, and of no interest where others are none.
        if (count(TextForm.JSON) == count && TextForm.JSON.fits(text)) {
            forms.merge(TextForm.JSON, 1L, Long::sum);
        }
        if (text.length() <= FORM_LENGTH_MAX) {
            for (TextForm form : SHORT_FORMS) {
                if (form.fits(text)) {
                    forms.merge(form, 1L, Long::sum);
                }
            }
        }
        if (text.length() <= SHAPE_LENGTH_MAX) {
            for (ValueShape shape : ValueShape.values()) {
                if (shape.fits(text)) {
                    shapes.merge(shape, 1L, Long::sum);
                }
            }
        }
        KeyPattern.of(text).ifPresent(pattern -> addPattern(pattern, 1));
        DateText.of(text).forEach(form -> dates.merge(form, 1L, Long::sum));
        count++;
        if (text.isEmpty()) {
            empty++;
        } else if (NullWords.has(text) && (nullWords.containsKey(text) || nullWords.size() < Limits.WORDS_MAX)) {
            nullWords.merge(text, 1L, Long::sum);
        }
        if (!ExactFit.of(new BsonString(text), new ColumnType.Text())) {
            unfit++;
        }
        if (!Utf8.isUtf8(text)) {
            notUtf8++;
        }
        charactersMax = Math.max(charactersMax, text.codePointCount(0, text.length()));
    }

    private void addPattern(String pattern, long times) {
        if (patterns.containsKey(pattern) || patterns.size() < PATTERNS_MAX) {
            patterns.merge(pattern, times, Long::sum);
        }
    }

    /// How many texts are keys of each kind, for the first kinds that turned up.
    SequencedMap<String, Long> patterns() {
        return Collections.unmodifiableSequencedMap(patterns);
    }

    /// Adds what other texts were like.
    void addAll(TextProfile other) {
        boolean json = count(TextForm.JSON) == count;
        other.forms.forEach((form, times) -> {
            if (form != TextForm.JSON || json) {
                forms.merge(form, times, Long::sum);
            }
        });
        other.patterns.forEach(this::addPattern);
        other.dates.forEach((form, times) -> dates.merge(form, times, Long::sum));
        other.shapes.forEach((shape, times) -> shapes.merge(shape, times, Long::sum));
        other.nullWords.forEach((word, times) -> {
            if (nullWords.containsKey(word) || nullWords.size() < Limits.WORDS_MAX) {
                nullWords.merge(word, times, Long::sum);
            }
        });
        count += other.count;
        empty += other.empty;
        unfit += other.unfit;
        notUtf8 += other.notUtf8;
        charactersMax = Math.max(charactersMax, other.charactersMax);
    }

    public long count() {
        return count;
    }

    public long empty() {
        return empty;
    }

    /// Texts that PostgreSQL's text can't hold: with NUL, or not UTF-8.
    public long unfit() {
        return unfit;
    }

    /// Texts whose bytes are not UTF-8.
    public long notUtf8() {
        return notUtf8;
    }

    /// Characters (code points, as PostgreSQL counts them) of the longest.
    public int charactersMax() {
        return charactersMax;
    }

    /// How many are of a form; of JSON, those before the first that is none.
    public long count(TextForm form) {
        return forms.getOrDefault(form, 0L);
    }

    /// How many look like this.
    long count(ValueShape shape) {
        return shapes.getOrDefault(shape, 0L);
    }

    /// How many write a date in this way.
    long count(DateText form) {
        return dates.getOrDefault(form, 0L);
    }

    /// The texts that stand for no value ([NullWords]) and how often each was there, by themselves;
    /// without the empty one.
    SequencedMap<String, Long> nullWords() {
        return Collections.unmodifiableSequencedMap(nullWords);
    }

    /// How many texts are in [#nullWords].
    long nullWordCount() {
        return nullWords.values().stream().mapToLong(Long::longValue).sum();
    }

    /// Whether every single one is of a form.
    boolean are(TextForm form) {
        return count > 0 && count(form) == count;
    }

    /// Those that `parse_timestamp` reads: ISO 8601 with and without a time of day or an offset.
    long timestamps() {
        return count(TextForm.TIMESTAMP)
                + count(TextForm.LOCAL_TIMESTAMP)
                + count(TextForm.FINE_TIMESTAMP)
                + count(TextForm.DATE);
    }
}
