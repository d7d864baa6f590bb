-- The gate: whether the reads of a collection may move to PostgreSQL. One function decides, for the command line, REST,
-- the metrics and plain SQL alike; its conditions and limits are rows.

CREATE TABLE sluice.gate_condition (
    condition  text             PRIMARY KEY,
    ordinal    integer          NOT NULL UNIQUE,
    unit       text             NOT NULL CHECK (unit IN ('seconds', 'documents', 'rows', 'values', 'changes', 'copies')),
    at_least   boolean          NOT NULL DEFAULT false,
    max_value  double precision,
    reopens_at double precision,
    meaning    text             NOT NULL
);
COMMENT ON TABLE sluice.gate_condition IS
    'What the gate asks of each collection, with the limits that hold where sluice.gate_limit has none.';
COMMENT ON COLUMN sluice.gate_condition.condition IS 'Name of the condition.';
COMMENT ON COLUMN sluice.gate_condition.ordinal IS 'The order in which they are listed.';
COMMENT ON COLUMN sluice.gate_condition.unit IS 'What its value counts.';
COMMENT ON COLUMN sluice.gate_condition.at_least IS 'Whether the limit is the least value; otherwise it is the largest.';
COMMENT ON COLUMN sluice.gate_condition.max_value IS 'The limit. NULL: the condition is not asked.';
COMMENT ON COLUMN sluice.gate_condition.reopens_at IS
    'Once the limit was exceeded, the value must come back to this before the condition is met again, so that a value that '
    'swings around the limit does not open and shut the gate.';
COMMENT ON COLUMN sluice.gate_condition.meaning IS 'What it asks, in a sentence.';

INSERT INTO sluice.gate_condition (ordinal, condition, unit, at_least, max_value, reopens_at, meaning) VALUES
    (1, 'copied', 'copies', false, 0, 0, 'The collection is copied; counts copies that are missing or not complete.'),
    (2, 'running', 'seconds', false, 4, 3, 'How long ago the process that runs the pipeline last reported.'),
    (3, 'source', 'seconds', false, 4, 3, 'How long ago MongoDB last answered that process.'),
    (4, 'fresh', 'seconds', false, 10, 5, 'How far the rows are behind MongoDB.'),
    (5, 'verified', 'seconds', false, 604800, 604800,
     'How long ago a full verification was completed that began after the copy.'),
    (6, 'drift', 'rows', false, 0, 0, 'Rows that are known to differ from their documents.'),
    (7, 'undecided', 'documents', false, 100, 50, 'Documents that the last full verification could not decide on.'),
    (8, 'rechecks', 'documents', false, 100000, 50000,
     'Documents that the stream has written since the last full verification and that were not compared again.'),
    (9, 'dead_letters', 'documents', false, 0, 0, 'Dead letters that nobody accepted.'),
    (10, 'quarantine', 'values', false, 0, 0, 'Quarantined values that nobody accepted.'),
    (11, 'waiting', 'documents', false, 0, 0, 'Documents that wait for a row which they refer to.'),
    (12, 'resync', 'documents', false, 100, 50, 'Entries on the list to be resynced; a whole collection is one.'),
    (13, 'schema_changes', 'changes', false, 0, 0, 'Changes of the collection or the database that wait for a decision.'),
    (14, 'headroom', 'seconds', true, 3600, 7200, 'How much further back the oplog reaches than the position of the stream.');

CREATE TABLE sluice.gate_limit (
    pipeline   text             NOT NULL,
    collection text             NOT NULL,
    condition  text             NOT NULL REFERENCES sluice.gate_condition,
    max_value  double precision,
    reopens_at double precision,
    changed_at timestamptz      NOT NULL DEFAULT now(),
    changed_by text             NOT NULL DEFAULT session_user,
    PRIMARY KEY (pipeline, collection, condition)
);
COMMENT ON TABLE sluice.gate_limit IS
    'Limits of one pipeline or collection in the place of those in sluice.gate_condition. The most special row counts: '
    'of the collection, else of the pipeline.';
COMMENT ON COLUMN sluice.gate_limit.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.gate_limit.collection IS 'Name of the collection; * for all of the pipeline.';
COMMENT ON COLUMN sluice.gate_limit.condition IS 'Name of the condition.';
COMMENT ON COLUMN sluice.gate_limit.max_value IS 'The limit, as in sluice.gate_condition. NULL: the condition is not asked.';
COMMENT ON COLUMN sluice.gate_limit.reopens_at IS 'As in sluice.gate_condition. NULL: the limit itself.';
COMMENT ON COLUMN sluice.gate_limit.changed_at IS 'When the limit was set.';
COMMENT ON COLUMN sluice.gate_limit.changed_by IS 'Who set it.';

CREATE TABLE sluice.gate_memory (
    pipeline      text        NOT NULL,
    collection    text        NOT NULL,
    condition     text        NOT NULL REFERENCES sluice.gate_condition,
    shut          boolean     NOT NULL,
    last_shut_at  timestamptz,
    PRIMARY KEY (pipeline, collection, condition)
);
COMMENT ON TABLE sluice.gate_memory IS
    'What a running pipeline last saw of each condition, so that the gate opens only after some seconds without an '
    'exceeded limit. Written by sluice.gate_observe().';
COMMENT ON COLUMN sluice.gate_memory.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.gate_memory.collection IS 'Name of the collection.';
COMMENT ON COLUMN sluice.gate_memory.condition IS 'Name of the condition.';
COMMENT ON COLUMN sluice.gate_memory.shut IS 'Whether the limit was exceeded and the value has not come back to reopens_at.';
COMMENT ON COLUMN sluice.gate_memory.last_shut_at IS 'When the condition was last seen not to be met. NULL: never.';

CREATE TABLE sluice.measurement (
    pipeline    text             NOT NULL,
    collection  text             NOT NULL,
    measure     text             NOT NULL CHECK (measure IN ('headroom', 'source', 'rechecks')),
    value       double precision,
    measured_at timestamptz      NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (pipeline, collection, measure)
);
COMMENT ON TABLE sluice.measurement IS 'What only a running process can measure, as the gate needs it.';
COMMENT ON COLUMN sluice.measurement.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.measurement.collection IS 'Name of the collection; * for all of the pipeline.';
COMMENT ON COLUMN sluice.measurement.measure IS
    'headroom: seconds that the oplog reaches further back than the position, infinite where it has dropped nothing yet. source: seconds since MongoDB last answered. '
    'rechecks: documents written since the last full verification and not compared again.';
COMMENT ON COLUMN sluice.measurement.value IS 'The value. NULL: unknown.';
COMMENT ON COLUMN sluice.measurement.measured_at IS 'When it was measured.';

-- Accepting what can't be repaired. A newer state that fails again is another matter and is not accepted.
ALTER TABLE sluice.dead_letter
    ADD COLUMN accepted_at timestamptz,
    ADD COLUMN accepted_by text,
    ADD COLUMN accepted_why text;
COMMENT ON COLUMN sluice.dead_letter.accepted_at IS
    'Since when the gate does not count it. NULL: it counts. A newer change of the document that fails again is counted.';
COMMENT ON COLUMN sluice.dead_letter.accepted_by IS 'Who accepted it.';
COMMENT ON COLUMN sluice.dead_letter.accepted_why IS 'Why.';

-- The values of a document are quarantined again each time its row is written, so what was accepted is kept apart.
CREATE TABLE sluice.accepted_value (
    pipeline     text        NOT NULL,
    collection   text        NOT NULL,
    column_name  text        NOT NULL,
    place        bytea       NOT NULL,
    value        bytea       NOT NULL,
    accepted_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    accepted_by  text        NOT NULL,
    accepted_why text        NOT NULL DEFAULT '',
    PRIMARY KEY (pipeline, collection, column_name, place, value)
);
COMMENT ON TABLE sluice.accepted_value IS
    'Quarantined values that the gate does not count. Another value of the same document and column is counted.';
COMMENT ON COLUMN sluice.accepted_value.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.accepted_value.collection IS 'Name of the collection.';
COMMENT ON COLUMN sluice.accepted_value.column_name IS 'The column: table.column.';
COMMENT ON COLUMN sluice.accepted_value.place IS 'Digest of the document key and the path in the document.';
COMMENT ON COLUMN sluice.accepted_value.value IS 'Digest of the value.';
COMMENT ON COLUMN sluice.accepted_value.accepted_at IS 'When it was accepted.';
COMMENT ON COLUMN sluice.accepted_value.accepted_by IS 'Who accepted it.';
COMMENT ON COLUMN sluice.accepted_value.accepted_why IS 'Why.';

CREATE FUNCTION sluice.is_accepted(q sluice.quarantine) RETURNS boolean
    LANGUAGE sql STABLE AS $body$
    SELECT EXISTS (
        SELECT FROM sluice.accepted_value a
        WHERE a.pipeline = q.pipeline AND a.collection = q.collection AND a.column_name = q.column_name
          AND a.place = sluice.digest(q.document_key || E'\n' || q.path)
          AND a.value = sluice.digest(q.bson_type || ' ' || q.value))
$body$;
COMMENT ON FUNCTION sluice.is_accepted(sluice.quarantine) IS 'Whether somebody accepted this quarantined value.';

-- greatest() leaves NULL out, which here would make 0 of what is unknown.
CREATE FUNCTION sluice.seconds_since(moment timestamptz) RETURNS double precision
    LANGUAGE sql VOLATILE AS $body$
    SELECT CASE WHEN moment IS NOT NULL
                THEN greatest(extract(epoch FROM clock_timestamp() - moment), 0)::double precision END
$body$;
COMMENT ON FUNCTION sluice.seconds_since(timestamptz) IS 'Seconds from a moment until now, at least 0. NULL of NULL.';

-- How long no limit may have been exceeded before the gate opens.
CREATE FUNCTION sluice.gate_hold() RETURNS interval LANGUAGE sql IMMUTABLE AS $body$ SELECT interval '5 seconds' $body$;
COMMENT ON FUNCTION sluice.gate_hold() IS 'How long every condition must have been met before the gate opens.';

CREATE FUNCTION sluice.gate_count(value double precision) RETURNS text
    LANGUAGE sql IMMUTABLE AS $body$ SELECT CASE WHEN value > 10000 THEN 'More than 10000' ELSE value::text END $body$;
COMMENT ON FUNCTION sluice.gate_count(double precision) IS 'A number that is not counted further than to about 10,000.';

CREATE FUNCTION sluice.gate_reason(condition text, value double precision, needed double precision)
    RETURNS text
    LANGUAGE sql IMMUTABLE AS $body$
    SELECT CASE condition
        WHEN 'copied' THEN 'It is not copied yet.'
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
COMMENT ON FUNCTION sluice.gate_reason(text, double precision, double precision) IS
    'Why a condition of the gate is not met, in a sentence. Never values of documents.';

-- The values alone.
CREATE FUNCTION sluice.gate_values(for_pipeline text)
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
COMMENT ON FUNCTION sluice.gate_values(text) IS
    'The values that the gate compares with its limits, for each collection of a pipeline. NULL: unknown. It is asked every '
    'second, so nothing is counted further than to about 10,000: a value of 10,001 means that, or more.';

-- With the limits, and what was seen before.
CREATE FUNCTION sluice.gate_judged(for_pipeline text)
    RETURNS TABLE (collection text, ordinal integer, condition text, unit text, value double precision,
                   max_value double precision, needed double precision, within boolean, last_shut_at timestamptz)
    LANGUAGE sql STABLE AS $body$
    SELECT j.collection, j.ordinal, j.condition, j.unit, j.value, j.max_value, j.needed,
           coalesce(CASE WHEN j.at_least THEN j.value >= j.needed ELSE j.value <= j.needed END, false), j.last_shut_at
    FROM (
        SELECT v.collection, c.ordinal, c.condition, c.unit, c.at_least, v.value, l.max_value, m.last_shut_at,
               CASE WHEN m.shut THEN coalesce(l.reopens_at, l.max_value) ELSE l.max_value END AS needed
        FROM sluice.gate_values(for_pipeline) v
        JOIN sluice.gate_condition c ON c.condition = v.condition
        CROSS JOIN LATERAL (
            SELECT x.max_value, x.reopens_at
            FROM (SELECT g.max_value, g.reopens_at, CASE WHEN g.collection = '*' THEN 2 ELSE 1 END AS rank
                  FROM sluice.gate_limit g
                  WHERE g.pipeline = for_pipeline AND g.collection IN (v.collection, '*') AND g.condition = c.condition
                  UNION ALL
                  SELECT c.max_value, c.reopens_at, 3) x
            ORDER BY x.rank LIMIT 1) l
        LEFT JOIN sluice.gate_memory m
            ON m.pipeline = for_pipeline AND m.collection = v.collection AND m.condition = c.condition
        WHERE l.max_value IS NOT NULL) j
$body$;
COMMENT ON FUNCTION sluice.gate_judged(text) IS
    'The values with their limits: needed is reopens_at once a limit was exceeded. What sluice.gate and '
    'sluice.gate_observe are made of.';

CREATE FUNCTION sluice.gate(for_pipeline text, for_collection text DEFAULT NULL)
    RETURNS TABLE (collection text, condition text, met boolean, value double precision, max_value double precision,
                   unit text, reason text)
    LANGUAGE sql STABLE AS $body$
    SELECT j.collection, j.condition, j.within AND NOT held.yes, nullif(j.value, 'Infinity'), j.max_value, j.unit,
           CASE WHEN NOT j.within THEN sluice.gate_reason(j.condition, j.value, j.needed)
                WHEN held.yes THEN 'It was not met within the last '
                                   || extract(epoch FROM sluice.gate_hold())::integer || ' seconds.' END
    FROM sluice.gate_judged(for_pipeline) j
    CROSS JOIN LATERAL (
        SELECT coalesce(clock_timestamp() - j.last_shut_at < sluice.gate_hold(), false) AS yes) held
    WHERE for_collection IS NULL OR j.collection = for_collection
    ORDER BY j.collection, j.ordinal
$body$;
COMMENT ON FUNCTION sluice.gate(text, text) IS
    'The gate of one collection, or (NULL) of all of a pipeline: one row for each condition, with its value (NULL: '
    'unknown, or without a bound), its limit, and, where it is not met, why. The gate is open when every condition is met; a collection '
    'without rows is not mapped, or the pipeline never ran.';

CREATE FUNCTION sluice.gate_is_open(for_pipeline text, for_collection text) RETURNS boolean
    LANGUAGE sql STABLE AS $body$
    SELECT coalesce(bool_and(g.met), false) FROM sluice.gate(for_pipeline, for_collection) g
$body$;
COMMENT ON FUNCTION sluice.gate_is_open(text, text) IS 'Whether every condition of the collection''s gate is met.';

CREATE FUNCTION sluice.gate_observe(for_pipeline text) RETURNS void
    LANGUAGE sql VOLATILE AS $body$
    INSERT INTO sluice.gate_memory AS m (pipeline, collection, condition, shut, last_shut_at)
    SELECT for_pipeline, j.collection, j.condition, NOT j.within, CASE WHEN NOT j.within THEN clock_timestamp() END
    FROM sluice.gate_judged(for_pipeline) j
    LEFT JOIN sluice.gate_memory k
        ON k.pipeline = for_pipeline AND k.collection = j.collection AND k.condition = j.condition
    WHERE NOT j.within OR k.shut
    ON CONFLICT (pipeline, collection, condition) DO UPDATE
        SET shut = EXCLUDED.shut, last_shut_at = coalesce(EXCLUDED.last_shut_at, m.last_shut_at)
$body$;
COMMENT ON FUNCTION sluice.gate_observe(text) IS
    'Notes which conditions are not met now. Called every second by the process that runs the pipeline.';
