package dev.sluice.service.cli;

import dev.sluice.failure.SluiceException;
import dev.sluice.service.ops.Report;
import dev.sluice.service.pipeline.Pipeline;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.service.web.HttpService;
import dev.sluice.source.mongo.MongoSource;
import java.util.concurrent.Callable;
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
                        + " is applied first. A database that goes away is waited for.")
final class RunCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(RunCommand.class);

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        Setup setup = Setup.forBoth();
        setup.prepareTarget();
        try (MongoSource source = setup.source()) {
            source.hello();
            Pipeline pipeline = new Pipeline(setup.pipelineName(), setup.entry().mapping(), source, setup.connector());
            try (HttpService http = HttpService.start(
                    setup.settings(), pipeline.status(), new Report(setup.connector(), setup.pipelineName()))) {
                LOG.info(
                        "Pipeline {}: {} collections of {} into {}; http://localhost:{}/api/status",
                        pipeline.name(),
                        setup.entry().mapping().collections().size(),
                        source.database(),
                        setup.connector().uri(),
                        http.port());
                return run(pipeline);
            }
        }
    }

    private int run(Pipeline pipeline) throws InterruptedException {
        Thread drain = new Thread(() -> drain(pipeline), "sluice-drain");
        Runtime.getRuntime().addShutdownHook(drain);
        PipelineState end = pipeline.run();
        if (end instanceof PipelineState.Failed failed) {
            return SluiceCommand.complain(new SluiceException(failed.kind(), failed.message()), spec.commandLine());
        }
        return SluiceCommand.FINE;
    }

    /// On SIGTERM or Ctrl-C. The JVM ends when its hooks do, with a status that says "killed": ended on
    /// request is fine.
    private static void drain(Pipeline pipeline) {
        boolean byRequest = !(pipeline.status().state() instanceof PipelineState.Failed);
        pipeline.stop();
        try {
            pipeline.awaitStopped();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (byRequest && !(pipeline.status().state() instanceof PipelineState.Failed)) {
            LOG.info("Drained: everything that was read is applied.");
            Runtime.getRuntime().halt(SluiceCommand.FINE);
        }
    }
}
