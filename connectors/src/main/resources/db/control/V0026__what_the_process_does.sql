-- What the process that runs a pipeline says of itself once a second, for those who look from another process.

CREATE TABLE sluice.activity (
    pipeline       text             PRIMARY KEY,
    state          text             NOT NULL,
    message        text,
    changes        bigint           NOT NULL,
    latency_p50_ms double precision,
    latency_p99_ms double precision,
    told_at        timestamptz      NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE sluice.activity IS
    'What the process that runs a pipeline says of itself, once a second, for `sluice status`. Nothing is decided by it.';
COMMENT ON COLUMN sluice.activity.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.activity.state IS 'Its state, as in GET /api/status: streaming, paused and the like.';
COMMENT ON COLUMN sluice.activity.message IS 'What the state means, in a sentence. NULL: nothing to say. Never values of documents.';
COMMENT ON COLUMN sluice.activity.changes IS
    'Changes of the stream that the process has applied since it began. A smaller number than before: another process.';
COMMENT ON COLUMN sluice.activity.latency_p50_ms IS
    'Milliseconds from MongoDB''s commit to PostgreSQL''s of the changes of about the last minute: half of them took no longer. '
    'NULL: there were none.';
COMMENT ON COLUMN sluice.activity.latency_p99_ms IS 'The same: 99 of 100 took no longer.';
COMMENT ON COLUMN sluice.activity.told_at IS 'When it said this. Older than some seconds: no process runs the pipeline.';
