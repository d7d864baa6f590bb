package dev.sluice.service.ops;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.control.Acceptance;
import dev.sluice.control.DeadLetterStore;
import dev.sluice.control.DeadLetterStore.DeadLetter;
import dev.sluice.failure.Failures;
import dev.sluice.positions.PipelineLock;
import dev.sluice.postgres.PostgresConnector;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The operations on dead letters: list, retry, discard. The same for the command line and REST.
/// Any thread; each call has a connection of its own.
///
/// All methods throw a [dev.sluice.failure.SluiceException] when PostgreSQL can't be asked.
public final class DeadLetters {
    private static final Duration POLL = Duration.ofMillis(200);

    private final PostgresConnector connector;
    private final String pipeline;
    private final Set<String> mapped;
    private final DeadLetterStore store;

    /// @param mapped the collections that the mapping has now
    public DeadLetters(PostgresConnector connector, String pipeline, Collection<String> mapped) {
        this.connector = connector;
        this.pipeline = pipeline;
        this.mapped = Set.copyOf(mapped);
        this.store = new DeadLetterStore(pipeline);
    }

    /// Some of the parked documents, and how many there are.
    public record Page(String pipeline, long total, List<DeadLetter> deadLetters) {
        public Page {
            deadLetters = List.copyOf(deadLetters);
        }
    }

    /// The result of retrying a dead letter.
    public enum Outcome {
        /// It is parked no more: its row is written, or the document is gone from MongoDB.
        @JsonProperty("settled")
        SETTLED,
        /// It was tried, and refused again.
        @JsonProperty("refused")
        REFUSED,
        /// It is on the list, and was not resynced within the time.
        @JsonProperty("waiting")
        WAITING,
        /// It is on the list, and no process runs the pipeline: the next one resyncs it.
        @JsonProperty("queued")
        QUEUED,
        /// It can't be tried: the mapping has no such collection.
        @JsonProperty("unmapped")
        UNMAPPED;

        /// As it is printed in JSON.
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// @param reason why it was refused, the last time; null when it is settled
    public record Retried(
            long id,
            String collection,
            String documentKey,
            Outcome outcome,
            @Nullable String reason) {}

    /// @param collection null for all
    public Page list(@Nullable String collection, int limit) {
        try (Connection connection = connector.open()) {
            return new Page(pipeline, store.count(connection, collection), store.list(connection, collection, limit));
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Those of these numbers that there are.
    public List<DeadLetter> find(Collection<Long> ids) {
        try (Connection connection = connector.open()) {
            return store.find(connection, ids);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// The document as canonical Extended JSON; empty for a delete.
    public Optional<String> document(long id) {
        try (Connection connection = connector.open()) {
            return store.document(connection, id);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Puts documents on the list of those that are resynced.
    ///
    /// @return what is known of each at once: queued, or unmapped
    public List<Retried> ask(List<DeadLetter> letters, String actor) {
        List<DeadLetter> possible =
                letters.stream().filter(l -> mapped.contains(l.collection())).toList();
        try (Connection connection = connector.open()) {
            connection.setAutoCommit(false);
            store.retry(connection, possible, actor);
            connection.commit();
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
        return letters.stream()
                .map(l -> retried(l, possible.contains(l) ? Outcome.QUEUED : Outcome.UNMAPPED))
                .toList();
    }

    /// Puts documents on the list, and waits for the result as long as a process runs the
    /// pipeline.
    public List<Retried> retry(List<DeadLetter> letters, String actor, Duration timeout) throws InterruptedException {
        Map<Long, Retried> results = new LinkedHashMap<>();
        ask(letters, actor).forEach(r -> results.put(r.id(), r));
        List<DeadLetter> open = letters.stream()
                .filter(l -> results.containsKey(l.id()) && mapped.contains(l.collection()))
                .toList();
        long until = System.nanoTime() + timeout.toNanos();
        try (Connection connection = connector.open()) {
            while (!open.isEmpty()) {
                boolean taken = PipelineLock.isTaken(connection, pipeline);
                open = look(connection, open, results);
                if (!taken) {
                    return List.copyOf(results.values());
                }
                if (!open.isEmpty() && System.nanoTime() >= until) {
                    open.forEach(l -> results.put(l.id(), retried(l, Outcome.WAITING)));
                    break;
                }
                if (!open.isEmpty()) {
                    Thread.sleep(POLL);
                }
            }
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
        return List.copyOf(results.values());
    }

    /// @return those of which nothing is known yet
    private List<DeadLetter> look(Connection connection, List<DeadLetter> open, Map<Long, Retried> results)
            throws SQLException {
        // The list first: an entry is removed in the transaction that writes the outcome, so a document
        // that is no longer on the list has its outcome in the second query.
        Set<Long> asked = Set.copyOf(store.asked(connection, open));
        Map<Long, DeadLetter> now = new HashMap<>();
        store.find(connection, open.stream().map(DeadLetter::id).toList()).forEach(l -> now.put(l.id(), l));
        List<DeadLetter> still = new ArrayList<>();
        for (DeadLetter letter : open) {
            DeadLetter today = now.get(letter.id());
            if (asked.contains(letter.id()) && today != null) {
                still.add(letter);
            } else {
                results.put(letter.id(), today == null ? settled(letter) : retried(today, Outcome.REFUSED));
            }
        }
        return still;
    }

    private static Retried settled(DeadLetter letter) {
        return new Retried(letter.id(), letter.collection(), letter.documentKey(), Outcome.SETTLED, null);
    }

    private static Retried retried(DeadLetter letter, Outcome outcome) {
        return new Retried(letter.id(), letter.collection(), letter.documentKey(), outcome, letter.reason());
    }

    /// Forgets parked documents for good.
    ///
    /// @param why what the person says; may be empty
    /// @return the numbers of those that there were
    public List<Long> discard(Collection<Long> ids, String actor, String why) {
        try (Connection connection = connector.open()) {
            return store.discard(connection, ids, actor, why);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Takes dead letters out of the gate's count. A newer state that fails again is counted.
    public Accepted accept(Acceptance acceptance) {
        try (Connection connection = connector.open()) {
            return new Accepted(store.accept(connection, acceptance));
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }
}
