package dev.sluice.sandbox;

import java.io.File;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Programs of this machine: finding them and running them to their end.
final class Commands {

    private Commands() {}

    /// What a program that came to its end left behind.
    ///
    /// @param exitCode its exit code
    /// @param output its standard output and error, mixed as written
    record Result(int exitCode, String output) {

        boolean succeeded() {
            return exitCode == 0;
        }

        /// The last lines of the output, at most that many.
        String lastLines(int count) {
            return Commands.lastLines(output, count);
        }
    }

    /// The program of that name on PATH.
    static Optional<Path> onPath(String program) {
        @Nullable String path = System.getenv("PATH");
        if (path == null) {
            return Optional.empty();
        }
        for (String folder : path.split(File.pathSeparator)) {
            Path candidate = Path.of(folder.isEmpty() ? "." : folder, program);
            if (Files.isRegularFile(candidate) && Files.isExecutable(candidate)) {
                return Optional.of(candidate.toAbsolutePath());
            }
        }
        return Optional.empty();
    }

    /// Runs a program to its end, without input.
    ///
    /// @throws SandboxException when it can't be started or takes longer than the bound; it is stopped then
    static Result run(List<String> command, Duration bound) {
        return run(command, bound, Map.of());
    }

    /// Runs a program to its end, without input and with environment variables added.
    static Result run(List<String> command, Duration bound, Map<String, String> environment) {
        // Output goes through a file: a pipe would have to be read by a thread of its own to keep the bound.
        @Nullable Path output = null;
        try {
            output = Files.createTempFile("sluice-command-", ".log");
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectInput(new File("/dev/null"))
                    .redirectOutput(output.toFile());
            builder.environment().putAll(environment);
            Process process = builder.start();
            try {
                if (!process.waitFor(bound.toMillis(), TimeUnit.MILLISECONDS)) {
                    throw new SandboxException("%s took longer than %d s and was stopped. Its last lines:%n%s"
                            .formatted(command.getFirst(), bound.toSeconds(), lastLines(read(output), 10)));
                }
            } finally {
                // After a normal end there is nothing left to stop.
                process.destroyForcibly();
            }
            return new Result(process.exitValue(), read(output));
        } catch (IOException e) {
            throw new SandboxException("Can't run " + command.getFirst() + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SandboxException("Interrupted while " + command.getFirst() + " was running.", e);
        } finally {
            deleteQuietly(output);
        }
    }

    /// The last lines of a text, at most that many.
    static String lastLines(String text, int count) {
        List<String> lines = text.lines().toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - count), lines.size()));
    }

    /// A file's text in this machine's encoding; what isn't text is replaced.
    static String read(Path file) throws IOException {
        return new String(Files.readAllBytes(file), Charset.defaultCharset());
    }

    private static void deleteQuietly(@Nullable Path file) {
        if (file == null) {
            return;
        }
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // A left-over temporary file does no harm and must not hide the earlier failure.
            file.toFile().deleteOnExit();
        }
    }
}
