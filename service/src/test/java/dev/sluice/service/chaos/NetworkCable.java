package dev.sluice.service.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/// A host of its own on the other end of a cable that can be pulled: a network namespace of Linux, behind a
/// switch, from which this machine's loopback servers are reached at their usual addresses. While the cable
/// is out, neither side is told anything; the servers' kernel has to find out.
///
/// ```
/// servers on 127.0.0.1 -- this machine -- switch (a bridge in a namespace) --cable-- host (a namespace)
/// ```
final class NetworkCable implements AutoCloseable {
    private static final String CABLE_IN_SWITCH = "host";

    private final String name;
    private final String here;
    private final String there;

    private NetworkCable() {
        int number = ThreadLocalRandom.current().nextInt(1 << 14);
        this.name = "sluice" + number;
        // Of the range that is set aside for tests of network devices, four addresses for each cable.
        String net = "198.18." + (number >> 6) + ".";
        this.here = net + ((number & 63) * 4 + 1);
        this.there = net + ((number & 63) * 4 + 2);
    }

    /// Why no cable can be laid on this machine; empty when it can.
    static Optional<String> impossible() {
        if (!Files.isWritable(Path.of("/proc/sys/net/ipv4/conf/all/route_localnet"))) {
            return Optional.of("network namespaces take Linux and root");
        }
        try (NetworkCable cable = new NetworkCable()) {
            cable.lay();
            return Optional.empty();
        } catch (IllegalStateException e) {
            return Optional.of("no network namespace could be made: " + e.getMessage());
        }
    }

    static NetworkCable plugged() {
        NetworkCable cable = new NetworkCable();
        try {
            cable.lay();
        } catch (IllegalStateException e) {
            cable.close();
            throw e;
        }
        return cable;
    }

    private void lay() {
        sh("ip netns add " + inSwitch());
        sh("ip netns add " + inHost());
        sh("ip link add " + name + " type veth peer name uplink netns " + inSwitch());
        sh("ip -n " + inSwitch() + " link add " + CABLE_IN_SWITCH + " type veth peer name eth0 netns " + inHost());
        sh("ip -n " + inSwitch() + " link add br0 type bridge");
        for (String port : List.of("uplink", CABLE_IN_SWITCH)) {
            sh("ip -n " + inSwitch() + " link set " + port + " master br0 up");
        }
        sh("ip -n " + inSwitch() + " link set br0 up");
        sh("ip addr add " + here + "/30 dev " + name);
        sh("ip link set " + name + " up");
        sh("ip -n " + inHost() + " addr add " + there + "/30 dev eth0");
        sh("ip -n " + inHost() + " link set eth0 up");
        // The host's own loopback stays down, and 127.0.0.1 is this machine's.
        sh("ip -n " + inHost() + " route add 127.0.0.1/32 via " + here + " src " + there);
        sh("echo 1 > /proc/sys/net/ipv4/conf/" + name + "/route_localnet");
        sh(String.join(" ", command()) + " sh -c 'echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet'");
    }

    private String inSwitch() {
        return name + "s";
    }

    private String inHost() {
        return name + "h";
    }

    /// What a command is put behind to run on the host.
    List<String> command() {
        return List.of("nsenter", "--net=/run/netns/" + inHost());
    }

    /// The host's address.
    String address() {
        return there;
    }

    void pull() {
        sh("ip -n " + inSwitch() + " link set " + CABLE_IN_SWITCH + " down");
    }

    void plug() {
        sh("ip -n " + inSwitch() + " link set " + CABLE_IN_SWITCH + " up");
    }

    /// The devices go with the namespaces, once no process is in them.
    @Override
    public void close() {
        for (String command :
                List.of("ip link delete " + name, "ip netns delete " + inHost(), "ip netns delete " + inSwitch())) {
            try {
                sh(command);
            } catch (IllegalStateException neverMade) {
                // Laying it ended before this.
            }
        }
    }

    private static void sh(String command) {
        try {
            Process process = new ProcessBuilder("sh", "-c", command)
                    .redirectErrorStream(true)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IllegalStateException(command + ": " + said.strip());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
