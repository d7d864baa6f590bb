package dev.sluice.sandbox;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.ThreadLocalRandom;

/// TCP ports of 127.0.0.1.
final class LoopbackPort {

    // Below the range from which Linux and macOS hand out ports for outgoing connections (32768 and up). From inside
    // that range a client that keeps reconnecting to a stopped server can be given the server's own port, connect to
    // itself, and keep the server from starting again.
    private static final int FIRST = 20_000;
    private static final int AFTER_LAST = 32_000;
    private static final int CONNECT_TIMEOUT_MILLIS = 500;

    private LoopbackPort() {}

    /// A port on which no process listens now.
    ///
    /// @throws SandboxException when no free port was found
    static int free() {
        for (int attempt = 0; attempt < 200; attempt++) {
            int port = ThreadLocalRandom.current().nextInt(FIRST, AFTER_LAST);
            try (ServerSocket socket = new ServerSocket()) {
                // A listener on all addresses doesn't hinder this bind on every system, hence the second question.
                socket.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
            } catch (IOException taken) {
                continue;
            }
            if (!accepts(port)) {
                return port;
            }
        }
        throw new SandboxException("No free TCP port was found on 127.0.0.1 between " + FIRST + " and " + AFTER_LAST
                + ". Check whether this machine lets programs listen on 127.0.0.1.");
    }

    /// Whether a process accepts connections on the port.
    static boolean accepts(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), CONNECT_TIMEOUT_MILLIS);
            return true;
        } catch (IOException refused) {
            return false;
        }
    }
}
