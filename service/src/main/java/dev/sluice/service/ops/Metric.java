package dev.sluice.service.ops;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.LongStream;

/// Every metric of ours, as Prometheus sees it: the only place that knows its name, type, labels and meaning. The
/// names are a contract with dashboards and alerts. `service/docs/metrics.md` is made from this list.
public enum Metric {
    /// The program.
    BUILD_INFO(
            "sluice_build_info",
            Kind.GAUGE,
            List.of("version", "java"),
            "Which Sluice runs on which Java; always 1",
            "Join it to see which version a value comes from."),

    /// What the process does.
    STATE(
            "sluice_pipeline_state",
            Kind.GAUGE,
            List.of("pipeline", "state"),
            "1 for the state the pipeline is in, 0 for the others",
            "`stalled` and `waiting`: a database is away or hangs. `failed` is seen only just before the process ends: that"
                    + " no process has `sluice_leader` 1 is what stays."),
    LEADER(
            "sluice_leader",
            Kind.GAUGE,
            List.of("pipeline"),
            "1 in the process that writes the pipeline, 0 in one that stands by or waits for a database",
            "The sum over all processes is 1. Never more: each transaction is fenced by the epoch."),

    /// How far the rows are.
    LAG(
            "sluice_lag_seconds",
            Kind.GAUGE,
            List.of("pipeline", "collection"),
            "How far the rows are behind MongoDB, by MongoDB's clock",
            "The sum of capture lag and apply lag. Grows while either database is away. NaN when unknown, as before the"
                    + " collection is copied, and once its writes have moved."),
    CAPTURE_LAG(
            "sluice_capture_lag_seconds",
            Kind.GAUGE,
            List.of("pipeline"),
            "How far what is read is behind MongoDB",
            "Large: MongoDB or the network is slow or away, or PostgreSQL is slow and the queue is full. NaN when unknown."),
    APPLY_LAG(
            "sluice_apply_lag_seconds",
            Kind.GAUGE,
            List.of("pipeline"),
            "How far what is applied is behind what is read",
            "Large: PostgreSQL is slow. One position serves all collections, so there is one per pipeline. NaN when unknown."),
    CATCH_UP(
            "sluice_catch_up_seconds",
            Kind.GAUGE,
            List.of("pipeline"),
            "Time until the rows have caught up, at the rate of the last half minute",
            "0 when they have, +Inf while the lag does not shrink, NaN when unknown."),
    WAITING(
            "sluice_changes_waiting",
            Kind.GAUGE,
            List.of("pipeline"),
            "Changes read and not yet applied",
            "NaN while nothing is read, as between two tries when a database is away: what is still in MongoDB is not"
                    + " counted."),
    WATERMARK(
            "sluice_watermark_timestamp_seconds",
            Kind.GAUGE,
            List.of("pipeline", "collection"),
            "Everything committed in MongoDB up to this time is applied",
            "NaN when unknown, as before the collection is copied."),
    HEADROOM(
            "sluice_resume_token_headroom_seconds",
            Kind.GAUGE,
            List.of("pipeline"),
            "The position's time minus that of the oplog's oldest entry",
            "At 0 the position is lost and everything has to be copied again. NaN when the oplog can't be read, which takes"
                    + " `find` on `local.oplog.rs`. Where MongoDB's oplog has not been filled yet, it grows by the clock."),
    SOURCE_REPLICA_LAG(
            "sluice_source_replica_lag_seconds",
            Kind.GAUGE,
            List.of("pipeline"),
            "How late the latest of MongoDB's own secondaries is",
            "Read every 15 s. Over 10 s a copy slows down until it is 3 s. Members with a configured delay are left out. NaN"
                    + " where it can't be read, which takes the role `clusterMonitor`."),
    CLOCK_OFFSET(
            "sluice_clock_offset_seconds",
            Kind.GAUGE,
            List.of("pipeline"),
            "MongoDB's clock minus that of this process",
            "All other times are MongoDB's: the offset is taken out of them. NaN before MongoDB was asked."),
    APPLY_LATENCY(
            "sluice_apply_latency_seconds",
            Kind.COLLECTION_HISTOGRAM,
            List.of("pipeline", "collection"),
            "From MongoDB's commit of a change to PostgreSQL's, by MongoDB's clock",
            "Few buckets, since there is one histogram per collection: they tell 50 ms, 250 ms, 1 s, 5 s, 30 s and 5 min"
                    + " apart, no more."),
    PIPELINE_LATENCY(
            "sluice_pipeline_apply_latency_seconds",
            Kind.PIPELINE_HISTOGRAM,
            List.of("pipeline"),
            "From MongoDB's commit of a change to PostgreSQL's, of all collections together",
            "The same changes in finer buckets, from 10 ms to 5 min: take quantiles from this one."),

    /// What the process has done.
    CHANGES_APPLIED(
            "sluice_changes_applied_total",
            Kind.COUNTER,
            List.of("pipeline", "collection", "op"),
            "Changes of the stream that are committed in PostgreSQL, since the process started",
            "`op` is `upsert`, `delete` or `skip`."),
    TRANSACTION_TIME(
            "sluice_transaction_seconds",
            Kind.PIPELINE_HISTOGRAM,
            List.of("pipeline"),
            "How long PostgreSQL took for each transaction of the stream that wrote changes, its commit included",
            "The rate of all `sluice_changes_applied_total` divided by the rate of its count is the mean size of a transaction."),
    RETRIES(
            "sluice_retries_total",
            Kind.COUNTER,
            List.of("pipeline"),
            "Runs that failed and were tried again, since the process started",
            "It grows while a database is away; the log has each cause."),
    IRRELEVANT_UPDATES(
            "sluice_irrelevant_updates_total",
            Kind.COUNTER,
            List.of("pipeline", "collection"),
            "Updates read that touch nothing that the mapping reads, since the process started",
            "They are neither looked up nor written, and not among the changes applied."),
    DOCUMENTS_READ(
            "sluice_documents_read_total",
            Kind.COUNTER,
            List.of("pipeline"),
            "Documents read from MongoDB beside the stream, since the process started",
            "By the copy, resyncs, comparisons and replays: what `sluice limit` limits."),
    BYTES_READ(
            "sluice_document_bytes_read_total",
            Kind.COUNTER,
            List.of("pipeline"),
            "Bytes of the documents read from MongoDB beside the stream, since the process started",
            "As BSON, without what the network adds."),
    DOCUMENTS_LIMIT(
            "sluice_read_limit_documents",
            Kind.GAUGE,
            List.of("pipeline"),
            "Documents a second that this process may read beside the stream",
            "Set by `sluice limit`; NaN where none is."),
    BYTES_LIMIT(
            "sluice_read_limit_bytes",
            Kind.GAUGE,
            List.of("pipeline"),
            "Bytes of documents a second that this process may read beside the stream",
            "Set by `sluice limit`; NaN where none is."),
    BACKFILL_ROWS(
            "sluice_backfill_rows_total",
            Kind.COUNTER,
            List.of("pipeline", "collection"),
            "Rows that the backfill has written, since the process started",
            "Child rows count."),
    BACKFILL_PROGRESS(
            "sluice_backfill_progress_ratio",
            Kind.GAUGE,
            List.of("pipeline", "collection"),
            "Share of the documents that are copied, from 0 to 1",
            "1 exactly once the copy is done. NaN while the number of documents is not known."),
    QUARANTINED(
            "sluice_quarantined_values_total",
            Kind.COUNTER,
            List.of("pipeline", "collection", "column"),
            "Values that rows of the stream landed without, since the process started",
            "`column` is `table.column`: the first " + Metric.LABEL_VALUES_MAX
                    + " of a collection have a series each, the rest one as `(others)`. There once there is one."),

    /// What the control schema holds, read every 3 s. NaN when PostgreSQL has not answered for 20 s.
    DEAD_LETTERS(
            "sluice_dead_letters",
            Kind.GAUGE,
            List.of("pipeline", "collection"),
            "Dead letters now, accepted or not",
            "Of all processes."),
    DEAD_LETTERS_OPEN(
            "sluice_dead_letters_open",
            Kind.GAUGE,
            List.of("pipeline", "collection"),
            "Dead letters now that nobody has accepted",
            "Each keeps the gate shut, until it is retried, discarded or accepted."),
    IN_QUARANTINE(
            "sluice_quarantine_values",
            Kind.GAUGE,
            List.of("pipeline", "collection"),
            "Values in quarantine now",
            "Of all processes. `sluice quarantine` lists them; one leaves when its document can be written whole."),
    RESYNC_WAITING(
            "sluice_resync_entries",
            Kind.GAUGE,
            List.of("pipeline", "collection"),
            "Documents and whole collections on the list of what is read again",
            "By resync, replay, repair, or since another row came that they wait for. Shrinks while a process runs the"
                    + " pipeline, unless it is paused."),
    WAITING_DOCUMENTS(
            "sluice_waiting_documents",
            Kind.GAUGE,
            List.of("pipeline", "collection"),
            "Documents that wait for a row which they refer to",
            "Whether they have no row until then, or one that lacks a value. Not those that are deduplicated."),
    UNMAPPED_FIELDS(
            "sluice_unmapped_fields",
            Kind.GAUGE,
            List.of("pipeline", "collection"),
            "Paths that documents had and no column reads",
            "`sluice status` names them."),
    UNMAPPED_COLLECTIONS(
            "sluice_unmapped_collections",
            Kind.GAUGE,
            List.of("pipeline"),
            "Collections in MongoDB that the mapping neither maps nor ignores",
            "Their documents are not in PostgreSQL. `sluice schema-changes` names those that came since the pipeline began."),
    SKIPPED_DOCUMENTS(
            "sluice_skipped_documents_total",
            Kind.COUNTER,
            List.of("pipeline", "collection", "reason"),
            "Documents that had no row by a rule of the mapping, since the pipeline began",
            "`reason` is the rule's own: the first " + Metric.LABEL_VALUES_MAX
                    + " of a collection have a series each, the rest one as `(others)`. Keeps the last value when PostgreSQL is away. There once there"
                    + " is one."),
    DRIFT(
            "sluice_drift_rows",
            Kind.GAUGE,
            List.of("pipeline", "collection", "kind"),
            "Rows known to differ from their documents",
            "`kind` is `missing`, `extra` or `different`. `sluice.drift` names them."),
    VERIFIED(
            "sluice_verified_timestamp_seconds",
            Kind.GAUGE,
            List.of("pipeline", "collection"),
            "Every row was compared as of this time or later",
            "What differs is in `sluice_drift_rows`. NaN before the first full verification."),
    SCHEMA_CHANGES(
            "sluice_schema_changes_total",
            Kind.COUNTER,
            List.of("pipeline", "collection", "kind"),
            "Changes of collections in MongoDB since the pipeline began: dropped, renamed or replaced, new fields and types",
            "There once there is one."),
    SCHEMA_CHANGES_OPEN(
            "sluice_schema_changes_open",
            Kind.GAUGE,
            List.of("pipeline", "collection"),
            "Changes of collections that wait for a user's decision",
            "`collection` is `*` where the whole database changed."),
    BALANCE(
            "sluice_balance",
            Kind.GAUGE,
            List.of("pipeline", "collection", "term"),
            "Documents, rows, and what lies between the two, when they were last counted",
            "documents = rows - kept - without_document - not_ours + dead_letters + waiting + skipped + deduplicated"
                    + " + without_row. All terms are of one moment, which is why those that other metrics have are here too."
                    + " NaN before they were counted."),
    BALANCE_COUNTED(
            "sluice_balance_counted_timestamp_seconds",
            Kind.GAUGE,
            List.of("pipeline", "collection"),
            "When documents and rows were last counted",
            "NaN before the first time."),
    AFTER_MIGRATIONS(
            "sluice_after_migrations",
            Kind.GAUGE,
            List.of("pipeline", "state"),
            "Statements of the scripts in migrations/after",
            "`state` is `pending`, `running` (or broken off), `done`, `failed`, `changed` or `removed` since they were"
                    + " applied."),
    NOT_ANALYZED(
            "sluice_tables_not_analyzed",
            Kind.GAUGE,
            List.of("pipeline"),
            "Tables that were not analyzed since the copy and the last after-migration",
            "The gate is shut until it is 0."),
    WRITE_BLOCK(
            "sluice_write_block",
            Kind.GAUGE,
            List.of("pipeline"),
            "1 while MongoDB refuses all writes, as finish --block-writes made it do",
            "`sluice finish --unblock` takes the block back."),
    MAPPING_VERSION(
            "sluice_mapping_version",
            Kind.GAUGE,
            List.of("pipeline"),
            "The version of the mapping that rows are written with",
            "From 1, one more with each that rows have to be written anew for; 0 before the first. `sluice evolve` goes over to the next."),
    MAPPING_WANTED(
            "sluice_mapping_wanted",
            Kind.GAUGE,
            List.of("pipeline"),
            "1 while another mapping is asked for and no process has taken it over",
            "Seconds at most; each gate is shut meanwhile."),
    LATE_WRITES(
            "sluice_late_writes_total",
            Kind.COUNTER,
            List.of("pipeline", "collection"),
            "Writes that reached MongoDB after those of the collection had moved to PostgreSQL",
            "Ever since they have moved; there once they have. PostgreSQL does not get these writes."),

    /// Where readers are sent.
    GATE_OPEN(
            "sluice_gate_open",
            Kind.GAUGE,
            List.of("pipeline", "collection"),
            "1 while the reads of the collection may move to PostgreSQL, 0 while they may not",
            "0 also when the gate could not be asked for 3 s. `sluice gate` names the conditions."),
    READ_ROUTE(
            "sluice_read_route_percent",
            Kind.GAUGE,
            List.of("pipeline", "collection", "target"),
            "Share of the readers, of 100, that is told to read from there",
            "`target` is `mongodb`, `postgres` or `both`. NaN until the routes are known."),
    SHADOW_READS(
            "sluice_shadow_reads_total",
            Kind.COUNTER,
            List.of("pipeline", "collection", "result"),
            "Reads of both sides that applications reported to this process, since it started",
            "`result` is `equal`, `different`, `unconfirmed`, `reported` or `unchecked`. One that is compared is counted once"
                    + " its result is known. There once there is one."),
    SHADOW_READ_TIME(
            "sluice_shadow_read_seconds",
            Kind.READ_HISTOGRAM,
            List.of("pipeline", "collection", "side"),
            "How long applications waited for each side in the shadow reads that they reported",
            "`side` is `mongodb` or `postgres`. Buckets from 5 ms to 2.5 s. There once there is one.");

    /// How many values a label has per collection at most, where the values are not a closed set.
    static final int LABEL_VALUES_MAX = 20;

    /// The value of such a label for all that came later.
    static final String OTHERS = "(others)";

    /// What Prometheus takes it for. A histogram says how many durations were how long: beside its buckets, sum and
    /// count there is the largest of the last two minutes, with `_max` at the end of the name.
    public enum Kind {
        GAUGE("gauge"),
        COUNTER("counter"),

        /// Few buckets: there is one for each collection.
        COLLECTION_HISTOGRAM("histogram", 50, 250, 1_000, 5_000, 30_000, 300_000),

        /// Enough for quantiles.
        PIPELINE_HISTOGRAM(
                "histogram", 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000),

        /// For single reads; there are two for each collection.
        READ_HISTOGRAM("histogram", 5, 25, 100, 500, 2_500);

        private final String word;

        @SuppressWarnings("ImmutableEnumChecker") // Nothing writes it.
        private final long[] bucketMillis;

        Kind(String word, long... bucketMillis) {
            this.word = word;
            this.bucketMillis = bucketMillis;
        }

        /// Prometheus' word for the type.
        public String word() {
            return word;
        }

        public boolean isHistogram() {
            return bucketMillis.length > 0;
        }

        /// The upper bounds of a histogram's buckets but +Inf; none for the others.
        public List<Duration> buckets() {
            return LongStream.of(bucketMillis).mapToObj(Duration::ofMillis).toList();
        }
    }

    private final String prometheusName;
    private final Kind kind;

    @SuppressWarnings("ImmutableEnumChecker") // Made by List.of.
    private final List<String> labels;

    private final String help;
    private final String explanation;

    Metric(String prometheusName, Kind kind, List<String> labels, String help, String explanation) {
        this.prometheusName = prometheusName;
        this.kind = kind;
        this.labels = labels;
        this.help = help;
        this.explanation = explanation;
    }

    /// Its name, with the unit and the suffix of its type.
    public String prometheusName() {
        return prometheusName;
    }

    public Kind kind() {
        return kind;
    }

    /// The base unit, from the name; `1` where it counts.
    public String unit() {
        if (prometheusName.endsWith("_seconds")) {
            return "seconds";
        }
        if (prometheusName.endsWith("_percent")) {
            return "percent";
        }
        return prometheusName.endsWith("_ratio") ? "ratio" : "1";
    }

    /// The names of its labels, in the order in which values are given.
    public List<String> labels() {
        return labels;
    }

    /// One line, as Prometheus shows it.
    public String help() {
        return help;
    }

    /// What else there is to know, as Markdown: values of labels, when it is NaN.
    public String explanation() {
        return explanation;
    }

    /// Shows a value that is read at each scrape.
    ///
    /// @param values of the labels, in their order
    <T> void gauge(MeterRegistry registry, T of, ToDoubleFunction<T> value, String... values) {
        must(kind == Kind.GAUGE);
        Gauge.builder(meter(), of, value)
                .description(help)
                .tags(tags(values))
                .strongReference(true)
                .register(registry);
    }

    /// Shows a count that is kept elsewhere, and read at each scrape.
    ///
    /// @param values of the labels, in their order
    <T> void counter(MeterRegistry registry, T of, ToDoubleFunction<T> count, String... values) {
        must(kind == Kind.COUNTER);
        FunctionCounter.builder(meter(), of, count)
                .description(help)
                .tags(tags(values))
                .register(registry);
    }

    /// A count that is kept here; the same one for the same labels.
    ///
    /// @param values of the labels, in their order
    Counter counter(MeterRegistry registry, String... values) {
        must(kind == Kind.COUNTER);
        return Counter.builder(meter()).description(help).tags(tags(values)).register(registry);
    }

    /// A histogram; the same one for the same labels.
    ///
    /// @param values of the labels, in their order
    Timer histogram(MeterRegistry registry, String... values) {
        must(kind.isHistogram());
        return Timer.builder(meter())
                .description(help)
                .serviceLevelObjectives(kind.buckets().toArray(Duration[]::new))
                .tags(tags(values))
                .register(registry);
    }

    private void must(boolean isOfThisKind) {
        if (!isOfThisKind) {
            throw new IllegalStateException(prometheusName + " is a " + kind.word());
        }
    }

    /// The name in the registry, which makes the one of Prometheus of it.
    private String meter() {
        return prometheusName.replace('_', '.');
    }

    private List<Tag> tags(String... values) {
        if (values.length != labels.size()) {
            throw new IllegalArgumentException(prometheusName + " has the labels " + labels);
        }
        List<Tag> tags = new ArrayList<>();
        for (int i = 0; i < values.length; i++) {
            tags.add(Tag.of(labels.get(i), values[i]));
        }
        return tags;
    }
}
