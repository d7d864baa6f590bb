package dev.sluice.service.plan;

import dev.sluice.after.AfterStore;
import dev.sluice.evolution.OpenChanges;
import dev.sluice.evolution.SourceCheck;
import dev.sluice.failure.SluiceException;
import dev.sluice.mapping.DocumentKeys;
import dev.sluice.pipeline.NotedIds;
import dev.sluice.positions.PositionStore;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.schema.Catalog;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.Reference;
import dev.sluice.schema.TableName;
import dev.sluice.service.text.Counted;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.check.TargetDatabase;
import dev.sluice.sink.postgres.table.TouchedCollections;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.SourceSurvey.Size;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes a [Plan]. A side that can't be looked at does not keep the other from it. Reads only.
public final class Planner {
    private static final Logger LOG = LoggerFactory.getLogger(Planner.class);

    /// Paths that are shown to people; the JSON has all.
    private static final int ABSENT_SHOWN_MAX = 20;

    /// So many documents would have a field that is not misspelt.
    private static final int ABSENT_TELLING = 20;

    private static final String ABSENT_REMEDY =
            "Correct the path in the mapping, where it is misspelt. A field that other documents have is read as it is.";

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
        NotedIds.foresee(pipeline, targets, source, connector);
        SourceChecks sourceChecks = new SourceChecks(source, entry.mapping(), targets, list);
        Map<String, Size> sizes = sourceChecks.run();
        Size total = SourceChecks.total(sizes);
        TargetChecks targetChecks = new TargetChecks(
                new TargetChecks.Target(connector, database),
                entry,
                targets,
                new TargetChecks.Settings(pipeline, options.createDatabase(), options.migrate()),
                list);
        targetChecks.run(total.bytes());
        new AfterChecks(connector, new AfterStore(pipeline), entry, options.migrate(), list).run(targets);
        CopyEstimate estimate = estimate(total, targetChecks.measuredRate());
        sourceChecks.oplog(estimate);
        source(source, connector, sourceChecks);
        targets.stream()
                .filter(target -> sizes.containsKey(target.collection()))
                .forEach(target -> keys(target, source, connector, list));
        typedKeys(list);
        List<Forecast> forecasts = List.of();
        if (options.sampleDocuments() > 0) {
            forecasts = dryRun(source, sizes, new DryRun.Live(connector, targetChecks.notNull()));
            forecasts.forEach(forecast -> report(forecast, list));
        }
        return Plan.of(pipeline, entry.mapping().name(), list, estimate, forecasts);
    }

    /// References that find no row, since the key that they refer to is written otherwise.
    private void typedKeys(Checklist list) {
        DocumentKeys keys = DocumentKeys.of(entry.mapping().collections());
        for (CollectionTarget target : targets) {
            CollectionMapping mapping = target.mapping();
            mapping.columns().forEach(column -> typedKey(keys, mapping.table(), column, list));
            mapping.children()
                    .forEach(child -> child.columns().forEach(column -> typedKey(keys, child.table(), column, list)));
        }
    }

    private static void typedKey(DocumentKeys keys, TableName table, ColumnMapping column, Checklist list) {
        Reference reference = column.reference();
        if (reference == null || !keys.lacksTypedKey(column)) {
            return;
        }
        String name = table + "." + column.column();
        list.warning(
                Check.REFERENCE,
                name,
                name + " refers to " + reference.table() + "." + reference.match()
                        + ", whose key has `form: typed`, and is" + " not written like it: its values find no row.",
                "Add `typed_key` as the last conversion of " + name + " (`convert: [typed_key]`).");
    }

    /// Which ids have a key that ids of other types could have, where the mapping does not say it.
    private void keys(CollectionTarget target, MongoSource source, PostgresConnector connector, Checklist list) {
        try {
            NotedIds.foreseen(pipeline, target, source, connector)
                    .ifPresent(of -> list.info(
                            Check.KEY_OF,
                            target.collection(),
                            target.collection()
                                    + " has _ids of several types, and its mapping has no `of:` at `key`. Two _ids"
                                    + " that have the same text, such as the number 42 and the string \"42\", have the same key,"
                                    + " and only one of them has the row: "
                                    + switch (of) {
                                        case STRING -> "the string (`of: string`), since most _ids are strings";
                                        case ANY ->
                                            "the one that is no string (`of: any`), since most _ids are no strings";
                                    }
                                    + " or an earlier copy has noted it so. The other is a dead letter."));
        } catch (SluiceException away) {
            LOG.debug("{}: the types of its _ids can't be asked for", target.collection(), away);
        }
    }

    /// Reports nothing before the first run, and where PostgreSQL can't be asked, which another check reports.
    private void source(MongoSource source, PostgresConnector connector, SourceChecks checks) {
        try (Connection connection = connector.open()) {
            if (new PositionStore(pipeline).load(connection).isPresent()) {
                checks.source(() ->
                        new SourceCheck(pipeline, source, CollectionTarget.of(entry.mapping())).require(connection));
                checks.changes(
                        new OpenChanges(pipeline, TouchedCollections.by(CollectionTarget.of(entry.mapping()), targets))
                                .stops(connection, source));
            }
        } catch (SQLException | SluiceException notThere) {
            LOG.debug("The pipeline's position is not there: {}", notThere.getMessage());
        }
    }

    /// Of collections that are there. Where samples would be all of their documents, they are mapped as `sluice
    /// backfill
    /// --dry-run` does it, which knows of each document what others leave of it.
    private List<Forecast> dryRun(MongoSource source, Map<String, Size> sizes, DryRun.Live live) {
        List<CollectionTarget> there = targets.stream()
                .filter(target -> sizes.containsKey(target.collection()))
                .toList();
        if (there.stream().allMatch(target -> size(sizes, target).documents() <= options.sampleDocuments())) {
            Map<String, Forecast> all = new HashMap<>();
            DryRun.ofAll(source, there, live.connector(), forecast -> all.put(forecast.collection(), forecast));
            return there.stream()
                    .map(target -> Objects.requireNonNull(all.get(target.collection())))
                    .toList();
        }
        return there.stream()
                .map(target -> DryRun.ofSample(
                        source.survey(),
                        target,
                        options.sampleDocuments(),
                        size(sizes, target).documents(),
                        live))
                .toList();
    }

    private static Size size(Map<String, Size> sizes, CollectionTarget target) {
        return Objects.requireNonNull(sizes.get(target.collection()));
    }

    /// Those as one of which only the begin of the reason differs, as the type of an `_id`: `is MinKey, is NaN, and a
    /// string that is written like it would have the same key`.
    private static List<Forecast.Rejected> grouped(List<Forecast.Rejected> rejected) {
        SequencedMap<String, Forecast.Rejected> groups = new LinkedHashMap<>();
        for (Forecast.Rejected one : rejected) {
            int same = one.reason().startsWith("is ") ? one.reason().indexOf(", and ") : -1;
            String rest = same < 0 ? one.reason() : one.reason().substring(same);
            groups.merge(
                    one.column() + '\n' + rest,
                    one,
                    (all, more) -> new Forecast.Rejected(
                            all.column(),
                            all.reason().substring(0, all.reason().length() - rest.length()) + ", "
                                    + more.reason().substring(0, Math.max(0, same)) + rest,
                            all.documents() + more.documents()));
        }
        return List.copyOf(groups.values());
    }

    /// With the numbers and words of the dry run, and what to do for each reason.
    private void report(Forecast forecast, Checklist list) {
        String of = Counted.of(forecast.documentsRead(), "document") + " of " + forecast.collection();
        CollectionTarget target = targets.stream()
                .filter(t -> t.collection().equals(forecast.collection()))
                .findFirst()
                .orElseThrow();
        for (Forecast.Rejected rejected : grouped(forecast.rejected())) {
            list.warning(
                    Check.DEAD_LETTERS,
                    rejected.column(),
                    String.format(
                            Locale.ROOT,
                            "%,d of %s would be %s: %s: %s.",
                            rejected.documents(),
                            of,
                            rejected.documents() == 1 ? "a dead letter" : "dead letters",
                            rejected.column(),
                            rejected.reason()),
                    RejectionRemedy.of(target, rejected));
        }
        for (Forecast.Nulls nulls : forecast.nulls()) {
            list.warning(
                    Check.DEAD_LETTERS,
                    nulls.column(),
                    "Of " + of + " there would be " + Counted.of(nulls.rows(), "row") + " with NULL in "
                            + nulls.column()
                            + ", where the table takes none: PostgreSQL refuses "
                            + (nulls.rows() == 1
                                    ? "it, and its document is a dead letter."
                                    : "them, and their documents are dead letters."),
                    "In the mapping, give " + nulls.column()
                            + " `missing` and `null`, and `instead` for values that do not fit; or let the column take"
                            + " NULL.");
        }
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
        if (!forecast.absent().isEmpty()) {
            if (isTelling(forecast)) {
                list.warning(Check.FIELDS_ABSENT, forecast.collection(), absent(forecast, of), ABSENT_REMEDY);
            } else {
                list.info(Check.FIELDS_ABSENT, forecast.collection(), absent(forecast, of));
            }
        }
    }

    /// Whether absent paths may well be misspelt: a few documents need not have every field.
    private static boolean isTelling(Forecast forecast) {
        return forecast.documentsRead() >= ABSENT_TELLING
                || forecast.absent().stream().anyMatch(absent -> absent.nearest() != null);
    }

    private static String absent(Forecast forecast, String of) {
        List<Forecast.Absent> absent = forecast.absent();
        String more = absent.size() > ABSENT_SHOWN_MAX
                ? ", and " + Counted.of(absent.size() - ABSENT_SHOWN_MAX, "more path", "more paths")
                : "";
        return "None of " + of + " has "
                + absent.stream()
                        .limit(ABSENT_SHOWN_MAX)
                        .map(Forecast.Absent::forPeople)
                        .collect(Collectors.joining(", "))
                + more + ".";
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
