-- Ids of different types can be written alike: the string 42 and the number 42. Which of them has the plain key must not
-- change while there are rows.

CREATE TABLE sluice.usual_ids (
    pipeline   text        NOT NULL,
    collection text        NOT NULL,
    strings    boolean     NOT NULL,
    noted_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (pipeline, collection)
);
COMMENT ON TABLE sluice.usual_ids IS
    'Of collections whose mapping does not say it (key: {of: ..}): whether keys that ids of different types could have are '
    'those of strings. Noted when the first document was mapped, by the documents that were there; never changed since.';
COMMENT ON COLUMN sluice.usual_ids.pipeline IS 'The pipeline''s name.';
COMMENT ON COLUMN sluice.usual_ids.collection IS 'The collection.';
COMMENT ON COLUMN sluice.usual_ids.strings IS
    'true: as `of: string`, every string has a key, and an id of another type is a dead letter. false: as `of: any`, a '
    'string that is written like an id of another type is a dead letter.';
COMMENT ON COLUMN sluice.usual_ids.noted_at IS 'When it was noted.';
