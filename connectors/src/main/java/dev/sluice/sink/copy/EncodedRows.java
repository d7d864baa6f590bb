package dev.sluice.sink.copy;

import dev.sluice.mapping.row.RowOutput;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.memory.Footprint;
import dev.sluice.schema.ColumnType;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Rows of documents in the binary format of COPY, by table, so that single documents can be left out
/// when they are sent. Its memory is used again and again. For one thread.
public final class EncodedRows implements RowOutput {
    /// For more documents, the notes of where each ends are let go of by [#clear].
    private static final int KEPT_DOCUMENTS = 1 << 15;

    private static final int FIRST_DOCUMENTS = 16;

    private static final byte[] TRAILER = {-1, -1};

    private final Table[] tables;
    private int documents;
    private boolean inDocument;

    private Table table;
    private int column;
    /// Where the value in pieces begins; -1 where there is none.
    private long piecesAt = -1;

    private long arrayAt = -1;
    private int arrayCount;
    private boolean arrayHasNull;

    /// What the value of a column or an element is written as.
    private enum Form {
        TEXT,
        JSON,
        INT16,
        INT32,
        INT64,
        TIMESTAMP,
        DATE,
        OTHER;

        static Form of(ColumnType type) {
            return switch (type) {
                case ColumnType.Text t -> TEXT;
                case ColumnType.Varchar t -> TEXT;
                case ColumnType.Citext t -> TEXT;
                case ColumnType.Inet t -> TEXT;
                case ColumnType.Postgres t -> TEXT;
                case ColumnType.Jsonb t -> JSON;
                case ColumnType.Int(int bytes) -> bytes == 2 ? INT16 : bytes == 4 ? INT32 : INT64;
                case ColumnType.Timestamptz t -> TIMESTAMP;
                case ColumnType.Date t -> DATE;
                case ColumnType.Array(ColumnType element) -> of(element);
                case ColumnType.Bool t -> OTHER;
                case ColumnType.DoublePrecision t -> OTHER;
                case ColumnType.Numeric t -> OTHER;
                case ColumnType.Uuid t -> OTHER;
                case ColumnType.Bytea t -> OTHER;
            };
        }
    }

    /// One table's rows.
    private static final class Table {
        final ColumnType[] types;
        final Form[] forms;
        final CopyBuffer buffer;
        long rows;
        /// For each document, how much there is with it.
        long[] ends = new long[FIRST_DOCUMENTS];
        long[] rowEnds = new long[FIRST_DOCUMENTS];

        Table(TableShape shape, int heapSegments) {
            this.buffer = new CopyBuffer(heapSegments);
            this.types = shape.columns().stream().map(TableShape.Column::type).toArray(ColumnType[]::new);
            this.forms = Arrays.stream(types).map(Form::of).toArray(Form[]::new);
            buffer.start();
        }

        void endDocument(int number) {
            if (number == ends.length) {
                ends = Arrays.copyOf(ends, 2 * number);
                rowEnds = Arrays.copyOf(rowEnds, 2 * number);
            }
            ends[number] = buffer.position();
            rowEnds[number] = rows;
        }

        /// Where a document begins, by its order from 0; also where the one before it ends.
        long start(int document) {
            return document == 0 ? CopyBuffer.HEADER : ends[document - 1];
        }

        /// The rows of the documents before it.
        long rowsBefore(int document) {
            return document == 0 ? 0 : rowEnds[document - 1];
        }

        /// Forgets what was written behind so many documents.
        void takeBack(int documents) {
            buffer.truncate(start(documents));
            rows = rowsBefore(documents);
        }

        void clear() {
            buffer.start();
            if (ends.length > KEPT_DOCUMENTS) {
                ends = new long[FIRST_DOCUMENTS];
                rowEnds = new long[FIRST_DOCUMENTS];
            }
            rows = 0;
        }
    }

    /// @param tables the collection's own, then its child tables in the mapping's order
    public EncodedRows(List<TableShape> tables) {
        this(tables, CopyBuffer.HEAP_SEGMENTS);
    }

    /// @param heapSegments as for [CopyBuffer]
    EncodedRows(List<TableShape> tables, int heapSegments) {
        if (tables.isEmpty()) {
            throw new IllegalArgumentException("a collection has a table");
        }
        this.tables = tables.stream().map(t -> new Table(t, heapSegments)).toArray(Table[]::new);
        this.table = this.tables[0];
    }

    /// The rows up to [#endDocument] belong to one document.
    public void startDocument() {
        inDocument = true;
        arrayAt = -1;
    }

    public void endDocument() {
        if (!inDocument) {
            throw new IllegalStateException("no document was started");
        }
        inDocument = false;
        for (Table each : tables) {
            each.endDocument(documents);
        }
        documents++;
    }

    /// Forgets everything since [#startDocument]; then no document is started.
    public void takeBack() {
        inDocument = false;
        arrayAt = -1;
        for (Table each : tables) {
            each.takeBack(documents);
        }
    }

    @Override
    public void startRow(int number) {
        table = tables[number];
        table.buffer.startRow(table.types.length);
        table.rows++;
        column = 0;
    }

    /// Adds a row that is there as objects.
    ///
    /// @param number as in [#startRow]
    /// @param values as [dev.sluice.mapping.row.MappingResult.Mapped] has them, of each column one
    public void addRow(int number, @Nullable Object... values) {
        startRow(number);
        for (Object value : values) {
            value(value);
        }
    }

    /// Counts the value, and says how it is written.
    private Form next() {
        if (arrayAt >= 0) {
            arrayCount++;
            return table.forms[column];
        }
        return table.forms[column++];
    }

    @Override
    public void value(@Nullable Object value) {
        ColumnType type = table.types[column];
        if (arrayAt >= 0 && type instanceof ColumnType.Array(ColumnType element)) {
            arrayHasNull |= value == null;
            type = element;
        }
        next();
        table.buffer.field(type, value);
    }

    @Override
    public void text(byte[] utf8, int offset, int length) {
        if (next() == Form.JSON) {
            table.buffer.json(utf8, offset, length);
        } else {
            table.buffer.text(utf8, offset, length);
        }
    }

    @Override
    public void startText() {
        piecesAt = next() == Form.JSON ? table.buffer.startJson() : table.buffer.startField();
    }

    @Override
    public void piece(byte[] utf8, int offset, int length) {
        table.buffer.raw(utf8, offset, length);
    }

    @Override
    public void endText() {
        table.buffer.endField(piecesAt);
        piecesAt = -1;
    }

    @Override
    public void takeBackText() {
        table.buffer.truncate(piecesAt);
        piecesAt = -1;
        if (arrayAt >= 0) {
            arrayCount--;
        } else {
            column--;
        }
    }

    @Override
    public void whole(long value) {
        CopyBuffer buffer = table.buffer;
        switch (next()) {
            case INT16 -> buffer.field16((int) value);
            case INT32 -> buffer.field32((int) value);
            case INT64 -> buffer.field64(value);
            case TIMESTAMP -> buffer.timestamp(value);
            case DATE -> buffer.date(value);
            case TEXT, JSON, OTHER -> throw new IllegalArgumentException("the column holds no whole numbers");
        }
    }

    @Override
    public void floating(double value) {
        next();
        table.buffer.field64(Double.doubleToLongBits(value));
    }

    @Override
    public void truth(boolean value) {
        next();
        table.buffer.field8(value ? 1 : 0);
    }

    @Override
    public void decimal(long unscaled, int scale) {
        next();
        table.buffer.decimal(unscaled, scale);
    }

    @Override
    public void uuid(long mostSignificant, long leastSignificant) {
        next();
        table.buffer.uuid(mostSignificant, leastSignificant);
    }

    @Override
    public void binary(byte[] bytes, int offset, int length) {
        next();
        table.buffer.binary(bytes, offset, length);
    }

    @Override
    public void startArray() {
        if (!(table.types[column] instanceof ColumnType.Array(ColumnType element))) {
            throw new IllegalArgumentException("the column holds no arrays");
        }
        arrayAt = table.buffer.startArray(element);
        arrayCount = 0;
        arrayHasNull = false;
    }

    @Override
    public void endArray() {
        table.buffer.endArray(arrayAt, arrayCount, arrayHasNull);
        arrayAt = -1;
        column++;
    }

    /// How many documents have been ended.
    public int documents() {
        return documents;
    }

    /// @param number as in [#startRow]
    public long rows(int number) {
        return tables[number].rows;
    }

    /// The rows of some documents.
    ///
    /// @param number as in [#startRow]
    /// @param only the documents, by their order from 0; null for all
    public long rows(int number, @Nullable BitSet only) {
        Table table = tables[number];
        if (only == null) {
            return table.rows;
        }
        long rows = 0;
        for (int i = only.nextSetBit(0); i >= 0 && i < documents; i = only.nextSetBit(i + 1)) {
            rows += table.rowEnds[i] - table.rowsBefore(i);
        }
        return rows;
    }

    /// What the rows of all tables take of the heap, without the format's headers.
    public long bytes() {
        long bytes = 0;
        for (int number = 0; number < tables.length; number++) {
            bytes += bytes(number);
        }
        return bytes;
    }

    /// What one table's rows take of the heap, without the format's header.
    public long bytes(int number) {
        return tables[number].buffer.heapBytes() - CopyBuffer.HEADER;
    }

    /// Forgets all documents, and keeps the memory unless it is very large.
    public void clear() {
        documents = 0;
        inDocument = false;
        arrayAt = -1;
        for (Table each : tables) {
            each.clear();
        }
    }

    /// Adds the rows of a document.
    public void add(DocumentRows document) {
        startDocument();
        for (int i = 0; i < tables.length; i++) {
            tables[i].rows += document.addTo(tables[i].buffer, i);
        }
        endDocument();
    }

    /// A copy of the rows of one document.
    ///
    /// @param number its order, from 0
    /// @return null where they are so large that they are better made again than held
    public @Nullable DocumentRows document(int number) {
        long bytes = 0;
        for (Table each : tables) {
            bytes += each.buffer.length(each.start(number), each.ends[number]);
        }
        if (Footprint.isLarge(bytes)) {
            return null;
        }
        Copied copied = new Copied(new byte[(int) bytes]);
        int[] ends = new int[tables.length];
        int[] counts = new int[tables.length];
        for (int i = 0; i < tables.length; i++) {
            Table each = tables[i];
            each.buffer.send(each.start(number), each.ends[number], copied);
            ends[i] = copied.size;
            counts[i] = (int) (each.rowEnds[number] - each.rowsBefore(number));
        }
        return new DocumentRows(copied.bytes, ends, counts);
    }

    /// Puts pieces together.
    private static final class Copied implements Pieces<RuntimeException> {
        private final byte[] bytes;
        private int size;

        Copied(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public void take(byte[] piece, int from, int length) {
            System.arraycopy(piece, from, bytes, size, length);
            size += length;
        }
    }

    /// Shows what COPY takes of one table: header, rows and trailer, in pieces.
    ///
    /// @param number as in [#startRow]
    /// @param only the documents to show, by their order from 0; null for all
    public <E extends Exception> void send(int number, @Nullable BitSet only, Pieces<E> pieces) throws E {
        Table sent = tables[number];
        if (only == null) {
            sent.buffer.send(0, sent.buffer.position(), pieces);
        } else {
            Gathered<E> gathered = new Gathered<>(pieces);
            sent.buffer.send(0, CopyBuffer.HEADER, gathered);
            int first = only.nextSetBit(0);
            while (first >= 0 && first < documents) {
                int behind = Math.min(only.nextClearBit(first), documents);
                sent.buffer.send(sent.start(first), sent.ends[behind - 1], gathered);
                first = only.nextSetBit(behind);
            }
            gathered.flush();
        }
        pieces.take(TRAILER, 0, TRAILER.length);
    }

    /// How many rows of a table those documents have that come before one.
    ///
    /// @param number as in [#startRow]
    /// @param document its order, from 0; the number of all documents for all rows
    public long rowsBefore(int number, int document) {
        return tables[number].rowsBefore(document);
    }

    /// A copy of one table's rows, without header and trailer.
    ///
    /// @param number as in [#startRow]
    public byte[] encoded(int number) {
        CopyBuffer buffer = tables[number].buffer;
        Copied copied = new Copied(new byte[Math.toIntExact(buffer.size() - CopyBuffer.HEADER)]);
        buffer.send(CopyBuffer.HEADER, buffer.position(), copied);
        return copied.bytes;
    }

    /// Sends many small pieces together in one message.
    private static final class Gathered<E extends Exception> implements Pieces<E> {
        private final Pieces<E> pieces;
        private final byte[] together = new byte[CopyBuffer.SEGMENT];
        private int size;

        Gathered(Pieces<E> pieces) {
            this.pieces = pieces;
        }

        @Override
        public void take(byte[] bytes, int from, int length) throws E {
            if (size + length > together.length) {
                flush();
            }
            if (length == together.length) {
                pieces.take(bytes, from, length);
            } else {
                System.arraycopy(bytes, from, together, size, length);
                size += length;
            }
        }

        void flush() throws E {
            if (size > 0) {
                pieces.take(together, 0, size);
                size = 0;
            }
        }
    }
}
