package dev.sluice.service.chaos;

import dev.sluice.sandbox.SandboxMongo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// Two genuine replica sets of one member each that take turns on one port: the data of the one that does not
/// run lies aside.
final class TwoDeployments {
    /// Of a server of its own, which another test's setting does not replace by a given one.
    static final SandboxMongo.Options OPTIONS =
            SandboxMongo.Options.DEFAULTS.withArguments(List.of("--setParameter", "logLevel=0"));

    private final SandboxMongo mongo;
    private final Path data;
    private final Path aside;

    TwoDeployments(SandboxMongo mongo) throws IOException {
        this.mongo = mongo;
        String[] command = Files.readString(Path.of("/proc/" + mongo.pid().orElseThrow() + "/cmdline"))
                .split("\0", -1);
        this.data = Path.of(command[Arrays.asList(command).indexOf("--dbpath") + 1]);
        this.aside = data.resolveSibling("aside");
        Files.createDirectories(aside);
    }

    /// The other one runs when it returns; the first time it is a new one, without any document.
    void swap() throws IOException {
        mongo.stop();
        Path between = data.resolveSibling("between");
        Files.move(data, between);
        Files.move(aside, data);
        Files.move(between, aside);
        mongo.startAgain();
    }

    /// Copies what is on disk, with everything that makes it what it is; the server has to be started again.
    void keepCopy(Path folder) throws IOException {
        mongo.stop();
        try (var files = Files.walk(data)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, folder.resolve(data.relativize(file).toString()));
            }
        }
        mongo.startAgain();
    }

    /// Puts a copy in the place of the data: the deployment as it was then.
    void restore(Path folder) throws IOException {
        mongo.stop();
        Files.move(data, data.resolveSibling("later"));
        Files.move(folder, data);
        mongo.startAgain();
    }
}
