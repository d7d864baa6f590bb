package dev.sluice.service.evolve;

import dev.sluice.schema.MappingDiff.Change.Effect;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What lies between the mapping of the file and the one that rows are written with now, and what will
/// be done about it.
///
/// @param pipeline its name
/// @param version that rows are written with now; null where none is noted, as before the first start
/// @param collections that the mapping is about to say something else of, in its order; then those that
///     leave it
/// @param scripts migrations that are there and not applied yet
/// @param statements that the tables need beyond those
/// @param script the name of the file that these are written to; null where there are none
/// @param obstacles why nothing can be done now, in sentences
/// @param unmapped collections of MongoDB that the file neither maps nor ignores
public record Outlook(
        String pipeline,
        @Nullable Integer version,
        List<OfCollection> collections,
        List<String> scripts,
        List<Statement> statements,
        @Nullable String script,
        List<String> obstacles,
        List<String> unmapped) {
    private static final int NAMED_MAX = 5;

    public Outlook {
        unmapped = List.copyOf(unmapped);
        collections = List.copyOf(collections);
        scripts = List.copyOf(scripts);
        statements = List.copyOf(statements);
        obstacles = List.copyOf(obstacles);
    }

    /// What becomes of a collection.
    public enum Fate {
        /// The mapping says something else of it, and its rows are right as they are.
        AS_IT_IS,
        /// Its documents are read again.
        READ_AGAIN,
        /// The same, and rows that no document explains any more are deleted.
        READ_AGAIN_AND_PRUNED,
        /// It comes into the mapping, and is copied.
        COPIED,
        /// It leaves the mapping: its rows stay, and nothing is written to them any more.
        LEFT,
        /// Its writes have moved to PostgreSQL: its rows stay as they are.
        MOVED;

        static Fate of(Effect effect) {
            return switch (effect) {
                case NONE -> AS_IT_IS;
                case FILL -> READ_AGAIN;
                case FILL_AND_PRUNE -> READ_AGAIN_AND_PRUNED;
            };
        }

        /// Whether its rows are written anew.
        boolean isWritten() {
            return switch (this) {
                case READ_AGAIN, READ_AGAIN_AND_PRUNED, COPIED -> true;
                case AS_IT_IS, LEFT, MOVED -> false;
            };
        }

        private String forPeople() {
            return switch (this) {
                case AS_IT_IS -> "the rows that are there stay as they are";
                case READ_AGAIN -> "its documents are read again, beside the stream";
                case READ_AGAIN_AND_PRUNED ->
                    "its documents are read again, beside the stream, and rows that none explains are deleted";
                case COPIED -> "it is new, and is copied beside the stream";
                case LEFT -> "it leaves the mapping: its rows stay, and are not written any more";
                case MOVED -> "its writes have moved to PostgreSQL: its rows stay as they are";
            };
        }
    }

    /// @param changes what the mapping says else of it, for people; none where it comes or leaves
    public record OfCollection(String collection, Fate fate, List<String> changes) {
        public OfCollection {
            changes = List.copyOf(changes);
        }
    }

    /// A statement on a table.
    ///
    /// @param sql without its semicolon
    /// @param meaning what it is for and what it costs
    public record Statement(String sql, String meaning) {}

    /// The collections whose rows are written anew.
    public List<String> written() {
        return collections.stream()
                .filter(collection -> collection.fate().isWritten())
                .map(OfCollection::collection)
                .toList();
    }

    /// Whether there is nothing to do.
    public boolean isEmpty() {
        return collections.isEmpty() && scripts.isEmpty() && statements.isEmpty();
    }

    /// The text of the file with the statements; empty where there are none.
    Optional<String> sql() {
        if (statements.isEmpty()) {
            return Optional.empty();
        }
        StringBuilder sql = new StringBuilder("-- Written by `sluice evolve` for the mapping beside this folder.\n");
        String said = "";
        for (Statement statement : statements) {
            if (!statement.meaning().equals(said)) {
                said = statement.meaning();
                sql.append("\n-- ").append(said).append(".\n");
            }
            sql.append(statement.sql()).append(";\n");
        }
        return Optional.of(sql.toString());
    }

    /// In lines.
    public String forPeople() {
        List<String> lines = new ArrayList<>();
        lines.add(
                version == null
                        ? "No rows of the pipeline " + pipeline
                                + " are noted yet: `sluice run` begins with this mapping."
                        : isEmpty()
                                ? "The rows of the pipeline " + pipeline + " are written with this mapping: version "
                                        + version + " of it."
                                : "The rows of the pipeline " + pipeline + " are written with version " + version
                                        + " of its mapping. From there to the file:");
        for (OfCollection collection : collections) {
            lines.add("  " + collection.collection() + ": " + collection.fate().forPeople());
            collection.changes().forEach(change -> lines.add("    " + change));
        }
        scripts.forEach(name -> lines.add("  migration " + name + ": applied first"));
        if (script != null) {
            lines.add("  " + script + ", written by this command:");
            String said = "";
            for (Statement statement : statements) {
                if (!statement.meaning().equals(said)) {
                    said = statement.meaning();
                    lines.add("    -- " + said);
                }
                statement.sql().lines().forEach(line -> lines.add("    " + line));
            }
        }
        obstacles.forEach(obstacle -> lines.add("In the way: " + obstacle));
        if (!unmapped.isEmpty()) {
            String more = unmapped.size() > NAMED_MAX ? " and " + (unmapped.size() - NAMED_MAX) + " more" : "";
            lines.add("Not in the file: "
                    + unmapped.stream().limit(NAMED_MAX).collect(Collectors.joining(", ")) + more
                    + ". `sluice infer --collection " + unmapped.getFirst()
                    + "` proposes what to add; name under `ignore` what"
                    + " is to stay in MongoDB.");
        }
        return String.join(String.format(Locale.ROOT, "%n"), lines);
    }
}
