package dev.sluice.service.pipeline;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The state of a pipeline, with its details. Set by the [Supervisor] and the [PipelineRun]; read
/// by any thread.
public sealed interface PipelineState {
    /// The name in metrics, status and logs.
    String name();

    /// Whether changes are read in it, or documents copied.
    default boolean works() {
        return switch (this) {
            case Backfilling b -> true;
            case Streaming s -> true;
            case Stalled s -> true;
            case Starting s -> false;
            case Standby s -> false;
            case Waiting w -> false;
            case Paused p -> false;
            case Draining d -> false;
            case Stopped s -> false;
            case Failed f -> false;
        };
    }

    /// Whether nothing follows it in this process.
    default boolean hasEnded() {
        return switch (this) {
            case Failed f -> true;
            case Stopped s -> true;
            case Starting s -> false;
            case Standby s -> false;
            case Backfilling b -> false;
            case Streaming s -> false;
            case Stalled s -> false;
            case Waiting w -> false;
            case Paused p -> false;
            case Draining d -> false;
        };
    }

    /// Whether a server that does not answer is what is to be said of it. Of the others more is known, or they don't
    /// need the server.
    default boolean mayStall() {
        return switch (this) {
            case Starting s -> true;
            case Backfilling b -> true;
            case Streaming s -> true;
            case Stalled s -> true;
            case Standby s -> false;
            case Waiting w -> false;
            case Paused p -> false;
            case Draining d -> false;
            case Stopped s -> false;
            case Failed f -> false;
        };
    }

    /// Connecting and checking both sides.
    record Starting() implements PipelineState {
        @Override
        public String name() {
            return "starting";
        }
    }

    /// Another process writes the pipeline; this one takes over when that one ends.
    ///
    /// @param holder which process that is, for people
    /// @param since when this one began to stand by
    record Standby(String holder, Instant since) implements PipelineState {
        @Override
        public String name() {
            return "standby";
        }
    }

    /// Streaming, and copying collections at the same time.
    record Backfilling(List<String> remaining) implements PipelineState {
        @Override
        public String name() {
            return "backfilling";
        }
    }

    /// Everything is copied; changes are applied as they come.
    record Streaming() implements PipelineState {
        @Override
        public String name() {
            return "streaming";
        }
    }

    /// A server that this process works with has not answered for a while. Nothing has failed yet: what
    /// is under way waits for it, and goes on when it answers, or fails when its own time-outs are over.
    /// Shown by [PipelineStatus#state] in place of what is under way.
    ///
    /// @param since when it answered last, by our clock
    /// @param reason why the last question got no answer, in words for brackets; null when it is still
    ///     waited for
    /// @param during what is under way
    record Stalled(Server server, Instant since, @Nullable String reason, PipelineState during)
            implements PipelineState {
        @Override
        public String name() {
            return "stalled";
        }
    }

    /// Which server.
    enum Server {
        MONGODB("MongoDB"),
        POSTGRESQL("PostgreSQL");

        private final String text;

        Server(String text) {
            this.text = text;
        }

        /// Its name, for people.
        public String text() {
            return text;
        }
    }

    /// A failure that may pass; the next attempt is at `retryAt`.
    record Waiting(FailureKind kind, String message, Instant retryAt) implements PipelineState {
        @Override
        public String name() {
            return "waiting";
        }
    }

    /// A user holds the pipeline: nothing is read or written.
    ///
    /// @param by who
    /// @param resumesAt when it resumes by itself; null when it does not
    record Paused(Instant since, String by, @Nullable Instant resumesAt) implements PipelineState {
        @Override
        public String name() {
            return "paused";
        }
    }

    /// Asked to stop: what has been read is applied, nothing new is read.
    record Draining() implements PipelineState {
        @Override
        public String name() {
            return "draining";
        }
    }

    /// Stopped as asked.
    record Stopped() implements PipelineState {
        @Override
        public String name() {
            return "stopped";
        }
    }

    /// Stopped by a failure that a retry can't fix.
    record Failed(FailureKind kind, String message) implements PipelineState {
        /// What happened and what to do, for a person.
        public String forPeople() {
            return new SluiceException(kind, message).forPeople();
        }

        @Override
        public String name() {
            return "failed";
        }
    }

    /// The names of all states, for the metric that shows one of them as 1.
    List<String> NAMES = List.of(
            "starting",
            "standby",
            "backfilling",
            "streaming",
            "stalled",
            "waiting",
            "paused",
            "draining",
            "stopped",
            "failed");
}
