package dev.sluice.profile;

import dev.sluice.mapping.DocumentKey;
import dev.sluice.mapping.ExactFit;
import dev.sluice.mapping.KeyResult;
import dev.sluice.mapping.TextForm;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.KeyMapping;
import dev.sluice.schema.Where;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.bson.BsonBinary;
import org.bson.BsonInt64;
import org.bson.BsonNumber;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.types.ObjectId;

/// What the `_id`s of a whole collection are like, which a sample of its documents can't say: one string
/// among a million ObjectIds has to find a key too. The index of `_id` knows which types there are at the
/// price of one look-up each.
///
/// @param kinds that there are
/// @param compared how many ids were looked at one by one
/// @param complete whether these were enough to say that no two are written alike
public record IdSurvey(Set<Kind> kinds, long compared, boolean complete, Odd odd) {
    /// How many ids stand in the way of a key of one type.
    ///
    /// @param alike written as plain text like one of another type
    /// @param fractions numbers that are not whole, or beyond 64 bits
    /// @param binaries that are no UUIDs
    /// @param digits strings that are numbers
    /// @param nul strings with NUL, which are written with an escape where the key has its type
    public record Odd(long alike, long fractions, long binaries, long digits, long nul) {}

    /// Ids of one kind that are looked at one by one.
    public static final int COMPARED_MAX = 10_000;

    private static final DocumentKey PLAIN = DocumentKey.of(
            "", new KeyMapping("id", new ColumnType.Text(), KeyMapping.Form.PLAIN, new Where("(survey)", 1, "key")));

    /// Types of `_id` as keys see them.
    public enum Kind {
        STRING,
        OBJECT_ID,
        NUMBER,
        BINARY,
        /// All others.
        OTHER
    }

    public IdSurvey {
        kinds = kinds.isEmpty() ? EnumSet.noneOf(Kind.class) : EnumSet.copyOf(kinds);
    }

    /// The `_id`s of one collection.
    public interface Ids {
        /// Ids of each type that there is, a list for each: as many as asked for, or all.
        List<List<BsonValue>> byType(int most);

        /// Those of the ids that are the `_id` of a document.
        Set<BsonValue> existing(Collection<BsonValue> ids);
    }

    /// Surveys a collection.
    public static IdSurvey of(Ids ids) {
        List<BsonValue> strings = new ArrayList<>();
        List<BsonValue> rest = new ArrayList<>();
        EnumSet<Kind> kinds = EnumSet.noneOf(Kind.class);
        boolean allStrings = true;
        boolean allOthers = true;
        for (List<BsonValue> some : ids.byType(COMPARED_MAX)) {
            boolean all = some.size() < COMPARED_MAX;
            for (BsonValue id : some) {
                kinds.add(kind(id));
                (kind(id) == Kind.STRING ? strings : rest).add(id);
            }
            if (!some.isEmpty() && kind(some.getFirst()) == Kind.STRING) {
                allStrings &= all;
            } else {
                allOthers &= all;
            }
        }
        return new IdSurvey(
                kinds,
                strings.size() + rest.size(),
                strings.isEmpty() || rest.isEmpty() || allOthers || allStrings,
                new Odd(
                        alike(strings, rest, ids),
                        count(rest, IdSurvey::isFraction),
                        count(rest, id -> id instanceof BsonBinary && !ExactFit.of(id, new ColumnType.Uuid())),
                        count(strings, id -> TextForm.NUMBER.fits(text(id))),
                        count(strings, id -> text(id).indexOf('\0') >= 0)));
    }

    /// Looks for each from both sides, since there may be more of one than are compared.
    private static long alike(List<BsonValue> strings, List<BsonValue> rest, Ids ids) {
        if (strings.isEmpty() || rest.isEmpty()) {
            return 0;
        }
        Set<BsonValue> asked = new LinkedHashSet<>();
        rest.forEach(id -> asked.add(new BsonString(plain(id))));
        strings.forEach(id -> asked.addAll(meant(text(id))));
        Set<String> written = new HashSet<>();
        ids.existing(asked).forEach(id -> written.add(plain(id)));
        return written.size();
    }

    private static long count(List<BsonValue> ids, Predicate<BsonValue> which) {
        return ids.stream().filter(which).count();
    }

    private static String text(BsonValue id) {
        return id instanceof BsonString text ? text.getValue() : "";
    }

    private static Kind kind(BsonValue id) {
        return switch (id) {
            case BsonString s -> Kind.STRING;
            case BsonObjectId o -> Kind.OBJECT_ID;
            case BsonNumber n -> Kind.NUMBER;
            case BsonBinary b -> Kind.BINARY;
            default -> Kind.OTHER;
        };
    }

    private static boolean isFraction(BsonValue id) {
        return id instanceof BsonNumber && !ExactFit.of(id, new ColumnType.Int(8));
    }

    /// As text, and of what no key can be made as something that no string is.
    private static String plain(BsonValue id) {
        return PLAIN.key(id) instanceof KeyResult.Key(String text) ? text : "\0";
    }

    /// The ids of other types that are written like a string.
    private static List<BsonValue> meant(String text) {
        List<BsonValue> ids = new ArrayList<>();
        if (TextForm.OBJECT_ID.fits(text)) {
            ids.add(new BsonObjectId(new ObjectId(text)));
        }
        if (TextForm.UUID.fits(text)) {
            ids.add(References.uuid(text));
        }
        if (TextForm.WHOLE_NUMBER.fits(text)) {
            ids.add(new BsonInt64(Long.parseLong(text)));
        }
        ids.removeIf(id -> !plain(id).equals(text));
        return ids;
    }
}
