package dev.sluice.service.web;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.service.config.Settings;
import dev.sluice.service.ops.PipelineMetrics;
import dev.sluice.service.ops.Report;
import dev.sluice.service.pipeline.PipelineStatus;
import io.micrometer.core.instrument.MeterRegistry;
import io.micronaut.context.ApplicationContext;
import io.micronaut.runtime.server.EmbeddedServer;
import java.util.Map;

/// The HTTP side of a running pipeline: metrics, health and status.
public final class HttpService implements AutoCloseable {
    private final ApplicationContext context;
    private final EmbeddedServer server;

    private HttpService(ApplicationContext context, EmbeddedServer server) {
        this.context = context;
        this.server = server;
    }

    /// @throws SluiceException of kind BAD_SETTING when the port is taken
    public static HttpService start(Settings settings, PipelineStatus status, Report report) {
        ApplicationContext context = ApplicationContext.builder()
                .banner(false)
                .properties(Map.of(
                        "micronaut.server.port",
                        settings.httpPort() == 0 ? -1 : settings.httpPort(),
                        "micronaut.server.host",
                        settings.httpHost()))
                .build();
        context.registerSingleton(PipelineStatus.class, status);
        context.registerSingleton(Report.class, report);
        try {
            context.start();
            EmbeddedServer server = context.getBean(EmbeddedServer.class);
            PipelineMetrics.bind(status, context.getBean(MeterRegistry.class));
            server.start();
            return new HttpService(context, server);
        } catch (RuntimeException e) {
            context.close();
            throw new SluiceException(
                    FailureKind.BAD_SETTING,
                    "SLUICE_HTTP_PORT: can't listen on port " + settings.httpPort()
                            + "; is another process on it? 0 takes a free one.",
                    e);
        }
    }

    public int port() {
        return server.getPort();
    }

    @Override
    public void close() {
        server.close();
        context.close();
    }
}
