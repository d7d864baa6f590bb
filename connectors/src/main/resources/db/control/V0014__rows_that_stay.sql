-- A row that is to be deleted and that PostgreSQL does not let go can be told from one that a change in flight explains.
ALTER TABLE sluice.dead_letter ADD COLUMN row_stays boolean NOT NULL DEFAULT false;
UPDATE sluice.dead_letter SET row_stays = true WHERE operation = 'delete';
COMMENT ON COLUMN sluice.dead_letter.row_stays IS
    'Whether the document has a row that is to be deleted and that PostgreSQL does not let go: of an earlier state, or '
    'since the document is deleted. The reason names what keeps it.';
