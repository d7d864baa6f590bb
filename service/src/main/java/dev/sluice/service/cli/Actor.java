package dev.sluice.service.cli;

import java.net.InetAddress;
import java.net.UnknownHostException;

/// Who asks, for the audit.
final class Actor {
    private Actor() {}

    /// The user of the machine at whose keyboard the command was written.
    static String atTheKeyboard() {
        String host;
        try {
            host = InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            host = "unknown host";
        }
        return System.getProperty("user.name", "unknown user") + " on " + host + ", command line";
    }
}
