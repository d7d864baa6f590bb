package dev.sluice.service.cli;

import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/// The MongoDB stand-in with options that the sandbox has no use for. Skips the test where the sandbox
/// runs on something else and has not installed it.
record StandIn(Process process, String uri) implements AutoCloseable {
    static StandIn start(Path folder, String... options) throws IOException, InterruptedException {
        Servers.mongoUri();
        Path program = Path.of("").toAbsolutePath();
        while (program.getParent() != null && !Files.isDirectory(program.resolve(".mvn"))) {
            program = program.getParent();
        }
        program = program.resolve(Path.of(".sluice", "venv", "bin", "secantusd-py"));
        assumeThat(program).as("the MongoDB stand-in").isExecutable();
        int port = CliErrorsIT.freePort();
        List<String> command = new ArrayList<>(List.of(
                program.toString(),
                "--host",
                "127.0.0.1",
                "--port",
                Integer.toString(port),
                "--storage-path",
                folder.resolve("data").toString()));
        command.addAll(Arrays.asList(options));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(new File("/dev/null"))
                .start();
        Awaitility.await().atMost(30, TimeUnit.SECONDS).until(() -> accepts(port));
        return new StandIn(process, "mongodb://127.0.0.1:" + port + "/?serverMonitoringMode=poll");
    }

    private static boolean accepts(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
            return true;
        } catch (IOException notYet) {
            return false;
        }
    }

    /// In order, so that the next one on the same folder finds what was written.
    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(15, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }
}
