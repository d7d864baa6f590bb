package dev.sluice.mapping.convert;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.mapping.GoldenFiles;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.Conversion;
import dev.sluice.schema.MappingReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// The conversions of `golden/conversions.txt`, with what they make of values.
public final class GoldenConversions {
    private GoldenConversions() {}

    /// @param line its number in the file, from 1
    /// @param column with the conversions
    /// @param from a value as JSON; `-` for none
    /// @param to what it becomes, and what is said of it
    public record Case(int line, ColumnMapping column, String from, String to) {}

    /// Every line of the file that has a value, in its order.
    public static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        List<String> lines = GoldenFiles.read("conversions.txt").lines().toList();
        ColumnMapping column = null;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            if (!line.startsWith(" ")) {
                column = column(line);
                continue;
            }
            int arrow = line.lastIndexOf(" -> ");
            assertThat(arrow).as("an arrow in line " + (i + 1)).isPositive();
            cases.add(new Case(
                    i + 1,
                    Objects.requireNonNull(column),
                    line.substring(0, arrow).strip(),
                    line.substring(arrow + 4).strip()));
        }
        return cases;
    }

    /// Every conversion of the file.
    public static List<Conversion> conversions() {
        return cases().stream()
                .flatMap(golden -> golden.column().conversions().stream())
                .distinct()
                .toList();
    }

    private static ColumnMapping column(String line) {
        int list = line.startsWith("[") ? 0 : line.indexOf(" [") + 1;
        String type = list == 0 ? "jsonb" : line.substring(0, list).strip();
        String yaml = "mapping: m\ndatabase: d\ncollections: {a: {key: {column: id, type: text}, columns: {v: {type: \""
                + type + "\", convert: " + line.substring(list) + "}}}}";
        return MappingReader.read("conversions.txt", yaml)
                .collections()
                .getFirst()
                .columns()
                .getFirst();
    }
}
