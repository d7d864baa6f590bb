package dev.sluice.service.cli;

import dev.sluice.service.program.Program;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/// The program as its users call it: in a process of its own, with an environment, an exit code and what it
/// prints. The environment of the test itself does not reach it.
final class Cli implements AutoCloseable {
    private static final long BOUND_SECONDS = 90;
    private static final List<String> JVM = List.of("-Xmx256m", "-XX:+UseSerialGC");

    private final Process process;
    private final Path out;
    private final Path err;

    private Cli(Process process, Path out, Path err) {
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /// What it left behind.
    record Result(int exitCode, String out, String err) {}

    /// Settings as name, value, name, value..
    static Map<String, String> settings(String... pairs) {
        Map<String, String> settings = new TreeMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            settings.put(pairs[i], pairs[i + 1]);
        }
        return settings;
    }

    static Map<String, String> with(Map<String, String> settings, String... pairs) {
        Map<String, String> more = new TreeMap<>(settings);
        more.putAll(settings(pairs));
        return more;
    }

    static Cli start(Map<String, String> settings, String... arguments) {
        return start(settings, Program.command(JVM, Arrays.asList(arguments)));
    }

    /// Runs it to its end, as in the image: without the libraries that bring servers.
    static Result runInImage(Map<String, String> settings, String... arguments) {
        try (Cli cli = start(settings, Program.commandInImage(JVM, Arrays.asList(arguments)))) {
            return cli.await();
        }
    }

    private static Cli start(Map<String, String> settings, List<String> command) {
        try {
            Path out = Files.createTempFile("sluice-cli-", ".out");
            Path err = Files.createTempFile("sluice-cli-", ".err");
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectInput(new File("/dev/null"))
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            builder.environment().keySet().removeIf(Cli::isSetting);
            builder.environment().putAll(settings);
            return new Cli(builder.start(), out, err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Runs it to its end.
    static Result run(Map<String, String> settings, String... arguments) {
        try (Cli cli = start(settings, arguments)) {
            return cli.await();
        }
    }

    /// Runs it to its end in this JVM, which saves a start: for what arguments, settings and servers alone
    /// decide. What a process decides too (its log, its signals, its environment) needs [#run]; `--verbose`
    /// would stay for the calls after it.
    static synchronized Result runHere(Map<String, String> settings, String... arguments) {
        Properties before = (Properties) System.getProperties().clone();
        PrintStream realOut = System.out;
        PrintStream realErr = System.err;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        try (PrintStream printedOut = new PrintStream(out, true, StandardCharsets.UTF_8);
                PrintStream printedErr = new PrintStream(err, true, StandardCharsets.UTF_8)) {
            before.stringPropertyNames().stream()
                    .filter(name -> name.startsWith("sluice."))
                    .forEach(System::clearProperty);
            // A blank setting is none, and a property wins over the environment of the test.
            System.getenv().keySet().stream()
                    .filter(Cli::isSetting)
                    .forEach(name -> System.setProperty(property(name), ""));
            settings.forEach((name, value) -> System.setProperty(property(name), value));
            System.setProperty("picocli.ansi", "false");
            System.setOut(printedOut);
            System.setErr(printedErr);
            int exitCode = SluiceCommand.execute(arguments);
            return new Result(exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(realOut);
            System.setErr(realErr);
            System.setProperties(before);
        }
    }

    static boolean isSetting(String name) {
        return name.startsWith("SLUICE_")
                || name.startsWith("AUTO_")
                || name.startsWith("MONGO_")
                || name.startsWith("POSTGRES_");
    }

    private static String property(String name) {
        String dotted = name.toLowerCase(Locale.ROOT).replace('_', '.');
        return dotted.startsWith("sluice.") ? dotted : "sluice." + dotted;
    }

    Result await() {
        try {
            if (!process.waitFor(BOUND_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("Not ended after " + BOUND_SECONDS + " s: " + out() + err());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
        return new Result(process.exitValue(), out(), err());
    }

    long pid() {
        return process.pid();
    }

    boolean running() {
        return process.isAlive();
    }

    String out() {
        return read(out);
    }

    String err() {
        return read(err);
    }

    /// SIGKILL: nothing in it gets to say anything.
    void killHard() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /// As `kill` and `docker stop` do.
    void terminate() {
        process.destroy();
    }

    /// As Ctrl-C does; where this process was started with SIGINT ignored, as in the background of a shell,
    /// the child ignores it too, and SIGTERM takes its place.
    void interrupt() {
        try {
            String ignored = Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("SigIgn:"))
                    .findFirst()
                    .orElse("SigIgn: 0");
            boolean deaf = (Long.parseUnsignedLong(ignored.substring(7).strip(), 16) & 2) != 0;
            int code = new ProcessBuilder("kill", deaf ? "-TERM" : "-INT", Long.toString(process.pid()))
                    .start()
                    .waitFor();
            if (code != 0) {
                throw new AssertionError("kill failed");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
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
            process.waitFor(BOUND_SECONDS, TimeUnit.SECONDS);
            Files.deleteIfExists(out);
            Files.deleteIfExists(err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
