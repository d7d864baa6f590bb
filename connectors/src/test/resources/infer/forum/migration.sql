-- Tables for ../mapping.yaml, proposed by `sluice infer`. Change them as you like until they are
-- applied; then add a V0002__... . Names carry no schema: the migration runs in the mapping's.
--
-- MongoDB orders strings by their bytes, PostgreSQL by the database's collation: write text COLLATE "C" where
-- lists are ordered by one. What is missing or null comes first in MongoDB, and last in PostgreSQL unless the
-- query says ORDER BY .. NULLS FIRST (descending: NULLS LAST).

CREATE TABLE objects (
    id        text PRIMARY KEY,
    key       text,
    uid       bigint,
    username  text,
    email     text,
    joindate  timestamptz,
    postcount bigint,
    banned    bigint,
    tid       bigint,
    title     text,
    slug      text,
    timestamp timestamptz,
    viewcount bigint,
    locked    bigint,
    pid       bigint,
    content   text,
    value     text,
    score     bigint,
    members   text[],
    rest      jsonb
);

CREATE TABLE sessions (
    id      text PRIMARY KEY,
    expires timestamptz,
    session text,
    rest    jsonb
);

COMMENT ON TABLE objects IS 'From MongoDB: objects';
COMMENT ON COLUMN objects.id IS 'From _id: ObjectId as 24 hex digits: references to it are written the same, and need no look-up';
COMMENT ON COLUMN objects.key IS 'From _key';
COMMENT ON COLUMN objects.uid IS 'From uid';
COMMENT ON COLUMN objects.username IS 'From username';
COMMENT ON COLUMN objects.email IS 'From email';
COMMENT ON COLUMN objects.joindate IS 'From joindate';
COMMENT ON COLUMN objects.postcount IS 'From postcount';
COMMENT ON COLUMN objects.banned IS 'From banned';
COMMENT ON COLUMN objects.tid IS 'From tid';
COMMENT ON COLUMN objects.title IS 'From title';
COMMENT ON COLUMN objects.slug IS 'From slug';
COMMENT ON COLUMN objects.timestamp IS 'From timestamp';
COMMENT ON COLUMN objects.viewcount IS 'From viewcount';
COMMENT ON COLUMN objects.locked IS 'From locked';
COMMENT ON COLUMN objects.pid IS 'From pid';
COMMENT ON COLUMN objects.content IS 'From content';
COMMENT ON COLUMN objects.value IS 'From value';
COMMENT ON COLUMN objects.score IS 'From score';
COMMENT ON COLUMN objects.members IS 'From members';
COMMENT ON COLUMN objects.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE sessions IS 'From MongoDB: sessions';
COMMENT ON COLUMN sessions.id IS 'From _id: string, at most 32 characters';
COMMENT ON COLUMN sessions.expires IS 'From expires';
COMMENT ON COLUMN sessions.session IS 'From session';
COMMENT ON COLUMN sessions.rest IS 'Fields of the document that have no column of their own, by name';

-- MongoDB has these as unique. A document that breaks one here is a dead letter.
-- A field that is missing is null to MongoDB, and nulls are alike. PostgreSQL 13 and 14 have no NULLS NOT
-- DISTINCT; leave the words out there.
CREATE UNIQUE INDEX objects_key_value_key ON objects (key, value DESC) NULLS NOT DISTINCT WHERE key IS NOT NULL OR value IS NOT NULL;

-- What other indexes of MongoDB are here:
-- sessions, expires, expires: MongoDB deletes documents 0 s after this time, and the rows go with them. Nobody does once the writes have moved to PostgreSQL; then run DELETE FROM sessions WHERE expires < now() - interval '0 seconds' now and then.
