package dev.sluice.service.web;

import dev.sluice.service.ops.Checkpoints;
import dev.sluice.service.ops.DeadLetters;
import dev.sluice.service.ops.Gates;
import dev.sluice.service.ops.Quarantine;
import dev.sluice.service.ops.SchemaChanges;
import dev.sluice.service.ops.StatusReader;
import dev.sluice.service.pipeline.PipelineStatus;
import dev.sluice.sink.postgres.PostgresConnector;
import io.micronaut.context.annotation.Factory;
import jakarta.inject.Singleton;

/// The operations that the controllers call; the commands of the command line call the same. What they are made of
/// comes
/// from [HttpService].
@Factory
final class Operations {
    private final PostgresConnector connector;
    private final PipelineStatus status;

    Operations(PostgresConnector connector, PipelineStatus status) {
        this.connector = connector;
        this.status = status;
    }

    @Singleton
    StatusReader statusReader() {
        return new StatusReader(connector, status.pipeline());
    }

    @Singleton
    DeadLetters deadLetters() {
        return new DeadLetters(
                connector, status.pipeline(), status.collections().keySet());
    }

    @Singleton
    Checkpoints checkpoints() {
        return new Checkpoints(connector, status.pipeline());
    }

    @Singleton
    Quarantine quarantine() {
        return new Quarantine(connector, status.pipeline());
    }

    @Singleton
    Gates gates() {
        return new Gates(connector, status.pipeline(), status.collections().keySet());
    }

    @Singleton
    SchemaChanges schemaChanges() {
        return new SchemaChanges(connector, status.pipeline());
    }
}
