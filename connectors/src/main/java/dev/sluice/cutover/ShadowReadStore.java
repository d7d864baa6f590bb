package dev.sluice.cutover;

import dev.sluice.cutover.ReadWindows.Side;
import dev.sluice.cutover.ShadowCounts.OfList;
import dev.sluice.positions.Transaction;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The shadow reads of a pipeline (`sluice.shadow_read`, `sluice.shadow_list`). Any thread, each with a
/// connection of its own.
public final class ShadowReadStore {
    /// Under which the reads of lists are counted that have more names than this keeps.
    static final String OTHERS = "(others)";

    static final int NAMES_MAX = 200;

    /// Joined to the copy that the collection has now: counts of an earlier one are over.
    private static final String READ = "SELECT r.*, b.finished_at, r.copied_at IS NOT DISTINCT FROM b.finished_at AS"
            + " valid, clock_timestamp() AS now FROM sluice.shadow_read r LEFT JOIN sluice.backfill b"
            + " ON b.pipeline = r.pipeline AND b.collection = r.collection WHERE r.pipeline = ?";

    private final String pipeline;

    public ShadowReadStore(String pipeline) {
        this.pipeline = pipeline;
    }

    /// A row of `sluice.shadow_read`.
    ///
    /// @param copiedAt when the copy was completed that the collection has now; null while it has none
    /// @param valid whether the counts are about that copy
    /// @param now PostgreSQL's time
    private record Stored(
            ShadowCounts counts,
            ReadWindows windows,
            @Nullable Instant copiedAt,
            boolean valid,
            Instant now) {}

    /// Adds to the counts, or begins them again where the collection was copied since; all or nothing.
    ///
    /// @param connection in auto-commit mode
    /// @param tallies by collection; sorted, so that two callers can't wait for each other
    public void add(Connection connection, SortedMap<String, ShadowTally> tallies) throws SQLException {
        Transaction.run(connection, () -> {
            for (Map.Entry<String, ShadowTally> tally : tallies.entrySet()) {
                add(connection, tally.getKey(), tally.getValue());
            }
        });
    }

    private void add(Connection connection, String collection, ShadowTally tally) throws SQLException {
        Stored stored = lock(connection, collection);
        Map<ShadowResult, Long> results = new EnumMap<>(ShadowResult.class);
        for (ShadowResult result : ShadowResult.values()) {
            // Counts that began again meanwhile do not have what is taken from them.
            results.put(result, Math.max(0, stored.counts().of(result) + tally.of(result)));
        }
        boolean differs = tally.hasDifference();
        ReadWindows windows = stored.windows().plus(stored.now(), tally.mongodb(), tally.postgres());
        String sql = "UPDATE sluice.shadow_read SET "
                + Arrays.stream(ShadowResult.values())
                        .map(result -> result.text() + " = ?, ")
                        .collect(Collectors.joining())
                + "consecutive_equal = ?, last_different_at = ?, copied_at = ?, window_began_at = ?, mongodb_reads = ?,"
                + " mongodb_reads_before = ?, postgres_reads = ?, postgres_reads_before = ?, changed_at = ?"
                + " WHERE pipeline = ? AND collection = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            int i = 0;
            for (long count : results.values()) {
                statement.setLong(++i, count);
            }
            statement.setLong(
                    ++i, differs ? 0 : stored.counts().consecutiveEqual() + Math.max(0, tally.of(ShadowResult.EQUAL)));
            statement.setObject(
                    ++i, time(differs ? stored.now() : stored.counts().lastDifferentAt()));
            statement.setObject(++i, time(stored.copiedAt()));
            statement.setObject(++i, time(windows.began()));
            for (Side side : List.of(windows.mongodb(), windows.postgres())) {
                statement.setArray(++i, array(connection, side.current()));
                statement.setArray(++i, array(connection, side.before()));
            }
            statement.setObject(++i, time(stored.now()));
            statement.setString(++i, pipeline);
            statement.setString(++i, collection);
            statement.executeUpdate();
        }
        addLists(connection, collection, tally);
    }

    /// The counts, locked until the transaction's end; none where another copy was made since.
    private Stored lock(Connection connection, String collection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "INSERT INTO sluice.shadow_read (pipeline, collection, copied_at) SELECT ?, ?, (SELECT finished_at FROM"
                        + " sluice.backfill WHERE pipeline = ? AND collection = ?) ON CONFLICT DO NOTHING")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.setString(3, pipeline);
            statement.setString(4, collection);
            statement.executeUpdate();
        }
        try (PreparedStatement statement =
                connection.prepareStatement(READ + " AND r.collection = ? FOR UPDATE OF r")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                Stored stored = stored(row, List.of());
                if (stored.valid()) {
                    return stored;
                }
                forgetLists(connection, collection);
                return new Stored(
                        ShadowCounts.none(collection),
                        ReadWindows.beginning(stored.now()),
                        stored.copiedAt(),
                        true,
                        stored.now());
            }
        }
    }

    private void forgetLists(Connection connection, String collection) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("DELETE FROM sluice.shadow_list WHERE pipeline = ? AND collection = ?")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            statement.executeUpdate();
        }
    }

    private void addLists(Connection connection, String collection, ShadowTally tally) throws SQLException {
        if (tally.lists().isEmpty()) {
            return;
        }
        List<String> known = lists(connection, collection).getOrDefault(collection, List.of()).stream()
                .map(OfList::name)
                .toList();
        Map<String, ShadowTally.ListReads> named = new TreeMap<>();
        int room = NAMES_MAX - known.size();
        for (Map.Entry<String, ShadowTally.ListReads> list : tally.lists().entrySet()) {
            boolean fits = known.contains(list.getKey()) || room-- > 0;
            named.merge(fits ? list.getKey() : OTHERS, list.getValue(), ShadowTally.ListReads::plus);
        }
        String sql =
                "INSERT INTO sluice.shadow_list AS l (pipeline, collection, name, equal, reported, last_reported_at)"
                        + " VALUES (?, ?, ?, ?, ?, CASE WHEN ? THEN clock_timestamp() END)"
                        + " ON CONFLICT (pipeline, collection, name) DO UPDATE SET equal = l.equal + EXCLUDED.equal,"
                        + " reported = l.reported + EXCLUDED.reported,"
                        + " last_reported_at = coalesce(EXCLUDED.last_reported_at, l.last_reported_at)";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (Map.Entry<String, ShadowTally.ListReads> list : named.entrySet()) {
                statement.setString(1, pipeline);
                statement.setString(2, collection);
                statement.setString(3, list.getKey());
                statement.setLong(4, list.getValue().equal());
                statement.setLong(5, list.getValue().reported());
                statement.setBoolean(6, list.getValue().reported() > 0);
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    /// The counts of the collections of which a shadow read was reported since they were copied, by
    /// collection.
    public Map<String, ShadowCounts> counts(Connection connection) throws SQLException {
        Map<String, List<OfList>> lists = lists(connection, null);
        Map<String, ShadowCounts> counts = new LinkedHashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(READ + " ORDER BY r.collection")) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    String collection = row.getString("collection");
                    Stored stored = stored(row, lists.getOrDefault(collection, List.of()));
                    if (stored.valid()) {
                        counts.put(collection, stored.counts());
                    }
                }
            }
        }
        return counts;
    }

    /// @param collection null for all
    private Map<String, List<OfList>> lists(Connection connection, @Nullable String collection) throws SQLException {
        Map<String, List<OfList>> lists = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement("SELECT collection, name, equal, reported,"
                + " last_reported_at FROM sluice.shadow_list WHERE pipeline = ? AND collection = coalesce(?, collection)"
                + " ORDER BY collection, name")) {
            statement.setString(1, pipeline);
            statement.setString(2, collection);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    lists.computeIfAbsent(row.getString(1), c -> new ArrayList<>())
                            .add(new OfList(
                                    row.getString(2),
                                    row.getLong(3),
                                    row.getLong(4),
                                    instant(row, "last_reported_at")));
                }
            }
        }
        return lists;
    }

    private static Stored stored(ResultSet row, List<OfList> lists) throws SQLException {
        Map<ShadowResult, Long> results = new EnumMap<>(ShadowResult.class);
        for (ShadowResult result : ShadowResult.values()) {
            results.put(result, row.getLong(result.text()));
        }
        ReadWindows windows = new ReadWindows(
                row.getObject("window_began_at", OffsetDateTime.class).toInstant(),
                side(row, "mongodb"),
                side(row, "postgres"));
        ShadowCounts counts = new ShadowCounts(
                row.getString("collection"),
                results,
                row.getLong("consecutive_equal"),
                instant(row, "last_different_at"),
                windows.mongodb().both(),
                windows.postgres().both(),
                lists);
        return new Stored(
                counts,
                windows,
                instant(row, "finished_at"),
                row.getBoolean("valid"),
                row.getObject("now", OffsetDateTime.class).toInstant());
    }

    private static Side side(ResultSet row, String side) throws SQLException {
        return new Side(times(row, side + "_reads"), times(row, side + "_reads_before"));
    }

    private static ReadTimes times(ResultSet row, String column) throws SQLException {
        return ReadTimes.of(Arrays.stream((Object[]) row.getArray(column).getArray())
                .map(Long.class::cast)
                .toList());
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    private static @Nullable OffsetDateTime time(@Nullable Instant instant) {
        return instant == null ? null : instant.atOffset(ZoneOffset.UTC);
    }

    private static Array array(Connection connection, ReadTimes times) throws SQLException {
        return connection.createArrayOf("bigint", times.counts().toArray());
    }
}
