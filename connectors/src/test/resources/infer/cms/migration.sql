-- Tables for ../mapping.yaml, proposed by `sluice infer`. Change them as you like until they are
-- applied; then add a V0002__... . Names carry no schema: the migration runs in the mapping's.
--
-- MongoDB orders strings by their bytes, PostgreSQL by the database's collation: write text COLLATE "C" where
-- lists are ordered by one. What is missing or null comes first in MongoDB, and last in PostgreSQL unless the
-- query says ORDER BY .. NULLS FIRST (descending: NULLS LAST).

CREATE TABLE authors (
    id   text PRIMARY KEY,
    name text,
    slug text,
    bio  text,
    rest jsonb
);

CREATE TABLE contents (
    id           text PRIMARY KEY,
    type         text,
    slug         text,
    title        text,
    status       text,
    author       text,
    seo_title    text,
    seo_noindex  boolean,
    published_at timestamptz,
    updated_at   timestamptz,
    version      bigint,
    template     text,
    parent       text,
    layout       text,
    rest         jsonb
);

CREATE TABLE content_tags (
    content_id text NOT NULL,
    ordinal    integer NOT NULL,
    tag_id     text,
    PRIMARY KEY (content_id, ordinal)
);

CREATE TABLE content_blocks (
    content_id text NOT NULL,
    id         text NOT NULL,
    kind       text,
    body       text,
    items      jsonb,
    rest       jsonb,
    PRIMARY KEY (content_id, id)
);

CREATE TABLE content_images (
    content_id text NOT NULL,
    ordinal    integer NOT NULL,
    image_id   text,
    PRIMARY KEY (content_id, ordinal)
);

CREATE TABLE media (
    id          text PRIMARY KEY,
    file        text,
    mime        text,
    size        bigint,
    width       bigint,
    height      bigint,
    uploaded_at timestamptz,
    rest        jsonb
);

CREATE TABLE redirects (
    id     text PRIMARY KEY,
    "from" text,
    "to"   text,
    code   bigint,
    rest   jsonb
);

CREATE TABLE tags (
    id    text PRIMARY KEY,
    slug  text,
    label text,
    rest  jsonb
);

COMMENT ON TABLE authors IS 'From MongoDB: authors';
COMMENT ON COLUMN authors.id IS 'From _id: ObjectId as 24 hex digits: references to it are written the same, and need no look-up';
COMMENT ON COLUMN authors.name IS 'From name';
COMMENT ON COLUMN authors.slug IS 'From slug';
COMMENT ON COLUMN authors.bio IS 'From bio';
COMMENT ON COLUMN authors.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE contents IS 'From MongoDB: contents';
COMMENT ON COLUMN contents.id IS 'From _id: ObjectId as 24 hex digits: references to it are written the same, and need no look-up';
COMMENT ON COLUMN contents.type IS 'From type';
COMMENT ON COLUMN contents.slug IS 'From slug';
COMMENT ON COLUMN contents.title IS 'From title';
COMMENT ON COLUMN contents.status IS 'From status';
COMMENT ON COLUMN contents.author IS 'From author: _id of authors: 100 % of 240 values join';
COMMENT ON COLUMN contents.seo_title IS 'From seo.title';
COMMENT ON COLUMN contents.seo_noindex IS 'From seo.noindex';
COMMENT ON COLUMN contents.published_at IS 'From publishedAt';
COMMENT ON COLUMN contents.updated_at IS 'From updatedAt';
COMMENT ON COLUMN contents.version IS 'From version';
COMMENT ON COLUMN contents.template IS 'From template';
COMMENT ON COLUMN contents.parent IS 'From parent: _id of contents: 100 % of 58 values join';
COMMENT ON COLUMN contents.layout IS 'From layout';
COMMENT ON COLUMN contents.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE content_tags IS 'From MongoDB: the elements of tags in contents, a row each';
COMMENT ON COLUMN content_tags.content_id IS 'The document: id of contents';
COMMENT ON COLUMN content_tags.ordinal IS 'Index in the array, from 0';
COMMENT ON COLUMN content_tags.tag_id IS 'The value of the element: _id of tags: 100 % of 357 values join';
COMMENT ON TABLE content_blocks IS 'From MongoDB: the elements of blocks in contents, a row each';
COMMENT ON COLUMN content_blocks.content_id IS 'The document: id of contents';
COMMENT ON COLUMN content_blocks.id IS 'From _id, another in each element of an array';
COMMENT ON COLUMN content_blocks.kind IS 'From kind';
COMMENT ON COLUMN content_blocks.body IS 'From body';
COMMENT ON COLUMN content_blocks.items IS 'From items';
COMMENT ON COLUMN content_blocks.rest IS 'Fields of the element that have no column of their own, by name';
COMMENT ON TABLE content_images IS 'From MongoDB: the elements of images in contents, a row each';
COMMENT ON COLUMN content_images.content_id IS 'The document: id of contents';
COMMENT ON COLUMN content_images.ordinal IS 'Index in the array, from 0';
COMMENT ON COLUMN content_images.image_id IS 'The value of the element: _id of media: 100 % of 180 values join';
COMMENT ON TABLE media IS 'From MongoDB: media';
COMMENT ON COLUMN media.id IS 'From _id: ObjectId as 24 hex digits: references to it are written the same, and need no look-up';
COMMENT ON COLUMN media.file IS 'From file';
COMMENT ON COLUMN media.mime IS 'From mime';
COMMENT ON COLUMN media.size IS 'From size';
COMMENT ON COLUMN media.width IS 'From width';
COMMENT ON COLUMN media.height IS 'From height';
COMMENT ON COLUMN media.uploaded_at IS 'From uploadedAt';
COMMENT ON COLUMN media.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE redirects IS 'From MongoDB: redirects';
COMMENT ON COLUMN redirects.id IS 'From _id: ObjectId as 24 hex digits: references to it are written the same, and need no look-up';
COMMENT ON COLUMN redirects."from" IS 'From from';
COMMENT ON COLUMN redirects."to" IS 'From to';
COMMENT ON COLUMN redirects.code IS 'From code';
COMMENT ON COLUMN redirects.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE tags IS 'From MongoDB: tags';
COMMENT ON COLUMN tags.id IS 'From _id: ObjectId as 24 hex digits: references to it are written the same, and need no look-up';
COMMENT ON COLUMN tags.slug IS 'From slug';
COMMENT ON COLUMN tags.label IS 'From label';
COMMENT ON COLUMN tags.rest IS 'Fields of the document that have no column of their own, by name';

-- MongoDB has these as unique. A document that breaks one here is a dead letter.
CREATE UNIQUE INDEX authors_slug_key ON authors (slug);
CREATE UNIQUE INDEX contents_slug_key ON contents (slug);
CREATE UNIQUE INDEX tags_slug_key ON tags (slug);

-- What other indexes of MongoDB are here:
-- contents, words, title, blocks.body: for words in texts. PostgreSQL has text search: CREATE INDEX ON contents USING gin (to_tsvector('simple', title)), for one.

-- A document's rows are written together, so foreign keys from child tables hold, if you want them.
-- ALTER TABLE content_tags ADD FOREIGN KEY (content_id) REFERENCES contents (id) ON DELETE CASCADE;
-- ALTER TABLE content_blocks ADD FOREIGN KEY (content_id) REFERENCES contents (id) ON DELETE CASCADE;
-- ALTER TABLE content_images ADD FOREIGN KEY (content_id) REFERENCES contents (id) ON DELETE CASCADE;

-- MongoDB promises none of these. A row that breaks one stops the pipeline, and rows arrive in the order of
-- their documents: add what you know to hold, foreign keys as DEFERRABLE INITIALLY DEFERRED or after the
-- switch.
-- ALTER TABLE contents ADD FOREIGN KEY (author) REFERENCES authors (id);
-- ALTER TABLE contents ADD FOREIGN KEY (parent) REFERENCES contents (id);
-- ALTER TABLE content_tags ADD FOREIGN KEY (tag_id) REFERENCES tags (id);
-- ALTER TABLE content_images ADD FOREIGN KEY (image_id) REFERENCES media (id);
