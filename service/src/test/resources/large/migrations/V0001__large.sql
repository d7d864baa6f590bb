CREATE TABLE large_documents (
    id bigint PRIMARY KEY,
    n integer,
    body text,
    payload jsonb,
    picture bytea,
    tags text[],
    rest jsonb
);
CREATE TABLE large_items (
    document_id bigint NOT NULL REFERENCES large_documents (id) ON DELETE CASCADE,
    ordinal integer NOT NULL,
    v integer,
    PRIMARY KEY (document_id, ordinal)
);
CREATE TABLE large_strict (id bigint PRIMARY KEY, n integer, body text);
