package dev.sluice.service.plan;

import dev.sluice.bson.ExactBson;
import dev.sluice.change.IdText;
import dev.sluice.failure.Failures;
import dev.sluice.mapping.KeyResult;
import dev.sluice.mapping.RawMapper;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.mapping.row.MappingResult.MisfitValue;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.schema.TableName;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.staging.OtherRows;
import dev.sluice.sink.postgres.staging.TrialRows;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.SourceSurvey;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// Maps documents as the backfill would, and counts what would become of them; writes nothing. Memory is
/// bounded by the reasons there are, not by the documents. Documents that would wait for a row or lose theirs to
/// another
/// document are known where all of a collection are mapped. For one collection and one thread.
public final class DryRun {
    /// $sample is cheap below this share of a collection; above it, MongoDB reads and sorts all of it.
    private static final int SAMPLE_SHARE = 20;

    private static final int SAMPLE_COLLECTION_MIN = 100;

    /// Documents that the target is shown at once, and their bytes.
    private static final int HELD_MAX = 1_000;

    private static final long HELD_BYTES_MAX = 4L << 20;

    private final CollectionTarget target;
    private final List<TableShape> tables;
    private final List<int[]> required;
    private final RawMapper raw;
    private final long[] childRows;
    private final Map<String, Long> skipped = new TreeMap<>();
    private final Map<List<String>, Long> rejected = new TreeMap<>(DryRun::compare);
    private final Map<List<String>, Long> quarantined = new TreeMap<>(DryRun::compare);
    private final Map<String, Long> nulls = new TreeMap<>();
    private final Map<String, Long> unmapped = new TreeMap<>();
    private final AbsentPaths absent;
    private final @Nullable TrialRows trial;
    /// Null where it is not asked what other rows make of these.
    private final @Nullable OtherRows others;
    /// Documents that would have rows, as far as they themselves tell, and are not added to the other rows yet.
    private final List<OtherRows.Landing> landing = new ArrayList<>();

    private long landingBytes;
    /// Documents that the target has not been shown yet.
    private final List<RawBsonDocument> held = new ArrayList<>();

    private long heldBytes;
    private long nullsSeen;
    private long documents;
    private long rows;
    private long deadLetters;

    /// @param trial null where the target knows nothing that the mapper does not
    /// @param others null where it is not asked what other rows make of these
    private DryRun(
            CollectionTarget target,
            Map<TableName, Set<String>> notNull,
            @Nullable TrialRows trial,
            @Nullable OtherRows others) {
        this.target = target;
        this.absent = new AbsentPaths(target.mapping());
        this.trial = trial;
        this.others = others != null && others.takes(target) ? others : null;
        this.tables = new ArrayList<>();
        tables.add(target.mapper().shape());
        tables.addAll(target.mapper().childShapes());
        this.required = tables.stream()
                .map(t -> requiredColumns(t, notNull.getOrDefault(t.table(), Set.of())))
                .toList();
        this.raw = target.mapper().raw();
        this.childRows = new long[tables.size() - 1];
    }

    /// Columns whose value comes from another row are left out: it is not known here.
    private static int[] requiredColumns(TableShape shape, Set<String> notNull) {
        List<Integer> indexes = new ArrayList<>();
        for (int i = 0; i < shape.columns().size(); i++) {
            TableShape.Column column = shape.columns().get(i);
            if (notNull.contains(column.name()) && column.reference() == null && column.lookup() == null) {
                indexes.add(i);
            }
        }
        return indexes.stream().mapToInt(Integer::intValue).toArray();
    }

    /// All documents of collections, as if these were all that is copied.
    ///
    /// @param connector asked what the tables make of their rows, where it can be
    /// @param taker hears of each collection, behind those that it refers to
    public static void ofAll(
            MongoSource source, List<CollectionTarget> chosen, PostgresConnector connector, Consumer<Forecast> taker) {
        Map<TableName, Set<String>> notNull = TableChecks.required(connector, chosen);
        try (OtherRows others = OtherRows.open(connector, chosen)) {
            for (CollectionTarget target : OtherRows.inOrder(chosen)) {
                try (TrialRows trial = TrialRows.open(connector, target)) {
                    DryRun run = new DryRun(target, notNull, trial, others);
                    source.forEach(target.collection(), run::add);
                    taker.accept(run.forecast());
                }
            }
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// About `count` documents: all where there are no more, else from both ends of the order of `_id`,
    /// where the oldest and the newest shapes usually are, and at random where that is cheap.
    ///
    /// @param estimate how many documents there are, about
    /// @param live what is known of the target
    static Forecast ofSample(SourceSurvey survey, CollectionTarget target, int count, long estimate, Live live) {
        try (TrialRows trial = TrialRows.open(live.connector(), target)) {
            return ofSample(survey, new DryRun(target, live.notNull(), trial, null), count, estimate);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
    }

    /// @param notNull the columns of each table that take no NULL
    record Live(PostgresConnector connector, Map<TableName, Set<String>> notNull) {}

    private static Forecast ofSample(SourceSurvey survey, DryRun run, int count, long estimate) {
        CollectionTarget target = run.target;
        if (estimate <= count) {
            survey.first(target.collection(), count, run::add);
        } else {
            Set<String> seen = new HashSet<>();
            Consumer<RawBsonDocument> once = document -> {
                if (seen.add(IdText.canonical(ExactBson.id(document)))) {
                    run.add(document);
                }
            };
            int random = count / 3;
            boolean cheap = random > 0 && estimate > SAMPLE_COLLECTION_MIN && random < estimate / SAMPLE_SHARE;
            int fromTheEnd = (cheap ? count - random : count) / 2;
            int fromTheStart = count - fromTheEnd - (cheap ? random : 0);
            survey.first(target.collection(), fromTheStart, once);
            if (fromTheEnd > 0) {
                survey.last(target.collection(), fromTheEnd, once);
            }
            if (cheap) {
                survey.random(target.collection(), random, once);
            }
        }
        Forecast forecast = run.forecast();
        return forecast.documentsRead() < estimate ? forecast.withEstimate(estimate) : forecast;
    }

    private void add(RawBsonDocument document) {
        documents++;
        absent.look(document);
        if (trial == null) {
            map(document);
            return;
        }
        held.add(document);
        heldBytes += document.getByteBuffer().remaining();
        if (held.size() >= HELD_MAX || heldBytes >= HELD_BYTES_MAX) {
            mapHeld();
        }
    }

    private void mapHeld() {
        if (trial == null || held.isEmpty()) {
            return;
        }
        try {
            Map<Object, MappingResult> refused = trial.refused(held);
            for (RawBsonDocument document : held) {
                MappingResult result = target.mapper().key(ExactBson.id(document)) instanceof KeyResult.Key(Object key)
                        ? refused.get(key)
                        : null;
                if (result == null) {
                    map(document);
                } else {
                    count(document, result);
                }
            }
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
        held.clear();
        heldBytes = 0;
    }

    private void map(RawBsonDocument document) {
        RowCount counted = new RowCount(tables.size());
        MappingResult none = raw.map(document, counted);
        if (none != null) {
            count(document, none);
            return;
        }
        raw.unmapped().forEach(path -> unmapped.merge(path, 1L, Long::sum));
        if (add(document, counted)) {
            // The values of a dead letter are in it.
            count(raw.misfits());
        }
    }

    private void count(List<MisfitValue> misfits) {
        misfits.forEach(m -> quarantined.merge(List.of(m.column(), m.reason()), 1L, Long::sum));
    }

    private void count(RawBsonDocument document, MappingResult result) {
        switch (result) {
            case MappingResult.Mapped found -> {
                long before = nullsSeen;
                countNulls(0, found.row());
                for (int i = 0; i < found.children().size(); i++) {
                    for (@Nullable Object[] row : found.children().get(i)) {
                        countNulls(i + 1, row);
                    }
                }
                found.unmapped().forEach(path -> unmapped.merge(path, 1L, Long::sum));
                long[] children =
                        found.children().stream().mapToLong(List::size).toArray();
                if (lands(document, nullsSeen == before, children)) {
                    // The values of a dead letter are in it.
                    count(found.misfits());
                }
            }
            case MappingResult.Skipped skip -> skipped.merge(skip.reason(), 1L, Long::sum);
            case MappingResult.Rejected reject -> {
                deadLetters++;
                rejected.merge(List.of(reject.column(), reject.reason()), 1L, Long::sum);
            }
        }
    }

    private boolean add(RawBsonDocument document, RowCount counted) {
        long before = nullsSeen;
        long[] children = new long[childRows.length];
        for (int table = 0; table < tables.size(); table++) {
            if (table > 0) {
                children[table - 1] = counted.rows(table);
            }
            for (int column : required.get(table)) {
                countNulls(table, column, counted.nulls(table, column));
            }
        }
        return lands(document, nullsSeen == before, children);
    }

    /// Counts a mapped document.
    ///
    /// @param complete whether no row of it has NULL where the table takes none, for which PostgreSQL refuses all
    private boolean lands(RawBsonDocument document, boolean complete, long[] children) {
        if (!complete) {
            deadLetters++;
            return false;
        }
        rows++;
        for (int i = 0; i < children.length; i++) {
            childRows[i] += children[i];
        }
        if (others != null) {
            landing.add(new OtherRows.Landing(
                    document, Arrays.stream(children).boxed().toList()));
            landingBytes += document.getByteBuffer().remaining();
            if (landing.size() >= HELD_MAX || landingBytes >= HELD_BYTES_MAX) {
                addLanding();
            }
        }
        return true;
    }

    private void addLanding() {
        if (others == null || landing.isEmpty()) {
            return;
        }
        try {
            others.add(target, landing);
        } catch (SQLException e) {
            throw Failures.classify(e);
        }
        landing.clear();
        landingBytes = 0;
    }

    private void countNulls(int table, @Nullable Object[] row) {
        for (int column : required.get(table)) {
            countNulls(table, column, row[column] == null ? 1 : 0);
        }
    }

    private void countNulls(int table, int column, long count) {
        if (count > 0) {
            nullsSeen += count;
            TableShape shape = tables.get(table);
            nulls.merge(
                    shape.table().table() + "." + shape.columns().get(column).name(), count, Long::sum);
        }
    }

    private Forecast forecast() {
        mapHeld();
        addLanding();
        Optional<OtherRows.Lost> lost = !OtherRows.concerns(target)
                ? Optional.of(new OtherRows.Lost(0, 0, List.of()))
                : others == null ? Optional.empty() : others.judge(target);
        if (others != null && !OtherRows.concerns(target)) {
            others.judge(target);
        }
        lost.ifPresent(l -> {
            rows -= l.waiting() + l.deduplicated();
            for (int i = 0; i < l.childRows().size(); i++) {
                childRows[i] -= l.childRows().get(i);
            }
        });
        List<Forecast.ChildRows> children = new ArrayList<>();
        for (int i = 0; i < childRows.length; i++) {
            children.add(new Forecast.ChildRows(tables.get(i + 1).table().table(), childRows[i]));
        }
        return new Forecast(
                target.collection(),
                documents,
                null,
                rows,
                deadLetters,
                lost.map(OtherRows.Lost::waiting).orElse(null),
                lost.map(OtherRows.Lost::deduplicated).orElse(null),
                children,
                skipped.entrySet().stream()
                        .map(e -> new Forecast.Skipped(e.getKey(), e.getValue()))
                        .toList(),
                rejected.entrySet().stream()
                        .map(e -> new Forecast.Rejected(
                                e.getKey().getFirst(), e.getKey().getLast(), e.getValue()))
                        .toList(),
                quarantined.entrySet().stream()
                        .map(e -> new Forecast.Quarantined(
                                e.getKey().getFirst(), e.getKey().getLast(), e.getValue()))
                        .toList(),
                nulls.entrySet().stream()
                        .map(e -> new Forecast.Nulls(e.getKey(), e.getValue()))
                        .toList(),
                unmapped.entrySet().stream()
                        .map(e -> new Forecast.Unmapped(e.getKey(), e.getValue()))
                        .sorted(Comparator.comparingLong(Forecast.Unmapped::documents)
                                .reversed()
                                .thenComparing(Forecast.Unmapped::path))
                        .toList(),
                absent.found());
    }

    private static int compare(List<String> a, List<String> b) {
        int byColumn = a.getFirst().compareTo(b.getFirst());
        return byColumn != 0 ? byColumn : a.getLast().compareTo(b.getLast());
    }
}
