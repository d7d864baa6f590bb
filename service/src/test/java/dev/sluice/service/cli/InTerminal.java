package dev.sluice.service.cli;

import dev.sluice.service.program.Program;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// The program in a terminal of its own, as a user at a keyboard has it.
final class InTerminal implements AutoCloseable {
    private static final long BOUND_SECONDS = 90;

    private final Process driver;
    private final Path output;

    private InTerminal(Process driver, Path output) {
        this.driver = driver;
        this.output = output;
    }

    static InTerminal start(Map<String, String> settings, int columns, int rows, String... arguments) {
        try {
            Path script = Files.createTempFile("sluice-terminal-", ".py");
            try (InputStream source = InTerminal.class.getResourceAsStream("/watch/terminal.py")) {
                Files.copy(source, script, StandardCopyOption.REPLACE_EXISTING);
            }
            Path output = Files.createTempFile("sluice-terminal-", ".out");
            List<String> command = new ArrayList<>(List.of(
                    "python3", script.toString(), output.toString(), String.valueOf(columns), String.valueOf(rows)));
            command.addAll(Program.command(List.of("-Xmx256m", "-XX:+UseSerialGC"), Arrays.asList(arguments)));
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().keySet().removeIf(Cli::isSetting);
            builder.environment().remove("NO_COLOR");
            builder.environment().put("TERM", "xterm-256color");
            builder.environment().put("LC_ALL", "C.UTF-8");
            builder.environment().putAll(settings);
            return new InTerminal(builder.start(), output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// All that was written to the terminal so far.
    String written() {
        try {
            return new String(Files.readAllBytes(output), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void resize(int columns, int rows) {
        act("size " + columns + " " + rows);
    }

    void type(String text) {
        act("type " + text);
    }

    void signal(String name) {
        act("signal " + name);
    }

    private void act(String what) {
        try {
            driver.getOutputStream().write((what + "\n").getBytes(StandardCharsets.UTF_8));
            driver.getOutputStream().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// How it ended: `exit 0, modes as before`.
    String await() {
        try {
            if (!driver.waitFor(BOUND_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("Not ended after " + BOUND_SECONDS + " s: " + written());
            }
            return new String(driver.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    @Override
    public void close() {
        driver.descendants().forEach(ProcessHandle::destroyForcibly);
        driver.destroyForcibly();
    }
}
