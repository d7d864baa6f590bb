package dev.sluice.service.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.audit.AuditAction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// The audit has one owner, and one list of what it has entries of.
class AuditTest {
    private static final Pattern STATEMENT = Pattern.compile("(INSERT INTO|FROM|UPDATE|JOIN) sluice\\.audit\\b");

    @Test
    @DisplayName("operations.md has each action of the audit, and no other")
    void theyAreDocumented() throws IOException {
        List<String> documented = new ArrayList<>();
        String text = Files.readString(Path.of("docs", "operations.md"));
        Matcher row = Pattern.compile("^\\| `([a-z_]+)` \\|", Pattern.MULTILINE)
                .matcher(text.substring(text.indexOf("`sluice.audit`\n"), text.indexOf("\n## Counts")));
        while (row.find()) {
            documented.add(row.group(1));
        }

        assertThat(documented)
                .containsExactlyInAnyOrderElementsOf(
                        Stream.of(AuditAction.values()).map(AuditAction::text).toList());
    }

    @Test
    @DisplayName("one class has statements on sluice.audit")
    void oneOwner() throws IOException {
        List<String> owners = new ArrayList<>();
        for (String module : List.of("schema", "connectors", "service")) {
            try (Stream<Path> files = Files.walk(Path.of("..", module, "src", "main", "java"))) {
                for (Path file :
                        files.filter(f -> f.toString().endsWith(".java")).toList()) {
                    // A statement's text may be in several literals.
                    String code = Files.readString(file).replaceAll("\"\\s*\\+\\s*\"", "");
                    if (STATEMENT.matcher(code).find()) {
                        owners.add(file.getFileName().toString());
                    }
                }
            }
        }

        assertThat(owners).containsExactly("Audit.java");
    }
}
