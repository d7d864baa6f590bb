-- Where applications read each collection from: all of them, a share of them, or both sides at once.

ALTER TABLE sluice.read_route DROP COLUMN reads_from;
ALTER TABLE sluice.read_route
    ADD COLUMN percent        integer NOT NULL DEFAULT 0 CHECK (percent BETWEEN 0 AND 100),
    ADD COLUMN shadow_percent integer NOT NULL DEFAULT 0 CHECK (shadow_percent BETWEEN 0 AND 100),
    ADD COLUMN revision       bigint  NOT NULL DEFAULT 1,
    ADD CONSTRAINT read_route_share_check CHECK (percent + shadow_percent <= 100);
ALTER TABLE sluice.read_route
    ADD COLUMN reads_from text GENERATED ALWAYS AS (
        CASE WHEN percent = 100 THEN 'postgres' WHEN shadow_percent = 100 THEN 'both'
             WHEN percent = 0 AND shadow_percent = 0 THEN 'mongodb' END) STORED;
COMMENT ON TABLE sluice.read_route IS
    'Where an application is to read each collection from. No row means mongodb. sluice.route() answers for one user, a '
    'change is sent as NOTIFY sluice_route.';
COMMENT ON COLUMN sluice.read_route.percent IS 'Share of the targeting keys that read from PostgreSQL.';
COMMENT ON COLUMN sluice.read_route.shadow_percent IS
    'Share of the targeting keys that read from both sides and answer with MongoDB''s.';
COMMENT ON COLUMN sluice.read_route.revision IS 'Raised with each change.';
COMMENT ON COLUMN sluice.read_route.reads_from IS
    'mongodb, postgres or both where it is the same for everyone; NULL where it goes by the targeting key.';

-- MD5 spreads the keys evenly and is the same in every language; it protects nothing here.
CREATE FUNCTION sluice.route_bucket(collection text, targeting_key text) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $body$
    SELECT ((('x' || left(md5(collection || ':' || targeting_key), 8))::bit(32)::bigint & 4294967295) % 10000)::integer
$body$;
COMMENT ON FUNCTION sluice.route_bucket(text, text) IS
    'A number from 0 to 9999 for each key of a collection: below percent * 100 it reads from PostgreSQL, so a larger '
    'percentage takes more keys and leaves none behind.';

CREATE FUNCTION sluice.route(for_pipeline text, for_collection text, targeting_key text DEFAULT NULL) RETURNS text
    LANGUAGE plpgsql STABLE AS $body$
DECLARE
    r      sluice.read_route;
    bucket integer;
BEGIN
    SELECT * INTO r FROM sluice.read_route x WHERE x.pipeline = for_pipeline AND x.collection = for_collection;
    IF NOT FOUND THEN
        RETURN 'mongodb';
    ELSIF r.reads_from IS NOT NULL THEN
        RETURN r.reads_from;
    ELSIF targeting_key IS NULL OR targeting_key = '' THEN
        RAISE EXCEPTION 'The route of "%" goes by the targeting key, and none is given.', for_collection
            USING ERRCODE = 'null_value_not_allowed', HINT = 'Pass what identifies the user, the tenant or the session.';
    END IF;
    bucket := sluice.route_bucket(for_collection, targeting_key);
    RETURN CASE WHEN bucket < r.percent * 100 THEN 'postgres'
                WHEN bucket < (r.percent + r.shadow_percent) * 100 THEN 'both'
                ELSE 'mongodb' END;
END
$body$;
COMMENT ON FUNCTION sluice.route(text, text, text) IS
    'Where to read the collection from: mongodb, postgres or both. The same targeting key gets the same answer, and keeps '
    'postgres when the percentage grows.';
