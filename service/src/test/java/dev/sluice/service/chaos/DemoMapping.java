package dev.sluice.service.chaos;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.UnaryOperator;

/// The demo's mapping in a folder of its own, with its migrations, changed as a test needs it.
final class DemoMapping {
    private static final String MIGRATION = "migrations/V0001__demo_shop.sql";

    private DemoMapping() {}

    /// @param change of the mapping's text
    /// @return the folder, as SLUICE_MAPPING takes it
    static String copy(Path folder, UnaryOperator<String> change) throws IOException {
        Files.createDirectories(folder.resolve(MIGRATION).getParent());
        Files.writeString(folder.resolve(MIGRATION), resource(MIGRATION));
        Files.writeString(folder.resolve("mapping.yaml"), change.apply(resource("mapping.yaml")));
        return folder.toString();
    }

    /// The mapping without its columns of the rest, so that there are fields that nothing reads.
    static String withoutRest(Path folder) throws IOException {
        return copy(folder, text -> text.replaceAll("(?m)^      rest: .*$", ""));
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(
                DemoMapping.class.getClassLoader().getResourceAsStream("catalog/demo/" + name))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
