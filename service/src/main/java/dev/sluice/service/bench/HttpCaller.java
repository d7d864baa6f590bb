package dev.sluice.service.bench;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/// A connection that makes one call after the other, from bytes that are ready: a client with a library would
/// take more of the machine than the server that is measured. For one thread.
final class HttpCaller implements AutoCloseable {
    private static final String LENGTH = "content-length:";

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    HttpCaller(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream());
        out = socket.getOutputStream();
    }

    /// The bytes of a call.
    ///
    /// @param headers lines, each with its end
    static byte[] call(String path, String headers, String body) {
        return ("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + headers
                        + "Content-Length: " + body.length() + "\r\n\r\n" + body)
                .getBytes(StandardCharsets.US_ASCII);
    }

    /// Makes calls, in turn, until a time.
    ///
    /// @param micros where the time of each is noted
    /// @param status that each is answered with
    /// @return how many
    long callUntil(long endNanos, List<byte[]> calls, int status, Histogram micros) throws IOException {
        long made = 0;
        for (long now = System.nanoTime(); now < endNanos; ) {
            out.write(calls.get((int) (made % calls.size())));
            String answered = answer();
            if (!answered.startsWith(String.valueOf(status), answered.indexOf(' ') + 1)) {
                throw new IOException("The call was answered with " + answered + ", and not with " + status + ".");
            }
            long done = System.nanoTime();
            micros.recordValue((done - now) / 1_000);
            now = done;
            made++;
        }
        return made;
    }

    /// @return the first line
    private String answer() throws IOException {
        String first = line();
        int length = 0;
        for (String line = line(); !line.isEmpty(); line = line()) {
            if (line.toLowerCase(Locale.ROOT).startsWith(LENGTH)) {
                length = Integer.parseInt(line.substring(LENGTH.length()).strip());
            }
        }
        in.skipNBytes(length);
        return first;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new IOException("The server has ended the connection.");
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
