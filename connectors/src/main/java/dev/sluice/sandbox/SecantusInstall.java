package dev.sluice.sandbox;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The Python build of SecantusDB in a virtual environment of our own, made once and then found again.
final class SecantusInstall {

    private static final String REQUIREMENT = "SecantusDB==0.7.0b3";
    private static final String WAY_OUT =
            " Or put a mongod on PATH, start Docker, or name a replica set in SLUICE_TEST_MONGO_URI.";
    private static final Duration ASK_BOUND = Duration.ofSeconds(20);
    private static final Duration VENV_BOUND = Duration.ofMinutes(3);
    private static final Duration PIP_BOUND = Duration.ofMinutes(10);
    private static final int PIP_LINES = 12;

    private SecantusInstall() {}

    /// The program `secantusd-py`, ready to run. Where it is missing it is installed, which takes a minute
    /// and the network, and is announced on standard output. Safe for several threads and several processes
    /// at once: one installs, the others wait.
    ///
    /// @throws SandboxException when there is no Python 3.10 or newer, or the installation fails
    static synchronized Path program() {
        try {
            Path folder = Settings.localFolder();
            Path environment = folder.resolve("venv");
            Path program = environment.resolve("bin").resolve("secantusd-py");
            // The lock is for other processes; "synchronized" is for the threads of this one, which can't share it.
            try (FileChannel channel = FileChannel.open(
                            folder.resolve("venv.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock lock = channel.lock()) {
                // Written last and named after what was asked for: an interrupted installation and one of another
                // version are both made anew.
                Path complete = environment.resolve("installed-" + REQUIREMENT);
                if (!lock.isValid() || !Files.exists(complete) || !Files.isExecutable(program)) {
                    install(environment);
                    Files.createFile(complete);
                }
            }
            return program;
        } catch (IOException e) {
            throw new SandboxException(
                    "Can't keep a Python environment for SecantusDB: " + e.getMessage()
                            + ". Name a folder that can be written in SLUICE_HOME.",
                    e);
        }
    }

    private static void install(Path environment) {
        Path python = python();
        announce("MongoDB: making a Python environment with " + REQUIREMENT + " in " + environment
                + " (once; takes a minute)...");
        Commands.Result made =
                Commands.run(List.of(python.toString(), "-m", "venv", "--clear", environment.toString()), VENV_BOUND);
        if (!made.succeeded()) {
            throw new SandboxException(
                    "%s can't make a virtual environment; on Debian and Ubuntu install python3-venv.%s"
                                    .formatted(python, WAY_OUT)
                            + " Its last lines:\n" + made.lastLines(PIP_LINES));
        }
        Commands.Result installed = Commands.run(
                List.of(
                        environment.resolve("bin").resolve("python").toString(),
                        "-m",
                        "pip",
                        "install",
                        "--no-input",
                        "--disable-pip-version-check",
                        "--prefer-binary",
                        REQUIREMENT),
                PIP_BOUND);
        if (!installed.succeeded()) {
            throw new SandboxException("pip can't install " + REQUIREMENT
                    + "; check that this machine reaches a Python package index, then try again." + WAY_OUT
                    + " The last lines of pip:\n" + installed.lastLines(PIP_LINES));
        }
    }

    private static Path python() {
        Stream<String> names =
                Stream.of("python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python");
        return names.map(Commands::onPath)
                .flatMap(Optional::stream)
                .filter(SecantusInstall::isNewEnough)
                .findFirst()
                .orElseThrow(() -> new SandboxException("There is no Python 3.10 or newer on PATH, which the MongoDB"
                        + " stand-in needs; install one." + WAY_OUT));
    }

    private static boolean isNewEnough(Path python) {
        return Commands.run(
                        List.of(python.toString(), "-c", "import sys; sys.exit(sys.version_info < (3, 10))"), ASK_BOUND)
                .succeeded();
    }

    // Standard output, not the log: a wait of a minute needs its reason where people look.
    @SuppressWarnings("SystemOut")
    private static void announce(String line) {
        System.out.println(line);
    }
}
