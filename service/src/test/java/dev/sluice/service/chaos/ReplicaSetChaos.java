package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.WriteConcern;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import dev.sluice.sandbox.SandboxReplicaSet;
import dev.sluice.sandbox.SandboxReplicaSet.Member;
import dev.sluice.service.pipeline.PipelineStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.bson.Document;

/// A replica set of three under load that loses its primary again and again, by the clock: step-downs,
/// kill -9, two members gone at once, and a rollback. Afterwards both sides are equal, and nothing that was
/// rolled back has a row.
///
/// @param whole how long it goes on at least
/// @param stepDownEvery time from one step-down to the next
/// @param killEvery time from one kill -9 of the primary to the next
/// @param twoGone how long two members are away together
record ReplicaSetChaos(Duration whole, Duration stepDownEvery, Duration killEvery, Duration twoGone) {
    private static final long SEED = 14;
    private static final int USERS = 2_000;
    private static final int ORDERS = 2_000;
    private static final int WRITES_PER_SECOND = 100;

    /// A set without a majority, and the engine's word about it, take this long to be noticed.
    private static final Duration NOTICE = Duration.ofSeconds(10);

    /// @param pipelineOptions what the pipeline's MongoDB URI has besides the set's
    void on(String pipelineOptions) throws Exception {
        try (SandboxReplicaSet set = SandboxReplicaSet.start(3);
                LiveSystem system = LiveSystem.start("demo", set, pipelineOptions);
                LiveWriter writer = new LiveWriter(system.database(), USERS, ORDERS, SEED, WRITES_PER_SECOND);
                RunningPipeline running = RunningPipeline.start(system)) {
            writer.start();
            running.awaitStreaming();
            Instant start = Instant.now();
            int stepDowns = 0;
            int kills = 0;
            Instant nextStepDown = start.plus(stepDownEvery);
            Instant nextKill = start.plus(killEvery);
            while (Instant.now().isBefore(start.plus(whole))) {
                Instant next = nextStepDown.isBefore(nextKill) ? nextStepDown : nextKill;
                // What happens by the clock is waited for by the clock.
                await().atMost(stepDownEvery.plus(killEvery))
                        .until(() -> !Instant.now().isBefore(next));
                if (next.equals(nextKill)) {
                    killPrimary(set);
                    kills++;
                    nextKill = Instant.now().plus(killEvery);
                } else {
                    set.stepDown();
                    stepDowns++;
                    nextStepDown = Instant.now().plus(stepDownEvery);
                }
            }
            twoGone(set, running.pipeline().status());
            set.rollBack(old -> writeAlone(old, system.entry().mapping().database()));
            running.awaitStreaming();

            writer.close();
            set.awaitHealthy();
            running.awaitApplied();
            System.out.printf(
                    "%d step-downs, %d kills, two members gone for %d s, a rollback, under %d writes%s (%s, %s)%n",
                    stepDowns,
                    kills,
                    twoGone.toSeconds(),
                    writer.written(),
                    pipelineOptions.isEmpty() ? "" : ", " + pipelineOptions,
                    set.description(),
                    system.postgres().description());
            assertThat(stepDowns).isPositive();
            assertThat(kills).isPositive();
            assertThat(writer.written()).isGreaterThan(whole.toSeconds() * WRITES_PER_SECOND / 4);
            assertThat(system.number("SELECT count(*) FROM users WHERE id LIKE 'alone-%' OR name = 'alone'"))
                    .as("rows of what was rolled back")
                    .isZero();
            assertThat(system.differences()).isEmpty();
            assertThat(system.number("SELECT count(*) FROM sluice.dead_letter")).isZero();
        }
    }

    private static void killPrimary(SandboxReplicaSet set) {
        Member old = set.primary();
        old.kill();
        set.primary();
        old.startAgain();
        set.awaitHealthy();
    }

    /// Without a majority there is no primary, so nobody can know that a stream has caught up.
    private void twoGone(SandboxReplicaSet set, PipelineStatus status) {
        Member primary = set.primary();
        List<Member> gone = List.of(primary, set.secondaries().getFirst());
        gone.forEach(Member::kill);
        Instant since = Instant.now();
        await().atMost(twoGone.plusSeconds(30))
                .pollInterval(Duration.ofMillis(500))
                .until(() -> {
                    Duration away = Duration.between(since, Instant.now());
                    if (away.compareTo(NOTICE) > 0) {
                        assertThat(status.lag().seconds())
                                .as("lag after %s without a primary", away)
                                .isGreaterThan(away.minus(NOTICE).toMillis() / 1_000.0);
                        assertThat(status.catchUpSeconds())
                                .as("catch-up after %s without a primary", away)
                                .isNotZero();
                    }
                    return away.compareTo(twoGone) >= 0;
                });
        gone.forEach(Member::startAgain);
        set.awaitHealthy();
    }

    private static void writeAlone(MongoClient old, String database) {
        MongoDatabase alone = old.getDatabase(database).withWriteConcern(WriteConcern.W1.withJournal(true));
        for (int i = 0; i < 20; i++) {
            alone.getCollection("users")
                    .insertOne(new Document("_id", "alone-" + i).append("email", i + "@shop.example"));
        }
        alone.getCollection("users").updateOne(Filters.eq("_id", "user-1"), Updates.set("name", "alone"));
        alone.getCollection("users").deleteOne(Filters.eq("_id", "user-2"));
    }
}
