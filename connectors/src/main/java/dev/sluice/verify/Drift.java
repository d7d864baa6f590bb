package dev.sluice.verify;

import dev.sluice.schema.TableName;
import java.util.List;

/// A document whose rows in one table are not as they should be.
///
/// @param key of the document's row, as rows carry it; of child rows, that of their parent
/// @param columns which differ; empty unless the kind is DIFFERENT
/// @param rows how many rows of the table it is about, at least 1
public record Drift(TableName table, Object key, Kind kind, List<String> columns, int rows) {
    public Drift {
        columns = List.copyOf(columns);
    }

    /// How rows can be other than they should.
    public enum Kind {
        /// A row should be there and is not.
        MISSING("missing"),
        /// A row is there and should not be.
        EXTRA("extra"),
        /// A row has other values.
        DIFFERENT("different");

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        /// As tables, metrics and output name it.
        public String text() {
            return text;
        }
    }
}
