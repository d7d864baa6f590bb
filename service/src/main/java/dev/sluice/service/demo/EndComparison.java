package dev.sluice.service.demo;

import dev.sluice.failure.Failures;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.MovedWrites;
import dev.sluice.service.pipeline.CollectionStatus;
import dev.sluice.service.pipeline.Pipeline;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.verify.FullComparison;
import dev.sluice.verify.TableDifference;
import java.io.PrintStream;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The end of the demo: every row and every column of both sides, printed as a table. For one thread.
final class EndComparison {
    private final PrintStream out;

    EndComparison(PrintStream out) {
        this.out = out;
    }

    /// The collections whose writes have moved to PostgreSQL: nobody compares them any more.
    static Set<String> moved(Pipeline pipeline) throws SQLException {
        PipelineSpec spec = pipeline.spec();
        try (Connection connection = spec.connector().open()) {
            return new MovedWrites(spec.name()).load(connection);
        }
    }

    /// @return whether both sides are equal
    boolean compare(Pipeline pipeline) throws SQLException {
        PipelineSpec spec = pipeline.spec();
        out.println("Comparing every row and every column ...");
        out.println();
        List<TableDifference> all = new ArrayList<>();
        Set<String> moved = moved(pipeline);
        out.printf(
                "%-14s %10s %10s %9s %9s %8s %8s  %s%n",
                "table", "documents", "rows", "changes", "lag p50", "p99", "differ", "comparison");
        try (Connection connection = spec.connector().openForLongWork()) {
            FullComparison comparison = new FullComparison(spec.source(), connection, spec.name());
            for (CollectionTarget target : spec.targets()) {
                if (moved.contains(target.collection())) {
                    out.printf("%-14s its writes have moved to PostgreSQL; not compared%n", target.collection());
                    continue;
                }
                CollectionStatus status = pipeline.status().collections().get(target.collection());
                boolean own = true;
                for (TableDifference d : comparison.compare(target)) {
                    all.add(d);
                    out.println(line(d, own ? status : null));
                    own = false;
                }
            }
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
        boolean equal = all.stream().allMatch(TableDifference::equal);
        out.println();
        out.println(
                equal
                        ? "Both sides are equal: no row is missing, none is extra, no value differs."
                        : "The two sides DIFFER.");
        return equal;
    }

    private static String line(TableDifference d, @Nullable CollectionStatus status) {
        boolean own = status != null;
        return String.format(
                Locale.ROOT,
                "%-14s %10s %,10d %9s %9s %8s %,8d  %s",
                d.table().table(),
                own ? String.format(Locale.ROOT, "%,d", d.documents()) : "",
                d.actual(),
                status != null ? String.format(Locale.ROOT, "%,d", status.changesApplied()) : "",
                status != null ? String.format(Locale.ROOT, "%.0f ms", status.latencyMillis(50)) : "",
                status != null ? String.format(Locale.ROOT, "%.0f ms", status.latencyMillis(99)) : "",
                d.missing() + d.extra() + d.different(),
                d.equal()
                        ? "equal"
                        : d.missing() + " missing, " + d.extra() + " extra, " + d.different() + " different "
                                + d.byColumn());
    }
}
