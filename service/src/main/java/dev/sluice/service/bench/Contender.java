package dev.sluice.service.bench;

import java.sql.SQLException;

/// One way to do the work that is measured.
///
/// @param name for people; unique in its contest
/// @param limit whether the others are compared with it
/// @param work one run
record Contender(String name, boolean limit, Work work) {

    /// One run of the work. Preparing and checking are not in the sample.
    interface Work {
        Sample run() throws SQLException, InterruptedException;
    }

    static Contender limit(String name, Work work) {
        return new Contender(name, true, work);
    }

    static Contender measured(String name, Work work) {
        return new Contender(name, false, work);
    }
}
