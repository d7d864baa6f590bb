package dev.sluice.service.bench;

import com.mongodb.client.ClientSession;
import com.mongodb.client.MongoChangeStreamCursor;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.changestream.ChangeStreamDocument;
import com.mongodb.client.model.changestream.FullDocument;
import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.source.mongo.StreamFilter;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonNumber;
import org.bson.BsonString;
import org.bson.BsonTimestamp;
import org.bson.Document;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// What the filter of a change stream costs the server, by its form and the number of collections in it: where every
/// change passes, and where none does. Read by the driver alone, into nothing.
public final class FilterBench {
    private static final List<Integer> COLLECTIONS = List.of(1, 10, 40, 400);
    private static final int WRITE_BATCH = 1_000;
    private static final int LATER_SECONDS = 3_600;
    private static final long AWAIT_MILLIS = 1;
    private static final long SEED = 1;

    private final PrintStream progress;
    private final int events;
    private final int runs;

    /// @param events that each form passes or leaves out
    public FilterBench(PrintStream progress, int events, int runs) {
        this.progress = progress;
        this.events = events;
        this.runs = runs;
    }

    /// A part of the stream.
    ///
    /// @param matching whether its changes are of the collections in the filter
    private record Stretch(MongoDatabase database, BsonTimestamp from, BsonTimestamp through, boolean matching) {
        String name(int collections) {
            return (matching ? "every change is of one of " : "no change is of one of ")
                    + collections
                    + (collections == 1 ? " collection" : " collections");
        }
    }

    public Report run() {
        try (Servers servers = Servers.start()) {
            List<FilterReport.Table> tables = new ArrayList<>();
            for (int collections : COLLECTIONS) {
                MongoDatabase database = servers.newDatabase();
                List<String> names = IntStream.range(0, collections)
                        .mapToObj(i -> "users" + i)
                        .toList();
                progress.printf(Locale.ROOT, "Writing %,d inserts to %,d collections ...%n", events, collections);
                Stretch matching = write(servers, database, names, true);
                progress.printf(Locale.ROOT, "Writing %,d inserts to another one ...%n", events);
                Stretch others = write(servers, database, List.of("others"), false);
                for (Stretch stretch : List.of(matching, others)) {
                    tables.add(measure(stretch, names));
                }
            }
            return new FilterReport("filter", runs, events, Machine.of(servers), List.copyOf(tables));
        }
    }

    private Stretch write(Servers servers, MongoDatabase database, List<String> names, boolean matching) {
        try (ClientSession session = servers.client().startSession()) {
            database.getCollection("before").insertOne(session, new Document());
            BsonTimestamp before = time(session);
            Random random = new Random(SEED);
            for (int n = 0, to = 0; n < events; to++) {
                List<Document> batch = new ArrayList<>();
                for (int most = Math.min(events, n + Math.max(1, Math.min(WRITE_BATCH, events / names.size())));
                        n < most;
                        n++) {
                    batch.add(Users.user(n, random));
                }
                database.getCollection(names.get(to % names.size())).insertMany(session, batch);
            }
            return new Stretch(database, new BsonTimestamp(before.getValue() + 1), time(session), matching);
        }
    }

    private static BsonTimestamp time(ClientSession session) {
        BsonTimestamp time = session.getOperationTime();
        if (time == null) {
            throw new IllegalStateException("the server gives no operation times");
        }
        return time;
    }

    /// The forms by name, the first to compare with.
    private static Map<String, BsonDocument> forms(Stretch stretch, List<String> names) {
        BsonDocument documents =
                BsonDocument.parse("{operationType: {$in: ['insert', 'update', 'replace', 'delete']}}");
        BsonArray bare = new BsonArray(names.stream().map(BsonString::new).toList());
        BsonArray whole = new BsonArray(names.stream()
                .map(name -> new BsonDocument(
                                "db", new BsonString(stretch.database().getName()))
                        .append("coll", new BsonString(name)))
                .toList());
        Map<String, BsonDocument> forms = new LinkedHashMap<>();
        forms.put("no names in it", documents);
        forms.put(
                "ns: {$in: [{db, coll}, ..]}, Debezium's",
                documents.clone().append("ns", new BsonDocument("$in", whole)));
        forms.put("ns.coll: {$in: [..]}", documents.clone().append("ns.coll", new BsonDocument("$in", bare)));
        forms.put(
                "Sluice's",
                StreamFilter.of(
                        stretch.database().getName(),
                        names,
                        new BsonTimestamp((int) (Watermark.seconds(stretch.through()) + LATER_SECONDS), 0)));
        return forms;
    }

    private FilterReport.Table measure(Stretch stretch, List<String> names) {
        Map<String, BsonDocument> forms = forms(stretch, names);
        Map<String, List<FilterReport.Run>> measured = new LinkedHashMap<>();
        // Once for nothing, so that the first form does not read from the disk what the others find in memory.
        drain(stretch, forms.values().iterator().next());
        for (int run = 1; run <= runs; run++) {
            for (Map.Entry<String, BsonDocument> form : forms.entrySet()) {
                FilterReport.Run one = drain(stretch, form.getValue());
                boolean all = stretch.matching()
                        || form.getKey().equals(forms.keySet().iterator().next());
                if (one.passed() != (all ? events : 0)) {
                    throw new IllegalStateException(form.getKey() + " passed " + one.passed() + " changes");
                }
                measured.computeIfAbsent(form.getKey(), f -> new ArrayList<>()).add(one);
                progress.printf(
                        Locale.ROOT,
                        "%s, run %d of %d: %s %,.0f changes/s%n",
                        stretch.name(names.size()),
                        run,
                        runs,
                        form.getKey(),
                        one.perSecond());
            }
        }
        return FilterReport.Table.of(stretch.name(names.size()), names.size(), stretch.matching(), measured);
    }

    private FilterReport.Run drain(Stretch stretch, BsonDocument filter) {
        MongoDatabase database = stretch.database();
        Double cpuBefore = serverCpuSeconds(database);
        long began = System.nanoTime();
        int passed = 0;
        try (MongoChangeStreamCursor<ChangeStreamDocument<RawBsonDocument>> cursor = database.watch(
                        List.of(new BsonDocument("$match", filter)), RawBsonDocument.class)
                .startAtOperationTime(stretch.from())
                .fullDocument(FullDocument.UPDATE_LOOKUP)
                .maxAwaitTime(AWAIT_MILLIS, TimeUnit.MILLISECONDS)
                .cursor()) {
            for (BsonTimestamp at = new BsonTimestamp(0); at.compareTo(stretch.through()) < 0; ) {
                ChangeStreamDocument<RawBsonDocument> event = cursor.tryNext();
                BsonDocument token = event == null ? cursor.getResumeToken() : null;
                BsonTimestamp reached = event != null
                        ? event.getClusterTime()
                        : token == null ? null : Position.of(token, null).clusterTime();
                at = reached == null ? at : reached;
                passed += event == null ? 0 : 1;
            }
        }
        double seconds = (System.nanoTime() - began) / 1e9;
        Double cpuAfter = serverCpuSeconds(database);
        return new FilterReport.Run(
                passed, events / seconds, cpuBefore == null || cpuAfter == null ? null : cpuAfter - cpuBefore);
    }

    /// CPU time that the server has taken so far; null where it does not say.
    private static @Nullable Double serverCpuSeconds(MongoDatabase database) {
        return database.runCommand(BsonDocument.parse("{serverStatus: 1}"), BsonDocument.class)
                                        .get("extra_info")
                                instanceof BsonDocument more
                        && more.get("user_time_us") instanceof BsonNumber user
                        && more.get("system_time_us") instanceof BsonNumber system
                ? (user.longValue() + system.longValue()) / 1e6
                : null;
    }
}
