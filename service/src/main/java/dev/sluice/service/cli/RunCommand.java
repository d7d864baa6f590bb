package dev.sluice.service.cli;

import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.service.pipeline.Pipeline;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.service.pipeline.WrittenWith;
import dev.sluice.service.text.Counted;
import dev.sluice.service.web.HttpService;
import dev.sluice.source.mongo.MongoSource;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// `sluice run`: the service.
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        versionProvider = SluiceCommand.Version.class,
        header = "Copy what is not copied yet, then follow the change stream.",
        description =
                "Serves metrics, health and status over HTTP meanwhile. SIGTERM or Ctrl-C ends it: what has been read"
                        + " is applied first. A database that goes away is waited for, and so is another process that"
                        + " writes the pipeline (unless SLUICE_STANDBY=false): this one takes over when that one ends.")
final class RunCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(RunCommand.class);

    /// A service manager that stops the process may not wait for long.
    private static final Duration STOP_WHILE_NOTHING_IS_READ = Duration.ofSeconds(3);

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        AtomicReference<@Nullable Pipeline> started = new AtomicReference<>();
        Thread hook = new Thread(() -> end(started.get()), "sluice-drain");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            return serve(started);
        } finally {
            removeUnlessItRuns(hook);
        }
    }

    private int serve(AtomicReference<@Nullable Pipeline> started) throws InterruptedException {
        Setup setup = Setup.forBoth();
        LOG.info(
                "Starting the pipeline {} with the mapping {}; connecting to {} first.",
                setup.pipelineName(),
                setup.entry().mapping().name(),
                setup.connector().uri());
        setup.prepareTarget();
        try (MongoSource source = setup.source()) {
            source.hello();
            setup.sayThatNothingIsThere(source);
            setup.sayWhatIsLeftAlone(source);
            PipelineSpec described = setup.pipeline(setup.targets(), source);
            Pipeline pipeline = new Pipeline(described);
            pipeline.writeWith(WrittenWith.mapping(setup.entry()));
            pipeline.verifyContinuously(setup.settings().verifyBudget() / 100.0);
            pipeline.afterCopy(
                    setup.afterScripts(),
                    setup.settings().afterParallel(),
                    setup.settings().autoMigrate());
            pipeline.standBy(setup.settings().standby());
            try (HttpService http = HttpService.start(setup.settings(), pipeline.status(), described, pipeline::spec)) {
                LOG.info(
                        "Pipeline {}: {} of {} into {}; page http://localhost:{}/, status http://localhost:{}/api/status",
                        pipeline.name(),
                        Counted.of(setup.entry().mapping().collections().size(), "collection"),
                        source.database(),
                        setup.connector().uri(),
                        http.port(),
                        http.port());
                started.set(pipeline);
                return pipeline.run() instanceof PipelineState.Failed failed
                        ? SluiceCommand.complain(
                                new SluiceException(failed.kind(), failed.message()), spec.commandLine())
                        : SluiceCommand.FINE;
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

    /// On SIGTERM or Ctrl-C. The JVM would end with the status of a killed process, but an end on request is
    /// a success.
    ///
    /// @param pipeline null when it has not begun
    private static void end(@Nullable Pipeline pipeline) {
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
