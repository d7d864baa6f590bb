ALTER TABLE sluice.read_route ADD COLUMN auto_rollback boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN sluice.read_route.auto_rollback IS
    'Whether the process that runs the pipeline moves all reads back to MongoDB by itself when rows are known to differ or '
    'fall behind the limit of the gate.';
