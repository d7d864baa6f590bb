package dev.sluice.service.pipeline;

import dev.sluice.balance.Balance;
import dev.sluice.balance.BalanceCount;
import dev.sluice.control.BackfillStore;
import dev.sluice.evolution.OpenChanges;
import dev.sluice.evolution.SchemaChangeStore;
import dev.sluice.evolution.SourceCheck;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.check.TargetTables;
import dev.sluice.source.mongo.WithoutChanges;
import dev.sluice.verify.Drift;
import dev.sluice.verify.Repair;
import dev.sluice.verify.SincePosition;
import dev.sluice.verify.VerificationStore;
import dev.sluice.verify.Verifier;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Compares collections with their tables and repairs what differs, while another process runs the
/// pipeline or without one. For one thread.
public final class VerifyRun {
    private static final Logger LOG = LoggerFactory.getLogger(VerifyRun.class);

    /// How often a table may be altered under one comparison.
    static final int ALTERED_MAX = 5;

    private static final Set<FailureKind> OF_THE_TABLES =
            EnumSet.of(FailureKind.MISSING_TABLE, FailureKind.MISSING_RIGHT, FailureKind.ROW_SECURITY);

    private final PipelineSpec pipeline;
    private final SourceCheck sourceCheck;
    private final ListDrain drain;

    public VerifyRun(PipelineSpec pipeline) {
        this.pipeline = pipeline;
        this.sourceCheck = SourceCheck.of(pipeline);
        this.drain = new ListDrain(pipeline).althoughPaused();
    }

    /// Whether a collection is copied, so that it can be compared.
    ///
    /// @throws SluiceException of kind MAPPING when it is none that can be copied
    public boolean isCopied(CollectionTarget target) {
        try (Connection connection = pipeline.connector().open()) {
            if (new BackfillStore(pipeline.name()).done(connection, target.collection())) {
                return true;
            }
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
        WithoutChanges.refuse(pipeline.source(), target.collection());
        return false;
    }

    /// The collections that are copied, so that they can be compared.
    ///
    /// @throws SluiceException when PostgreSQL can't be asked
    public Set<String> copied() {
        try (Connection connection = pipeline.connector().open()) {
            return Set.copyOf(new BackfillStore(pipeline.name()).done(connection));
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// What keeps a collection from being copied: faults of its tables, as `plan` and every start name them.
    ///
    /// @return one fault a line; empty where there is none
    /// @throws SluiceException also when PostgreSQL can't be asked
    public Optional<String> obstacle(CollectionTarget target) {
        try {
            TargetTables.check(pipeline.connector(), List.of(target));
            return Optional.empty();
        } catch (SluiceException fault) {
            if (!OF_THE_TABLES.contains(fault.kind())) {
                throw fault;
            }
            return Optional.of(String.valueOf(fault.getMessage()));
        }
    }

    /// The change of a collection at which the stream stops until a user decides; the oldest.
    ///
    /// @return of kind COLLECTION_CHANGED; empty where none waits for a decision
    public Optional<SluiceException> stop() {
        try (Connection connection = pipeline.connector().open()) {
            return OpenChanges.of(pipeline).stops(connection, pipeline.source()).stream()
                    .findFirst();
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Why rows of a collection may be extra though nobody else wrote there.
    ///
    /// @return a sentence; empty where there is no such reason
    public Optional<String> stayed(String collection) {
        try (Connection connection = pipeline.connector().open()) {
            return new SchemaChangeStore(pipeline.name()).stayed(connection, collection);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Compares one collection.
    ///
    /// @param stopped asked between steps, from any thread
    /// @throws dev.sluice.failure.SluiceException when it could not continue; the next call resumes where it
    ///     was
    public Verifier.Result verify(
            CollectionTarget target, Verifier.Wish wish, Verifier.Listener listener, BooleanSupplier stopped)
            throws InterruptedException {
        sourceCheck.require(pipeline.connector());
        Verifier verifier = new Verifier(pipeline, new SincePosition(pipeline), listener, stopped);
        Verifier.Wish next = wish;
        for (int altered = 0; ; altered++) {
            TargetTables tables = TargetTables.check(pipeline.connector(), List.of(target));
            try {
                return verifier.verify(target, next);
            } catch (SluiceException e) {
                SluiceException failure = tables.explain(e);
                if (failure.kind() != FailureKind.TARGET_ALTERED || altered == ALTERED_MAX) {
                    throw failure;
                }
                LOG.info(
                        "{}: {} The verification continues with the table as it is now.",
                        target.collection(),
                        failure.getMessage());
                next = wish.goingOn();
            }
        }
    }

    /// Counts documents and rows as they are now, and keeps the count.
    ///
    /// @param stopped asked between steps, from any thread
    /// @return empty when it was stopped
    public Optional<Balance> count(CollectionTarget target, BooleanSupplier stopped) {
        return new BalanceCount(pipeline)
                .ofCopied(List.of(target), stopped).values().stream().findFirst();
    }

    /// Documents without a row and rows without a document, once what was committed before is applied.
    ///
    /// @param stopped asked between steps, from any thread
    /// @return empty when it was stopped
    public Optional<Verifier.Standing> standing(CollectionTarget target, BooleanSupplier stopped) {
        return new Verifier(pipeline, new SincePosition(pipeline), (t, progress) -> {}, stopped).standing(target);
    }

    /// How many rows of the collection's own table are known to differ now, by kind; without those of child tables.
    public Map<Drift.Kind, Long> driftOfRows(CollectionTarget target) {
        try (Connection connection = pipeline.connector().open()) {
            return new VerificationStore(pipeline.name())
                    .driftRows(connection, target.collection(), target.mapping().table());
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// Repairs what a verification found, and compares again.
    ///
    /// @param actor who asked for it, for the audit
    /// @return empty when nothing of the collection differs
    /// @throws dev.sluice.failure.SluiceException of kind COLLECTION_CHANGED, before anything is written, when a
    ///     change of a collection waits for a decision
    public Optional<Repair.Repaired> repair(
            CollectionTarget target,
            Verifier.Result found,
            String actor,
            ListDrain.Listener listener,
            BooleanSupplier stopped)
            throws InterruptedException {
        if (found.drift().isEmpty()) {
            return Optional.empty();
        }
        sourceCheck.require(pipeline.connector());
        OpenChanges.requireNoneSoFar(pipeline, stopped);
        TargetTables tables = TargetTables.check(pipeline.connector(), List.of(target));
        try {
            return Optional.of(new Repair(
                            pipeline,
                            new SincePosition(pipeline),
                            left -> drain.await(left::count, listener, stopped),
                            stopped)
                    .repair(target, actor, found.id()));
        } catch (SluiceException e) {
            throw tables.explain(e);
        }
    }
}
