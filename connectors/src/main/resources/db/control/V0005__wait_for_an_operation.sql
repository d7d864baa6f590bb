-- How far a collection is applied, exactly, and functions with which an application waits for a write of its own.
-- Nothing is claimed of a collection before all of it is copied.

ALTER TABLE sluice.watermark
    ADD COLUMN through_seconds   bigint,
    ADD COLUMN through_increment integer,
    ADD COLUMN source_time       timestamptz,
    ADD CONSTRAINT watermark_through_check CHECK ((through_seconds IS NULL) = (through_increment IS NULL));

UPDATE sluice.watermark w SET cluster_time = NULL
WHERE NOT EXISTS (SELECT FROM sluice.backfill b
                  WHERE b.pipeline = w.pipeline AND b.collection = w.collection AND b.state = 'done');

COMMENT ON TABLE sluice.watermark IS
    'How fresh each collection is: all that MongoDB committed up to cluster_time, and every operation up to '
    'through_seconds, through_increment, is in the tables. cluster_time also moves when nothing happens. What could not '
    'be applied counts as done: it is in sluice.dead_letter, sluice.quarantine or sluice.waiting.';
COMMENT ON COLUMN sluice.watermark.cluster_time IS
    'Everything committed in MongoDB up to this time, by MongoDB''s wall clock, is applied. NULL: unknown, as before the '
    'collection is copied.';
COMMENT ON COLUMN sluice.watermark.through_seconds IS
    'Every operation with an operation time (cluster time) up to and with this one is applied: its seconds since 1970. '
    'NULL: unknown.';
COMMENT ON COLUMN sluice.watermark.through_increment IS
    'Every operation with an operation time up to and with this one is applied: its counter within the second. NULL: '
    'unknown.';
COMMENT ON COLUMN sluice.watermark.source_time IS
    'MongoDB''s wall clock when this was written (applied_at is PostgreSQL''s): source_time - cluster_time is how far the '
    'rows were behind then, whatever the two clocks differ by. NULL: unknown.';

-- The least of all pipelines that write the collection; unknown for one is unknown for all, which min() would hide.
CREATE OR REPLACE FUNCTION sluice.applied_through(collection text) RETURNS timestamptz
    LANGUAGE sql STABLE AS $body$
    SELECT CASE WHEN bool_and(w.cluster_time IS NOT NULL AND coalesce(b.state = 'done', false))
                THEN min(w.cluster_time) END
    FROM sluice.watermark w
    LEFT JOIN sluice.backfill b ON b.pipeline = w.pipeline AND b.collection = w.collection
    WHERE w.collection = applied_through.collection
$body$;
COMMENT ON FUNCTION sluice.applied_through(text) IS
    'Everything MongoDB committed to the collection up to this time is in PostgreSQL. NULL: unknown, as before the '
    'collection is copied, or no such collection.';

-- Each look takes a new snapshot, which is why this is volatile and refuses transactions that keep theirs.
CREATE FUNCTION sluice.wait_until(
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
               bool_and(coalesce(b.state = 'done', false)
                        AND (coalesce(w.cluster_time >= wait_until.target_time, false)
                             OR coalesce((w.through_seconds, w.through_increment)
                                         >= (wait_until.seconds, wait_until.increment), false)))
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
COMMENT ON FUNCTION sluice.wait_until(timestamptz, bigint, integer, interval, text, text) IS
    'What both forms of sluice.wait_for do: waits until either part of the watermark is there.';

-- The exact part stands still where nothing comes that concerns the pipeline: an idle source, a write that changed
-- nothing, one to a collection that is not mapped. Then the other part tells: an operation time is never behind MongoDB's
-- wall clock, so when everything up to the end of its second by that clock is applied, the operation is.
CREATE FUNCTION sluice.wait_for(
    seconds bigint, increment integer, timeout interval, collection text DEFAULT NULL, pipeline text DEFAULT NULL)
    RETURNS boolean
    LANGUAGE plpgsql VOLATILE AS $body$
BEGIN
    IF seconds IS NULL OR increment IS NULL THEN
        RAISE EXCEPTION 'sluice.wait_for takes both parts of an operation time, seconds and increment.'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF seconds NOT BETWEEN 0 AND 4294967295 THEN
        RAISE EXCEPTION 'The seconds of an operation time are from 0 to 4294967295.'
            USING ERRCODE = 'numeric_value_out_of_range',
                  HINT = 'Of a 64-bit operation time, the upper 32 bits are the seconds and the lower 32 the increment.';
    END IF;
    RETURN sluice.wait_until(to_timestamp(seconds + 1), seconds, increment, timeout, collection, pipeline);
END
$body$;
COMMENT ON FUNCTION sluice.wait_for(bigint, integer, interval, text, text) IS
    'Waits until the operation with this operation time (BSON timestamp: seconds, increment), which a MongoDB driver '
    'gives with a session''s write, is in PostgreSQL. True: it is; false: not within the timeout. Of one collection, of '
    'one pipeline, or (NULL) of all. What was written is visible to the next statement, not to the one that waits. '
    'Refused in REPEATABLE READ and SERIALIZABLE.';

-- Drivers cut an operation time to whole seconds when they make a time of it, so a whole second stands for all of it.
CREATE FUNCTION sluice.wait_for(
    operation_time timestamptz, timeout interval, collection text DEFAULT NULL, pipeline text DEFAULT NULL)
    RETURNS boolean
    LANGUAGE plpgsql VOLATILE AS $body$
DECLARE
    whole timestamptz := date_trunc('second', operation_time);
BEGIN
    IF operation_time IS NULL OR NOT isfinite(operation_time) THEN
        RAISE EXCEPTION 'sluice.wait_for takes a time to wait for.' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    RETURN sluice.wait_until(
        CASE WHEN operation_time = whole THEN whole + interval '1 second' ELSE operation_time END,
        extract(epoch FROM whole)::bigint + 1, 0, timeout, collection, pipeline);
END
$body$;
COMMENT ON FUNCTION sluice.wait_for(timestamptz, interval, text, text) IS
    'Waits until everything that MongoDB committed up to this time, by MongoDB''s clock, is in PostgreSQL; a time without '
    'a fraction stands for its whole second. True: it is; false: not within the timeout. The form with seconds and '
    'increment is exact, and faster.';
