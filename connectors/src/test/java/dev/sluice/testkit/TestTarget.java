package dev.sluice.testkit;

import com.mongodb.client.MongoDatabase;
import dev.sluice.change.Position;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.PositionStore;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.schema.Catalog;
import dev.sluice.schema.Mapping;
import dev.sluice.schema.MappingReader;
import dev.sluice.sink.ChangeMapper;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.Fence;
import dev.sluice.sink.postgres.ChunkSink;
import dev.sluice.sink.postgres.PostgresSession;
import dev.sluice.sink.postgres.StreamSink;
import dev.sluice.source.mongo.MongoSource;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bson.BsonDocument;
import org.bson.BsonTimestamp;

/// A fresh PostgreSQL database with the control schema and a mapping's tables, and what a pipeline is made
/// of on top of it. For one test.
public final class TestTarget implements AutoCloseable {
    public static final String PIPELINE = "test";

    private final Mapping mapping;
    private final PostgresUri uri;
    private final PostgresConnector connector;
    private final List<CollectionTarget> targets;
    private final List<Fence> fences;
    private final Connection looking;
    private final List<AutoCloseable> opened = new ArrayList<>();

    private TestTarget(Mapping mapping, String uri) throws SQLException {
        this.mapping = mapping;
        this.uri = PostgresUri.parse(uri);
        this.connector = new PostgresConnector(this.uri);
        this.targets = CollectionTarget.of(mapping);
        targets.forEach(target -> target.mapper().decideKeysByFirst());
        this.fences = targets.stream().map(t -> new Fence()).toList();
        this.looking = connector.open();
        new PositionStore(PIPELINE).initialise(looking, at(1, 0));
        for (CollectionTarget target : targets) {
            new PositionStore(PIPELINE).registerCollection(looking, target.collection());
        }
    }

    /// With the demo's tables and mapping: users, and orders with their lines.
    public static TestTarget demo() {
        return of(Catalog.load("demo").mapping());
    }

    /// With a mapping of the test's own.
    ///
    /// @param ddl makes the mapping's tables; in addition to those of the demo
    public static TestTarget of(String yaml, String ddl) {
        TestTarget target = of(MappingReader.read("test.yaml", yaml));
        target.execute(ddl);
        return target;
    }

    private static TestTarget of(Mapping mapping) {
        try {
            return new TestTarget(mapping, TestingServers.migrated().create("demo"));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /// A position made up for tests: second and increment are the token, too.
    public static Position at(int second, int increment) {
        BsonTimestamp time = new BsonTimestamp(second, increment);
        return new Position(
                new BsonDocument("_data", new org.bson.BsonString("test-" + second + "-" + increment)), time);
    }

    public Mapping mapping() {
        return mapping;
    }

    public PostgresUri uri() {
        return uri;
    }

    public PostgresConnector connector() {
        return connector;
    }

    public List<CollectionTarget> targets() {
        return targets;
    }

    public CollectionTarget target(String collection) {
        return targets.stream()
                .filter(t -> t.collection().equals(collection))
                .findFirst()
                .orElseThrow();
    }

    /// One for each collection, shared by every sink of this target.
    public List<Fence> fences() {
        return fences;
    }

    public Fence fence(String collection) {
        return fences.get(target(collection).index());
    }

    public ChangeMapper mapper() {
        return ChangeMapper.of(targets);
    }

    public PipelineSpec pipeline(MongoSource source) {
        return PipelineSpec.of(PIPELINE, targets, source, connector);
    }

    /// Takes the pipeline over: sinks of earlier epochs are fenced out.
    public long takeOver() {
        try {
            return new PositionStore(PIPELINE).takeOver(looking, "a test");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /// A sink for the stream that is closed with this.
    public StreamSink streamSink(long epoch) throws SQLException {
        StreamSink sink = new StreamSink(PostgresSession.open(connector.open(), PIPELINE, targets), epoch, fences);
        opened.add(sink);
        return sink;
    }

    /// A sink for chunks that is closed with this.
    public ChunkSink chunkSink(long epoch) throws SQLException {
        ChunkSink sink = new ChunkSink(PostgresSession.open(connector.open(), PIPELINE, targets), epoch);
        opened.add(sink);
        return sink;
    }

    /// A connection in auto-commit mode that is closed with this.
    public Connection connection() throws SQLException {
        Connection connection = connector.openForLongWork();
        opened.add(connection);
        return connection;
    }

    /// Where the pipeline is, as it is stored.
    public Optional<Position> position() {
        try {
            return new PositionStore(PIPELINE).load(looking);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    public void execute(String sql) {
        try (Statement statement = looking.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /// The rows of a query, each as its values joined by `|`, SQL NULL as `NULL`.
    public List<String> rows(String sql) {
        try (Statement statement = looking.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            List<String> found = new ArrayList<>();
            while (rows.next()) {
                List<String> values = new ArrayList<>();
                for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
                    String value = rows.getString(i);
                    values.add(value == null ? "NULL" : value);
                }
                found.add(String.join("|", values));
            }
            return found;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Every row of every table of the mapping, with the version of each row: what is equal before and
    /// after was not written in between.
    public List<String> versions() {
        List<String> versions = new ArrayList<>();
        for (CollectionTarget target : targets) {
            versions.addAll(versions(target.mapper().shape().table().sql()));
            target.mapper()
                    .childShapes()
                    .forEach(c -> versions.addAll(versions(c.table().sql())));
        }
        return versions;
    }

    private List<String> versions(String table) {
        return rows("SELECT xmin, ctid, t.* FROM " + table + " t ORDER BY t.*");
    }

    /// Every row of every table of the mapping.
    public List<String> contents() {
        List<String> contents = new ArrayList<>();
        for (CollectionTarget target : targets) {
            contents.addAll(contents(target.mapper().shape().table().sql()));
            target.mapper()
                    .childShapes()
                    .forEach(c -> contents.addAll(contents(c.table().sql())));
        }
        return contents;
    }

    private List<String> contents(String table) {
        return rows("SELECT * FROM " + table + " t ORDER BY t.*");
    }

    /// Copies of documents, as MongoDB gives them.
    public static List<BsonDocument> all(MongoDatabase database, String collection) {
        return database.getCollection(collection, BsonDocument.class).find().into(new ArrayList<>());
    }

    @Override
    public void close() {
        for (AutoCloseable closeable : opened) {
            try {
                closeable.close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
        try {
            looking.close();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
