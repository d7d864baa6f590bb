package dev.sluice.pipeline;

import dev.sluice.change.IdBracket;
import dev.sluice.change.IdRange;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.mapping.PlainText;
import dev.sluice.mapping.UsualIds;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.KeyMapping;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.bson.BsonType;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Whether a collection's `_id`s are usually strings, as the pipeline has noted it (`sluice.usual_ids`); where it has
/// not, as the mapping says, else by the documents that are there. Any thread.
///
/// The note is what makes each path and each later run give an `_id` the same key: the documents may be others by then.
public final class NotedIds implements UsualIds {
    private static final Logger LOG = LoggerFactory.getLogger(NotedIds.class);

    /// In the order of strings, in which those of digits come first.
    private static final int STRINGS_LOOKED_AT = 10_000;

    /// How long it stays unknown for references to a collection without documents.
    private static final Duration ASK_AGAIN = Duration.ofSeconds(5);

    private static final String HAS_TABLE = "SELECT 1 WHERE to_regclass('sluice.usual_ids') IS NOT NULL";
    private static final String NOTED = "SELECT strings FROM sluice.usual_ids WHERE pipeline = ? AND collection = ?";
    private static final String FORGET =
            "DELETE FROM sluice.usual_ids WHERE pipeline = ? AND collection = ? AND strings <> ?";

    private static final String NOTE =
            "INSERT INTO sluice.usual_ids (pipeline, collection, strings) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";

    private final Pipeline pipeline;
    private final String collection;
    private final KeyMapping.@Nullable Of declared;
    private final boolean isUuid;
    private final boolean notes;
    private volatile long notKnownAt = System.nanoTime() - ASK_AGAIN.toNanos();

    /// @param source closed by the caller that made it
    private record Pipeline(String name, MongoSource source, PostgresConnector connector) {}

    private NotedIds(Pipeline pipeline, CollectionMapping mapping, boolean notes) {
        this.pipeline = pipeline;
        this.collection = mapping.collection();
        this.declared = mapping.key().of();
        this.isUuid = mapping.key().type() instanceof ColumnType.Uuid;
        this.notes = notes;
    }

    /// Has the mappers of collections decide by what the pipeline has noted, and note it where it has not.
    static void decide(
            String pipeline, Collection<CollectionTarget> targets, MongoSource source, PostgresConnector connector) {
        bind(new Pipeline(pipeline, source, connector), targets, true);
    }

    /// As [#decide], for a forecast: nothing is written, and where PostgreSQL can't be asked, the documents decide.
    public static void foresee(
            String pipeline, Collection<CollectionTarget> targets, MongoSource source, PostgresConnector connector) {
        bind(new Pipeline(pipeline, source, connector), targets, false);
    }

    /// What decides who has the key of two ids of different types that are written alike, where the
    /// mapping does not say it and there are ids of several types.
    ///
    /// @return empty where the mapping says it, or ids of several types are not there
    /// @throws SluiceException when MongoDB can't be asked
    public static Optional<KeyMapping.Of> foreseen(
            String pipeline, CollectionTarget target, MongoSource source, PostgresConnector connector) {
        KeyMapping key = target.mapping().key();
        NotedIds ids = new NotedIds(new Pipeline(pipeline, source, connector), target.mapping(), false);
        if (key.of() != null
                || !key.canBeShared()
                || ids.ids(IdBracket.STRING, 1).isEmpty()
                || !ids.hasOthers()) {
            return Optional.empty();
        }
        return Optional.of(ids.areStrings(true) ? KeyMapping.Of.STRING : KeyMapping.Of.ANY);
    }

    private static void bind(Pipeline pipeline, Collection<CollectionTarget> targets, boolean notes) {
        for (CollectionTarget target : targets) {
            target.mapper().decideKeysBy(mapping -> new NotedIds(pipeline, mapping, notes));
        }
    }

    @Override
    public boolean areStrings(boolean first) {
        return decided(Optional.of(first)).orElse(first);
    }

    @Override
    public Optional<Boolean> known() {
        // Of a collection that stays empty each document that refers to it would ask.
        long now = System.nanoTime();
        if (now - notKnownAt < ASK_AGAIN.toNanos()) {
            return Optional.empty();
        }
        Optional<Boolean> known = decided(Optional.empty());
        if (known.isEmpty()) {
            notKnownAt = now;
        }
        return known;
    }

    /// @param first what decides where no document is there; empty where nothing does
    private Optional<Boolean> decided(Optional<Boolean> first) {
        try (Connection connection = pipeline.connector().open()) {
            boolean hasTable = hasTable(connection);
            Optional<Boolean> noted = hasTable ? noted(connection) : Optional.empty();
            if (noted.isPresent()) {
                return declared == null ? noted : Optional.of(same(noted.get()));
            }
            Optional<Boolean> strings = found().or(() -> first);
            if (!notes || !hasTable || strings.isEmpty()) {
                return strings;
            }
            note(connection, strings.get());
            // Of two that note at once, one does.
            return noted(connection).or(() -> strings);
        } catch (SQLException | SluiceException e) {
            if (notes) {
                throw Failures.classify(e);
            }
            LOG.debug("PostgreSQL can't be asked which ids are usual", e);
            return found().or(() -> first);
        }
    }

    /// @throws SluiceException when rows were made by another rule than the mapping has now
    private boolean same(boolean noted) {
        boolean now = declared == KeyMapping.Of.STRING;
        if (notes && noted != now) {
            throw new SluiceException(
                    FailureKind.MAPPING,
                    collection + ": the keys of its rows were made as `of: " + (noted ? "string" : "any")
                            + "` says, and the mapping says `of: " + (now ? "string" : "any")
                            + "` now. Nothing was written by the new rule. Take the change back, or copy all collections again:"
                            + " `sluice backfill --resync --prune`.");
        }
        return now;
    }

    /// Before collections are copied again: where the mapping says another rule for keys than the rows were made by, it
    /// counts from now on. In the caller's transaction.
    public static void begin(Connection connection, String pipeline, Collection<CollectionTarget> targets)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(FORGET)) {
            for (CollectionTarget target : targets) {
                KeyMapping.Of declared = target.mapping().key().of();
                if (declared != null) {
                    statement.setString(1, pipeline);
                    statement.setString(2, target.collection());
                    statement.setBoolean(3, declared == KeyMapping.Of.STRING);
                    statement.addBatch();
                }
            }
            statement.executeBatch();
        }
    }

    /// Whether all `_id`s are strings, or most of them where some strings are written like an `_id` of
    /// another type; empty where there are none, and the mapping does not say.
    private Optional<Boolean> found() {
        if (declared != null) {
            return Optional.of(declared == KeyMapping.Of.STRING);
        }
        List<BsonValue> texts = ids(IdBracket.STRING, STRINGS_LOOKED_AT);
        List<String> strings = texts.stream()
                .filter(BsonValue::isString)
                .map(text -> text.asString().getValue())
                .toList();
        boolean others = texts.size() > strings.size() || hasOthers();
        if (!others) {
            return strings.isEmpty() ? Optional.empty() : Optional.of(true);
        }
        return Optional.of(strings.stream().anyMatch(PlainText::mayBeNoString) && areMost());
    }

    /// Whether there are ids that could have the key of a string.
    private boolean hasOthers() {
        return Stream.of(IdBracket.values())
                .filter(bracket -> isUuid ? bracket == IdBracket.BINARY : bracket != IdBracket.STRING)
                .anyMatch(bracket -> !ids(bracket, 1).isEmpty());
    }

    private boolean areMost() {
        long strings = pipeline.source().count(collection, BsonType.STRING);
        long others = isUuid
                ? pipeline.source().count(collection, BsonType.BINARY)
                : pipeline.source().count(collection) - strings;
        return strings > others;
    }

    private List<BsonValue> ids(IdBracket bracket, int most) {
        return pipeline.source().ids(collection, IdRange.all(bracket), most, null);
    }

    private static boolean hasTable(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(HAS_TABLE);
                ResultSet row = statement.executeQuery()) {
            return row.next();
        }
    }

    private Optional<Boolean> noted(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(NOTED)) {
            statement.setString(1, pipeline.name());
            statement.setString(2, collection);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? Optional.of(row.getBoolean(1)) : Optional.empty();
            }
        }
    }

    private void note(Connection connection, boolean strings) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(NOTE)) {
            statement.setString(1, pipeline.name());
            statement.setString(2, collection);
            statement.setBoolean(3, strings);
            statement.executeUpdate();
        }
    }
}
