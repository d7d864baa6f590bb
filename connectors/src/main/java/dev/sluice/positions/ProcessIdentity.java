package dev.sluice.positions;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Which process a PostgreSQL session belongs to. It stands at the end of the session's application_name,
/// where any other process can read it, so that a process that was started again can tell whether a session
/// that PostgreSQL still keeps belongs to a process that is gone.
///
/// @param place a digest of what a process id is unique in: the boot of the kernel, the pid namespace, the
///     time namespace and the host name
/// @param pid in that namespace
/// @param startTicks when the process started, in clock ticks since the boot
public record ProcessIdentity(String place, long pid, long startTicks) {
    /// PostgreSQL cuts an application_name after so many bytes.
    private static final int NAME_BYTES_MAX = 63;

    private static final Pattern AT_THE_END = Pattern.compile(" ([0-9a-f]{16}) (\\d{1,10}) (\\d{1,18})$");

    /// The same for PostgreSQL's operator `~`.
    static final String AT_THE_END_IN_SQL = AT_THE_END.pattern();

    /// Reads it from an application_name; empty when there is none.
    public static Optional<ProcessIdentity> of(String applicationName) {
        Matcher matcher = AT_THE_END.matcher(applicationName);
        return matcher.find()
                ? Optional.of(new ProcessIdentity(
                        matcher.group(1), Long.parseLong(matcher.group(2)), Long.parseLong(matcher.group(3))))
                : Optional.empty();
    }

    /// The application_name of a session of this process.
    ///
    /// @param name what people are to see first; shortened where it leaves no room for the rest
    public static String applicationName(String name) {
        return ProcessTable.own().map(own -> own.appendedTo(name)).orElse(name);
    }

    String appendedTo(String name) {
        String identity = " " + place + " " + pid + " " + startTicks;
        StringBuilder shortened = new StringBuilder(name);
        while (shortened.toString().getBytes(StandardCharsets.UTF_8).length + identity.length() > NAME_BYTES_MAX) {
            shortened.setLength(shortened.length() - 1);
        }
        return shortened + identity;
    }
}
