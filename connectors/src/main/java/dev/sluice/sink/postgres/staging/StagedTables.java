package dev.sluice.sink.postgres.staging;

import dev.sluice.failure.Failures;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.copy.EncodedRows;
import dev.sluice.sink.postgres.catalog.ActingTriggers;
import dev.sluice.sink.postgres.catalog.LiveTables;
import dev.sluice.sink.postgres.table.CollectionTables;
import dev.sluice.sink.postgres.table.RowCopy;
import dev.sluice.sink.postgres.table.TableSql;
import dev.sluice.sink.postgres.table.TouchedCollections;
import dev.sluice.sql.RoundTrip;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The staging tables of one connection, and the statements that write rows from them into the target. For
/// one thread.
public final class StagedTables {
    private static final String INVALID_BINARY_REPRESENTATION = "22P03";
    private static final String UNIQUE_VIOLATION = "23505";
    private static final String DIVISION_BY_ZERO = "22012";
    private static final String DATATYPE_MISMATCH = "42804";

    private static final Logger LOG = LoggerFactory.getLogger(StagedTables.class);

    private final Connection connection;
    private final LiveTables live;
    /// By the numbers of the collections.
    private final Map<Integer, CollectionTables> collections = new HashMap<>();

    /// Which collections' tables take binary COPY, all of them.
    private final BitSet takingCopy = new BitSet();
    /// The child tables whose rows are staged in the types that they have.
    private final Set<TableName> stagedAsTheyAre = new HashSet<>();

    /// The child tables whose rows can't be there without their parent's.
    private final Set<TableName> held = new HashSet<>();

    /// The tables that may take several keys for one, and the others, as they were when this session began.
    private final Set<TableName> merging = new HashSet<>();

    private final List<TableShape> keeping = new ArrayList<>();

    /// What triggers may undo, by table; without the tables that have none.
    private final Map<TableName, ActingTriggers> acting = new HashMap<>();
    /// How many such triggers there are, likewise.
    private final Map<TableName, Integer> counted = new HashMap<>();
    /// How many rows were staged and not yet written, at least; by staging table.
    private final Map<String, Long> staged = new HashMap<>();
    /// Tables into which rows were copied, since the last look at their triggers or before.
    private final Set<TableName> copied = new HashSet<>();
    /// How many rows stayed that were deleted.
    private final Map<TableName, Long> stayed = new HashMap<>();

    private final RefusedValues refused;

    private final FilledTables filled = new FilledTables();

    /// The tables of `keeping`, by their numbers there, that may be written with those of a collection.
    private final Map<Integer, BitSet> reached = new HashMap<>();

    private LiveTables.Watch watch;
    private LiveTables.Watched since = LiveTables.NOTHING;

    private StagedTables(Connection connection) {
        this.connection = connection;
        this.live = new LiveTables(connection);
        this.watch = live.watchOf(List.of());
        this.refused = new RefusedValues(connection);
    }

    /// Looks at the target's tables, and makes the staging tables of this session.
    public static StagedTables create(Connection connection, List<CollectionTarget> targets) throws SQLException {
        StagedTables tables = new StagedTables(connection);
        LiveTables.Watched watched = tables.live.beginWith(targets.stream()
                .flatMap(target -> target.mapper().shapes().stream())
                .toList());
        tables.merging.addAll(watched.merging());
        tables.counted.putAll(watched.acting());
        for (CollectionTarget target : targets) {
            CollectionTables made = CollectionTables.of(target, "sluice_stage_", tables.live);
            tables.collections.put(target.index(), made);
            tables.look(target, made);
            tables.refused.prepare(made);
            try (Statement statement = connection.createStatement()) {
                for (TableSql table : made.all()) {
                    statement.execute(table.createLastingStaging());
                }
            }
            for (TableSql child : made.children()) {
                if (tables.takingCopy.get(target.index())
                        && child.casts().isEmpty()
                        && tables.isTrue(child.isStagedAsItIs())) {
                    tables.stagedAsTheyAre.add(child.shape().table());
                }
            }
        }
        tables.prepareWatch(targets);
        return tables;
    }

    /// A row that comes or goes may change those that refer to it, and make those that it refers to.
    private void prepareWatch(List<CollectionTarget> targets) {
        watch = live.watchOf(keeping);
        for (Set<CollectionTarget> together : TouchedCollections.together(targets)) {
            Set<TableName> names =
                    together.stream().flatMap(TouchedCollections::tables).collect(Collectors.toSet());
            BitSet places = new BitSet();
            for (int i = 0; i < keeping.size(); i++) {
                places.set(i, names.contains(keeping.get(i).table()));
            }
            together.forEach(target -> reached.put(target.index(), places));
        }
    }

    private void look(CollectionTarget target, CollectionTables own) throws SQLException {
        TableShape shape = own.own().shape();
        // A row that is known by something else than its key may be there under another key.
        boolean takes =
                own.own().conflict().equals(List.of(shape.columns().getFirst().name()));
        for (TableSql table : own.all()) {
            if (!merging.contains(table.shape().table())) {
                keeping.add(table.shape());
            }
            noteTriggers(table.shape().table(), live.acting(table.shape().table()));
            takes = takes
                    && !acting(table).afterWrite()
                    && table.keepsWhatIsInserted()
                    && live.takesCopy(table.shape())
                    && !merging.contains(table.shape().table());
        }
        takingCopy.set(target.index(), takes);
        for (TableSql child : own.children()) {
            if (live.isForeignKey(
                    child.shape().table(), child.shape().columns().getFirst().name())) {
                held.add(child.shape().table());
            }
        }
    }

    private ActingTriggers acting(TableSql table) {
        return acting.getOrDefault(table.shape().table(), ActingTriggers.NONE);
    }

    private void lookAtTriggers(TableName table) throws SQLException {
        noteTriggers(table, ActingTriggers.of(connection, table));
    }

    private void noteTriggers(TableName table, ActingTriggers triggers) {
        if (triggers.equals(ActingTriggers.NONE)) {
            acting.remove(table);
        } else {
            acting.put(table, triggers);
        }
    }

    /// Asks what has become of the tables into which this transaction may have written; [#mergingSince]
    /// says what that means.
    ///
    /// @param written the numbers of the collections of which something was written
    /// @return nothing where nothing was taken for granted of their tables
    public List<RoundTrip.Part> watching(BitSet written) {
        BitSet asked = new BitSet();
        written.stream().forEach(collection -> asked.or(reached.getOrDefault(collection, new BitSet())));
        return asked.isEmpty() ? List.of() : List.of(watch.asking(asked, answer -> since = answer));
    }

    /// Those of the tables into which rows were written as into tables that keep keys apart, and which do so no longer:
    /// as [#watching] was answered.
    ///
    /// @throws SQLException also where a trigger that was made meanwhile has undone, or may have undone,
    ///     what was written in this transaction: about data
    public Set<TableName> mergingSince() throws SQLException {
        LiveTables.Watched now = since;
        since = LiveTables.NOTHING;
        if (!now.acting().isEmpty()) {
            for (Map.Entry<Integer, CollectionTables> collection : collections.entrySet()) {
                for (TableSql table : collection.getValue().all()) {
                    TableName name = table.shape().table();
                    Integer triggers = now.acting().get(name);
                    if (triggers != null && !triggers.equals(counted.put(name, triggers))) {
                        lookAtTriggers(name);
                        requireNotUndoneLately(collection.getKey(), table);
                    }
                }
            }
        }
        copied.clear();
        return now.merging();
    }

    private void requireNotUndoneLately(int collection, TableSql table) throws SQLException {
        if (acting(table).afterWrite()) {
            takingCopy.clear(collection);
            if (copied.contains(table.shape().table())) {
                copied.clear();
                throw undone(table);
            }
        }
        if (!acting(table).onWrite().isEmpty()) {
            requireNotUndone(table);
        }
    }

    /// What empties the staging tables, to be done with this transaction's commit.
    public List<RoundTrip.Part> emptying() {
        return filled.emptying();
    }

    /// The transaction has ended.
    public void ended(boolean committed) {
        if (committed) {
            filled.committed();
        } else {
            filled.rolledBack();
        }
    }

    /// Whether rows of the collection can be copied straight into its tables.
    public boolean takeCopy(CollectionTarget target) {
        return takingCopy.get(target.index());
    }

    /// Whether none of the collection's tables has a row.
    public boolean isEmpty(CollectionTarget target) throws SQLException {
        for (TableSql table : of(target).all()) {
            if (!isTrue(table.isEmpty())) {
                return false;
            }
        }
        return true;
    }

    /// Those of the keys of which there is a row, or a child row.
    public Set<Object> keysPresent(CollectionTarget target, List<Object> keys) throws SQLException {
        Set<Object> present = new HashSet<>();
        for (TableSql table : of(target).all()) {
            if (held.contains(table.shape().table())) {
                continue;
            }
            try (PreparedStatement statement = connection.prepareStatement(table.keysPresent())) {
                statement.setArray(1, connection.createArrayOf(table.keyArrayType(), keys.toArray()));
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        present.add(table.key(rows));
                    }
                }
            }
        }
        return present;
    }

    /// Copies the rows of some documents straight into the collection's tables. Binary COPY interprets a
    /// value's bytes as the type that the column has now, so the types are checked once more while the lock
    /// that COPY took is held.
    ///
    /// @return rows written
    /// @throws SQLException about data, also when a trigger left rows out, and when a type was altered
    ///     since the tables were looked at; after that they no longer take copies
    public int copy(CollectionTarget target, EncodedRows rows, BitSet chosen) throws SQLException {
        List<TableSql> tables = of(target).all();
        LiveTables live = new LiveTables(connection);
        long written = 0;
        for (int i = 0; i < tables.size(); i++) {
            TableSql table = tables.get(i);
            long taken = copy(table.copyIntoTable(), rows, i, chosen);
            written += taken;
            copied.add(table.shape().table());
            if (taken < rows.rows(i, chosen)) {
                lookAtTriggers(table.shape().table());
                throw undone(table);
            }
            if (taken > 0 && !live.takesCopy(table.shape())) {
                takingCopy.clear(target.index());
                throw new SQLException(
                        "The types of " + table.shape().table() + " were altered", INVALID_BINARY_REPRESENTATION);
            }
        }
        return Math.toIntExact(written);
    }

    /// Copies the rows of some documents into the collection's staging tables.
    ///
    /// @param chosen null for all
    public void stage(CollectionTarget target, EncodedRows rows, @Nullable BitSet chosen) throws SQLException {
        List<TableSql> tables = of(target).all();
        for (int i = 0; i < tables.size(); i++) {
            long taken = copy(tables.get(i).copyIntoStaging(), rows, i, chosen);
            if (taken > 0) {
                filled.filled(tables.get(i).staging(), taken, rows.bytes(i));
                staged.merge(tables.get(i).staging(), taken, Long::sum);
            }
        }
    }

    private long copy(String sql, EncodedRows rows, int table, @Nullable BitSet chosen) throws SQLException {
        if (rows.rows(table) == 0 || (chosen != null && chosen.isEmpty())) {
            return 0;
        }
        boolean all = chosen == null || chosen.cardinality() == rows.documents();
        return RowCopy.copy(connection, sql, rows, table, all ? null : chosen);
    }

    /// The tables of a collection, with the staging table of each.
    public CollectionTables of(CollectionTarget target) {
        return Objects.requireNonNull(
                collections.get(target.index()), () -> target.collection() + " is not written in this session");
    }

    /// Empties the staging tables of a collection.
    public void unstage(CollectionTables tables) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (TableSql table : tables.all()) {
                statement.execute("DELETE FROM " + table.staging());
                staged.remove(table.staging());
            }
        }
    }

    /// Corrects the staged rows of a collection where PostgreSQL refuses values for their columns' types, see
    /// [RefusedValues#mapAgain].
    public SequencedMap<Object, MappingResult> mapAgain(CollectionTarget target, RefusedValues.Staged documents)
            throws SQLException {
        return refused.mapAgain(target, of(target), documents);
    }

    /// Inserts or updates what is staged.
    ///
    /// @return rows written; those that would not have changed are not among them
    /// @throws SQLException also where a document's rows became those of another, whose key the table takes for the
    ///     same: about data, as when a unique index refuses it; and where a trigger has undone what was
    ///     written
    public int upsert(TableSql table) throws SQLException {
        execute(table.deleteMoved());
        execute(table.updateMoved());
        int written;
        try (PreparedStatement statement = connection.prepareStatement(table.upsert())) {
            written = statement.executeUpdate();
        }
        if (merging.contains(table.shape().table())) {
            requireOwnRows(table);
        }
        execute(table.writeAgain());
        // Rows that were right already are not written either, so that fewer than were staged prove nothing yet.
        Long asked = staged.remove(table.staging());
        ActingTriggers triggers = acting(table);
        if (triggers.afterWrite() || (!triggers.onWrite().isEmpty() && (asked == null || written < asked))) {
            requireNotUndone(table);
        }
        return written;
    }

    private void requireNotUndone(TableSql table) throws SQLException {
        ActingTriggers triggers = acting(table);
        boolean before = triggers.beforeInsert() || triggers.beforeUpdate();
        boolean undone =
                before ? isTrue(table.isAnyUndone(live.types(table.shape().table()))) : isTrue(table.isAnyAbsent());
        if (undone && (!triggers.beforeInsert() || isTrue(table.isAnyAbsent()))) {
            throw undone(table);
        }
        if (undone) {
            requireUpdated(table);
        }
    }

    /// A row may only seem to be as it was, since triggers make its values.
    private void requireUpdated(TableSql table) throws SQLException {
        execute(Optional.of("SET LOCAL sluice.reached = '0'"));
        try {
            execute(Optional.of(table.requireUpdated()));
        } catch (SQLException e) {
            throw DIVISION_BY_ZERO.equals(e.getSQLState()) ? undone(table) : e;
        }
        if (isTrue(table.isAnyLeftOut())) {
            throw undone(table);
        }
    }

    private SQLException undone(TableSql table) {
        return new SQLException(
                "PostgreSQL reported no error, but " + table.shape().table()
                        + " does not have the row as it was written: "
                        + ActingTriggers.name(acting(table).onWrite())
                        + " left the row out, took the change back, or gave the row another key",
                Failures.UNDONE_BY_A_TRIGGER);
    }

    private void requireOwnRows(TableSql table) throws SQLException {
        if (!isTrue(table.isAnyLost())) {
            return;
        }
        if (!acting(table).onWrite().isEmpty() && !isTrue(table.isAnyMerged())) {
            throw undone(table);
        }
        throw new SQLException(
                "the document has no row of its own in " + table.shape().table()
                        + ": PostgreSQL takes its key for the one of another document, or a trigger changes it",
                UNIQUE_VIOLATION);
    }

    private boolean isTrue(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getBoolean(1);
        }
    }

    private void execute(Optional<String> sql) throws SQLException {
        if (sql.isPresent()) {
            try (PreparedStatement statement = connection.prepareStatement(sql.get())) {
                statement.executeUpdate();
            }
        }
    }

    /// Deletes the rows of these keys from one table. Where a trigger lets some stay, the log says so.
    ///
    /// @return rows deleted
    public int delete(TableSql table, List<Object> keys) throws SQLException {
        int deleted = withKeys(table.deleteByKey(), table, keys);
        warnOfStaying(table, table.keysPresent(), keys);
        return deleted;
    }

    /// Deletes the child rows of these parents that are not staged. Where a trigger lets some stay, the
    /// log says so. Those that are there as they are staged need not be staged any more.
    ///
    /// @return rows deleted
    /// @throws SQLException about data also where a column's type was altered meanwhile; after that they
    ///     are only deleted
    public int deleteUnstaged(CollectionTarget target, TableSql child, Collection<Object> parents) throws SQLException {
        TableName name = child.shape().table();
        if (stagedAsTheyAre.contains(name) && takeCopy(target) && acting(child).equals(ActingTriggers.NONE)) {
            try {
                return withKeys(child.deleteUnstagedAndUnstageEqual(), child, parents);
            } catch (SQLException e) {
                if (!DATATYPE_MISMATCH.equals(e.getSQLState())) {
                    throw e;
                }
                stagedAsTheyAre.remove(name);
                throw new SQLException("The types of " + name + " were altered", INVALID_BINARY_REPRESENTATION, e);
            }
        }
        int deleted = withKeys(child.deleteUnstaged(), child, parents);
        warnOfStaying(child, child.keysUnstaged(), parents);
        return deleted;
    }

    /// What lets rows stay that are deleted.
    ///
    /// @return part of a sentence; empty where no trigger can
    public Optional<String> staying(CollectionTarget target) {
        ActingTriggers triggers = acting(of(target).own());
        return triggers.onDelete().isEmpty()
                ? Optional.empty()
                : Optional.of(ActingTriggers.name(triggers.onDelete()) + " lets it stay");
    }

    private void warnOfStaying(TableSql table, String present, Collection<Object> keys) throws SQLException {
        ActingTriggers triggers = acting(table);
        if (triggers.onDelete().isEmpty() || keys.isEmpty()) {
            return;
        }
        int staying = 0;
        try (PreparedStatement statement = connection.prepareStatement(present)) {
            statement.setArray(1, connection.createArrayOf(table.keyArrayType(), keys.toArray()));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    staying++;
                }
            }
        }
        TableName name = table.shape().table();
        long before = stayed.getOrDefault(name, 0L);
        long now = stayed.merge(name, (long) staying, Long::sum);
        // Each of many would fill the log.
        if (Long.highestOneBit(now) > Long.highestOneBit(before)) {
            LOG.warn(
                    "{}: the rows of {} were deleted, and PostgreSQL reported no error, but they are still there: {} lets"
                            + " them stay. Documents with such rows since the start: {}. `sluice verify` reports them as extra. Let the function return OLD while"
                            + " current_setting('sluice.applying', true) is 'on', or map the collection with on_delete: keep.",
                    name,
                    staying == 1 ? "1 document" : staying + " documents",
                    ActingTriggers.name(triggers.onDelete()),
                    now);
        }
    }

    private int withKeys(String sql, TableSql table, Collection<Object> keys) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(1, connection.createArrayOf(table.keyArrayType(), keys.toArray()));
            return statement.executeUpdate();
        }
    }
}
