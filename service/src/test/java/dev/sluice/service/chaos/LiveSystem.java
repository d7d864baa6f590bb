package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoDatabase;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.sandbox.SandboxPostgres;
import dev.sluice.sandbox.SandboxReplicaSet;
import dev.sluice.schema.Catalog;
import dev.sluice.service.pipeline.Pipeline;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.check.TargetDatabase;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.verify.FullComparison;
import dev.sluice.verify.TableDifference;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Two real servers, its own or those of [LiveServers], a migrated target, and the questions tests ask of
/// them.
public final class LiveSystem implements AutoCloseable {
    private static final Duration BOUND = Duration.ofMinutes(3);
    private static final String DEADLOCK = "40P01";
    private static final int TRIES = 20;

    private final SandboxPostgres postgres;
    private final @Nullable SandboxMongo mongo;
    private final boolean ownServers;
    private final String mongoUri;
    private final String pipelineMongoUri;
    private final String mapping;
    private final Catalog.Entry entry;
    private final String databaseName;
    private final String postgresUri;
    private final MongoClient client;

    /// Kept: a question that is asked ten times a second would open ten sessions a second.
    private @Nullable Connection asking;

    private LiveSystem(@Nullable SandboxMongo mongo, String mongoUri, String pipelineMongoUri, String mapping) {
        this.ownServers = true;
        this.postgres = SandboxPostgres.start();
        this.mongo = mongo;
        this.mongoUri = mongoUri;
        this.pipelineMongoUri = pipelineMongoUri;
        this.mapping = mapping;
        this.entry = Catalog.load(mapping);
        this.databaseName = entry.mapping().database();
        this.postgresUri = postgres.createDatabase();
        new TargetDatabase(PostgresUri.parse(postgresUri)).migrate(entry);
        this.client = MongoClients.create(mongoUri);
    }

    private LiveSystem(LiveServers servers, String mapping, String databaseName) {
        this.ownServers = false;
        this.postgres = servers.postgres();
        this.mongo = servers.mongo();
        this.mongoUri = servers.mongo().uri();
        this.pipelineMongoUri = mongoUri;
        this.mapping = mapping;
        this.entry = Catalog.load(mapping);
        this.databaseName = databaseName;
        this.postgresUri = servers.migrated().create(mapping);
        this.client = MongoClients.create(mongoUri);
    }

    /// On servers that others use too.
    ///
    /// @param mapping a catalog name or a file
    /// @param databaseName of the database in MongoDB, in the place of the mapping's
    static LiveSystem on(LiveServers servers, String mapping, String databaseName) {
        return new LiveSystem(servers, mapping, databaseName);
    }

    /// @param mapping a catalog name or a file
    public static LiveSystem start(String mapping, SandboxMongo.Options options) {
        SandboxMongo mongo = SandboxMongo.start(options);
        return new LiveSystem(mongo, mongo.uri(), mongo.uri(), mapping);
    }

    /// On a replica set of several members, which belongs to the caller.
    ///
    /// @param mapping a catalog name or a file
    /// @param pipelineOptions what the pipeline's URI has besides the set's: `&readPreference=secondary`
    static LiveSystem start(String mapping, SandboxReplicaSet set, String pipelineOptions) {
        return new LiveSystem(null, set.uri(), set.uri() + pipelineOptions, mapping);
    }

    SandboxPostgres postgres() {
        return postgres;
    }

    /// The only member of its replica set.
    SandboxMongo mongo() {
        return Objects.requireNonNull(mongo, "a replica set of several members has been given");
    }

    public String postgresUri() {
        return postgresUri;
    }

    public Catalog.Entry entry() {
        return entry;
    }

    public MongoDatabase database() {
        return client.getDatabase(databaseName);
    }

    public PostgresConnector connector() {
        return new PostgresConnector(PostgresUri.parse(postgresUri));
    }

    /// As tests read it.
    public MongoSource source() {
        return new MongoSource(mongoUri, databaseName);
    }

    /// As a pipeline reads it.
    ///
    /// @param clock what this process takes for the time
    MongoSource source(InstantSource clock) {
        return new MongoSource(pipelineMongoUri, databaseName, clock);
    }

    /// What a program needs to be told to work on this system.
    Map<String, String> settings() {
        return settings(mapping);
    }

    /// The same with another mapping.
    ///
    /// @param mapping a catalog name or a file
    Map<String, String> settings(String mapping) {
        Map<String, String> settings = new TreeMap<>(Map.of(
                "MONGO_URI", mongo().uri(),
                "POSTGRES_URI", postgresUri,
                "SLUICE_MAPPING", mapping));
        if (!ownServers) {
            settings.put("MONGO_DB_NAME", databaseName);
        }
        return settings;
    }

    /// For tests that need more of the driver than a database.
    MongoClient client() {
        return client;
    }

    Pipeline pipeline(MongoSource source) {
        return new Pipeline(PipelineSpec.of(entry.mapping().name(), entry.mapping(), source, connector()));
    }

    /// Differences of all tables; empty when both sides are equal.
    List<TableDifference> differences() throws SQLException {
        List<TableDifference> found = new ArrayList<>();
        try (MongoSource source = source();
                Connection connection = connector().openForLongWork()) {
            FullComparison comparison =
                    new FullComparison(source, connection, entry.mapping().name());
            PipelineSpec spec = PipelineSpec.of(entry.mapping().name(), entry.mapping(), source, connector());
            for (CollectionTarget target : spec.targets()) {
                comparison.compare(target).stream().filter(d -> !d.equal()).forEach(found::add);
            }
        }
        return found;
    }

    /// Up to when everything is applied, by the control schema; the epoch's start when unknown, also of
    /// one collection alone, or unreachable.
    Instant watermark() {
        try {
            String text = text("SELECT to_char(CASE WHEN count(cluster_time) = count(*) THEN min(cluster_time) END"
                    + " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM sluice.watermark");
            return text == null ? Instant.EPOCH : Instant.parse(text);
        } catch (SQLException away) {
            return Instant.EPOCH;
        }
    }

    boolean backfilled() throws SQLException {
        // Those that a process follows have a watermark, also where its mapping is not this one.
        return "t"
                .equals(text("SELECT count(*) > 0 AND count(*) FILTER (WHERE NOT EXISTS (SELECT FROM sluice.backfill b"
                        + " WHERE b.collection = w.collection AND b.state = 'done')) = 0 FROM sluice.watermark w"));
    }

    /// Waits until a process has copied everything, and applied what came until now.
    void awaitFresh(ServiceProcess service) {
        awaitFresh(service, Instant.now());
    }

    /// @param since by this machine's clock, which is MongoDB's
    void awaitFresh(ServiceProcess service, Instant since) {
        await().atMost(BOUND)
                .failFast(service::mustLive)
                .until(() -> backfilled() && watermark().isAfter(since));
    }

    /// How long after a moment a process that stood by had the lock, and how long until it had written.
    record TakeOver(Duration free, Duration took) {}

    /// Waits until a process that stands by has taken over, and has written what came until a moment.
    TakeOver awaitTakeOver(ServiceProcess standby, Instant since) {
        standby.awaitSaid("No longer standing by");
        Duration free = Duration.between(since, Instant.now());
        awaitFresh(standby, since);
        return new TakeOver(free, Duration.between(since, Instant.now()));
    }

    /// Ends the writing, has a process apply the rest, and compares.
    void assertEqual(LiveWriter writer, ServiceProcess service) throws SQLException {
        writer.close();
        awaitFresh(service);
        assertThat(differences()).isEmpty();
    }

    public long number(String sql) throws SQLException {
        String text = text(sql);
        return text == null ? 0 : Long.parseLong(text);
    }

    @Nullable
    synchronized String text(String sql) throws SQLException {
        Connection kept = asking;
        if (kept != null) {
            try {
                return text(kept, sql);
            } catch (SQLException e) {
                asking = null;
                kept.close();
                if (!isOfSession(e)) {
                    throw e;
                }
            }
        }
        Connection opened = connector().open();
        try {
            String text = text(opened, sql);
            asking = opened;
            return text;
        } catch (SQLException e) {
            opened.close();
            throw e;
        }
    }

    /// Whether the session is at fault, as after a restart of PostgreSQL, and not the statement.
    private static boolean isOfSession(SQLException e) {
        String state = String.valueOf(e.getSQLState());
        return state.startsWith("08") || state.startsWith("57P");
    }

    private static @Nullable String text(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            return row.next() ? row.getString(1) : null;
        }
    }

    /// What a hand in the database does: again, where PostgreSQL ended it for a deadlock with the stream.
    public void execute(String sql) throws SQLException {
        for (int attempt = 1; ; attempt++) {
            try (Connection connection = connector().open();
                    Statement statement = connection.createStatement()) {
                statement.execute(sql);
                return;
            } catch (SQLException e) {
                if (!DEADLOCK.equals(e.getSQLState()) || attempt == TRIES) {
                    throw e;
                }
            }
        }
    }

    /// As if this JVM, which has run the pipeline, had ended: a command that finds the last process alive waits
    /// twelve seconds for it to come back.
    void leavePipeline() {
        try {
            Process ended = new ProcessBuilder("true").start();
            ended.waitFor();
            execute("UPDATE sluice.position SET owner = regexp_replace(owner, '\\d+', '" + ended.pid()
                    + "') WHERE owner = '" + Pipeline.owner() + "'");
        } catch (SQLException away) {
            // Stopped, or without the control schema: then no command finds anybody.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public synchronized void close() {
        Connection kept = asking;
        if (kept != null) {
            try {
                kept.close();
            } catch (SQLException gone) {
                // Nothing is asked any more.
            }
        }
        if (!ownServers) {
            client.getDatabase(databaseName).drop();
        }
        client.close();
        if (!ownServers) {
            return;
        }
        if (mongo != null) {
            mongo.close();
        }
        postgres.close();
    }
}
