package dev.sluice.service.bench;

import com.mongodb.client.MongoCollection;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/// The bytes that the bare loop sends, in a temporary file: what COPY alone costs. A file, so that they don't
/// count as memory of this process.
final class ReadyBytes implements AutoCloseable {
    private final RowCodec codec;
    private final Path file;
    private int batches;
    private long rows;

    private ReadyBytes(RowCodec codec, Path file) {
        this.codec = codec;
        this.file = file;
    }

    /// @param batchSize documents in a transaction
    static ReadyBytes of(MongoCollection<?> collection, RowCodec codec, int batchSize) throws SQLException {
        try {
            ReadyBytes ready = new ReadyBytes(codec, WorkFolder.fresh("ready.copy"));
            try (DataOutputStream out =
                    new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(ready.file)))) {
                codec.readAll(collection, batchSize, () -> ready.append(out));
            }
            return ready;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void append(DataOutputStream out) {
        try {
            for (RowCodec.Rows table : codec.tables()) {
                BinaryCopy copy = table.copy();
                rows += copy.rows();
                copy.end();
                out.writeInt(copy.size());
                out.write(copy.bytes(), 0, copy.size());
                copy.start();
            }
            batches++;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Sends everything, a transaction for each batch.
    ///
    /// @return how many rows
    long send(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        byte[] bytes = new byte[1 << 20];
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 18))) {
            for (int batch = 0; batch < batches; batch++) {
                for (RowCodec.Rows table : codec.tables()) {
                    int length = in.readInt();
                    bytes = bytes.length < length ? new byte[length] : bytes;
                    in.readFully(bytes, 0, length);
                    CopyIn copy = connection
                            .unwrap(PGConnection.class)
                            .getCopyAPI()
                            .copyIn("COPY " + table.table() + " FROM STDIN (FORMAT binary)");
                    copy.writeToCopy(bytes, 0, length);
                    copy.endCopy();
                }
                connection.commit();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return rows;
    }

    @Override
    public void close() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
