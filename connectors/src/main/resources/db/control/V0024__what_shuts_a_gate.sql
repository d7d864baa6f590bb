-- What makes a verification worthless, what a pause does to a gate, and what to do now.

CREATE FUNCTION sluice.verified_from(for_pipeline text, for_collection text) RETURNS timestamptz
    LANGUAGE sql STABLE AS $body$
    SELECT CASE WHEN EXISTS (
               SELECT FROM sluice.resync r
               WHERE r.pipeline = for_pipeline AND r.collection = for_collection
                 AND r.document_key IS NULL AND r.row_key IS NULL) THEN 'infinity'
           ELSE greatest(
               b.finished_at,
               (SELECT max(s.settled_at) FROM sluice.schema_change s
                WHERE s.pipeline = for_pipeline AND s.collection IN (for_collection, '*')
                  AND s.kind IN ('dropped', 'renamed', 'replaced', 'database_dropped')),
               (SELECT max(t.resynced_at) FROM sluice.after_table t
                WHERE t.pipeline = for_pipeline AND t.collection = for_collection)) END
    FROM sluice.backfill b
    WHERE b.pipeline = for_pipeline AND b.collection = for_collection AND b.state = 'done'
$body$;
COMMENT ON FUNCTION sluice.verified_from(text, text) IS
    'A full verification of the collection counts when it began at this time or later: after the copy, after a drop, a '
    'renaming or a replacement that was settled, by a user or by the mapping, and after a resync of all of it. infinity: such '
    'a resync is still to come. NULL: it is not copied.';

-- A pause shuts each gate at once: nothing that MongoDB commits from then on reaches the rows.
ALTER TABLE sluice.gate_condition DROP CONSTRAINT gate_condition_unit_check;
ALTER TABLE sluice.gate_condition ADD CONSTRAINT gate_condition_unit_check
    CHECK (unit IN ('seconds', 'documents', 'rows', 'values', 'changes', 'copies', 'statements', 'reads', 'pauses'));
UPDATE sluice.gate_condition SET ordinal = -ordinal WHERE ordinal > 2;
UPDATE sluice.gate_condition SET ordinal = 1 - ordinal WHERE ordinal < 0;
INSERT INTO sluice.gate_condition (ordinal, condition, unit, at_least, max_value, reopens_at, meaning) VALUES
    (3, 'paused', 'pauses', false, 0, 0, 'Whether a user has paused the pipeline.');
UPDATE sluice.gate_condition SET meaning =
    'How long ago a full verification was completed that began after the copy, after the last drop, renaming or replacement '
    'of the collection, and after the last resync of all of it.'
WHERE condition = 'verified';

-- A limit that reopens where it is still exceeded would never shut, or never open.
CREATE FUNCTION sluice.check_gate_limit() RETURNS trigger
    LANGUAGE plpgsql AS $body$
DECLARE
    is_least boolean;
BEGIN
    SELECT c.at_least INTO is_least FROM sluice.gate_condition c WHERE c.condition = NEW.condition;
    IF NEW.max_value = 'NaN' OR NEW.max_value < 0 OR NEW.reopens_at = 'NaN' OR NEW.reopens_at < 0 THEN
        RAISE EXCEPTION 'A limit of the condition % is a number from 0.', NEW.condition USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.reopens_at > NEW.max_value AND NOT is_least THEN
        RAISE EXCEPTION 'The condition % can''t reopen at %: that is more than its limit %.', NEW.condition, NEW.reopens_at,
            NEW.max_value USING ERRCODE = 'check_violation', HINT = 'Set reopens_at to the limit or less.';
    ELSIF NEW.reopens_at < NEW.max_value AND is_least THEN
        RAISE EXCEPTION 'The condition % can''t reopen at %: that is less than its limit %.', NEW.condition, NEW.reopens_at,
            NEW.max_value USING ERRCODE = 'check_violation', HINT = 'Set reopens_at to the limit or more.';
    END IF;
    IF NOT EXISTS (SELECT FROM sluice.watermark w WHERE w.pipeline = NEW.pipeline) THEN
        RAISE WARNING 'No pipeline "%" has run here; the limit holds once one does.', NEW.pipeline
            USING HINT = 'SELECT DISTINCT pipeline FROM sluice.watermark';
    ELSIF NEW.collection <> '*' AND NOT EXISTS (
            SELECT FROM sluice.watermark w WHERE w.pipeline = NEW.pipeline AND w.collection = NEW.collection) THEN
        RAISE WARNING 'The pipeline "%" has never followed a collection "%"; the limit holds once it does.', NEW.pipeline,
            NEW.collection;
    END IF;
    RETURN NEW;
END
$body$;
COMMENT ON FUNCTION sluice.check_gate_limit() IS
    'Refuses limits that no value can meet, and warns of those that are for no pipeline or collection there is.';
CREATE TRIGGER gate_limit_check BEFORE INSERT OR UPDATE ON sluice.gate_limit
    FOR EACH ROW EXECUTE FUNCTION sluice.check_gate_limit();

-- Commands that a reason names can be pasted.
CREATE FUNCTION sluice.gate_word(name text) RETURNS text
    LANGUAGE sql IMMUTABLE AS $body$ SELECT CASE WHEN name ~ '^[A-Za-z0-9_.-]+$' THEN name ELSE quote_literal(name) END $body$;
COMMENT ON FUNCTION sluice.gate_word(text) IS 'The name of a collection as one word of a command.';

CREATE FUNCTION sluice.gate_allowed(max_value double precision, reopens_at double precision, unit text, is_needed boolean)
    RETURNS text
    LANGUAGE sql IMMUTABLE AS $body$
    SELECT round(max_value::numeric, 1)::double precision || unit || CASE WHEN is_needed THEN ' are needed' ELSE ' are allowed' END
           || CASE WHEN reopens_at <> max_value
                   THEN ', and it reopens at ' || round(reopens_at::numeric, 1)::double precision || unit ELSE '' END || '.'
$body$;
COMMENT ON FUNCTION sluice.gate_allowed(double precision, double precision, text, boolean) IS
    'The limit of a condition, and at which value it is met again, in words.';

DROP FUNCTION sluice.gate_reason(text, double precision, double precision);
CREATE FUNCTION sluice.gate_reason(
    collection text, condition text, value double precision, max_value double precision, reopens_at double precision)
    RETURNS text
    LANGUAGE sql STABLE AS $body$
    SELECT CASE condition
        WHEN 'copied' THEN 'It is not copied yet. `sluice run` copies it.'
        WHEN 'after_migrations' THEN CASE WHEN value IS NULL
            THEN 'Which after-migrations it has is not known: no process has looked yet.'
            WHEN value = 1 THEN '1 statement of an after-migration is not applied, or 1 table is not analyzed since the copy.'
            ELSE value || ' statements of after-migrations are not applied, or tables not analyzed since the copy.' END
            || ' `sluice migrate --after` does it.'
        WHEN 'running' THEN CASE WHEN value IS NULL THEN 'No process has run the pipeline yet.'
            ELSE 'No process runs the pipeline: the last one reported ' || round(value::numeric) || ' s ago.' END
            || ' Start `sluice run`.'
        WHEN 'paused' THEN 'The pipeline is paused. `sluice resume` ends that.'
        WHEN 'source' THEN CASE WHEN value IS NULL THEN 'No process has asked MongoDB yet.'
            ELSE 'MongoDB last answered ' || round(value::numeric) || ' s ago.' END
            || ' Look at MongoDB; `sluice status` says what the process meets.'
        WHEN 'fresh' THEN CASE WHEN value IS NULL THEN 'How far its rows are behind MongoDB is not known.'
            ELSE 'Its rows are ' || round(value::numeric, 1) || ' s behind MongoDB; '
                 || sluice.gate_allowed(max_value, reopens_at, ' s', false) END
            || ' `sluice status` shows the lag.'
        WHEN 'verified' THEN CASE WHEN value IS NULL
            THEN 'No full verification was completed since the copy, its last drop, renaming or replacement, and the last '
                 'resync of all of it.'
            ELSE 'The last full verification was completed ' || round((value / 3600)::numeric, 1) || ' hours ago; '
                 || sluice.gate_allowed(max_value / 3600, reopens_at / 3600, ' hours', false) END
            || ' `sluice verify --collection ' || sluice.gate_word(collection) || '` does one.'
        WHEN 'drift' THEN sluice.gate_count(value) || CASE value WHEN 1 THEN ' row is known to differ from its document.'
            ELSE ' rows are known to differ from their documents.' END
            || ' `sluice verify --repair --collection ' || sluice.gate_word(collection) || '` repairs that.'
        WHEN 'undecided' THEN CASE WHEN value IS NULL
            THEN 'How many documents can''t be decided on is not known before a full verification.'
            ELSE value || ' documents were undecided in the last full verification; '
                 || sluice.gate_allowed(max_value, reopens_at, '', false) END
            || ' `sluice verify --collection ' || sluice.gate_word(collection) || '` does another one.'
        WHEN 'rechecks' THEN CASE WHEN value IS NULL
            THEN 'No process has compared again what the stream has written (continuous verification is off). Start '
                 '`sluice run` with SLUICE_VERIFY_BUDGET above 0.'
            ELSE value || ' documents were written since the last full verification and not compared again; '
                 || sluice.gate_allowed(max_value, reopens_at, '', false)
                 || ' `sluice verify --collection ' || sluice.gate_word(collection) || '` compares all.' END
        WHEN 'dead_letters' THEN sluice.gate_count(value) || CASE value WHEN 1 THEN ' dead letter that nobody accepted.'
            ELSE ' dead letters that nobody accepted.' END
            || ' `sluice dead-letters list --collection ' || sluice.gate_word(collection) || '` shows why.'
        WHEN 'quarantine' THEN sluice.gate_count(value) || CASE value WHEN 1 THEN ' quarantined value that nobody accepted.'
            ELSE ' quarantined values that nobody accepted.' END
            || ' `sluice quarantine list --collection ' || sluice.gate_word(collection) || '` shows why.'
        WHEN 'waiting' THEN sluice.gate_count(value) || CASE value WHEN 1 THEN ' document waits' ELSE ' documents wait' END
            || ' for a row which it refers to. `SELECT * FROM sluice.waiting` names it.'
        WHEN 'resync' THEN sluice.gate_count(value) || CASE value WHEN 1 THEN ' entry is' ELSE ' entries are' END
            || ' on the list to be resynced; ' || sluice.gate_allowed(max_value, reopens_at, '', false)
            || ' The running pipeline works them off; `sluice status` shows how many are left.'
        WHEN 'schema_changes' THEN value || CASE value WHEN 1 THEN ' change of it waits' ELSE ' changes of it wait' END
            || ' for a decision. `sluice schema-changes list` shows it.'
        WHEN 'headroom' THEN CASE WHEN value IS NULL
            THEN 'How long the oplog still keeps the position is not known. `sluice plan` says why.'
            ELSE 'The oplog reaches ' || round(value::numeric) || ' s further back than the position; '
                 || sluice.gate_allowed(max_value, reopens_at, ' s', true)
                 || ' Enlarge the oplog: db.adminCommand({replSetResizeOplog: 1, minRetentionHours: 24}).' END
        WHEN 'shadow_reads' THEN value || CASE value WHEN 1 THEN ' shadow read was' ELSE ' shadow reads were' END
            || ' equal since the last difference; ' || sluice.gate_allowed(max_value, reopens_at, '', true)
            || ' `sluice cutover ' || sluice.gate_word(collection) || ' --shadow 20` has more readers report them.'
    END
$body$;
COMMENT ON FUNCTION sluice.gate_reason(text, text, double precision, double precision, double precision) IS
    'Why a condition of the gate is not met, and what to do now, in sentences. Never values of documents.';

-- As in V0021, with the condition paused and sluice.verified_from. A later migration that changes one of these takes its text from here.
CREATE OR REPLACE FUNCTION sluice.gate_values(for_pipeline text)
    RETURNS TABLE (collection text, condition text, value double precision)
    LANGUAGE sql STABLE AS $body$
    SELECT w.collection, c.condition, c.value
    FROM sluice.watermark w
    LEFT JOIN sluice.backfill b ON b.pipeline = w.pipeline AND b.collection = w.collection
    LEFT JOIN LATERAL (
        SELECT v.finished_at, v.undecided FROM sluice.verification v
        WHERE v.pipeline = w.pipeline AND v.collection = w.collection AND v.mode = 'full' AND v.state = 'done'
          AND v.started_at >= sluice.verified_from(w.pipeline, w.collection)
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
        ('paused', (SELECT count(*) FROM sluice.pause p
                    WHERE p.pipeline = w.pipeline
                      AND coalesce(p.resumes_at > clock_timestamp(), true))::double precision),
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

-- A value that swings around its limit is above it for a moment only, which the look of each second can miss.
ALTER TABLE sluice.gate_memory ADD COLUMN hold interval NOT NULL DEFAULT interval '5 seconds';
COMMENT ON COLUMN sluice.gate_memory.hold IS
    'For how long the condition must have been met before the gate opens: longer when its value went over the limit '
    'again within two minutes.';

-- As in V0019, with reopens_at for the reasons.
DROP FUNCTION sluice.gate_judged(text);
CREATE FUNCTION sluice.gate_judged(for_pipeline text)
    RETURNS TABLE (collection text, ordinal integer, condition text, unit text, value double precision,
                   max_value double precision, reopens_at double precision, needed double precision, within boolean,
                   last_shut_at timestamptz, hold interval)
    LANGUAGE sql STABLE AS $body$
    SELECT j.collection, j.ordinal, j.condition, j.unit, j.value, j.max_value, j.reopens_at, j.needed,
           coalesce(CASE WHEN j.at_least THEN j.value >= j.needed ELSE j.value <= j.needed END, false), j.last_shut_at,
           j.hold
    FROM (
        SELECT v.collection, c.ordinal, c.condition, c.unit, c.at_least, v.value, l.max_value,
               coalesce(l.reopens_at, l.max_value) AS reopens_at, m.last_shut_at,
               coalesce(m.hold, sluice.gate_hold()) AS hold,
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
COMMENT ON FUNCTION sluice.gate_judged(text) IS
    'The values with their limits: needed is reopens_at once a limit was exceeded. What sluice.gate and '
    'sluice.gate_observe are made of.';

CREATE OR REPLACE FUNCTION sluice.gate_observe(for_pipeline text) RETURNS void
    LANGUAGE sql VOLATILE AS $body$
    INSERT INTO sluice.gate_memory AS m (pipeline, collection, condition, shut, last_shut_at, hold)
    SELECT for_pipeline, j.collection, j.condition, NOT j.within, CASE WHEN NOT j.within THEN clock_timestamp() END,
           CASE WHEN j.within OR k.shut THEN j.hold
                -- A condition without a limit to come back to counts things, and does not swing.
                WHEN j.reopens_at <> j.max_value AND clock_timestamp() - k.last_shut_at < interval '2 minutes'
                    THEN interval '1 minute'
                ELSE sluice.gate_hold() END
    FROM sluice.gate_judged(for_pipeline) j
    LEFT JOIN sluice.gate_memory k
        ON k.pipeline = for_pipeline AND k.collection = j.collection AND k.condition = j.condition
    WHERE NOT j.within OR k.shut
    ON CONFLICT (pipeline, collection, condition) DO UPDATE
        SET shut = EXCLUDED.shut, last_shut_at = coalesce(EXCLUDED.last_shut_at, m.last_shut_at), hold = EXCLUDED.hold
$body$;

CREATE OR REPLACE FUNCTION sluice.gate(for_pipeline text, for_collection text DEFAULT NULL)
    RETURNS TABLE (collection text, condition text, met boolean, value double precision, max_value double precision,
                   unit text, reason text)
    LANGUAGE sql STABLE AS $body$
    SELECT g.collection, g.condition, g.met, g.value, g.max_value, g.unit, g.reason
    FROM (
        SELECT j.collection, j.ordinal, j.condition, j.within AND NOT held.yes, nullif(j.value, 'Infinity'), j.max_value,
               j.unit,
               CASE WHEN NOT j.within THEN sluice.gate_reason(j.collection, j.condition, j.value, j.max_value, j.reopens_at)
                    WHEN held.yes THEN 'The condition ' || j.condition || ' was not met within the last '
                                       || extract(epoch FROM j.hold)::integer
                                       || ' seconds. The gate opens by itself when that is over.' END
        FROM sluice.gate_judged(for_pipeline) j
        CROSS JOIN LATERAL (
            SELECT coalesce(clock_timestamp() - j.last_shut_at < j.hold, false) AS yes) held
        UNION ALL
        SELECT m.collection, 0, 'writes_on_postgres', true, NULL, NULL, 'collections', NULL
        FROM sluice.moved_writes m
        WHERE m.pipeline = for_pipeline) g (collection, ordinal, condition, met, value, max_value, unit, reason)
    WHERE for_collection IS NULL OR g.collection = for_collection
    ORDER BY g.collection, g.ordinal
$body$;
