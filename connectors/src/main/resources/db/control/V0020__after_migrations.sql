-- What comes after the copy and before reads move: the statements of the scripts in migrations/after, and ANALYZE.

CREATE TABLE sluice.after_migration (
    pipeline    text        NOT NULL,
    script      text        NOT NULL,
    statement   integer     NOT NULL,
    place       integer     NOT NULL,
    sql         text        NOT NULL,
    checksum    text        NOT NULL,
    state       text        NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'running', 'done', 'failed', 'changed', 'removed')),
    session     integer,
    started_at  timestamptz,
    finished_at timestamptz,
    message     text,
    PRIMARY KEY (pipeline, script, statement)
);
COMMENT ON TABLE sluice.after_migration IS
    'The statements of the scripts in migrations/after, which are applied once every collection of the pipeline is copied.';
COMMENT ON COLUMN sluice.after_migration.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.after_migration.script IS 'Name of the file.';
COMMENT ON COLUMN sluice.after_migration.statement IS 'Number of the statement in it, from 1.';
COMMENT ON COLUMN sluice.after_migration.place IS 'Its place among all statements. Those of one file may run at once.';
COMMENT ON COLUMN sluice.after_migration.sql IS 'The statement; the one that was applied where it was.';
COMMENT ON COLUMN sluice.after_migration.checksum IS 'SHA-256 of it, hex.';
COMMENT ON COLUMN sluice.after_migration.state IS
    'pending; running, or its process ended in the middle of it; done; failed: refused by PostgreSQL; changed: it was '
    'applied, and the script says something else now; removed: it was applied, and the script is gone.';
COMMENT ON COLUMN sluice.after_migration.session IS 'PostgreSQL''s process that began it last.';
COMMENT ON COLUMN sluice.after_migration.started_at IS 'When it was begun last. NULL: never.';
COMMENT ON COLUMN sluice.after_migration.finished_at IS 'When it was done. NULL: not yet.';
COMMENT ON COLUMN sluice.after_migration.message IS
    'What PostgreSQL said, or what the statement waits for. NULL: nothing to say. Never values of rows.';

CREATE TABLE sluice.after_table (
    pipeline    text        NOT NULL,
    collection  text        NOT NULL,
    table_name  text        NOT NULL,
    analyzed_at timestamptz,
    resynced_at timestamptz,
    message     text,
    PRIMARY KEY (pipeline, collection, table_name)
);
COMMENT ON TABLE sluice.after_table IS
    'The tables of each collection, and when they were analyzed last: a query of a table without statistics is slow.';
COMMENT ON COLUMN sluice.after_table.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.after_table.collection IS 'Name of the collection.';
COMMENT ON COLUMN sluice.after_table.table_name IS 'Schema and name of the table, quoted where that is needed.';
COMMENT ON COLUMN sluice.after_table.analyzed_at IS 'When it was analyzed after a copy. NULL: not yet.';
COMMENT ON COLUMN sluice.after_table.resynced_at IS
    'When all documents of the collection were last read again (sluice resync). NULL: not since the copy.';
COMMENT ON COLUMN sluice.after_table.message IS 'Why it could not be analyzed. NULL: nothing to say.';

CREATE FUNCTION sluice.is_analyzed(t sluice.after_table) RETURNS boolean
    LANGUAGE sql STABLE AS $body$
    SELECT sluice.writes_moved(t.pipeline, t.collection) OR coalesce((
        SELECT t.analyzed_at >= greatest(b.finished_at, t.resynced_at,
                                         (SELECT max(m.finished_at) FROM sluice.after_migration m
                                          WHERE m.pipeline = t.pipeline AND m.state = 'done'))
        FROM sluice.backfill b
        WHERE b.pipeline = t.pipeline AND b.collection = t.collection AND b.state = 'done'), false)
$body$;
COMMENT ON FUNCTION sluice.is_analyzed(sluice.after_table) IS
    'Whether the table was analyzed since the copy of its collection, and since the last after-migration; true once the '
    'writes of the collection have moved, since its tables are the application''s then.';

ALTER TABLE sluice.gate_condition DROP CONSTRAINT gate_condition_unit_check;
ALTER TABLE sluice.gate_condition ADD CONSTRAINT gate_condition_unit_check
    CHECK (unit IN ('seconds', 'documents', 'rows', 'values', 'changes', 'copies', 'statements'));
-- The first two, without a new number for the others.
UPDATE sluice.gate_condition SET ordinal = 0 WHERE condition = 'copied';
INSERT INTO sluice.gate_condition (ordinal, condition, unit, at_least, max_value, reopens_at, meaning) VALUES
    (1, 'after_migrations', 'statements', false, 0, 0,
     'Statements of after-migrations that are not applied, and tables that were not analyzed since the copy.');

-- Its value and its reason come with the functions of V0021.
