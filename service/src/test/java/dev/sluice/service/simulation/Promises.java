package dev.sluice.service.simulation;

import dev.sluice.change.Chunk;
import dev.sluice.change.IdBracket;
import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.control.ResyncStore.Entry;
import dev.sluice.service.simulation.SimulatedMongo.Event;
import dev.sluice.service.simulation.SimulatedMongo.History;
import dev.sluice.service.simulation.SimulatedPostgres.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// What has to hold of what is committed, after each step (promises 1 to 4, and the watermark):
///
/// - a row is what its document was at some moment from the watermark on
/// - a row that the stream has written, or a chunk that is done, or that was on the list and is not any more,
///   is what its document was at some moment from the committed position on: rows and position move together,
///   and nothing brings an older state back. No row: the document was not there at such a moment
/// - the position never goes back to an earlier operation time, nor does the epoch of what is committed.
///   Within one time it may: a stream that is opened at it brings all of its changes again
/// - in the end each row is what its document is, and the list is empty
///
/// Two rows are looked at with indulgence: one that another writer has overwritten, until its entry of the
/// list is struck and the position has passed what was read for that; and one of whose document an update
/// could not be looked up, since it was gone by then: it keeps an older state until the delete comes.
final class Promises {
    private static final int NONE = 0;

    private final World world;
    private final boolean[][] tracked = new boolean[World.COLLECTIONS.size()][SimulatedMongo.IDS];
    /// Until where the position has to be for the row to be right; 0 for a row that is.
    private final long[][] damaged = new long[World.COLLECTIONS.size()][SimulatedMongo.IDS];
    /// The entry of the list that a damaged row is repaired by.
    private final long[][] askedBy = new long[World.COLLECTIONS.size()][SimulatedMongo.IDS];

    private final long[][] unresolved = new long[World.COLLECTIONS.size()][SimulatedMongo.IDS];
    private long epoch;
    private @Nullable String broken;

    Promises(World world) {
        this.world = world;
    }

    void tookOver(long next) {
        epoch = next;
    }

    /// A transaction commits.
    ///
    /// @param of 0 where it holds none
    void committing(long of) {
        if (of != 0 && of < epoch) {
            broken = "promise 4: a transaction of epoch " + of + " is committed after epoch " + epoch
                    + " has taken over";
        }
    }

    void moved(@Nullable Position from, Position to) {
        if (from != null && newest(to) < newest(from)) {
            broken = "promise 1: the position goes back";
        }
    }

    private static long newest(Position position) {
        return Objects.requireNonNull(position.newestOperation()).getValue();
    }

    void unresolved(int collection, int id, long time) {
        if (unresolved[collection][id] == NONE) {
            unresolved[collection][id] = time;
        }
    }

    void written(int collection, int id) {
        tracked[collection][id] = true;
    }

    /// The stream says again what the document is.
    void resolved(int collection, int id) {
        unresolved[collection][id] = NONE;
    }

    void copied(Chunk chunk) {
        if (chunk.bracket() == IdBracket.NUMBER) {
            int collection = World.COLLECTIONS.indexOf(chunk.collection());
            int from = chunk.lower() == null ? 0 : id(chunk.lower()) + 1;
            int upTo = chunk.upper() == null ? SimulatedMongo.IDS - 1 : id(chunk.upper());
            for (int id = from; id <= upTo; id++) {
                tracked[collection][id] = true;
            }
        }
    }

    void copiedAll(int collection) {
        java.util.Arrays.fill(tracked[collection], true);
    }

    private static int id(BsonValue id) {
        return (int) id.asInt64().getValue();
    }

    /// @param entry of the list, that asks for its repair
    void damaged(int collection, int id, long entry) {
        damaged[collection][id] = Long.MAX_VALUE;
        askedBy[collection][id] = entry;
    }

    /// What it was about is right, where the position is behind all that there is now.
    void struck(Entry entry) {
        int collection = World.COLLECTIONS.indexOf(entry.collection());
        for (int id = 0; id < SimulatedMongo.IDS; id++) {
            if (askedBy[collection][id] == entry.id()) {
                damaged[collection][id] =
                        Math.min(damaged[collection][id], world.mongo().now());
            }
        }
    }

    /// @return what does not hold; null when everything does
    @Nullable
    String check() {
        if (broken != null) {
            return broken;
        }
        State state = world.postgres().state();
        Position position = state.position;
        long applied = position == null ? 0 : world.mongo().appliedThrough(position);
        for (int c = 0; c < World.COLLECTIONS.size(); c++) {
            long watermark = newestCovered(state.watermarks[c]);
            for (int id = 0; id < SimulatedMongo.IDS; id++) {
                if (damaged[c][id] > applied) {
                    continue;
                }
                long waits = unresolved[c][id] == NONE ? Long.MAX_VALUE : unresolved[c][id] - 1;
                History history = world.mongo().history(World.COLLECTIONS.get(c), id);
                int row = state.rows[c][id];
                if (watermark > 0 && !history.wasFrom(Math.min(watermark, waits), row)) {
                    return "the watermark: everything through " + SimulatedMongo.text(watermark)
                            + " is said to be applied, and " + row(c, id, row);
                }
                if (tracked[c][id] && !history.wasFrom(Math.min(applied, waits), row)) {
                    return "promises 1 and 3: the position is behind " + SimulatedMongo.text(applied) + ", and "
                            + row(c, id, row);
                }
            }
        }
        return null;
    }

    private static String row(int collection, int id, int version) {
        return (version == 0
                        ? "there is no row of "
                        : version < 0 ? "another writer's row is there of " : "there is v" + version + " of ")
                + World.COLLECTIONS.get(collection)
                + id;
    }

    /// The newest operation that a user would be told is applied; 0 for none.
    private long newestCovered(Watermark watermark) {
        if (watermark.isUnknown()) {
            return 0;
        }
        List<Event> oplog = world.mongo().oplog();
        for (int i = oplog.size() - 1; i >= 0; i--) {
            if (World.covers(watermark, oplog.get(i).time())) {
                return oplog.get(i).time();
            }
        }
        return 0;
    }

    /// Whether everything is where it should be in the end.
    boolean isOver() {
        return whatIsLeft().isEmpty();
    }

    List<String> whatIsLeft() {
        State state = world.postgres().state();
        List<String> left = new ArrayList<>();
        for (int c = 0; c < World.COLLECTIONS.size(); c++) {
            String collection = World.COLLECTIONS.get(c);
            if (!state.copies[c].done) {
                left.add(collection + " is not copied");
            }
            if (!World.covers(state.watermarks[c], world.mongo().now())) {
                left.add("the watermark of " + collection + " is not there");
            }
            for (int id = 0; id < SimulatedMongo.IDS; id++) {
                if (state.rows[c][id]
                        != world.mongo()
                                .history(collection, id)
                                .at(world.mongo().now())) {
                    left.add(row(c, id, state.rows[c][id]));
                }
            }
        }
        if (!state.list.isEmpty()) {
            left.add("on the list: " + state.list.values());
        }
        return left;
    }
}
