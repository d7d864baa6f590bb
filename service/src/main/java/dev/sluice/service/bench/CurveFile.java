package dev.sluice.service.bench;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;

/// The points of curves in a file, a line each, below those that are there. `service/docs/pictures/Curves.java` makes
/// pictures of it.
final class CurveFile {
    static final String HEAD = "curve,x,y,unit,run,date,versions";

    private final Path path;

    /// @throws SluiceException when it is a file of something else, or can't be written: before anything is measured
    CurveFile(Path path) {
        this.path = path;
        try {
            if (!Files.exists(path) || Files.size(path) == 0) {
                Files.writeString(path, HEAD + "\n");
            }
            List<String> lines = Files.readAllLines(path);
            if (!lines.getFirst().equals(HEAD)) {
                throw new SluiceException(
                        FailureKind.BAD_SETTING,
                        path + " is no file of curves: its first line is not \"" + HEAD
                                + "\". Name another with --out.");
            }
        } catch (IOException e) {
            throw new SluiceException(
                    FailureKind.BAD_SETTING,
                    "Can't write " + path + ": " + reason(e) + ". Name another file with --out.",
                    e);
        }
    }

    /// The messages of these exceptions are no more than the file's name.
    private static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException missing -> "the folder that it would be in does not exist";
            case AccessDeniedException denied -> "this user may not write it";
            default -> e.toString();
        };
    }

    /// A figure.
    ///
    /// @param curve a name without a comma
    /// @param x what it is measured at
    /// @param unit of the figure, without a comma
    /// @param run from 1
    record Point(String curve, long x, double y, String unit, int run) {
        /// @param date the day
        /// @param versions on which it was measured; commas become semicolons
        String line(String date, String versions) {
            return String.format(
                    Locale.ROOT,
                    "%s,%d," + (y < 1_000 ? "%.3f" : "%.0f") + ",%s,%d,%s,%s",
                    curve,
                    x,
                    y,
                    unit,
                    run,
                    date,
                    versions.replace(',', ';').replaceAll("\\s+", " "));
        }
    }

    void append(Point point, Machine machine) {
        String line = point.line(
                machine.begun().at().toString().substring(0, "2026-11-30".length()),
                machine.mongo() + "; " + machine.postgres() + "; " + machine.cores() + " cores; " + machine.jvm());
        try {
            Files.writeString(path, line + "\n", StandardCharsets.UTF_8, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
