package dev.sluice.positions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.testkit.TestTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Who gets a pipeline whose lock is held, and whose session may be ended.
class PipelineLockIT {
    private static final Duration BOUND = Duration.ofSeconds(60);
    private static final String PIPELINE = TestTarget.PIPELINE;

    /// Above every process id that Linux gives.
    private static final long NO_PROCESS = 4_194_305;

    private final TestTarget target = TestTarget.demo();

    @AfterEach
    void close() {
        target.close();
    }

    @Test
    void whatIsLeftOfAProcessThatIsGoneIsEnded() throws SQLException, InterruptedException {
        ProcessIdentity own = ProcessTable.own().orElseThrow();
        try (Connection ghost = holding(new ProcessIdentity(own.place(), NO_PROCESS, 1).appendedTo("sluice"))) {
            try (Connection looking = target.connector().open()) {
                assertThat(PipelineLock.isTaken(looking, PIPELINE)).isFalse();
            }
            try (PipelineLock lock = PipelineLock.take(target.connector()::open, PIPELINE)) {
                assertThat(lock.isHeld()).isTrue();
                assertThat(ghost.isValid(5)).isFalse();
            }
        }
    }

    @Test
    void aSessionOfAnotherPlaceOfALivingProcessOrOfNobodyKnownIsLeftAlone() throws SQLException {
        ProcessIdentity own = ProcessTable.own().orElseThrow();
        ProcessIdentity elsewhere = new ProcessIdentity("0123456789abcdef", NO_PROCESS, 1);
        for (String name :
                new String[] {elsewhere.appendedTo("sluice"), parent(own).appendedTo("sluice"), "sluice"}) {
            try (Connection held = holding(name)) {
                assertThatThrownBy(() -> PipelineLock.take(target.connector()::open, PIPELINE))
                        .isInstanceOfSatisfying(SluiceException.class, e -> {
                            assertThat(e.kind()).isEqualTo(FailureKind.FENCED_OUT);
                            assertThat(e)
                                    .hasMessageContaining("PostgreSQL session ")
                                    .hasMessageContaining("connected ");
                        });
                assertThat(held.isValid(5)).isTrue();
            }
        }
    }

    @Test
    void aSilentHolderLosesTheLockAfterTheLeaseAndOneThatIsThereKeepsIt() throws SQLException, InterruptedException {
        try (PipelineLock lock = PipelineLock.take(target.connector()::open, PIPELINE)) {
            long until = System.nanoTime() + PipelineLock.LEASE.plusSeconds(3).toNanos();
            await().atMost(BOUND).until(() -> System.nanoTime() > until);
            assertThat(lock.isHeld()).isTrue();
            assertThatThrownBy(() -> PipelineLock.take(target.connector()::open, PIPELINE))
                    .isInstanceOf(SluiceException.class);
        }
        try (Connection silent = holding("sluice");
                Statement statement = silent.createStatement()) {
            statement.execute("SET idle_session_timeout = " + PipelineLock.LEASE.toMillis());
            long begun = System.nanoTime();
            Optional<PipelineLock> taken =
                    PipelineLock.take(target.connector()::open, PIPELINE, (holder, connection) -> {
                        Thread.sleep(100);
                        return true;
                    });
            taken.orElseThrow().close();
            assertThat(Duration.ofNanos(System.nanoTime() - begun))
                    .isBetween(PipelineLock.LEASE.minusSeconds(1), PipelineLock.LEASE.plusSeconds(20));
        }
    }

    @Test
    void aLostSessionIsHadAgainWhereNobodyElseTookIt() throws SQLException, InterruptedException {
        CompletableFuture<SluiceException> lost = new CompletableFuture<>();
        try (PipelineLock lock = PipelineLock.take(target.connector()::open, PIPELINE)) {
            lock.onLost(lost::complete);
            try (Connection looking = target.connector().open()) {
                int before = LockHolder.find(looking, PIPELINE).orElseThrow().session();
                target.execute(endHolder());
                await().atMost(BOUND)
                        .until(() -> lock.isHeld()
                                && LockHolder.find(looking, PIPELINE)
                                        .filter(holder -> holder.session() != before)
                                        .isPresent());
            }
            assertThatThrownBy(() -> PipelineLock.take(target.connector()::open, PIPELINE))
                    .isInstanceOf(SluiceException.class);
            assertThat(lost).isNotDone();
        }
        PipelineLock.take(target.connector()::open, PIPELINE).close();
    }

    @Test
    void whoLostItToAnotherIsToldToWhom() throws SQLException, InterruptedException {
        CompletableFuture<SluiceException> lost = new CompletableFuture<>();
        try (PipelineLock lock = PipelineLock.take(target.connector()::open, PIPELINE);
                Connection other = target.connector().open();
                Statement statement = other.createStatement()) {
            lock.onLost(lost::complete);
            statement.execute("SET application_name = 'other'");
            // The other waits in line, so it has the lock before anybody who tries again.
            CompletableFuture<Void> inLine = CompletableFuture.runAsync(() -> {
                try {
                    statement.execute(
                            "SELECT pg_advisory_lock(" + PipelineLock.KEY + ", hashtext('" + PIPELINE + "'))");
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            });
            try (Connection looking = target.connector().open()) {
                await().atMost(BOUND).until(() -> waiting(looking));
            }
            target.execute(endHolder());
            inLine.join();

            await().atMost(BOUND).until(lost::isDone);
            assertThat(lost.join().kind()).isEqualTo(FailureKind.FENCED_OUT);
            assertThat(lock.isHeld()).isFalse();
        }
    }

    private static boolean waiting(Connection looking) throws SQLException {
        try (Statement statement = looking.createStatement();
                var row = statement.executeQuery(
                        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database ="
                                + " (SELECT oid FROM pg_database WHERE datname = current_database())")) {
            return row.next();
        }
    }

    private static String endHolder() {
        return "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    }

    private static ProcessIdentity parent(ProcessIdentity own) {
        ProcessHandle parent = ProcessHandle.current().parent().orElseThrow();
        try {
            String stat = java.nio.file.Files.readString(java.nio.file.Path.of("/proc/" + parent.pid() + "/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return new ProcessIdentity(own.place(), parent.pid(), Long.parseLong(fields[19]));
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /// A session with the lock, under a name.
    private Connection holding(String applicationName) throws SQLException {
        Connection connection = target.connector().open();
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET application_name = '" + applicationName + "'");
            statement.execute("SELECT pg_advisory_lock(" + PipelineLock.KEY + ", hashtext('" + PIPELINE + "'))");
        }
        return connection;
    }
}
