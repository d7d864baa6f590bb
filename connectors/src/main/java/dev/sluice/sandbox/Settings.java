package dev.sluice.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What the sandbox takes from its surroundings.
final class Settings {

    private Settings() {}

    /// The system property or else the environment variable of that name; empty when neither is set or it
    /// is blank.
    static Optional<String> named(String name) {
        @Nullable String value = System.getProperty(name);
        if (value == null || value.isBlank()) {
            value = System.getenv(name);
        }
        return Optional.ofNullable(value).filter(text -> !text.isBlank()).map(String::strip);
    }

    /// The folder `.sluice`, made when missing, in which things are kept that are too dear to make at every
    /// start. It lies in the folder named by SLUICE_HOME, or else in the project that the working directory
    /// belongs to, or else in the working directory.
    ///
    /// @throws IOException when it can't be made
    static Path localFolder() throws IOException {
        Path parent = named("SLUICE_HOME").map(Path::of).orElseGet(Settings::project);
        return Files.createDirectories(parent.toAbsolutePath().resolve(".sluice"));
    }

    /// This machine's operating system: `linux`, `macos`, or what Java calls it in lower case.
    static String operatingSystem() {
        String name = System.getProperty("os.name", "unknown").toLowerCase(Locale.ROOT);
        return name.startsWith("mac") ? "macos" : name;
    }

    /// This machine's processor: `x86_64`, `aarch64`, or what Java calls it.
    static String architecture() {
        String name = System.getProperty("os.arch", "unknown");
        return name.equals("amd64") ? "x86_64" : name;
    }

    private static Path project() {
        Path working = Path.of("").toAbsolutePath();
        // Tests of a module run in the module's folder; .mvn marks the top one.
        for (@Nullable Path folder = working; folder != null; folder = folder.getParent()) {
            if (Files.isDirectory(folder.resolve(".mvn"))) {
                return folder;
            }
        }
        return working;
    }
}
