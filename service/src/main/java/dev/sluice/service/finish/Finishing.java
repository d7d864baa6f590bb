package dev.sluice.service.finish;

import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.service.finish.Finish.Outcome;
import dev.sluice.service.finish.Finish.Wish;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What REST asks of [Finish], one at a time. Any thread.
public final class Finishing {
    private static final Logger LOG = LoggerFactory.getLogger(Finishing.class);

    private final PostgresConnector connector;
    private final String pipeline;
    private final List<String> mapped;
    private final @Nullable PipelineSpec spec;
    private final AtomicBoolean busy = new AtomicBoolean();

    /// For a process without a source: certificates can only be looked at.
    public Finishing(PostgresConnector connector, String pipeline, List<String> mapped) {
        this(connector, pipeline, mapped, null);
    }

    /// @param spec with all collections of the mapping
    public Finishing(PipelineSpec spec) {
        this(spec.connector(), spec.name(), spec.collections(), spec);
    }

    private Finishing(PostgresConnector connector, String pipeline, List<String> mapped, @Nullable PipelineSpec spec) {
        this.connector = connector;
        this.pipeline = pipeline;
        this.mapped = List.copyOf(mapped);
        this.spec = spec;
    }

    public boolean isMapped(String collection) {
        return mapped.contains(collection);
    }

    /// Whether this process has both sides, so that it can be asked to move writes.
    public boolean canBeAsked() {
        return spec != null;
    }

    /// Moves the writes, or says what would become of it.
    ///
    /// @return empty where another move is under way in this process, or where it has no source
    /// @throws dev.sluice.failure.SluiceException as [Finish#run]
    public Optional<Outcome> ask(Wish wish, boolean dryRun) throws InterruptedException {
        if (spec == null || !busy.compareAndSet(false, true)) {
            return Optional.empty();
        }
        try {
            Finish finish = new Finish(spec, sentence -> LOG.info("Finish: {}", sentence), () -> false);
            return Optional.of(dryRun ? finish.dryRun(wish) : finish.run(wish));
        } finally {
            busy.set(false);
        }
    }

    /// The certificates of the collections whose writes have moved, by collection, as JSON.
    public SequencedMap<String, String> certificates() {
        return Finish.certificates(connector, pipeline);
    }
}
