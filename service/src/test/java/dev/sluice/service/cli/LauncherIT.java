package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import javax.tools.JavaCompiler;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The launcher and its start cache, with a program of two jars in the place of Sluice: the JVM runs the
/// classes of a cache whatever is in the jars, so it must get one only where nothing has changed.
@DisplayName("The launcher's start cache")
class LauncherIT {
    private static final long BOUND_SECONDS = 60;
    private static final Path LAUNCHER = Path.of("..", "sluice");

    /// Of every jar, so that the time of its writing never tells one from another.
    private static final FileTime WRITTEN = FileTime.fromMillis(1_700_000_000_000L);

    /// Says its words, and whether it was started with a cache.
    private static final String PROGRAM = """
            package dev.sluice.service;

            public final class Application {
                public static void main(String[] arguments) {
                    if (System.getenv("POSTGRES_URI") != null && arguments[0].equals("warm")) {
                        System.exit(7);
                    }
                    boolean cached = java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments()
                            .stream().anyMatch(argument -> argument.startsWith("-XX:AOTCache="));
                    System.out.println(Words.WORDS.toString() + (cached ? ", cached" : ", not cached"));
                }
            }
            """;

    private final Path root;

    LauncherIT(@TempDir Path folder) {
        // A blank in the name, as some people's folders have.
        this.root = folder.resolve("a sluice");
    }

    @BeforeEach
    void install() throws IOException {
        Files.createDirectories(root.resolve("lib"));
        Files.copy(LAUNCHER, root.resolve("sluice"));
        build("old");
    }

    @Test
    @DisplayName("is used once it is made, and a class that was changed runs changed, though its jar looks as before")
    void aChangedClassRuns() throws Exception {
        assertThat(sluice("say").out).isEqualTo("old, not cached");
        warm();
        assertThat(sluice("say").out).isEqualTo("old, cached");
        assertThat(sluice("--help").out).as("what starts faster without").isEqualTo("old, not cached");

        long size = Files.size(jar("words"));
        build("new");
        assertThat(Files.size(jar("words"))).isEqualTo(size);

        assertThat(sluice("say").out).isEqualTo("new, not cached");
        assertThat(caches()).isEmpty();
    }

    @Test
    @DisplayName(
            "is not used with another class path, options that change what the JVM does, or a cache that was written to")
    void anyDoubtIsEnough() throws Exception {
        warm();
        for (String option :
                List.of("-XX:+UseSerialGC", "-XX:-UseCompressedOops", "--add-opens=java.base/java.lang=ALL-UNNAMED")) {
            assertThat(sluice(Map.of("SLUICE_JAVA_OPTS", option), "say").out)
                    .as(option)
                    .isEqualTo("old, not cached");
            assertThat(sluice(Map.of("JDK_JAVA_OPTIONS", option), "say").out)
                    .as(option)
                    .isEqualTo("old, not cached");
        }
        assertThat(sluice(Map.of("SLUICE_START_CACHE", "no"), "say").out).isEqualTo("old, not cached");
        assertThat(sluice(Map.of("SLUICE_JAVA_OPTS", "-Xmx64m -Dsome=thing"), "say").out)
                .as("these change nothing")
                .isEqualTo("old, cached");

        Files.copy(jar("words"), jar("more"));
        assertThat(sluice("say").out).isEqualTo("old, not cached");
        Files.delete(jar("more"));
        assertThat(caches()).as("it was deleted at the first doubt").isEmpty();

        warm();
        try (OutputStream cache = Files.newOutputStream(caches().getFirst(), StandardOpenOption.APPEND)) {
            cache.write(0);
        }
        assertThat(sluice("say").out).isEqualTo("old, not cached");
    }

    @Test
    @DisplayName("is still used when the jars were only touched, or copied over with the same contents")
    void theSameContentsAreTheSame() throws Exception {
        warm();
        build("old");
        Files.setLastModifiedTime(jar("sluice"), FileTime.fromMillis(0));

        assertThat(sluice("say").out).isEqualTo("old, cached");

        Files.writeString(root.resolve(".sluice/start.seal"), "");
        Ended broken = sluice("say");
        assertThat(broken.out + broken.err).as("a seal that can't be read").isEqualTo("old, not cached");
    }

    @Test
    @DisplayName("is not made where the training fails, which changes nothing else")
    void aFailedTraining() throws Exception {
        jar(jar("words"), "package dev.sluice.service; class Words { static final String WORDS = null; }");

        Ended failed = sluice("warm");

        assertThat(failed.code).as(failed.err).isEqualTo(3);
        assertThat(failed.err).contains("NullPointerException", "sluice: no start cache was made");
        assertThat(caches()).isEmpty();
        build("old");
        assertThat(sluice("say").out).isEqualTo("old, not cached");
    }

    @Test
    @DisplayName("is done without where there is no place for it")
    void noPlace() throws Exception {
        Files.createFile(root.resolve(".sluice"));

        assertThat(sluice("say").out).isEqualTo("old, not cached");
        assertThat(sluice("warm").err).contains("can't write to ", "no place for the start cache");
    }

    /// With a setting of the user that the training may not see: the program would end with 7.
    private void warm() throws Exception {
        Ended warmed = sluice(Map.of("POSTGRES_URI", "postgresql://somewhere/db"), "warm");
        assertThat(warmed.code).as(warmed.err + warmed.out).isZero();
        assertThat(caches()).hasSize(1);
    }

    private List<Path> caches() throws IOException {
        Path folder = root.resolve(".sluice");
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".aot")).toList();
        }
    }

    private Path jar(String name) {
        return root.resolve("lib").resolve(name + ".jar");
    }

    /// A program that says some words, in jars that are the same for the same words.
    private void build(String words) throws IOException {
        jar(
                jar("words"),
                "package dev.sluice.service; class Words { static final String WORDS = new String(\"" + words
                        + "\"); }");
        jar(jar("sluice"), PROGRAM, "package dev.sluice.service; class Words { static final String WORDS = null; }");
    }

    /// A jar with the class of the first source; others are for the compiler only.
    private static void jar(Path jar, String... sources) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        Path classes = Files.createTempDirectory("launcher");
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        JavaCompiler.CompilationTask task = compiler.getTask(
                new java.io.OutputStreamWriter(said, StandardCharsets.UTF_8),
                null,
                null,
                List.of("-d", classes.toString()),
                null,
                Stream.of(sources).map(Source::new).toList());
        assertThat(task.call()).as(said.toString(StandardCharsets.UTF_8)).isTrue();
        String name = "dev/sluice/service/" + Source.className(sources[0]) + ".class";
        JarEntry entry = new JarEntry(name);
        entry.setTime(0);
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
            // Not compressed, so that other words of the same length make a jar of the same size.
            out.setLevel(Deflater.NO_COMPRESSION);
            out.putNextEntry(entry);
            Files.copy(classes.resolve(name), out);
        }
        Files.setLastModifiedTime(jar, WRITTEN);
    }

    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(String text) {
            super(URI.create("string:///dev/sluice/service/" + className(text) + ".java"), Kind.SOURCE);
            this.text = text;
        }

        static String className(String text) {
            return text.replaceAll("(?s).*?class (\\w+) .*", "$1");
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }

    /// What the launcher left behind.
    private record Ended(int code, String out, String err) {}

    private Ended sluice(String... arguments) throws Exception {
        return sluice(Map.of(), arguments);
    }

    private Ended sluice(Map<String, String> environment, String... arguments) throws Exception {
        Path out = Files.createTempFile("launcher", ".out");
        Path err = Files.createTempFile("launcher", ".err");
        List<String> command = Stream.concat(
                        Stream.of("sh", root.resolve("sluice").toString()), Stream.of(arguments))
                .toList();
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().keySet().removeIf(name -> Cli.isSetting(name) || name.endsWith("_OPTIONS"));
        builder.environment().put("SLUICE_JAVA_HOME", System.getProperty("java.home"));
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            assertThat(process.waitFor(BOUND_SECONDS, TimeUnit.SECONDS))
                    .as("ended in time")
                    .isTrue();
            return new Ended(process.exitValue(), Files.readString(out).strip(), Files.readString(err));
        } finally {
            process.destroyForcibly();
            Files.delete(out);
            Files.delete(err);
        }
    }
}
