-- MongoDB allows an _id of any length, an entry of a B-tree holds less than 2,704 bytes: what is kept once for each
-- document is told apart by a digest, and found by a hash index, which has no such bound.

CREATE FUNCTION sluice.digest(key text) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT sha256(convert_to(key, 'UTF8')) $$;
COMMENT ON FUNCTION sluice.digest(text) IS 'Stands in for a key in indexes, which would not hold a long one: SHA-256.';

DO $$
DECLARE
    bounded record;
BEGIN
    FOR bounded IN
        SELECT conrelid::regclass AS tab, conname FROM pg_constraint
        WHERE (contype = 'u' AND conrelid = ANY ('{sluice.dead_letter, sluice.quarantine, sluice.waiting}'::regclass[]))
           OR (contype = 'p' AND conrelid = ANY ('{sluice.suspect, sluice.drift}'::regclass[]))
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', bounded.tab, bounded.conname);
    END LOOP;
END $$;
DROP INDEX sluice.resync_once_idx;

-- An _id as Extended JSON has no line break of its own, so a line break separates it from what follows.
CREATE UNIQUE INDEX dead_letter_once_idx ON sluice.dead_letter
    (pipeline, collection, sluice.digest(document_key));
CREATE UNIQUE INDEX quarantine_once_idx ON sluice.quarantine
    (pipeline, collection, column_name, sluice.digest(document_key || E'\n' || path));
CREATE UNIQUE INDEX waiting_once_idx ON sluice.waiting
    (pipeline, collection, column_name, on_hash, sluice.digest(row_key));
CREATE UNIQUE INDEX resync_once_idx ON sluice.resync
    (pipeline, collection, sluice.digest(coalesce(document_key, '') || E'\n' || coalesce(row_key, '')));
CREATE UNIQUE INDEX suspect_once_idx ON sluice.suspect
    (verification, sluice.digest(row_key));
CREATE UNIQUE INDEX drift_once_idx ON sluice.drift
    (pipeline, collection, table_name, kind, sluice.digest(row_key));

CREATE INDEX dead_letter_key_idx ON sluice.dead_letter USING hash (document_key);
CREATE INDEX quarantine_key_idx ON sluice.quarantine USING hash (document_key);
CREATE INDEX waiting_key_idx ON sluice.waiting USING hash (row_key);
CREATE INDEX suspect_key_idx ON sluice.suspect USING hash (row_key);
CREATE INDEX drift_key_idx ON sluice.drift USING hash (row_key);
