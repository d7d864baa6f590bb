package dev.sluice.service.bench;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import dev.sluice.change.Position;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.schema.Catalog;
import dev.sluice.source.ChangeSource;
import dev.sluice.source.debezium.DebeziumChangeSource;
import dev.sluice.source.debezium.EngineProperties;
import dev.sluice.source.debezium.EngineSteps;
import dev.sluice.source.debezium.LookUp;
import dev.sluice.source.mongo.MongoSource;
import java.io.PrintStream;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import org.bson.Document;

/// How fast a backlog of changes is drained: by the driver alone and by Debezium's engine into
/// nothing, and by a loop that does the least and by the whole pipeline into PostgreSQL, the same
/// changes on the same servers.
public final class StreamBench {
    private static final int WARM_UP_PART = 4;
    private static final int DRAIN_PARTS = 10;

    private final PrintStream progress;
    private final int changes;
    private final int runs;
    private final boolean steps;

    /// @param steps whether to show what each of the engine's settings gives
    public StreamBench(PrintStream progress, int changes, int runs, boolean steps) {
        this.progress = progress;
        this.changes = changes;
        this.runs = runs;
        this.steps = steps;
    }

    public Report run() throws InterruptedException, SQLException {
        try (Servers servers = Servers.start()) {
            MongoDatabase database = servers.newDatabase();
            try (MongoSource source = new MongoSource(servers.mongo().uri(), database.getName())) {
                MongoCollection<Document> users = database.getCollection(Users.COLLECTION);
                Position from = source.currentPosition();
                progress.printf(Locale.ROOT, "Writing %,d changes of users ...%n", changes);
                UserChanges.write(users, changes);
                contest(servers, source, database, from, changes / WARM_UP_PART).warmUp(progress);
                return new ContestReport(
                        "stream",
                        runs,
                        Machine.of(servers),
                        List.of(contest(servers, source, database, from, changes)
                                .run(runs, progress)));
            }
        }
    }

    private Contest contest(Servers servers, MongoSource source, MongoDatabase database, Position from, int count) {
        EngineProperties ours = EngineProperties.defaults(
                "bench", source.uriWithReplicaSet(), source.database(), List.of(Users.COLLECTION, Orders.COLLECTION));
        Contest contest = new Contest("Stream of " + String.format(Locale.ROOT, "%,d", count) + " changes", "changes")
                .add(Contender.limit("raw change stream, into nothing", () -> RawStream.drain(database, from, count)));
        if (steps) {
            EngineSteps.to(ours)
                    .forEach((name, step) ->
                            contest.add(Contender.measured(name, () -> intoNothing(step, from, count))));
        }
        Catalog.Entry entry = Catalog.load("demo");
        return contest.add(Contender.limit(
                        "Debezium into nothing, our settings, JSON",
                        () -> intoNothing(ours.withRawDocuments(false), from, count)))
                .add(Contender.limit(
                        "our reader into nothing, MongoDB looks up",
                        () -> intoNothing(ours.withLookUp(LookUp.SERVER), from, count)))
                .add(Contender.measured(
                        "our reader into nothing, look-ups in batches", () -> intoNothing(ours, from, count)))
                .add(Contender.limit("bare loop into PostgreSQL, MongoDB looks up", () -> {
                    Drain drain = new Drain(count);
                    try (Target target = Target.create(servers.postgres(), entry);
                            // The clock needs several transactions: it runs from one to another.
                            BareStream stream = new BareStream(
                                    database,
                                    target.connector().open(),
                                    Math.min(BareStream.BATCH, count / DRAIN_PARTS),
                                    (last, n, times) -> drain.count(n))) {
                        target.checkpoint();
                        stream.start(from);
                        return drain.await(stream.ended());
                    }
                }))
                .add(Contender.measured("Sluice into PostgreSQL", () -> {
                    try (Target target = Target.create(servers.postgres(), entry);
                            RunningPipeline pipeline = new RunningPipeline(source, target, entry.mapping())) {
                        target.checkpoint();
                        Drain drain = new Drain(count);
                        pipeline.status().onApplied(drain::count);
                        pipeline.start(from);
                        return drain.await(pipeline.ended());
                    }
                }));
    }

    private static Sample intoNothing(EngineProperties settings, Position from, int count) throws InterruptedException {
        Drain drain = new Drain(count);
        try (MemoryBudget memory = MemoryBudget.ofStream();
                ChangeSource stream = DebeziumChangeSource.startCounting(settings, memory, from, drain::count)) {
            return drain.await(stream.ended());
        }
    }
}
