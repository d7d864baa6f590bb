-- How fast Sluice may read documents from MongoDB beside the stream, so that a copy or a comparison leaves the
-- application its server. Read by every process of the pipeline, once a second.

CREATE TABLE sluice.read_limit (
    pipeline             text        PRIMARY KEY,
    documents_per_second bigint      CONSTRAINT read_limit_documents_check CHECK (documents_per_second > 0),
    bytes_per_second     bigint      CONSTRAINT read_limit_bytes_check CHECK (bytes_per_second > 0),
    set_by               text        NOT NULL,
    set_at               timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT read_limit_any_check CHECK (documents_per_second IS NOT NULL OR bytes_per_second IS NOT NULL)
);
COMMENT ON TABLE sluice.read_limit IS
    'How fast each process of a pipeline may read documents from MongoDB beside the stream: for the copy, resyncs, '
    'comparisons and replays together. No row: as fast as it can.';
COMMENT ON COLUMN sluice.read_limit.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.read_limit.documents_per_second IS 'Documents a second; NULL for any number.';
COMMENT ON COLUMN sluice.read_limit.bytes_per_second IS 'Bytes of documents a second; NULL for any number.';
COMMENT ON COLUMN sluice.read_limit.set_by IS 'Who set it.';
COMMENT ON COLUMN sluice.read_limit.set_at IS 'When it was set.';
