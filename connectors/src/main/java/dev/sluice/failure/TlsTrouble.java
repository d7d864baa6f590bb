package dev.sluice.failure;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Makes one sentence of what Java says when a TLS connection does not come about. By the text, since the
/// drivers hand on no more of some of these exceptions.
final class TlsTrouble {
    private static final Pattern HOST = Pattern.compile(
            "No (?:name|subject alternative (?:DNS|IP address)(?: names?)?) matching (?:IP address )?(\\S+) found");
    private static final Pattern EXPIRED = Pattern.compile("NotAfter: ([^}\\n]+?)(?=[,}\\n]|$)");
    private static final Pattern NOT_YET = Pattern.compile("NotBefore: ([^}\\n]+?)(?=[,}\\n]|$)");

    private TlsTrouble() {}

    /// @param text all that is known of the failure, its causes included
    /// @return what is wrong with the server of that name, as the end of a sentence that begins with its
    ///     name; null when it is nothing of TLS
    static @Nullable String describe(String text) {
        Matcher expired = EXPIRED.matcher(text);
        if (expired.find()) {
            return "its certificate has expired (" + expired.group(1).strip() + ")";
        }
        Matcher notYet = NOT_YET.matcher(text);
        if (notYet.find()) {
            return "its certificate is not valid yet (" + notYet.group(1).strip() + ")";
        }
        Matcher host = HOST.matcher(text);
        if (host.find()
                || text.contains("No subject alternative names")
                || text.contains("could not be verified by hostnameverifier")) {
            return "its certificate is for another host name than the one in the URI";
        }
        if (text.contains("PKIX path") || text.contains("unable to find valid certification path")) {
            return "its certificate is not signed by a CA that Sluice trusts; SLUICE_CA_FILE names a PEM file with the"
                    + " right one";
        }
        if (text.contains("Unsupported or unrecognized SSL message")
                || text.contains("Remote host terminated the handshake")
                || text.contains("SSL peer shut down incorrectly")) {
            return "it does not speak TLS, and the URI asks for it";
        }
        if (text.contains("Received fatal alert: certificate_required")
                || text.contains("Received fatal alert: bad_certificate")) {
            return "it wants a certificate from its clients; tlsCertificateKeyFile in MONGO_URI (sslcert and sslkey in"
                    + " POSTGRES_URI) names one";
        }
        return null;
    }

    /// The messages of an exception and of its causes.
    static String textOf(Throwable thrown) {
        StringBuilder text = new StringBuilder();
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            text.append(t.getMessage()).append('\n');
        }
        return text.toString();
    }
}
