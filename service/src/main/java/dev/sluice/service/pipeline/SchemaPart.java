package dev.sluice.service.pipeline;

import dev.sluice.change.Position;
import dev.sluice.evolution.SchemaWatch;
import dev.sluice.evolution.UnmappedCollections;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The part of a run that notices when collections are dropped, renamed or replaced, and
/// does what the mapping says, and when there are new ones that nothing maps.
///
/// @param from where the run's stream began
record SchemaPart(Pipeline pipeline, DataFlow flow, Position from) implements DataFlow.Work {
    private static final Logger LOG = LoggerFactory.getLogger(SchemaPart.class);

    private static final Duration POLL_EVERY = Duration.ofMillis(250);

    @Override
    public void run() throws SQLException, InterruptedException {
        PipelineSpec spec = pipeline.spec();
        Optional<UnmappedCollections> unmapped = pipeline.writtenWith()
                .accountedFor()
                .map(names -> new UnmappedCollections(spec.name(), spec.source(), names));
        try (Connection connection = spec.connector().open();
                SchemaWatch schema = new SchemaWatch(spec, connection)) {
            while (!flow.ending()) {
                try {
                    schema.poll(from, flow.applier()::hasReached);
                    if (unmapped.isPresent()) {
                        unmapped.get().look(connection);
                    }
                } catch (SluiceException e) {
                    if (e.kind() != FailureKind.SOURCE_UNREACHABLE) {
                        throw e;
                    }
                    // Not reported here: the stream fails too, or recovers by itself.
                    LOG.debug("MongoDB did not answer: {}", e.getMessage());
                    schema.letGo();
                }
                flow.pause(POLL_EVERY);
            }
        }
    }
}
