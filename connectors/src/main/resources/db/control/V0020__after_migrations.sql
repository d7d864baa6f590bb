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

-- As in V0015, with the condition after_migrations. A later migration that changes one of the two takes its text from here.
CREATE OR REPLACE FUNCTION sluice.gate_reason(condition text, value double precision, needed double precision)
    RETURNS text
    LANGUAGE sql IMMUTABLE AS $body$
    SELECT CASE condition
        WHEN 'copied' THEN 'It is not copied yet.'
        WHEN 'after_migrations' THEN CASE WHEN value IS NULL
            THEN 'Which after-migrations it has is not known: no process has looked yet.'
            WHEN value = 1 THEN '1 statement of an after-migration is not applied, or 1 table is not analyzed since the copy.'
            ELSE value || ' statements of after-migrations are not applied, or tables not analyzed since the copy.' END
        WHEN 'running' THEN CASE WHEN value IS NULL THEN 'No process has run the pipeline yet.'
            ELSE 'No process runs the pipeline: the last one reported ' || round(value::numeric) || ' s ago.' END
        WHEN 'source' THEN CASE WHEN value IS NULL THEN 'No process has asked MongoDB yet.'
            ELSE 'MongoDB last answered ' || round(value::numeric) || ' s ago.' END
        WHEN 'fresh' THEN CASE WHEN value IS NULL THEN 'How far its rows are behind MongoDB is not known.'
            ELSE 'Its rows are ' || round(value::numeric, 1) || ' s behind MongoDB; ' || round(needed::numeric, 1)
                 || ' s are allowed.' END
        WHEN 'verified' THEN CASE WHEN value IS NULL
            THEN 'No full verification was completed since the copy.'
            ELSE 'The last full verification was completed ' || round((value / 3600)::numeric, 1) || ' hours ago; '
                 || round((needed / 3600)::numeric, 1) || ' are allowed.' END
        WHEN 'drift' THEN sluice.gate_count(value) || CASE value WHEN 1 THEN ' row is known to differ from its document.'
            ELSE ' rows are known to differ from their documents.' END
        WHEN 'undecided' THEN CASE WHEN value IS NULL
            THEN 'How many documents can''t be decided on is not known before a full verification.'
            ELSE value || ' documents were undecided in the last full verification; ' || needed || ' are allowed.' END
        WHEN 'rechecks' THEN CASE WHEN value IS NULL
            THEN 'No process has compared again what the stream has written (continuous verification is off).'
            ELSE value || ' documents were written since the last full verification and not compared again; ' || needed
                 || ' are allowed.' END
        WHEN 'dead_letters' THEN sluice.gate_count(value) || CASE value WHEN 1 THEN ' dead letter that nobody accepted.'
            ELSE ' dead letters that nobody accepted.' END
        WHEN 'quarantine' THEN sluice.gate_count(value) || CASE value WHEN 1 THEN ' quarantined value that nobody accepted.'
            ELSE ' quarantined values that nobody accepted.' END
        WHEN 'waiting' THEN sluice.gate_count(value) || CASE value WHEN 1 THEN ' document waits' ELSE ' documents wait' END
            || ' for a row which it refers to.'
        WHEN 'resync' THEN sluice.gate_count(value) || CASE value WHEN 1 THEN ' entry is' ELSE ' entries are' END
            || ' on the list to be resynced; ' || needed || ' are allowed.'
        WHEN 'schema_changes' THEN value || CASE value WHEN 1 THEN ' change of it waits' ELSE ' changes of it wait' END
            || ' for a decision.'
        WHEN 'headroom' THEN CASE WHEN value IS NULL
            THEN 'How long the oplog still keeps the position is not known.'
            ELSE 'The oplog reaches ' || round(value::numeric) || ' s further back than the position; ' || round(needed::numeric)
                 || ' s are needed.' END
    END
$body$;

CREATE OR REPLACE FUNCTION sluice.gate_values(for_pipeline text)
    RETURNS TABLE (collection text, condition text, value double precision)
    LANGUAGE sql STABLE AS $body$
    SELECT w.collection, c.condition, c.value
    FROM sluice.watermark w
    LEFT JOIN sluice.backfill b ON b.pipeline = w.pipeline AND b.collection = w.collection
    LEFT JOIN LATERAL (
        SELECT v.finished_at, v.undecided FROM sluice.verification v
        WHERE v.pipeline = w.pipeline AND v.collection = w.collection AND v.mode = 'full' AND v.state = 'done'
          AND v.started_at >= b.finished_at
        ORDER BY v.started_at DESC LIMIT 1) v ON true
    LEFT JOIN sluice.measurement source
        ON source.pipeline = w.pipeline AND source.collection = '*' AND source.measure = 'source'
    LEFT JOIN sluice.measurement headroom
        ON headroom.pipeline = w.pipeline AND headroom.collection = '*' AND headroom.measure = 'headroom'
    LEFT JOIN sluice.measurement rechecks
        ON rechecks.pipeline = w.pipeline AND rechecks.collection = w.collection AND rechecks.measure = 'rechecks'
    CROSS JOIN LATERAL (VALUES
        ('copied', CASE WHEN b.state = 'done' THEN 0 ELSE 1 END::double precision),
        ('after_migrations', CASE WHEN EXISTS (
             SELECT FROM sluice.after_table t WHERE t.pipeline = w.pipeline AND t.collection = w.collection)
             THEN ((SELECT count(*) FROM sluice.after_migration m
                    WHERE m.pipeline = w.pipeline AND m.state <> 'done')
                   + (SELECT count(*) FROM sluice.after_table t
                      WHERE t.pipeline = w.pipeline AND t.collection = w.collection
                        AND NOT sluice.is_analyzed(t)))::double precision END),
        ('running', sluice.seconds_since(source.measured_at)),
        ('source', source.value + sluice.seconds_since(source.measured_at)),
        -- Both of MongoDB's clock, and then how long ago that was by this one.
        ('fresh', CASE WHEN w.source_time - w.cluster_time IS NOT NULL
                       THEN greatest(extract(epoch FROM w.source_time - w.cluster_time), 0)::double precision
                            + sluice.seconds_since(w.applied_at) END),
        ('verified', sluice.seconds_since(v.finished_at)),
        ('drift', (SELECT coalesce(sum(x.rows), 0) FROM (
                       SELECT d.rows FROM sluice.drift d
                       WHERE d.pipeline = w.pipeline AND d.collection = w.collection LIMIT 10001) x)::double precision),
        ('undecided', v.undecided::double precision),
        ('rechecks', rechecks.value),
        ('dead_letters', (SELECT count(*) FROM (
                              SELECT FROM sluice.dead_letter l
                              WHERE l.pipeline = w.pipeline AND l.collection = w.collection
                                AND l.accepted_at IS NULL LIMIT 10001) x)::double precision),
        ('quarantine', (SELECT count(*) FROM (
                            SELECT FROM sluice.quarantine q
                            WHERE q.pipeline = w.pipeline AND q.collection = w.collection
                              AND NOT sluice.is_accepted(q) LIMIT 10001) x)::double precision),
        ('waiting', (SELECT count(DISTINCT x.row_key) FROM (
                         SELECT y.row_key FROM sluice.waiting y
                         WHERE y.pipeline = w.pipeline AND y.collection = w.collection AND y.kind = 'reference'
                         LIMIT 10001) x)::double precision),
        ('resync', (SELECT count(*) FROM (
                        SELECT FROM sluice.resync r
                        WHERE r.pipeline = w.pipeline AND r.collection = w.collection LIMIT 10001) x)::double precision),
        ('schema_changes', (SELECT count(*) FROM sluice.schema_change s
                            WHERE s.pipeline = w.pipeline AND s.collection IN (w.collection, '*')
                              AND s.settled_at IS NULL)::double precision),
        ('headroom', headroom.value)
    ) c (condition, value)
    WHERE w.pipeline = for_pipeline
$body$;
