package dev.sluice.service.web;

import dev.sluice.postgres.PostgresConnector;
import dev.sluice.service.live.LiveFeed;
import dev.sluice.service.live.StoredReader;
import dev.sluice.service.ops.AuditTrail;
import dev.sluice.service.ops.Checkpoints;
import dev.sluice.service.ops.DeadLetters;
import dev.sluice.service.ops.Gates;
import dev.sluice.service.ops.Pauses;
import dev.sluice.service.ops.Quarantine;
import dev.sluice.service.ops.ReadLimits;
import dev.sluice.service.ops.RouteWatch;
import dev.sluice.service.ops.Routes;
import dev.sluice.service.ops.SchemaChanges;
import dev.sluice.service.ops.StatusReader;
import dev.sluice.service.pipeline.PipelineStatus;
import io.micronaut.context.annotation.Bean;
import io.micronaut.context.annotation.Factory;
import jakarta.inject.Singleton;
import java.util.List;

/// The operations that the controllers call; the commands of the command line call the same. What
/// they are made of comes from [HttpService].
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

    @Bean(preDestroy = "close")
    @Singleton
    RouteWatch routeWatch() {
        return RouteWatch.start(
                connector, status.pipeline(), List.copyOf(status.collections().keySet()));
    }

    @Singleton
    Routes routes() {
        return new Routes(connector, status.pipeline(), status.collections().keySet());
    }

    @Singleton
    Pauses pauses() {
        return new Pauses(connector, status.pipeline());
    }

    @Singleton
    ReadLimits readLimits() {
        return new ReadLimits(connector, status.pipeline());
    }

    @Singleton
    AuditTrail auditTrail() {
        return new AuditTrail(connector, status.pipeline());
    }

    /// What the page shows. Begun with the server, so that there is an hour to be shown when
    /// somebody looks.
    @Bean(preDestroy = "close")
    @Singleton
    LiveFeed liveFeed(StoredReader.Tables tables, RouteWatch routes) {
        return LiveFeed.start(status, new StoredReader(connector, status.pipeline(), tables, routes));
    }

    @Singleton
    SchemaChanges schemaChanges() {
        return new SchemaChanges(connector, status.pipeline());
    }
}
