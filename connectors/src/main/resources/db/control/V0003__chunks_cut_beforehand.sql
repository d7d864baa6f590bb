-- A collection is cut into ranges before it is copied, so that several can be copied at once: a chunk has a row before
-- anybody is at it. Read wholly before, so an unfinished copy of an earlier version is cut anew.

ALTER TABLE sluice.backfill_chunk DROP CONSTRAINT backfill_chunk_state_check;
ALTER TABLE sluice.backfill_chunk ADD CONSTRAINT backfill_chunk_state_check
    CHECK (state IN ('planned', 'running', 'done'));
ALTER TABLE sluice.backfill_chunk ALTER COLUMN state SET DEFAULT 'planned';
ALTER TABLE sluice.backfill_chunk ALTER COLUMN started_at DROP NOT NULL;
ALTER TABLE sluice.backfill_chunk ALTER COLUMN started_at DROP DEFAULT;

COMMENT ON COLUMN sluice.backfill_chunk.state IS
    'planned: nobody has been at it. running: it was read, and its rows are not committed; so too when the process that '
    'read it is gone. done: its rows are committed. Whatever is not done is read again by the next start.';
COMMENT ON COLUMN sluice.backfill_chunk.chunk IS
    'Number of the chunk within the backfill. One that turns out too large is cut in two when it is read, and the '
    'second part gets the next free number.';
COMMENT ON COLUMN sluice.backfill_chunk.started_at IS 'When it was read, the last time; NULL while it is planned.';
