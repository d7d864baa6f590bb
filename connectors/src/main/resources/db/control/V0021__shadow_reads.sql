-- What applications found that read both sides (route `both`), counted by collection, and how long each side took.

CREATE TABLE sluice.shadow_read (
    pipeline                text        NOT NULL,
    collection              text        NOT NULL,
    copied_at               timestamptz,
    equal                   bigint      NOT NULL DEFAULT 0,
    different               bigint      NOT NULL DEFAULT 0,
    unconfirmed             bigint      NOT NULL DEFAULT 0,
    reported                bigint      NOT NULL DEFAULT 0,
    unchecked               bigint      NOT NULL DEFAULT 0,
    consecutive_equal          bigint      NOT NULL DEFAULT 0,
    last_different_at       timestamptz,
    mongodb_reads           bigint[]    NOT NULL DEFAULT '{}',
    mongodb_reads_before    bigint[]    NOT NULL DEFAULT '{}',
    postgres_reads          bigint[]    NOT NULL DEFAULT '{}',
    postgres_reads_before   bigint[]    NOT NULL DEFAULT '{}',
    window_began_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at              timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (pipeline, collection)
);
COMMENT ON TABLE sluice.shadow_read IS
    'Shadow reads of each collection since it was last copied: an application read both sides and told what it found.';
COMMENT ON COLUMN sluice.shadow_read.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.shadow_read.collection IS 'Name of the collection.';
COMMENT ON COLUMN sluice.shadow_read.copied_at IS
    'When the copy was completed that the counts are about. Another one begins them again. NULL: it was not copied yet.';
COMMENT ON COLUMN sluice.shadow_read.equal IS 'Reads that the application found equal on both sides.';
COMMENT ON COLUMN sluice.shadow_read.different IS
    'Reads of documents that the application found different, and whose rows do differ: they are in sluice.drift.';
COMMENT ON COLUMN sluice.shadow_read.unconfirmed IS
    'Reads of documents that the application found different, and whose rows are as they should be: it was lag, or the '
    'application queries or compares something else.';
COMMENT ON COLUMN sluice.shadow_read.reported IS
    'Reads of lists that the application found different. Sluice does not know the query, and takes its word.';
COMMENT ON COLUMN sluice.shadow_read.unchecked IS
    'Reads that the application found different and Sluice has not compared, or not yet.';
COMMENT ON COLUMN sluice.shadow_read.consecutive_equal IS
    'Equal reads since the last one that is different or reported. The gate can ask for a number of them.';
COMMENT ON COLUMN sluice.shadow_read.last_different_at IS
    'When Sluice last counted one that is different or reported. NULL: never since the copy.';
COMMENT ON COLUMN sluice.shadow_read.mongodb_reads IS
    'How long MongoDB took in the current window of ten minutes: element n counts the reads that took less than '
    '0.1 * 1.2 ^ (n - 1) ms and are in no earlier one.';
COMMENT ON COLUMN sluice.shadow_read.mongodb_reads_before IS 'As mongodb_reads, of the window before.';
COMMENT ON COLUMN sluice.shadow_read.postgres_reads IS 'As mongodb_reads, of PostgreSQL.';
COMMENT ON COLUMN sluice.shadow_read.postgres_reads_before IS 'As postgres_reads, of the window before.';
COMMENT ON COLUMN sluice.shadow_read.window_began_at IS 'When the current window of the latencies began.';
COMMENT ON COLUMN sluice.shadow_read.changed_at IS 'When the counts last changed.';

CREATE TABLE sluice.shadow_list (
    pipeline         text        NOT NULL,
    collection       text        NOT NULL,
    name             text        NOT NULL,
    equal            bigint      NOT NULL DEFAULT 0,
    reported         bigint      NOT NULL DEFAULT 0,
    last_reported_at timestamptz,
    PRIMARY KEY (pipeline, collection, name)
);
COMMENT ON TABLE sluice.shadow_list IS
    'Shadow reads of lists by the name that the application gave the query, since the collection was last copied.';
COMMENT ON COLUMN sluice.shadow_list.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.shadow_list.collection IS 'Name of the collection.';
COMMENT ON COLUMN sluice.shadow_list.name IS 'What the application calls the query.';
COMMENT ON COLUMN sluice.shadow_list.equal IS 'Reads that the application found equal.';
COMMENT ON COLUMN sluice.shadow_list.reported IS 'Reads that it found different.';
COMMENT ON COLUMN sluice.shadow_list.last_reported_at IS 'When it last found one different. NULL: never since the copy.';

-- The gate may ask for a number of equal ones. Not by itself: without a route to both there are none.
ALTER TABLE sluice.gate_condition DROP CONSTRAINT gate_condition_unit_check;
ALTER TABLE sluice.gate_condition ADD CONSTRAINT gate_condition_unit_check
    CHECK (unit IN ('seconds', 'documents', 'rows', 'values', 'changes', 'copies', 'statements', 'reads'));

INSERT INTO sluice.gate_condition (ordinal, condition, unit, at_least, max_value, reopens_at, meaning) VALUES
    (21, 'shadow_reads', 'reads', true, NULL, NULL,
     'Equal shadow reads since the last one that was different; asked for where a limit is set, and not before a route to '
     'both sides, which is where they come from.');

-- As in V0015, with the conditions after_migrations and shadow_reads. A later migration that changes one of the two takes its text from here.

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
        WHEN 'shadow_reads' THEN value || CASE value WHEN 1 THEN ' shadow read was' ELSE ' shadow reads were' END
            || ' equal since the last difference; ' || needed || ' are needed.'
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
        ('headroom', headroom.value),
        -- Of this copy: counts of an earlier one are over.
        ('shadow_reads', coalesce((SELECT r.consecutive_equal FROM sluice.shadow_read r
                                   WHERE r.pipeline = w.pipeline AND r.collection = w.collection
                                     AND r.copied_at IS NOT DISTINCT FROM b.finished_at), 0)::double precision)
    ) c (condition, value)
    WHERE w.pipeline = for_pipeline
$body$;
