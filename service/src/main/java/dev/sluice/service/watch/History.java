package dev.sluice.service.watch;

import dev.sluice.balance.Balance;
import dev.sluice.cutover.Route;
import dev.sluice.cutover.Share;
import dev.sluice.gate.Gate;
import dev.sluice.service.ops.StatusReport;
import dev.sluice.service.ops.StatusReport.CollectionReport;
import dev.sluice.service.ops.StatusText;
import dev.sluice.service.watch.Watched.Condition;
import dev.sluice.service.watch.Watched.GateState;
import dev.sluice.service.watch.Watched.Numbers;
import dev.sluice.service.watch.Watched.Row;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Remembers the last minute of what was read, for rates, times left and lags. For one thread.
public final class History {
    static final int LAGS_MAX = 60;
    private static final Duration RATE_OVER = Duration.ofSeconds(5);
    private static final Duration LEFT_OVER = Duration.ofSeconds(30);

    private final Rate changes = new Rate(RATE_OVER);
    private final Rate rows = new Rate(RATE_OVER);
    private final Map<String, Rate> copied = new HashMap<>();
    private final Map<String, Deque<Double>> lags = new HashMap<>();

    /// Takes a reading in.
    ///
    /// @param reading later than the one before
    /// @return what there is to see now
    public Watched add(Reading reading) {
        StatusReport report = reading.report();
        List<Row> collections = new ArrayList<>();
        report.knownCollections().forEach(c -> collections.add(row(c, reading)));
        return new Watched(
                reading.at(),
                report.pipeline(),
                state(report),
                condition(report),
                messages(report),
                StatusText.written(report),
                numbers(reading, collections),
                collections,
                report.notes(),
                null);
    }

    private static String state(StatusReport report) {
        String told = report.state();
        if (report.writer().owner() == null) {
            return "never started";
        }
        if (StatusText.isFinished(report)) {
            return "finished";
        }
        return told != null ? told : Boolean.TRUE.equals(report.writer().running()) ? "running" : "not running";
    }

    private static Condition condition(StatusReport report) {
        return switch (state(report)) {
            case "streaming", "finished" -> Condition.GOOD;
            case "starting", "backfilling", "draining", "running" -> Condition.BUSY;
            case "stalled", "waiting", "paused", "standby" -> Condition.WAITS;
            default -> Condition.BAD;
        };
    }

    private static List<String> messages(StatusReport report) {
        String message = report.message();
        return message != null ? List.of(message) : report.state() != null ? List.of() : StatusText.standing(report);
    }

    private Numbers numbers(Reading reading, List<Row> collections) {
        StatusReport report = reading.report();
        StatusReport.Activity activity = report.activity();
        boolean copying =
                report.knownCollections().stream().anyMatch(c -> c.backfill().equals("running"));
        if (activity != null) {
            changes.add(activity.at(), activity.changesApplied());
        }
        rows.add(
                reading.at(),
                report.knownCollections().stream()
                        .mapToLong(CollectionReport::backfilledRows)
                        .sum());
        return new Numbers(
                collections.stream()
                        .map(Row::lagSeconds)
                        .filter(Objects::nonNull)
                        .max(Double::compare)
                        .orElse(null),
                activity == null ? null : activity.latencyP50Seconds(),
                activity == null ? null : activity.latencyP99Seconds(),
                activity == null ? null : changes.perSecond(),
                copying ? rows.perSecond() : null,
                headroom(reading));
    }

    /// All gates of a pipeline have the same.
    private static @Nullable Double headroom(Reading reading) {
        return reading.gates().values().stream()
                .flatMap(gate -> gate.conditions().stream())
                .filter(condition -> condition.name().equals("headroom"))
                .findFirst()
                .map(c -> c.value() == null && c.met() ? (Double) Double.POSITIVE_INFINITY : c.value())
                .orElse(null);
    }

    private Row row(CollectionReport c, Reading reading) {
        Balance balance = c.balance();
        boolean running = c.backfill().equals("running");
        Long estimated = c.estimatedDocuments();
        Rate rate = copied.computeIfAbsent(c.collection(), name -> new Rate(LEFT_OVER));
        rate.add(reading.at(), c.backfilledDocuments());
        Double perSecond = rate.perSecond();
        return new Row(
                c.collection(),
                c.backfill(),
                balance != null
                        ? (Long) balance.documents()
                        : c.backfill().equals("not started") ? null : (Long) c.backfilledDocuments(),
                balance != null
                        ? (Long) balance.rows()
                        : c.backfill().equals("not started") ? null : (Long) c.backfilledRows(),
                running && estimated != null && estimated > 0
                        ? (Double) Math.min(1.0, (double) c.backfilledDocuments() / estimated)
                        : null,
                running && estimated != null && perSecond != null && perSecond > 0
                        ? (Double) (Math.max(0, estimated - c.backfilledDocuments()) / perSecond)
                        : null,
                c.lagSeconds(),
                lags(c),
                drift(reading.gates().get(c.collection())),
                c.deadLetters(),
                c.quarantinedValues(),
                gate(c, reading.gates().get(c.collection())),
                readsFrom(reading.routes().get(c.collection())));
    }

    private List<Double> lags(CollectionReport c) {
        Deque<Double> of = lags.computeIfAbsent(c.collection(), name -> new ArrayDeque<>());
        Double lag = c.lagSeconds();
        of.addLast(lag == null ? Double.NaN : lag);
        if (of.size() > LAGS_MAX) {
            of.removeFirst();
        }
        return List.copyOf(of);
    }

    private static @Nullable Long drift(@Nullable Gate gate) {
        return gate == null
                ? null
                : gate.conditions().stream()
                        .filter(c -> c.name().equals("drift"))
                        .findFirst()
                        .map(Gate.Condition::value)
                        .map(Double::longValue)
                        .orElse(null);
    }

    private static @Nullable GateState gate(CollectionReport c, @Nullable Gate gate) {
        if (c.backfill().equals("writes_on_postgres")) {
            return null;
        }
        if (gate == null) {
            return new GateState("copied", "No process has followed it yet. Start `sluice run`.");
        }
        return gate.firstUnmet()
                .map(unmet -> new GateState(unmet.name(), unmet.reason()))
                .orElse(GateState.OPEN);
    }

    /// In the words of the page.
    private static String readsFrom(@Nullable Route route) {
        if (route == null) {
            return "MongoDB";
        }
        if (route.writesMoved()) {
            return "PostgreSQL, writes too";
        }
        Share share = route.share();
        String most = share.percent() == 0
                ? "MongoDB"
                : share.percent() == 100 ? "PostgreSQL" : "PostgreSQL " + share.percent() + " %";
        return most + (share.shadowPercent() == 0 ? "" : ", both " + share.shadowPercent() + " %");
    }

    /// How fast a number grows.
    private static final class Rate {
        private final Duration over;
        private final Deque<Point> points = new ArrayDeque<>();

        private record Point(Instant at, long value) {}

        Rate(Duration over) {
            this.over = over;
        }

        void add(Instant at, long value) {
            Point last = points.peekLast();
            if (last != null && !at.isAfter(last.at())) {
                return;
            }
            if (last != null && value < last.value()) {
                // Another process, or a copy that begins again.
                points.clear();
            }
            points.addLast(new Point(at, value));
            while (points.size() > 2 && points.getFirst().at().isBefore(at.minus(over))) {
                points.removeFirst();
            }
        }

        /// Null before there are two numbers.
        @Nullable
        Double perSecond() {
            if (points.size() < 2) {
                return null;
            }
            Point first = points.getFirst();
            Point last = points.getLast();
            return (last.value() - first.value())
                    / (Duration.between(first.at(), last.at()).toNanos() / 1e9);
        }
    }
}
