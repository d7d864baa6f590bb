package dev.sluice.service.bench;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Updates;
import dev.sluice.change.Position;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.pipeline.ReadByMapping;
import dev.sluice.schema.Catalog;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.Mapping;
import dev.sluice.source.ChangeSource;
import dev.sluice.source.debezium.DebeziumChangeSource;
import dev.sluice.source.debezium.EngineProperties;
import dev.sluice.source.debezium.EngineSteps;
import dev.sluice.source.debezium.Reading;
import dev.sluice.source.mongo.MongoSource;
import java.io.PrintStream;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import org.bson.Document;
import org.bson.conversions.Bson;

/// How fast a backlog of changes is drained: by the driver alone and by Debezium's engine into
/// nothing, and by a loop that does the least and by the whole pipeline into PostgreSQL, the same
/// changes on the same servers.
public final class StreamBench {
    private static final int WARM_UP_PART = 4;
    private static final int DRAIN_PARTS = 10;

    /// More than a new user has.
    private static final int VISITS = 1_000_000;

    private final PrintStream progress;
    private final int changes;
    private final int runs;
    private final Workload workload;
    private final boolean steps;

    /// What is written: 60 % updates, 30 % inserts, 10 % deletes.
    public enum Workload {
        /// Each update is of two fields that have columns.
        RELEVANT,
        /// Half of the updates are of a field that nothing reads; the mapping has no column of the rest.
        HALF_IRRELEVANT
    }

    /// @param steps whether to show what each of the engine's settings gives
    public StreamBench(PrintStream progress, int changes, int runs, Workload workload, boolean steps) {
        this.progress = progress;
        this.changes = changes;
        this.runs = runs;
        this.workload = workload;
        this.steps = steps;
    }

    /// What all read, and where it goes.
    private record Course(
            Servers servers,
            MongoSource source,
            MongoDatabase database,
            Catalog.Entry target,
            Mapping mapping,
            Position from) {
        /// @param count how many changes
        Sample bareLoop(int count) throws SQLException, InterruptedException {
            Drain drain = new Drain(count);
            try (Target into = Target.create(servers.postgres(), target);
                    // The clock needs several transactions: it runs from one to another.
                    BareStream stream = new BareStream(
                            database,
                            into.connector().open(),
                            Math.min(BareStream.BATCH, count / DRAIN_PARTS),
                            (last, n, times) -> drain.count(n))) {
                into.checkpoint();
                stream.start(from);
                return drain.await(stream.ended());
            }
        }

        Sample pipeline(int count, boolean everyUpdate) throws SQLException, InterruptedException {
            try (Target into = Target.create(servers.postgres(), target);
                    RunningPipeline pipeline = new RunningPipeline(source, into, mapping)) {
                if (everyUpdate) {
                    pipeline.takeEveryUpdate();
                }
                into.checkpoint();
                Drain drain = new Drain(count);
                pipeline.status().onApplied(drain::count);
                pipeline.status().onIrrelevant(() -> drain.count(1));
                pipeline.start(from);
                return drain.await(pipeline.ended());
            }
        }
    }

    public Report run() throws InterruptedException, SQLException {
        try (Servers servers = Servers.start()) {
            MongoDatabase database = servers.newDatabase();
            Catalog.Entry demo = Catalog.load("demo");
            try (MongoSource source = new MongoSource(servers.mongo().uri(), database.getName())) {
                MongoCollection<Document> users = database.getCollection(Users.COLLECTION);
                Course course =
                        new Course(servers, source, database, demo, mapping(demo.mapping()), source.currentPosition());
                progress.printf(Locale.ROOT, "Writing %,d changes of users ...%n", changes);
                UserChanges.write(users, changes, this::update);
                contest(course, changes / WARM_UP_PART).warmUp(progress);
                Contest.Table table = contest(course, changes).run(runs, progress);
                return new ContestReport("stream", runs, Machine.of(servers), List.of(table));
            }
        }
    }

    private Mapping mapping(Mapping demo) {
        return switch (workload) {
            case RELEVANT -> demo;
            case HALF_IRRELEVANT ->
                new Mapping(
                        demo.name(),
                        demo.database(),
                        demo.schema(),
                        demo.collections().stream()
                                .map(StreamBench::withoutRest)
                                .toList(),
                        demo.ignored(),
                        demo.groups());
        };
    }

    private static CollectionMapping withoutRest(CollectionMapping mapping) {
        return new CollectionMapping(
                mapping.collection(),
                mapping.table(),
                mapping.key(),
                mapping.conflict(),
                mapping.columns().stream().filter(column -> !column.keepsRest()).toList(),
                mapping.children(),
                mapping.skips(),
                mapping.dedupe(),
                mapping.redactions(),
                mapping.onDelete(),
                mapping.onDrop(),
                mapping.where());
    }

    private Contest contest(Course course, int count) {
        MongoSource source = course.source();
        Position from = course.from();
        EngineProperties all = EngineProperties.defaults(
                "bench", source.uriWithReplicaSet(), source.database(), List.of(Users.COLLECTION, Orders.COLLECTION));
        Contest contest = new Contest("Stream of " + String.format(Locale.ROOT, "%,d", count) + " changes", "changes")
                .add(Contender.limit(
                        "raw change stream, into nothing", () -> RawStream.drain(course.database(), from, count)));
        if (steps) {
            EngineSteps.to(all)
                    .forEach((name, step) ->
                            contest.add(Contender.measured(name, () -> intoNothing(step, from, count))));
        }
        contest.add(Contender.limit(
                        "Debezium into nothing, our settings, JSON",
                        () -> intoNothing(all.withReading(Reading.DEBEZIUM), from, count)))
                .add(Contender.limit(
                        "our reader into nothing, MongoDB looks up",
                        () -> intoNothing(all.withReading(Reading.SERVER_LOOKS_UP), from, count)))
                .add(Contender.measured(
                        "our reader into nothing, look-ups in batches", () -> intoNothing(all, from, count)));
        if (workload == Workload.HALF_IRRELEVANT) {
            EngineProperties relevant =
                    all.withRelevant(ReadByMapping.of(course.mapping().collections()));
            contest.add(Contender.measured(
                            "our reader into nothing, relevant updates only", () -> intoNothing(relevant, from, count)))
                    .add(Contender.measured(
                            "Sluice into PostgreSQL, every update", () -> course.pipeline(count, true)));
        }
        return contest.add(Contender.limit("bare loop into PostgreSQL, MongoDB looks up", () -> course.bareLoop(count)))
                .add(Contender.measured("Sluice into PostgreSQL", () -> course.pipeline(count, false)));
    }

    private static Sample intoNothing(EngineProperties settings, Position from, int count) throws InterruptedException {
        Drain drain = new Drain(count);
        try (MemoryBudget memory = MemoryBudget.ofStream();
                ChangeSource stream = DebeziumChangeSource.startCounting(settings, memory, from, drain::count)) {
            return drain.await(stream.ended());
        }
    }

    private Bson update(int n) {
        boolean relevant = switch (workload) {
            case RELEVANT -> true;
            case HALF_IRRELEVANT -> n % 2 == 0;
        };
        return relevant ? UserChanges.update(n) : Updates.set("visits", VISITS + n);
    }
}
