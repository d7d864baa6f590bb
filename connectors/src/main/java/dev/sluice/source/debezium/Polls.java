package dev.sluice.source.debezium;

import com.mongodb.event.CommandListener;
import com.mongodb.event.CommandStartedEvent;
import com.mongodb.event.CommandSucceededEvent;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// When the engine last asked MongoDB for changes and has taken all that came: a stream with nothing to
/// deliver has nothing from before that moment. An engine that says it is idle may just be waiting for a
/// slow answer.
///
/// Hears of the driver's commands on the engine's threads, is asked by the one that delivers.
final class Polls implements CommandListener {
    private static final String POLL = "getMore";

    /// How much later an event may be put where the engine looks for it than a poll's end is known.
    private static final long MARGIN_MILLIS = 250;

    private static final int KEPT = 32;

    private static final Map<String, Polls> OPEN = new ConcurrentHashMap<>();

    /// A poll whose changes the engine has taken over.
    ///
    /// @param started when it was sent, our clock
    /// @param over when the next one was sent, which is after everything of this one was taken
    private record Poll(long started, long over) {}

    private final Deque<Poll> over = new ArrayDeque<>();
    private long started;
    private boolean answered;

    /// Lets the driver's settings find this by a name.
    void register(String reference) {
        OPEN.put(reference, this);
    }

    static void forget(String reference) {
        OPEN.remove(reference);
    }

    static @Nullable Polls registered(String reference) {
        return OPEN.get(reference);
    }

    @Override
    public synchronized void commandStarted(CommandStartedEvent event) {
        if (event.getCommandName().equals(POLL)) {
            onPoll(System.currentTimeMillis());
        }
    }

    @Override
    public synchronized void commandSucceeded(CommandSucceededEvent event) {
        if (event.getCommandName().equals(POLL)) {
            onAnswer();
        }
    }

    void onPoll(long now) {
        // One cursor, read by one thread: the next poll is sent when all of the one before was taken. A busy stream
        // polls
        // many times a second, and few of these have to be remembered.
        if (answered && (over.isEmpty() || now - over.getFirst().over() >= MARGIN_MILLIS)) {
            over.addFirst(new Poll(started, now));
            if (over.size() > KEPT) {
                over.removeLast();
            }
        }
        started = now;
        answered = false;
    }

    void onAnswer() {
        answered = true;
    }

    /// Since when an engine has had nothing to deliver that says so at some moment.
    ///
    /// @param saidMillis when it said so, our clock
    /// @return 0 when that is not known
    synchronized long idleSince(long saidMillis) {
        for (Poll poll : over) {
            if (poll.over() + MARGIN_MILLIS <= saidMillis) {
                return poll.started();
            }
        }
        return 0;
    }
}
