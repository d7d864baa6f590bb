package dev.sluice.service.bench;

import dev.sluice.gate.Gate;
import java.io.PrintStream;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/// How long it takes from a change of a row that nobody told Sluice of until the gate shuts because of it: rows
/// anywhere in the table, changed at any moment of the running comparison.
public final class DriftBench {
    private static final Duration PATIENCE = Duration.ofHours(2);
    private static final long SEED = 1;

    private final PrintStream progress;
    private final long documents;
    private final int percent;
    private final int times;

    /// @param percent of the time that the running pipeline may spend on verification
    /// @param times that a row is changed
    public DriftBench(PrintStream progress, long documents, int percent, int times) {
        this.progress = progress;
        this.documents = documents;
        this.percent = percent;
        this.times = times;
    }

    public Report run() throws SQLException, InterruptedException {
        return Migration.of(documents, percent / 100.0, progress, this::measure);
    }

    private Report measure(Migration.Place place) throws SQLException, InterruptedException {
        Migration migration = place.migration();
        migration.awaitCopied();
        migration.verify();
        migration.awaitOpen();
        Random random = new Random(SEED);
        List<Double> seconds = new ArrayList<>();
        for (int n = 1; n <= times; n++) {
            seconds.add(found(migration, place.target(), random));
            progress.printf(Locale.ROOT, "row %d of %d: found after %.1f s%n", n, times, seconds.getLast());
        }
        return new DriftReport("drift", documents, percent, Spread.of(seconds), seconds, Machine.of(place.servers()));
    }

    private double found(Migration migration, Target target, Random random) throws SQLException, InterruptedException {
        String id = Users.id(1 + random.nextLong(documents));
        // So that a change does not always come at the moment at which the one before it was found.
        TimeUnit.MILLISECONDS.sleep(random.nextInt(30_000));
        String where = " WHERE id = '" + id + "'";
        target.execute("UPDATE users SET city = city || '!'" + where);
        long changed = System.nanoTime();
        migration.await(
                PATIENCE,
                () -> drift(Objects.requireNonNull(migration.gates().get(Users.COLLECTION)))
                        ? ""
                        : "No drift was found in " + id + ".");
        double seconds = (System.nanoTime() - changed) / 1e9;
        target.execute("UPDATE users SET city = rtrim(city, '!')" + where);
        migration.verify();
        migration.awaitOpen();
        return seconds;
    }

    private static boolean drift(Gate gate) {
        return gate.conditions().stream().anyMatch(c -> c.name().equals("drift") && !c.met());
    }
}
