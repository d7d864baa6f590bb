package dev.sluice.service.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The one folder of all files that the benches of this JVM make, with the processes they have started. At the end of
/// the
/// JVM (SIGTERM and Ctrl-C included) the processes are killed, then the folder is removed. After a kill -9 the shell
/// around
/// each process does both ([ColdProcess]); what nobody was left to remove the next bench does: the owner of a folder
/// holds
/// a lock in it, which the system releases with the process.
///
/// Any thread.
final class WorkFolder {
    private static final String PREFIX = "sluice-bench-";
    private static final String LOCK = "lock";
    private static final Set<ColdProcess> RUNNING = ConcurrentHashMap.newKeySet();
    private static final AtomicLong COUNT = new AtomicLong();

    private static @Nullable Path path;
    /// Held, so that its channel is not collected and closed.
    @SuppressWarnings("UnusedVariable")
    private static @Nullable FileLock lock;

    private WorkFolder() {}

    /// The folder, made with the first call.
    static synchronized Path path() {
        Path there = path;
        if (there != null) {
            return there;
        }
        try {
            Path made = Files.createTempDirectory(PREFIX);
            lock = FileChannel.open(made.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE)
                    .lock();
            Runtime.getRuntime().addShutdownHook(new Thread(WorkFolder::end, "bench-end"));
            path = made;
            removeOfTheDead(Path.of(System.getProperty("java.io.tmpdir")));
            return made;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A name in the folder that nothing has yet, so that a program that keeps what it finds under a name finds
    /// nothing.
    static Path fresh(String name) {
        return path().resolve(COUNT.incrementAndGet() + "-" + name);
    }

    /// A new folder in it.
    static Path freshFolder(String name) throws IOException {
        return Files.createDirectory(fresh(name));
    }

    /// Kills it at the end of this JVM, until it is forgotten.
    static void remember(ColdProcess process) {
        RUNNING.add(process);
    }

    static void forget(ColdProcess process) {
        RUNNING.remove(process);
    }

    private static void end() {
        for (ColdProcess process : RUNNING) {
            try {
                process.kill();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        Path mine = path;
        if (mine != null) {
            remove(mine);
        }
    }

    /// Removes the folders of benches that have ended without doing so.
    ///
    /// @param parent where they lie
    static void removeOfTheDead(Path parent) {
        try (Stream<Path> all = Files.list(parent)) {
            all.filter(folder -> folder.getFileName().toString().startsWith(PREFIX))
                    .filter(WorkFolder::isOfTheDead)
                    .forEach(WorkFolder::remove);
        } catch (IOException | UncheckedIOException ignored) {
            // They stay for the next one.
        }
    }

    private static boolean isOfTheDead(Path folder) {
        if (!Files.isRegularFile(folder.resolve(LOCK))) {
            return false;
        }
        // Not opened when it is ours: closing any channel of a file gives all locks of it up.
        if (folder.equals(path)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(folder.resolve(LOCK), StandardOpenOption.WRITE);
                FileLock taken = channel.tryLock()) {
            return taken != null;
        } catch (IOException | OverlappingFileLockException e) {
            return false;
        }
    }

    /// As much of it as can be removed.
    static void remove(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            List<Path> deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
            deepestFirst.forEach(file -> file.toFile().delete());
        } catch (IOException | UncheckedIOException ignored) {
            // Somebody else removes it, too.
        }
    }
}
