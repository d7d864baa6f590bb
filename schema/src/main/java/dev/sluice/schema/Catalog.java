package dev.sluice.schema;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The ready-made mappings, and the way from what a user names (a catalog entry, a file or a folder) to a
/// mapping with its migrations.
public final class Catalog {
    /// The ready-made systems by name.
    public static final List<String> NAMES = List.of("demo", "devmentor", "docsgpt", "tbd-agents");

    private Catalog() {}

    /// A mapping and where the DDL of its tables is.
    ///
    /// @param migrations empty when the tables are created by other means
    /// @param text of the mapping's file
    public record Entry(Mapping mapping, Optional<MigrationFolder> migrations, String text) {
        /// The same with another text of the mapping.
        ///
        /// @param name of the text, for messages
        /// @throws MappingException when it has mistakes
        public Entry withText(String name, String other) {
            return new Entry(MappingReader.read(name, other), migrations, other);
        }
    }

    /// @param nameOrPath a catalog name, a YAML file, or a folder with a `mapping.yaml`; migrations are
    ///     taken from the folder `migrations` next to the file
    /// @throws MappingException when the mapping has mistakes
    /// @throws IllegalArgumentException when there is no such mapping, with the names there are
    public static Entry load(String nameOrPath) {
        if (NAMES.contains(nameOrPath)) {
            String resource = "catalog/" + nameOrPath + "/mapping.yaml";
            String text = resource(resource);
            return new Entry(
                    MappingReader.read(resource, text),
                    Optional.of(MigrationFolder.inProgram("catalog/" + nameOrPath + "/migrations")),
                    text);
        }
        Path path = Path.of(nameOrPath);
        Path file = Files.isDirectory(path) ? path.resolve("mapping.yaml") : path;
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException("There is no mapping '" + nameOrPath
                    + "': it is neither a name in the catalog (" + String.join(", ", NAMES)
                    + ") nor a YAML file nor a folder with a mapping.yaml.");
        }
        try {
            String text = Files.readString(file);
            Mapping mapping = MappingReader.read(file.toString(), text);
            Path migrations = file.resolveSibling("migrations");
            return new Entry(
                    mapping,
                    Files.isDirectory(migrations) ? Optional.of(MigrationFolder.of(migrations)) : Optional.empty(),
                    text);
        } catch (IOException unreadable) {
            throw new IllegalArgumentException(
                    "The mapping " + file + " can't be read: " + unreadable.getMessage(), unreadable);
        }
    }

    private static String resource(String name) {
        try (InputStream in = Catalog.class.getClassLoader().getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the catalog entry " + name + " is not in the program");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
