package dev.sluice.service.watch;

import dev.sluice.service.watch.Watched.Row;
import java.util.Comparator;
import java.util.function.ToDoubleFunction;

/// In which order collections are shown; those that are equal by it, by name.
public enum Sort {
    NAME("name"),
    LAG("lag"),
    FINDINGS("drift, dead letters, quarantine"),
    GATE("gate, shut first");

    private final String text;

    Sort(String text) {
        this.text = text;
    }

    String text() {
        return text;
    }

    Comparator<Row> order() {
        Comparator<Row> order = switch (this) {
            case NAME -> Comparator.comparing(Row::collection);
            case LAG -> greatest(Sort::lag);
            case FINDINGS -> greatest(Sort::findings);
            case GATE -> Comparator.comparing(Sort::isOpen);
        };
        return order.thenComparing(Row::collection);
    }

    private static Comparator<Row> greatest(ToDoubleFunction<Row> of) {
        return Comparator.comparingDouble(of).reversed();
    }

    private static double lag(Row row) {
        Double lag = row.lagSeconds();
        return lag == null ? -1 : lag;
    }

    private static double findings(Row row) {
        Long drift = row.drift();
        return (drift == null ? 0.0 : (double) drift) + row.deadLetters() + row.quarantined();
    }

    private static boolean isOpen(Row row) {
        Watched.GateState gate = row.gate();
        return gate == null || gate.open();
    }

    Sort next() {
        return switch (this) {
            case NAME -> LAG;
            case LAG -> FINDINGS;
            case FINDINGS -> GATE;
            case GATE -> NAME;
        };
    }
}
