package dev.sluice.service.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What becomes of runs that fail, with runs that do nothing else.
@Timeout(20)
class SupervisorTest {
    private final PipelineStatus status = new PipelineStatus("shop", List.of("users"));
    private final CountDownLatch stop = new CountDownLatch(1);
    private final FakeRuns runs = new FakeRuns();

    /// Each run does the next thing that is planned; after the last one it is stopped.
    private final class FakeRuns implements Supervisor.Runs {
        private final Deque<Consumer<PipelineStatus>> planned = new ArrayDeque<>();
        private int begun;
        private int fencedOut;
        private boolean work = true;

        @Override
        public boolean hasWork() {
            return work;
        }

        @Override
        public void run() {
            begun++;
            Consumer<PipelineStatus> next = planned.poll();
            if (next == null) {
                stop.countDown();
            } else {
                next.accept(status);
            }
        }

        @Override
        public SluiceException explain(SluiceException failure) {
            return failure.kind() == FailureKind.TARGET_READ_ONLY
                    ? new SluiceException(FailureKind.BAD_SETTING, "explained", failure)
                    : failure;
        }

        @Override
        public void onFencedOut() {
            fencedOut++;
        }
    }

    private FakeRuns thenFails(FailureKind kind) {
        runs.planned.add(s -> {
            throw new SluiceException(kind, "it failed");
        });
        return runs;
    }

    private PipelineState supervise(boolean standsBy) throws InterruptedException {
        return new Supervisor(status, runs, standsBy, stop).run();
    }

    @Test
    void anOutageIsFollowedByAnotherRun() throws InterruptedException {
        thenFails(FailureKind.TARGET_UNREACHABLE);

        assertThat(supervise(true)).isInstanceOf(PipelineState.Stopped.class);
        assertThat(runs.begun).isEqualTo(2);
        assertThat(status.state()).isInstanceOf(PipelineState.Stopped.class);
    }

    @Test
    void whileItWaitsTheStateSaysWhatFailed() throws InterruptedException {
        runs.planned.add(s -> {
            Thread.ofPlatform().start(() -> {
                while (!(s.state() instanceof PipelineState.Waiting)) {
                    Thread.onSpinWait();
                }
                stop.countDown();
            });
            throw new SluiceException(FailureKind.SOURCE_UNREACHABLE, "MongoDB is away");
        });

        supervise(true);

        assertThat(runs.begun).as("a stop ends the wait").isOne();
    }

    @Test
    void whatARetryCanNotHelpEndsIt() throws InterruptedException {
        thenFails(FailureKind.MISSING_TABLE);

        assertThat(supervise(true))
                .isInstanceOfSatisfying(
                        PipelineState.Failed.class,
                        failed -> assertThat(failed.kind()).isEqualTo(FailureKind.MISSING_TABLE));
        assertThat(runs.begun).isOne();
        assertThat(status.state()).isInstanceOf(PipelineState.Failed.class);
    }

    @Test
    void theExplanationOfAFailureDecidesNotTheFailure() throws InterruptedException {
        thenFails(FailureKind.TARGET_READ_ONLY);

        assertThat(supervise(true))
                .isInstanceOfSatisfying(
                        PipelineState.Failed.class,
                        failed -> assertThat(failed.message()).isEqualTo("explained"));
    }

    @Test
    void aProcessThatStandsByGoesOnWhenItIsFencedOut() throws InterruptedException {
        thenFails(FailureKind.FENCED_OUT);

        assertThat(supervise(true)).isInstanceOf(PipelineState.Stopped.class);
        assertThat(runs.fencedOut).isOne();
        assertThat(runs.begun).isEqualTo(2);
    }

    @Test
    void oneThatDoesNotStandByEndsThen() throws InterruptedException {
        thenFails(FailureKind.FENCED_OUT);

        assertThat(supervise(false)).isInstanceOf(PipelineState.Failed.class);
        assertThat(runs.fencedOut).isZero();
    }

    @Test
    void itContinuesWithTheOthersWhenTheWritesOfACollectionHaveMoved() throws InterruptedException {
        for (int i = 0; i < 20; i++) {
            thenFails(FailureKind.WRITES_MOVED);
        }

        assertThat(supervise(false)).isInstanceOf(PipelineState.Stopped.class);
        assertThat(runs.begun).as("at once, and however often").isEqualTo(21);
    }

    @Test
    void whereNothingIsLeftToDoItStopsWithoutARun() throws InterruptedException {
        runs.work = false;

        assertThat(supervise(true)).isInstanceOf(PipelineState.Stopped.class);
        assertThat(runs.begun).isZero();
    }

    @Test
    void afterAStopNoRunBegins() throws InterruptedException {
        stop.countDown();

        assertThat(supervise(true)).isInstanceOf(PipelineState.Stopped.class);
        assertThat(runs.begun).isZero();
    }
}
