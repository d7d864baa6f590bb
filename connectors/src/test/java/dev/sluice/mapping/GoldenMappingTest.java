package dev.sluice.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.mapping.row.MappingResult;
import dev.sluice.mapping.row.RowText;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.Catalog;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.Mapping;
import dev.sluice.schema.MappingReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bson.BsonDocument;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Runs every case under `golden/<system>/`: a mapping, documents, and the rows, quarantined values, skips
/// or rejections they must become. The README in that folder has the format; a new case needs a text file
/// and nothing else.
class GoldenMappingTest {

    @TestFactory
    Stream<DynamicTest> documentsBecomeTheirRows() {
        return GoldenFiles.cases().stream().flatMap(file -> {
            Case golden = Case.read(file);
            String name = GoldenFiles.root().relativize(file).toString();
            return golden.examples().stream()
                    .map(example -> DynamicTest.dynamicTest(
                            name + ":" + example.line(),
                            () -> assertThat(actual(golden, example)).isEqualTo(example.expected())));
        });
    }

    @Test
    void thereAreCasesForEachSystemOfTheCatalog() {
        assertThat(GoldenFiles.cases().stream()
                        .map(f -> f.getName(f.getNameCount() - 2).toString()))
                .containsAll(Catalog.NAMES);
    }

    /// The mappings of the cases that are about the language and no system.
    static List<DocumentMapper> languageMappers() {
        return GoldenFiles.cases().stream()
                .filter(file -> file.getName(file.getNameCount() - 2).toString().equals("language"))
                .map(file -> mapper(Case.read(file).mapping(), first -> false))
                .toList();
    }

    /// @param expected one entry for each thing the document becomes, continuation lines joined
    private record Example(int line, String document, List<String> expected) {}

    private record Case(CollectionMapping mapping, List<Example> examples) {
        static Case read(Path file) {
            List<String> lines;
            try {
                lines = Files.readAllLines(file);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            StringBuilder mapping = new StringBuilder();
            List<Example> examples = new ArrayList<>();
            StringBuilder document = new StringBuilder();
            List<String> expected = new ArrayList<>();
            String part = "";
            int start = 0;
            for (int i = 0; i <= lines.size(); i++) {
                String line = i < lines.size() ? lines.get(i) : "document:";
                if (line.startsWith("#") || line.isBlank()) {
                    continue;
                }
                if (!line.startsWith(" ")) {
                    if (line.startsWith("document:") && start > 0) {
                        examples.add(new Example(start, document.toString(), List.copyOf(expected)));
                        document.setLength(0);
                        expected.clear();
                    }
                    start = line.startsWith("document:") ? i + 1 : start;
                    int colon = line.indexOf(':');
                    part = line.substring(0, colon);
                    line = "  " + line.substring(colon + 1).strip();
                    if (line.isBlank()) {
                        continue;
                    }
                }
                switch (part) {
                    case "mapping" -> mapping.append(line.substring(2)).append('\n');
                    case "document" -> document.append(line).append('\n');
                    case "becomes" -> {
                        if (line.startsWith("    ")) {
                            expected.add(expected.removeLast() + " " + line.strip());
                        } else {
                            expected.add(line.strip());
                        }
                    }
                    default -> throw new AssertionError(file + ":" + (i + 1) + ": a line that belongs nowhere");
                }
            }
            assertThat(examples).as(file + " has documents").isNotEmpty();
            return new Case(collection(file, mapping.toString()), examples);
        }

        private static CollectionMapping collection(Path file, String text) {
            String[] catalog = text.strip().split("/");
            if (catalog.length == 2 && Catalog.NAMES.contains(catalog[0])) {
                CollectionMapping found =
                        Catalog.load(catalog[0]).mapping().byCollection().get(catalog[1]);
                return Objects.requireNonNull(found, text);
            }
            Mapping mapping = MappingReader.read(file.toString(), "mapping: golden\ndatabase: golden\n" + text);
            return mapping.collections().getFirst();
        }
    }

    static DocumentMapper mapper(CollectionMapping mapping, UsualIds usual) {
        DocumentMapper mapper = DocumentMapper.of(mapping);
        mapper.decideKeysBy(collection -> usual);
        return mapper;
    }

    private static List<String> actual(Case golden, Example example) {
        // As for a pipeline whose collection holds this document alone.
        DocumentMapper mapper = mapper(golden.mapping(), first -> first);
        MappingResult result = mapper.map(BsonDocument.parse(example.document()));
        List<String> lines = new ArrayList<>();
        switch (result) {
            case MappingResult.Skipped(String reason) -> lines.add("skipped: " + reason);
            case MappingResult.Rejected(String column, String path, String reason) ->
                lines.add("rejected " + column + " at " + path + ": " + reason);
            case MappingResult.Mapped mapped -> {
                lines.add(row(mapper.shape(), mapped.row(), expectedRow(example, lines.size())));
                for (int child = 0; child < mapped.children().size(); child++) {
                    TableShape shape = mapper.childShapes().get(child);
                    for (@Nullable Object[] row : mapped.children().get(child)) {
                        lines.add(row(shape, row, expectedRow(example, lines.size())));
                    }
                }
                mapped.misfits()
                        .forEach(m -> lines.add("quarantined " + m.column() + " at " + m.path() + ": " + m.reason()
                                + ": " + RowText.extendedJson(m.value())));
                if (example.expected().stream().anyMatch(line -> line.startsWith("unmapped "))) {
                    lines.add("unmapped "
                            + (mapped.unmapped().isEmpty() ? "none" : String.join(", ", mapped.unmapped())));
                }
            }
        }
        return lines;
    }

    private static String expectedRow(Example example, int line) {
        return line < example.expected().size() ? example.expected().get(line) : "";
    }

    /// All columns of the row; only those that the expectation names where it ends in `..`.
    private static String row(TableShape shape, @Nullable Object[] row, String expected) {
        assertThat(row).hasSize(shape.columns().size());
        boolean partial = expected.endsWith(" ..");
        StringBuilder line = new StringBuilder(shape.table().table());
        for (int i = 0; i < row.length; i++) {
            TableShape.Column column = shape.columns().get(i);
            Matcher named = Pattern.compile(" " + column.name() + "=").matcher(expected);
            if (!partial || named.find()) {
                line.append(' ').append(column.name()).append('=').append(RowText.of(row[i], column.type()));
            }
        }
        return line + (partial ? " .." : "");
    }
}
