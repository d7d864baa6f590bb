package dev.sluice.positions;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// When a process counts as gone, on process file systems as containers and hosts have them.
class ProcessTableTest {
    private static final long PID = 42;
    private static final long START = 1_000;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    @Test
    void aProcessIsGoneWhenItsIdIsFreeOrAnothersNow() throws IOException {
        Path proc = proc("host", "4026531836", "h1", "rw,relatime");
        process(proc, PID, 'S', START);
        ProcessTable table = new ProcessTable(proc, PID);
        ProcessIdentity self = table.self().orElseThrow();

        assertThat(self).isEqualTo(new ProcessIdentity(self.place(), PID, START));
        assertThat(table.isGone(self)).as("this process").isFalse();
        assertThat(table.isGone(new ProcessIdentity(self.place(), 43, START)))
                .as("no process has the id")
                .isTrue();
        assertThat(table.isGone(new ProcessIdentity(self.place(), PID, START - 1)))
                .as("the id is another's now")
                .isTrue();
    }

    @Test
    void aZombieIsGoneUnlessThreadsOfItGoOn() throws IOException {
        Path proc = proc("host", "4026531836", "h1", "rw");
        process(proc, PID, 'S', START);
        process(proc, 50, 'Z', 7);
        process(proc, 51, 'Z', 8);
        Files.createDirectories(proc.resolve("51/task/52"));
        ProcessTable table = new ProcessTable(proc, PID);
        String place = table.self().orElseThrow().place();

        assertThat(table.isGone(new ProcessIdentity(place, 50, 7))).isTrue();
        assertThat(table.isGone(new ProcessIdentity(place, 51, 8))).isFalse();
    }

    @Test
    void ofTwoContainersWithProcessOneNeitherCanProveThatTheOtherIsGone() throws IOException {
        Path one = proc("one", "4026532200", "h1", "rw");
        process(one, 1, 'S', START);
        Path two = proc("two", "4026532300", "h1", "rw");
        process(two, 1, 'S', START + 500);
        Path renamed = proc("renamed", "4026532200", "h2", "rw");
        process(renamed, 1, 'S', START + 500);
        ProcessIdentity first = new ProcessTable(one, 1).self().orElseThrow();

        assertThat(new ProcessTable(two, 1).isGone(first)).isFalse();
        assertThat(new ProcessTable(renamed, 1).isGone(first)).isFalse();
    }

    @Test
    void nothingIsProvedWhereProcessesAreHiddenOrOfAnotherNamespaceOrNotShown() throws IOException {
        Path seen = proc("seen", "4026531836", "h1", "rw,hidepid=0");
        process(seen, PID, 'S', START);
        ProcessIdentity gone = new ProcessIdentity(
                new ProcessTable(seen, PID).self().orElseThrow().place(), 43, START);
        assertThat(new ProcessTable(seen, PID).isGone(gone)).isTrue();

        Path hidden = proc("hidden", "4026531836", "h1", "rw,hidepid=invisible");
        process(hidden, PID, 'S', START);
        assertThat(new ProcessTable(hidden, PID).self()).isEmpty();
        assertThat(new ProcessTable(hidden, PID).isGone(gone)).isFalse();
        assertThat(new ProcessTable(seen, 7).isGone(gone))
                .as("/proc of another namespace, where we have another id")
                .isFalse();
        Files.delete(seen.resolve("self/ns/pid"));
        assertThat(new ProcessTable(seen, PID).isGone(gone)).isFalse();
        assertThat(new ProcessTable(directory.resolve("none"), PID).isGone(gone))
                .isFalse();
    }

    @Test
    void theIdentityFitsIntoAnApplicationNameOfAnyLengthAndIsReadFromIt() {
        ProcessIdentity largest = new ProcessIdentity("0123456789abcdef", 4_194_304, 999_999_999_999L);
        for (String name : new String[] {"sluice", "", "ein sehr langer Name mit Umläuten: äöüäöüäöüäöüäöüäöü"}) {
            String application = largest.appendedTo(name);

            assertThat(application.getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(63);
            assertThat(ProcessIdentity.of(application)).contains(largest);
        }
        assertThat(largest.appendedTo("sluice")).startsWith("sluice ");
        assertThat(ProcessIdentity.of("sluice")).isEmpty();
    }

    private Path proc(String name, String namespace, String host, String options) throws IOException {
        Path proc = directory.resolve(name);
        Files.createDirectories(proc.resolve("sys/kernel/random"));
        Files.writeString(proc.resolve("sys/kernel/random/boot_id"), "7c3b6a5e-0000-4000-8000-000000000000\n");
        Files.writeString(proc.resolve("sys/kernel/hostname"), host + "\n");
        Files.createDirectories(proc.resolve("ns"));
        Files.createSymbolicLink(proc.resolve("ns/pid"), Path.of("pid:[" + namespace + "]"));
        Files.writeString(proc.resolve("mounts"), "overlay / overlay rw 0 0\nproc /proc proc " + options + " 0 0\n");
        return proc;
    }

    /// The first one is the one that looks.
    private static void process(Path proc, long pid, char state, long start) throws IOException {
        Path entry = Files.createDirectories(proc.resolve(Long.toString(pid)));
        Files.createDirectories(entry.resolve("task/" + pid));
        String zeros = " 0".repeat(18);
        Files.writeString(entry.resolve("stat"), pid + " (a (b) c) " + state + zeros + " " + start + " 0 0\n");
        if (!Files.exists(proc.resolve("self"))) {
            Files.move(proc.resolve("ns"), entry.resolve("ns"));
            Files.move(proc.resolve("mounts"), entry.resolve("mounts"));
            Files.createSymbolicLink(proc.resolve("self"), Path.of(Long.toString(pid)));
        }
    }
}
