package dev.sluice.service.simulation;

import dev.sluice.schema.MappingReader;
import dev.sluice.service.pipeline.SimulatedProcess;
import dev.sluice.sink.CollectionTarget;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Runs schedules, and makes a failing one short enough to read. For one thread.
final class Simulation {
    private static final String MAPPING = """
            mapping: simulation
            database: simulation
            collections:
              a:
                table: a
                key: {column: id, type: bigint}
                columns:
                  v: integer
              b:
                table: b
                key: {column: id, type: bigint}
                columns:
                  v: integer
            """;

    /// So many shorter schedules are tried.
    private static final int TRIES_MAX = 3_000;

    private final Set<Rule> broken;
    private final List<CollectionTarget> targets;
    private long steps;

    /// @param broken the rules that are taken away
    Simulation(Set<Rule> broken) {
        this.broken = broken;
        this.targets = CollectionTarget.of(MappingReader.read("simulation.yaml", MAPPING));
    }

    /// What did not hold.
    ///
    /// @param choices that lead there
    @SuppressWarnings("ArrayRecordComponent") // nobody asks whether two are equal
    record Failure(String what, int[] choices) {}

    /// @return null when everything held
    @Nullable
    Failure run(long seed) {
        return run(Choices.drawn(seed), null);
    }

    private @Nullable Failure run(Choices choices, @Nullable List<String> said) {
        World world = new World(choices, broken, targets, SimulatedProcess::start, said);
        String what = world.run();
        steps += world.steps();
        return what == null ? null : new Failure(what, choices.made());
    }

    /// Turns that were taken so far.
    long steps() {
        return steps;
    }

    /// What happens in a schedule, in words.
    List<String> told(Failure failure) {
        List<String> said = new ArrayList<>();
        Failure again = run(Choices.given(failure.choices()), said);
        said.add(again == null ? "nothing is wrong" : again.what());
        return said;
    }

    /// A schedule that still fails, with as little as possible happening: choices are left out or made zero
    /// as long as something fails, of the same kind.
    Failure shrunk(Failure failure) {
        Failure least = failure;
        int tries = 0;
        for (boolean helped = true; helped && tries < TRIES_MAX; ) {
            helped = false;
            for (int size = Math.max(1, least.choices().length / 2); size >= 1; size /= 2) {
                for (int from = 0; from < least.choices().length && tries < TRIES_MAX; ) {
                    Failure without = again(least, cut(least.choices(), from, size));
                    tries++;
                    if (without == null) {
                        without = again(least, zeroed(least.choices(), from, size));
                        tries++;
                    }
                    if (without != null) {
                        least = without;
                        helped = true;
                    } else {
                        from += size;
                    }
                }
            }
        }
        return least;
    }

    private @Nullable Failure again(Failure before, int @Nullable [] choices) {
        if (choices == null) {
            return null;
        }
        Failure failure = run(Choices.given(choices), null);
        return failure != null && kind(failure).equals(kind(before)) && isLess(failure.choices(), before.choices())
                ? failure
                : null;
    }

    private static String kind(Failure failure) {
        return failure.what().split(":", 2)[0];
    }

    private static boolean isLess(int[] one, int[] other) {
        return one.length != other.length ? one.length < other.length : Arrays.compare(one, other) < 0;
    }

    private static int[] cut(int[] choices, int from, int size) {
        int[] shorter = new int[Math.max(from, choices.length - size)];
        System.arraycopy(choices, 0, shorter, 0, from);
        if (from + size < choices.length) {
            System.arraycopy(choices, from + size, shorter, from, choices.length - from - size);
        }
        return shorter;
    }

    /// @return null where they are zero
    private static int @Nullable [] zeroed(int[] choices, int from, int size) {
        int[] simpler = choices.clone();
        boolean any = false;
        for (int i = from; i < Math.min(simpler.length, from + size); i++) {
            any |= simpler[i] != 0;
            simpler[i] = 0;
        }
        return any ? simpler : null;
    }
}
