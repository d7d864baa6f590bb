-- Who waits says so, so that a pipeline writes up to where it has read at once, although no change of its own came. The sign
-- is a lock that excludes nobody: others see it at once, where they would see a row or a notification after this
-- transaction only, and it needs no right. It is shared by all who wait, and ends with their transactions.

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
    told       boolean := false;
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
        -- Fails only for the moment in which a pipeline looks.
        IF NOT told THEN
            told := pg_try_advisory_xact_lock_shared(1936487799, 0);
        END IF;
        PERFORM pg_sleep(least(pause, remaining));
        pause := least(pause * 1.5, 0.025);
    END LOOP;
END
$body$;
