package dev.sluice.sandbox;

import com.mongodb.ConnectionString;
import com.mongodb.MongoException;
import com.mongodb.WriteConcern;
import com.mongodb.client.MongoClient;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.jspecify.annotations.Nullable;

/// A replica set of several genuine mongods on 127.0.0.1, for tests of elections, lost members and
/// rollbacks. The program is found as for [SandboxMongo], apart from a given URI and Docker: the members
/// have to be processes of this machine, which are killed and suspended.
///
/// An election begins two seconds after the primary was last heard of; the default would be ten.
///
/// Safe for use by several threads.
public final class SandboxReplicaSet implements AutoCloseable {

    private static final int ELECTION_TIMEOUT_MILLIS = 2_000;
    private static final int HEARTBEAT_MILLIS = 500;
    private static final int ANSWER_BOUND_MILLIS = 5_000;
    private static final Duration CHANGE_BOUND = Duration.ofMinutes(1);
    private static final long POLL_MILLIS = 50;
    private static final int NOT_WRITABLE_PRIMARY = 10_107;

    private final List<Member> members;
    private final String product;

    private SandboxReplicaSet(List<Member> members, String product) {
        this.members = List.copyOf(members);
        this.product = product;
    }

    /// Starts a set with the defaults; see [#start(int, SandboxMongo.Options)].
    ///
    /// @param size how many members
    public static SandboxReplicaSet start(int size) {
        return start(size, SandboxMongo.Options.DEFAULTS);
    }

    /// Starts a set, and reports it on standard output in one line.
    ///
    /// @param size how many members
    /// @param options for each member; neither without a replica set nor with a password
    /// @return a set with a primary and otherwise secondaries
    /// @throws SandboxException when it can't be had; the message says what to do
    public static SandboxReplicaSet start(int size, SandboxMongo.Options options) {
        if (size < 1 || !options.replicaSet() || options.password() != null) {
            throw new IllegalArgumentException("A set has at least one member, and no users.");
        }
        Mongod mongod = Mongod.atHand().orElseGet(() -> Mongod.fromIndex(null));
        List<Member> members = new ArrayList<>();
        try {
            for (int i = 0; i < size; i++) {
                members.add(Member.start(i, mongod, options));
            }
            initiate(members);
            String product = MongoHello.ask(members.getFirst().direct(), ANSWER_BOUND_MILLIS)
                    .product();
            SandboxReplicaSet set = new SandboxReplicaSet(members, product + " (" + mongod.origin() + ")");
            set.awaitHealthy();
            announce(set.description() + ", ports "
                    + members.stream().map(m -> Integer.toString(m.port)).collect(Collectors.joining(", ")));
            return set;
        } catch (RuntimeException e) {
            members.forEach(Member::close);
            throw e;
        }
    }

    private static void initiate(List<Member> members) {
        List<Document> described = IntStream.range(0, members.size())
                .mapToObj(i -> new Document("_id", i).append("host", "127.0.0.1:" + members.get(i).port))
                .toList();
        Document configuration = new Document("_id", Mongod.REPLICA_SET)
                .append("members", described)
                .append(
                        "settings",
                        new Document("electionTimeoutMillis", ELECTION_TIMEOUT_MILLIS)
                                .append("heartbeatIntervalMillis", HEARTBEAT_MILLIS));
        try (MongoClient client = members.getFirst().client()) {
            client.getDatabase("admin").runCommand(new Document("replSetInitiate", configuration));
        } catch (MongoException e) {
            throw new SandboxException("The sandbox's replica set can't be initiated: " + e.getMessage(), e);
        }
    }

    /// The connection string; it names all members and the set.
    public String uri() {
        return "mongodb://"
                + members.stream().map(m -> "127.0.0.1:" + m.port).collect(Collectors.joining(",")) + "/?replicaSet="
                + Mongod.REPLICA_SET;
    }

    /// What runs here, for people: `MongoDB 6.0.5 (from Python's package index), replica set of 3`.
    public String description() {
        return product + ", replica set of " + members.size();
    }

    /// All members, running or not.
    public List<Member> members() {
        return members;
    }

    /// The primary, waited for.
    ///
    /// @throws SandboxException when there is none within a minute
    public Member primary() {
        awaitThat("no member became the primary", () -> primaryNow().isPresent());
        // Asked again: between the two an election may have been lost again.
        return primaryNow().orElseGet(this::primary);
    }

    /// The running members besides the primary, which is waited for.
    public List<Member> secondaries() {
        Member primary = primary();
        return members.stream().filter(m -> m != primary && m.answers()).toList();
    }

    /// Of two members that take themselves for the primary, the one that was elected later is: the other
    /// has not heard of it yet.
    private Optional<Member> primaryNow() {
        record Elected(Member member, ObjectId id) {}
        return members.stream()
                .flatMap(member -> member
                        .hello()
                        .filter(MongoHello::isPrimary)
                        .map(MongoHello::electionId)
                        .map(id -> new Elected(member, id))
                        .stream())
                .max(Comparator.comparing(Elected::id))
                .map(Elected::member);
    }

    /// Waits until one of the running members is the primary and the others follow it.
    ///
    /// @throws SandboxException when that isn't so within a minute
    public void awaitHealthy() {
        awaitThat("the set did not come to one primary and otherwise secondaries", () -> {
            List<Optional<MongoHello>> said =
                    members.stream().filter(Member::answers).map(Member::hello).toList();
            return said.stream().allMatch(Optional::isPresent)
                    && said.stream()
                                    .filter(hello -> hello.orElseThrow().isPrimary())
                                    .count()
                            == 1
                    && said.stream()
                            .map(Optional::orElseThrow)
                            .allMatch(hello -> hello.isPrimary() || hello.isSecondary());
        });
    }

    /// Has the primary step down, and waits until another one was elected.
    ///
    /// @return the new primary
    /// @throws SandboxException when there is none within a minute
    public Member stepDown() {
        Member old = primary();
        try (MongoClient client = old.client()) {
            client.getDatabase("admin")
                    .runCommand(new Document("replSetStepDown", 10)
                            .append("secondaryCatchUpPeriodSecs", 5)
                            .append("force", true));
        } catch (MongoException e) {
            // Another member's election may have been quicker.
            if (e.getCode() != NOT_WRITABLE_PRIMARY) {
                throw new SandboxException("The primary doesn't step down: " + e.getMessage(), e);
            }
        }
        awaitThat(
                "no other member became the primary",
                () -> primaryNow().filter(member -> member != old).isPresent());
        return primary();
    }

    /// Makes a rollback: isolates the primary by killing all others, lets it write operations that no other
    /// member gets, kills it, starts the others, which elect a primary and write, and starts the old primary
    /// again, which rolls back what it wrote alone. Returns when the set is complete again.
    ///
    /// @param alone writes to the old primary with `w: 1`, journaled; must be done in less than two seconds,
    ///     for then the old primary notices that it is alone and steps down
    /// @throws SandboxException when nothing was rolled back
    public void rollBack(Consumer<MongoClient> alone) {
        awaitHealthy();
        Member old = primary();
        List<Member> others = members.stream().filter(m -> m != old).toList();
        int rollbacks = old.rollbacks();
        others.forEach(Member::kill);
        try (MongoClient client = old.client()) {
            alone.accept(client);
        }
        old.kill();
        others.forEach(Member::startAgain);
        try (MongoClient client = primary().client()) {
            client.getDatabase("sandbox")
                    .getCollection("elections")
                    .withWriteConcern(WriteConcern.MAJORITY)
                    .insertOne(new Document());
        }
        old.startAgain();
        awaitHealthy();
        awaitThat("nothing was rolled back", () -> old.rollbacks() > rollbacks);
        awaitHealthy();
    }

    /// Stops all members and removes their data. May be called more than once.
    @Override
    public void close() {
        members.forEach(Member::close);
    }

    private static void awaitThat(String complaint, BooleanSupplier condition) {
        long deadline = System.nanoTime() + CHANGE_BOUND.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new SandboxException(
                        "The sandbox's replica set: " + complaint + " within " + CHANGE_BOUND.toSeconds() + " s.");
            }
            try {
                Thread.sleep(POLL_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new SandboxException("Interrupted while waiting for the sandbox's replica set.", e);
            }
        }
    }

    /// One mongod of the set. Any thread.
    public static final class Member {
        private final int port;
        private final GuardedProcess process;
        private volatile boolean paused;

        private Member(int port, GuardedProcess process) {
            this.port = port;
            this.process = process;
        }

        private static Member start(int number, Mongod mongod, SandboxMongo.Options options) {
            Member member = new Member(
                    LoopbackPort.free(), GuardedProcess.prepare("mongod " + number, GuardedProcess.StopSignal.TERM));
            try {
                var storage = Files.createDirectories(member.process.directory().resolve("data"));
                List<String> command =
                        new ArrayList<>(mongod.command(member.port, "127.0.0.1", storage.toString(), options));
                command.add("--unixSocketPrefix=" + member.process.directory());
                member.process.start(
                        command,
                        mongod.program().environment(),
                        () -> member.hello().isPresent());
                return member;
            } catch (IOException e) {
                member.close();
                throw new SandboxException("Can't start a member of the sandbox's replica set: " + e.getMessage(), e);
            } catch (RuntimeException e) {
                member.close();
                throw e;
            }
        }

        /// The connection string of this member alone.
        public String uri() {
            return "mongodb://127.0.0.1:" + port + "/?directConnection=true";
        }

        /// Its process id; empty while it is stopped.
        public OptionalLong pid() {
            return process.pid();
        }

        /// Whether it runs and is not suspended.
        public boolean answers() {
            return !paused && process.pid().isPresent();
        }

        /// Ends it at once, as a power cut does (SIGKILL). Its data stays.
        public void kill() {
            process.kill();
            paused = false;
        }

        /// Stops it cleanly.
        public void stop() {
            process.stop();
            paused = false;
        }

        /// Starts it on the same port and data and returns when it answers; it need not have caught up yet.
        ///
        /// @throws SandboxException when it doesn't answer in time
        public void startAgain() {
            process.startAgain();
        }

        /// Suspends it (SIGSTOP): connections stay open and are not answered, as after a cable pull.
        public void pause() {
            paused = true;
            process.pause();
        }

        /// Lets it go on after [#pause()].
        public void resume() {
            process.resume();
            paused = false;
        }

        private Optional<MongoHello> hello() {
            // The driver logs every refused connection with its stack trace.
            if (!answers() || !LoopbackPort.accepts(port)) {
                return Optional.empty();
            }
            try {
                return Optional.of(MongoHello.ask(direct(), ANSWER_BOUND_MILLIS));
            } catch (MongoException e) {
                return Optional.empty();
            }
        }

        /// How often it has rolled back since its data exists; -1 when it does not answer just now.
        private int rollbacks() {
            try (MongoClient client = client()) {
                @Nullable
                Integer id = client.getDatabase("admin")
                        .runCommand(new Document("replSetGetRBID", 1))
                        .getInteger("rbid");
                return id == null ? -1 : id;
            } catch (MongoException e) {
                return -1;
            }
        }

        private ConnectionString direct() {
            return new ConnectionString(uri());
        }

        private MongoClient client() {
            return MongoHello.client(direct(), ANSWER_BOUND_MILLIS);
        }

        // A clean stop would wait for other members to take over, and the data goes anyway.
        private void close() {
            process.kill();
            process.close();
        }

        @Override
        public String toString() {
            return "127.0.0.1:" + port;
        }
    }

    // Standard output, not the log: visible in tests without any configuration.
    @SuppressWarnings("SystemOut")
    private static void announce(String line) {
        System.out.println(line);
    }
}
