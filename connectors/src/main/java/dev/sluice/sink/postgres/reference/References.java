package dev.sluice.sink.postgres.reference;

import dev.sluice.control.WaitingStore;
import dev.sluice.control.WaitingStore.Entry;
import dev.sluice.control.WaitingStore.Kind;
import dev.sluice.schema.Reference.Orphan;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.catalog.LiveTables;
import dev.sluice.sink.postgres.staging.StagedTables;
import dev.sluice.sink.postgres.table.CollectionTables;
import dev.sluice.sink.postgres.table.DocumentOfRow;
import dev.sluice.sink.postgres.table.Documents;
import dev.sluice.sink.postgres.table.Duplicates;
import dev.sluice.sink.postgres.table.Link;
import dev.sluice.sink.postgres.table.Link.Links;
import dev.sluice.sink.postgres.table.TableSql;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// Keeps rows current that depend on other rows: by references, look-ups, and as duplicates of each
/// other. Works in the caller's transaction. For one thread.
///
/// Documents arrive in any order. One whose row depends on a row that is not there is written as the
/// mapping says, and noted in `sluice.waiting`; when that row comes, the document is listed in
/// `sluice.resync` and resynced, by the same mapper, from MongoDB. When a row is deleted, references to
/// it are set to NULL, dropped, or their rows deleted with it, and their documents wait. A table without
/// references to it costs nothing.
///
/// Two concurrent transactions can't miss each other: a row of ours that is referred to is locked FOR
/// KEY SHARE until the commit (a foreign key does that by itself), and a row is locked before its
/// deletion, before the references to it are read. [Waiting#sweep] finds a row that is committed at the
/// same time as a document that waits for it.
public final class References {
    private final List<CollectionTarget> targets;
    private final Dependencies dependencies;
    private final Arrivals arrivals;
    private final RowRemoval removal;

    /// Links whose rows no foreign key holds.
    private final Set<Link> toHold = new HashSet<>();

    private References(List<CollectionTarget> targets, Dependencies dependencies) {
        this.targets = List.copyOf(targets);
        this.dependencies = dependencies;
        this.arrivals = new Arrivals(dependencies);
        this.removal = new RowRemoval(dependencies);
    }

    /// Looks at the target's tables for what the mapping's references, look-ups and unique values need
    /// of them.
    ///
    /// @param tables the staging tables of the same connection
    /// @param targets all collections that this connection writes
    public static References create(
            Connection connection, StagedTables tables, List<CollectionTarget> targets, String pipeline)
            throws SQLException {
        Links links = new Links(targets, tables::of);
        References references = new References(
                targets,
                new Dependencies(
                        connection, tables, links, duplicates(targets, tables), new Waiting(connection, pipeline)));
        LiveTables live = new LiveTables(connection);
        Set<TableName> written = new HashSet<>();
        targets.forEach(t ->
                tables.of(t).all().forEach(table -> written.add(table.shape().table())));
        for (Link link : links.all()) {
            boolean held = !link.isArray()
                    && live.isForeignKey(link.shape().table(), link.column().name());
            // Rows of a table that others write are not deleted from here, and holding them takes a right.
            if (!held && written.contains(link.to())) {
                references.toHold.add(link);
            }
        }
        return references;
    }

    private static Map<Integer, Duplicates> duplicates(List<CollectionTarget> targets, StagedTables tables) {
        Map<Integer, Duplicates> duplicates = new TreeMap<>();
        for (CollectionTarget target : targets) {
            Duplicates own = Duplicates.of(target, tables.of(target).own().shape());
            if (own != null) {
                duplicates.put(target.index(), own);
            }
        }
        return duplicates;
    }

    /// Whether rows of the collection depend on other rows.
    public boolean depends(CollectionTarget target) {
        return !dependencies.links().of(target).isEmpty()
                || dependencies.duplicates().containsKey(target.index());
    }

    /// Whether rows of the collection depend on each other, so that it matters which come first.
    public boolean dependsOnItself(CollectionTarget target) {
        return dependencies.duplicates().containsKey(target.index())
                || dependencies.links().of(target).stream()
                        .anyMatch(link -> dependencies.tables().of(target).all().stream()
                                .anyMatch(table -> table.shape().table().equals(link.to())));
    }

    /// Whether documents wait for rows of the collection, so that they have to be listed when these rows
    /// come.
    public boolean isAwaited(CollectionTarget target) throws SQLException {
        for (TableSql table : dependencies.tables().of(target).all()) {
            if (!dependencies.links().to(table.shape().table()).isEmpty()
                    && dependencies.waiting().isAwaited(table.shape().table())) {
                return true;
            }
        }
        return false;
    }

    /// Between staging and writing: takes out of staging the documents that have no row for now, notes
    /// what waits for what, and lists for a resync what waited for these rows.
    ///
    /// @param documents the staged ones
    /// @return the keys of the documents that were taken out
    public Set<Object> resolve(CollectionTarget target, Documents documents) throws SQLException {
        CollectionTables staged = dependencies.tables().of(target);
        Set<Object> rowless = new LinkedHashSet<>();
        if (depends(target)) {
            Map<String, Object> keys = new HashMap<>();
            documents.keys().forEach(key -> keys.put(key.toString(), key));
            List<Entry> entries = new ArrayList<>();
            for (Link link : dependencies.links().of(target)) {
                for (Unresolved orphan : orphans(link, staged)) {
                    Object key = keys.getOrDefault(orphan.key(), orphan.key());
                    entries.add(new Entry(
                            key, documents.documentKey(key), link.label(), Kind.REFERENCE, link.to(), orphan.value()));
                    if (link.policy() == Orphan.SKIP && link.child() < 0) {
                        rowless.add(key);
                    }
                }
                if (link.policy() == Orphan.SKIP && link.child() >= 0) {
                    dropOrphanedChildren(link, staged.table(link.child()));
                }
            }
            dropStaged(staged, rowless);
            Duplicates duplicate = dependencies.duplicates().get(target.index());
            if (duplicate != null) {
                Map<Object, String> lost = settleDuplicates(target, duplicate, staged);
                Set<Object> losers = new LinkedHashSet<>();
                lost.forEach((key, value) -> {
                    Object own = keys.getOrDefault(key.toString(), key);
                    losers.add(own);
                    entries.add(new Entry(
                            own,
                            documents.documentKey(own),
                            duplicate.label(),
                            Kind.DUPLICATE,
                            duplicate.table(),
                            value));
                });
                dropStaged(staged, losers);
                rowless.addAll(losers);
                if (duplicate.shared()) {
                    // The row itself is taken over, so that what refers to it stays.
                    for (TableSql child : staged.children()) {
                        dependencies.execute(duplicate.deleteTaken(staged.own(), child));
                    }
                }
            }
            dependencies.waiting().forget(target.collection(), documents.keys());
            dependencies.waiting().note(target.collection(), entries);
        }
        arrivals.list(target);
        return rowless;
    }

    /// A value that no row is found for.
    ///
    /// @param key of the row that has it, as text
    private record Unresolved(String key, String value) {}

    private List<Unresolved> orphans(Link link, CollectionTables staged) throws SQLException {
        TableSql table = staged.table(link.child());
        String own = "s." + TableName.quote(link.own());
        boolean array = link.isArray();
        String value = array ? "u.v" : own;
        String from = table.staging() + " s" + (array ? ", unnest(" + own + ") u (v)" : "");
        if (link.policy() == Orphan.CREATE) {
            createMissing(link, table);
        }
        if (toHold.contains(link)) {
            hold(link, value, from);
        }
        String missing = link.isOrphan(value, "s");
        if (link.policy() == null) {
            missing += " AND " + TableSql.value(link.column(), "s") + " IS NULL";
        }
        List<Unresolved> orphans = new ArrayList<>();
        try (Statement statement = dependencies.connection().createStatement();
                ResultSet rows = statement.executeQuery("SELECT s." + table.keyName() + "::text, "
                        + link.awaited(value, "s") + " FROM " + from + " WHERE " + missing)) {
            while (rows.next()) {
                orphans.add(new Unresolved(rows.getString(1), rows.getString(2)));
            }
        }
        return orphans;
    }

    private void createMissing(Link link, TableSql table) throws SQLException {
        String own = "s." + TableName.quote(link.own());
        try (Statement statement = dependencies.connection().createStatement()) {
            statement.executeUpdate("INSERT INTO " + link.to().sql() + " (" + TableName.quote(link.match())
                    + ") OVERRIDING SYSTEM VALUE SELECT DISTINCT " + own + " FROM " + table.staging() + " s WHERE "
                    + link.isOrphan(own, "s")
                    + " ON CONFLICT DO NOTHING");
        }
    }

    /// Keeps the rows that are referred to from being deleted before this transaction is committed.
    private void hold(Link link, String value, String from) throws SQLException {
        try (Statement statement = dependencies.connection().createStatement()) {
            statement.execute("SELECT count(*) FROM (SELECT FROM " + link.to().sql() + " r WHERE r."
                    + TableName.quote(link.match()) + " IN (SELECT " + TableSql.cast(value, link.matchType()) + " FROM "
                    + from + ") FOR KEY SHARE) held");
        }
    }

    private void dropOrphanedChildren(Link link, TableSql child) throws SQLException {
        String own = "s." + TableName.quote(link.own());
        try (Statement statement = dependencies.connection().createStatement()) {
            statement.executeUpdate("DELETE FROM " + child.staging() + " s WHERE " + link.isOrphan(own, "s"));
        }
    }

    private void dropStaged(CollectionTables staged, Collection<Object> keys) throws SQLException {
        if (keys.isEmpty()) {
            return;
        }
        for (TableSql table : staged.all()) {
            dependencies.update(
                    "DELETE FROM " + table.staging() + " WHERE " + table.keyName() + " = ANY (?)", table, keys);
        }
    }

    /// Decides between documents that want the same row or value, and takes away the rows of those that
    /// lose it.
    ///
    /// @return the keys of the staged ones that have no row, as the table has them, and what another
    ///     document has before each
    private Map<Object, String> settleDuplicates(CollectionTarget target, Duplicates duplicate, CollectionTables staged)
            throws SQLException {
        Map<Object, String> losers = new LinkedHashMap<>();
        List<Object> evicted = new ArrayList<>();
        if (duplicate.shared()) {
            dependencies.execute(duplicate.lock());
            dependencies.execute(duplicate.register(staged.own()));
        }
        try (Statement statement = dependencies.connection().createStatement();
                ResultSet rows = statement.executeQuery("SELECT key, known, staged FROM ("
                        + duplicate.ranked(staged.own(), true) + ") ranked WHERE rank > 1")) {
            while (rows.next()) {
                if (rows.getBoolean(3)) {
                    losers.put(rows.getObject(1), rows.getString(2));
                } else {
                    evicted.add(rows.getObject(1));
                }
            }
        }
        if (!evicted.isEmpty()) {
            noteEvicted(target, duplicate, evicted);
            if (!duplicate.shared()) {
                removal.removeEvicted(target, evicted);
            }
        }
        return losers;
    }

    /// Rows whose place a document takes that is preferred to theirs.
    private void noteEvicted(CollectionTarget target, Duplicates duplicate, List<Object> keys) throws SQLException {
        TableSql own = dependencies.tables().of(target).own();
        String sql = WaitingStore.noting("SELECT ?, ?, t." + own.keyName() + "::text, " + DocumentOfRow.key(target, "t")
                + ", ?, 'duplicate', ?, " + duplicate.known("t") + " FROM "
                + own.shape().table().sql() + " t WHERE t."
                + own.keyName() + " = ANY (?)");
        try (PreparedStatement statement = dependencies.connection().prepareStatement(sql)) {
            statement.setString(1, dependencies.waiting().pipeline());
            statement.setString(2, target.collection());
            statement.setString(3, duplicate.label());
            statement.setString(4, duplicate.table().toString());
            statement.setArray(5, dependencies.array(own, keys));
            statement.executeUpdate();
        }
    }

    /// Whether rows of the collection may be deleted though their documents are there, see [GivingWay].
    public boolean mayGiveWay(CollectionTarget target) throws SQLException {
        return GivingWay.mayGiveWay(dependencies.connection(), targets, target);
    }

    /// As [RowRemoval#remove].
    public int remove(CollectionTarget target, Collection<Object> keys) throws SQLException {
        return removal.remove(target, keys);
    }

    /// As [RowRemoval#giveWay].
    public void giveWay(CollectionTarget target, Collection<Object> keys) throws SQLException {
        removal.giveWay(target, keys);
    }

    /// Lists documents that wait for rows which another writer has inserted, see [Waiting#sweep].
    public int sweep() throws SQLException {
        return dependencies
                .waiting()
                .sweep(dependencies.links(), dependencies.duplicates().values());
    }

    /// Forgets what documents waited for that are deleted, or have no row by a rule.
    public void forget(CollectionTarget target, Collection<Object> keys) throws SQLException {
        if (!dependencies.links().of(target).isEmpty()
                || dependencies.duplicates().containsKey(target.index())) {
            dependencies.waiting().forget(target.collection(), keys);
        }
        Duplicates duplicate = dependencies.duplicates().get(target.index());
        if (duplicate != null && duplicate.shared() && !keys.isEmpty()) {
            // The row may stay, and then has no document.
            TableSql own = dependencies.tables().of(target).own();
            removal.letIn(duplicate, own, List.copyOf(keys));
            dependencies.update(duplicate.forget(), own, keys);
        }
    }
}
