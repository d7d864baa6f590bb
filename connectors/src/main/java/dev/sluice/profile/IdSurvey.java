package dev.sluice.profile;

import dev.sluice.mapping.PlainText;
import dev.sluice.mapping.row.ExactFit;
import dev.sluice.schema.ColumnType;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.bson.BsonBinary;
import org.bson.BsonNumber;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonValue;

/// What the `_id`s of a whole collection are like, which a sample of its documents can't say: one string
/// among a million ObjectIds has to find a key too. The index of `_id` knows which types there are at the
/// price of one look-up each.
///
/// @param kinds that there are
/// @param compared how many ids were looked at one by one
/// @param complete whether these were enough to say that no string is written like an id of another type
public record IdSurvey(Set<Kind> kinds, long compared, boolean complete, Odd odd) {
    /// How many ids stand in the way of a key of one type.
    ///
    /// @param alike strings that are written as an id of another type could be
    /// @param fractions numbers that are not whole, or beyond 64 bits
    /// @param binaries that are no UUIDs
    /// @param nul strings with NUL, which are written with an escape where the key has its type
    public record Odd(long alike, long fractions, long binaries, long nul) {}

    /// Ids of one kind that are looked at one by one.
    public static final int COMPARED_MAX = 10_000;

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
    @FunctionalInterface
    public interface Ids {
        /// Ids of each type that there is, a list for each: as many as asked for, or all.
        List<List<BsonValue>> byType(int most);
    }

    /// Surveys a collection.
    public static IdSurvey of(Ids ids) {
        List<BsonValue> strings = new ArrayList<>();
        List<BsonValue> rest = new ArrayList<>();
        EnumSet<Kind> kinds = EnumSet.noneOf(Kind.class);
        for (List<BsonValue> some : ids.byType(COMPARED_MAX)) {
            for (BsonValue id : some) {
                kinds.add(kind(id));
                (kind(id) == Kind.STRING ? strings : rest).add(id);
            }
        }
        return new IdSurvey(
                kinds,
                strings.size() + rest.size(),
                strings.size() < COMPARED_MAX,
                new Odd(
                        count(strings, id -> PlainText.mayBeNoString(text(id))),
                        count(rest, IdSurvey::isFraction),
                        count(rest, id -> id instanceof BsonBinary && !ExactFit.of(id, new ColumnType.Uuid())),
                        count(strings, id -> text(id).indexOf('\0') >= 0)));
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
}
