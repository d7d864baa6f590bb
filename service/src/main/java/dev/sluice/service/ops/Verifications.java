package dev.sluice.service.ops;

import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.failure.WrongUseException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.service.pipeline.ListDrain;
import dev.sluice.service.pipeline.VerifyRun;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.reference.ReferringKeys;
import dev.sluice.verify.Mode;
import dev.sluice.verify.Origin;
import dev.sluice.verify.VerificationReports;
import dev.sluice.verify.Verifier;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The operations on verifications: start, list. Any thread.
public final class Verifications {
    private static final Logger LOG = LoggerFactory.getLogger(Verifications.class);
    private static final int SAMPLE = 1_000;
    private static final String EXTRA = dev.sluice.verify.Drift.Kind.EXTRA.text();

    private final PostgresConnector connector;
    private final String pipeline;
    private final @Nullable Supplier<PipelineSpec> spec;
    private final AtomicBoolean busy = new AtomicBoolean();

    /// For a process without a source: verifications can only be looked at.
    public Verifications(PostgresConnector connector, String pipeline) {
        this(connector, pipeline, null);
    }

    public Verifications(PipelineSpec spec) {
        this(spec, () -> spec);
    }

    /// @param now what the pipeline works on when a verification is asked for
    public Verifications(PipelineSpec spec, Supplier<PipelineSpec> now) {
        this(spec.connector(), spec.name(), now);
    }

    private Verifications(PostgresConnector connector, String pipeline, @Nullable Supplier<PipelineSpec> spec) {
        this.connector = connector;
        this.pipeline = pipeline;
        this.spec = spec;
    }

    /// The result of asking for a verification.
    public sealed interface Outcome {
        /// @param collections that are compared, one after the other
        /// @param notCopied collections that were asked for too, of which there is nothing to compare yet
        record Begun(List<String> collections, List<String> notCopied) implements Outcome {}

        /// Another one is running.
        record Busy() implements Outcome {}

        /// @param reason for people
        record NoSuchCollection(String reason) implements Outcome {}

        /// This process can only look.
        record NoSource() implements Outcome {}
    }

    /// Begins a verification on a thread of its own. One at a time. Asks PostgreSQL before it answers, so that a
    /// verification that was begun is one that can be.
    ///
    /// @param collections empty for all
    /// @param repair whether to repair what differs
    /// @param actor who asks, for the audit
    /// @throws SluiceException when PostgreSQL can't be asked; nothing is begun then
    public Outcome ask(List<String> collections, Mode mode, boolean repair, String actor) {
        if (spec == null) {
            return new Outcome.NoSource();
        }
        PipelineSpec asked = spec.get();
        List<CollectionTarget> chosen;
        try {
            chosen = CollectionTarget.chosen(asked.targets(), collections);
        } catch (WrongUseException unknown) {
            return new Outcome.NoSuchCollection(String.valueOf(unknown.getMessage()));
        }
        if (!busy.compareAndSet(false, true)) {
            return new Outcome.Busy();
        }
        VerifyRun run = new VerifyRun(asked);
        Set<String> copied;
        try {
            copied = run.copied();
        } catch (RuntimeException e) {
            busy.set(false);
            throw e;
        }
        Thread.ofPlatform().name("sluice-verify-asked").daemon(true).start(() -> {
            try {
                verify(run, chosen, mode, repair, actor);
            } finally {
                busy.set(false);
            }
        });
        Map<Boolean, List<String>> names =
                chosen.stream().map(CollectionTarget::collection).collect(Collectors.partitioningBy(copied::contains));
        return new Outcome.Begun(names.getOrDefault(true, List.of()), names.getOrDefault(false, List.of()));
    }

    private static void verify(VerifyRun run, List<CollectionTarget> chosen, Mode mode, boolean repair, String actor) {
        Verifier.Wish wish = new Verifier.Wish(mode, Origin.ASKED, SAMPLE, 1, 2, false);
        for (CollectionTarget target : chosen) {
            try {
                if (!run.isCopied(target)) {
                    LOG.warn(
                            "{} is not copied yet, so there is nothing to compare.{}",
                            target.collection(),
                            run.obstacle(target)
                                    .map(why -> " It can't be copied: " + why)
                                    .orElse(""));
                    continue;
                }
                Verifier.Result found = run.verify(target, wish, (t, progress) -> {}, () -> false);
                if (repair) {
                    run.repair(target, found, actor, ListDrain.SILENT, () -> false);
                }
                run.count(target, () -> false);
            } catch (SluiceException e) {
                LOG.warn(
                        "The verification of {} failed; start it again to resume: {}",
                        target.collection(),
                        e.forPeople());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /// One comparison of a collection.
    ///
    /// @param mode counts, sample or full
    /// @param origin asked or continuous
    /// @param state running, done or failed
    /// @param phase what it is at, while it runs
    /// @param documents that were compared
    /// @param rows of the collection's own table; while it runs, the expected rows of the documents
    ///     compared so far
    /// @param undecided documents that differed and were written during each look
    /// @param estimatedDocuments null when unknown
    /// @param through what it found holds for MongoDB as of this time; null when unknown
    /// @param finishedAt null while it runs
    public record Verification(
            long id,
            String collection,
            String mode,
            String origin,
            String state,
            String phase,
            long documents,
            long rows,
            long missing,
            long extra,
            long different,
            long undecided,
            long repaired,
            @Nullable Long estimatedDocuments,
            @Nullable Instant through,
            Instant startedAt,
            @Nullable Instant finishedAt) {
        private static Verification of(VerificationReports.Recorded recorded) {
            return new Verification(
                    recorded.id(),
                    recorded.collection(),
                    recorded.mode(),
                    recorded.origin(),
                    recorded.state(),
                    recorded.phase(),
                    recorded.documents(),
                    recorded.rows(),
                    recorded.missing(),
                    recorded.extra(),
                    recorded.different(),
                    recorded.undecided(),
                    recorded.repaired(),
                    recorded.estimatedDocuments(),
                    recorded.through(),
                    recorded.startedAt(),
                    recorded.finishedAt());
        }
    }

    /// Rows of a document in one table that are not as they should be.
    ///
    /// @param documentKey the `_id` as canonical Extended JSON; null where no document explains the row
    /// @param rowKey the key of the document's row, as text
    /// @param columns which differ; empty unless the kind is different
    /// @param ageSeconds since it was first seen
    public record Drift(
            String collection,
            String table,
            String kind,
            @Nullable String documentKey,
            String rowKey,
            List<String> columns,
            long rows,
            Instant firstSeenAt,
            Instant lastSeenAt,
            double ageSeconds) {
        public Drift {
            columns = List.copyOf(columns);
        }

        private static Drift of(VerificationReports.Difference found) {
            return new Drift(
                    found.collection(),
                    found.table(),
                    found.kind(),
                    found.documentKey(),
                    found.rowKey(),
                    found.columns(),
                    found.rows(),
                    found.firstSeenAt(),
                    found.lastSeenAt(),
                    found.ageSeconds());
        }
    }

    /// The newest first.
    ///
    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked
    public List<Verification> latest(int most) {
        try (Connection connection = connector.open()) {
            return new VerificationReports(pipeline)
                    .latest(connection, most).stream().map(Verification::of).toList();
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// What differs now, as far as it is known; the oldest first.
    ///
    /// @param collection null for all
    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked
    public List<Drift> drift(@Nullable String collection, int most) {
        try (Connection connection = connector.open()) {
            return new VerificationReports(pipeline)
                    .differences(connection, collection, most).stream()
                            .map(Drift::of)
                            .toList();
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// The foreign keys that lead to rows that are extra, so that PostgreSQL does not let these be deleted.
    ///
    /// @param all collections of the mapping
    /// @return of each row that one leads to
    /// @throws dev.sluice.failure.SluiceException when PostgreSQL can't be asked
    public Map<Drift, List<String>> keeping(List<CollectionTarget> all, List<Drift> drift) {
        Map<Drift, List<String>> keeping = new HashMap<>();
        try (Connection connection = connector.open()) {
            for (CollectionTarget target : all) {
                List<Drift> extra = drift.stream()
                        .filter(d -> d.collection().equals(target.collection())
                                && d.kind().equals(EXTRA)
                                && d.table().equals(target.mapping().table().toString()))
                        .toList();
                if (!extra.isEmpty()) {
                    Map<String, List<String>> keys = ReferringKeys.to(
                            connection,
                            all,
                            target,
                            extra.stream().map(Drift::rowKey).toList());
                    extra.stream()
                            .filter(d -> keys.containsKey(d.rowKey()))
                            .forEach(d -> keeping.put(d, keys.get(d.rowKey())));
                }
            }
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
        return keeping;
    }
}
