package dev.sluice.service.ops;

/// Every metric: its name for the meter registry, which Prometheus sees with underscores and the unit's
/// suffix, its unit and its meaning. The names are a contract with dashboards and alerts.
public final class MetricNames {
    /// `sluice_lag_seconds{pipeline,collection}`: how far the rows are behind MongoDB, by MongoDB's clock:
    /// the sum of capture lag and apply lag. Grows while either side is away. NaN when unknown, as before
    /// the collection is copied.
    public static final String LAG = "sluice.lag";

    /// `sluice_capture_lag_seconds{pipeline}`: how far what is read is behind MongoDB. NaN when unknown.
    public static final String CAPTURE_LAG = "sluice.capture.lag";

    /// `sluice_apply_lag_seconds{pipeline,collection}`: how far what is applied is behind what is read. NaN
    /// when unknown, as before the collection is copied.
    public static final String APPLY_LAG = "sluice.apply.lag";

    /// `sluice_catch_up_seconds{pipeline}`: time until the rows have caught up, at the rate of the last
    /// half minute. 0 when they have, +Inf when the delay does not shrink, NaN when unknown.
    public static final String CATCH_UP = "sluice.catch.up";

    /// `sluice_resume_token_headroom_seconds{pipeline}`: the position's time minus that of the oplog's
    /// oldest entry; at 0 the position is lost. NaN when the oplog can't be read.
    public static final String HEADROOM = "sluice.resume.token.headroom";

    /// `sluice_clock_offset_seconds{pipeline}`: MongoDB's clock minus ours, which is taken out of all the
    /// others. NaN before MongoDB was asked.
    public static final String CLOCK_OFFSET = "sluice.clock.offset";

    /// `sluice_apply_latency_seconds{pipeline,collection}`: histogram, from MongoDB's commit to ours, by
    /// MongoDB's clock.
    public static final String APPLY_LATENCY = "sluice.apply.latency";

    /// `sluice_watermark_timestamp_seconds{pipeline,collection}`: everything up to here is applied. NaN
    /// when unknown, as before the collection is copied.
    public static final String WATERMARK = "sluice.watermark.timestamp";

    /// `sluice_changes_applied_total{pipeline,collection,op}`.
    public static final String CHANGES_APPLIED = "sluice.changes.applied";

    /// `sluice_backfill_rows_total{pipeline,collection}`: rows the backfill has written.
    public static final String BACKFILL_ROWS = "sluice.backfill.rows";

    /// `sluice_backfill_progress_ratio{pipeline,collection}`: from 0 to 1. NaN when unknown.
    public static final String BACKFILL_PROGRESS = "sluice.backfill.progress.ratio";

    /// `sluice_dead_letters{pipeline,collection}`: dead letters now, of all processes. NaN when
    /// unknown.
    public static final String DEAD_LETTERS = "sluice.dead.letters";

    /// `sluice_waiting_documents{pipeline,collection}`: documents that wait for a row which they refer to, whether they
    /// have no row until then or one that lacks a value. Not those that are deduplicated. NaN when unknown.
    public static final String WAITING_DOCUMENTS = "sluice.waiting.documents";

    /// `sluice_unmapped_fields{pipeline,collection}`: paths that documents had and no column reads. NaN
    /// when unknown.
    public static final String UNMAPPED_FIELDS = "sluice.unmapped.fields";

    /// `sluice_skipped_documents_total{pipeline,collection,reason}`: documents that had no row by a rule of
    /// the mapping, ever since the pipeline began. There once there is one.
    public static final String SKIPPED_DOCUMENTS = "sluice.skipped.documents";

    /// `sluice_quarantined_values_total{pipeline,collection,column}`: values the stream's rows landed
    /// without, since this process started; the column is `table.column`. There once there is one.
    public static final String QUARANTINED = "sluice.quarantined.values";

    /// `sluice_changes_waiting{pipeline}`: read and not yet applied, at this moment. NaN while nothing is
    /// read, as between two tries when a database is away.
    public static final String WAITING = "sluice.changes.waiting";

    /// `sluice_pipeline_state{pipeline,state}`: 1 for the state the pipeline is in, 0 for the others.
    public static final String STATE = "sluice.pipeline.state";

    /// `sluice_leader{pipeline}`: 1 when this process writes the pipeline, 0 when it stands by or waits for a
    /// database.
    public static final String LEADER = "sluice.leader";

    /// `sluice_drift_rows{pipeline,collection,kind}`: rows known to differ from their documents; kind
    /// is missing, extra or different. NaN when unknown.
    public static final String DRIFT = "sluice.drift.rows";

    /// `sluice_verified_timestamp_seconds{pipeline,collection}`: every row was compared as of this time or
    /// later, and what differs is in `sluice_drift_rows`. NaN before the first full verification.
    public static final String VERIFIED = "sluice.verified.timestamp";

    /// `sluice_schema_changes_total{pipeline,collection,kind}`: collections dropped, renamed or replaced,
    /// options changed, fields new, ever since the pipeline began. There once there is one.
    public static final String SCHEMA_CHANGES = "sluice.schema.changes";

    /// `sluice_schema_changes_open{pipeline,collection}`: those that wait for a decision; `*` for the whole
    /// database. NaN when unknown.
    public static final String SCHEMA_CHANGES_OPEN = "sluice.schema.changes.open";

    /// `sluice_balance{pipeline,collection,term}`: documents, rows of the collection's own table, and what lies between
    /// the two when it was last counted; term is documents, rows, kept, without_document, not_ours, dead_letters,
    /// waiting, skipped, deduplicated or without_row, and documents = rows - kept - without_document - not_ours
    /// + dead_letters + waiting + skipped + deduplicated + without_row. NaN before it was counted.
    public static final String BALANCE = "sluice.balance";

    /// `sluice_balance_counted_timestamp_seconds{pipeline,collection}`: when that was. NaN before the first time.
    public static final String BALANCE_COUNTED = "sluice.balance.counted.timestamp";

    /// `sluice_after_migrations{pipeline,state}`: statements of the scripts in `migrations/after`; state is pending,
    /// running
    /// (or broken off), done, failed, changed or removed since they were applied. NaN when unknown.
    public static final String AFTER_MIGRATIONS = "sluice.after.migrations";

    /// `sluice_tables_not_analyzed{pipeline}`: tables that were not analyzed since the copy and the last
    /// after-migration.
    /// NaN when unknown.
    public static final String NOT_ANALYZED = "sluice.tables.not.analyzed";

    /// `sluice_gate_open{pipeline,collection}`: 1 while the reads of the collection may move to PostgreSQL, 0 while
    /// they may not; 0 also when the gate could not be asked for 3 seconds.
    public static final String GATE_OPEN = "sluice.gate.open";

    /// `sluice_read_route_percent{pipeline,collection,target}`: the share of the readers that is told to read from
    /// `mongodb`, `postgres` or `both`. NaN until the routes are known.
    public static final String READ_ROUTE = "sluice.read.route.percent";

    /// `sluice_shadow_reads_total{pipeline,collection,result}`: reads of both sides that applications
    /// reported to this process since it started; result is `equal`, `different`, `unconfirmed`,
    /// `reported` or `unchecked`. One that is compared is counted once its result is known. There once
    /// there is one.
    public static final String SHADOW_READS = "sluice.shadow.reads";

    /// `sluice_shadow_read_seconds{pipeline,collection,side}`: histogram, how long `mongodb` and `postgres`
    /// took in the reads that were reported to this process. There once there is one.
    public static final String SHADOW_READ_TIME = "sluice.shadow.read";

    /// `sluice_late_writes_total{pipeline,collection}`: writes that reached MongoDB after those of the
    /// collection had moved to PostgreSQL, ever since. There once they have moved.
    public static final String LATE_WRITES = "sluice.late.writes";

    /// `sluice_write_block{pipeline}`: 1 while MongoDB refuses all writes, as `sluice finish
    /// --block-writes` made it do, else 0. NaN when unknown.
    public static final String WRITE_BLOCK = "sluice.write.block";

    private MetricNames() {}
}
