package dev.sluice.schema;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/// The mappings with mistakes under `src/test/resources/wrong`. Each says in its first lines, after `#!`,
/// what is wrong with it: line, path, and how the message begins. `#! reader only` marks what a JSON Schema
/// can't see.
final class WrongMappings {
    private WrongMappings() {}

    record Wrong(String name, String yaml) {
        List<String> expected() {
            return heads().filter(head -> !head.equals("reader only")).toList();
        }

        boolean isSeenBySchema() {
            return heads().noneMatch(head -> head.equals("reader only"));
        }

        private Stream<String> heads() {
            return yaml.lines()
                    .filter(line -> line.startsWith("#! "))
                    .map(line -> line.substring(3).strip());
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static List<Wrong> all() {
        URL folder = Objects.requireNonNull(WrongMappings.class.getClassLoader().getResource("wrong"));
        try (Stream<Path> files = Files.list(Path.of(folder.toURI()))) {
            return files.sorted().map(WrongMappings::read).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Wrong read(Path file) {
        try {
            return new Wrong(String.valueOf(file.getFileName()), Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
