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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// The program as its users call it: in a process of its own, with an environment, an exit code and what it
/// prints. The environment of the test itself does not reach it.
public final class Cli implements AutoCloseable {
    private static final long BOUND_SECONDS = 240;
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
    public record Result(int exitCode, String out, String err) {
        /// All that it said.
        public String said() {
            return out + err;
        }
    }

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
    /// decide. One call at a time.
    ///
    /// The call has for itself: its settings, by system properties that are set back after it, and what it
    /// prints. It shares with the test and with the calls before and after it:
    ///
    /// - `System.out` and `System.err`, which are the call's own while it runs: what other threads of this JVM
    ///   print or log meanwhile is in its result too, and what its own threads say after it is not. So a test
    ///   of what is logged, of what is not, or of no `Exception` anywhere needs [#run].
    /// - the loggers and their levels: `--verbose` would stay for the calls after it.
    /// - what a class reads once: an armed failpoint needs [#run].
    /// - the process, with its signals and its environment, and its number: a command that takes the pipeline
    ///   (a copy; a resync, replay or repair that no other process does) leaves this JVM in `sluice.position`
    ///   as the process that had it last. That one lives on, so the status says so, and the next resync, replay
    ///   or repair waits 12 s for it. Where a test goes on to one of these it needs [#run].
    ///
    /// A command ends its threads, locks and shutdown hooks when it ends, as it does in the service.
    ///
    /// @throws AssertionError when it does not end in time; its thread then goes on
    public static synchronized Result runHere(Map<String, String> settings, String... arguments) {
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
            int exitCode = inTime(out, err, arguments);
            return new Result(exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(realOut);
            System.setErr(realErr);
            System.setProperties(before);
        }
    }

    /// As long as a process gets.
    private static int inTime(ByteArrayOutputStream out, ByteArrayOutputStream err, String... arguments) {
        FutureTask<Integer> call = new FutureTask<>(() -> SluiceCommand.execute(arguments));
        Thread thread = Thread.ofPlatform().name("cli-here").daemon().start(call);
        try {
            return call.get(BOUND_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            AssertionError late = new AssertionError("Not ended after " + BOUND_SECONDS + " s: "
                    + out.toString(StandardCharsets.UTF_8) + err.toString(StandardCharsets.UTF_8));
            late.setStackTrace(thread.getStackTrace());
            thread.interrupt();
            throw late;
        } catch (ExecutionException e) {
            throw new AssertionError("The command threw", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
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
