package dev.sluice.failure;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Makes one sentence of what MongoDB's driver says when it found no server in time: a page about its own
/// view of the cluster, with the reason in the middle.
final class ServerSelection {
    private static final Pattern CAUSE = Pattern.compile("caused by \\{[\\w.$]+: ([^{}]*)}");
    private static final Pattern ADDRESS = Pattern.compile("address=([^,}]+)");
    private static final Pattern SRV = Pattern.compile("SRV record for '([^']*)'");

    private ServerSelection() {}

    static String describe(String message) {
        Matcher srv = SRV.matcher(message);
        if (srv.find()) {
            return "There is no SRV record " + srv.group(1);
        }
        Matcher address = ADDRESS.matcher(message);
        String where = address.find() ? address.group(1) : "the hosts of MONGO_URI";
        if (message.contains("java.net.UnknownHostException")) {
            return "There is no host '" + where.replaceFirst(":\\d+$", "") + "'";
        }
        String tls = TlsTrouble.describe(message);
        if (tls != null) {
            return where + ": " + tls;
        }
        Matcher cause = CAUSE.matcher(message);
        return where + ": "
                + (cause.find()
                        ? cause.group(1)
                        : "no server there is the primary of the replica set that MONGO_URI names");
    }
}
