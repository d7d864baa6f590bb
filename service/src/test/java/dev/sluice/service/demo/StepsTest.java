package dev.sluice.service.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.service.demo.Steps.Outcome;
import dev.sluice.service.demo.Steps.Step;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class StepsTest {
    private static final Duration LONG = Duration.ofHours(1);

    private final List<String> said = new ArrayList<>();
    private final CountDownLatch stop = new CountDownLatch(1);
    private final AtomicBoolean moved = new AtomicBoolean();
    private final Steps steps =
            new Steps(() -> moved.get() ? Optional.of("the writes have moved.") : Optional.empty(), stop, said::add);

    @Test
    @DisplayName("each step that came about is said, in order")
    void all() throws Exception {
        assertThat(steps.run(List.of(step("first"), step("second")))).isEqualTo(Outcome.ALL);

        assertThat(said).hasSize(2);
        assertThat(said.getFirst()).endsWith("s  first           came about");
        assertThat(said.getLast()).endsWith("s  second          came about");
    }

    @Test
    @DisplayName("a step that does not come about in its time is said, and the next one follows")
    void late() throws Exception {
        Step late = new Step("late", Duration.ofMillis(1), () -> steps.await("No row came.", Optional::empty));

        assertThat(steps.run(List.of(late, step("next")))).isEqualTo(Outcome.NOT_ALL);

        assertThat(said).hasSize(2);
        assertThat(said.getFirst()).endsWith("DID NOT COME ABOUT. No row came.");
        assertThat(said.getLast()).endsWith("came about");
    }

    @Test
    @DisplayName("a database that can't be asked is asked again, and said when it stays so")
    void away() throws Exception {
        AtomicBoolean asked = new AtomicBoolean();
        Step back = new Step(
                "back",
                LONG,
                () -> steps.await("", () -> {
                    if (asked.compareAndSet(false, true)) {
                        throw away("PostgreSQL is away.");
                    }
                    return Optional.of("came about");
                }));
        Step gone = new Step(
                "gone",
                Duration.ofMillis(1),
                () -> steps.await("No row came.", () -> {
                    throw away("PostgreSQL is away.");
                }));

        assertThat(steps.run(List.of(back, gone))).isEqualTo(Outcome.NOT_ALL);

        assertThat(said.getFirst()).endsWith("came about");
        assertThat(said.getLast())
                .endsWith("DID NOT COME ABOUT. No row came. PostgreSQL can't be reached. PostgreSQL is away.");
    }

    @Test
    @DisplayName("when the writes move during a step, nobody waits for its end, nor for the steps after it")
    void obstacle() throws Exception {
        Step waits = new Step(
                "waits",
                LONG,
                () -> steps.await("", () -> {
                    moved.set(true);
                    return Optional.empty();
                }));

        assertThat(steps.run(List.of(step("first"), waits, step("last")))).isEqualTo(Outcome.CUT_SHORT);

        assertThat(said).hasSize(2);
        assertThat(said.getLast()).isEqualTo("The tour ends here: the writes have moved.");
    }

    @Test
    @DisplayName("when it is stopped, the step that waits ends")
    void stopped() throws Exception {
        Step waits = new Step(
                "waits",
                LONG,
                () -> steps.await("", () -> {
                    stop.countDown();
                    return Optional.empty();
                }));

        assertThat(steps.run(List.of(waits, step("last")))).isEqualTo(Outcome.CUT_SHORT);

        assertThat(said).containsExactly("The tour ends here: it was stopped.");
    }

    private static SluiceException away(String message) {
        return new SluiceException(FailureKind.TARGET_UNREACHABLE, message);
    }

    private static Step step(String title) {
        return new Step(title, LONG, () -> "came about");
    }
}
