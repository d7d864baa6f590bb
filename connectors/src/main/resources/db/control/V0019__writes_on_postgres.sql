-- The end of a migration: the writes of a collection move to PostgreSQL, and Sluice writes its tables no more.

CREATE TABLE sluice.moved_writes (
    pipeline    text        NOT NULL,
    collection  text        NOT NULL,
    moved_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    moved_by    text        NOT NULL,
    certificate jsonb       NOT NULL,
    PRIMARY KEY (pipeline, collection)
);
COMMENT ON TABLE sluice.moved_writes IS
    'Collections whose writes have moved to PostgreSQL (state writes_on_postgres). No command of Sluice writes their tables '
    'or compares them.';
COMMENT ON COLUMN sluice.moved_writes.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.moved_writes.collection IS 'Name of the collection.';
COMMENT ON COLUMN sluice.moved_writes.moved_at IS 'When they moved.';
COMMENT ON COLUMN sluice.moved_writes.moved_by IS 'Who moved them.';
COMMENT ON COLUMN sluice.moved_writes.certificate IS
    'What was true then: documents, rows, as of which time they were verified, what was accepted, and what MongoDB did by '
    'itself and nobody does now. Never values of documents.';

-- By its owner's rights, so that a role which waits for rows still needs to read no more than two tables.
CREATE FUNCTION sluice.writes_moved(for_pipeline text, for_collection text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
    SELECT EXISTS (SELECT FROM sluice.moved_writes m WHERE m.pipeline = for_pipeline AND m.collection = for_collection)
$body$;
COMMENT ON FUNCTION sluice.writes_moved(text, text) IS
    'Whether the writes of the collection have moved to PostgreSQL.';

-- The fence: a session of Sluice reads both when it begins, and each of its transactions asks for the same number.
ALTER TABLE sluice.position ADD COLUMN writes_moved integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN sluice.position.writes_moved IS
    'Raised whenever the writes of collections move to PostgreSQL. A transaction of a session that began before is refused.';

-- What finish has begun and a killed process could leave behind.
CREATE TABLE sluice.unfinished (
    pipeline text        NOT NULL,
    what     text        NOT NULL CHECK (what IN ('write_block', 'slot')),
    name     text        NOT NULL DEFAULT '',
    since    timestamptz NOT NULL DEFAULT clock_timestamp(),
    by       text        NOT NULL,
    PRIMARY KEY (pipeline, what)
);
COMMENT ON TABLE sluice.unfinished IS
    'What `sluice finish` made on a server before it moved the writes: written before, deleted when it is taken back or kept '
    'on purpose. A row that stays is of a process that was killed; the next finish takes it up.';
COMMENT ON COLUMN sluice.unfinished.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.unfinished.what IS
    'write_block: MongoDB blocks the writes of users. slot: a logical replication slot of PostgreSQL.';
COMMENT ON COLUMN sluice.unfinished.name IS 'Name of the slot.';
COMMENT ON COLUMN sluice.unfinished.since IS 'When it was made.';
COMMENT ON COLUMN sluice.unfinished.by IS 'Who made it.';

-- A collection whose writes have moved waits for nothing any more.
CREATE OR REPLACE FUNCTION sluice.wait_until(
    target_time timestamptz, seconds bigint, increment integer, timeout interval, collection text, pipeline text)
    RETURNS boolean
    LANGUAGE plpgsql VOLATILE AS $body$
#variable_conflict error
DECLARE
    deadline   timestamptz := clock_timestamp() + timeout;
    pause      double precision := 0.002;
    remaining  double precision;
    known      bigint;
    is_applied boolean;
BEGIN
    IF timeout IS NULL THEN
        RAISE EXCEPTION 'sluice.wait_for takes a timeout, such as interval ''5 seconds''.'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'sluice.wait_for can''t see anything new in a % transaction: it keeps the snapshot that it began with.',
                        upper(current_setting('transaction_isolation'))
            USING ERRCODE = 'invalid_transaction_state',
                  HINT = 'Wait before the transaction begins, or use READ COMMITTED.';
    END IF;
    LOOP
        SELECT count(*),
               bool_and(sluice.writes_moved(w.pipeline, w.collection)
                        OR (coalesce(b.state = 'done', false)
                            AND (coalesce(w.cluster_time >= wait_until.target_time, false)
                                 OR coalesce((w.through_seconds, w.through_increment)
                                             >= (wait_until.seconds, wait_until.increment), false))))
        INTO known, is_applied
        FROM sluice.watermark w
        LEFT JOIN sluice.backfill b ON b.pipeline = w.pipeline AND b.collection = w.collection
        WHERE (wait_until.pipeline IS NULL OR w.pipeline = wait_until.pipeline)
          AND (wait_until.collection IS NULL OR w.collection = wait_until.collection);
        IF known = 0 THEN
            IF wait_until.pipeline IS NOT NULL
               AND NOT EXISTS (SELECT FROM sluice.watermark w WHERE w.pipeline = wait_until.pipeline) THEN
                RAISE EXCEPTION 'There is no pipeline "%" here.', wait_until.pipeline
                    USING ERRCODE = 'undefined_object', HINT = 'SELECT DISTINCT pipeline FROM sluice.watermark';
            ELSIF wait_until.collection IS NOT NULL THEN
                RAISE EXCEPTION 'No pipeline writes a collection "%".', wait_until.collection
                    USING ERRCODE = 'undefined_object', HINT = 'SELECT pipeline, collection FROM sluice.watermark';
            ELSE
                RAISE EXCEPTION 'No pipeline has been started here yet.'
                    USING ERRCODE = 'undefined_object', HINT = '"sluice run" starts one.';
            END IF;
        END IF;
        IF is_applied THEN
            RETURN true;
        END IF;
        remaining := extract(epoch FROM deadline - clock_timestamp());
        IF remaining <= 0 THEN
            RETURN false;
        END IF;
        PERFORM pg_sleep(least(pause, remaining));
        pause := least(pause * 1.5, 0.025);
    END LOOP;
END
$body$;

-- Its gate judges nothing any more.
CREATE OR REPLACE FUNCTION sluice.gate_judged(for_pipeline text)
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
        WHERE l.max_value IS NOT NULL AND NOT sluice.writes_moved(for_pipeline, v.collection)) j
$body$;

CREATE OR REPLACE FUNCTION sluice.gate(for_pipeline text, for_collection text DEFAULT NULL)
    RETURNS TABLE (collection text, condition text, met boolean, value double precision, max_value double precision,
                   unit text, reason text)
    LANGUAGE sql STABLE AS $body$
    SELECT g.collection, g.condition, g.met, g.value, g.max_value, g.unit, g.reason
    FROM (
        SELECT j.collection, j.ordinal, j.condition, j.within AND NOT held.yes, nullif(j.value, 'Infinity'), j.max_value,
               j.unit,
               CASE WHEN NOT j.within THEN sluice.gate_reason(j.condition, j.value, j.needed)
                    WHEN held.yes THEN 'It was not met within the last '
                                       || extract(epoch FROM sluice.gate_hold())::integer || ' seconds.' END
        FROM sluice.gate_judged(for_pipeline) j
        CROSS JOIN LATERAL (
            SELECT coalesce(clock_timestamp() - j.last_shut_at < sluice.gate_hold(), false) AS yes) held
        UNION ALL
        SELECT m.collection, 0, 'writes_on_postgres', true, NULL, NULL, 'collections', NULL
        FROM sluice.moved_writes m
        WHERE m.pipeline = for_pipeline) g (collection, ordinal, condition, met, value, max_value, unit, reason)
    WHERE for_collection IS NULL OR g.collection = for_collection
    ORDER BY g.collection, g.ordinal
$body$;
