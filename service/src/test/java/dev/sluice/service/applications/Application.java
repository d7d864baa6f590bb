package dev.sluice.service.applications;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// An example that runs, in a process of its own. It also ends by itself, after its SECONDS.
public final class Application implements AutoCloseable {
    private static final long END_BOUND_SECONDS = 60;

    private final Example example;
    private final Process process;
    private final Path out;
    private final Path err;

    private Application(Example example, Process process, Path out, Path err) {
        this.example = example;
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /// @param settings its environment, in addition to that of the test
    public static Application start(Example example, Map<String, String> settings) {
        Path folder = example.folder();
        try {
            Path out = Files.createTempFile("sluice-application-", ".out");
            Path err = Files.createTempFile("sluice-application-", ".err");
            ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(example.command()))
                    .directory(folder.toFile())
                    .redirectInput(new File("/dev/null"))
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            // A relative program is looked for in the folder of this JVM, not in the process's own.
            Path program = folder.resolve(example.command().getFirst());
            if (Files.isExecutable(program)) {
                builder.command().set(0, program.toString());
            }
            builder.environment().putAll(settings);
            return new Application(example, builder.start(), out, err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Example example() {
        return example;
    }

    /// What it has counted, once a second, oldest first. Throws with what it said when it has ended by
    /// itself.
    public List<JsonNode> reports() {
        if (!process.isAlive()) {
            throw new IllegalStateException(example + " ended with " + process.exitValue() + ": " + err());
        }
        return parsed();
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    ///
    /// @return its last report, which has the moves too
    public JsonNode end() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(END_BOUND_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError(example + " still runs after " + END_BOUND_SECONDS + " s: " + err());
        }
        List<JsonNode> reports = parsed();
        if (reports.isEmpty()) {
            throw new AssertionError(example + " reported nothing: " + err());
        }
        return reports.getLast();
    }

    /// After [#end()].
    public int exitCode() {
        return process.exitValue();
    }

    public String err() {
        return read(err);
    }

    private List<JsonNode> parsed() {
        String text = read(out);
        // The last line may be half written.
        return text.substring(0, text.lastIndexOf('\n') + 1)
                .lines()
                .map(Application::json)
                .toList();
    }

    private static JsonNode json(String line) {
        try {
            return new JsonMapper().readTree(line);
        } catch (IOException e) {
            throw new UncheckedIOException(line, e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Ends it when it still runs.
    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(END_BOUND_SECONDS, TimeUnit.SECONDS);
            Files.deleteIfExists(out);
            Files.deleteIfExists(err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
