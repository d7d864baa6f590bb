package dev.sluice.service.plan;

import dev.sluice.evolution.SourceCheck;
import dev.sluice.failure.SluiceException;
import dev.sluice.positions.PositionStore;
import dev.sluice.schema.Catalog;
import dev.sluice.service.ops.Counted;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.PostgresConnector;
import dev.sluice.sink.postgres.TargetDatabase;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.SourceSurvey.Size;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes a [Plan]. A side that can't be looked at does not keep the other from it. Reads only.
public final class Planner {
    private static final Logger LOG = LoggerFactory.getLogger(Planner.class);

    private final String pipeline;
    private final Catalog.Entry entry;
    private final List<CollectionTarget> targets;
    private final Options options;

    /// @param createDatabase whether a missing database is made at start
    /// @param migrate whether pending migrations are applied at start
    /// @param sampleDocuments about how many documents of each collection are mapped; 0 for no dry run
    /// @param documentsPerSecond how fast the copy is expected to be; null when it was not given
    public record Options(
            boolean createDatabase,
            boolean migrate,
            int sampleDocuments,
            @Nullable Integer documentsPerSecond) {}

    /// @param targets the collections that are looked at
    public Planner(String pipeline, Catalog.Entry entry, List<CollectionTarget> targets, Options options) {
        this.pipeline = pipeline;
        this.entry = entry;
        this.targets = List.copyOf(targets);
        this.options = options;
    }

    public Plan plan(MongoSource source, PostgresConnector connector, TargetDatabase database) {
        Checklist list = new Checklist();
        SourceChecks sourceChecks = new SourceChecks(source, entry.mapping(), targets, list);
        Map<String, Size> sizes = sourceChecks.run();
        Size total = SourceChecks.total(sizes);
        TargetChecks targetChecks = new TargetChecks(
                connector,
                database,
                entry,
                targets,
                new TargetChecks.Settings(options.createDatabase(), options.migrate()),
                list);
        targetChecks.run(total.bytes());
        CopyEstimate estimate = estimate(total, targetChecks.measuredRate());
        sourceChecks.oplog(estimate);
        source(source, connector, sourceChecks);
        List<Forecast> forecasts = new ArrayList<>();
        if (options.sampleDocuments() > 0) {
            for (CollectionTarget target : targets) {
                Size size = sizes.get(target.collection());
                if (size != null) {
                    Forecast forecast = DryRun.ofSample(
                            source.survey(),
                            target,
                            options.sampleDocuments(),
                            size.documents(),
                            new DryRun.Live(connector, targetChecks.notNull()));
                    forecasts.add(forecast);
                    deadLetters(forecast, list);
                    if (!forecast.unmapped().isEmpty()) {
                        list.info(
                                Check.FIELDS_UNMAPPED,
                                forecast.collection(),
                                Counted.of(
                                                forecast.unmapped().size(),
                                                "field of documents of " + forecast.collection() + " is",
                                                "fields of documents of " + forecast.collection() + " are")
                                        + " read by no column, and so not copied; see the list below.");
                    }
                }
            }
        }
        return Plan.of(pipeline, entry.mapping().name(), list, estimate, forecasts);
    }

    /// Reports nothing before the first run, and where PostgreSQL can't be asked, which another check reports.
    private void source(MongoSource source, PostgresConnector connector, SourceChecks checks) {
        try (Connection connection = connector.open()) {
            if (new PositionStore(pipeline).load(connection).isPresent()) {
                checks.source(() ->
                        new SourceCheck(pipeline, source, CollectionTarget.of(entry.mapping())).require(connection));
            }
        } catch (SQLException | SluiceException notThere) {
            LOG.debug("The pipeline's position is not there: {}", notThere.getMessage());
        }
    }

    private static void deadLetters(Forecast forecast, Checklist list) {
        long rejected = forecast.rejected().stream()
                .mapToLong(Forecast.Rejected::documents)
                .sum();
        if (rejected > 0) {
            list.warning(
                    Check.DEAD_LETTERS,
                    forecast.collection(),
                    String.format(
                            Locale.ROOT,
                            "%,d of %,d documents of %s would be dead letters by the mapping.",
                            rejected,
                            forecast.documentsRead(),
                            forecast.collection()),
                    "See why below; a conversion, another type or `misfit: quarantine` lets their rows land.");
        }
        if (!forecast.nulls().isEmpty()) {
            String columns =
                    forecast.nulls().stream().map(Forecast.Nulls::column).collect(Collectors.joining(", "));
            list.warning(
                    Check.DEAD_LETTERS,
                    columns,
                    "Among the " + String.format(Locale.ROOT, "%,d", forecast.documentsRead()) + " documents of "
                            + forecast.collection() + " are some that would bring NULL for " + columns
                            + ", where the table takes none: PostgreSQL refuses those.",
                    "Give the column `missing`, `null` and `instead` in the mapping.");
        }
    }

    private CopyEstimate estimate(Size total, @Nullable Double measured) {
        Integer given = options.documentsPerSecond();
        if (given != null) {
            return CopyEstimate.of(
                    total.documents(), total.bytes(), new CopyEstimate.Rate(given, 0), CopyEstimate.Basis.GIVEN);
        }
        return measured == null
                ? CopyEstimate.of(
                        total.documents(), total.bytes(), CopyEstimate.Rate.ASSUMED, CopyEstimate.Basis.ASSUMED)
                : CopyEstimate.of(
                        total.documents(),
                        total.bytes(),
                        new CopyEstimate.Rate(measured, 0),
                        CopyEstimate.Basis.MEASURED);
    }
}
