package dev.sluice.mapping;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The hand-written expectations under `src/test/resources/golden`.
public final class GoldenFiles {
    private GoldenFiles() {}

    /// Their folder.
    public static Path root() {
        URL url = GoldenFiles.class.getClassLoader().getResource("golden");
        if (url == null) {
            throw new IllegalStateException("no folder golden among the test resources");
        }
        try {
            return Path.of(url.toURI());
        } catch (URISyntaxException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /// The text of one of them.
    public static String read(String name) {
        try {
            return Files.readString(root().resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The mapping cases: every text file in a folder of its own system.
    public static List<Path> cases() {
        try (Stream<Path> files = Files.walk(root(), 2)) {
            return files.filter(f -> f.toString().endsWith(".txt") && !root().equals(f.getParent()))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
