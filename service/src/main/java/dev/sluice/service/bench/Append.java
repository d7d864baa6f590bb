package dev.sluice.service.bench;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.bson.Document;

/// An element that is appended to an array whose elements are rows of a child table: how long it takes until it is
/// there, and how much is read and written for it, as both servers count.
final class Append {
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final long ORDER = 1;
    private static final int PROFILE_ALL = 2;
    private static final String READ_BY_INDEX =
            "(SELECT coalesce(sum(i.idx_tup_read), 0) FROM pg_stat_user_indexes i WHERE i.relname = 'order_lines')";

    private final Target target;
    private final MongoDatabase database;
    private final MongoCollection<Document> orders;
    private final long elements;

    /// @param elements of the array before
    Append(MongoDatabase database, Target target, long elements) {
        this.target = target;
        this.database = database;
        this.orders = database.getCollection(Orders.COLLECTION);
        this.elements = elements;
    }

    record Figure(double y, String unit) {}

    /// Copies to its end.
    interface Copy {
        void run() throws SQLException, InterruptedException;
    }

    /// Starts the stream.
    interface Start {
        ColdProcess run();
    }

    List<Figure> measure(Copy copy, Start start) throws SQLException, InterruptedException {
        orders.insertOne(order());
        copy.run();
        Check.equal("rows of order_lines", elements, target.count("order_lines"));
        List<Figure> figures = new ArrayList<>();
        String appended = "SELECT 1 FROM orders WHERE id = " + ORDER + " AND status = 'appended'";
        try (Arrival ready = Arrival.ofLastUser(target, PATIENCE);
                Arrival arrival = new Arrival(target, appended, PATIENCE);
                ColdProcess process = start.run()) {
            UserChanges.writeLast(database.getCollection(Users.COLLECTION));
            ready.await(process);
            // Nobody has touched the child table in this process's sessions, so nothing is counted late.
            target.execute("SELECT pg_stat_reset()");
            database.runCommand(new Document("profile", PROFILE_ALL));
            long began = System.nanoTime();
            orders.updateOne(
                    Filters.eq("_id", ORDER),
                    Updates.combine(Updates.push("lines", line(elements)), Updates.set("status", "appended")));
            arrival.await(process);
            figures.add(new Figure((System.nanoTime() - began) / 1e6, "ms until committed"));
            database.runCommand(new Document("profile", 0));
            // A session tells what it did when it ends, at the latest.
            process.end();
        }
        figures.add(new Figure(reads(), "reads of the document"));
        figures.add(new Figure(counted("n_tup_ins + n_tup_upd + n_tup_del"), "child rows written"));
        figures.add(new Figure(counted("seq_tup_read + " + READ_BY_INDEX), "child keys read"));
        Check.equal("rows of order_lines", elements + 1, target.count("order_lines"));
        return figures;
    }

    private double counted(String what) throws SQLException {
        return target.number("SELECT " + what + " FROM pg_stat_user_tables WHERE relname = 'order_lines'");
    }

    /// Whole documents that were read, by the stream's look-ups or otherwise. The count of documents and rows, which
    /// a pipeline makes by the clock, reads `_id`s alone.
    private long reads() {
        return database.getCollection("system.profile")
                .countDocuments(Filters.and(
                        Filters.eq("ns", database.getName() + "." + Orders.COLLECTION),
                        Filters.in("op", "query", "command", "getmore"),
                        Filters.exists("command.projection", false),
                        Filters.exists("originatingCommand.projection", false)));
    }

    private Document order() {
        List<Document> lines = new ArrayList<>();
        for (long n = 0; n < elements; n++) {
            lines.add(line(n));
        }
        return Orders.order(ORDER, new Random(1)).append("lines", lines);
    }

    /// Short, so that a hundred thousand of them fit in a document.
    private static Document line(long n) {
        return new Document("sku", "SKU-" + n).append("quantity", (int) (n % 9 + 1));
    }
}
