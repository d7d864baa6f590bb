-- What one of several documents can have only: a unique value that the mapping does not name, and a row that may be
-- there before its document. Which of them has it is a rule, and not who came first.

ALTER TABLE sluice.dead_letter
    ADD COLUMN behind_key   text,
    ADD COLUMN behind_index text,
    ADD COLUMN behind_value text;
COMMENT ON COLUMN sluice.dead_letter.behind_key IS
    'The key of the row that has what this document would have, as text; the document is tried again when that row no '
    'longer has it. NULL where it is not another row that keeps the document out, or it is not known which.';
COMMENT ON COLUMN sluice.dead_letter.behind_index IS 'The unique index by which it is that row.';
COMMENT ON COLUMN sluice.dead_letter.behind_value IS 'What that row has there, as a JSON array.';

CREATE TABLE sluice.document_row (
    table_name text  NOT NULL,
    key_digest bytea NOT NULL,
    PRIMARY KEY (table_name, key_digest)
);
COMMENT ON TABLE sluice.document_row IS
    'Of tables whose rows may be there before their documents (conflict without the key): which keys are documents''. A '
    'row with another key is nobody''s, and the first document takes it over.';
COMMENT ON COLUMN sluice.document_row.table_name IS 'schema.table.';
COMMENT ON COLUMN sluice.document_row.key_digest IS 'sluice.digest of the key of the document''s row, as text.';

COMMENT ON COLUMN sluice.resync.reason IS
    'reference: a row it refers to came or changed. duplicate: a document that was preferred to it is gone, or one that '
    'is preferred has its place now. dead_letter: somebody asked to try it again. asked: somebody asked for it. repair: '
    'a comparison found its row not as it should be. replay: it was touched since the point that somebody replays from. '
    'schema: its collection was dropped, renamed or replaced.';
