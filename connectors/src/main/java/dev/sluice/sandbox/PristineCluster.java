package dev.sluice.sandbox;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// The data of a PostgreSQL that has never run, as initdb leaves it. Made once for each user of this machine, since
/// initdb takes seconds of CPU, and copied for each server. Any thread.
final class PristineCluster {
    /// The locale C everywhere: the same sort order on every machine.
    private static final List<String> OPTIONS =
            List.of("--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C");

    private static final Duration INITDB_BOUND = Duration.ofMinutes(2);

    /// PostgreSQL starts only on data that no other user can read.
    private static final FileAttribute<Set<PosixFilePermission>> OWNER_ALONE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private PristineCluster() {}

    /// Makes the data of a new server.
    ///
    /// @param data a folder that isn't there yet; this process' user owns it and what is in it afterwards
    /// @throws SandboxException when initdb fails or there is no room
    static void copyTo(Path data) {
        // The name says how it was made: another version of this program may make it otherwise.
        Path pristine = OncePerUser.folder(
                        "sluice-postgres-" + PostgresBinaries.VERSION + "-data-"
                                + Integer.toHexString(OPTIONS.hashCode()),
                        PristineCluster::initialise)
                .resolve("data");
        try {
            Files.walkFileTree(pristine, new Copying(pristine, data));
        } catch (IOException e) {
            throw new SandboxException(
                    "Can't copy " + pristine + " to " + data + ": " + e.getMessage()
                            + ". Make room there, or name a server in SLUICE_TEST_POSTGRES_URI.",
                    e);
        }
    }

    private static void initialise(Path folder) throws IOException {
        Path data = Files.createDirectory(folder.resolve("data"), OWNER_ALONE);
        // The folder above stays this user's: by its owner it is known as one's own.
        List<String> initdb = new ArrayList<>(PostgresBinaries.unprivileged(data));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        initdb.add(PostgresBinaries.unpacked().resolve("bin").resolve("initdb").toString());
        initdb.addAll(OPTIONS);
        initdb.add("--pgdata=" + data);
        Commands.Result made = Commands.run(initdb, INITDB_BOUND);
        if (!made.succeeded()) {
            throw new SandboxException("PostgreSQL's initdb failed with exit code " + made.exitCode()
                    + ". Its last lines:\n" + made.lastLines(10));
        }
    }

    private static final class Copying extends SimpleFileVisitor<Path> {
        private final Path from;
        private final Path to;

        Copying(Path from, Path to) {
            this.from = from;
            this.to = to;
        }

        private Path place(Path original) {
            return to.resolve(from.relativize(original));
        }

        @Override
        public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) throws IOException {
            Files.createDirectory(place(directory), OWNER_ALONE);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Files.copy(file, place(file));
            return FileVisitResult.CONTINUE;
        }
    }
}
