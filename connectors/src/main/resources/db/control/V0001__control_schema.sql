-- What Sluice knows about its own work, in the database it writes to: so that rows and the position they cover are
-- committed together, and so that an operator needs nothing but SQL to see where things stand.
-- The schema itself is made by the migration tool before this runs.
-- pipeline is the name of a pipeline, collection that of a MongoDB collection of its database, in every table.
-- An _id is kept as canonical Extended JSON in a text column: jsonb would refuse a string with a NUL in it, and would
-- take {a, b} and {b, a}, which are two keys to MongoDB, for one.

COMMENT ON SCHEMA sluice IS
    'Control tables of Sluice, which copies MongoDB collections to PostgreSQL. Read freely; write only through '
    'Sluice.';

-- Where the stream is ------------------------------------------------------------------------------------------------

CREATE TABLE sluice.position (
    pipeline               text        PRIMARY KEY,
    resume_token           jsonb       NOT NULL,
    cluster_time_seconds   bigint,
    cluster_time_increment integer,
    epoch                  bigint      NOT NULL DEFAULT 0,
    owner                  text,
    taken_at               timestamptz,
    updated_at             timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE sluice.position IS
    'Where each pipeline stands in the change stream: everything up to here is in the tables. Moves in the same '
    'transaction as the rows.';
COMMENT ON COLUMN sluice.position.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.position.resume_token IS
    'The change stream''s resume token, a document as Extended JSON: reading goes on after it.';
COMMENT ON COLUMN sluice.position.cluster_time_seconds IS
    'Cluster time of the last change applied: seconds since 1970. NULL where the server did not say.';
COMMENT ON COLUMN sluice.position.cluster_time_increment IS
    'Cluster time of the last change applied: counter within that second. NULL where the server did not say.';
COMMENT ON COLUMN sluice.position.epoch IS
    'Fence: each process that takes the pipeline over raises it by one, and a transaction with an older epoch is '
    'refused.';
COMMENT ON COLUMN sluice.position.owner IS 'The process that took it last: host and process id.';
COMMENT ON COLUMN sluice.position.taken_at IS 'When that process took it.';
COMMENT ON COLUMN sluice.position.updated_at IS 'When the position last moved.';

CREATE TABLE sluice.watermark (
    pipeline     text        NOT NULL,
    collection   text        NOT NULL,
    cluster_time timestamptz,
    applied_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (pipeline, collection)
);
COMMENT ON TABLE sluice.watermark IS
    'How fresh each collection is: all that MongoDB committed up to cluster_time is in the tables. Also moves '
    'when nothing happens.';
COMMENT ON COLUMN sluice.watermark.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.watermark.collection IS 'Name of the collection.';
COMMENT ON COLUMN sluice.watermark.cluster_time IS
    'Everything committed in MongoDB up to this time is applied. NULL: unknown.';
COMMENT ON COLUMN sluice.watermark.applied_at IS 'When this was written; long ago means that nothing is running.';

CREATE TABLE sluice.checkpoint (
    pipeline               text        NOT NULL,
    name                   text        NOT NULL,
    resume_token           jsonb       NOT NULL,
    cluster_time_seconds   bigint,
    cluster_time_increment integer,
    created_at             timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (pipeline, name)
);
COMMENT ON TABLE sluice.checkpoint IS
    'Positions that were given a name, to replay from. Worth only as much as the oplog still reaches.';
COMMENT ON COLUMN sluice.checkpoint.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.checkpoint.name IS 'Name of the checkpoint.';
COMMENT ON COLUMN sluice.checkpoint.resume_token IS
    'The change stream''s resume token at that point, a document as Extended JSON.';
COMMENT ON COLUMN sluice.checkpoint.cluster_time_seconds IS
    'Cluster time at that point: seconds since 1970. NULL where the server did not say.';
COMMENT ON COLUMN sluice.checkpoint.cluster_time_increment IS
    'Cluster time at that point: counter within that second. NULL where the server did not say.';
COMMENT ON COLUMN sluice.checkpoint.created_at IS 'When it was named.';

-- What has been copied -----------------------------------------------------------------------------------------------

CREATE TABLE sluice.backfill (
    pipeline            text        NOT NULL,
    collection          text        NOT NULL,
    state               text        NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done')),
    estimated_documents bigint,
    documents           bigint      NOT NULL DEFAULT 0,
    rows                bigint      NOT NULL DEFAULT 0,
    started_at          timestamptz NOT NULL DEFAULT now(),
    finished_at         timestamptz,
    PRIMARY KEY (pipeline, collection)
);
COMMENT ON TABLE sluice.backfill IS 'The first copy of each collection, or the last time it was copied anew.';
COMMENT ON COLUMN sluice.backfill.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.backfill.collection IS 'Name of the collection.';
COMMENT ON COLUMN sluice.backfill.state IS
    'running until every chunk is done, then done. Running also while nobody is at it: the next start goes on.';
COMMENT ON COLUMN sluice.backfill.estimated_documents IS
    'How many documents MongoDB estimated at the start. NULL where it did not say.';
COMMENT ON COLUMN sluice.backfill.documents IS 'Documents read so far.';
COMMENT ON COLUMN sluice.backfill.rows IS 'Rows written so far, those of child tables included.';
COMMENT ON COLUMN sluice.backfill.started_at IS 'When it began.';
COMMENT ON COLUMN sluice.backfill.finished_at IS 'When the last chunk was done; NULL until then.';

CREATE TABLE sluice.backfill_chunk (
    pipeline    text        NOT NULL,
    collection  text        NOT NULL,
    chunk       integer     NOT NULL,
    id_type     text        NOT NULL,
    lower_id    text,
    upper_id    text,
    state       text        NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done')),
    documents   bigint      NOT NULL DEFAULT 0,
    rows        bigint      NOT NULL DEFAULT 0,
    skipped     bigint      NOT NULL DEFAULT 0,
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (pipeline, collection, chunk)
);
COMMENT ON TABLE sluice.backfill_chunk IS
    'The ranges of _id that a backfill is cut into. A range and its done are committed together, so a restart '
    'reads only what is not done.';
COMMENT ON COLUMN sluice.backfill_chunk.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.backfill_chunk.collection IS 'Name of the collection.';
COMMENT ON COLUMN sluice.backfill_chunk.chunk IS 'Number of the chunk within the backfill.';
COMMENT ON COLUMN sluice.backfill_chunk.id_type IS
    'BSON type of _id in this chunk: numbers of all kinds are one, every other type is its own.';
COMMENT ON COLUMN sluice.backfill_chunk.lower_id IS
    'The chunk holds what is above this _id (canonical Extended JSON). NULL: from the first of its type.';
COMMENT ON COLUMN sluice.backfill_chunk.upper_id IS
    'The chunk holds what is up to and with this _id (canonical Extended JSON). NULL: to the last of its type.';
COMMENT ON COLUMN sluice.backfill_chunk.state IS 'running until its rows are committed, then done.';
COMMENT ON COLUMN sluice.backfill_chunk.documents IS 'Documents read.';
COMMENT ON COLUMN sluice.backfill_chunk.rows IS 'Rows written, those of child tables included.';
COMMENT ON COLUMN sluice.backfill_chunk.skipped IS
    'Documents left out, because the stream brought something newer meanwhile or the mapping leaves them out.';
COMMENT ON COLUMN sluice.backfill_chunk.started_at IS 'When reading it began, the last time.';
COMMENT ON COLUMN sluice.backfill_chunk.finished_at IS 'When its rows were committed; NULL until then.';

-- What could not be taken over ---------------------------------------------------------------------------------------

CREATE TABLE sluice.dead_letter (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pipeline        text        NOT NULL,
    collection      text        NOT NULL,
    document_key    text        NOT NULL,
    operation       text        NOT NULL CHECK (operation IN ('upsert', 'delete')),
    document        text,
    reason          text        NOT NULL,
    sqlstate        text,
    cluster_time    timestamptz,
    attempts        integer     NOT NULL DEFAULT 1,
    first_failed_at timestamptz NOT NULL DEFAULT now(),
    last_failed_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (pipeline, collection, document_key)
);
COMMENT ON TABLE sluice.dead_letter IS
    'Documents that could not be applied, one row each. Later changes of the same document wait here too, and the '
    'collection''s gate is shut.';
COMMENT ON COLUMN sluice.dead_letter.id IS 'What to call it by when retrying or discarding.';
COMMENT ON COLUMN sluice.dead_letter.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.dead_letter.collection IS 'Name of the collection.';
COMMENT ON COLUMN sluice.dead_letter.document_key IS 'The document''s _id as canonical Extended JSON.';
COMMENT ON COLUMN sluice.dead_letter.operation IS 'What was to be done, by the newest change of it: upsert or delete.';
COMMENT ON COLUMN sluice.dead_letter.document IS
    'The newest state of the document as canonical Extended JSON; NULL for a delete. Text and not jsonb, which '
    'would refuse some of what MongoDB allows.';
COMMENT ON COLUMN sluice.dead_letter.reason IS 'Why it failed, in words, without values of the document.';
COMMENT ON COLUMN sluice.dead_letter.sqlstate IS
    'PostgreSQL''s error code; NULL where the failure was not PostgreSQL''s.';
COMMENT ON COLUMN sluice.dead_letter.cluster_time IS 'When MongoDB committed the newest change. NULL: unknown.';
COMMENT ON COLUMN sluice.dead_letter.attempts IS 'How often applying it has failed.';
COMMENT ON COLUMN sluice.dead_letter.first_failed_at IS 'When it first failed.';
COMMENT ON COLUMN sluice.dead_letter.last_failed_at IS 'When it last failed.';

CREATE TABLE sluice.quarantine (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pipeline       text        NOT NULL,
    collection     text        NOT NULL,
    document_key   text        NOT NULL,
    column_name    text        NOT NULL,
    path           text        NOT NULL,
    bson_type      text        NOT NULL,
    value          text        NOT NULL,
    reason         text        NOT NULL,
    cluster_time   timestamptz,
    quarantined_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (pipeline, collection, document_key, column_name, path)
);
COMMENT ON TABLE sluice.quarantine IS
    'Single values that did not fit their column. The row was written without them; here they are whole.';
COMMENT ON COLUMN sluice.quarantine.id IS 'Number of the entry.';
COMMENT ON COLUMN sluice.quarantine.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.quarantine.collection IS 'Name of the collection.';
COMMENT ON COLUMN sluice.quarantine.document_key IS 'The document''s _id as canonical Extended JSON.';
COMMENT ON COLUMN sluice.quarantine.column_name IS 'The column it was meant for: table.column.';
COMMENT ON COLUMN sluice.quarantine.path IS 'Where in the document it was found.';
COMMENT ON COLUMN sluice.quarantine.bson_type IS 'Its type in MongoDB.';
COMMENT ON COLUMN sluice.quarantine.value IS
    'The value as canonical Extended JSON, nothing lost. Text and not jsonb, which would refuse some of what '
    'MongoDB allows.';
COMMENT ON COLUMN sluice.quarantine.reason IS 'Why it did not fit, in words, without the value.';
COMMENT ON COLUMN sluice.quarantine.cluster_time IS 'When MongoDB committed the change that brought it. NULL: unknown.';
COMMENT ON COLUMN sluice.quarantine.quarantined_at IS 'When it was put here.';

-- Whether both sides are equal ---------------------------------------------------------------------------------------

CREATE TABLE sluice.verification (
    id                   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pipeline             text        NOT NULL,
    collection           text        NOT NULL,
    mode                 text        NOT NULL CHECK (mode IN ('counts', 'sample', 'full')),
    state                text        NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'failed')),
    started_at           timestamptz NOT NULL DEFAULT now(),
    finished_at          timestamptz,
    documents            bigint      NOT NULL DEFAULT 0,
    rows                 bigint      NOT NULL DEFAULT 0,
    missing              bigint      NOT NULL DEFAULT 0,
    extra                bigint      NOT NULL DEFAULT 0,
    different            bigint      NOT NULL DEFAULT 0,
    through_cluster_time timestamptz
);
CREATE INDEX verification_latest_idx ON sluice.verification (pipeline, collection, started_at DESC);
COMMENT ON TABLE sluice.verification IS 'Each comparison of a collection with its tables, and what it found.';
COMMENT ON COLUMN sluice.verification.id IS 'Number of the comparison.';
COMMENT ON COLUMN sluice.verification.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.verification.collection IS 'Name of the collection.';
COMMENT ON COLUMN sluice.verification.mode IS
    'counts compares numbers of documents and rows, sample some documents, full all of them.';
COMMENT ON COLUMN sluice.verification.state IS
    'running, done, or failed when it could not be brought to an end. Done says nothing of what was found.';
COMMENT ON COLUMN sluice.verification.started_at IS 'When it began.';
COMMENT ON COLUMN sluice.verification.finished_at IS 'When it ended; NULL until then.';
COMMENT ON COLUMN sluice.verification.documents IS 'Documents looked at.';
COMMENT ON COLUMN sluice.verification.rows IS 'Rows looked at, those of child tables included.';
COMMENT ON COLUMN sluice.verification.missing IS 'Rows that should be there and are not.';
COMMENT ON COLUMN sluice.verification.extra IS 'Rows that are there and should not be.';
COMMENT ON COLUMN sluice.verification.different IS 'Rows that are there with other values.';
COMMENT ON COLUMN sluice.verification.through_cluster_time IS
    'What it found holds for MongoDB as of this time. NULL: unknown.';

CREATE TABLE sluice.drift (
    pipeline      text        NOT NULL,
    collection    text        NOT NULL,
    table_name    text        NOT NULL,
    document_key  text        NOT NULL,
    kind          text        NOT NULL CHECK (kind IN ('missing', 'extra', 'different')),
    columns       text[]      NOT NULL DEFAULT '{}',
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (pipeline, collection, table_name, document_key, kind)
);
COMMENT ON TABLE sluice.drift IS
    'Documents whose rows are not as they should be, seen twice and so not just late. A row goes once both sides '
    'are equal again.';
COMMENT ON COLUMN sluice.drift.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.drift.collection IS 'Name of the collection.';
COMMENT ON COLUMN sluice.drift.table_name IS 'The table in which they differ.';
COMMENT ON COLUMN sluice.drift.document_key IS 'The document''s _id as canonical Extended JSON.';
COMMENT ON COLUMN sluice.drift.kind IS
    'missing: a row should be there and is not. extra: one is there and should not be. different: it has other '
    'values.';
COMMENT ON COLUMN sluice.drift.columns IS 'Which columns differ; empty unless kind is different.';
COMMENT ON COLUMN sluice.drift.first_seen_at IS 'When it was first found.';
COMMENT ON COLUMN sluice.drift.last_seen_at IS 'When it was last found.';

-- Where to read from, and who did what -------------------------------------------------------------------------------

CREATE TABLE sluice.read_route (
    pipeline   text        NOT NULL,
    collection text        NOT NULL,
    reads_from text        NOT NULL DEFAULT 'mongodb' CHECK (reads_from IN ('mongodb', 'postgresql')),
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by text,
    PRIMARY KEY (pipeline, collection)
);
COMMENT ON TABLE sluice.read_route IS 'Where an application is to read each collection from. No row means mongodb.';
COMMENT ON COLUMN sluice.read_route.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.read_route.collection IS 'Name of the collection.';
COMMENT ON COLUMN sluice.read_route.reads_from IS 'mongodb or postgresql.';
COMMENT ON COLUMN sluice.read_route.changed_at IS 'When it was last switched.';
COMMENT ON COLUMN sluice.read_route.changed_by IS 'Who or what switched it.';

CREATE TABLE sluice.audit (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    pipeline   text        NOT NULL,
    collection text,
    actor      text        NOT NULL,
    action     text        NOT NULL,
    detail     jsonb       NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_at_idx ON sluice.audit (at DESC);
COMMENT ON TABLE sluice.audit IS
    'What was done to a pipeline by people and by Sluice itself: switches, refusals, repairs, discards. Only ever '
    'added to.';
COMMENT ON COLUMN sluice.audit.id IS 'Number of the entry.';
COMMENT ON COLUMN sluice.audit.at IS 'When.';
COMMENT ON COLUMN sluice.audit.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.audit.collection IS 'Name of the collection; NULL where it was about the whole pipeline.';
COMMENT ON COLUMN sluice.audit.actor IS 'Who or what did it.';
COMMENT ON COLUMN sluice.audit.action IS 'What was done or refused, one word such as cutover or rollback.';
COMMENT ON COLUMN sluice.audit.detail IS
    'The particulars, such as the reasons of a refusal. Never values of documents.';

-- What an application may ask ----------------------------------------------------------------------------------------

-- The least of all pipelines that write the collection; unknown for one is unknown for all, which min() would hide.
CREATE FUNCTION sluice.applied_through(collection text) RETURNS timestamptz
    LANGUAGE sql STABLE AS $body$
    SELECT CASE WHEN count(w.cluster_time) = count(*) THEN min(w.cluster_time) END
    FROM sluice.watermark w
    WHERE w.collection = applied_through.collection
$body$;
COMMENT ON FUNCTION sluice.applied_through(text) IS
    'Everything MongoDB committed to the collection up to this time is in PostgreSQL. NULL: unknown, or no such '
    'collection.';
