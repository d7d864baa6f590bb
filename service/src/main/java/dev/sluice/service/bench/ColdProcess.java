package dev.sluice.service.bench;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A process that a bench starts, and what it takes from its start on: time, CPU and memory. For one thread.
///
/// It is the child of a shell that waits for it, since only who waits for a process is told all the CPU that it and
/// its children took: what a process shows of itself is gone with it. A second child of the shell, the watcher, reads a
/// pipe
/// from this JVM: whatever ends the JVM, a kill -9 included, closes the pipe, and the watcher then kills the process,
/// with
/// its session where the system has `setsid`, and removes the folder of the bench.
final class ColdProcess implements AutoCloseable {
    private static final String WAITING_SHELL = """
            mine=$1 all=$2 bench=$3
            shift 3
            session=$(command -v setsid) || session=
            exec 3<&0
            $session "$@" </dev/null 3<&- &
            child=$!
            echo "$child" >"$mine/pid.now" && mv "$mine/pid.now" "$mine/pid"
            (
              trap '' INT TERM HUP
              while read -r line <&3; do :; done
              kill -s KILL "$child"
              [ -z "$session" ] || kill -s KILL -- "-$child"
              waited=0
              while kill -0 "$bench" && [ "$waited" -lt 10 ]; do
                sleep 1
                waited=$((waited + 1))
              done
              case $all in
                */sluice-bench-*) kill -0 "$bench" || rm -rf -- "$all" ;;
              esac
            ) </dev/null >/dev/null 2>&1 &
            watcher=$!
            wait "$child"
            code=$?
            times >"$mine/times"
            kill -s KILL "$watcher" 2>/dev/null
            exit $code
            """;
    private static final Pattern MINUTES = Pattern.compile("(\\d+)m(\\d+)[.,](\\d+)s");
    private static final long POLL_MILLIS = 20;
    private static final long STOP_SECONDS = 60;
    private static final int LAST_WORDS = 6;

    private final Process shell;
    private final Path folder;
    private final long started;
    private final ProcessFiles files = new ProcessFiles();
    private @Nullable Long peakRssBytes;

    private ColdProcess(Process shell, Path folder, long started) {
        this.shell = shell;
        this.folder = folder;
        this.started = started;
        // A bench that is stopped leaves no process behind that waits for databases that are gone.
        WorkFolder.remember(this);
    }

    /// What it took.
    ///
    /// @param seconds by the clock, from its start on
    /// @param cpuSeconds user and system, those of its children that it has waited for included; null where the
    ///     system does not say
    /// @param peakRssBytes the most memory that it held; null where the system does not say
    /// @param exitCode 0 as long as it runs
    record Usage(
            double seconds,
            @Nullable Double cpuSeconds,
            @Nullable Long peakRssBytes,
            int exitCode) {}

    /// Starts it without the settings that the bench itself has, but for those of the launcher.
    ///
    /// @param settings environment variables that it has besides
    static ColdProcess start(List<String> command, Map<String, String> settings) {
        try {
            Path folder = WorkFolder.freshFolder("process");
            List<String> all = new ArrayList<>(List.of(
                    "/bin/sh",
                    "-c",
                    WAITING_SHELL,
                    "sluice-bench",
                    folder.toString(),
                    WorkFolder.path().toString(),
                    Long.toString(ProcessHandle.current().pid())));
            all.addAll(command);
            ProcessBuilder builder = new ProcessBuilder(all)
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("said").toFile());
            builder.environment().keySet().removeIf(ColdProcess::isOfTheProgram);
            builder.environment().putAll(settings);
            long now = System.nanoTime();
            return new ColdProcess(builder.start(), folder, now);
        } catch (IOException e) {
            throw new UncheckedIOException("can't start " + command.getFirst(), e);
        }
    }

    private static boolean isOfTheProgram(String name) {
        boolean ofTheLauncher =
                name.startsWith("SLUICE_JAVA_") || name.equals("SLUICE_HOME") || name.equals("SLUICE_START_CACHE");
        return !ofTheLauncher
                && (name.startsWith("SLUICE_")
                        || name.startsWith("AUTO_")
                        || name.startsWith("MONGO_")
                        || name.startsWith("POSTGRES_"));
    }

    /// Empty before the shell has started it, and after its end.
    private Optional<ProcessHandle> child() {
        if (!shell.isAlive()) {
            return Optional.empty();
        }
        try {
            return ProcessHandle.of(
                    Long.parseLong(Files.readString(folder.resolve("pid")).strip()));
        } catch (IOException notYet) {
            return Optional.empty();
        }
    }

    boolean runs() {
        return shell.isAlive();
    }

    /// Waits for its end.
    ///
    /// @throws SluiceException when it does not come in time
    Usage awaitEnd(Duration patience) throws InterruptedException {
        long until = System.nanoTime() + patience.toNanos();
        while (!shell.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
            lookAtMemory();
            if (System.nanoTime() > until) {
                throw new SluiceException(
                        FailureKind.UNEXPECTED,
                        "Nothing was measured: a process did not end within " + patience + ". " + lastWords());
            }
        }
        double seconds = (System.nanoTime() - started) / 1e9;
        return new Usage(seconds, cpuOfEnded(folder.resolve("times")), peakRssBytes, shell.exitValue());
    }

    /// As [#awaitEnd], of a process that has to end well.
    ///
    /// @throws SluiceException with what it said last, when it ended otherwise than with 0
    Usage awaitGoodEnd(Duration patience) throws InterruptedException {
        Usage usage = awaitEnd(patience);
        if (usage.exitCode() != 0) {
            throw new SluiceException(
                    FailureKind.UNEXPECTED,
                    "Nothing was measured: a process ended with " + usage.exitCode() + ". " + lastWords());
        }
        return usage;
    }

    /// Notes how much memory it holds at most; called from time to time while it is not waited for here.
    void lookAtMemory() {
        child().flatMap(child -> files.peakRssBytes(child.pid()))
                .ifPresent(bytes -> peakRssBytes = Math.max(bytes, peakRssBytes == null ? 0 : peakRssBytes));
    }

    /// What it has taken by now, as it runs on.
    ///
    /// @throws SluiceException with what it said last, when it has ended
    Usage now() {
        double seconds = (System.nanoTime() - started) / 1e9;
        requireRunning();
        lookAtMemory();
        Double cpu = child().flatMap(child -> files.cpuSeconds(child.pid())).orElse(null);
        return new Usage(seconds, cpu, peakRssBytes, 0);
    }

    /// @throws SluiceException with what it said last, when it has ended
    void requireRunning() {
        if (!shell.isAlive()) {
            throw new SluiceException(
                    FailureKind.UNEXPECTED,
                    "Nothing was measured: a process ended too early, with " + shell.exitValue() + ". " + lastWords());
        }
    }

    /// Asks it to end (SIGTERM), and waits until it has.
    void end() throws InterruptedException {
        child().ifPresent(ProcessHandle::destroy);
        if (!shell.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            kill();
        }
    }

    /// Ends it at once (SIGKILL), with what it has started itself, and waits until it is gone.
    void kill() throws InterruptedException {
        killNow();
        shell.waitFor();
    }

    private void killNow() {
        shell.descendants().forEach(ProcessHandle::destroyForcibly);
        shell.destroyForcibly();
    }

    /// Whether a line of what it printed looks so.
    boolean said(Pattern line) {
        try {
            return Files.readAllLines(folder.resolve("said")).stream()
                    .anyMatch(each -> line.matcher(each).matches());
        } catch (IOException | UncheckedIOException e) {
            return false;
        }
    }

    /// The last lines of what it printed, in one.
    String lastWords() {
        try {
            List<String> lines = Files.readAllLines(folder.resolve("said")).stream()
                    .filter(line -> !line.isBlank())
                    .toList();
            return String.join(" | ", lines.subList(Math.max(0, lines.size() - LAST_WORDS), lines.size()));
        } catch (IOException | UncheckedIOException e) {
            return "What it said can't be read.";
        }
    }

    /// What the shell's `times` says: itself in the first line, those that it has waited for in the second.
    static @Nullable Double cpuOfEnded(Path times) {
        try {
            List<String> lines = Files.readAllLines(times);
            if (lines.size() < 2) {
                return null;
            }
            double seconds = 0;
            Matcher matcher = MINUTES.matcher(lines.get(1));
            while (matcher.find()) {
                seconds += Integer.parseInt(matcher.group(1)) * 60
                        + Double.parseDouble(matcher.group(2) + "." + matcher.group(3));
            }
            return seconds;
        } catch (IOException killed) {
            return null;
        }
    }

    @Override
    public void close() {
        try {
            kill();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        WorkFolder.forget(this);
        WorkFolder.remove(folder);
    }
}
