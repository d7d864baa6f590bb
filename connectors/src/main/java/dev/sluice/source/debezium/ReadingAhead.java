package dev.sluice.source.debezium;

import java.time.Duration;

/// Whether the stream is read on while what was read before is still being written.
///
/// A backlog is: then writing takes longest, and must not wait for reading. Single changes are not:
/// each would be an answer, a look-up and a transaction of its own, for which both servers and this
/// process compete on the same processors. Read when the ones before are written, as a loop in one
/// thread would, those that come meanwhile wait in MongoDB and come together: the batches grow by
/// themselves with what a transaction takes. A change that comes alone is read at once.
///
/// For one thread.
final class ReadingAhead {
    /// An answer of so many events is of a backlog.
    static final int BACKLOG_EVENTS = 100;

    /// How long at most it waits: where writing takes longer, a backlog comes of it.
    static final Duration MOST = Duration.ofMillis(50);

    private int events;

    /// An answer of MongoDB has one more event.
    void onEvent() {
        events++;
    }

    /// All events of an answer are passed on.
    ///
    /// @return whether the next answer is asked for only when they are written
    boolean endsAnswer() {
        boolean few = events > 0 && events < BACKLOG_EVENTS;
        events = 0;
        return few;
    }
}
