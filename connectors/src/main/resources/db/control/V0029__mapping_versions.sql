-- What rows were written with: without it a column that is new to the mapping stays NULL in every older row.

CREATE TABLE sluice.mapping_version (
    pipeline  text        NOT NULL,
    version   integer     NOT NULL CHECK (version >= 1),
    mapping   text        NOT NULL,
    since     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (pipeline, version)
);
COMMENT ON TABLE sluice.mapping_version IS
    'The mappings that rows were written with. Where one says something else than the one before, the collections whose rows it is about were copied again.';
COMMENT ON COLUMN sluice.mapping_version.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.mapping_version.version IS 'From 1; the greatest is the one that rows are written with now.';
COMMENT ON COLUMN sluice.mapping_version.mapping IS 'The text of the file.';
COMMENT ON COLUMN sluice.mapping_version.since IS 'When a process first wrote with it.';
