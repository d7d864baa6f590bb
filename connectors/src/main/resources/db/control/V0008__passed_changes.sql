-- Changes that MongoDB can't send, and which somebody said to pass.

CREATE TABLE sluice.passed_change (
    pipeline          text        NOT NULL,
    collection        text        NOT NULL,
    change_seconds    bigint      NOT NULL,
    change_increment  integer     NOT NULL,
    through_seconds   bigint      NOT NULL,
    through_increment integer     NOT NULL,
    prune             boolean     NOT NULL,
    asked_by          text        NOT NULL,
    asked_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (pipeline, collection)
);
COMMENT ON TABLE sluice.passed_change IS
    'Changes whose _id is so long that MongoDB can''t send them, passed by `sluice backfill --past`: the stream leaves them '
    'out, and their collection is copied anew. One row for each collection, of the last time.';
COMMENT ON COLUMN sluice.passed_change.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.passed_change.collection IS 'Name of the collection.';
COMMENT ON COLUMN sluice.passed_change.change_seconds IS
    'Operation time of the change at which the stream had stopped: seconds since 1970.';
COMMENT ON COLUMN sluice.passed_change.change_increment IS
    'Operation time of that change: counter within that second.';
COMMENT ON COLUMN sluice.passed_change.through_seconds IS
    'Up to and with this operation time the stream leaves out changes of the collection whose _id is 1 MB or more. The copy '
    'is not from before it. Seconds since 1970.';
COMMENT ON COLUMN sluice.passed_change.through_increment IS 'Counter within that second.';
COMMENT ON COLUMN sluice.passed_change.prune IS
    'Whether the rows whose documents are gone are still to be deleted: some of what was left out may be deletes.';
COMMENT ON COLUMN sluice.passed_change.asked_by IS 'Who said to pass it.';
COMMENT ON COLUMN sluice.passed_change.asked_at IS 'When.';
