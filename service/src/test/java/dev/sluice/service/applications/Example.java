package dev.sluice.service.applications;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// An application of `deploy/examples`. What it needs beside its language comes from that language's package
/// index, once, into `.sluice/examples`, where a copy of its sources lies too.
public enum Example {
    PYTHON("python") {
        @Override
        void install(Path folder) {
            run(
                    folder,
                    "python3 can't make a virtual environment; on Debian and Ubuntu install python3-venv.",
                    onPath("python3", "Install Python 3.10 or newer."),
                    "-m",
                    "venv",
                    ".venv");
            run(
                    folder,
                    "pip can't install requirements.txt; check that this machine reaches a Python package index.",
                    ".venv/bin/python",
                    "-m",
                    "pip",
                    "install",
                    "--no-input",
                    "--disable-pip-version-check",
                    "--quiet",
                    "--requirement",
                    "requirements.txt");
        }

        @Override
        List<String> command() {
            return List.of(".venv/bin/python", "-B", "service.py");
        }
    },

    NODE("node") {
        @Override
        void install(Path folder) {
            run(
                    folder,
                    "npm can't install package-lock.json; check that this machine reaches an npm registry, and that Node.js is"
                            + " as new as package.json asks for.",
                    onPath("npm", "Install Node.js 20.19 or newer with npm."),
                    "ci",
                    "--engine-strict",
                    "--no-audit",
                    "--no-fund");
        }

        @Override
        List<String> command() {
            return List.of("node", "service.js");
        }
    },

    JAVA("java") {
        @Override
        void install(Path folder) {
            Path wrapper = root().resolve("mvnw");
            run(
                    folder,
                    "Maven can't build pom.xml; check that this machine reaches a Maven repository.",
                    Files.isExecutable(wrapper) ? wrapper.toString() : onPath("mvn", "Install Maven 3.8.6 or newer."),
                    "-B",
                    "-q",
                    "-ntp",
                    "package");
        }

        @Override
        List<String> command() {
            return List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx128m",
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-jar",
                    "target/shop.jar");
        }
    };

    private static final long INSTALL_BOUND_MINUTES = 10;
    private static final int LINES_IN_MESSAGES = 15;

    private final String name;

    Example(String name) {
        this.name = name;
    }

    /// Brings what the sources in the folder need.
    abstract void install(Path folder);

    /// What runs it, in its folder.
    abstract List<String> command();

    /// With what the names of its users begin.
    public String userPrefix() {
        return name + "-user-";
    }

    /// The folder in which it is installed, after it was installed where that was to be done.
    Path folder() {
        Path sources = root().resolve("deploy").resolve("examples").resolve(name);
        try {
            Path parent = Files.createDirectories(local().resolve("examples"));
            Path folder = parent.resolve(name + "-" + digest(sources));
            Path complete = folder.resolve("installed");
            // The lock is for other processes; "synchronized" is for the threads of this one, which can't share it.
            synchronized (Example.class) {
                try (FileChannel channel = FileChannel.open(
                                parent.resolve("install.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                        FileLock lock = channel.lock()) {
                    if (!lock.isValid() || !Files.exists(complete)) {
                        say("Installing deploy/examples/" + name + " with its libraries (once) into " + folder
                                + " ...");
                        deleteEarlier(parent);
                        copy(sources, folder);
                        install(folder);
                        Files.createFile(complete);
                    }
                }
            }
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void run(Path folder, String otherwise, String... command) {
        try {
            Path output = folder.resolve("install.log");
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .redirectInput(new File("/dev/null"))
                    .redirectOutput(output.toFile());
            builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
            Process process = builder.start();
            try {
                if (!process.waitFor(INSTALL_BOUND_MINUTES, TimeUnit.MINUTES)) {
                    throw new IllegalStateException(
                            "It took longer than " + INSTALL_BOUND_MINUTES + " minutes. " + otherwise);
                }
            } finally {
                // After a normal end there is nothing left to stop.
                process.destroyForcibly();
            }
            if (process.exitValue() != 0) {
                List<String> lines = Files.readAllLines(output);
                throw new IllegalStateException(otherwise + " The last lines of " + command[0] + ":\n"
                        + String.join(
                                "\n", lines.subList(Math.max(0, lines.size() - LINES_IN_MESSAGES), lines.size())));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(otherwise, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    static String onPath(String program, String otherwise) {
        for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
            Path candidate = Path.of(folder.isEmpty() ? "." : folder, program);
            if (Files.isRegularFile(candidate) && Files.isExecutable(candidate)) {
                return candidate.toAbsolutePath().toString();
            }
        }
        throw new IllegalStateException("There is no " + program + " on PATH. " + otherwise);
    }

    /// Of all its files, so that a changed one is installed anew.
    private static String digest(Path sources) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Path file : files(sources)) {
                digest.update(sources.relativize(file).toString().getBytes(StandardCharsets.UTF_8));
                digest.update(Files.readAllBytes(file));
            }
            return HexFormat.of().formatHex(digest.digest()).substring(0, 12);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /// Without what a person who ran it there has made.
    private static List<Path> files(Path sources) throws IOException {
        List<String> made = List.of("node_modules", "target", ".venv", "__pycache__");
        try (Stream<Path> all = Files.walk(sources)) {
            return all.filter(Files::isRegularFile)
                    .filter(file -> Stream.iterate(file, f -> !f.equals(sources), Path::getParent)
                            .noneMatch(f -> made.contains(f.getFileName().toString())))
                    .sorted()
                    .toList();
        }
    }

    private static void copy(Path sources, Path folder) throws IOException {
        for (Path file : files(sources)) {
            Path to = folder.resolve(sources.relativize(file).toString());
            Files.createDirectories(to.getParent());
            Files.copy(file, to);
        }
    }

    /// What was installed of other sources, and what was not installed to its end.
    private void deleteEarlier(Path parent) throws IOException {
        try (DirectoryStream<Path> earlier = Files.newDirectoryStream(parent, name + "-*")) {
            for (Path folder : earlier) {
                delete(folder);
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /// The checkout: tests of a module run in the module's folder.
    static Path root() {
        Path working = Path.of("").toAbsolutePath();
        return Stream.iterate(working, folder -> folder != null, Path::getParent)
                .filter(folder -> Files.isDirectory(folder.resolve(".mvn")))
                .findFirst()
                .orElse(working);
    }

    private static Path local() {
        Map<String, String> environment = System.getenv();
        return Path.of(environment.getOrDefault("SLUICE_HOME", root().toString()))
                .resolve(".sluice");
    }

    // Standard output, not the log: a wait of a minute needs its reason where people look.
    @SuppressWarnings("SystemOut")
    private static void say(String line) {
        System.out.println(line);
    }
}
