package dev.sluice.service.pipeline;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.positions.PositionStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The process that took a pipeline last (`sluice.position`), whether it still holds it or not.
///
/// @param owner as it described itself, see [Pipeline#owner]
/// @param epoch the one of its taking over
/// @param fate what is known of it here
public record LastWriter(String owner, long epoch, Fate fate) {
    private static final Pattern OWNER = Pattern.compile("process (\\d{1,18}) on (.+)");

    /// The system says when a process began to a hundredth of a second, and some systems to a second.
    private static final Duration CLOCK_MARGIN = Duration.ofSeconds(1);

    /// Whether a process is there.
    public enum Fate {
        @JsonProperty("runs")
        RUNS,
        @JsonProperty("ended")
        ENDED,
        /// It is one of another host.
        @JsonProperty("unknown")
        UNKNOWN;

        /// As it is printed.
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// @return empty before the first start
    public static Optional<LastWriter> find(Connection connection, String pipeline) throws SQLException {
        return new PositionStore(pipeline).writer(connection).flatMap(writer -> {
            String owner = writer.owner();
            Double held = writer.heldSeconds();
            return owner == null || held == null
                    ? Optional.empty()
                    : Optional.of(new LastWriter(
                            owner, writer.epoch(), fate(owner, Duration.ofMillis((long) (held * 1000)))));
        });
    }

    /// A process of the same number that began later than the pipeline was taken is another one.
    ///
    /// @param ago how long ago it took the pipeline; by one clock, since PostgreSQL's may be another than ours
    static Fate fate(String owner, Duration ago) {
        Matcher matcher = OWNER.matcher(owner);
        String own = Pipeline.owner();
        if (!matcher.matches() || !own.substring(own.indexOf(" on ")).equals(" on " + matcher.group(2))) {
            return Fate.UNKNOWN;
        }
        Optional<ProcessHandle> there =
                ProcessHandle.of(Long.parseLong(matcher.group(1))).filter(ProcessHandle::isAlive);
        if (there.isEmpty()) {
            return Fate.ENDED;
        }
        return there.get()
                .info()
                .startInstant()
                .map(start -> Duration.between(start, Instant.now()).plus(CLOCK_MARGIN))
                .map(age -> age.compareTo(ago) < 0 ? Fate.ENDED : Fate.RUNS)
                .orElse(Fate.UNKNOWN);
    }
}
