-- Comments that say in plain words what they said in riddles. No table changes.

COMMENT ON COLUMN sluice.watermark.applied_at IS 'When this was written. An old time means that no process is running.';

COMMENT ON TABLE sluice.backfill IS 'The latest copy of each collection.';
COMMENT ON COLUMN sluice.backfill.state IS
    'running until every chunk is done, then done. Stays "running" while no process copies; the next start resumes.';
COMMENT ON COLUMN sluice.backfill_chunk.state IS
    'planned: not read yet. running: it was read, and its rows are not committed; it stays so when the process that read it '
    'ended. done: its rows are committed. Whatever is not done is read again by the next start.';

COMMENT ON TABLE sluice.waiting IS
    'Documents whose rows are incomplete because of another row: a reference to a row that is not there, or a duplicate of '
    'a value that the row of another document has. Resynced when that row comes or goes.';
COMMENT ON TABLE sluice.resync IS
    'The list of documents that are to be resynced: read from MongoDB and written again, beside the stream. A running '
    'pipeline takes them within a second; an entry goes in the transaction that writes the rows.';
COMMENT ON COLUMN sluice.resync.reason IS
    'reference: a row it refers to came or changed. duplicate: a document that was preferred to it is gone, or one that '
    'is preferred has its place now. dead_letter: a user asked to try it again. asked: a user asked for it. repair: '
    'a verification found its row not as it should be. replay: it was touched since the point that a user replays from. '
    'schema: its collection was dropped, renamed or replaced.';

COMMENT ON COLUMN sluice.verification.origin IS
    'asked: a user asked for it. continuous: by a running pipeline, round after round.';
COMMENT ON COLUMN sluice.verification.repaired IS 'Documents that were resynced and are equal since.';
COMMENT ON COLUMN sluice.verification.updated_at IS
    'Time of the last progress. An old time means that no process is working on it.';

COMMENT ON COLUMN sluice.checkpoint.kind IS
    'named: a user asked for it; it stays until it is dropped. automatic: written by the running pipeline at its start '
    'and every five minutes; it goes after seven days.';

COMMENT ON TABLE sluice.replay IS
    'Each replay: the documents that were touched since some point are resynced. Nothing goes back in time.';
COMMENT ON COLUMN sluice.replay.collections IS 'The collections whose documents are resynced.';
COMMENT ON COLUMN sluice.replay.documents IS 'Number of distinct documents to be resynced.';
COMMENT ON COLUMN sluice.replay.state IS
    'reading: the stream is read, and nothing is listed. taking: all documents are on the list (sluice.resync). done: all '
    'are resynced. failed: no document was resynced, and none will be.';
COMMENT ON COLUMN sluice.replay.updated_at IS
    'Time of the last progress. An old time while the state is reading means that the replay was interrupted.';

COMMENT ON COLUMN sluice.schema_change.settled_by IS 'Who accepted it; NULL if it was handled automatically.';
COMMENT ON TABLE sluice.passed_change IS
    'Changes whose _id is so long that MongoDB can''t send them, passed by `sluice backfill --past`: the stream leaves them '
    'out, and their collection is copied again. One row for each collection, of the last time.';
COMMENT ON TABLE sluice.left_collection IS
    'Collections that were copied once and are no longer in the mapping. One that comes back is copied again, and rows whose '
    'documents are gone are deleted.';

COMMENT ON TABLE sluice.document_row IS
    'Of tables whose rows may be there before their documents (conflict without the key): keys whose rows belong to a '
    'document; any other row belongs to none, and the first document that maps to it takes it over.';
COMMENT ON COLUMN sluice.document_row.kept IS
    'Whether the document is deleted and its row was kept: from then on the row belongs to no document.';

COMMENT ON TABLE sluice.balance IS
    'How many documents a collection had when it was last counted, how many rows its table had, and what lies between the '
    'two. documents = rows - kept - without_document - not_ours + dead_letters + waiting + skipped + deduplicated '
    '+ without_row. Counted by a running pipeline, by `sluice backfill`, `replay` and `verify`.';
COMMENT ON COLUMN sluice.balance.not_ours IS
    'Rows that no document ever had: another program or a trigger has written them, where the mapping says that there '
    'may be such rows (conflict without the key).';

COMMENT ON FUNCTION sluice.is_accepted(sluice.quarantine) IS 'Whether a user accepted this quarantined value.';
COMMENT ON COLUMN sluice.moved_writes.certificate IS
    'What was true then: documents, rows, as of which time they were verified, what was accepted, and what MongoDB did by '
    'itself and no server does now. Never values of documents.';
COMMENT ON COLUMN sluice.pause.resumes_at IS 'When it resumes by itself. NULL: when a user resumes it.';
