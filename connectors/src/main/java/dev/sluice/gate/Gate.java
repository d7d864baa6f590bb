package dev.sluice.gate;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The gate of one collection: reads may move to PostgreSQL while every condition is met. PostgreSQL's function
/// `sluice.gate` decides (promise 9).
///
/// @param conditions in the order of `sluice.gate_condition`; at least one
public record Gate(String collection, boolean open, List<Condition> conditions) {
    /// The condition on equal reads of both sides.
    public static final String SHADOW_READS = "shadow_reads";

    /// Conditions by which readers get other answers than from MongoDB.
    private static final Set<String> OF_READERS = Set.of("drift", "fresh");

    public Gate {
        conditions = List.copyOf(conditions);
    }

    /// One condition.
    ///
    /// @param value what was found, in `unit`; null when it is unknown, and then the condition is not met, and when
    ///     it has no bound
    /// @param limit what is allowed, in `unit`; null where there is no number
    /// @param unit what the value counts; empty where there is no number
    /// @param reason why it is not met, in a sentence; null when it is
    public record Condition(
            String name,
            boolean met,
            @Nullable Double value,
            @Nullable Double limit,
            String unit,
            @Nullable String reason) {}

    /// Of conditions, all of which must be met.
    public static Gate of(String collection, List<Condition> conditions) {
        return new Gate(collection, conditions.stream().allMatch(Condition::met), conditions);
    }

    /// A gate that is shut for one reason that is no number.
    ///
    /// @param condition its name
    public static Gate shut(String collection, String condition, String reason) {
        return of(collection, List.of(new Condition(condition, false, null, null, "", reason)));
    }

    /// Whether rows are known to differ or fall behind: reads are moved back by then where their
    /// cut-over asked for it.
    public boolean wrongForReaders() {
        return conditions.stream().anyMatch(c -> !c.met() && OF_READERS.contains(c.name()));
    }

    /// The first condition that is not met; empty while the gate is open.
    public Optional<Condition> firstUnmet() {
        return conditions.stream().filter(condition -> !condition.met()).findFirst();
    }
}
