package dev.sluice.service.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/// A mapping with its migrations in a folder of its own, for processes of any version. Gone when closed.
///
/// @param path what SLUICE_MAPPING names
record MappingFolder(Path path) implements AutoCloseable {
    private static final String DEMO = "catalog/demo/";
    private static final String MIGRATION = "V0001__bench.sql";

    /// The demo's, but for the indexes that come after a copy: the bare loops have none of them.
    static MappingFolder ofDemo() {
        return write(resource(DEMO + "mapping.yaml"), resource(DEMO + "migrations/V0001__demo_shop.sql"));
    }

    /// Users in many collections, each with a table like the demo's users.
    static MappingFolder ofCollections(int count) {
        String mapping = resource(DEMO + "mapping.yaml");
        String users = mapping.substring(mapping.indexOf("  users:\n"), mapping.indexOf("  orders:\n"));
        String tables = resource(DEMO + "migrations/V0001__demo_shop.sql");
        String table = tables.substring(tables.indexOf("CREATE TABLE users"), tables.indexOf("CREATE TABLE orders"));
        StringBuilder yaml = new StringBuilder("mapping: demo\ndatabase: shop\n\ncollections:\n");
        StringBuilder sql = new StringBuilder();
        for (int n = 0; n < count; n++) {
            yaml.append(users.replace("  users:\n", "  " + collection(n) + ":\n")
                    .replace("table: users", "table: " + collection(n)));
            sql.append(table.replace("CREATE TABLE users", "CREATE TABLE " + collection(n)));
        }
        return write(yaml.toString(), sql.toString());
    }

    /// The name of a collection of [#ofCollections], and of its table.
    ///
    /// @param number from 0
    static String collection(int number) {
        return "users_" + number;
    }

    String text() {
        return path.toString();
    }

    private static MappingFolder write(String mapping, String migration) {
        try {
            Path folder = WorkFolder.freshFolder("mapping");
            Files.createDirectory(folder.resolve("migrations"));
            Files.writeString(folder.resolve("mapping.yaml"), mapping);
            Files.writeString(folder.resolve("migrations").resolve(MIGRATION), migration);
            return new MappingFolder(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String resource(String name) {
        try (InputStream in = MappingFolder.class.getClassLoader().getResourceAsStream(name)) {
            return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        WorkFolder.remove(path);
    }
}
