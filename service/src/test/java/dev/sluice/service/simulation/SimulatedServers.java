package dev.sluice.service.simulation;

import dev.sluice.change.Position;
import dev.sluice.control.CopyProgress;
import dev.sluice.control.ResyncList;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.TargetSession;
import dev.sluice.sink.postgres.staging.KeptKeys;
import dev.sluice.source.ChangeSource;
import dev.sluice.source.mongo.DocumentSource;
import dev.sluice.source.mongo.MongoSource;
import java.sql.SQLException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Both servers, as one process sees them.
public final class SimulatedServers {
    private final World world;
    private final int process;

    SimulatedServers(World world, int process) {
        this.world = world;
        this.process = process;
    }

    public DocumentSource documents() {
        return world.mongo();
    }

    public ChangeSource openStream(MemoryBudget memory, Position from, ChangeSource.Handler handler) {
        return world.stream(process, memory, from, handler);
    }

    public Position currentPosition() {
        world.scheduler().step();
        return world.mongo().currentPosition();
    }

    public MongoSource.Hello hello() {
        world.scheduler().step();
        return world.mongo().hello();
    }

    /// MongoDB's wall clock, which is everybody's here.
    public Instant wall() {
        return world.mongo().wall();
    }

    public TargetSession openSession() {
        return world.postgres().open(process);
    }

    public CopyProgress copyProgress(long epoch) {
        return world.postgres().copyProgress(epoch);
    }

    public ResyncList resyncList() {
        return world.postgres().resyncList();
    }

    public KeptKeys keptKeys(CollectionTarget target) {
        return world.postgres().keptKeys(target);
    }

    /// @return null where there is none
    public @Nullable Position position() {
        return world.postgres().position();
    }

    public void initialise(Position first) throws SQLException {
        world.postgres().initialise(first);
    }

    /// @param hold 0 to take the pipeline over; else the epoch that has to be the one that counts
    public long claim(long hold) throws SQLException {
        return world.postgres().claim(process, hold);
    }
}
