package dev.sluice.after;

import dev.sluice.schema.Catalog;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/// The demo's mapping in a folder, with scripts that come after the copy.
final class ScriptFolder {
    private final Path folder;
    private final Path after;

    ScriptFolder(Path folder) throws IOException {
        this.folder = folder;
        this.after = Files.createDirectories(folder.resolve("migrations/after"));
        copy("mapping.yaml");
        copy("migrations/V0001__demo_shop.sql");
    }

    private void copy(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(
                ScriptFolder.class.getClassLoader().getResourceAsStream("catalog/demo/" + name))) {
            Files.write(folder.resolve(name), in.readAllBytes());
        }
    }

    ScriptFolder with(String name, String sql) throws IOException {
        Files.writeString(after.resolve(name), sql);
        return this;
    }

    ScriptFolder without(String name) throws IOException {
        Files.delete(after.resolve(name));
        return this;
    }

    Catalog.Entry entry() {
        return Catalog.load(folder.toString());
    }

    AfterScripts scripts() {
        return AfterScripts.of(entry());
    }
}
