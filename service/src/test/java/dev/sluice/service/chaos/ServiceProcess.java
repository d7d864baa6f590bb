package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.service.program.Program;
import dev.sluice.service.program.Signal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The real program in a process of its own, so that it can be killed.
final class ServiceProcess implements AutoCloseable {
    private static final Duration BOUND = Duration.ofMinutes(3);
    private static final Pattern COMPLAINT = Pattern.compile("^\\d\\d:\\d\\d:\\d\\d\\.\\d{3} (WARN|ERROR)");
    private static final Pattern SERVES = Pattern.compile("http://localhost:(\\d+)/api/status");

    private final Process process;
    private final Path log;

    private ServiceProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    static ServiceProcess start(List<String> arguments, List<String> jvmArguments, Map<String, String> environment) {
        return start(List.of(), arguments, jvmArguments, environment);
    }

    private static ServiceProcess start(
            List<String> within, List<String> arguments, List<String> jvmArguments, Map<String, String> environment) {
        List<String> command = new ArrayList<>(within);
        List<String> options = new ArrayList<>(List.of("-Xmx512m"));
        options.addAll(jvmArguments);
        command.addAll(Program.command(options, arguments));
        try {
            Path log = Files.createTempFile("sluice-process", ".log");
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
            builder.environment().putAll(environment);
            return new ServiceProcess(builder.start(), log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// `sluice run` against a live system.
    static ServiceProcess run(LiveSystem system, String... jvmArguments) {
        return start(List.of("run"), List.of(jvmArguments), environment(system));
    }

    /// `sluice run` against a live system, with settings of its own in addition.
    static ServiceProcess run(LiveSystem system, Map<String, String> settings) {
        return run(system, settings, List.of());
    }

    /// `sluice run` against a live system, started by another command, as in a network namespace.
    ///
    /// @param within the command that runs another one there
    static ServiceProcess run(LiveSystem system, Map<String, String> settings, List<String> within) {
        Map<String, String> environment = environment(system);
        environment.putAll(settings);
        return start(within, List.of("run"), List.of(), environment);
    }

    /// A command other than `run`.
    static ServiceProcess command(LiveSystem system, Map<String, String> settings, String... arguments) {
        Map<String, String> environment = environment(system);
        environment.putAll(settings);
        return start(List.of(arguments), List.of(), environment);
    }

    /// Runs a command other than `run` to its end, which has to be a good one.
    static void mustDo(LiveSystem system, Path mapping, String... arguments) throws InterruptedException {
        try (ServiceProcess process = command(system, Map.of("SLUICE_MAPPING", mapping.toString()), arguments)) {
            assertThat(process.awaitExit(120)).as(process.output()).isZero();
        }
    }

    private static Map<String, String> environment(LiveSystem system) {
        Map<String, String> environment = system.settings();
        environment.putAll(Map.of(
                "SLUICE_HTTP_PORT", "0",
                "SLUICE_HTTP_HOST", "127.0.0.1",
                "AUTO_MIGRATE", "false",
                "AUTO_CREATE_DB", "false"));
        return environment;
    }

    long pid() {
        return process.pid();
    }

    /// For waits: throws with what the process said once it has ended.
    void mustLive() {
        if (!process.isAlive()) {
            throw new IllegalStateException("it ended with " + process.exitValue() + ":\n" + output());
        }
    }

    /// Waits until it has said something.
    void awaitSaid(String text) {
        await().atMost(BOUND).failFast(this::mustLive).until(() -> output().contains(text));
    }

    /// Where it serves, with a slash at the end. From when it has said so.
    String address() {
        Matcher port = SERVES.matcher(output());
        if (!port.find()) {
            throw new IllegalStateException("it does not serve yet:\n" + output());
        }
        return "http://127.0.0.1:" + port.group(1) + "/";
    }

    /// What it answers to a GET of a path. From when it has said where it serves.
    String get(String path) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(address()).resolve(path))
                .timeout(Duration.ofSeconds(10))
                .build();
        try (HttpClient web = HttpClient.newHttpClient()) {
            return web.send(request, HttpResponse.BodyHandlers.ofString()).body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /// The lines of its log that are warnings or errors.
    List<String> complaints() {
        return output().lines().filter(line -> COMPLAINT.matcher(line).find()).toList();
    }

    /// SIGSTOP: it is there and does nothing.
    void suspend() throws InterruptedException {
        Signal.suspend(pid());
    }

    /// SIGCONT.
    void resume() throws InterruptedException {
        Signal.resume(pid());
    }

    /// SIGKILL: nothing in the process gets to say anything.
    void killHard() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /// SIGTERM.
    void terminate() {
        process.destroy();
    }

    int awaitExit(long seconds) throws InterruptedException {
        if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
            throw new AssertionError("still running after " + seconds + " s; it said:\n" + output());
        }
        return process.exitValue();
    }

    String output() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
            Files.deleteIfExists(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
