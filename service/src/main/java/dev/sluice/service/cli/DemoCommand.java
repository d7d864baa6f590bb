package dev.sluice.service.cli;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.sandbox.SandboxException;
import dev.sluice.sandbox.SandboxServers;
import dev.sluice.service.demo.Demo;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `sluice demo`.
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "For example:",
            "  sluice demo                      a tour, then live writes until Ctrl-C",
            "  sluice demo --no-tour --for 60s  a minute of live writes"
        },
        versionProvider = SluiceCommand.Version.class,
        header = "See a whole migration, on servers of its own.",
        description = {
            "Starts a PostgreSQL and a MongoDB, fills a small shop, and tells the story of a migration in less than a minute:"
                    + " copy, live writes, a row that somebody tampers with is found and repaired, a value that does not"
                    + " fit is quarantined, the gate opens, reads are cut over and rolled back. Then it writes on, and"
                    + " compares every row at the end. Ctrl-C ends it cleanly.",
            "Exit code 1: a step did not come about in its time, or the two sides differ."
        })
final class DemoCommand implements Callable<Integer> {
    @Option(
            names = "--for",
            paramLabel = "TIME",
            description =
                    "How long it writes on after the tour, for example 60s or 5m (default: until Ctrl-C, at most a day).",
            converter = Length.class)
    private Duration length = Duration.ofDays(1);

    @Option(names = "--no-tour", description = "Leave out the tour: copy, write and compare only.")
    private boolean noTour;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException, SQLException {
        if (!SandboxServers.areIncluded()) {
            return SluiceCommand.notIncluded(spec.commandLine());
        }
        CountDownLatch stop = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        int[] code = {SluiceCommand.COULD_NOT_RUN};
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            // Ctrl-C: the writes stop, what was written is applied and compared, the servers are stopped, then we end.
            stop.countDown();
            try {
                done.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            Runtime.getRuntime().halt(code[0]);
        }));
        try {
            boolean equal = new Demo(System.out, stop).run(new Demo.Options(length, !noTour, freePort()));
            code[0] = equal ? SluiceCommand.FINE : SluiceCommand.FINDING;
            return code[0];
        } catch (SandboxException e) {
            code[0] = SluiceCommand.WRONG_USE;
            throw new SluiceException(FailureKind.BAD_SETTING, String.valueOf(e.getMessage()), e);
        } finally {
            done.countDown();
        }
    }

    /// The port of SLUICE_HTTP_PORT when it is free; else 0, for any.
    private static int freePort() {
        int asked = Setup.withoutMapping().httpPort();
        try (ServerSocket probe = new ServerSocket(asked, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        } catch (IOException taken) {
            System.out.printf("Port %d (SLUICE_HTTP_PORT) is taken, so that the page gets another one.%n", asked);
            return 0;
        }
    }

    /// Reads `90`, `60s`, `5m` or `1h`.
    static final class Length implements CommandLine.ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            try {
                return dev.sluice.service.config.Length.parse(text);
            } catch (IllegalArgumentException unreadable) {
                throw new CommandLine.TypeConversionException(String.valueOf(unreadable.getMessage()));
            }
        }
    }
}
