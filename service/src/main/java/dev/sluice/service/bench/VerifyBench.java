package dev.sluice.service.bench;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoCursor;
import com.mongodb.client.MongoDatabase;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.schema.Catalog;
import dev.sluice.service.pipeline.VerifyRun;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.verify.Drift;
import dev.sluice.verify.Mode;
import dev.sluice.verify.Origin;
import dev.sluice.verify.Verifier;
import java.io.PrintStream;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.LongFunction;
import org.bson.Document;
import org.bson.RawBsonDocument;

/// How fast both sides are compared, against the copy of the same documents in the same run. Each comparison
/// is checked: it finds what was changed, and nothing else.
public final class VerifyBench {
    private static final int WARM_UP_MAX = 50_000;
    private static final int FETCH = 10_000;
    private static final long SEED = 1;

    private final PrintStream progress;
    private final long rows;
    private final int runs;
    private final boolean children;

    /// @param rows that are compared, about; child rows count too
    /// @param children whether a collection with child rows is compared as well
    public VerifyBench(PrintStream progress, long rows, int runs, boolean children) {
        this.progress = progress;
        this.rows = rows;
        this.runs = runs;
        this.children = children;
    }

    public Report run() throws SQLException, InterruptedException {
        try (Servers servers = Servers.start()) {
            List<Contest.Table> tables = new ArrayList<>();
            tables.add(compare(servers, users(), rows));
            if (children) {
                tables.add(compare(servers, orders(), Math.max(1, rows / (1 + Orders.LINES))));
            }
            return new ContestReport("verify", runs, Machine.of(servers), tables);
        }
    }

    /// What is compared.
    ///
    /// @param tables those a document has rows in, the collection's own first
    /// @param rowsPerDocument in all of them
    private record Kind(
            String collection, LongFunction<Document> documents, List<Spoilt> tables, int rowsPerDocument) {}

    /// How rows of a table are made to differ.
    ///
    /// @param documentKey the column with the key of the document that a row is of
    /// @param column of text, that gets another value
    private record Spoilt(String table, String documentKey, String column) {
        String where() {
            return table + " WHERE " + column + " = 'drifted'";
        }

        String update() {
            return "UPDATE " + table + " SET " + column + " = 'drifted' WHERE hashtext(" + documentKey
                    + "::text) % 1000 = 0";
        }
    }

    private static Kind users() {
        Random random = new Random(SEED);
        return new Kind(Users.COLLECTION, n -> Users.user(n, random), List.of(new Spoilt("users", "id", "city")), 1);
    }

    private static Kind orders() {
        Random random = new Random(SEED);
        return new Kind(
                Orders.COLLECTION,
                n -> Orders.order(n, random),
                List.of(new Spoilt("orders", "id", "status"), new Spoilt("order_lines", "order_id", "title")),
                1 + Orders.LINES);
    }

    private Contest.Table compare(Servers servers, Kind kind, long documents)
            throws SQLException, InterruptedException {
        long few = Math.min(documents, WARM_UP_MAX / kind.rowsPerDocument());
        try (Round round = new Round(servers, kind, few)) {
            round.contest().warmUp(progress);
        }
        try (Round round = new Round(servers, kind, documents)) {
            return round.contest().run(runs, progress);
        }
    }

    /// A filled collection and the target it is copied to.
    private final class Round implements AutoCloseable {
        private final Servers servers;
        private final Kind kind;
        private final String name;
        private final long documents;
        private final long expected;
        private final Catalog.Entry entry = Catalog.load("demo");
        private final List<CollectionTarget> targets = CollectionTarget.of(entry.mapping());
        private final MongoCollection<Document> collection;
        private final MongoSource source;
        private Target target;

        Round(Servers servers, Kind kind, long documents) {
            this.servers = servers;
            this.kind = kind;
            this.name = kind.collection();
            this.documents = documents;
            this.expected = documents * kind.rowsPerDocument();
            MongoDatabase database = servers.newDatabase();
            this.collection = database.getCollection(name);
            Filling.fill(collection, documents, kind.documents(), progress);
            this.source = new MongoSource(servers.mongo().uri(), database.getName());
            this.target = Target.create(servers.postgres(), entry);
        }

        Contest contest() {
            return new Contest("Comparison of " + name, "rows")
                    .add(Contender.limit("find, raw, into nothing", this::find))
                    .add(Contender.limit("Sluice: backfill", this::copy))
                    .add(Contender.measured("Sluice: verify, equal", () -> verify(0)))
                    .add(Contender.measured("Sluice: verify, one in 1,000 differs", this::verifyDrifted));
        }

        private Sample find() {
            long read = 0;
            ProcessMeter meter = ProcessMeter.start();
            try (MongoCursor<RawBsonDocument> cursor =
                    collection.find(RawBsonDocument.class).batchSize(FETCH).cursor()) {
                while (cursor.hasNext()) {
                    cursor.next();
                    read++;
                }
            }
            Sample sample = meter.stop(expected);
            Check.equal("documents read", documents, read);
            return sample;
        }

        private Sample copy() throws SQLException, InterruptedException {
            target.close();
            target = Target.create(servers.postgres(), entry);
            target.checkpoint();
            SluiceBackfill backfill = new SluiceBackfill(source, target.connector(), entry.mapping(), name);
            ProcessMeter meter = ProcessMeter.start();
            backfill.copy();
            return meter.stop(expected);
        }

        private Sample verifyDrifted() throws SQLException, InterruptedException {
            long differing = 0;
            for (Spoilt table : kind.tables()) {
                target.execute(table.update());
                differing += target.count(table.where());
            }
            return verify(differing);
        }

        private Sample verify(long differing) throws SQLException, InterruptedException {
            target.checkpoint();
            CollectionTarget compared = targets.stream()
                    .filter(t -> t.collection().equals(name))
                    .findFirst()
                    .orElseThrow();
            VerifyRun run = new VerifyRun(PipelineSpec.of("bench", targets, source, target.connector()));
            ProcessMeter meter = ProcessMeter.start();
            Verifier.Result result = run.verify(
                    compared,
                    new Verifier.Wish(Mode.FULL, Origin.ASKED, 1, 1, Verifier.Wish.WORKERS, true),
                    (t, how) -> {},
                    () -> false);
            Sample sample = meter.stop(expected);
            Check.equal("documents compared", documents, result.documents());
            Check.equal("rows of the collection's own table", documents, result.rows());
            // A result does not say how many child rows were compared. That none is missing or extra, with as many
            // as there should be, and that those that were changed are found, is all that can be seen of it.
            Check.equal("rows, those of children with them", expected, rowsThere());
            Check.equal(
                    "rows that differ",
                    differing == 0 ? Map.of() : Map.of(Drift.Kind.DIFFERENT, differing),
                    result.drift());
            return sample;
        }

        private long rowsThere() throws SQLException {
            long count = 0;
            for (Spoilt table : kind.tables()) {
                count += target.count(table.table());
            }
            return count;
        }

        @Override
        public void close() throws SQLException {
            source.close();
            target.close();
            collection.drop();
        }
    }
}
