-- A million keys are a few hundred rows: one for each chunk of documents, written and deleted as one.

ALTER TABLE sluice.verified_key ADD COLUMN hash_sum numeric;
UPDATE sluice.verified_key SET hash_sum = key_hash;
ALTER TABLE sluice.verified_key ALTER COLUMN hash_sum SET NOT NULL;
ALTER TABLE sluice.verified_key ALTER COLUMN key_hash TYPE bigint[] USING ARRAY[key_hash];
ALTER TABLE sluice.verified_key RENAME COLUMN key_hash TO key_hashes;
-- Hashes can't be compressed.
ALTER TABLE sluice.verified_key ALTER COLUMN key_hashes SET STORAGE EXTERNAL;
COMMENT ON COLUMN sluice.verified_key.key_hashes IS
    'hashtextextended of the rows'' keys as text, with seed 0; those of one chunk of documents.';
COMMENT ON COLUMN sluice.verified_key.hash_sum IS
    'The sum of these hashes: where those of all chunks are that of the table''s rows, each row has a document.';
