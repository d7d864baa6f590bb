package dev.sluice.service.cli;

import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.service.config.Settings;
import dev.sluice.service.pipeline.Pipeline;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.service.pipeline.ReadLimitWatch;
import dev.sluice.service.pipeline.WrittenWith;
import dev.sluice.service.text.Counted;
import dev.sluice.service.web.HttpService;
import dev.sluice.source.mongo.MongoSource;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// `sluice run`: the service.
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "For example:",
            "  sluice run                                              copy, then follow; as often as you like",
            "  SLUICE_HTTP_PORT=9090 SLUICE_LOG_FORMAT=json sluice run  with settings"
        },
        versionProvider = SluiceCommand.Version.class,
        header = "Copy what is not copied yet, then follow the change stream.",
        description =
                "Serves metrics, health and status over HTTP meanwhile. SIGTERM or Ctrl-C ends it: what has been read"
                        + " is applied first. A database that goes away is waited for, and so is another process that"
                        + " writes the pipeline (unless SLUICE_STANDBY=false): this one takes over when that one ends."
                        + " Another mapping that `sluice evolve` asks for is taken over without a restart.")
final class RunCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(RunCommand.class);

    /// A service manager that stops the process may not wait for long.
    private static final Duration STOP_WHILE_NOTHING_IS_READ = Duration.ofSeconds(3);

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        End end = new End();
        Thread hook = new Thread(end, "sluice-drain");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            return serve(end);
        } finally {
            removeUnlessItRuns(hook);
        }
    }

    /// One pipeline after the other: everything that is made of the mapping is made again when another
    /// one is in force.
    private int serve(End end) throws InterruptedException {
        Setup setup = Setup.forBoth();
        LOG.info(
                "Starting the pipeline {} with the mapping {}; connecting to {} first.",
                setup.pipelineName(),
                setup.entry().mapping().name(),
                setup.connector().uri());
        setup.sayWhoWrites();
        setup.prepareTarget();
        Served served = serve(setup.inForce(), setup.settings(), end);
        while (served.state() == null) {
            served = serve(setup.goingOn(), setup.settings().onPort(served.port()), end);
        }
        return served.state() instanceof PipelineState.Failed failed
                ? SluiceCommand.complain(new SluiceException(failed.kind(), failed.message()), spec.commandLine())
                : SluiceCommand.FINE;
    }

    /// How a pipeline ended.
    ///
    /// @param state null where another mapping is in force
    /// @param port where it served HTTP
    private record Served(@Nullable PipelineState state, int port) {}

    private Served serve(Setup setup, Settings settings, End end) throws InterruptedException {
        try (MongoSource source = setup.source();
                ReadLimitWatch limit = setup.keepReadLimit(source)) {
            source.hello();
            LOG.info(StartLine.of(source, setup.connector(), Setup.given()));
            setup.sayThatNothingIsThere(source);
            setup.sayWhatIsLeftAlone(source);
            PipelineSpec described = setup.pipeline(setup.targets(), source);
            Pipeline pipeline = new Pipeline(described);
            pipeline.writeWith(WrittenWith.mapping(setup.entry()));
            pipeline.verifyContinuously(settings.verifyBudget() / 100.0);
            pipeline.afterCopy(setup.afterScripts(), settings.afterParallel(), settings.autoMigrate());
            pipeline.standBy(settings.standby());
            try (HttpService http = HttpService.start(settings, pipeline.status(), described, pipeline::spec)) {
                LOG.info(
                        "Pipeline {}: {} of {} into {}; page http://localhost:{}/, status http://localhost:{}/api/status",
                        pipeline.name(),
                        Counted.of(setup.entry().mapping().collections().size(), "collection"),
                        source.database(),
                        setup.connector().uri(),
                        http.port(),
                        http.port());
                end.of(pipeline);
                PipelineState state = pipeline.run();
                return new Served(pipeline.isSuperseded() && !end.isAsked() ? null : state, http.port());
            }
        }
    }

    private static boolean isReading(PipelineState state) {
        return switch (state) {
            case PipelineState.Starting s -> false;
            case PipelineState.Standby s -> false;
            case PipelineState.Waiting w -> false;
            case PipelineState.Paused p -> false;
            case PipelineState.Backfilling b -> true;
            case PipelineState.Streaming s -> true;
            case PipelineState.Stalled s -> isReading(s.during());
            case PipelineState.Draining d -> true;
            case PipelineState.Stopped s -> false;
            case PipelineState.Failed f -> false;
        };
    }

    private static void removeUnlessItRuns(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            // The hook ends the process.
        }
    }

    /// What SIGTERM or Ctrl-C does. The JVM would end with the status of a killed process, but an end
    /// on request is a success.
    private static final class End implements Runnable {
        private @Nullable Pipeline current;
        private boolean asked;

        /// Goes for this pipeline from now on.
        synchronized void of(Pipeline pipeline) {
            current = pipeline;
            if (asked) {
                pipeline.stop();
            }
        }

        synchronized boolean isAsked() {
            return asked;
        }

        /// @return null when none has begun
        private synchronized @Nullable Pipeline ask() {
            asked = true;
            return current;
        }

        @Override
        public void run() {
            Pipeline pipeline = ask();
            if (pipeline == null) {
                LOG.info("Ended before it began; nothing was read.");
                Runtime.getRuntime().halt(SluiceCommand.FINE);
                return;
            }
            pipeline.stop();
            try {
                if (!pipeline.awaitStopped(STOP_WHILE_NOTHING_IS_READ)
                        && !isReading(pipeline.status().state())) {
                    // A server that does not answer; nothing was read, so nothing has to be applied.
                    LOG.info("Ended while it waited; nothing was being read.");
                    Runtime.getRuntime().halt(SluiceCommand.FINE);
                }
                pipeline.awaitStopped();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            if (pipeline.status().state() instanceof PipelineState.Stopped) {
                LOG.info("Ended: what was read is applied, or is read again by the next start.");
                Runtime.getRuntime().halt(SluiceCommand.FINE);
            }
        }
    }
}
