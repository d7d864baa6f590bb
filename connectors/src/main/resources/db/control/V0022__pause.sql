-- A pipeline that a user holds: nothing is read or written, and the position stays.

CREATE TABLE sluice.pause (
    pipeline   text        PRIMARY KEY,
    since      timestamptz NOT NULL DEFAULT clock_timestamp(),
    by         text        NOT NULL,
    reason     text        NOT NULL DEFAULT '',
    resumes_at timestamptz
);
COMMENT ON TABLE sluice.pause IS
    'Pipelines that are paused: the process that runs one reads and writes nothing until the row is deleted.';
COMMENT ON COLUMN sluice.pause.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.pause.since IS 'Since when.';
COMMENT ON COLUMN sluice.pause.by IS 'Who paused it.';
COMMENT ON COLUMN sluice.pause.reason IS 'Why.';
COMMENT ON COLUMN sluice.pause.resumes_at IS 'When it resumes by itself. NULL: when somebody says so.';
