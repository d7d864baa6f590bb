package dev.sluice.verify;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Reference;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.copy.EncodedRows;
import dev.sluice.sink.postgres.staging.ChunkRows;
import dev.sluice.sink.postgres.table.CollectionTables;
import dev.sluice.sink.postgres.table.TableSql;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyOut;

/// Finds the documents of a chunk whose rows are what they should be: all but a few, most of the time.
/// The rows are read by binary COPY, in which the expected rows are made too, and compared by their
/// bytes here, which is less work for PostgreSQL than to take the expected rows and compare them itself.
/// What is not found equal here is not different: [RowComparison] decides. For one thread.
final class EqualRows {
    /// Rows of more bytes are compared by PostgreSQL: here they would be held twice.
    private static final long BYTES_MAX = 2 * MemoryBudget.piece();

    /// Characters of keys that are looked for at once; a document's may have megabytes.
    private static final int KEYS_MAX = 1 << 20;

    /// Rows with a value of more bytes, as PostgreSQL holds it, are not read: nobody knows what somebody
    /// has put there.
    private static final int VALUE_MAX = 1 << 17;

    /// For so many chunks it is not tried again, after one most of whose documents had to be compared by
    /// PostgreSQL.
    private static final int REST = 16;

    /// Bytes in front of the first row: what says that it is COPY's format, and two numbers that are 0.
    private static final int HEADER = 19;

    /// Settings that say which rows are read: COPY takes no parameters, and a statement that names keys
    /// would be another one each time, to all that counts or logs statements.
    private static final String FIRST = "sluice.first";

    private static final String LAST = "sluice.last";
    private static final String MOST = "sluice.most";
    private static final String KEYS = "sluice.keys";

    /// So many more rows than expected may lie between the first key and the last.
    private static final int MORE = 1_000;

    private final Connection connection;
    private final List<Table> tables;
    private final JsonbText json = new JsonbText();
    private final RowFields expected = new RowFields();
    private final RowFields stored = new RowFields();
    private final RowFields known = new RowFields();
    private int resting;
    /// Whether rows of other documents were found to lie between those of one chunk.
    private boolean scattered;

    private EqualRows(Connection connection, List<Table> tables) {
        this.connection = connection;
        this.tables = tables;
    }

    /// For a collection.
    ///
    /// @return empty where PostgreSQL has to compare all of its rows: it finds some of their values in
    ///     other tables, reads them by rules of its own, or decides which of several documents has a row
    static Optional<EqualRows> of(Connection connection, CollectionTarget target, CollectionTables tables)
            throws SQLException {
        if (target.mapping().dedupe() != null) {
            return Optional.empty();
        }
        List<Table> compared = new ArrayList<>();
        for (TableSql table : tables.all()) {
            Optional<Table> one = table(table, live(connection, table.shape().table()));
            if (one.isEmpty()) {
                return Optional.empty();
            }
            compared.add(one.get());
        }
        return Optional.of(new EqualRows(connection, compared));
    }

    private static Map<String, SameValue.Live> live(Connection connection, TableName table) throws SQLException {
        Map<String, SameValue.Live> columns = new HashMap<>();
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT attname, atttypid::bigint, typname, atttypmod FROM pg_attribute"
                        + " JOIN pg_type t ON t.oid = atttypid"
                        + " WHERE attrelid = ?::regclass AND attnum > 0 AND NOT attisdropped")) {
            statement.setString(1, table.sql());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    columns.put(row.getString(1), new SameValue.Live(row.getLong(2), row.getString(3), row.getInt(4)));
                }
            }
        }
        return columns;
    }

    private static Optional<Table> table(TableSql table, Map<String, SameValue.Live> live) {
        if (!table.casts().isEmpty()) {
            return Optional.empty();
        }
        List<SameValue> values = new ArrayList<>();
        List<String> selected = new ArrayList<>();
        List<String> bounds = new ArrayList<>();
        for (int i = 0; i < table.shape().columns().size(); i++) {
            TableShape.Column column = table.shape().columns().get(i);
            boolean key = i < table.shape().keyColumns();
            Optional<SameValue> value = SameValue.of(column, key, table.isCompared(column), live.get(column.name()));
            if (value.isEmpty()) {
                return Optional.empty();
            }
            Reference reference = column.reference();
            if (reference != null) {
                if (!isItself(column, reference) || !table.isCompared(column)) {
                    return Optional.empty();
                }
                bounds.add(isThere(reference, "t." + TableName.quote(column.name())));
            }
            values.add(value.get());
            if (value.get().kind() != SameValue.Kind.NOT_COMPARED) {
                String name = "t." + TableName.quote(column.name());
                selected.add(name);
                if (value.get().mayBeLong(column.type())) {
                    bounds.add("(pg_column_size(" + name + ") > " + VALUE_MAX + ") IS NOT TRUE");
                }
            }
        }
        String key = "t." + table.keyName();
        String type = "::" + table.keyArrayType();
        String rows = table.shape().table().sql();
        String where = bounds.isEmpty() ? "" : " AND " + String.join(" AND ", bounds);
        String from = "COPY (SELECT hashtextextended(" + key + "::text, 0), " + String.join(", ", selected) + " FROM ";
        String to = ") TO STDOUT (FORMAT binary)";
        return Optional.of(new Table(
                List.copyOf(values),
                table.shape().hasOrdinals(),
                from + rows + " t WHERE " + key + " >= " + setting(FIRST) + type + " AND " + key + " <= "
                        + setting(LAST) + type + where + " LIMIT " + setting(MOST) + "::bigint" + to,
                // Each key by itself, by the index, whatever the planner knows of the table: it may have been filled
                // a moment ago.
                from + "unnest(" + setting(KEYS) + type + "[]) k (key) CROSS JOIN LATERAL (SELECT * FROM " + rows
                        + " o WHERE o." + table.keyName() + " = k.key OFFSET 0) t WHERE true" + where + to));
    }

    private static String setting(String name) {
        return "current_setting('" + name + "')";
    }

    /// @param columns those of the rows, in their order
    /// @param hasOrdinals whether it is a child table whose rows are told apart by whole numbers, in
    ///     whose order they are expected
    /// @param range sends the rows whose keys are from [#FIRST] to [#LAST], but not more than [#MOST]
    /// @param byKey sends the rows of the keys in [#KEYS]
    private record Table(List<SameValue> columns, boolean hasOrdinals, String range, String byKey) {}

    /// Whether a value that refers to a row is written as it is where that row is there.
    private static boolean isItself(TableShape.Column column, Reference reference) {
        return reference.match().equals(reference.take())
                && reference.and().isEmpty()
                && column.type() instanceof ColumnType.Key;
    }

    /// The condition that a row is there which a value refers to, and has it in the same characters.
    private static String isThere(Reference reference, String value) {
        String match = "r." + TableName.quote(reference.match());
        return "(" + value + " IS NULL OR EXISTS (SELECT FROM "
                + reference.table().sql() + " r WHERE " + match + " = " + value + " AND " + match
                + "::text COLLATE \"C\" = " + value + "::text))";
    }

    /// How much more of the heap it takes while the rows are compared, bytes.
    static long held(EncodedRows rows) {
        return rows.bytes() > BYTES_MAX ? 0 : rows.bytes();
    }

    /// What was found of a chunk's documents that have rows.
    static final class Found {
        private final BitSet open;
        private final long[] keyHashes;

        private Found(BitSet open, long[] keyHashes) {
            this.open = open;
            this.keyHashes = keyHashes;
        }

        /// Those to be compared by PostgreSQL, by their order.
        BitSet open() {
            return open;
        }

        /// Of the keys of the others, as [VerificationStore] has them.
        long[] keyHashes() {
            return keyHashes.clone();
        }
    }

    /// Reads the rows of the documents and compares them.
    ///
    /// @param parked keys of documents that are dead letters; these stay open
    Found among(ChunkRows rows, Set<Object> parked) throws SQLException {
        int documents = rows.keys().size();
        BitSet open = rows.withKeys(rows.without(Set.of()), parked);
        if (resting > 0 || rows.encoded().bytes() > BYTES_MAX || rows.encoded().rows(0) != documents) {
            resting = Math.max(0, resting - 1);
            open.set(0, documents);
            return new Found(open, new long[0]);
        }
        Chunk chunk = new Chunk(rows, open);
        if (documents > 0 && !chunk.compare()) {
            open.set(0, documents);
        }
        resting = 2 * open.cardinality() > documents ? REST : 0;
        return new Found(open, chunk.keyHashes());
    }

    /// The text of an array of keys; empty where it would be too long.
    private static String keys(List<Object> keys) {
        StringBuilder text = new StringBuilder(32 * keys.size());
        text.append('{');
        for (Object key : keys) {
            if (text.length() > KEYS_MAX) {
                return "";
            }
            if (text.length() > 1) {
                text.append(',');
            }
            if (key instanceof String written) {
                text.append('"');
                quoted(text, written);
                text.append('"');
            } else {
                text.append(key);
            }
        }
        return text.append('}').toString();
    }

    private static int compareKeys(Object one, Object other) {
        if (one instanceof Long number && other instanceof Long next) {
            return number.compareTo(next);
        }
        if (one instanceof UUID uuid && other instanceof UUID next) {
            int byFirst = Long.compareUnsigned(uuid.getMostSignificantBits(), next.getMostSignificantBits());
            return byFirst != 0
                    ? byFirst
                    : Long.compareUnsigned(uuid.getLeastSignificantBits(), next.getLeastSignificantBits());
        }
        return one.toString().compareTo(other.toString());
    }

    private void set(String name, String value) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT set_config(?, ?, true)")) {
            statement.setString(1, name);
            statement.setString(2, value);
            statement.execute();
        }
    }

    private static void quoted(StringBuilder text, String key) {
        for (int i = 0; i < key.length(); i++) {
            char c = key.charAt(i);
            if (c == '\\' || c == '"') {
                text.append('\\');
            }
            text.append(c);
        }
    }

    /// The documents of one chunk.
    private final class Chunk {
        private final EncodedRows rows;
        private final List<Object> keys;
        private final BitSet open;
        private final int documents;
        private final long[] hashes;
        /// Where each document's own row begins.
        private int[] ownAt = new int[0];
        private byte[] own = {};
        /// Numbers of documents behind hashes of their keys, from 1; 0 for none.
        private int[] slots = new int[0];
        /// The document that a row was read of last.
        private int last;

        Chunk(ChunkRows rows, BitSet open) {
            this.rows = rows.encoded();
            this.keys = rows.keys();
            this.open = open;
            this.documents = rows.keys().size();
            this.hashes = new long[documents];
        }

        long[] keyHashes() {
            long[] equal = new long[documents - open.cardinality()];
            int to = 0;
            for (int i = open.nextClearBit(0); i < documents; i = open.nextClearBit(i + 1)) {
                equal[to++] = hashes[i];
            }
            return equal;
        }

        /// @return false where its rows can't be read here
        boolean compare() throws SQLException {
            own = rows.encoded(0);
            ownAt = rowsAt(own, documents);
            return (isInOrder() && compareRange()) || compareByKey();
        }

        /// Whether the keys come in the order in which the table's index most likely has them. Where it
        /// has not, rows are not met, and their documents stay open.
        private boolean isInOrder() {
            if (scattered) {
                return false;
            }
            for (int i = 1; i < documents; i++) {
                if (compareKeys(keys.get(i - 1), keys.get(i)) >= 0) {
                    return false;
                }
            }
            return true;
        }

        /// @return false where too many other rows lie between those of the documents
        private boolean compareRange() throws SQLException {
            BitSet before = (BitSet) open.clone();
            set(FIRST, keys.getFirst().toString());
            set(LAST, keys.getLast().toString());
            for (int i = 0; i < tables.size(); i++) {
                long most = 2 * rows.rows(i) + MORE;
                set(MOST, Long.toString(most));
                if (compare(i, tables.get(i).range()) >= most) {
                    scattered = true;
                    open.clear();
                    open.or(before);
                    return false;
                }
            }
            return true;
        }

        private boolean compareByKey() throws SQLException {
            String array = keys(keys);
            if (array.isEmpty()) {
                return false;
            }
            set(KEYS, array);
            // Two documents may have one.
            findKeys();
            for (int i = 0; i < tables.size(); i++) {
                compare(i, tables.get(i).byKey());
            }
            return true;
        }

        /// @return how many rows were read
        private long compare(int number, String read) throws SQLException {
            byte[] bytes = number == 0 ? own : rows.encoded(number);
            int[] at = number == 0 ? ownAt : rowsAt(bytes, Math.toIntExact(rows.rows(number)));
            Rows expectedRows = new Rows(number, bytes, at);
            long count = 0;
            last = 0;
            CopyOut copy = connection.unwrap(PGConnection.class).getCopyAPI().copyOut(read);
            try {
                int skipped = HEADER;
                for (byte[] row = copy.readFromCopy(); row != null; row = copy.readFromCopy()) {
                    // PostgreSQL sends each row by itself, the header with the first and the trailer with none.
                    if (row.length > skipped) {
                        stored.start(row, skipped);
                        if (stored.fields() > 0) {
                            count++;
                            compareRow(expectedRows, row, skipped);
                        }
                        skipped = 0;
                    } else {
                        skipped -= row.length;
                    }
                }
            } finally {
                if (copy.isActive()) {
                    copy.cancelCopy();
                }
            }
            for (int i = 0; i < documents; i++) {
                if (expectedRows.met.nextClearBit(firstRow(number, i)) < firstRow(number, i + 1)) {
                    open.set(i);
                }
            }
            return count;
        }

        private int firstRow(int number, int document) {
            return number == 0 ? document : (int) rows.rowsBefore(number, document);
        }

        private int[] rowsAt(byte[] bytes, int count) {
            int[] at = new int[count];
            int next = 0;
            for (int i = 0; i < count; i++) {
                at[i] = next;
                expected.start(bytes, next);
                for (int field = 1; field < expected.fields(); field++) {
                    expected.next();
                }
                next = expected.rowEnd();
            }
            return at;
        }

        private void findKeys() {
            slots = new int[Integer.highestOneBit(Math.max(1, documents)) * 4];
            for (int i = 0; i < documents; i++) {
                expected.start(own, ownAt[i]);
                int slot = slot(expected);
                if (slots[slot] == 0) {
                    slots[slot] = i + 1;
                } else {
                    // Both are one row.
                    open.set(i);
                    open.set(slots[slot] - 1);
                }
            }
        }

        /// The slot of the key that a row stands on, or the one that it would have.
        private int slot(RowFields key) {
            int slot = key.hash() & (slots.length - 1);
            while (slots[slot] != 0) {
                known.start(own, ownAt[slots[slot] - 1]);
                if (known.isSameAs(key)) {
                    break;
                }
                slot = (slot + 1) & (slots.length - 1);
            }
            return slot;
        }

        /// The document whose row's key `stored` stands on; negative for none.
        private int document() {
            // Most rows come in the order of the documents, and child rows several of one.
            for (int next = last; next < Math.min(documents, last + 2); next++) {
                known.start(own, ownAt[next]);
                if (known.isSameAs(stored)) {
                    last = next;
                    return next;
                }
            }
            if (slots.length == 0) {
                findKeys();
            }
            int found = slots[slot(stored)] - 1;
            last = Math.max(found, 0);
            return found;
        }

        /// Compares a row that is there with the one that should be.
        private void compareRow(Rows expectedRows, byte[] row, int at) {
            long hash = stored.whole();
            stored.next();
            int document = document();
            if (document < 0) {
                // Of another document, of none, or one that the table finds by the key of another.
                return;
            }
            int should = document;
            if (expectedRows.number == 0) {
                hashes[document] = hash;
            } else {
                stored.next();
                should = tables.get(expectedRows.number).hasOrdinals()
                        ? child(expectedRows, document, stored.whole())
                        : named(expectedRows, document);
                stored.start(row, at);
                stored.next();
            }
            if (should >= 0 && !expectedRows.met.get(should) && isSame(expectedRows, should)) {
                expectedRows.met.set(should);
            } else {
                open.set(document);
            }
        }

        /// The number of the expected child row with an ordinal; negative where there is none.
        private int child(Rows children, int document, long ordinal) {
            int low = firstRow(children.number, document);
            int high = firstRow(children.number, document + 1) - 1;
            while (low <= high) {
                // There are seldom gaps.
                long distance = ordinal - ordinal(children, low);
                if (distance < 0 || distance > high - low) {
                    distance = (high - low) / 2L;
                }
                int tried = low + (int) distance;
                int order = Long.compare(ordinal(children, tried), ordinal);
                if (order == 0) {
                    return tried;
                }
                if (order < 0) {
                    low = tried + 1;
                } else {
                    high = tried - 1;
                }
            }
            return -1;
        }

        /// The number of the expected child row with the name that `stored` stands on; negative where
        /// there is none.
        private int named(Rows children, int document) {
            if (children.slots.length == 0) {
                findNames(children);
            }
            return children.slots[nameSlot(children, document, stored)] - 1;
        }

        private void findNames(Rows children) {
            children.slots = new int[Integer.highestOneBit(Math.max(1, children.at.length)) * 4];
            for (int i = 0; i < documents; i++) {
                for (int row = firstRow(children.number, i); row < firstRow(children.number, i + 1); row++) {
                    expected.start(children.bytes, children.at[row]);
                    expected.next();
                    // No two rows of a document have one name.
                    children.slots[nameSlot(children, i, expected)] = row + 1;
                }
            }
        }

        /// The slot of the row of a document with the name that a field stands on, or the one that it
        /// would have.
        private int nameSlot(Rows children, int document, RowFields name) {
            int first = firstRow(children.number, document);
            int behind = firstRow(children.number, document + 1);
            int slot = (name.hash() + 31 * document) & (children.slots.length - 1);
            while (children.slots[slot] != 0) {
                int row = children.slots[slot] - 1;
                known.start(children.bytes, children.at[row]);
                known.next();
                if (row >= first && row < behind && known.isSameAs(name)) {
                    break;
                }
                slot = (slot + 1) & (children.slots.length - 1);
            }
            return slot;
        }

        private long ordinal(Rows children, int row) {
            known.start(children.bytes, children.at[row]);
            known.next();
            return known.whole();
        }

        private boolean isSame(Rows expectedRows, int row) {
            expected.start(expectedRows.bytes, expectedRows.at[row]);
            for (SameValue value : tables.get(expectedRows.number).columns()) {
                if (value.kind() != SameValue.Kind.NOT_COMPARED) {
                    if (!value.is(expected, stored, json)) {
                        return false;
                    }
                    stored.next();
                }
                expected.next();
            }
            return true;
        }
    }

    /// The expected rows of one table.
    private static final class Rows {
        private final int number;
        private final byte[] bytes;
        /// Where each begins.
        private final int[] at;
        /// Those that a row was found equal to.
        private final BitSet met;
        /// Of rows that are told apart by names, their numbers behind hashes of these, from 1; 0 for
        /// none. Empty until they are looked for.
        private int[] slots = {};

        Rows(int number, byte[] bytes, int[] at) {
            this.number = number;
            this.bytes = bytes;
            this.at = at;
            this.met = new BitSet(at.length);
        }
    }
}
