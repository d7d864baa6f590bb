package dev.sluice.service.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What `deploy` has for those who watch: rules, dashboards and runbooks.
final class DeployedFiles {
    private static final Path DEPLOY = Path.of("..", "deploy").toAbsolutePath().normalize();
    private static final Pattern ALERT = Pattern.compile("- alert: (\\S+)");
    private static final Pattern BLOCK = Pattern.compile("(?ms)^ *```(sh|sql|promql|js)\\n(.*?)^ *```$");

    private DeployedFiles() {}

    static Path prometheus() {
        return DEPLOY.resolve("prometheus");
    }

    static Path runbook(String alert) {
        return DEPLOY.resolve("runbooks").resolve(alert + ".md");
    }

    /// The names of all alerts, in the order of the rules.
    static List<String> alerts() {
        List<String> alerts = new ArrayList<>();
        Matcher found = ALERT.matcher(read(prometheus().resolve("rules/alerts.yml")));
        while (found.find()) {
            alerts.add(found.group(1));
        }
        return alerts;
    }

    static List<JsonNode> dashboards() throws IOException {
        List<JsonNode> dashboards = new ArrayList<>();
        try (Stream<Path> files = Files.list(DEPLOY.resolve("grafana/dashboards"))) {
            for (Path file : files.sorted().toList()) {
                dashboards.add(new JsonMapper().readTree(file.toFile()));
            }
        }
        return dashboards;
    }

    /// Something that a runbook says to do.
    ///
    /// @param language `sh`, `sql`, `promql` or `js`
    /// @param text one command
    record Command(String runbook, String language, String text) {}

    /// What the runbooks of all alerts say to do, command by command.
    static List<Command> commands() {
        List<Command> commands = new ArrayList<>();
        for (String alert : alerts()) {
            Matcher block = BLOCK.matcher(read(runbook(alert)));
            while (block.find()) {
                String text = block.group(2).strip();
                List<String> parts = block.group(1).equals("sql")
                        ? List.of(text)
                        : text.lines().toList();
                parts.forEach(part -> commands.add(new Command(alert, block.group(1), part.strip())));
            }
        }
        return commands;
    }

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
