package dev.sluice.sink.postgres.staging;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sql.RoundTrip;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Emptying staging tables")
class FilledTablesTest {
    private final FilledTables tables = new FilledTables();

    @Test
    @DisplayName("nothing is done where nothing was staged")
    void nothing() {
        assertThat(tables.emptying()).isEmpty();
    }

    @Test
    @DisplayName("a few rows are deleted, of the tables that have some, in the same order each time")
    void few() {
        tables.filled("b", 2, 100);
        tables.filled("a", 1, 50);

        assertThat(emptying()).containsExactly("DELETE FROM a", "DELETE FROM b");
        tables.committed();
        assertThat(emptying()).isEmpty();
    }

    @Test
    @DisplayName("many rows are truncated")
    void many() {
        tables.filled("a", 5_000, FilledTables.TRUNCATED_BYTES);

        assertThat(emptying()).containsExactly("TRUNCATE a");
    }

    @Test
    @DisplayName("a table is truncated when many rows were deleted bit by bit, and again only after as many")
    void together() {
        int truncated = 0;
        for (int i = 0; i < 100; i++) {
            tables.filled("a", 1, FilledTables.TRUNCATED_BYTES / 20);
            truncated += emptying().equals(List.of("TRUNCATE a")) ? 1 : 0;
            tables.committed();
        }

        assertThat(truncated).isBetween(4, 5);
    }

    @Test
    @DisplayName("the rows of a transaction that was rolled back count, and a truncation that was does not")
    void rolledBack() {
        tables.filled("a", 1, FilledTables.TRUNCATED_BYTES);
        assertThat(emptying()).containsExactly("TRUNCATE a");
        tables.rolledBack();
        assertThat(emptying()).isEmpty();

        tables.filled("a", 1, 10);

        assertThat(emptying()).containsExactly("TRUNCATE a");
    }

    private List<String> emptying() {
        return tables.emptying().stream().map(RoundTrip.Part::sql).toList();
    }
}
