package dev.sluice.service.infer;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The files of a proposal: `mapping.yaml`, and in the same folder `migrations/V0001__<name>.sql` and
/// `migrations/after/V0001__indexes.sql`, as SLUICE_MAPPING needs them, and `REPORT.md` for people.
///
/// @param folder that all are in
/// @param after what is applied after the copy
public record ProposedFiles(Path folder, Path mapping, Path migration, Path after, Path report) {
    public static ProposedFiles in(Path folder, String name) {
        return new ProposedFiles(
                folder,
                folder.resolve("mapping.yaml"),
                folder.resolve("migrations/V0001__" + name + ".sql"),
                folder.resolve("migrations/after/V0001__indexes.sql"),
                folder.resolve("REPORT.md"));
    }

    /// Says which files are in the way: those with the same names unless they may be overwritten, and other
    /// migrations, which are never touched.
    ///
    /// @throws SluiceException of kind BAD_SETTING when there are any
    public void requireRoom(boolean overwrite) {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new SluiceException(FailureKind.BAD_SETTING, "--out: " + folder + " is a file, not a folder.");
        }
        List<Path> same = Stream.of(mapping, migration, after, report)
                .filter(Files::exists)
                .toList();
        if (!overwrite && !same.isEmpty()) {
            throw new SluiceException(
                    FailureKind.BAD_SETTING,
                    "There is a file already: " + text(same)
                            + ". Name another folder with --out, or overwrite it with --force.");
        }
        List<Path> others = Stream.concat(others(migration).stream(), others(after).stream())
                .toList();
        if (!others.isEmpty()) {
            throw new SluiceException(
                    FailureKind.BAD_SETTING,
                    "There are other migrations already: " + text(others)
                            + ". They would be applied in addition to the proposed one; name another folder with --out.");
        }
    }

    /// The scripts beside one of ours.
    private List<Path> others(Path ours) {
        Path beside = ours.resolveSibling("");
        if (!Files.isDirectory(beside)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(beside)) {
            return files.filter(f -> f.toString().endsWith(".sql") && !f.equals(ours))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw cannot(e);
        }
    }

    private static String text(List<Path> files) {
        return String.join(", ", files.stream().map(Path::toString).toList());
    }

    /// Writes them.
    ///
    /// @param afterCopy null for no such file
    /// @throws SluiceException of kind BAD_SETTING where that is not possible
    public void write(String yaml, String sql, @Nullable String afterCopy) {
        try {
            Files.createDirectories(folder.resolve("migrations"));
            Files.writeString(mapping, yaml);
            Files.writeString(migration, sql);
            if (afterCopy == null) {
                Files.deleteIfExists(after);
            } else {
                Files.createDirectories(folder.resolve("migrations/after"));
                Files.writeString(after, afterCopy);
            }
        } catch (IOException e) {
            throw cannot(e);
        }
    }

    /// Writes the report.
    ///
    /// @throws SluiceException of kind BAD_SETTING where that is not possible
    public void writeReport(String text) {
        try {
            Files.writeString(report, text);
        } catch (IOException e) {
            throw cannot(e);
        }
    }

    private SluiceException cannot(IOException e) {
        return new SluiceException(
                FailureKind.BAD_SETTING, "--out: " + folder + " can't be written: " + e.getMessage() + ".", e);
    }

    /// The folder as SLUICE_MAPPING takes it: never a bare name, which might be one of the catalog's.
    public String setting() {
        return folder.isAbsolute() || folder.startsWith(".") || folder.startsWith("..")
                ? folder.toString()
                : "./" + folder;
    }
}
