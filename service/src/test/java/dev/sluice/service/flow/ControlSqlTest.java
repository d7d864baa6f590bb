package dev.sluice.service.flow;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The program knows no table and no function of the control schema: it asks the stores of the data
/// path, which know what a row of theirs means. What a message tells a user to type is no statement of
/// ours.
class ControlSqlTest {
    private static final Path SOURCES = Path.of("src/main/java");

    private static final Pattern SQL = Pattern.compile(
            "(?:\\b(?:from|join|into|update|table|only|exists|select|where|and|or|not|copy)\\b[\\s(]*|[,(=]\\s*)"
                    + "\"?sluice\"?\\.(?!applying)[a-z_]*(?![\\w.])",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern FOR_USERS = Pattern.compile("SELECT \\* FROM sluice\\.\\w+", Pattern.CASE_INSENSITIVE);

    @Test
    void theProgramHoldsNoStatementOnTheControlSchema() throws IOException {
        List<String> found = new ArrayList<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
                for (String statement : statements(Files.readString(file))) {
                    found.add(SOURCES.relativize(file) + ": " + statement);
                }
            }
        }

        assertThat(found).isEmpty();
    }

    @Test
    void aStatementIsFoundInWhateverItAsks() {
        assertThat(List.of(
                        "\"SELECT count(*) FROM sluice.drift\"",
                        "\"SELECT state FROM\"\n  + \" sluice.drift\"",
                        "\"\"\"\n  SELECT 1\n  FROM a JOIN sluice.drift d\"\"\"",
                        "\"DELETE FROM sluice.\" + table",
                        "\"SELECT sluice.wait_for(?, ?)\"",
                        "\"SELECT a FROM t WHERE NOT sluice.writes_moved(p, c)\"",
                        "\"INSERT INTO sluice.read_route VALUES (1)\""))
                .allSatisfy(text -> assertThat(statements(text)).isNotEmpty());
        assertThat(List.of(
                        "\"3 rows differ: SELECT * FROM sluice.drift shows which.\"",
                        "// SELECT 1 FROM sluice.drift",
                        "import dev.sluice.verify.Verifier;",
                        "sluice.execute(\"CHECKPOINT\");"))
                .allSatisfy(text -> assertThat(statements(text)).isEmpty());
    }

    /// The statements in the strings of a source text, each from where it names the schema.
    private static List<String> statements(String source) {
        String joined = source.replaceAll("(?m)^\\s*//.*$", "").replaceAll("\"\\s*\\+\\s*\"", "");
        String ours = FOR_USERS.matcher(joined).replaceAll("");
        List<String> found = new ArrayList<>();
        Matcher strings = Pattern.compile("\"\"\".*?\"\"\"|\"(?:[^\"\\\\\\n]|\\\\.)*\"", Pattern.DOTALL)
                .matcher(ours);
        while (strings.find()) {
            Matcher sql = SQL.matcher(strings.group());
            while (sql.find()) {
                found.add(sql.group().strip());
            }
        }
        return found;
    }
}
