package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.service.ops.Verifications;
import dev.sluice.service.pipeline.ListDrain;
import dev.sluice.service.pipeline.VerifyRun;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.verify.Mode;
import dev.sluice.verify.Origin;
import dev.sluice.verify.Verifier;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import org.bson.Document;
import org.bson.types.Decimal128;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Rows that another writer changes behind Sluice's back while the application writes: every change is found,
/// nothing is reported that is not there, and what is repaired is equal.
///
/// Longer and faster by hand: `-Dsluice.tampering.seconds=600 -Dsluice.tampering.rate=500`.
class TamperingIT {
    private static final Duration LONG = Duration.ofSeconds(Long.getLong("sluice.tampering.seconds", 20));
    private static final int RATE = Integer.getInteger("sluice.tampering.rate", 100);
    private static final long SEED = Long.getLong("sluice.tampering.seed", 11);
    private static final Verifier.Wish FULL = new Verifier.Wish(Mode.FULL, Origin.ASKED, 1_000, 1, 2, false);

    @Test
    @DisplayName("Every change behind Sluice's back is found under live writes, none that is not there, and repaired")
    void everyChangeIsFoundAndNoneThatIsNotThere() throws SQLException, InterruptedException {
        try (LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
                LiveWriter writer = new LiveWriter(system.database(), 300, 300, SEED, RATE)) {
            addQuietDocuments(system, new Random(SEED));
            try (RunningPipeline running = RunningPipeline.start(system);
                    MongoSource source = system.source()) {
                running.awaitStreaming();
                writer.start();
                List<CollectionTarget> targets =
                        CollectionTarget.of(system.entry().mapping());
                VerifyRun run = new VerifyRun(PipelineSpec.of("demo", targets, source, system.connector()));
                Tampering tampering = new Tampering(system, new Random(SEED));
                Instant end = Instant.now().plus(LONG);
                int found = 0;
                int rounds = 0;
                do {
                    tampering.tamper();
                    List<Verifier.Result> drifted = verify(run, targets);
                    assertThat(drift(system)).isEqualTo(tampering.expected());
                    assertThat(drifted).allMatch(Verifier.Result::complete).noneMatch(Verifier.Result::equal);
                    for (int i = 0; i < targets.size(); i++) {
                        assertThat(run.repair(targets.get(i), drifted.get(i), "a test", SILENT, () -> false))
                                .hasValueSatisfying(r -> assertThat(r.left()).isZero());
                    }
                    assertThat(drift(system)).isEmpty();
                    assertThat(verify(run, targets)).allMatch(Verifier.Result::equal);
                    found += tampering.expected().size();
                    rounds++;
                } while (Instant.now().isBefore(end));
                writer.close();
                running.awaitApplied();
                System.out.printf(
                        "%d findings in %d rounds, %d writes (%s, %s)%n",
                        found,
                        rounds,
                        writer.written(),
                        system.mongo().description(),
                        system.postgres().description());
                assertThat(system.differences()).isEmpty();
                assertThat(system.number("SELECT count(*) FROM sluice.suspect")).isZero();
                assertThat(system.number("SELECT count(*) FROM sluice.verified_key"))
                        .isZero();
                assertThat(system.number("SELECT sum((detail->>'repaired')::bigint) FROM sluice.audit"
                                + " WHERE action = 'repair'"))
                        .isPositive();
            }
        }
    }

    private static final ListDrain.Listener SILENT = new ListDrain.Listener() {
        @Override
        public void onLeft(long left) {}

        @Override
        public void onNoHolder(Duration patience) {}

        @Override
        public void onTakenOver() {
            throw new IllegalStateException("the pipeline runs");
        }
    };

    private static List<Verifier.Result> verify(VerifyRun run, List<CollectionTarget> targets)
            throws InterruptedException {
        List<Verifier.Result> results = new ArrayList<>();
        for (CollectionTarget target : targets) {
            results.add(run.verify(target, FULL, (t, progress) -> {}, () -> false));
        }
        return results;
    }

    private static SortedSet<String> drift(LiveSystem system) {
        SortedSet<String> drift = new TreeSet<>();
        for (Verifications.Drift d : new Verifications(system.connector(), "demo").drift(null, 10_000)) {
            drift.add((d.table().replace("public.", "") + " " + d.rowKey() + " " + d.kind() + " "
                            + String.join(",", d.columns()))
                    .strip());
        }
        return drift;
    }

    private static void addQuietDocuments(LiveSystem system, Random random) {
        List<Document> users = new ArrayList<>();
        for (int i = 0; i < Tampering.USERS; i++) {
            users.add(new Document("_id", "quiet-" + i)
                    .append("email", "quiet-" + i + "@shop.example")
                    .append("name", "Quiet " + i)
                    .append("age", i % 90)
                    .append("balance", money(random))
                    .append("signedUpAt", Instant.ofEpochMilli(1_700_000_000_000L + i))
                    .append("address", new Document("city", "Łódź").append("geo.lat", i / 7.0))
                    .append("tags", List.of("a", "b"))
                    .append("visits", 1));
        }
        system.database().getCollection("users").insertMany(users);
        List<Document> orders = new ArrayList<>();
        for (long i = 0; i < Tampering.ORDERS; i++) {
            List<Document> lines = new ArrayList<>();
            for (int line = 0; line < 3; line++) {
                lines.add(new Document("sku", "S" + line)
                        .append("title", "Title " + line)
                        .append("quantity", line)
                        .append("unitPrice", money(random)));
            }
            orders.add(new Document("_id", Tampering.FIRST_ORDER + i)
                    .append("userId", "quiet-1")
                    .append("status", "paid")
                    .append("placedAt", Instant.ofEpochMilli(1_700_000_000_000L + i))
                    .append("total", money(random))
                    .append("lines", lines));
        }
        system.database().getCollection("orders").insertMany(orders);
    }

    private static Decimal128 money(Random random) {
        return new Decimal128(BigDecimal.valueOf(random.nextInt(1_000_000), 2));
    }
}
