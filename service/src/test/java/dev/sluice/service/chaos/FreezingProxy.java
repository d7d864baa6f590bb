package dev.sluice.service.chaos;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/// A TCP proxy on loopback that can stop forwarding without closing anything, as a network does whose cable was
/// pulled: neither end hears anything of the other, not even that it is gone. The server's kernel goes on
/// talking to a proxy that answers its keepalives, which is the worst case: that of a load balancer or a
/// tunnel in between.
final class FreezingProxy implements AutoCloseable {
    private final ServerSocket listening;
    private final int target;
    private final List<Socket> sockets = new ArrayList<>();

    /// Of the connections made since the last [#freeze].
    private AtomicBoolean frozen = new AtomicBoolean();

    private boolean cut;

    /// @param target a port on loopback
    FreezingProxy(int target) {
        this.target = target;
        try {
            this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofPlatform().name("proxy").daemon(true).start(this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    /// From now on nothing passes through the connections there are, for good. New ones work.
    synchronized void freeze() {
        frozen.set(true);
        frozen = new AtomicBoolean();
    }

    /// As [#freeze], and nothing passes through new ones either until [#restore].
    synchronized void cut() {
        freeze();
        cut = true;
        frozen.set(true);
    }

    synchronized void restore() {
        cut = false;
        frozen = new AtomicBoolean();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listening.accept();
                connect(client);
            }
        } catch (IOException closed) {
            // The test is over.
        }
    }

    private synchronized void connect(Socket client) throws IOException {
        sockets.add(client);
        if (cut) {
            return;
        }
        Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
        sockets.add(server);
        pump(client, server, frozen);
        pump(server, client, frozen);
    }

    private static void pump(Socket from, Socket to, AtomicBoolean frozen) {
        Thread.ofVirtual().start(() -> {
            byte[] buffer = new byte[1 << 16];
            try {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                for (int read = in.read(buffer); read >= 0 && !frozen.get(); read = in.read(buffer)) {
                    out.write(buffer, 0, read);
                }
            } catch (IOException broken) {
                // Told to the other end below.
            }
            if (!frozen.get()) {
                try {
                    to.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        });
    }

    @Override
    public void close() {
        try {
            listening.close();
            synchronized (this) {
                for (Socket socket : sockets) {
                    socket.close();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
