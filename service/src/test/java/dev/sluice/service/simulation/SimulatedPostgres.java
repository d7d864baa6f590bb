package dev.sluice.service.simulation;

import dev.sluice.change.Change;
import dev.sluice.change.Chunk;
import dev.sluice.change.IdBracket;
import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.control.CopyProgress;
import dev.sluice.control.ResyncList;
import dev.sluice.control.ResyncStore.Cause;
import dev.sluice.control.ResyncStore.Entry;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.RowChange.Effect;
import dev.sluice.sink.WriteSummary;
import dev.sluice.sink.postgres.Contest;
import dev.sluice.sink.postgres.TargetSession;
import dev.sluice.sink.postgres.Written;
import dev.sluice.sink.postgres.staging.ChunkRows;
import dev.sluice.sink.postgres.staging.KeptKeys;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.bson.BsonInt32;
import org.jspecify.annotations.Nullable;

/// A PostgreSQL with the rows and the control tables, of which a row is the `v` of its document. Keeps these
/// promises, and no more:
///
/// - what a transaction writes is seen by others from its commit on, all of it or nothing (PostgreSQL manual,
///   13.2.1 Read Committed); a statement sees what was committed before it
/// - `FOR KEY SHARE` and `UPDATE` of other columns go together, `FOR UPDATE` waits for both and they for it,
///   until the end of the transaction (13.3.2 Row-Level Locks); who waited sees the row as it is then
/// - any statement may fail with a deadlock or a time-out, and the transaction is rolled back
/// - any session may be lost at any time; a commit that was under way then has happened or has not, and
///   nobody says which
/// - the transactions of a client that is gone are rolled back, a commit that it had sent may still happen
final class SimulatedPostgres {
    private final World world;
    private final Scheduler scheduler;
    private final State state = new State();
    private final List<Session> sessions = new ArrayList<>();
    /// The process that is taking over.
    private @Nullable Integer exclusive;
    private final Set<Session> sharing = new HashSet<>();
    private @Nullable Session moving;

    SimulatedPostgres(World world) {
        this.world = world;
        this.scheduler = world.scheduler();
    }

    /// What is committed.
    static final class State {
        /// By collection and `_id`: the `v`; 0 for no row, less for one that another writer has written.
        final int[][] rows = new int[World.COLLECTIONS.size()][SimulatedMongo.IDS];

        final Watermark[] watermarks = {Watermark.UNKNOWN, Watermark.UNKNOWN};
        final Copy[] copies = {new Copy(), new Copy()};
        final Map<Long, Entry> list = new TreeMap<>();

        @Nullable
        Position position;

        long epoch;
        long lastEntry;
    }

    /// The copy of one collection.
    static final class Copy {
        boolean done;
        final Map<Integer, Chunk> left = new TreeMap<>();
        final Map<Integer, Chunk> finished = new TreeMap<>();

        boolean isCut() {
            return !left.isEmpty() || !finished.isEmpty();
        }
    }

    State state() {
        return state;
    }

    private static SQLException failure(String state, String what) {
        return new SQLException(what, state);
    }

    private static SQLException lost() {
        return failure("08006", "the connection is lost");
    }

    /// In auto-commit mode: what happens, happens at once, or fails for the connection before or after.
    private void statement(String what, String about, Runnable effect) throws SQLException {
        scheduler.step();
        int fate = world.fault(24) ? 1 + world.choices().next(2) : 0;
        if (fate != 1) {
            effect.run();
            world.committed();
        }
        if (scheduler.isHeard()) {
            scheduler.say(what
                    + about
                    + (fate == 0 ? "" : fate == 1 ? " (connection lost before)" : " (connection lost after)"));
        }
        if (fate != 0) {
            throw lost();
        }
    }

    Session open(int process) {
        Session session = new Session(process);
        sessions.add(session);
        return session;
    }

    /// A process is gone.
    void vanish(int process) {
        if (exclusive != null && exclusive == process) {
            exclusive = null;
        }
        for (Session session : List.copyOf(sessions)) {
            if (session.process == process) {
                if (session.committing && world.choices().next(2) == 1) {
                    scheduler.say("PostgreSQL: a commit of process " + process + " that it had sent still happens");
                    session.apply();
                }
                session.end();
                session.dead = true;
                sessions.remove(session);
            }
        }
    }

    /// PostgreSQL restarts: every session is lost.
    void restart() {
        for (Session session : sessions) {
            session.end();
            session.dead = true;
        }
        sessions.clear();
    }

    void initialise(Position first) throws SQLException {
        statement("stores a first position", "", () -> {
            if (state.position == null) {
                state.position = first;
            }
        });
    }

    /// @return null where there is none
    @Nullable
    Position position() {
        scheduler.step();
        return state.position;
    }

    /// @param hold 0 to take the pipeline over; else the epoch that has to be the one that counts
    long claim(int process, long hold) throws SQLException {
        while (!world.broken(Rule.WRITERS_AWAITED) && (exclusive != null || !sharing.isEmpty() || moving != null)) {
            if (world.choices().next(8) == 7) {
                endEarlierWriters();
            }
            scheduler.rest();
        }
        exclusive = process;
        try {
            scheduler.step();
            if (hold != 0 && state.epoch != hold) {
                throw fencedOut();
            }
            if (world.fault(24)) {
                scheduler.say("loses the connection with which it takes over");
                throw lost();
            }
            if (hold == 0) {
                state.epoch++;
                world.tookOver(state.epoch);
            }
            if (scheduler.isHeard()) {
                scheduler.say((hold == 0 ? "takes over with epoch " : "goes on with epoch ") + state.epoch);
            }
            return state.epoch;
        } finally {
            exclusive = null;
        }
    }

    private void endEarlierWriters() {
        for (Session session : List.copyOf(sessions)) {
            if (sharing.contains(session) || moving == session) {
                scheduler.say("ends a session of process " + session.process);
                session.end();
                session.dead = true;
                sessions.remove(session);
            }
        }
    }

    private static SluiceException fencedOut() {
        return new SluiceException(FailureKind.FENCED_OUT, "another process took over");
    }

    /// Puts documents on the list.
    ///
    /// @return the number of the entry, which may have been there
    long ask(Entry asked) {
        for (Entry entry : state.list.values()) {
            if (entry.collection().equals(asked.collection())
                    && java.util.Objects.equals(entry.documentKey(), asked.documentKey())
                    && java.util.Objects.equals(entry.rowKey(), asked.rowKey())) {
                boolean whole = asked.documentKey() == null && asked.rowKey() == null;
                if (!asked.repair() && !whole) {
                    return entry.id();
                }
                state.list.remove(entry.id());
                long id = world.broken(Rule.ASKED_AGAIN_IS_ANOTHER_ENTRY) ? entry.id() : ++state.lastEntry;
                Cause cause = entry.repair() ? entry.cause() : asked.cause();
                return list(id, asked, cause, entry.prune() || asked.prune());
            }
        }
        return list(++state.lastEntry, asked, asked.cause(), asked.prune());
    }

    private long list(long id, Entry asked, Cause cause, boolean prune) {
        state.list.put(id, new Entry(id, asked.collection(), asked.documentKey(), asked.rowKey(), cause, prune));
        return id;
    }

    /// A session of one sink.
    final class Session implements TargetSession {
        private final int process;
        private final List<Runnable> effects = new ArrayList<>();
        private boolean dead;
        private boolean committing;
        private boolean open;
        private long epoch;

        Session(int process) {
            this.process = process;
        }

        private void end() {
            effects.clear();
            sharing.remove(this);
            if (moving == this) {
                moving = null;
            }
            open = false;
            epoch = 0;
            committing = false;
        }

        private void apply() {
            world.committing(epoch);
            effects.forEach(Runnable::run);
            end();
            world.committed();
        }

        private void statement(String what, Object about) throws SQLException {
            scheduler.step();
            if (dead) {
                throw failure("08003", "the connection is gone");
            }
            open = true;
            if (scheduler.isHeard()) {
                scheduler.say(what + about);
            }
            if (world.fault(40)) {
                int fate = world.choices().next(3);
                scheduler.say(
                        fate == 0
                                ? "  .. and has a deadlock"
                                : fate == 1 ? "  .. which takes too long" : "  .. and loses the connection");
                end();
                if (fate == 2) {
                    dead = true;
                    sessions.remove(this);
                    throw lost();
                }
                throw failure(fate == 0 ? "40P01" : "57014", "failed");
            }
        }

        private void mayWrite(long wanted) {
            if (!world.broken(Rule.EPOCH_COMPARED) && state.epoch != wanted) {
                scheduler.say("  .. and is fenced out");
                throw fencedOut();
            }
            epoch = wanted;
        }

        @Override
        public boolean isAwaited() throws SQLException {
            statement("asks whether somebody waits", "");
            return world.choices().next(2) == 0;
        }

        @Override
        public void hold(long wanted) throws SQLException {
            statement("begins with epoch ", wanted);
            while (exclusive != null && !world.broken(Rule.WRITERS_AWAITED)) {
                scheduler.rest();
                requireAlive();
            }
            mayWrite(wanted);
            sharing.add(this);
        }

        private void requireAlive() throws SQLException {
            if (dead) {
                throw failure("57P01", "the session was ended");
            }
        }

        @Override
        public void advance(Position position, long wanted, List<CollectionTarget> fenced) throws SQLException {
            statement("moves the position, with epoch ", wanted);
            while ((exclusive != null || moving != null) && !world.broken(Rule.WRITERS_AWAITED)) {
                scheduler.rest();
                requireAlive();
            }
            mayWrite(wanted);
            moving = this;
            Runnable move = () -> {
                world.moved(state.position, position);
                state.position = position;
            };
            if (world.broken(Rule.POSITION_WITH_ROWS)) {
                move.run();
                world.committed();
            } else {
                effects.add(move);
            }
        }

        @Override
        public void moveWatermark(Watermark watermark, @Nullable Instant sourceTime) throws SQLException {
            statement("moves the watermark to ", text(watermark));
            boolean[] copied = new boolean[state.copies.length];
            for (int c = 0; c < copied.length; c++) {
                copied[c] = state.copies[c].done;
            }
            Runnable move = () -> {
                for (int c = 0; c < copied.length; c++) {
                    if (copied[c]) {
                        state.watermarks[c] = state.watermarks[c].max(watermark);
                    }
                }
            };
            if (world.broken(Rule.WATERMARK_WITH_ROWS)) {
                move.run();
                world.committed();
            } else {
                effects.add(move);
            }
        }

        private static Object text(Watermark watermark) {
            return watermark.through() == null
                    ? watermark
                    : SimulatedMongo.text(watermark.through().getValue()) + " and " + watermark.time();
        }

        @Override
        public Written write(List<RowChange> changes) throws SQLException {
            if (!changes.isEmpty()) {
                statement("writes ", scheduler.isHeard() ? text(changes) : "");
            }
            for (RowChange change : changes) {
                int collection = change.target().index();
                int id = (int) change.change().id().asInt64().getValue();
                long time = change.change().clusterTime().getValue();
                if (time != 0 && change.fenceKey() != null) {
                    effects.add(() -> world.resolved(collection, id));
                }
                switch (change.effect()) {
                    case Effect.Upsert u -> set(collection, id, version(change));
                    case Effect.Delete d -> set(collection, id, 0);
                    case Effect.Wait w -> effects.add(() -> world.unresolved(collection, id, time));
                    case Effect.Skip s -> throw new IllegalStateException("nothing is skipped here");
                    case Effect.Reject r -> throw new IllegalStateException("nothing is rejected here");
                    case Effect.Forget f -> throw new IllegalStateException("every document has a key");
                }
            }
            return new Written(
                    new WriteSummary(changes.size(), 0, Map.of(), 0, 0),
                    List.of(),
                    Written.nothing().counts());
        }

        private void set(int collection, int id, int version) {
            effects.add(() -> {
                state.rows[collection][id] = version;
                world.written(collection, id);
            });
        }

        private static int version(RowChange change) {
            if (!(change.change() instanceof Change.Upsert upsert
                    && upsert.document().get("v") instanceof BsonInt32 version)) {
                throw new IllegalStateException("a document without v");
            }
            return version.getValue();
        }

        private static List<String> text(List<RowChange> changes) {
            return changes.stream()
                    .map(change -> change.target().collection()
                            + change.change().id().asInt64().getValue()
                            + switch (change.effect()) {
                                case Effect.Upsert u -> " v" + version(change);
                                case Effect.Delete d -> " deleted";
                                case Effect.Wait w -> " waits";
                                case Effect.Skip s -> " skipped";
                                case Effect.Reject r -> " rejected";
                                case Effect.Forget f -> " forgotten";
                            })
                    .toList();
        }

        @Override
        public Written write(ChunkRows rows, Set<Object> touched, boolean direct, boolean nothingThere)
                throws SQLException {
            Set<Object> keys = new HashSet<>(rows.keys());
            if (!world.broken(Rule.TOUCHED_LEFT_OUT)) {
                keys.removeAll(touched);
            }
            statement("writes the chunk's rows ", keys);
            int collection = rows.target().index();
            if (nothingThere) {
                for (Object key : keys) {
                    if (state.rows[collection][((Long) key).intValue()] != 0) {
                        end();
                        throw failure("23505", "there is such a row");
                    }
                }
            }
            rows.ofKeys(keys, (key, document) -> {
                if (!(document.get("v") instanceof BsonInt32 version)) {
                    throw new IllegalStateException("a document without v");
                }
                set(collection, ((Long) key).intValue(), version.getValue());
            });
            return new Written(
                    new WriteSummary(keys.size(), 0, Map.of(), 0, 0),
                    List.of(),
                    Written.nothing().counts());
        }

        @Override
        public WriteSummary note(Written written) {
            if (!written.deadLetters().isEmpty()) {
                throw new IllegalStateException("nothing is refused here");
            }
            return written.summary();
        }

        @Override
        public Contest contend(RowChange change) {
            return new Contest(null, null);
        }

        @Override
        public List<RowChange> parked(List<RowChange> changes) throws SQLException {
            statement("looks for dead letters", "");
            return List.of();
        }

        @Override
        public int remove(CollectionTarget target, List<Object> keys) throws SQLException {
            statement("deletes the rows ", keys);
            keys.forEach(key -> set(target.index(), ((Long) key).intValue(), 0));
            return keys.size();
        }

        @Override
        public void commitLazily() {}

        @Override
        public void running(Chunk chunk, @Nullable Chunk rest) throws SQLException {
            statement("notes that it reads chunk ", chunk.number());
            Copy copy = copy(chunk.collection());
            effects.add(() -> {
                if (copy.left.containsKey(chunk.number())) {
                    copy.left.put(chunk.number(), chunk);
                }
                if (rest != null) {
                    copy.left.put(rest.number(), rest);
                }
            });
            if (world.broken(Rule.CHUNK_DONE_WITH_ROWS)) {
                effects.add(() -> finish(copy, chunk));
            }
        }

        @Override
        public void cut(List<Chunk> parts) throws SQLException {
            statement("cuts chunk ", parts.getFirst().number());
            Copy copy = copy(parts.getFirst().collection());
            effects.add(() -> parts.forEach(part -> copy.left.put(part.number(), part)));
        }

        @Override
        public void chunkDone(Chunk chunk, int documents, WriteSummary summary, int leftOut) throws SQLException {
            // Of brackets that hold nothing here, not one by one.
            if (chunk.bracket() == IdBracket.NUMBER) {
                statement("notes that a chunk is done: ", chunk.number());
            }
            Copy copy = copy(chunk.collection());
            effects.add(() -> finish(copy, chunk));
        }

        private void finish(Copy copy, Chunk chunk) {
            copy.left.remove(chunk.number());
            copy.finished.put(chunk.number(), chunk);
            world.copied(chunk);
        }

        @Override
        public void strike(Collection<Entry> entries) throws SQLException {
            if (!entries.isEmpty()) {
                statement("strikes off the list ", entries.size());
            }
            effects.add(() -> strikeNow(entries));
        }

        @Override
        public int sweep() throws SQLException {
            statement("sweeps", "");
            return 0;
        }

        @Override
        public boolean isEmpty(CollectionTarget target) throws SQLException {
            statement("looks whether there is a row of ", target.collection());
            for (int version : state.rows[target.index()]) {
                if (version != 0) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public boolean dependsOnItself(CollectionTarget target) {
            return false;
        }

        @Override
        public void commit() throws SQLException {
            if (!open) {
                return;
            }
            committing = true;
            scheduler.step();
            committing = false;
            if (dead) {
                throw failure("08003", "the connection is gone");
            }
            int fate = world.fault(24) ? 1 + world.choices().next(2) : 0;
            if (fate == 1) {
                scheduler.say("commits, which fails with the connection");
                end();
                dead = true;
                sessions.remove(this);
                if (world.broken(Rule.COMMIT_CHECKED)) {
                    dead = false;
                    sessions.add(this);
                    return;
                }
                throw lost();
            }
            scheduler.say(fate == 0 ? "commits" : "commits, and the answer is lost");
            apply();
            scheduler.step();
            if (fate == 2) {
                dead = true;
                sessions.remove(this);
                throw lost();
            }
        }

        @Override
        public void rollback() throws SQLException {
            if (dead) {
                throw failure("08003", "the connection is gone");
            }
            end();
        }

        @Override
        public void cancel() {}

        @Override
        public void close() {
            end();
            sessions.remove(this);
        }
    }

    private void strikeNow(Collection<Entry> entries) {
        for (Entry entry : entries) {
            Entry there = state.list.remove(entry.id());
            if (there != null) {
                world.struck(there);
            }
        }
    }

    private Copy copy(String collection) {
        return state.copies[World.COLLECTIONS.indexOf(collection)];
    }

    /// The bookkeeping of the copy.
    CopyProgress copyProgress(long epoch) {
        return new CopyProgress() {
            private void mayWrite() {
                if (!world.broken(Rule.EPOCH_COMPARED) && state.epoch != epoch) {
                    scheduler.say("a copy is fenced out");
                    throw fencedOut();
                }
            }

            @Override
            public boolean done(String collection) throws SQLException {
                statement("asks whether copied: ", collection, () -> {});
                return copy(collection).done;
            }

            @Override
            public void begin(String collection) throws SQLException {
                statement("begins to copy ", collection, () -> {});
            }

            @Override
            public boolean isCut(String collection) throws SQLException {
                statement("asks whether cut: ", collection, () -> {});
                return copy(collection).isCut();
            }

            @Override
            public void cut(String collection, List<Chunk> chunks) throws SQLException {
                statement("cuts ", collection, () -> {
                    mayWrite();
                    Copy copy = copy(collection);
                    copy.left.clear();
                    copy.finished.clear();
                    chunks.forEach(chunk -> copy.left.put(chunk.number(), chunk));
                });
            }

            @Override
            public List<Chunk> unfinished(String collection) throws SQLException {
                statement("asks what is left of ", collection, () -> {});
                return List.copyOf(copy(collection).left.values());
            }

            @Override
            public int nextNumber(String collection) throws SQLException {
                statement("asks for a chunk's number in ", collection, () -> {});
                int highest = -1;
                for (int number : copy(collection).left.keySet()) {
                    highest = Math.max(highest, number);
                }
                for (int number : copy(collection).finished.keySet()) {
                    highest = Math.max(highest, number);
                }
                return highest + 1;
            }

            @Override
            public long copied(String collection) {
                return 0;
            }

            @Override
            public void start(String collection, long estimatedDocuments) {}

            @Override
            public void finish(String collection) throws SQLException {
                statement("notes as copied ", collection, () -> {
                    mayWrite();
                    copy(collection).done = true;
                    world.copiedAll(collection);
                });
            }

            @Override
            public boolean replicasAreLate() {
                return false;
            }
        };
    }

    /// The list of documents that are to be resynced.
    ResyncList resyncList() {
        return new ResyncList() {
            @Override
            public List<Entry> next(int limit, Set<String> except) throws SQLException {
                List<Entry> entries = new ArrayList<>();
                statement("looks at the list", "", () -> {
                    for (Entry entry : state.list.values()) {
                        if (entries.isEmpty() || entries.getFirst().collection().equals(entry.collection())) {
                            entries.add(entry);
                        }
                    }
                    if (world.broken(Rule.STRUCK_WITH_ROWS)) {
                        strikeNow(entries);
                    }
                });
                if (!entries.isEmpty()) {
                    scheduler.say("  .. and finds "
                            + entries.stream()
                                    .map(e -> e.id() + ": " + World.text(e))
                                    .toList());
                }
                return entries;
            }

            @Override
            public void done(Collection<Entry> entries) throws SQLException {
                statement(
                        "strikes off ",
                        scheduler.isHeard()
                                ? entries.stream().map(Entry::id).toList().toString()
                                : "",
                        () -> strikeNow(entries));
            }
        };
    }

    /// The keys of rows that documents explain.
    KeptKeys keptKeys(CollectionTarget target) {
        Set<Object> kept = new HashSet<>();
        return new KeptKeys() {
            @Override
            public void add(List<Object> keys) {
                kept.addAll(keys);
            }

            @Override
            public List<Object> others(@Nullable Object after, int most) throws SQLException {
                List<Object> others = new ArrayList<>();
                statement("looks for rows without documents of ", target.collection(), () -> {
                    int[] rows = state.rows[target.index()];
                    for (int id = after == null ? 0 : ((Long) after).intValue() + 1; id < rows.length; id++) {
                        if (rows[id] != 0 && !kept.contains((long) id)) {
                            others.add((long) id);
                        }
                    }
                });
                return others;
            }

            @Override
            public void close() {}
        };
    }
}
