package dev.sluice.service.program;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/// The JVM's ahead-of-time cache for the program (JEP 483 and 514): a start takes half the time with it, and the
/// tests start the program some hundred times. Made once by `sluice warm`, as the launcher does, and kept under
/// `target`.
///
/// The JVM takes jars only, so where the program lies in folders of classes, as in an IDE, there is no cache.
final class StartCache {
    private static final Path FOLDER = Path.of("target", "start-cache");
    private static final long BOUND_MINUTES = 5;

    private StartCache() {}

    /// The JVM's options that use the cache; none while there is none. Makes it first, unless another process of the
    /// tests is at it.
    static List<String> options(List<String> classPath) {
        if (!classPath.stream().allMatch(entry -> entry.endsWith(".jar"))) {
            return List.of();
        }
        Path cache;
        try {
            cache = FOLDER.resolve(name(classPath));
            if (!Files.exists(cache)) {
                make(cache, classPath);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Files.exists(cache) ? using(cache) : List.of();
    }

    /// Mapped at the address it was made for, the cache needs no patching. What was recorded of the training would have
    /// the
    /// compiler translate at once what a short command never gets to: a sixth of a start's CPU time.
    private static List<String> using(Path cache) {
        return List.of(
                // What the JVM says about its cache would stand in the output that tests look at.
                "-Xlog:disable",
                "-XX:AOTCache=" + cache.toAbsolutePath(),
                // Another JDK than 25 may have other options of this kind.
                "-XX:+IgnoreUnrecognizedVMOptions",
                "-XX:+UnlockDiagnosticVMOptions",
                "-XX:ArchiveRelocationMode=0",
                "-XX:-AOTReplayTraining");
    }

    /// Another one for each build. The JVM itself takes the cache of other jars and runs their classes: what tells
    /// two jars apart here has to be what no build leaves as it was, as in the launcher.
    private static String name(List<String> classPath) throws IOException {
        StringBuilder marks = new StringBuilder(System.getProperty("java.home") + Runtime.version());
        for (String entry : classPath) {
            marks.append('\n')
                    .append(entry)
                    .append(new TreeMap<>(
                            Files.readAttributes(Path.of(entry), "unix:ino,size,lastModifiedTime,ctime")));
        }
        return UUID.nameUUIDFromBytes(marks.toString().getBytes(StandardCharsets.UTF_8)) + ".aot";
    }

    private static synchronized void make(Path cache, List<String> classPath) throws IOException {
        Files.createDirectories(FOLDER);
        try (FileChannel channel =
                        FileChannel.open(FOLDER.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            if (lock == null || Files.exists(cache)) {
                return;
            }
            Path made = FOLDER.resolve("making.aot");
            Path log = FOLDER.resolve("making.log");
            Process training = new ProcessBuilder(Program.command(
                            List.of("-XX:AOTCacheOutput=" + made.toAbsolutePath()),
                            List.of(),
                            classPath,
                            List.of("warm")))
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            try {
                if (!training.waitFor(BOUND_MINUTES, TimeUnit.MINUTES)
                        || training.exitValue() != 0
                        || !Files.exists(made)) {
                    throw new AssertionError("no start cache was made: " + Files.readString(log));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted", e);
            } finally {
                training.destroyForcibly();
            }
            Files.move(made, cache, StandardCopyOption.ATOMIC_MOVE);
        }
    }
}
