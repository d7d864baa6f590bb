package dev.sluice.profile;

import dev.sluice.bson.Utf8;
import dev.sluice.mapping.ExactFit;
import dev.sluice.mapping.TextForm;
import dev.sluice.schema.ColumnType;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import org.bson.BsonString;

/// What the texts of one path were like. Filled by one thread, then only read.
public final class TextProfile {
    private final EnumSet<TextForm> forms = EnumSet.allOf(TextForm.class);
    private long count;
    private long empty;
    private long unfit;
    private long notUtf8;
    private int charactersMax;

    TextProfile() {}

    void add(String text) {
        count++;
        if (text.isEmpty()) {
            empty++;
        }
        if (!ExactFit.of(new BsonString(text), new ColumnType.Text())) {
            unfit++;
        }
        if (!Utf8.isUtf8(text)) {
            notUtf8++;
        }
        charactersMax = Math.max(charactersMax, text.codePointCount(0, text.length()));
        forms.removeIf(form -> !form.fits(text));
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

    /// The forms that every single text has; none where there is no text.
    public Set<TextForm> forms() {
        return count == 0 ? Set.of() : Collections.unmodifiableSet(forms);
    }

    boolean are(TextForm form) {
        return count > 0 && forms.contains(form);
    }
}
