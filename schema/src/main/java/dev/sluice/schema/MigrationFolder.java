package dev.sluice.schema;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// The folder `migrations` beside a mapping: the scripts that make its tables, and in its folder `after` those that
/// are applied once all of its collections are copied. Read anew by each call.
public final class MigrationFolder {
    /// The folder of the scripts that come after the copy.
    public static final String AFTER = "after";

    private static final String SUFFIX = ".sql";

    private final String path;
    private final boolean inProgram;

    private MigrationFolder(String path, boolean inProgram) {
        this.path = path;
        this.inProgram = inProgram;
    }

    /// One of the program's own, in its catalog.
    ///
    /// @param path from the root of the class path, as `catalog/demo/migrations`
    static MigrationFolder inProgram(String path) {
        return new MigrationFolder(path, true);
    }

    /// One in the file system.
    static MigrationFolder of(Path folder) {
        return new MigrationFolder(folder.toAbsolutePath().toString(), false);
    }

    /// A script.
    ///
    /// @param name from the folder that was asked for on, with `/` between folders
    public record Script(String name, String sql) {
        /// Without folders.
        public String fileName() {
            return name.substring(name.lastIndexOf('/') + 1);
        }
    }

    /// Where it is, for people.
    public String path() {
        return path;
    }

    /// Whether it is one of the program's own, to which nothing can be added.
    public boolean isInProgram() {
        return inProgram;
    }

    /// Adds a script that makes tables.
    ///
    /// @param fileName without folders
    /// @return where it is
    /// @throws IllegalStateException when it is one of the program's own
    /// @throws UncheckedIOException when it can't be written, or there is one of that name
    public Path add(String fileName, String sql) {
        if (inProgram) {
            throw new IllegalStateException("nothing is added to the migrations of the program");
        }
        Path file = Path.of(path).resolve(fileName);
        try {
            return Files.writeString(file, sql, StandardOpenOption.CREATE_NEW);
        } catch (IOException e) {
            throw new UncheckedIOException("The migration " + file + " can't be written: " + e.getMessage(), e);
        }
    }

    /// The scripts that make the tables, those in folders of this one too, by name.
    ///
    /// @throws UncheckedIOException when one can't be read
    public List<Script> scripts() {
        return scripts("").stream()
                .filter(script -> !script.name().startsWith(AFTER + "/"))
                .toList();
    }

    /// The scripts that come after the copy, by name; none where there is no such folder.
    ///
    /// @throws UncheckedIOException when one can't be read
    public List<Script> after() {
        return scripts(AFTER);
    }

    private List<Script> scripts(String of) {
        try {
            return inProgram ? ofProgram(of) : ofFiles(Path.of(path).resolve(of));
        } catch (IOException e) {
            throw new UncheckedIOException("The migrations in " + path + " can't be read: " + e.getMessage(), e);
        }
    }

    private List<Script> ofProgram(String of) throws IOException {
        // A file that is always there: archives need not list their folders.
        String known = path.substring(0, path.lastIndexOf('/')) + "/mapping.yaml";
        URL url = MigrationFolder.class.getClassLoader().getResource(known);
        if (url == null) {
            throw new IllegalStateException("the catalog entry " + known + " is not in the program");
        }
        try {
            if (url.openConnection() instanceof JarURLConnection jar) {
                Path archive = Path.of(jar.getJarFileURL().toURI());
                try (FileSystem files = FileSystems.newFileSystem(archive)) {
                    return ofFiles(files.getPath(path).resolve(of));
                }
            }
            return ofFiles(Path.of(url.toURI()).resolveSibling("migrations").resolve(of));
        } catch (URISyntaxException e) {
            throw new IllegalStateException(url.toString(), e);
        }
    }

    private static List<Script> ofFiles(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        List<Path> files;
        try (Stream<Path> found = Files.walk(folder)) {
            files = found.filter(file -> file.toString().endsWith(SUFFIX) && Files.isRegularFile(file))
                    .sorted()
                    .toList();
        }
        List<Script> scripts = new ArrayList<>();
        for (Path file : files) {
            scripts.add(new Script(folder.relativize(file).toString().replace('\\', '/'), Files.readString(file)));
        }
        return scripts;
    }

    @Override
    public String toString() {
        return path;
    }
}
