package dev.sluice.service.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The text of a report")
class MachineTest {
    static Machine machine(Machine.Moment begun) {
        return new Machine(
                "1.2.3",
                "MongoDB 6, one",
                "PostgreSQL 17",
                2,
                24_000L,
                512,
                "JVM 25",
                "Linux",
                begun,
                new Machine.Moment(Instant.parse("2026-11-30T10:05:59Z"), null));
    }

    @Test
    @DisplayName("says which Sluice ran on what, from when to when, and what load there was")
    void saysWhatItWasMeasuredOn() {
        Machine.Moment begun = new Machine.Moment(Instant.parse("2026-11-30T09:58:07Z"), 3.25);

        assertThat(machine(begun).forPeople().lines())
                .containsExactly(
                        "Sluice 1.2.3 on MongoDB 6, one; PostgreSQL 17; 2 cores, 24,000 MB of memory,"
                                + " 512 MB of heap at most, JVM 25, Linux.",
                        "Begun 2026-11-30 09:58 UTC (load average 3.3), ended 2026-11-30 10:05 UTC.");
        Instant now = Machine.Moment.now().at();
        assertThat(now).isEqualTo(now.truncatedTo(ChronoUnit.SECONDS));
    }

    @Test
    @DisplayName("has the spread of ratios where there are several runs, and warns of runs that were too short")
    void hasSpreads() {
        ContestReport two = contest(List.of(new Sample(1_000, 1.0, null, null), new Sample(1_000, 0.4, null, null)));
        ContestReport one = contest(List.of(new Sample(1_000, 1.0, null, null)));

        assertThat(two.forPeople())
                .contains("0.75 (0.50 .. 1.00)")
                .contains("Don't trust the rates of: Sluice. A run of them was over in less than half a second.");
        assertThat(one.forPeople()).doesNotContain("0.75 (").doesNotContain("Don't trust");
    }

    private static ContestReport contest(List<Sample> runs) {
        Spread rate = Spread.of(runs.stream().map(Sample::perSecond).toList());
        List<Sample> ofLimit = List.of(new Sample(1_000, 1.0, null, null));
        Contest.Line limit = new Contest.Line("limit", true, rate, Map.of(), null, null, ofLimit);
        Map<String, Spread> ratio =
                Map.of("limit", runs.size() == 1 ? new Spread(0.75, 0.75, 0.75) : new Spread(0.75, 0.5, 1));
        Contest.Line sluice = new Contest.Line("Sluice", false, rate, ratio, null, null, runs);
        return new ContestReport(
                "stream",
                runs.size(),
                machine(Machine.Moment.now()),
                List.of(new Contest.Table("Stream", "changes", List.of(limit, sluice))));
    }

    @Test
    @DisplayName("shows a latency as its median with least and greatest, and its multiple of the limit in the same way")
    void latencies() {
        List<LatencyReport.Run> bare = List.of(run(2), run(4), run(3));
        List<LatencyReport.Run> own = List.of(run(6), run(4), run(12));
        LatencyReport report = new LatencyReport(
                "latency",
                3,
                15,
                machine(Machine.Moment.now()),
                List.of(
                        LatencyReport.Line.of("bare loop", true, 100, bare, bare),
                        LatencyReport.Line.of("Sluice", false, 100, own, bare)));

        assertThat(report.forPeople()).contains("6.0 (4.0 .. 12.0)", "3.0 (1.0 .. 4.0)", "3.0 (2.0 .. 4.0)");
    }

    private static LatencyReport.Run run(double millis) {
        Percentiles all = new Percentiles(millis, millis, millis, millis);
        return new LatencyReport.Run(100, 100, all, all, all, all, all, 1);
    }

    @Test
    @DisplayName("of growth has large multiples of the first point as whole numbers")
    void largeMultiples() {
        GrowthReport report = GrowthReport.of(
                1,
                machine(Machine.Moment.now()),
                new java.util.LinkedHashMap<>(Map.of(
                        new CurveFile.Point("children", 100_000, 100_000, "child keys read", 1), Curve.CHILDREN)));
        GrowthReport.Line line = new GrowthReport.Line(
                "children", "elements", 100_000, "child keys read", new Spread(100_000, 100_000, 100_000), 50_000);

        assertThat(new GrowthReport("growth", 1, report.machine(), List.of(line)).forPeople())
                .contains("times the first", "50,000")
                .doesNotContain("50000.00");
    }
}
