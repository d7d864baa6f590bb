package dev.sluice.service.applications;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The adapter in `deploy/examples/docsgpt`, which prints DocsGPT's switches whenever they change. It takes
/// nothing but Python.
public final class Switches implements AutoCloseable {
    private static final long BOUND_SECONDS = 30;

    private final Process process;
    private final Path out;

    private Switches(Process process, Path out) {
        this.process = process;
        this.out = out;
    }

    /// @param url of Sluice
    /// @param token with which Sluice may be asked
    public static Switches start(String url, String token) throws IOException {
        Path out = Files.createTempFile("sluice-switches-", ".out");
        return new Switches(python(out, "sluice_switches.py", url, token), out);
    }

    /// What its own tests print.
    public static String test() throws IOException, InterruptedException {
        Path out = Files.createTempFile("sluice-switches-", ".out");
        try (Switches test = new Switches(python(out, "-m", "unittest"), out)) {
            if (!test.process.waitFor(BOUND_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("They still run after " + BOUND_SECONDS + " s.");
            }
            return Files.readString(out, StandardCharsets.UTF_8);
        }
    }

    private static Process python(Path out, String... arguments) throws IOException {
        List<String> command =
                new java.util.ArrayList<>(List.of(Example.onPath("python3", "Install Python 3.9 or newer."), "-B"));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .directory(Example.root().resolve("deploy/examples/docsgpt").toFile())
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
    }

    /// The lines so far.
    public List<String> said() throws IOException {
        if (!process.isAlive()) {
            throw new IllegalStateException("It ended with " + process.exitValue() + ": " + Files.readString(out));
        }
        return Files.readAllLines(out, StandardCharsets.UTF_8);
    }

    /// Ends it when it still runs.
    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        try {
            process.waitFor(BOUND_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Files.deleteIfExists(out);
    }
}
