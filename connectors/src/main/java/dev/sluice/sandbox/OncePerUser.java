package dev.sluice.sandbox;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/// Folders that are made once for each user of this machine and then found again, in the directory for temporary
/// files. Any thread, and several processes, may ask for the same one at once.
final class OncePerUser {
    private OncePerUser() {}

    /// Makes what a folder holds.
    @FunctionalInterface
    interface Maker {
        /// @param empty the folder to fill; whatever is in it when this returns is kept
        void fill(Path empty) throws IOException;
    }

    /// The folder of that name, complete: it is made by the first who asks.
    ///
    /// @param name of what it holds, with everything that makes it differ from another one
    /// @throws SandboxException when there is no room for it, or a stranger's folder has its name
    static Path folder(String name, Maker maker) {
        Path parent = Path.of(System.getProperty("java.io.tmpdir"));
        Path home = parent.resolve(name + "-" + System.getProperty("user.name").replaceAll("[^A-Za-z0-9]", "_"));
        try {
            // Made under another name and moved into place in one step: a file with the final name is complete.
            Path fresh = Files.createTempDirectory(parent, name + "-unfinished-");
            try {
                if (Files.exists(home, LinkOption.NOFOLLOW_LINKS)) {
                    // The directory for temporary files is everybody's; what a stranger put there isn't used.
                    if (!Files.getOwner(home, LinkOption.NOFOLLOW_LINKS).equals(Files.getOwner(fresh))) {
                        throw new SandboxException(
                                home
                                        + " belongs to another user. Remove it, or set java.io.tmpdir to a folder of your own.");
                    }
                    return home;
                }
                maker.fill(fresh);
                // Another user reads it when this one is root.
                Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwxr-xr-x"));
                moveIntoPlace(fresh, home);
                return home;
            } finally {
                deleteTree(fresh);
            }
        } catch (IOException e) {
            throw new SandboxException(
                    "Can't make " + name + " below " + parent + ": " + e.getMessage()
                            + ". Make room there, or name a server in SLUICE_TEST_POSTGRES_URI.",
                    e);
        }
    }

    private static void moveIntoPlace(Path fresh, Path home) throws IOException {
        try {
            Files.move(fresh, home, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
            // Another process was quicker; its copy is as good.
        } catch (IOException e) {
            if (!Files.isDirectory(home)) {
                throw e;
            }
        }
    }

    private static void deleteTree(Path directory) throws IOException {
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            Files.deleteIfExists(directory);
            return;
        }
        try (DirectoryStream<Path> children = Files.newDirectoryStream(directory)) {
            for (Path child : children) {
                deleteTree(child);
            }
        }
        Files.delete(directory);
    }
}
