-- A verification can be broken off and goes on where it was: how far it has read, which keys it has seen, and what is to
-- be looked at again are here and not in the memory of a process.

ALTER TABLE sluice.verification
    ADD COLUMN origin              text   NOT NULL DEFAULT 'asked' CHECK (origin IN ('asked', 'continuous')),
    ADD COLUMN phase               text   NOT NULL DEFAULT 'reading'
        CHECK (phase IN ('reading', 'looking_for_extra', 'settling', 'done')),
    ADD COLUMN after_id            text,
    ADD COLUMN estimated_documents bigint,
    ADD COLUMN undecided           bigint NOT NULL DEFAULT 0,
    ADD COLUMN repaired            bigint NOT NULL DEFAULT 0,
    ADD COLUMN updated_at          timestamptz NOT NULL DEFAULT now();
COMMENT ON COLUMN sluice.verification.origin IS
    'asked: by somebody. continuous: by a running pipeline, round after round.';
COMMENT ON COLUMN sluice.verification.phase IS
    'reading: documents are read and their rows compared. looking_for_extra: rows that no document explains are looked '
    'for. settling: what differed is looked at again, once what was in flight must have arrived. done: nothing is left.';
COMMENT ON COLUMN sluice.verification.after_id IS
    'Documents up to this _id (canonical Extended JSON) are read; NULL: none yet. A restart goes on behind it.';
COMMENT ON COLUMN sluice.verification.estimated_documents IS
    'How many documents there are to look at, about. NULL: unknown.';
COMMENT ON COLUMN sluice.verification.undecided IS
    'Documents that differed each time they were looked at, and changed each time meanwhile: neither equal nor drift.';
COMMENT ON COLUMN sluice.verification.repaired IS 'Documents that were taken anew and are equal since.';
COMMENT ON COLUMN sluice.verification.updated_at IS 'When it last got on; long ago means that nobody is at it.';

CREATE TABLE sluice.verified_key (
    verification bigint NOT NULL,
    key_hash     bigint NOT NULL
);
COMMENT ON TABLE sluice.verified_key IS
    'Which rows some document explains, while a verification goes on: a row of the target that is not here is looked '
    'for in MongoDB. Emptied with the verification''s end.';
COMMENT ON COLUMN sluice.verified_key.verification IS 'The verification.';
COMMENT ON COLUMN sluice.verified_key.key_hash IS 'hashtextextended of the row''s key as text, with seed 0.';

CREATE TABLE sluice.suspect (
    verification bigint  NOT NULL,
    row_key      text    NOT NULL,
    document_key text,
    looked       integer NOT NULL DEFAULT 0,
    PRIMARY KEY (verification, row_key)
);
COMMENT ON TABLE sluice.suspect IS
    'What differed when it was first looked at, most often because a change was in flight. Settled before the '
    'verification ends.';
COMMENT ON COLUMN sluice.suspect.verification IS 'The verification.';
COMMENT ON COLUMN sluice.suspect.row_key IS 'The key of the document''s row, as text.';
COMMENT ON COLUMN sluice.suspect.document_key IS
    'The document''s _id as canonical Extended JSON. NULL: only the row is known.';
COMMENT ON COLUMN sluice.suspect.looked IS 'How often it was looked at again without an answer.';

-- A row that no document explains has no _id.
ALTER TABLE sluice.drift DROP CONSTRAINT drift_pkey;
ALTER TABLE sluice.drift ADD COLUMN row_key text, ADD COLUMN rows bigint NOT NULL DEFAULT 1;
UPDATE sluice.drift SET row_key = document_key;
ALTER TABLE sluice.drift ALTER COLUMN row_key SET NOT NULL, ALTER COLUMN document_key DROP NOT NULL;
ALTER TABLE sluice.drift ADD PRIMARY KEY (pipeline, collection, table_name, row_key, kind);
COMMENT ON COLUMN sluice.drift.document_key IS
    'The document''s _id as canonical Extended JSON. NULL: no document explains the row, or which one it was can''t be '
    'told from its key.';
COMMENT ON COLUMN sluice.drift.row_key IS 'The key of the document''s row, as text; of a child row, that of its parent.';
COMMENT ON COLUMN sluice.drift.rows IS 'How many rows of this table it is about: a document can have several child rows.';

ALTER TABLE sluice.resync DROP CONSTRAINT resync_reason_check;
ALTER TABLE sluice.resync ADD CONSTRAINT resync_reason_check
    CHECK (reason IN ('reference', 'duplicate', 'dead_letter', 'asked', 'repair', 'replay', 'schema'));
COMMENT ON COLUMN sluice.resync.reason IS
    'reference: a row it refers to came or changed. duplicate: a document that was preferred to it is gone. '
    'dead_letter: somebody asked to try it again. asked: somebody asked for it. repair: a verification found that its '
    'rows are not as they should be. replay: it was touched in a stretch of the stream that is gone through again. '
    'schema: its collection was dropped or renamed.';
