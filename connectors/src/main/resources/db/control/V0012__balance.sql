-- What both sides hold, counted together, so that the numbers add up:
--   documents = rows - kept - without_document - not_ours
--               + dead_letters + waiting + skipped + deduplicated + without_row

CREATE TABLE sluice.balance (
    pipeline         text        NOT NULL,
    collection       text        NOT NULL,
    documents        bigint      NOT NULL,
    rows             bigint      NOT NULL,
    kept             bigint      NOT NULL,
    without_document bigint      NOT NULL,
    not_ours         bigint      NOT NULL,
    dead_letters     bigint      NOT NULL,
    waiting          bigint      NOT NULL,
    skipped          bigint      NOT NULL,
    deduplicated     bigint      NOT NULL,
    without_row      bigint      NOT NULL,
    counted_at       timestamptz NOT NULL,
    PRIMARY KEY (pipeline, collection)
);
COMMENT ON TABLE sluice.balance IS
    'How many documents a collection had when it was last counted, how many rows its table had, and what lies between '
    'the two. documents = rows - kept - without_document - not_ours + dead_letters + waiting + skipped + deduplicated '
    '+ without_row. Counted anew by a running pipeline, by `sluice backfill`, `replay` and `verify`.';
COMMENT ON COLUMN sluice.balance.pipeline IS 'The pipeline''s name.';
COMMENT ON COLUMN sluice.balance.collection IS 'The collection.';
COMMENT ON COLUMN sluice.balance.documents IS 'Documents in MongoDB.';
COMMENT ON COLUMN sluice.balance.rows IS 'Rows of the collection''s own table; rows of child tables are not counted.';
COMMENT ON COLUMN sluice.balance.kept IS
    'Rows without a document that the mapping keeps when the document is deleted (on_delete: keep).';
COMMENT ON COLUMN sluice.balance.without_document IS
    'Rows without a document that should go: the delete is not applied yet, or it is drift.';
COMMENT ON COLUMN sluice.balance.not_ours IS
    'Rows that no document ever had: somebody else has put them there, as a trigger, where the mapping says that there '
    'may be such (conflict without the key).';
COMMENT ON COLUMN sluice.balance.dead_letters IS 'Documents that have no row and are dead letters.';
COMMENT ON COLUMN sluice.balance.waiting IS 'Documents that have no row until the row comes that they refer to.';
COMMENT ON COLUMN sluice.balance.skipped IS 'Documents that have no row by a rule of the mapping (skip).';
COMMENT ON COLUMN sluice.balance.deduplicated IS
    'Documents that have no row of their own, since another document has it (dedupe, or _ids that are the same key).';
COMMENT ON COLUMN sluice.balance.without_row IS
    'Documents that should have a row and have none: they are not applied yet, or it is drift.';
COMMENT ON COLUMN sluice.balance.counted_at IS 'When the rows were counted, by PostgreSQL''s clock.';

COMMENT ON COLUMN sluice.verification.rows IS
    'Rows of the collection''s own table. While it runs, those that the documents read so far should be; once it is done, '
    'those that were there.';

-- A row that is kept when its document is deleted is nobody's from then on, and still not one that no document ever had.
ALTER TABLE sluice.document_row ADD COLUMN kept boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN sluice.document_row.kept IS
    'Whether the document is deleted and its row was kept: nobody''s from then on, as one that no document had.';
