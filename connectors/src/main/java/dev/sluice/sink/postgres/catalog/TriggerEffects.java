package dev.sluice.sink.postgres.catalog;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a table's own triggers make of the values that Sluice writes, as [TriggerTrial] found out.
///
/// @param stamped the columns that triggers give a value of theirs whatever an update brings. Nothing that is
///     written stays there
/// @param rewritten the columns that triggers set when a row is inserted, or when an update changes other columns,
///     and that keep what an update of them alone brings; each with its type as PostgreSQL writes it
/// @param onInsert whether triggers set any of `rewritten` when a row is inserted
/// @param drops whether a trigger let a row not be written, without an error
/// @param obstacle why it could not be found out, as part of a sentence; null when it was. No column counts as
///     stamped or rewritten then, so that a difference is written and reported rather than passed over
public record TriggerEffects(
        Set<String> stamped,
        Map<String, String> rewritten,
        boolean onInsert,
        boolean drops,
        @Nullable String obstacle) {
    /// Of a table without triggers, or whose triggers leave values alone.
    public static final TriggerEffects NONE = new TriggerEffects(Set.of(), Map.of(), false, false, null);

    public TriggerEffects {
        stamped = Set.copyOf(stamped);
        rewritten = Map.copyOf(rewritten);
    }

    static TriggerEffects unknown(String obstacle) {
        return new TriggerEffects(Set.of(), Map.of(), false, false, obstacle);
    }

    static TriggerEffects dropping(String obstacle) {
        return new TriggerEffects(Set.of(), Map.of(), false, true, obstacle);
    }

    /// Whether triggers set the column in one way or the other.
    public boolean touch(String column) {
        return stamped.contains(column) || rewritten.containsKey(column);
    }

    /// Of two relations that hold the rows of one table.
    TriggerEffects and(TriggerEffects other) {
        if (obstacle != null || other.obstacle != null) {
            return obstacle != null ? this : other;
        }
        Set<String> allStamped = new java.util.TreeSet<>(stamped);
        allStamped.addAll(other.stamped);
        Map<String, String> allRewritten = new java.util.TreeMap<>(rewritten);
        allRewritten.putAll(other.rewritten);
        allRewritten.keySet().removeAll(allStamped);
        return new TriggerEffects(allStamped, allRewritten, onInsert || other.onInsert, false, null);
    }
}
