-- A collection that is taken out of its mapping is not followed any more, though the pipeline's position goes on. When it
-- comes back, what happened meanwhile is not in its rows.

CREATE TABLE sluice.left_collection (
    pipeline   text        NOT NULL,
    collection text        NOT NULL,
    left_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (pipeline, collection)
);
COMMENT ON TABLE sluice.left_collection IS
    'Collections that were copied once and are no longer in the mapping. One that comes back is copied anew, and rows whose '
    'documents are gone are deleted.';
COMMENT ON COLUMN sluice.left_collection.pipeline IS 'The pipeline that wrote it.';
COMMENT ON COLUMN sluice.left_collection.collection IS 'The collection.';
COMMENT ON COLUMN sluice.left_collection.left_at IS 'When the pipeline first ran without it.';
