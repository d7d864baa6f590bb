-- Documents whose rows depend on other rows, and documents that are to be taken anew.
-- hashtextextended stands in for values in the indexes, which would not hold a long one.

CREATE TABLE sluice.waiting (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pipeline     text        NOT NULL,
    collection   text        NOT NULL,
    row_key      text        NOT NULL,
    document_key text,
    column_name  text        NOT NULL,
    kind         text        NOT NULL CHECK (kind IN ('reference', 'duplicate')),
    on_table     text        NOT NULL,
    on_value     text        NOT NULL,
    on_hash      bigint      NOT NULL GENERATED ALWAYS AS (hashtextextended(on_value, 0)) STORED,
    since        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (pipeline, collection, row_key, column_name, on_hash)
);
CREATE INDEX waiting_on_idx ON sluice.waiting (pipeline, on_table, on_hash);

COMMENT ON TABLE sluice.waiting IS
    'Documents whose rows are not all they could be because of another row: a reference to a row that is not there, '
    'or a duplicate whose place another document has. Taken anew when that row comes or goes.';
COMMENT ON COLUMN sluice.waiting.id IS 'Number of the entry.';
COMMENT ON COLUMN sluice.waiting.pipeline IS 'The pipeline''s name.';
COMMENT ON COLUMN sluice.waiting.collection IS 'The collection of the document that waits.';
COMMENT ON COLUMN sluice.waiting.row_key IS 'The key of the document''s row, as text.';
COMMENT ON COLUMN sluice.waiting.document_key IS
    'The document''s _id as canonical Extended JSON. NULL: only the key of its row is known.';
COMMENT ON COLUMN sluice.waiting.column_name IS
    'table.column that refers to the row that is not there; for a duplicate, the table.';
COMMENT ON COLUMN sluice.waiting.kind IS
    'reference: waits until a row is there. duplicate: waits until a row is gone.';
COMMENT ON COLUMN sluice.waiting.on_table IS 'schema.table of the row that is waited for.';
COMMENT ON COLUMN sluice.waiting.on_value IS
    'What that row is known by: the value of the column that is matched; for a duplicate, the values that make it '
    'one, as a JSON array.';
COMMENT ON COLUMN sluice.waiting.on_hash IS 'A hash of on_value, for the indexes.';
COMMENT ON COLUMN sluice.waiting.since IS 'Since when it waits.';

CREATE TABLE sluice.resync (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pipeline     text        NOT NULL,
    collection   text        NOT NULL,
    document_key text,
    row_key      text,
    reason       text        NOT NULL CHECK (reason IN ('reference', 'duplicate', 'dead_letter', 'asked')),
    requested_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX resync_once_idx ON sluice.resync
    (pipeline, collection, coalesce(document_key, ''), coalesce(row_key, ''));

COMMENT ON TABLE sluice.resync IS
    'Documents to be read from MongoDB and written anew, beside the stream. A running pipeline takes them within a '
    'second; an entry goes in the transaction that writes the rows.';
COMMENT ON COLUMN sluice.resync.id IS 'Number of the entry; the order in which they are taken.';
COMMENT ON COLUMN sluice.resync.pipeline IS 'The pipeline''s name.';
COMMENT ON COLUMN sluice.resync.collection IS 'The collection.';
COMMENT ON COLUMN sluice.resync.document_key IS
    'The document''s _id as canonical Extended JSON. NULL: only the key of its row is known, or it is the whole '
    'collection.';
COMMENT ON COLUMN sluice.resync.row_key IS
    'The key of the document''s row, as text, where its _id is not known. NULL in both: the whole collection.';
COMMENT ON COLUMN sluice.resync.reason IS
    'reference: a row it refers to came or changed. duplicate: a document that was preferred to it is gone. '
    'dead_letter: somebody asked to try it again. asked: somebody asked for it.';
COMMENT ON COLUMN sluice.resync.requested_at IS 'When it was asked for.';

CREATE TABLE sluice.unmapped_field (
    pipeline      text        NOT NULL,
    collection    text        NOT NULL,
    path          text        NOT NULL,
    documents     bigint      NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (pipeline, collection, path)
);
COMMENT ON TABLE sluice.unmapped_field IS
    'Fields that documents have and the mapping does not name: they are in no column. A path is dotted; [] stands '
    'for the elements of an array.';
COMMENT ON COLUMN sluice.unmapped_field.pipeline IS 'The pipeline''s name.';
COMMENT ON COLUMN sluice.unmapped_field.collection IS 'The collection.';
COMMENT ON COLUMN sluice.unmapped_field.path IS 'Where in the document.';
COMMENT ON COLUMN sluice.unmapped_field.documents IS
    'In how many documents that were written it was seen; a document that is written twice counts twice.';
COMMENT ON COLUMN sluice.unmapped_field.first_seen_at IS 'When it was seen first.';
COMMENT ON COLUMN sluice.unmapped_field.last_seen_at IS 'When it was seen last.';

CREATE TABLE sluice.skipped (
    pipeline     text        NOT NULL,
    collection   text        NOT NULL,
    reason       text        NOT NULL,
    documents    bigint      NOT NULL,
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (pipeline, collection, reason)
);
COMMENT ON TABLE sluice.skipped IS
    'Documents that have no row by a rule of the mapping, counted by the reason that the rule gives.';
COMMENT ON COLUMN sluice.skipped.pipeline IS 'The pipeline''s name.';
COMMENT ON COLUMN sluice.skipped.collection IS 'The collection.';
COMMENT ON COLUMN sluice.skipped.reason IS 'The reason, as the mapping words it.';
COMMENT ON COLUMN sluice.skipped.documents IS
    'How many documents that came by had no row for it; a document that came by twice counts twice.';
COMMENT ON COLUMN sluice.skipped.last_seen_at IS 'When the last one came by.';
