package dev.sluice.source.debezium;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Simulated: a reader and a writer with a clock of their own, whose answers and transactions take what was measured.
@DisplayName("Reading ahead of what is written")
class ReadingAheadTest {
    private static final double ANSWER = 0.6;
    private static final double OF_EVENT = 0.01;
    private static final double TRANSACTION = 1.2;
    private static final double OF_CHANGE = 0.012;

    @Test
    @DisplayName("a change that comes alone is committed at once")
    void alone() {
        Simulation run = new Simulation(List.of(10.0, 500.0, 990.0));

        run.run();

        assertThat(run.latencies)
                .allSatisfy(ms -> assertThat(ms).isCloseTo(ANSWER + OF_EVENT + TRANSACTION + OF_CHANGE, byLittle()));
        assertThat(run.transactions).isEqualTo(3);
    }

    @ParameterizedTest(name = "{0} changes a second")
    @ValueSource(ints = {100, 500, 1_000, 2_000})
    @DisplayName("a change of a steady stream waits for one cycle at most, and goes with the next")
    void steady(int rate) {
        Simulation run = new Simulation(everyMillis(1_000.0 / rate, rate * 5));

        run.run();

        double cycle = ANSWER + TRANSACTION + (OF_EVENT + OF_CHANGE) * run.most;
        assertThat(Collections.max(run.latencies)).isLessThan(2 * cycle);
        assertThat(run.most).isLessThan(10);
    }

    @Test
    @DisplayName("batches grow with what a transaction takes")
    void batches() {
        Simulation fast = new Simulation(everyMillis(1, 2_000));
        Simulation slow = new Simulation(everyMillis(1, 2_000));
        slow.transaction = 10;

        fast.run();
        slow.run();

        assertThat(slow.transactions * 4).isLessThan(fast.transactions);
    }

    @Test
    @DisplayName("a backlog is read while it is written: the slower of the two sets the rate")
    void backlog() {
        List<Double> all = Collections.nCopies(100_000, 0.0);
        Simulation run = new Simulation(all);

        run.run();

        double slower = all.size() * Math.max(OF_EVENT, OF_CHANGE);
        assertThat(run.end).isLessThan(slower * 1.1);
    }

    @Test
    @DisplayName("where writing stands still, it reads on")
    void standstill() {
        Simulation run = new Simulation(everyMillis(1, 300));
        run.transaction = 10_000;

        run.run();

        // Two transactions: what came in the first 50 ms, and all that was read while that one was written.
        assertThat(run.transactions).isLessThanOrEqualTo(3);
        assertThat(run.end).isLessThan(21_000);
    }

    private static Offset<Double> byLittle() {
        return Offset.offset(0.001);
    }

    private static List<Double> everyMillis(double apart, int count) {
        List<Double> arrivals = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            arrivals.add(i * apart);
        }
        return arrivals;
    }

    /// Times in milliseconds.
    private static final class Simulation {
        private static final int ANSWER_EVENTS = 5_000;

        private final ReadingAhead rule = new ReadingAhead();
        private final List<Double> arrivals;
        private final List<Double> latencies = new ArrayList<>();
        private final Deque<Batch> handed = new ArrayDeque<>();
        private double transaction = TRANSACTION;
        private double writerFree;
        private double end;
        private int transactions;
        private int most;

        private record Batch(List<Double> arrivals, double at) {}

        Simulation(List<Double> arrivals) {
            this.arrivals = arrivals;
        }

        void run() {
            double now = 0;
            int next = 0;
            while (next < arrivals.size()) {
                now = Math.max(now, arrivals.get(next));
                List<Double> answer = new ArrayList<>();
                while (next < arrivals.size() && arrivals.get(next) <= now && answer.size() < ANSWER_EVENTS) {
                    answer.add(arrivals.get(next++));
                    rule.onEvent();
                }
                most = Math.max(most, answer.size());
                now += ANSWER + OF_EVENT * answer.size();
                writeUntil(now);
                handed.add(new Batch(answer, now));
                if (rule.endsAnswer()) {
                    double limit = now + ReadingAhead.MOST.toMillis();
                    writeUntil(limit);
                    now = handed.isEmpty() ? Math.max(now, Math.min(limit, writerFree)) : limit;
                }
            }
            writeUntil(Double.MAX_VALUE);
        }

        /// Begins the transactions that the writer begins before a time, each with all that is there.
        private void writeUntil(double time) {
            while (!handed.isEmpty()) {
                double start = Math.max(writerFree, handed.peek().at());
                if (start >= time) {
                    return;
                }
                List<Double> changes = new ArrayList<>();
                while (!handed.isEmpty() && handed.peek().at() <= start) {
                    changes.addAll(handed.remove().arrivals());
                }
                writerFree = start + transaction + OF_CHANGE * changes.size();
                end = writerFree;
                changes.forEach(arrival -> latencies.add(writerFree - arrival));
                transactions++;
            }
        }
    }
}
