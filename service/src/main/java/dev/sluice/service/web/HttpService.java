package dev.sluice.service.web;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.service.config.Settings;
import dev.sluice.service.finish.Finishing;
import dev.sluice.service.live.LiveFeed;
import dev.sluice.service.live.StoredReader;
import dev.sluice.service.ops.ControlCounts;
import dev.sluice.service.ops.ControlMetrics;
import dev.sluice.service.ops.GateMetrics;
import dev.sluice.service.ops.Gates;
import dev.sluice.service.ops.MappingReport;
import dev.sluice.service.ops.PipelineMetrics;
import dev.sluice.service.ops.Replays;
import dev.sluice.service.ops.RouteMetrics;
import dev.sluice.service.ops.RouteWatch;
import dev.sluice.service.ops.ShadowReadMetrics;
import dev.sluice.service.ops.ShadowReads;
import dev.sluice.service.ops.Verifications;
import dev.sluice.service.pipeline.PipelineStatus;
import io.micrometer.core.instrument.MeterRegistry;
import io.micronaut.context.ApplicationContext;
import io.micronaut.runtime.server.EmbeddedServer;
import java.net.BindException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Supplier;

/// The HTTP side of a running pipeline: metrics, health and status.
public final class HttpService implements AutoCloseable {
    private final ApplicationContext context;
    private final EmbeddedServer server;
    private final ControlMetrics counts;
    private final GateMetrics gates;
    private final ShadowReads shadowReads;

    private HttpService(
            ApplicationContext context,
            EmbeddedServer server,
            ControlMetrics counts,
            GateMetrics gates,
            ShadowReads shadowReads) {
        this.context = context;
        this.server = server;
        this.counts = counts;
        this.gates = gates;
        this.shadowReads = shadowReads;
    }

    /// @throws SluiceException of kind BAD_SETTING when the port is taken or the address is not this
    ///     machine's
    public static HttpService start(Settings settings, PipelineStatus status, PostgresConnector connector) {
        return start(settings, status, connector, FromSource.none(status, connector), Map.of());
    }

    /// Serves HTTP with `POST /nothing` in addition, which does nothing: what the speed of others
    /// is compared with.
    public static HttpService startForBench(Settings settings, PipelineStatus status, PostgresConnector connector) {
        return start(
                settings,
                status,
                connector,
                FromSource.none(status, connector),
                Map.of(NothingController.WANTED, "true"));
    }

    /// Serves HTTP for a process that can be asked for what takes a source: replays and comparisons.
    ///
    /// @param now what the pipeline works on when something is asked for
    public static HttpService start(
            Settings settings, PipelineStatus status, PipelineSpec spec, Supplier<PipelineSpec> now) {
        HttpService service = start(
                settings,
                status,
                spec.connector(),
                new FromSource(
                        new Replays(spec, now),
                        new Verifications(spec, now),
                        new ShadowReads(spec),
                        new Finishing(spec),
                        new LiveController.Mappings(spec.targets().stream()
                                .map(target -> MappingReport.of(target.mapping()))
                                .toList())),
                Map.of());
        PipelineMetrics.bind(
                status.pipeline(), spec.source().readLimit(), service.context.getBean(MeterRegistry.class));
        return service;
    }

    /// The operations that read MongoDB.
    private record FromSource(
            Replays replays,
            Verifications verifications,
            ShadowReads shadowReads,
            Finishing finishing,
            LiveController.Mappings mappings) {
        /// Of a process that reads none.
        static FromSource none(PipelineStatus status, PostgresConnector connector) {
            return new FromSource(
                    new Replays(connector, status.pipeline()),
                    new Verifications(connector, status.pipeline()),
                    new ShadowReads(
                            connector, status.pipeline(), status.collections().keySet()),
                    new Finishing(
                            connector,
                            status.pipeline(),
                            List.copyOf(status.collections().keySet())),
                    new LiveController.Mappings(List.of()));
        }

        /// The collections with their tables; with none where the mapping is not known.
        StoredReader.Tables tables(PipelineStatus status) {
            SequencedMap<String, String> tables = new LinkedHashMap<>();
            status.collections()
                    .keySet()
                    .forEach(name -> tables.put(
                            name,
                            mappings.of(name)
                                    .map(mapping -> mapping.tables().getFirst().table())
                                    .orElse("")));
            return new StoredReader.Tables(tables);
        }
    }

    /// @param more properties of Micronaut
    private static HttpService start(
            Settings settings,
            PipelineStatus status,
            PostgresConnector connector,
            FromSource operations,
            Map<String, Object> more) {
        Map<String, Object> properties = new HashMap<>(more);
        properties.put("micronaut.server.port", settings.httpPort() == 0 ? -1 : settings.httpPort());
        properties.put("micronaut.server.host", settings.httpHost());
        ApplicationContext context = ApplicationContext.builder()
                .banner(false)
                .properties(properties)
                .build();
        context.registerSingleton(Settings.class, settings);
        context.registerSingleton(PipelineStatus.class, status);
        context.registerSingleton(PostgresConnector.class, connector);
        context.registerSingleton(Replays.class, operations.replays());
        context.registerSingleton(Verifications.class, operations.verifications());
        context.registerSingleton(Finishing.class, operations.finishing());
        context.registerSingleton(ShadowReads.class, operations.shadowReads());
        context.registerSingleton(LiveController.Mappings.class, operations.mappings());
        context.registerSingleton(StoredReader.Tables.class, operations.tables(status));
        try {
            context.start();
            EmbeddedServer server = context.getBean(EmbeddedServer.class);
            MeterRegistry registry = context.getBean(MeterRegistry.class);
            PipelineMetrics.bind(status, version(), registry);
            ShadowReadMetrics.bind(status.pipeline(), operations.shadowReads(), registry);
            // Before the first one asks.
            RouteWatch routes = context.getBean(RouteWatch.class);
            RouteMetrics.bind(status.pipeline(), status.collections().keySet(), routes, registry);
            server.start();
            context.getBean(LiveFeed.class);
            return new HttpService(
                    context,
                    server,
                    ControlMetrics.start(
                            status.pipeline(),
                            status.collections().keySet(),
                            () -> ControlCounts.read(connector, status.pipeline()),
                            registry),
                    GateMetrics.start(
                            status.pipeline(),
                            status.collections().keySet(),
                            context.getBean(Gates.class)::all,
                            registry),
                    operations.shadowReads());
        } catch (RuntimeException e) {
            operations.shadowReads().close();
            context.close();
            throw refused(settings, e);
        }
    }

    private static String version() {
        String version = HttpService.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    private static RuntimeException refused(Settings settings, RuntimeException thrown) {
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            if (t instanceof BindException && String.valueOf(t.getMessage()).contains("in use")) {
                return new SluiceException(
                        FailureKind.BAD_SETTING,
                        "Another process listens on port " + settings.httpPort()
                                + "; end it, or name another port in SLUICE_HTTP_PORT (0 takes a free one).",
                        thrown);
            }
            if (t instanceof UnresolvedAddressException
                    || t instanceof UnknownHostException
                    || t instanceof BindException) {
                return new SluiceException(
                        FailureKind.BAD_SETTING,
                        "Can't listen on SLUICE_HTTP_HOST " + settings.httpHost() + ", port " + settings.httpPort()
                                + ": that is not an address of this machine, or the port takes a right.",
                        thrown);
            }
        }
        return thrown;
    }

    /// What answers, for tests.
    ApplicationContext context() {
        return context;
    }

    public int port() {
        return server.getPort();
    }

    @Override
    public void close() {
        counts.close();
        gates.close();
        server.close();
        shadowReads.close();
        context.close();
    }
}
