package dev.sluice.backfill;

import java.time.Duration;

/// Whether replicas of one of the databases are too far behind for a backfill to go on at full speed. Once late, those
/// of MongoDB are until they are nearly there; those of PostgreSQL likewise, as
/// [dev.sluice.postgres.Replicas] says. For one thread.
final class LateReplicas {
    /// A replica this far behind is losing ground, not catching its breath.
    private static final Duration LATE = Duration.ofSeconds(10);

    private static final Duration BACK = Duration.ofSeconds(3);

    private boolean postgres;
    private boolean mongo;

    /// @param postgresLate whether those of PostgreSQL are
    /// @param mongoLag how late those of MongoDB are
    void of(boolean postgresLate, Duration mongoLag) {
        postgres = postgresLate;
        mongo = mongoLag.compareTo(mongo ? BACK : LATE) > 0;
    }

    boolean any() {
        return postgres || mongo;
    }

    String forPeople() {
        if (!any()) {
            return "The replicas have caught up, so the backfill returns to its former speed.";
        }
        return "A replica of " + (postgres && mongo ? "both databases" : postgres ? "PostgreSQL" : "MongoDB")
                + " has fallen behind, so the backfill slows down until it is back.";
    }
}
