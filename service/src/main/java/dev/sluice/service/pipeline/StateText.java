package dev.sluice.service.pipeline;

import dev.sluice.failure.SluiceException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/// What the state of a pipeline means, in sentences: the same in REST, in the health checks and in
/// `sluice status`.
public final class StateText {
    private StateText() {}

    /// What a state means, for people; null when there is nothing to say.
    public static @Nullable String of(PipelineStatus status, PipelineState state) {
        return switch (state) {
            case PipelineState.Standby s ->
                "standing by since " + second(s.since()) + " for " + s.holder() + "; takes over when that one ends"
                        + silence(status.sourceSilence());
            case PipelineState.Waiting w ->
                new SluiceException(w.kind(), w.message()).whatHappened() + " Next try at " + second(w.retryAt()) + ".";
            case PipelineState.Paused p ->
                "paused since " + second(p.since()) + " by " + p.by()
                        + (p.resumesAt() == null
                                ? "; `sluice resume` ends that"
                                : "; resumes by itself at " + second(p.resumesAt()));
            case PipelineState.Failed f -> f.forPeople();
            case PipelineState.Backfilling b -> "copying " + String.join(", ", b.remaining());
            case PipelineState.Starting s -> "connecting to both databases and checking them";
            case PipelineState.Streaming s -> null;
            case PipelineState.Stalled s -> stalled(s);
            case PipelineState.Draining d -> "asked to stop: what was read is being applied";
            case PipelineState.Stopped s -> "stopped as asked";
        };
    }

    private static String silence(PipelineStatus.@Nullable Silence mongo) {
        return mongo == null ? "" : ". MongoDB has not answered since " + second(mongo.since());
    }

    private static String stalled(PipelineState.Stalled state) {
        String reason = state.reason();
        String what = state.server().text() + " has not answered since " + second(state.since())
                + (reason == null ? "" : " (" + reason + ")");
        return switch (state.server()) {
            case MONGODB -> what + ": what was read is applied, and the stream goes on by itself when it answers.";
            case POSTGRESQL -> what + ": what was read waits, and is applied by itself when it answers.";
        };
    }

    private static Instant second(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS);
    }
}
