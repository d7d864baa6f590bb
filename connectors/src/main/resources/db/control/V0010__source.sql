-- Which MongoDB a pipeline copies. Another one behind the same address has other documents, and neither a position in the
-- change stream nor a row without a document means anything there.

CREATE TABLE sluice.source (
    pipeline           text        PRIMARY KEY,
    database           text        NOT NULL,
    sharded            boolean     NOT NULL,
    set_name           text,
    deployment_id      text,
    majority_seconds   bigint,
    majority_increment integer,
    term               bigint,
    first_seen_at      timestamptz NOT NULL DEFAULT now(),
    seen_at            timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE sluice.source IS
    'Which MongoDB each pipeline copies: looked at before anything is written, and taken over from another one only by '
    '`sluice backfill --accept-source`. The identifiers of its collections are in sluice.known_collection.';
COMMENT ON COLUMN sluice.source.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.source.database IS 'The database that is read.';
COMMENT ON COLUMN sluice.source.sharded IS 'Whether it is a sharded cluster; else it is a replica set.';
COMMENT ON COLUMN sluice.source.set_name IS 'The replica set''s name. NULL for a sharded cluster.';
COMMENT ON COLUMN sluice.source.deployment_id IS
    'The identifier that the replica set got when it was initiated, or the sharded cluster, in hex. NULL where Sluice may '
    'not read it.';
COMMENT ON COLUMN sluice.source.majority_seconds IS
    'The newest operation that a majority was seen to have, which is never rolled back: seconds since 1970. NULL where the '
    'server did not say.';
COMMENT ON COLUMN sluice.source.majority_increment IS 'Counter within that second.';
COMMENT ON COLUMN sluice.source.term IS
    'How often a primary was elected until that operation; it only grows. NULL where the server did not say.';
COMMENT ON COLUMN sluice.source.first_seen_at IS 'Since when it is the source.';
COMMENT ON COLUMN sluice.source.seen_at IS 'When it was last looked at.';

-- A pipeline that stops at a change of a collection stops at its place in the stream.
ALTER TABLE sluice.schema_change ADD COLUMN reached_at timestamptz;
COMMENT ON COLUMN sluice.schema_change.reached_at IS
    'When everything before it was applied and the pipeline stopped at it. NULL: the stream is not there, or passed it.';
