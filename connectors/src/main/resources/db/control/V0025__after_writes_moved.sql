-- What can come to light once writes have moved: writes to MongoDB that nobody follows any more, and a block of
-- writes that is still on.

ALTER TABLE sluice.moved_writes
    ADD COLUMN late_writes       bigint NOT NULL DEFAULT 0,
    ADD COLUMN last_late_at      timestamptz,
    ADD COLUMN watched_seconds   bigint,
    ADD COLUMN watched_increment bigint;
COMMENT ON COLUMN sluice.moved_writes.late_writes IS
    'Inserts, updates and deletes that reached the collection in MongoDB after its writes had moved, as far as they were '
    'seen: they are not in PostgreSQL. Counted while a process runs the pipeline.';
COMMENT ON COLUMN sluice.moved_writes.last_late_at IS 'MongoDB''s time of the last of them; NULL where there was none.';
COMMENT ON COLUMN sluice.moved_writes.watched_seconds IS
    'Up to which operation of MongoDB they were counted: its seconds; NULL before the first look.';
COMMENT ON COLUMN sluice.moved_writes.watched_increment IS 'The same: its increment.';

ALTER TABLE sluice.unfinished ADD COLUMN kept boolean NOT NULL DEFAULT false;
COMMENT ON TABLE sluice.unfinished IS
    'What `sluice finish` made on a server before it moved the writes: written before, deleted when it is taken back. A row '
    'that stays is of a process that was killed, and the next finish takes it up; or of a block that was kept on purpose.';
COMMENT ON COLUMN sluice.unfinished.what IS
    'write_block: MongoDB refuses all writes, on the whole server. slot: a logical replication slot of PostgreSQL.';
COMMENT ON COLUMN sluice.unfinished.kept IS
    'Whether it stays on purpose: a block after the writes of the last collection have moved.';
