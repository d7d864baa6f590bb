package dev.sluice.service.bench;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoCursor;
import com.mongodb.client.MongoDatabase;
import dev.sluice.schema.Catalog;
import dev.sluice.source.mongo.MongoSource;
import java.io.PrintStream;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.bson.Document;
import org.bson.RawBsonDocument;

/// How fast a collection is copied: by Sluice and by loops that do less, from the same documents into the
/// same tables. Each copy is checked: all rows are there, and Sluice's are those of the bare loop, value
/// for value.
public final class BackfillBench {
    /// Documents in a batch, and in a transaction of the limits.
    private static final int BATCH = 10_000;

    private static final int WARM_UP_MAX = 50_000;
    private static final int FETCH = 10_000;
    private static final long SEED = 1;

    private final PrintStream progress;
    private final long rows;
    private final int runs;
    private final boolean children;

    /// @param rows documents, about; where there are child rows they count too, so there are fewer
    ///     documents
    /// @param children whether a collection with child rows is copied as well
    public BackfillBench(PrintStream progress, long rows, int runs, boolean children) {
        this.progress = progress;
        this.rows = rows;
        this.runs = runs;
        this.children = children;
    }

    public Report run() throws SQLException, InterruptedException {
        try (Servers servers = Servers.start()) {
            List<Contest.Table> tables = new ArrayList<>();
            tables.addAll(users(servers));
            if (children) {
                tables.addAll(orders(servers));
            }
            return new ContestReport("backfill", runs, Machine.of(servers), tables);
        }
    }

    private List<Contest.Table> users(Servers servers) throws SQLException, InterruptedException {
        Random random = new Random(SEED);
        return compare(
                servers,
                new Kind("users", Users.COLLECTION, "city", UserRows::new, n -> Users.user(n, random)),
                rows,
                1);
    }

    private List<Contest.Table> orders(Servers servers) throws SQLException, InterruptedException {
        Random random = new Random(SEED);
        return compare(
                servers,
                new Kind(
                        "orders with " + Orders.LINES + " lines each",
                        Orders.COLLECTION,
                        "status",
                        OrderRows::new,
                        n -> Orders.order(n, random)),
                Math.max(1, rows / (1 + Orders.LINES)),
                1 + Orders.LINES);
    }

    /// What is copied.
    ///
    /// @param drifting a text column that is spoilt for the re-sync of drifted rows
    private record Kind(
            String name,
            String collection,
            String drifting,
            Supplier<RowCodec> codec,
            LongFunction<Document> documents) {}

    private List<Contest.Table> compare(Servers servers, Kind kind, long documents, int rowsPerDocument)
            throws SQLException, InterruptedException {
        long few = Math.min(documents, WARM_UP_MAX / rowsPerDocument);
        try (Round round = new Round(servers, kind, few, rowsPerDocument)) {
            round.copies().warmUp(progress);
            round.resyncs().warmUp(progress);
        }
        try (Round round = new Round(servers, kind, documents, rowsPerDocument)) {
            return List.of(round.copies().run(runs, progress), round.resyncs().run(runs, progress));
        }
    }

    /// A filled collection, and the targets it is copied to.
    private final class Round implements AutoCloseable {
        private final Servers servers;
        private final Kind kind;
        private final long expected;
        private final Catalog.Entry entry = Catalog.load("demo");
        private final MongoCollection<Document> collection;
        private final MongoSource source;
        private final ReadyBytes ready;
        private final List<String> tables;
        private Target bare;
        private Target sluice;

        Round(Servers servers, Kind kind, long documents, int rowsPerDocument) throws SQLException {
            this.servers = servers;
            this.kind = kind;
            this.expected = documents * rowsPerDocument;
            MongoDatabase database = servers.newDatabase();
            this.collection = database.getCollection(kind.collection());
            Filling.fill(collection, documents, kind.documents(), progress);
            this.source = new MongoSource(servers.mongo().uri(), database.getName());
            RowCodec codec = kind.codec().get();
            this.tables = codec.tables().stream().map(RowCodec.Rows::table).toList();
            this.ready = ReadyBytes.of(collection, codec, BATCH);
            this.bare = Target.create(servers.postgres(), entry);
            this.sluice = Target.create(servers.postgres(), entry);
        }

        Contest copies() {
            return new Contest("Copy of " + kind.name(), "rows")
                    .add(Contender.limit("find, raw, into nothing", this::find))
                    .add(Contender.limit("COPY of ready bytes", this::copyReady))
                    .add(Contender.limit("bare loop: find, own codec, COPY", this::bareCopy))
                    .add(Contender.measured("Sluice: backfill", this::sluiceCopy));
        }

        Contest resyncs() {
            return new Contest("Copy again, over rows that are there, of " + kind.name(), "rows")
                    .add(Contender.limit("bare loop through staging, ON CONFLICT", this::bareAgain))
                    .add(Contender.measured("Sluice: nothing drifted", this::sluiceAgain))
                    .add(Contender.measured("Sluice: a tenth drifted", this::sluiceDrifted));
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
            Check.equal("documents read", collection.estimatedDocumentCount(), read);
            return sample;
        }

        private Sample copyReady() throws SQLException {
            try (Target target = Target.create(servers.postgres(), entry);
                    Connection connection = target.connector().open()) {
                target.checkpoint();
                ProcessMeter meter = ProcessMeter.start();
                ready.send(connection);
                Sample sample = meter.stop(expected);
                checkCount(target);
                return sample;
            }
        }

        private Sample bareCopy() throws SQLException {
            bare.close();
            bare = Target.create(servers.postgres(), entry);
            bare.checkpoint();
            return bareLoop(false);
        }

        private Sample bareAgain() throws SQLException {
            vacuum(bare);
            return bareLoop(true);
        }

        private Sample bareLoop(boolean staged) throws SQLException {
            try (Connection connection = bare.connector().open()) {
                BareLoop loop = new BareLoop(kind.codec().get(), connection, staged);
                ProcessMeter meter = ProcessMeter.start();
                loop.copy(collection, BATCH);
                Sample sample = meter.stop(expected);
                checkCount(bare);
                return sample;
            }
        }

        private Sample sluiceCopy() throws SQLException, InterruptedException {
            sluice.close();
            sluice = Target.create(servers.postgres(), entry);
            sluice.checkpoint();
            SluiceBackfill backfill = backfill();
            ProcessMeter meter = ProcessMeter.start();
            backfill.copy();
            return checked(meter.stop(expected));
        }

        private Sample sluiceAgain() throws SQLException, InterruptedException {
            vacuum(sluice);
            SluiceBackfill backfill = backfill();
            ProcessMeter meter = ProcessMeter.start();
            backfill.copy();
            return checked(meter.stop(expected));
        }

        private Sample sluiceDrifted() throws SQLException, InterruptedException {
            for (RowCodec.Rows rows : kind.codec().get().tables()) {
                String column = rows.keyColumns() == 1 ? kind.drifting() : "title";
                sluice.execute("UPDATE " + rows.table() + " SET " + column + " = 'drifted' WHERE hashtext("
                        + rows.columns().getFirst() + "::text) % 10 = 0");
            }
            return sluiceAgain();
        }

        private SluiceBackfill backfill() {
            return new SluiceBackfill(source, sluice.connector(), entry.mapping(), kind.collection());
        }

        /// As a table is that has been there for a while: nothing left to be cleaned up or written out.
        private void vacuum(Target target) throws SQLException {
            target.execute("VACUUM (ANALYZE)");
            target.checkpoint();
        }

        private void checkCount(Target target) throws SQLException {
            long count = 0;
            for (String table : tables) {
                count += target.count(table);
            }
            Check.equal("rows of " + kind.collection(), expected, count);
        }

        private Sample checked(Sample sample) throws SQLException {
            checkCount(sluice);
            for (String table : tables) {
                Check.equal("the checksum of " + table, bare.checksum(table), sluice.checksum(table));
            }
            return sample;
        }

        @Override
        public void close() throws SQLException {
            ready.close();
            source.close();
            bare.close();
            sluice.close();
            collection.drop();
        }
    }
}
