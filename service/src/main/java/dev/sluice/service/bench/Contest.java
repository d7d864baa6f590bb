package dev.sluice.service.bench;

import java.io.PrintStream;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Contenders that take turns: each run has every one of them once, so that what disturbs the machine for a
/// while disturbs all of them, and ratios are taken within a run.
final class Contest {
    private final String title;
    private final String unit;
    private final List<Contender> contenders = new ArrayList<>();

    /// @param unit what is counted, in the plural
    Contest(String title, String unit) {
        this.title = title;
        this.unit = unit;
    }

    Contest add(Contender contender) {
        contenders.add(contender);
        return this;
    }

    /// A result, for people and for programs.
    ///
    /// @param unit what is counted, in the plural
    record Table(String title, String unit, List<Line> lines) {}

    /// One contender.
    ///
    /// @param perSecond over the runs
    /// @param ratioTo by the limit's name: the contender's rate as a part of the limit's; over the ratios
    ///     within each run
    /// @param cpuSecondsPer100k of this process; null when unknown
    /// @param peakRssMb the most of all runs; null when unknown
    record Line(
            String name,
            boolean limit,
            Spread perSecond,
            Map<String, Spread> ratioTo,
            @Nullable Spread cpuSecondsPer100k,
            @Nullable Double peakRssMb,
            List<Sample> runs) {}

    /// Runs everybody once, for the JIT compiler; nothing is kept.
    void warmUp(PrintStream progress) throws SQLException, InterruptedException {
        progress.println("Warming up ...");
        for (Contender contender : contenders) {
            contender.work().run();
        }
    }

    Table run(int runs, PrintStream progress) throws SQLException, InterruptedException {
        Map<String, List<Sample>> samples = new LinkedHashMap<>();
        for (int run = 1; run <= runs; run++) {
            for (Contender contender : contenders) {
                ProcessMeter.collectGarbage();
                Sample sample = contender.work().run();
                samples.computeIfAbsent(contender.name(), n -> new ArrayList<>())
                        .add(sample);
                progress.printf(
                        Locale.ROOT,
                        "%s, run %d of %d: %s %,.0f %s/s%n",
                        title,
                        run,
                        runs,
                        contender.name(),
                        sample.perSecond(),
                        unit);
            }
        }
        List<Line> lines = new ArrayList<>();
        for (Contender contender : contenders) {
            lines.add(line(contender, samples));
        }
        return new Table(title, unit, lines);
    }

    private Line line(Contender contender, Map<String, List<Sample>> samples) {
        List<Sample> own = samples.getOrDefault(contender.name(), List.of());
        Map<String, Spread> ratios = new LinkedHashMap<>();
        for (Contender limit : contenders) {
            if (limit.limit() && !limit.name().equals(contender.name())) {
                List<Double> ofRuns = new ArrayList<>();
                List<Sample> theirs = samples.getOrDefault(limit.name(), List.of());
                for (int run = 0; run < own.size(); run++) {
                    ofRuns.add(own.get(run).perSecond() / theirs.get(run).perSecond());
                }
                ratios.put(limit.name(), Spread.of(ofRuns));
            }
        }
        List<Double> cpu = new ArrayList<>();
        Double peakMb = null;
        for (Sample sample : own) {
            Double seconds = sample.cpuSecondsPer100k();
            if (seconds != null) {
                cpu.add(seconds);
            }
            Long bytes = sample.peakRssBytes();
            if (bytes != null) {
                double mb = bytes / (double) (1 << 20);
                peakMb = peakMb == null ? mb : Math.max(peakMb, mb);
            }
        }
        return new Line(
                contender.name(),
                contender.limit(),
                Spread.of(own.stream().map(Sample::perSecond).toList()),
                ratios,
                cpu.isEmpty() ? null : Spread.of(cpu),
                peakMb,
                List.copyOf(own));
    }
}
