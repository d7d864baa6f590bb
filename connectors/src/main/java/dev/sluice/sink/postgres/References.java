package dev.sluice.sink.postgres;

import dev.sluice.mapping.TableShape;
import dev.sluice.schema.Reference.Orphan;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.Link.Links;
import dev.sluice.sink.postgres.Waiting.Entry;
import dev.sluice.sink.postgres.Waiting.Kind;
import java.sql.Array;
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
import org.jspecify.annotations.Nullable;

/// Keeps rows current that depend on other rows: by references, look-ups, and as duplicates of each other.
/// Works in the caller's transaction. For one thread.
///
/// Documents arrive in any order. One whose row depends on a row that is not there is written as the
/// mapping says, and noted in `sluice.waiting`; when that row comes, the document is listed in
/// `sluice.resync` and resynced, by the same mapper, from MongoDB. When a row is deleted, references to it are
/// set to NULL, dropped, or their rows deleted with it, and their documents wait. A table without references to
/// it costs nothing.
///
/// Two concurrent transactions can't miss each other: a row of ours that is referred to is locked FOR KEY SHARE
/// until the commit (a foreign key does that by itself), and a row is locked before its deletion, before the
/// references to it are read. [Waiting#sweep] finds a row that is committed at the same time as a document that
/// waits for it.
final class References {
    private final Connection connection;
    private final StagedTables tables;
    private final List<CollectionTarget> targets;
    private final Links links;
    private final Map<Integer, Duplicates> duplicates;
    private final Waiting waiting;
    /// Links whose rows no foreign key holds.
    private final Set<Link> toHold = new HashSet<>();

    private References(Connection connection, StagedTables tables, List<CollectionTarget> targets, Waiting waiting) {
        this.connection = connection;
        this.tables = tables;
        this.targets = List.copyOf(targets);
        this.links = new Links(targets, tables::of);
        this.duplicates = duplicates(targets, tables);
        this.waiting = waiting;
    }

    /// @param tables the staging tables of the same connection
    static References create(
            Connection connection, StagedTables tables, List<CollectionTarget> targets, String pipeline)
            throws SQLException {
        References references = new References(connection, tables, targets, new Waiting(connection, pipeline));
        LiveTables live = new LiveTables(connection);
        Set<TableName> written = new HashSet<>();
        targets.forEach(t ->
                tables.of(t).all().forEach(table -> written.add(table.shape().table())));
        for (Link link : references.links.all()) {
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
    boolean depends(CollectionTarget target) {
        return !links.of(target).isEmpty() || duplicates.containsKey(target.index());
    }

    /// Whether rows of the collection depend on each other, so that it matters which come first.
    boolean dependsOnItself(CollectionTarget target) {
        return duplicates.containsKey(target.index())
                || links.of(target).stream()
                        .anyMatch(link -> tables.of(target).all().stream()
                                .anyMatch(table -> table.shape().table().equals(link.to())));
    }

    /// Whether documents wait for rows of the collection, so that they have to be listed when these rows come.
    boolean isAwaited(CollectionTarget target) throws SQLException {
        for (TableSql table : tables.of(target).all()) {
            if (!links.to(table.shape().table()).isEmpty()
                    && waiting.isAwaited(table.shape().table())) {
                return true;
            }
        }
        return false;
    }

    /// Between staging and writing: takes out of staging the documents that have no row for now, notes what
    /// waits for what, and lists for a resync what waited for these rows.
    ///
    /// @param documents the staged ones
    /// @return the keys of the documents that were taken out
    Set<Object> resolve(CollectionTarget target, Documents documents) throws SQLException {
        CollectionTables staged = tables.of(target);
        Set<Object> rowless = new LinkedHashSet<>();
        if (depends(target)) {
            Map<String, Object> keys = new HashMap<>();
            documents.keys().forEach(key -> keys.put(key.toString(), key));
            List<Entry> entries = new ArrayList<>();
            for (Link link : links.of(target)) {
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
            Duplicates duplicate = duplicates.get(target.index());
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
                        execute(duplicate.deleteTaken(staged.own(), child));
                    }
                }
            }
            waiting.forget(target.collection(), documents.keys());
            waiting.note(target.collection(), entries);
        }
        for (TableSql table : staged.all()) {
            changed(target, table);
            arrived(table);
        }
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
        try (Statement statement = connection.createStatement();
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
        try (Statement statement = connection.createStatement()) {
            statement.executeUpdate("INSERT INTO " + link.to().sql() + " (" + TableName.quote(link.match())
                    + ") OVERRIDING SYSTEM VALUE SELECT DISTINCT " + own + " FROM " + table.staging() + " s WHERE "
                    + link.isOrphan(own, "s")
                    + " ON CONFLICT DO NOTHING");
        }
    }

    /// Keeps the rows that are referred to from being deleted before this transaction is committed.
    private void hold(Link link, String value, String from) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SELECT count(*) FROM (SELECT FROM " + link.to().sql() + " r WHERE r."
                    + TableName.quote(link.match()) + " IN (SELECT " + TableSql.cast(value, link.matchType()) + " FROM "
                    + from + ") FOR KEY SHARE) held");
        }
    }

    private void dropOrphanedChildren(Link link, TableSql child) throws SQLException {
        String own = "s." + TableName.quote(link.own());
        try (Statement statement = connection.createStatement()) {
            statement.executeUpdate("DELETE FROM " + child.staging() + " s WHERE " + link.isOrphan(own, "s"));
        }
    }

    private void dropStaged(CollectionTables staged, Collection<Object> keys) throws SQLException {
        if (keys.isEmpty()) {
            return;
        }
        for (TableSql table : staged.all()) {
            update("DELETE FROM " + table.staging() + " WHERE " + table.keyName() + " = ANY (?)", table, keys);
        }
    }

    /// Decides between documents that want the same row or value, and takes away the rows of those that lose it.
    ///
    /// @return the keys of the staged ones that have no row, as the table has them, and what another document has
    ///     before each
    private Map<Object, String> settleDuplicates(CollectionTarget target, Duplicates duplicate, CollectionTables staged)
            throws SQLException {
        Map<Object, String> losers = new LinkedHashMap<>();
        List<Object> evicted = new ArrayList<>();
        if (duplicate.shared()) {
            execute(duplicate.lock());
            execute(duplicate.register(staged.own()));
        }
        try (Statement statement = connection.createStatement();
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
                remove(target, evicted, new HashSet<>(), false);
            }
        }
        return losers;
    }

    /// Rows whose place a document takes that is preferred to theirs.
    private void noteEvicted(CollectionTarget target, Duplicates duplicate, List<Object> keys) throws SQLException {
        TableSql own = tables.of(target).own();
        String sql = "INSERT INTO sluice.waiting (pipeline, collection, row_key, document_key, column_name, kind,"
                + " on_table, on_value) SELECT ?, ?, t." + own.keyName() + "::text, " + documentKey(target, "t")
                + ", ?, 'duplicate', ?, " + duplicate.known("t") + " FROM "
                + own.shape().table().sql() + " t WHERE t."
                + own.keyName() + " = ANY (?) ON CONFLICT DO NOTHING";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, waiting.pipeline());
            statement.setString(2, target.collection());
            statement.setString(3, duplicate.label());
            statement.setString(4, duplicate.table().toString());
            statement.setArray(5, array(own, keys));
            statement.executeUpdate();
        }
    }

    /// Rows that are about to change what they are known by: what refers to them is resynced, as is what
    /// waits for their place.
    private void changed(CollectionTarget target, TableSql table) throws SQLException {
        TableShape shape = table.shape();
        String same = sameKey(shape);
        for (Link link : links.to(shape.table())) {
            List<String> differing = new ArrayList<>();
            Set<String> names = new LinkedHashSet<>(link.and().keySet());
            names.add(link.match());
            names.add(link.take());
            for (String name : names) {
                TableShape.Column column = column(shape, name);
                if (column != null && !isKey(shape, name)) {
                    differing.add("t." + TableName.quote(name) + "::text IS DISTINCT FROM "
                            + TableSql.value(column, "s") + "::text");
                }
            }
            if (!differing.isEmpty()) {
                TableShape referring = link.shape();
                waiting.enqueue("INSERT INTO sluice.resync (pipeline, collection, document_key, row_key, reason)"
                        + " SELECT DISTINCT ?, "
                        + TableName.literal(link.target().collection()) + ", d.document_key,"
                        + " CASE WHEN d.document_key IS NULL THEN d.row_key END, 'reference' FROM (SELECT "
                        + referringDocument(link) + " FROM " + table.staging() + " s JOIN "
                        + shape.table().sql() + " t ON " + same + " JOIN "
                        + referring.table().sql() + " c ON "
                        + link.refers() + " WHERE " + String.join(" OR ", differing)
                        + ") d ON CONFLICT DO NOTHING");
            }
        }
        Duplicates duplicate = duplicates.get(target.index());
        if (duplicate != null && table == tables.of(target).own()) {
            waiting.enqueue(
                    Waiting.ENQUEUE + " FROM sluice.waiting w JOIN "
                            + shape.table().sql() + " t ON "
                            + duplicate.known("t") + " = w.on_value JOIN " + table.staging() + " s ON " + same
                            + " WHERE w.pipeline = ? AND w.on_table = ? AND w.kind = 'duplicate' AND "
                            + duplicate.stagedKnown("s") + " <> " + duplicate.known("t") + " ON CONFLICT DO NOTHING",
                    duplicate.table().toString());
        }
    }

    /// Rows that are about to come, or to be known by something else: what waits for them is resynced.
    private void arrived(TableSql table) throws SQLException {
        TableShape shape = table.shape();
        List<Link> here = links.to(shape.table());
        if (here.isEmpty() || !waiting.isAwaited(shape.table())) {
            return;
        }
        Set<String> done = new HashSet<>();
        for (Link link : here) {
            if (column(shape, link.match()) == null
                    || link.and().keySet().stream().anyMatch(c -> column(shape, c) == null)) {
                // Made by the table itself; the sweep finds it.
                continue;
            }
            String present = link.present(name -> TableSql.value(required(shape, name), "s"));
            TableShape.Column take = column(shape, link.take());
            String taken = take == null
                    ? ""
                    : " AND t." + TableName.quote(link.take()) + "::text IS NOT DISTINCT FROM "
                            + TableSql.value(take, "s") + "::text";
            String sql = Waiting.ENQUEUE + " FROM sluice.waiting w JOIN (SELECT " + present + " AS known FROM "
                    + table.staging() + " s WHERE NOT EXISTS (SELECT FROM "
                    + shape.table().sql() + " t WHERE "
                    + sameKey(shape) + " AND " + link.present(name -> "t." + TableName.quote(name)) + " = " + present
                    + taken + ")) n ON w.on_hash = hashtextextended(n.known, 0) AND w.on_value = n.known"
                    + " WHERE w.pipeline = ? AND w.on_table = ? AND w.kind = 'reference' ON CONFLICT DO NOTHING";
            if (done.add(sql)) {
                waiting.enqueue(sql, link.to().toString());
            }
        }
    }

    /// Deletes the rows of these keys, child rows too, after references to them are set to NULL, dropped,
    /// or their rows deleted in turn. A row that was created for others to refer to stays as long as they
    /// exist.
    ///
    /// @return rows deleted from the collection's own table
    int remove(CollectionTarget target, Collection<Object> keys) throws SQLException {
        return remove(target, keys, new HashSet<>(), true);
    }

    /// Whether rows of the collection may be deleted though their documents are there, see [GivingWay].
    boolean mayGiveWay(CollectionTarget target) throws SQLException {
        return GivingWay.mayGiveWay(connection, targets, target);
    }

    /// Deletes rows that are replaced by another document's, and lists their documents for a resync.
    void giveWay(CollectionTarget target, Collection<Object> keys) throws SQLException {
        TableSql own = tables.of(target).own();
        String documentKey = documentKey(target, "t");
        try (PreparedStatement statement = connection.prepareStatement(
                "INSERT INTO sluice.resync (pipeline, collection, document_key, row_key, reason) SELECT ?, ?, d.id,"
                        + " CASE WHEN d.id IS NULL THEN d.key END, 'duplicate' FROM (SELECT t." + own.keyName()
                        + "::text AS key, " + documentKey + " AS id FROM "
                        + own.shape().table().sql() + " t WHERE t." + own.keyName()
                        + " = ANY (?)) d ON CONFLICT DO NOTHING")) {
            statement.setString(1, waiting.pipeline());
            statement.setString(2, target.collection());
            statement.setArray(3, array(own, keys));
            statement.executeUpdate();
        }
        remove(target, keys);
    }

    private int remove(CollectionTarget target, Collection<Object> given, Set<Object> gone, boolean letDuplicatesIn)
            throws SQLException {
        List<Object> keys = new ArrayList<>();
        for (Object key : given) {
            if (gone.add(new RowChange.RowKey(target.index(), key))) {
                keys.add(key);
            }
        }
        if (keys.isEmpty()) {
            return 0;
        }
        CollectionTables own = tables.of(target);
        TableSql table = own.own();
        List<Link> here = links.to(table.shape().table());
        if (!here.isEmpty()) {
            update(
                    "SELECT count(*) FROM (SELECT FROM " + table.shape().table().sql() + " WHERE " + table.keyName()
                            + " = ANY (?) FOR UPDATE) locked",
                    table,
                    keys);
            for (Link link : here) {
                if (link.policy() == Orphan.CREATE) {
                    keys.removeAll(referredTo(link, table, keys));
                } else {
                    release(link, table, keys, gone);
                }
            }
        }
        Duplicates duplicate = duplicates.get(target.index());
        if (duplicate != null && letDuplicatesIn) {
            letIn(duplicate, table, keys);
        }
        for (TableSql child : own.children()) {
            tables.delete(child, keys);
        }
        return tables.delete(table, keys);
    }

    private List<Object> referredTo(Link link, TableSql table, List<Object> keys) throws SQLException {
        String sql =
                "SELECT t." + table.keyName() + " FROM " + table.shape().table().sql() + " t WHERE t."
                        + table.keyName() + " = ANY (?) AND EXISTS (SELECT FROM "
                        + link.shape().table().sql() + " c WHERE "
                        + link.refers() + ")";
        return keysOf(sql, table, keys);
    }

    /// Removes the references to rows that are about to be deleted.
    private void release(Link link, TableSql table, List<Object> keys, Set<Object> gone) throws SQLException {
        String other = table.shape().table().sql() + " t";
        String theirs = "t." + table.keyName() + " = ANY (?)";
        TableName referring = link.shape().table();
        String joined = " FROM " + other + " JOIN " + referring.sql() + " c ON " + link.refers() + " WHERE " + theirs;
        try (PreparedStatement statement = connection.prepareStatement(
                "INSERT INTO sluice.waiting (pipeline, collection, row_key, document_key, column_name, kind, on_table,"
                        + " on_value) SELECT DISTINCT ?, ?, d.row_key, d.document_key, ?, 'reference', ?, d.known FROM (SELECT "
                        + referringDocument(link) + ", " + link.present(name -> "t." + TableName.quote(name))
                        + " AS known" + joined + ") d WHERE d.known IS NOT NULL ON CONFLICT DO NOTHING")) {
            statement.setString(1, waiting.pipeline());
            statement.setString(2, link.target().collection());
            statement.setString(3, link.label());
            statement.setString(4, link.to().toString());
            statement.setArray(5, array(table, keys));
            statement.executeUpdate();
        }
        String column = TableName.quote(link.column().name());
        String takes = "ARRAY(SELECT t." + TableName.quote(link.take()) + " FROM " + other + " WHERE " + theirs + ")";
        switch (link.policy()) {
            case null ->
                update(
                        "INSERT INTO sluice.resync (pipeline, collection, document_key, row_key, reason) SELECT DISTINCT "
                                + TableName.literal(waiting.pipeline()) + ", "
                                + TableName.literal(link.target().collection())
                                + ", d.document_key, CASE WHEN d.document_key IS NULL THEN d.row_key END, 'reference'"
                                + " FROM (SELECT " + referringDocument(link) + joined + ") d ON CONFLICT DO NOTHING",
                        table,
                        keys);
            case EMPTY ->
                update(
                        link.isArray()
                                ? "WITH gone AS MATERIALIZED (SELECT " + takes + " AS takes) UPDATE " + referring.sql()
                                        + " c SET " + column
                                        + " = ARRAY(SELECT CASE WHEN x.v <> ALL (gone.takes) THEN x.v END"
                                        + " FROM unnest(c." + column
                                        + ") WITH ORDINALITY x (v, n) ORDER BY x.n) FROM gone"
                                        + " WHERE c." + column + " && gone.takes"
                                : "UPDATE " + referring.sql() + " c SET " + column + " = NULL FROM " + other + " WHERE "
                                        + link.refers() + " AND " + theirs,
                        table,
                        keys);
            case DROP ->
                update(
                        link.isArray()
                                ? "WITH gone AS MATERIALIZED (SELECT " + takes + " AS takes) UPDATE " + referring.sql()
                                        + " c SET " + column + " = ARRAY(SELECT x.v FROM unnest(c." + column
                                        + ") WITH ORDINALITY x (v, n) WHERE x.v <> ALL (gone.takes) OR x.v IS NULL"
                                        + " ORDER BY x.n) FROM gone WHERE c." + column + " && gone.takes"
                                : "UPDATE " + referring.sql() + " c SET " + column + " = NULL FROM " + other + " WHERE "
                                        + link.refers() + " AND " + theirs,
                        table,
                        keys);
            case SKIP -> {
                if (link.child() >= 0) {
                    update(
                            "DELETE FROM " + referring.sql() + " c USING " + other + " WHERE " + link.refers() + " AND "
                                    + theirs,
                            table,
                            keys);
                } else {
                    String key =
                            TableName.quote(link.shape().columns().getFirst().name());
                    remove(link.target(), keysOf("SELECT c." + key + joined, table, keys), gone, true);
                }
            }
            case CREATE -> {}
        }
    }

    /// Lists the documents that waited for rows which are about to be deleted, as duplicates of them.
    private void letIn(Duplicates duplicate, TableSql table, List<Object> keys) throws SQLException {
        if (!waiting.isAwaited(duplicate.table())) {
            return;
        }
        update(
                Waiting.ENQUEUE + " FROM sluice.waiting w JOIN "
                        + table.shape().table().sql() + " t ON "
                        + duplicate.known("t") + " = w.on_value WHERE t." + table.keyName()
                        + " = ANY (?) AND w.pipeline = " + TableName.literal(waiting.pipeline()) + " AND w.on_table = "
                        + TableName.literal(duplicate.table().toString())
                        + " AND w.kind = 'duplicate' AND w.row_key <> t." + table.keyName()
                        + "::text ON CONFLICT DO NOTHING",
                table,
                keys);
    }

    /// Lists documents that wait for rows which another writer has inserted, see [Waiting#sweep].
    int sweep() throws SQLException {
        return waiting.sweep(links, duplicates.values());
    }

    /// Forgets what documents waited for that are deleted, or have no row by a rule.
    void forget(CollectionTarget target, Collection<Object> keys) throws SQLException {
        if (!links.of(target).isEmpty() || duplicates.containsKey(target.index())) {
            waiting.forget(target.collection(), keys);
        }
        Duplicates duplicate = duplicates.get(target.index());
        if (duplicate != null && duplicate.shared() && !keys.isEmpty()) {
            // The row may stay, and then has no document.
            TableSql own = tables.of(target).own();
            letIn(duplicate, own, List.copyOf(keys));
            update(duplicate.forget(), own, keys);
        }
    }

    /// `row_key` and `document_key` of the document whose row, or child row, `c` is.
    private static String referringDocument(Link link) {
        String key = "c." + TableName.quote(link.shape().columns().getFirst().name());
        String documentKey = link.child() < 0
                ? documentKey(link.target(), "c")
                : "(SELECT " + documentKey(link.target(), "p") + " FROM "
                        + link.target().mapper().shape().table().sql() + " p WHERE p."
                        + TableName.quote(link.target().mapping().key().column()) + " = " + key + ")";
        return key + "::text AS row_key, " + documentKey + " AS document_key";
    }

    /// The `_id` of the document of a row, as canonical Extended JSON, where a column tells it; else NULL.
    /// A UUID made of an ObjectId can't be turned back, but where the key is one and a text column holds
    /// the `_id`, 24 hex digits in it are an ObjectId: no other `_id` of 24 digits has a UUID.
    private static String documentKey(CollectionTarget target, String alias) {
        String column = RowIdentity.idColumn(target);
        if (column == null) {
            return "NULL::text";
        }
        String id = alias + "." + TableName.quote(column);
        return "CASE WHEN " + id + " ~ '^[0-9a-f]{24}$' THEN '{\"$oid\":\"' || " + id + " || '\"}' END";
    }

    private static String sameKey(TableShape shape) {
        List<String> same = new ArrayList<>();
        for (int i = 0; i < shape.keyColumns(); i++) {
            String name = TableName.quote(shape.columns().get(i).name());
            same.add("t." + name + " = s." + name);
        }
        return String.join(" AND ", same);
    }

    private static boolean isKey(TableShape shape, String name) {
        return shape.columns().subList(0, shape.keyColumns()).stream()
                .anyMatch(c -> c.name().equals(name));
    }

    private static TableShape.@Nullable Column column(TableShape shape, String name) {
        for (TableShape.Column column : shape.columns()) {
            if (column.name().equals(name)) {
                return column;
            }
        }
        return null;
    }

    private static TableShape.Column required(TableShape shape, String name) {
        TableShape.Column column = column(shape, name);
        if (column == null) {
            throw new IllegalStateException("looked for before");
        }
        return column;
    }

    private List<Object> keysOf(String sql, TableSql table, List<Object> keys) throws SQLException {
        List<Object> found = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(1, array(table, keys));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    found.add(rows.getObject(1));
                }
            }
        }
        return found;
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /// Executes a statement whose one parameter is the keys.
    private void update(String sql, TableSql table, Collection<Object> keys) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(1, array(table, keys));
            statement.execute();
        }
    }

    private Array array(TableSql table, Collection<Object> keys) throws SQLException {
        return connection.createArrayOf(table.keyArrayType(), keys.toArray());
    }
}
