package dev.sluice.sink.copy;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Segments of a [CopyBuffer] that the heap has no room for, in a temporary file. The file has no name any
/// more once it is open where the system allows that, so not even a kill -9 leaves it behind. For one thread.
final class SpilledSegments implements AutoCloseable {
    private final FileChannel file;
    private final int segmentBytes;

    private SpilledSegments(FileChannel file, int segmentBytes) {
        this.file = file;
        this.segmentBytes = segmentBytes;
    }

    /// @param segmentBytes the most a segment has
    /// @throws SluiceException of kind NO_TEMPORARY_FILE
    static SpilledSegments create(int segmentBytes) {
        try {
            Path path = Files.createTempFile("sluice-rows-", null);
            return new SpilledSegments(
                    FileChannel.open(
                            path,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE,
                            StandardOpenOption.DELETE_ON_CLOSE),
                    segmentBytes);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /// @param number from 0
    /// @throws SluiceException of kind NO_TEMPORARY_FILE
    void write(int number, byte[] segment, int length) {
        write(at(number), ByteBuffer.wrap(segment, 0, length));
    }

    /// Overwrites four bytes of a segment, as [CopyBuffer] writes numbers.
    void patch(int number, int offset, int value) {
        write(
                at(number) + offset,
                ByteBuffer.allocate(Integer.BYTES).putInt(value).flip());
    }

    private void write(long position, ByteBuffer bytes) {
        long at = position;
        try {
            while (bytes.hasRemaining()) {
                at += file.write(bytes, at);
            }
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /// @param into gets the first bytes of the segment
    void read(int number, byte[] into, int length) {
        ByteBuffer bytes = ByteBuffer.wrap(into, 0, length);
        long at = at(number);
        try {
            while (bytes.hasRemaining()) {
                int read = file.read(bytes, at);
                if (read < 0) {
                    throw new IllegalStateException("the segment was not written");
                }
                at += read;
            }
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private long at(int number) {
        return (long) number * segmentBytes;
    }

    private static SluiceException failed(IOException e) {
        return new SluiceException(
                FailureKind.NO_TEMPORARY_FILE,
                "The rows of a large document do not fit into memory, and can't be kept in "
                        + System.getProperty("java.io.tmpdir") + " (" + e.getMessage() + ").",
                e);
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException gone) {
            // Nothing of it is needed any more.
        }
    }
}
