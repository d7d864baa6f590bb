package dev.sluice.service.bench;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.io.PrintStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The script `sluice` of a checkout or a release, as a bench starts the program in a process of its own.
///
/// @param name for people
/// @param option that names it on the command line
record Launcher(String name, String option, Path script) {
    static final String OPTION = "--launcher";

    private static final Pattern VERSION = Pattern.compile("sluice (\\S.*)");
    private static final Duration WARM_MAX = Duration.ofMinutes(15);

    /// @param given the script; null for the one of the program that runs here
    /// @throws SluiceException when it is no file that can be run, or when none was given and this program was not
    ///     started by one
    static Launcher of(String name, String option, @Nullable Path given) {
        Path script = given == null ? ofThisProgram() : given.toAbsolutePath();
        if (!Files.isExecutable(script) || Files.isDirectory(script)) {
            throw new SluiceException(
                    FailureKind.BAD_SETTING,
                    "There is no launcher " + script + ": name the script `sluice` of a checkout or a release with "
                            + option + "; `sluice bench cold --help` explains it.");
        }
        return new Launcher(name, option, script);
    }

    /// In a checkout the program is `service/target/sluice.jar`, in a release `lib/sluice.jar`.
    private static Path ofThisProgram() {
        CodeSource source = Launcher.class.getProtectionDomain().getCodeSource();
        try {
            Path folder = source == null
                    ? null
                    : Path.of(source.getLocation().toURI()).getParent();
            if (folder != null && folder.endsWith(Path.of("service", "target"))) {
                return folder.resolveSibling("..").resolve("sluice").normalize();
            }
            return folder == null ? Path.of("sluice") : folder.resolveSibling("sluice");
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    List<String> command(String... arguments) {
        List<String> command = new ArrayList<>(List.of(script.toString()));
        command.addAll(List.of(arguments));
        return command;
    }

    /// Builds the program and makes its start cache where these are missing, so that neither is in a measurement. A
    /// launcher of before there was a cache refuses, which is as good.
    ///
    /// @throws SluiceException when it does not answer as Sluice does
    void prepare(PrintStream progress) throws InterruptedException {
        requireSluice();
        if ("no".equals(System.getenv("SLUICE_START_CACHE"))) {
            progress.println(name + ": " + script);
            return;
        }
        try (ColdProcess process = ColdProcess.start(command("warm"), Map.of())) {
            progress.println(name + ": " + script
                    + (process.awaitEnd(WARM_MAX).exitCode() == 0
                            ? ", with its start cache"
                            : ", without a start cache: " + process.lastWords()));
        }
    }

    private void requireSluice() throws InterruptedException {
        try (ColdProcess process = ColdProcess.start(command("--version"), Map.of())) {
            ColdProcess.Usage usage = process.awaitEnd(WARM_MAX);
            if (usage.exitCode() != 0 || !process.said(VERSION)) {
                String said = process.lastWords();
                throw new SluiceException(
                        FailureKind.BAD_SETTING,
                        "The launcher " + script
                                + " does not start Sluice, so nothing was measured: asked for --version it"
                                + " ended with exit code " + usage.exitCode() + " and said "
                                + (said.isEmpty() ? "nothing" : "\"" + said + "\"")
                                + ". Name the script `sluice` of a checkout or a release with " + option
                                + "; `sluice bench cold --help` explains it.");
            }
        }
    }
}
