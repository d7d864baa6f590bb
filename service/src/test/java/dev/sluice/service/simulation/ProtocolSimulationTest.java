package dev.sluice.service.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.sluice.service.simulation.Search.Found;
import dev.sluice.service.simulation.Search.Result;
import dev.sluice.service.simulation.Simulation.Failure;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/// The protocol's promises in very many schedules of stream, applier, copy, resync, prune, crashes, failed
/// commits and processes that take over.
///
/// `-Dsluice.simulation.seconds=600` looks for longer; `-Dsluice.simulation.seed=N` runs one schedule and
/// tells it.
class ProtocolSimulationTest {
    private static final Duration LOOKED_FOR = Duration.ofSeconds(Long.getLong("sluice.simulation.seconds", 10));

    /// The same in each run of the suite.
    private static final long FIXED_SEEDS = 4_000;

    private static final Duration FOUND_WITHIN = Duration.ofMinutes(1);

    private static final Logger QUIET = (Logger) LoggerFactory.getLogger("dev.sluice");
    private static @Nullable Level level;

    @BeforeAll
    static void quiet() {
        // A log that two schedules share would be something that they wait for.
        level = QUIET.getLevel();
        QUIET.setLevel(Level.OFF);
    }

    @AfterAll
    static void loud() {
        QUIET.setLevel(level);
    }

    @Test
    @DisplayName(
            "every schedule keeps the promises, those of fixed seeds and as many of fresh ones as there is time for")
    void holds() throws InterruptedException {
        Long asked = Long.getLong("sluice.simulation.seed");
        if (asked != null) {
            tell(Set.of(), new Search(Set.of(), asked).run(Duration.ofHours(1), 1));
            return;
        }
        Result fixed = new Search(Set.of(), 0).run(Duration.ofHours(1), FIXED_SEEDS);
        System.out.println("Fixed seeds: " + fixed);
        tell(Set.of(), fixed);
        long fresh = System.currentTimeMillis() * 1_000_000;
        Result result = new Search(Set.of(), fresh).run(LOOKED_FOR, Long.MAX_VALUE);
        System.out.println("Fresh seeds from " + fresh + ": " + result);
        tell(Set.of(), result);
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource(Rule.class)
    @DisplayName("a rule that is taken away is missed within a minute")
    void missed(Rule rule) throws InterruptedException {
        Result result = new Search(EnumSet.of(rule), 0).run(FOUND_WITHIN, Long.MAX_VALUE);
        Found found = result.found();
        assertThat(found)
                .as("a schedule that fails without the rule: %s", result)
                .isNotNull();
        System.out.printf(
                "Without %s: found in %.2f s, after %,d schedules: %s%n",
                rule,
                result.seconds(),
                result.schedules(),
                Objects.requireNonNull(found).failure().what());
    }

    @Test
    @DisplayName("a seed is one schedule: the same steps each time")
    void deterministic() {
        Simulation simulation = new Simulation(EnumSet.of(Rule.TOUCHED_LEFT_OUT));
        int failed = 0;
        for (long seed = 0; failed < 3; seed++) {
            Failure failure = simulation.run(seed);
            if (failure != null) {
                failed++;
                assertThat(simulation.run(seed)).usingRecursiveComparison().isEqualTo(failure);
                assertThat(simulation.told(failure)).isNotEmpty().isEqualTo(simulation.told(failure));
            }
        }
    }

    @Test
    @DisplayName("a schedule that fails is made shorter, and still fails in the same way")
    void shrinks() {
        Simulation simulation = new Simulation(EnumSet.of(Rule.TOUCHED_LEFT_OUT));
        Failure failure = null;
        for (long seed = 0; failure == null; seed++) {
            failure = simulation.run(seed);
        }
        Failure least = simulation.shrunk(failure);
        assertThat(least.choices().length).isLessThan(failure.choices().length);
        assertThat(simulation.told(least).getLast()).isEqualTo(least.what());
    }

    private static void tell(Set<Rule> broken, Result result) {
        Found found = result.found();
        if (found == null) {
            return;
        }
        Simulation simulation = new Simulation(broken);
        Failure least = simulation.shrunk(found.failure());
        fail("Seed %d: %s%nThe steps, after making it shorter:%n  %s"
                .formatted(found.seed(), found.failure().what(), String.join("\n  ", simulation.told(least))));
    }
}
