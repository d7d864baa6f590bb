package dev.sluice.profile;

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
        charactersMax = Math.max(charactersMax, text.codePointCount(0, text.length()));
        forms.removeIf(form -> !form.fits(text));
    }

    public long count() {
        return count;
    }

    public long empty() {
        return empty;
    }

    /// Texts that PostgreSQL's text can't hold: with NUL, or with half of a surrogate pair.
    public long unfit() {
        return unfit;
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
