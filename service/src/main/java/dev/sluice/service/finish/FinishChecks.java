package dev.sluice.service.finish;

import dev.sluice.cutover.FinishStore;
import dev.sluice.cutover.ReplicationSlot;
import dev.sluice.cutover.TargetHandover;
import dev.sluice.gate.Gate;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.table.TouchedCollections;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Looks for what forbids to move the writes of collections. Changes nothing. For one thread.
final class FinishChecks {
    private final PipelineSpec pipeline;
    private final Connection connection;
    private final List<CollectionTarget> chosen;

    /// @param pipeline with all collections whose writes have not moved
    FinishChecks(PipelineSpec pipeline, Connection connection, List<CollectionTarget> chosen) {
        this.pipeline = pipeline;
        this.connection = connection;
        this.chosen = chosen;
    }

    /// Everything that forbids it now.
    ///
    /// @param slot a replication slot that is to be made; null for none
    List<Obstacle> all(@Nullable String slot) throws SQLException {
        List<Obstacle> found = new ArrayList<>(routes());
        found.addAll(gates());
        found.addAll(others());
        if (slot != null) {
            boolean left = new FinishStore(pipeline.name())
                    .noted(connection, FinishStore.Made.SLOT)
                    .filter(noted -> noted.name().equals(slot))
                    .isPresent();
            new ReplicationSlot(connection, slot)
                    .obstacle(left)
                    .ifPresent(reason -> found.add(new Obstacle(names(), reason)));
        }
        return found;
    }

    private List<Obstacle> routes() throws SQLException {
        return new FinishStore(pipeline.name())
                .notRead(connection, collections()).stream()
                        .map(FinishChecks::notRead)
                        .toList();
    }

    static Obstacle notRead(String collection) {
        return new Obstacle(
                collection,
                "Not all of its readers read from PostgreSQL. Move them first: sluice cutover " + collection + ".");
    }

    List<Obstacle> gates() throws SQLException {
        return new FinishStore(pipeline.name())
                .shut(connection, collections()).stream()
                        .map(FinishChecks::shut)
                        .toList();
    }

    static Obstacle shut(Gate gate) {
        return new Obstacle(
                gate.collection(),
                "Its gate is shut: "
                        + gate.firstUnmet().map(Gate.Condition::reason).orElse("")
                        + " `sluice gate " + gate.collection() + "` shows all conditions.");
    }

    /// Collections that Sluice goes on writing must not change the tables of those that it leaves.
    private List<Obstacle> others() throws SQLException {
        List<Obstacle> found = new ArrayList<>();
        Set<String> leaving = Set.copyOf(collections());
        List<CollectionTarget> staying = pipeline.targets().stream()
                .filter(target -> !leaving.contains(target.collection()))
                .toList();
        for (CollectionTarget stays : staying) {
            List<String> touched = TouchedCollections.by(pipeline.targets(), List.of(stays)).stream()
                    .map(CollectionTarget::collection)
                    .filter(leaving::contains)
                    .toList();
            if (!touched.isEmpty()) {
                found.add(new Obstacle(
                        String.join(", ", touched),
                        "What Sluice writes of " + stays.collection() + " can change its rows (a table of both, or a"
                                + " reference). Finish " + stays.collection() + " before, or with it."));
            }
        }
        new TargetHandover(connection, tables(chosen))
                .actionsFrom(tables(staying))
                .forEach(action -> found.add(new Obstacle(
                        names(),
                        "The foreign key " + action.constraint() + " of " + action.table()
                                + " changes or deletes its rows when a row of " + action.otherTable()
                                + " goes, which Sluice still writes. Finish that one before, or with it.")));
        return found;
    }

    private List<String> collections() {
        return chosen.stream().map(CollectionTarget::collection).toList();
    }

    private String names() {
        return String.join(", ", collections());
    }

    static List<TableName> tables(List<CollectionTarget> targets) {
        return targets.stream().flatMap(TouchedCollections::tables).distinct().collect(Collectors.toList());
    }
}
