-- Collections that are in MongoDB and that the mapping neither maps nor ignores: one that comes while the pipeline runs
-- is no part of the migration until somebody maps it, so somebody has to hear of it.

ALTER TABLE sluice.schema_change DROP CONSTRAINT schema_change_kind_check;
ALTER TABLE sluice.schema_change ADD CONSTRAINT schema_change_kind_check CHECK (kind IN
    ('dropped', 'renamed', 'replaced', 'database_dropped', 'modified', 'new_field', 'new_type', 'new_collection'));
COMMENT ON COLUMN sluice.schema_change.kind IS
    'dropped: it was dropped. renamed: it has another name now. replaced: another one has its name now. '
    'database_dropped: all of the database was. modified: its options were changed (collMod). new_field: documents have '
    'a field that no column reads. new_type: values stopped fitting their column. new_collection: it came after the '
    'pipeline had begun, and the mapping neither maps nor ignores it.';

ALTER TABLE sluice.schema_watch ADD COLUMN listed_at timestamptz;
COMMENT ON COLUMN sluice.schema_watch.listed_at IS
    'When the collections that nothing maps were listed last; NULL before the first time.';

CREATE TABLE sluice.unmapped_collection (
    pipeline      text        NOT NULL,
    collection    text        NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (pipeline, collection)
);
COMMENT ON TABLE sluice.unmapped_collection IS
    'Collections that are in MongoDB and that the mapping neither maps nor ignores. One that goes, or that gets into the '
    'mapping, leaves the table.';
COMMENT ON COLUMN sluice.unmapped_collection.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.unmapped_collection.collection IS 'Name of the collection.';
COMMENT ON COLUMN sluice.unmapped_collection.first_seen_at IS 'When it was first listed.';
