package dev.sluice.sandbox;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A server process that never outlives this JVM, and the directory that it works in.
///
/// In addition to the server runs a small `sh` process, the guard, whose standard input is a pipe from this
/// JVM. Whatever ends the JVM, a kill -9 included, also closes the pipe; the guard then stops the server by its
/// process id and removes the directory. Before any signal the guard compares the start time of the process
/// with the recorded one, so a foreign process that got the same process id later is never signalled.
/// Stopping on request goes through the guard too, so there is one way of stopping and it is used all the
/// time.
///
/// Server and guard run in sessions of their own where `setsid` exists: a Ctrl-C in the terminal reaches
/// only the JVM, which can finish its work with the servers still there.
///
/// Safe for use by several threads; calls wait for one another.
final class GuardedProcess implements Lifecycle {

    /// The signal that asks a server for a clean and prompt end.
    enum StopSignal {
        TERM,
        /// PostgreSQL's "fast shutdown"; on TERM it would wait for its clients to leave.
        INT
    }

    private static final Duration STOP_BOUND = Duration.ofSeconds(25);
    private static final Duration START_BOUND = Duration.ofMinutes(1);
    private static final Duration SIGNAL_BOUND = Duration.ofSeconds(10);
    private static final long POLL_MILLIS = 25;
    private static final int LOG_LINES_IN_MESSAGES = 15;

    // Arguments: signal, seconds to wait before KILL, directory. Input: "watch PID" and "stop", one a line.
    private static final String GUARD = """
            trap '' INT TERM HUP QUIT
            signal=$1 bound=$2 directory=$3 pid= since=
            born() {
              if [ -r "/proc/$1/stat" ]; then
                # The name in the second field may hold blanks: count from its closing bracket.
                set -- $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null)
                # A zombie is gone already; only its parent hasn't asked yet.
                [ $# -ge 20 ] && [ "$1" != Z ] || return 1
                shift 19
                echo "$1"
              else
                case $(ps -o stat= -p "$1" 2>/dev/null) in ''|Z*) return 1 ;; esac
                LC_ALL=C ps -o lstart= -p "$1"
              fi
            }
            alive() { [ -n "$since" ] && [ "$(born "$pid")" = "$since" ]; }
            pause() { sleep 0.05 2>/dev/null || sleep 1; waited=$((waited + 1)); }
            stop() {
              if alive; then
                kill -s "$signal" "$pid" 2>/dev/null
                # A suspended process hears nothing before this.
                kill -s CONT "$pid" 2>/dev/null
                waited=0
                while alive && [ "$waited" -lt $((bound * 20)) ]; do pause; done
                if alive; then kill -s KILL "$pid" 2>/dev/null; fi
                waited=0
                while alive && [ "$waited" -lt 100 ]; do pause; done
              fi
              pid= since=
            }
            while read -r word value; do
              case $word in
                watch) pid=$value; since=$(born "$pid"); echo watching ;;
                stop) stop; echo stopped ;;
              esac
            done
            stop
            case $directory in */sluice-sandbox-*) rm -rf -- "$directory" ;; esac
            """;

    private final String name;
    private final Path directory;
    private final Process guard;
    private final OutputStream toGuard;
    private final BufferedReader fromGuard;
    private final Thread lastResort = new Thread(this::stopWithoutGuard, "sandbox-last-resort");
    private List<String> command = List.of();
    private Map<String, String> environment = Map.of();
    private Probe probe = () -> false;
    private @Nullable Process server;
    private boolean closed;

    private GuardedProcess(String name, Path directory, Process guard) {
        this.name = name;
        this.directory = directory;
        this.guard = guard;
        this.toGuard = guard.getOutputStream();
        this.fromGuard = guard.inputReader(StandardCharsets.US_ASCII);
    }

    /// Makes an empty directory for a server and the guard that removes it at the latest when this JVM
    /// ends.
    ///
    /// @param name the server's name in messages, "PostgreSQL" say
    /// @param signal what asks that server for a clean end
    static GuardedProcess prepare(String name, StopSignal signal) {
        try {
            Path directory = Files.createTempDirectory("sluice-sandbox-");
            List<String> guardCommand = inOwnSession(List.of(
                    "sh",
                    "-c",
                    GUARD,
                    "sluice-sandbox-guard",
                    signal.name(),
                    Long.toString(STOP_BOUND.toSeconds()),
                    directory.toString()));
            Process guard = new ProcessBuilder(guardCommand)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .directory(new File("/"))
                    .start();
            GuardedProcess prepared = new GuardedProcess(name, directory, guard);
            Runtime.getRuntime().addShutdownHook(prepared.lastResort);
            return prepared;
        } catch (IOException e) {
            throw new SandboxException(
                    "Can't prepare a directory and a guard process for " + name + ": " + e.getMessage()
                            + ". The sandbox needs a writable temporary directory and the program sh.",
                    e);
        }
    }

    /// The server's directory; exists until [#close()].
    Path directory() {
        return directory;
    }

    /// Starts the server for the first time and returns when the probe says that it is ready.
    ///
    /// @param command program and arguments; the same ones serve [#startAgain()]
    /// @param probe asked over and over until it is true
    /// @throws SandboxException when the server ends or doesn't become ready in time, with the end of its
    ///     log
    synchronized void start(List<String> command, Probe probe) {
        start(command, Map.of(), probe);
    }

    /// Starts the server for the first time, with environment variables added, and returns when it is ready.
    synchronized void start(List<String> command, Map<String, String> environment, Probe probe) {
        this.environment = Map.copyOf(environment);
        this.command = List.copyOf(command);
        this.probe = probe;
        startAgain();
    }

    @Override
    public boolean restartable() {
        return true;
    }

    @Override
    public synchronized OptionalLong pid() {
        return server != null && server.isAlive() ? OptionalLong.of(server.pid()) : OptionalLong.empty();
    }

    @Override
    public synchronized void startAgain() {
        if (closed) {
            throw new SandboxException(name + " of the sandbox is closed; start a new one.");
        }
        if (pid().isPresent()) {
            return;
        }
        try {
            ProcessBuilder builder = new ProcessBuilder(inOwnSession(command))
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectInput(new File("/dev/null"))
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
            builder.environment().putAll(environment);
            Process started = builder.start();
            server = started;
            if (!"watching".equals(ask("watch " + started.pid()))) {
                started.destroyForcibly();
                throw new SandboxException("The guard process of " + name
                        + " is gone, so the server was not started. Start a new sandbox server.");
            }
            awaitReady(started);
        } catch (IOException e) {
            throw new SandboxException("Can't start " + name + ": " + e.getMessage(), e);
        }
    }

    @Override
    public synchronized void stop() {
        Process running = server;
        if (running == null) {
            return;
        }
        boolean stopped = "stopped".equals(ask("stop"));
        if (!stopped) {
            running.destroyForcibly();
        }
        awaitEnd(running, "server");
        server = null;
    }

    /// SIGKILL: the server ends without a word, and returns when it is gone. Data and port stay, as after
    /// [#stop()]. Nothing happens when it doesn't run.
    synchronized void kill() {
        Process running = server;
        if (running == null) {
            return;
        }
        running.destroyForcibly();
        awaitEnd(running, "server");
        server = null;
    }

    /// Suspends the running server (SIGSTOP): its connections stay open and are not answered.
    synchronized void pause() {
        signal("STOP");
    }

    /// Lets a suspended server go on (SIGCONT).
    synchronized void resume() {
        signal("CONT");
    }

    // Our own child, which we have not waited for: its process id can't belong to another process.
    private void signal(String signal) {
        Process running = server;
        if (running == null || !running.isAlive()) {
            throw new SandboxException(name + " of the sandbox doesn't run, so it can't be sent " + signal + ".");
        }
        Commands.Result sent = Commands.run(List.of("kill", "-s", signal, Long.toString(running.pid())), SIGNAL_BOUND);
        if (!sent.succeeded()) {
            throw new SandboxException("Can't send " + signal + " to " + name + ": " + sent.lastLines(2));
        }
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            // The guard takes it from here, exactly as it would after a crash.
            toGuard.close();
        } catch (IOException e) {
            // The guard is gone already.
            stopWithoutGuard();
        }
        awaitEnd(guard, "guard process");
        stopWithoutGuard();
        server = null;
        try {
            Runtime.getRuntime().removeShutdownHook(lastResort);
        } catch (IllegalStateException e) {
            // The JVM is going down; the hook finds nothing to do.
        }
    }

    private void awaitReady(Process started) {
        long deadline = System.nanoTime() + START_BOUND.toNanos();
        @Nullable Exception lastAnswer = null;
        while (System.nanoTime() < deadline) {
            try {
                if (probe.ready()) {
                    return;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new SandboxException("Interrupted while waiting for " + name + " to start.", e);
            } catch (Exception e) {
                lastAnswer = e;
            }
            if (endsWithin(started, POLL_MILLIS)) {
                throw new SandboxException("%s ended while starting, with exit code %d. The end of its log:%n%s"
                        .formatted(name, started.exitValue(), endOfLog()));
            }
        }
        throw new SandboxException(
                "%s did not become ready within %d s. The end of its log:%n%s"
                        .formatted(name, START_BOUND.toSeconds(), endOfLog()),
                lastAnswer);
    }

    private boolean endsWithin(Process process, long millis) {
        try {
            return process.waitFor(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SandboxException("Interrupted while waiting for " + name + ".", e);
        }
    }

    private void awaitEnd(Process process, String role) {
        if (!endsWithin(process, STOP_BOUND.plusSeconds(10).toMillis())) {
            throw new SandboxException("The %s of %s (process %d) doesn't end. End it by hand: kill -9 %d"
                    .formatted(role, name, process.pid(), process.pid()));
        }
    }

    /// What the guard answers; null when it is gone.
    private @Nullable String ask(String request) {
        try {
            toGuard.write((request + "\n").getBytes(StandardCharsets.US_ASCII));
            toGuard.flush();
            return fromGuard.readLine();
        } catch (IOException e) {
            return null;
        }
    }

    // As a shutdown hook this runs concurrently with the program's own hooks, which may still need the
    // server to finish their work. So it leaves the server to the guard, which acts after the JVM has
    // ended, and stops the server only if the guard has ended. Not synchronized: a thread may hold the lock
    // while it waits for a server.
    private void stopWithoutGuard() {
        Process running = server;
        if (running != null && !guard.isAlive()) {
            running.destroyForcibly();
        }
    }

    private Path log() {
        return directory.resolve("server.log");
    }

    private String endOfLog() {
        try {
            return Commands.lastLines(Commands.read(log()), LOG_LINES_IN_MESSAGES);
        } catch (IOException e) {
            return "(no log: " + e.getMessage() + ")";
        }
    }

    private static List<String> inOwnSession(List<String> command) {
        return Commands.onPath("setsid")
                .map(setsid -> {
                    List<String> prefixed = new ArrayList<>();
                    prefixed.add(setsid.toString());
                    prefixed.addAll(command);
                    return prefixed;
                })
                .orElse(new ArrayList<>(command));
    }
}
