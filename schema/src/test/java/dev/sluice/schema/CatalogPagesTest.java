package dev.sluice.schema;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The page of each ready-made system says which collection becomes which tables. The mapping says it too,
/// so that part of the page is made from it, between two marks. To write it again after a change:
/// `mvn test -pl schema -Dtest=CatalogPagesTest -Dcatalog.pages=write`.
class CatalogPagesTest {
    private static final Path CATALOG = Path.of("src/main/resources/catalog");
    private static final String BEGIN = "<!-- collections:begin -->\n";
    private static final String END = "<!-- collections:end -->";
    private static final Pattern CREATE_TABLE =
            Pattern.compile("(?m)^\\s*CREATE TABLE (?:IF NOT EXISTS )?([\\w.]+) \\(");

    static List<String> systems() {
        return Catalog.NAMES;
    }

    @ParameterizedTest
    @MethodSource("systems")
    void thePageSaysWhatTheMappingSays(String system) throws IOException {
        Path page = CATALOG.resolve(system).resolve("README.md");
        String text = Files.readString(page);
        assertThat(text).as(page + " has the two marks").contains(BEGIN).contains(END);
        int begin = text.indexOf(BEGIN) + BEGIN.length();
        String table = table(system);
        if ("write".equals(System.getProperty("catalog.pages"))) {
            text = text.substring(0, begin) + table + text.substring(text.indexOf(END));
            Files.writeString(page, text);
        }
        assertThat(text.substring(begin, text.indexOf(END)))
                .as("the collections in " + page
                        + "; written again by: mvn test -pl schema -Dtest=CatalogPagesTest -Dcatalog.pages=write")
                .isEqualTo(table);
    }

    @Test
    void everyFolderOfTheCatalogHasItsNameInTheList() throws IOException {
        try (Stream<Path> folders = Files.list(CATALOG)) {
            assertThat(folders.map(f -> f.getFileName().toString())).containsExactlyInAnyOrderElementsOf(Catalog.NAMES);
        }
    }

    private static String table(String system) throws IOException {
        Mapping mapping = Catalog.load(system).mapping();
        List<String> lines = new ArrayList<>();
        lines.add("| collection | tables | rows come from | status |");
        lines.add("| --- | --- | --- | --- |");
        Set<String> unmapped = tables(system);
        for (CollectionMapping collection : mapping.collections()) {
            List<String> tables = new ArrayList<>();
            List<String> rows = new ArrayList<>();
            tables.add(shown(collection.table(), mapping));
            rows.add(documents(collection) + waits(collection.columns(), mapping));
            for (ChildMapping child : collection.children()) {
                tables.add(shown(child.table(), mapping));
                rows.add("each element of `" + child.path() + "`" + waits(child.columns(), mapping));
            }
            unmapped.removeIf(name -> tables.contains("`" + name + "`"));
            String status = switch (collection.onDelete()) {
                case DELETE -> "copied and followed";
                case KEEP -> "copied and followed; rows stay when documents go";
            };
            lines.add(row(
                    "`" + collection.collection() + "`", String.join(", ", tables), String.join("; ", rows), status));
        }
        if (!mapping.ignored().isEmpty()) {
            lines.add(row(names(mapping.ignored()), "none", "", "left alone on purpose"));
        }
        if (!unmapped.isEmpty()) {
            lines.add(row("none", names(unmapped), "", "made, but nothing is copied into them"));
        }
        return String.join("\n", lines) + "\n";
    }

    private static String row(String... cells) {
        return "| " + String.join(" | ", cells) + " |";
    }

    private static String names(Iterable<String> names) {
        List<String> quoted = new ArrayList<>();
        names.forEach(name -> quoted.add("`" + name + "`"));
        return String.join(", ", quoted);
    }

    private static String documents(CollectionMapping collection) {
        StringBuilder text = new StringBuilder("each document");
        reasons(collection, SkipRule.Then.SKIP, " but those with: ", text);
        reasons(collection, SkipRule.Then.DEAD_LETTER, "; a dead letter: ", text);
        Dedupe dedupe = collection.dedupe();
        if (dedupe != null) {
            text.append("; one for each ").append(names(dedupe.by()));
        }
        return text.toString();
    }

    /// Rows that are not there before those they refer to.
    private static String waits(List<ColumnMapping> columns, Mapping mapping) {
        Set<String> tables = new LinkedHashSet<>();
        for (ColumnMapping column : columns) {
            Reference reference = column.reference();
            if (reference != null && reference.orphan() == Reference.Orphan.SKIP) {
                tables.add(shown(reference.table(), mapping));
            }
        }
        return tables.isEmpty() ? "" : "; waits for its row in " + String.join(", ", tables);
    }

    private static void reasons(CollectionMapping collection, SkipRule.Then then, String heading, StringBuilder text) {
        List<String> reasons = collection.skips().stream()
                .filter(s -> s.then() == then)
                .map(SkipRule::reason)
                .distinct()
                .toList();
        if (!reasons.isEmpty()) {
            text.append(heading).append(String.join(", ", reasons));
        }
    }

    private static String shown(TableName table, Mapping mapping) {
        return "`" + (table.schema().equals(mapping.schema()) ? table.table() : table.schema() + "." + table.table())
                + "`";
    }

    /// The tables that the system's migrations make, as their statements name them.
    private static Set<String> tables(String system) throws IOException {
        Set<String> names = new LinkedHashSet<>();
        List<Path> migrations;
        try (Stream<Path> files = Files.list(CATALOG.resolve(system).resolve("migrations"))) {
            migrations = files.filter(Files::isRegularFile).sorted().toList();
        }
        for (Path migration : migrations) {
            Matcher create = CREATE_TABLE.matcher(Files.readString(migration));
            while (create.find()) {
                names.add(create.group(1));
            }
        }
        return names;
    }
}
