-- What applications found that read both sides (route `both`), counted by collection, and how long each side took.

CREATE TABLE sluice.shadow_read (
    pipeline                text        NOT NULL,
    collection              text        NOT NULL,
    copied_at               timestamptz,
    equal                   bigint      NOT NULL DEFAULT 0,
    different               bigint      NOT NULL DEFAULT 0,
    unconfirmed             bigint      NOT NULL DEFAULT 0,
    reported                bigint      NOT NULL DEFAULT 0,
    unchecked               bigint      NOT NULL DEFAULT 0,
    consecutive_equal          bigint      NOT NULL DEFAULT 0,
    last_different_at       timestamptz,
    mongodb_reads           bigint[]    NOT NULL DEFAULT '{}',
    mongodb_reads_before    bigint[]    NOT NULL DEFAULT '{}',
    postgres_reads          bigint[]    NOT NULL DEFAULT '{}',
    postgres_reads_before   bigint[]    NOT NULL DEFAULT '{}',
    window_began_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at              timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (pipeline, collection)
);
COMMENT ON TABLE sluice.shadow_read IS
    'Shadow reads of each collection since it was last copied: an application read both sides and told what it found.';
COMMENT ON COLUMN sluice.shadow_read.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.shadow_read.collection IS 'Name of the collection.';
COMMENT ON COLUMN sluice.shadow_read.copied_at IS
    'When the copy was completed that the counts are about. Another one begins them again. NULL: it was not copied yet.';
COMMENT ON COLUMN sluice.shadow_read.equal IS 'Reads that the application found equal on both sides.';
COMMENT ON COLUMN sluice.shadow_read.different IS
    'Reads of documents that the application found different, and whose rows do differ: they are in sluice.drift.';
COMMENT ON COLUMN sluice.shadow_read.unconfirmed IS
    'Reads of documents that the application found different, and whose rows are as they should be: it was lag, or the '
    'application queries or compares something else.';
COMMENT ON COLUMN sluice.shadow_read.reported IS
    'Reads of lists that the application found different. Sluice does not know the query, and takes its word.';
COMMENT ON COLUMN sluice.shadow_read.unchecked IS
    'Reads that the application found different and Sluice has not compared, or not yet.';
COMMENT ON COLUMN sluice.shadow_read.consecutive_equal IS
    'Equal reads since the last one that is different or reported. The gate can ask for a number of them.';
COMMENT ON COLUMN sluice.shadow_read.last_different_at IS
    'When Sluice last counted one that is different or reported. NULL: never since the copy.';
COMMENT ON COLUMN sluice.shadow_read.mongodb_reads IS
    'How long MongoDB took in the current window of ten minutes: element n counts the reads that took less than '
    '0.1 * 1.2 ^ (n - 1) ms and are in no earlier one.';
COMMENT ON COLUMN sluice.shadow_read.mongodb_reads_before IS 'As mongodb_reads, of the window before.';
COMMENT ON COLUMN sluice.shadow_read.postgres_reads IS 'As mongodb_reads, of PostgreSQL.';
COMMENT ON COLUMN sluice.shadow_read.postgres_reads_before IS 'As postgres_reads, of the window before.';
COMMENT ON COLUMN sluice.shadow_read.window_began_at IS 'When the current window of the latencies began.';
COMMENT ON COLUMN sluice.shadow_read.changed_at IS 'When the counts last changed.';

CREATE TABLE sluice.shadow_list (
    pipeline         text        NOT NULL,
    collection       text        NOT NULL,
    name             text        NOT NULL,
    equal            bigint      NOT NULL DEFAULT 0,
    reported         bigint      NOT NULL DEFAULT 0,
    last_reported_at timestamptz,
    PRIMARY KEY (pipeline, collection, name)
);
COMMENT ON TABLE sluice.shadow_list IS
    'Shadow reads of lists by the name that the application gave the query, since the collection was last copied.';
COMMENT ON COLUMN sluice.shadow_list.pipeline IS 'Name of the pipeline.';
COMMENT ON COLUMN sluice.shadow_list.collection IS 'Name of the collection.';
COMMENT ON COLUMN sluice.shadow_list.name IS 'What the application calls the query.';
COMMENT ON COLUMN sluice.shadow_list.equal IS 'Reads that the application found equal.';
COMMENT ON COLUMN sluice.shadow_list.reported IS 'Reads that it found different.';
COMMENT ON COLUMN sluice.shadow_list.last_reported_at IS 'When it last found one different. NULL: never since the copy.';
