package dev.sluice.positions;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/// The processes of this host, as far as this process can prove anything about them: Linux's `/proc`.
///
/// A process counts as gone only when that is certain. Process ids mean something only within one pid
/// namespace: two containers on one host share the boot id, and in both the program is process 1, so the
/// namespace's number and the host name belong to the identity. Where `/proc` hides other users' processes
/// (`hidepid`), shows another namespace than ours, or is not there, nothing is ever proved, and the caller
/// has to wait. Any thread.
final class ProcessTable {
    /// Field 22 of `/proc/PID/stat`, counted from the state, which is field 3 and the first after the name.
    private static final int START_AFTER_STATE = 19;

    private static final ProcessTable LIVE =
            new ProcessTable(Path.of("/proc"), ProcessHandle.current().pid());

    /// Does not change while the process lives.
    private static final Optional<ProcessIdentity> OWN = LIVE.self();

    private final Path proc;
    private final long ownPid;

    /// @param proc where the process file system is
    /// @param ownPid this process's id, by the system and not by `proc`
    ProcessTable(Path proc, long ownPid) {
        this.proc = proc;
        this.ownPid = ownPid;
    }

    /// This process; empty where it can't be identified with certainty.
    static Optional<ProcessIdentity> own() {
        return OWN;
    }

    /// Whether a process has certainly ended. False when it lives and whenever that can't be known.
    static boolean isProvablyGone(ProcessIdentity process) {
        return LIVE.isGone(process);
    }

    Optional<ProcessIdentity> self() {
        try {
            if (!showsOurNamespace() || hidesProcesses()) {
                return Optional.empty();
            }
            Optional<Stat> stat = stat(ownPid);
            return stat.isEmpty()
                    ? Optional.empty()
                    : Optional.of(
                            new ProcessIdentity(place(), ownPid, stat.get().startTicks()));
        } catch (IOException | UnsupportedOperationException | SecurityException | NumberFormatException unknown) {
            return Optional.empty();
        }
    }

    boolean isGone(ProcessIdentity process) {
        Optional<ProcessIdentity> self = self();
        if (self.isEmpty() || !self.get().place().equals(process.place())) {
            return false;
        }
        try {
            Optional<Stat> stat = stat(process.pid());
            return stat.isEmpty()
                    || stat.get().startTicks() != process.startTicks()
                    || (stat.get().ended() && threads(process.pid()) <= 1);
        } catch (IOException | NumberFormatException unknown) {
            return false;
        }
    }

    private boolean showsOurNamespace() throws IOException {
        return Files.readSymbolicLink(proc.resolve("self")).toString().equals(Long.toString(ownPid));
    }

    /// Also true where the mount can't be found, since its options are not known then.
    private boolean hidesProcesses() throws IOException {
        List<String[]> mounts = Files.readAllLines(proc.resolve("self/mounts")).stream()
                .map(line -> line.split(" "))
                .filter(fields -> fields.length > 3 && fields[1].equals("/proc") && fields[2].equals("proc"))
                .toList();
        if (mounts.isEmpty()) {
            return true;
        }
        for (String option : mounts.getLast()[3].split(",")) {
            if (option.startsWith("hidepid=") && !option.equals("hidepid=0") && !option.equals("hidepid=off")) {
                return true;
            }
        }
        return false;
    }

    private String place() throws IOException {
        Path time = proc.resolve("self/ns/time");
        String what = String.join(
                "\n",
                Files.readString(proc.resolve("sys/kernel/random/boot_id")).strip(),
                Files.readSymbolicLink(proc.resolve("self/ns/pid")).toString(),
                // Start times are those of the reader's time namespace; Linux has had them since 5.6.
                Files.isSymbolicLink(time) ? Files.readSymbolicLink(time).toString() : "",
                Files.readString(proc.resolve("sys/kernel/hostname")).strip());
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(what.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /// @param ended whether it is a zombie: only its parent has not asked for its exit status yet
    private record Stat(boolean ended, long startTicks) {}

    private Optional<Stat> stat(long pid) throws IOException {
        String text;
        try {
            text = Files.readString(proc.resolve(Long.toString(pid)).resolve("stat"), StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException gone) {
            return Optional.empty();
        }
        // The name in the second field may hold blanks and brackets.
        String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ");
        if (fields.length <= START_AFTER_STATE) {
            throw new IOException("/proc has a stat of another form");
        }
        return Optional.of(
                new Stat(fields[0].equals("Z") || fields[0].equals("X"), Long.parseLong(fields[START_AFTER_STATE])));
    }

    /// A process whose first thread has ended shows as a zombie while the others go on.
    private int threads(long pid) throws IOException {
        int count = 0;
        try (DirectoryStream<Path> tasks =
                Files.newDirectoryStream(proc.resolve(Long.toString(pid)).resolve("task"))) {
            for (Iterator<Path> each = tasks.iterator(); each.hasNext(); each.next()) {
                count++;
            }
        }
        return count;
    }
}
