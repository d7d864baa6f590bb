-- A mapping that is asked for while another one is in force: the process that writes the pipeline takes it over between
-- two runs, at a position. Until then each gate is shut, so that no readers come to rows that are about to change.

ALTER TABLE sluice.mapping_version
    ALTER COLUMN since DROP NOT NULL,
    ALTER COLUMN since DROP DEFAULT,
    ADD COLUMN wanted_at              timestamptz,
    ADD COLUMN wanted_by              text,
    ADD COLUMN cluster_time_seconds   bigint,
    ADD COLUMN cluster_time_increment integer,
    ADD CONSTRAINT mapping_version_begun_or_wanted CHECK (since IS NOT NULL OR wanted_at IS NOT NULL);
CREATE UNIQUE INDEX mapping_version_wanted ON sluice.mapping_version (pipeline) WHERE since IS NULL;

COMMENT ON COLUMN sluice.mapping_version.version IS
    'From 1; the greatest that has begun is the one that rows are written with now.';
COMMENT ON COLUMN sluice.mapping_version.since IS
    'When a process first wrote with it. NULL: it is wanted, and no process has taken it over yet; one at most.';
COMMENT ON COLUMN sluice.mapping_version.wanted_at IS
    'When `sluice evolve` asked for it. NULL: a process began with it, since its file said so.';
COMMENT ON COLUMN sluice.mapping_version.wanted_by IS 'Who asked for it. NULL as wanted_at.';
COMMENT ON COLUMN sluice.mapping_version.cluster_time_seconds IS
    'The position of the stream at which it began: MongoDB''s time, in seconds since 1970. NULL where it is not known.';
COMMENT ON COLUMN sluice.mapping_version.cluster_time_increment IS 'The increment of that time. NULL where it is not known.';

-- As in V0024, with the wanted mapping.
CREATE OR REPLACE FUNCTION sluice.verified_from(for_pipeline text, for_collection text) RETURNS timestamptz
    LANGUAGE sql STABLE AS $body$
    SELECT CASE WHEN EXISTS (
               SELECT FROM sluice.resync r
               WHERE r.pipeline = for_pipeline AND r.collection = for_collection
                 AND r.document_key IS NULL AND r.row_key IS NULL) THEN 'infinity'
           WHEN EXISTS (
               SELECT FROM sluice.mapping_version v
               WHERE v.pipeline = for_pipeline AND v.since IS NULL) THEN 'infinity'
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
    'a resync is still to come, or another mapping is wanted. NULL: it is not copied.';
