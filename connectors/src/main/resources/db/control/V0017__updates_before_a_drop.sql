-- MongoDB gives the document of an update as it is when the change is read. Once the collection is gone there is none.

ALTER TABLE sluice.schema_change ADD COLUMN unread_documents bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN sluice.schema_change.unread_documents IS
    'Of how many documents at least the last updates before the change could not be read, since the collection was gone: '
    'their rows lack these updates.';
