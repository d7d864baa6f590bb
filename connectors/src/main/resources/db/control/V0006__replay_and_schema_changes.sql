-- Positions that can be gone back to, what was replayed from them, and what changed in MongoDB beside documents.

ALTER TABLE sluice.checkpoint ADD COLUMN kind text NOT NULL DEFAULT 'named'
    CONSTRAINT checkpoint_kind_check CHECK (kind IN ('named', 'automatic'));
COMMENT ON COLUMN sluice.checkpoint.kind IS
    'named: somebody asked for it; it stays until it is dropped. automatic: written by the running pipeline at its start '
    'and every five minutes; it goes after seven days.';

CREATE VIEW sluice.position_history AS
    SELECT pipeline, name, kind, to_timestamp(cluster_time_seconds) AS cluster_time, resume_token, created_at
    FROM sluice.checkpoint
    UNION ALL
    SELECT pipeline, NULL, 'now', to_timestamp(cluster_time_seconds), resume_token, updated_at
    FROM sluice.position;
COMMENT ON VIEW sluice.position_history IS
    'Where each pipeline was and is: its checkpoints, named and automatic, and its position now. Everything up to a '
    'position was in the tables when it was written.';
COMMENT ON COLUMN sluice.position_history.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.position_history.name IS 'Name of the checkpoint; NULL for the position now.';
COMMENT ON COLUMN sluice.position_history.kind IS 'named, automatic, or now for the position.';
COMMENT ON COLUMN sluice.position_history.cluster_time IS
    'Cluster time of that place, to the second. NULL where the server did not say.';
COMMENT ON COLUMN sluice.position_history.resume_token IS
    'The change stream''s resume token of that place, a document as Extended JSON.';
COMMENT ON COLUMN sluice.position_history.created_at IS 'When the pipeline was there.';

-- Widened by every migration that knows a further reason, whichever comes first.
ALTER TABLE sluice.resync DROP CONSTRAINT IF EXISTS resync_reason_check;
ALTER TABLE sluice.resync ADD CONSTRAINT resync_reason_check CHECK (reason IN
    ('reference', 'duplicate', 'dead_letter', 'asked', 'repair', 'replay', 'schema'));
COMMENT ON COLUMN sluice.resync.reason IS
    'reference: a row it refers to came or changed. duplicate: a document that was preferred to it is gone. '
    'dead_letter: somebody asked to try it again. asked: somebody asked for it. repair: a comparison found its row not '
    'as it should be. replay: it was touched since the point that somebody replays from. schema: its collection was '
    'dropped, renamed or replaced.';

ALTER TABLE sluice.resync ADD COLUMN prune boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN sluice.resync.prune IS
    'Of an entry for the whole collection: whether the rows whose documents are gone are deleted after it is read.';

CREATE TABLE sluice.replay (
    id                   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pipeline             text        NOT NULL,
    asked_from           text        NOT NULL,
    from_cluster_time    timestamptz,
    through_cluster_time timestamptz,
    collections          text[]      NOT NULL,
    events               bigint      NOT NULL DEFAULT 0,
    documents            bigint      NOT NULL DEFAULT 0,
    state                text        NOT NULL DEFAULT 'reading'
        CONSTRAINT replay_state_check CHECK (state IN ('reading', 'taking', 'done', 'failed')),
    last_entry           bigint,
    detail               text,
    requested_by         text        NOT NULL,
    requested_at         timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    listed_at            timestamptz,
    finished_at          timestamptz
);
CREATE INDEX replay_latest_idx ON sluice.replay (pipeline, id DESC);
COMMENT ON TABLE sluice.replay IS
    'Each replay: the documents that were touched since some point are read from MongoDB and written anew. Nothing goes '
    'back in time.';
COMMENT ON COLUMN sluice.replay.id IS 'Number of the replay.';
COMMENT ON COLUMN sluice.replay.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.replay.asked_from IS
    'The point that was asked for: checkpoint and its name, time and the time, or token.';
COMMENT ON COLUMN sluice.replay.from_cluster_time IS 'Cluster time of that point. NULL: unknown.';
COMMENT ON COLUMN sluice.replay.through_cluster_time IS
    'Cluster time up to which the stream was read; what is newer, the pipeline''s own stream brings. While it is reading: '
    'how far it is. NULL: nothing is read yet.';
COMMENT ON COLUMN sluice.replay.collections IS 'The collections whose documents are taken anew.';
COMMENT ON COLUMN sluice.replay.events IS 'Changes of those collections between the two times.';
COMMENT ON COLUMN sluice.replay.documents IS 'Different documents that those were of: so many are taken anew.';
COMMENT ON COLUMN sluice.replay.state IS
    'reading: the stream is read, and nothing is listed. taking: all documents are on the list (sluice.resync). done: all '
    'are taken anew. failed: nothing of it was or will be done.';
COMMENT ON COLUMN sluice.replay.last_entry IS
    'The newest of its entries in sluice.resync: once none up to that is left, the replay is done. NULL: nothing listed.';
COMMENT ON COLUMN sluice.replay.detail IS 'Why it failed, without values of documents.';
COMMENT ON COLUMN sluice.replay.requested_by IS 'Who asked for it.';
COMMENT ON COLUMN sluice.replay.requested_at IS 'When it was asked for.';
COMMENT ON COLUMN sluice.replay.updated_at IS 'When it last went on; while it is reading, long ago means that it was broken off.';
COMMENT ON COLUMN sluice.replay.listed_at IS 'When its documents were put on the list; NULL until then.';
COMMENT ON COLUMN sluice.replay.finished_at IS 'When it was done or failed; NULL until then.';

CREATE TABLE sluice.schema_change (
    id                bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pipeline          text        NOT NULL,
    collection        text        NOT NULL,
    kind              text        NOT NULL CONSTRAINT schema_change_kind_check CHECK (kind IN
        ('dropped', 'renamed', 'replaced', 'database_dropped', 'modified', 'new_field', 'new_type')),
    detail            text        NOT NULL DEFAULT '',
    policy            text        CONSTRAINT schema_change_policy_check CHECK (policy IN ('stop', 'keep', 'follow')),
    done              text,
    cluster_time      timestamptz,
    cluster_increment integer,
    seen_at           timestamptz NOT NULL DEFAULT now(),
    settled_at        timestamptz,
    settled_by        text
);
CREATE UNIQUE INDEX schema_change_once_idx ON sluice.schema_change
    (pipeline, collection, kind, detail, coalesce(cluster_time, '-infinity'), coalesce(cluster_increment, 0));
COMMENT ON TABLE sluice.schema_change IS
    'What changed in MongoDB beside documents: collections that were dropped, renamed or replaced, their options, and '
    'fields that no column reads or whose values stopped fitting, since the first copy.';
COMMENT ON COLUMN sluice.schema_change.id IS 'What to call it by when accepting it.';
COMMENT ON COLUMN sluice.schema_change.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.schema_change.collection IS 'Name of the collection, before the change.';
COMMENT ON COLUMN sluice.schema_change.kind IS
    'dropped: it was dropped. renamed: it has another name now. replaced: another one has its name now. '
    'database_dropped: all of the database was. modified: its options were changed (collMod). new_field: documents have '
    'a field that no column reads. new_type: values stopped fitting their column.';
COMMENT ON COLUMN sluice.schema_change.detail IS
    'The particulars, such as the other name or the path of the field. Never values of documents.';
COMMENT ON COLUMN sluice.schema_change.policy IS
    'What the mapping says of such a change (on_drop) when it was seen. NULL: it is a note and calls for nothing.';
COMMENT ON COLUMN sluice.schema_change.done IS 'What was done about it. NULL: nothing yet.';
COMMENT ON COLUMN sluice.schema_change.cluster_time IS
    'When MongoDB committed it, to the second. NULL: unknown, since it was seen by looking and not in the change stream.';
COMMENT ON COLUMN sluice.schema_change.cluster_increment IS 'Counter within that second.';
COMMENT ON COLUMN sluice.schema_change.seen_at IS 'When it was seen.';
COMMENT ON COLUMN sluice.schema_change.settled_at IS
    'Since when nothing is to be decided or done about it. NULL: open; with the policy stop the pipeline does not run.';
COMMENT ON COLUMN sluice.schema_change.settled_by IS 'Who accepted it. NULL where that took nobody.';

CREATE TABLE sluice.schema_watch (
    pipeline               text        PRIMARY KEY,
    resume_token           jsonb       NOT NULL,
    cluster_time_seconds   bigint,
    cluster_time_increment integer,
    updated_at             timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE sluice.schema_watch IS
    'Up to where the change stream was looked through for changes of collections. Beside the pipeline''s position, which '
    'may be ahead of it.';
COMMENT ON COLUMN sluice.schema_watch.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.schema_watch.resume_token IS
    'The change stream''s resume token, a document as Extended JSON: looking goes on after it.';
COMMENT ON COLUMN sluice.schema_watch.cluster_time_seconds IS
    'Cluster time of that place: seconds since 1970. NULL where the server did not say.';
COMMENT ON COLUMN sluice.schema_watch.cluster_time_increment IS
    'Cluster time of that place: counter within that second. NULL where the server did not say.';
COMMENT ON COLUMN sluice.schema_watch.updated_at IS 'When it last moved.';

CREATE TABLE sluice.known_collection (
    pipeline   text        NOT NULL,
    collection text        NOT NULL,
    uuid       text        NOT NULL,
    seen_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (pipeline, collection)
);
COMMENT ON TABLE sluice.known_collection IS
    'Which collection has each mapped name, by MongoDB''s own identifier: another one under the same name was put in its '
    'place.';
COMMENT ON COLUMN sluice.known_collection.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.known_collection.collection IS 'Name of the collection.';
COMMENT ON COLUMN sluice.known_collection.uuid IS 'MongoDB''s identifier of it, in hex.';
COMMENT ON COLUMN sluice.known_collection.seen_at IS 'When it was first seen.';
