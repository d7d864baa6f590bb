package dev.sluice.profile;

import dev.sluice.profile.Proposal.Child;
import dev.sluice.profile.Proposal.Column;
import dev.sluice.profile.Proposal.KeyColumn;
import dev.sluice.profile.Proposal.Redacted;
import dev.sluice.profile.Proposal.Table;
import dev.sluice.schema.ColumnType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Writes a proposal as a mapping, with the reason for each line as a comment. For one text and one thread.
public final class MappingYaml {
    /// Comments of lines up to this length begin in one column.
    private static final int ALIGNED_MAX = 60;

    private static final int TEXT_WIDTH = 116;

    private static final String REST = "{type: jsonb, from: {rest: true}}";

    private final StringBuilder yaml = new StringBuilder();

    private MappingYaml() {}

    /// The text of the mapping's file.
    public static String write(Proposal proposal) {
        MappingYaml writer = new MappingYaml();
        writer.proposal(proposal);
        return writer.yaml.toString();
    }

    private void proposal(Proposal proposal) {
        comment("", "Proposed by `sluice infer` from the documents it read; change it as you like.");
        comment(
                "",
                "A value that does not fit its column later is kept in sluice.quarantine, and its row lands; a field"
                        + " that no line names is kept in the column rest.");
        line("", "mapping: " + PathText.scalar(proposal.name()), "");
        line("", "database: " + PathText.scalar(proposal.database()), "");
        line("", "schema: " + PathText.scalar(proposal.schema()), "");
        ignored(proposal.ignored());
        yaml.append('\n');
        line("", "collections:", "");
        boolean first = true;
        for (Table table : proposal.tables()) {
            if (!first) {
                yaml.append('\n');
            }
            first = false;
            table(table);
        }
    }

    /// A line each with its reason, those that are empty together.
    private void ignored(SequencedMap<String, String> ignored) {
        List<String> empty = ignored.keySet().stream()
                .filter(name -> Proposal.EMPTY.equals(ignored.get(name)))
                .toList();
        if (empty.isEmpty()) {
            if (!ignored.isEmpty()) {
                line("", "ignore:", "");
                ignored.forEach((name, reason) -> line("  ", "- " + PathText.scalar(name), reason));
            }
            return;
        }
        line("", "ignore: [", "");
        ignored.forEach((name, reason) -> {
            if (!reason.equals(Proposal.EMPTY)) {
                line("  ", PathText.scalar(name) + ",", reason);
            }
        });
        comment(
                "  ",
                "Without documents when they were read: " + empty.size()
                        + ". `sluice infer --include-empty` gives them tables. Take out those that are going to be used:"
                        + " Sluice tells of a collection that is neither mapped nor ignored, and of these it tells nothing.");
        line("  ", empty.stream().map(PathText::scalar).collect(Collectors.joining(", ")), "");
        line("", "]", "");
    }

    private void table(Table table) {
        line("  ", PathText.scalar(table.collection()) + ":", "");
        table.notes().forEach(note -> comment("    ", note));
        table.hazards().stream()
                // Said at the column itself.
                .filter(h -> h.kind() != Hazard.Kind.MIXED_TYPES && !isUnderRedact(h, table))
                .forEach(h -> comment("    ", "Mind " + h.path() + ": " + h.text() + "."));
        line("    ", "table: " + PathText.scalar(table.table()), "");
        line("    ", "key: " + key(table.key()), table.key().reason());
        redact(table.redactions());
        columns("    ", table.columns(), table.rest());
        if (!table.children().isEmpty()) {
            line("    ", "children:", "");
            table.children().forEach(this::child);
        }
    }

    private static boolean isUnderRedact(Hazard hazard, Table table) {
        return (hazard.kind() == Hazard.Kind.SECRET || hazard.kind() == Hazard.Kind.PERSONAL)
                && table.redactions().stream()
                        .anyMatch(redacted -> OneLine.path(redacted.path()).equals(hazard.path()));
    }

    /// Secrets are masked. Of personal data `hash` is proposed, so that equal values stay equal to
    /// indexes and joins.
    private void redact(List<Redacted> redactions) {
        if (redactions.isEmpty()) {
            return;
        }
        boolean on = redactions.stream().anyMatch(Redacted::on);
        line(
                "    ",
                (on ? "" : "# ") + "redact:",
                "before anything else sees the document; take a line out where the application needs the value");
        for (Redacted redacted : redactions) {
            line(
                    "    ",
                    (redacted.on() ? "  " : on ? "  # " : "#   ")
                            + PathText.yaml(redacted.path())
                            + (redacted.on() ? ": mask" : ": hash"),
                    redacted.reason());
        }
    }

    static String key(KeyColumn key) {
        return "{column: " + PathText.scalar(key.column()) + ", type: " + type(key.type())
                + (key.typed() ? ", form: typed" : "")
                + (key.of() == null ? "" : ", of: " + key.of().name().toLowerCase(Locale.ROOT)) + "}";
    }

    private void child(Child child) {
        comment("      ", child.reason());
        line("      ", PathText.scalar(child.table()) + ":", "");
        boolean entries = child.key() instanceof Proposal.RowKey.EntryName;
        String path = PathText.yaml(child.path());
        line("        ", "from: " + (entries ? "{entries: " + path + "}" : path), "");
        line("        ", "parent: " + PathText.scalar(child.parent()), "");
        switch (child.key()) {
            case Proposal.RowKey.Ordinal ordinal ->
                line("        ", "ordinal: " + PathText.scalar(ordinal.column()), "");
            case Proposal.RowKey.Field field -> line("        ", "key: " + definition(field), field.reason());
            case Proposal.RowKey.EntryName entry ->
                line("        ", "key: {column: " + PathText.scalar(entry.column()) + ", type: text}", "the name");
        }
        columns("        ", child.columns(), child.rest());
    }

    private static String definition(Proposal.RowKey.Field key) {
        return "{column: " + PathText.scalar(key.column())
                + (key.path().equals(List.of(key.column())) ? "" : ", from: " + PathText.yaml(key.path()))
                + ", type: " + type(key.type()) + "}";
    }

    private void columns(String indent, List<Column> columns, @Nullable String rest) {
        line(indent, "columns:", "");
        SequencedMap<String, String> lines = new LinkedHashMap<>();
        columns.forEach(
                column -> lines.put(PathText.scalar(column.column()) + ": " + definition(column), comments(column)));
        if (rest != null) {
            lines.put(PathText.scalar(rest) + ": " + REST, "all that no other line names");
        }
        int width = lines.keySet().stream()
                .mapToInt(String::length)
                .filter(length -> length <= ALIGNED_MAX)
                .max()
                .orElse(0);
        lines.forEach((text, comment) -> line(indent + "  ", text, comment, width));
    }

    private static String definition(Column column) {
        boolean named = column.path().equals(List.of(column.column()));
        if (named && column.conversions().isEmpty()) {
            return type(column.type());
        }
        List<String> settings = new ArrayList<>();
        settings.add("type: " + type(column.type()));
        if (!named) {
            settings.add("from: " + (column.path().isEmpty() ? "{element: true}" : PathText.yaml(column.path())));
        }
        if (!column.conversions().isEmpty()) {
            settings.add("convert: [" + String.join(", ", column.conversions()) + "]");
        }
        return settings.stream().collect(Collectors.joining(", ", "{", "}"));
    }

    private static String type(ColumnType type) {
        String sql = type.sql();
        return sql.chars().allMatch(c -> Character.isLetter(c) || c == ' ') ? sql : '"' + sql + '"';
    }

    private static String comments(Column column) {
        return column.reason()
                + column.reference().map(target -> "; " + Reasons.of(target)).orElse("");
    }

    private void line(String indent, String text, String comment) {
        line(indent, text, comment, 0);
    }

    /// @param width of the text, up to where the comment begins
    private void line(String indent, String text, String comment, int width) {
        yaml.append(indent).append(text);
        if (!comment.isEmpty()) {
            yaml.repeat(' ', 2 + Math.max(0, width - text.length()))
                    .append("# ")
                    .append(comment);
        }
        yaml.append('\n');
    }

    /// A comment on lines of its own.
    private void comment(String indent, String text) {
        StringBuilder line = new StringBuilder();
        for (String word : text.split(" ")) {
            if (!line.isEmpty() && indent.length() + 2 + line.length() + 1 + word.length() > TEXT_WIDTH) {
                yaml.append(indent).append("# ").append(line).append('\n');
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        yaml.append(indent).append("# ").append(line).append('\n');
    }
}
