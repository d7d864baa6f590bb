package dev.sluice.pipeline;

import dev.sluice.postgres.KeptConnections;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.schema.Mapping;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.ChunkSink;
import dev.sluice.sink.postgres.PostgresSession;
import dev.sluice.sink.postgres.table.TouchedCollections;
import dev.sluice.source.mongo.MongoSource;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;

/// The description of a pipeline: its name, the collections it maps, and the two databases. The same for
/// each of its operations. Any thread.
///
/// @param name under which the control tables keep its state
/// @param targets its collections, in the mapping's order
/// @param source closed by the caller that made it
/// @param whole whether these are all collections of the mapping; else no others are written, nor their
///     documents on the list resynced
public record PipelineSpec(
        String name, List<CollectionTarget> targets, MongoSource source, PostgresConnector connector, boolean whole) {
    public PipelineSpec {
        targets = List.copyOf(targets);
    }

    /// Has the mappers of the collections decide by the `_id`s that this pipeline has noted.
    ///
    /// @param targets all collections of the mapping
    public static PipelineSpec of(
            String name, List<CollectionTarget> targets, MongoSource source, PostgresConnector connector) {
        NotedIds.decide(name, targets, source, connector);
        return new PipelineSpec(name, targets, source, connector, true);
    }

    /// @throws dev.sluice.schema.MappingException when a literal in the mapping does not fit its column
    public static PipelineSpec of(String name, Mapping mapping, MongoSource source, PostgresConnector connector) {
        return of(name, CollectionTarget.of(mapping), source, connector);
    }

    /// The same for what a copy of some collections may write, see [TouchedCollections]: no other table
    /// has to be as the mapping needs it.
    public PipelineSpec touching(List<CollectionTarget> chosen) {
        List<CollectionTarget> touched = TouchedCollections.by(targets, chosen);
        return touched.size() == targets.size() ? this : new PipelineSpec(name, touched, source, connector, false);
    }

    /// The same without collections whose writes have moved to PostgreSQL.
    ///
    /// @param moved their names
    public PipelineSpec without(Set<String> moved) {
        List<CollectionTarget> left =
                targets.stream().filter(t -> !moved.contains(t.collection())).toList();
        return left.size() == targets.size() ? this : new PipelineSpec(name, left, source, connector, false);
    }

    /// The names of the collections.
    public List<String> collections() {
        return targets.stream().map(CollectionTarget::collection).toList();
    }

    /// Opens a session that writes.
    public PostgresSession openSession() throws SQLException {
        return PostgresSession.open(connector.openForWriting(), name, targets);
    }

    /// Opens a sink for chunks.
    ///
    /// @param epoch the one in which this process took the pipeline over
    /// @param stopped asked from any thread; what is under way is given up then
    public ChunkSink openChunks(long epoch, BooleanSupplier stopped) throws SQLException {
        return new ChunkSink(openSession(), epoch).within(connector.limits(stopped));
    }

    /// The same on a connection that others have before and afterwards.
    public ChunkSink openChunks(KeptConnections connections, long epoch, BooleanSupplier stopped) throws SQLException {
        return new ChunkSink(PostgresSession.open(connections.lend(), name, targets), epoch)
                .within(connector.limits(stopped));
    }
}
