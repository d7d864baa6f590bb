-- Tables for ../mapping.yaml, proposed by `sluice infer`. Change them as you like until they are
-- applied; then add a V0002__... . Names carry no schema: the migration runs in the mapping's.
--
-- MongoDB orders strings by their bytes, PostgreSQL by the database's collation: write text COLLATE "C" where
-- lists are ordered by one. What is missing or null comes first in MongoDB, and last in PostgreSQL unless the
-- query says ORDER BY .. NULLS FIRST (descending: NULLS LAST).

CREATE TABLE users (
    id              bigint PRIMARY KEY,
    name            text,
    email           text,
    address_city    text,
    address_geo_lat text,
    address_geo_lng text,
    rest            jsonb
);

CREATE TABLE albums (
    id      bigint PRIMARY KEY,
    user_id bigint,
    title   text,
    rest    jsonb
);

CREATE TABLE photos (
    id            bigint PRIMARY KEY,
    album_id      bigint,
    title         text,
    url           text,
    thumbnail_url text,
    favourite     bigint,
    width         bigint,
    taken_at      timestamptz,
    rest          jsonb
);

COMMENT ON TABLE users IS 'From MongoDB: users';
COMMENT ON COLUMN users.id IS 'From _id: whole numbers (int32); an _id of another type would be dead-lettered';
COMMENT ON COLUMN users.name IS 'From name';
COMMENT ON COLUMN users.email IS 'From email';
COMMENT ON COLUMN users.address_city IS 'From address.city';
COMMENT ON COLUMN users.address_geo_lat IS 'From address.geo.lat';
COMMENT ON COLUMN users.address_geo_lng IS 'From address.geo.lng';
COMMENT ON COLUMN users.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE albums IS 'From MongoDB: albums';
COMMENT ON COLUMN albums.id IS 'From _id: whole numbers (int32); an _id of another type would be dead-lettered';
COMMENT ON COLUMN albums.user_id IS 'From userId: _id of users: 100 % of 100 values join';
COMMENT ON COLUMN albums.title IS 'From title';
COMMENT ON COLUMN albums.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE photos IS 'From MongoDB: photos';
COMMENT ON COLUMN photos.id IS 'From _id: whole numbers (int32); an _id of another type would be dead-lettered';
COMMENT ON COLUMN photos.album_id IS 'From albumId: _id of albums: 100 % of 1,000 values join';
COMMENT ON COLUMN photos.title IS 'From title';
COMMENT ON COLUMN photos.url IS 'From url';
COMMENT ON COLUMN photos.thumbnail_url IS 'From thumbnailUrl';
COMMENT ON COLUMN photos.favourite IS 'From favourite';
COMMENT ON COLUMN photos.width IS 'From width';
COMMENT ON COLUMN photos.taken_at IS 'From takenAt';
COMMENT ON COLUMN photos.rest IS 'Fields of the document that have no column of their own, by name';

-- MongoDB promises none of these. A row that breaks one stops the pipeline, and rows arrive in the order of
-- their documents: add what you know to hold, foreign keys as DEFERRABLE INITIALLY DEFERRED or after the
-- switch.
-- ALTER TABLE albums ADD FOREIGN KEY (user_id) REFERENCES users (id);
-- ALTER TABLE photos ADD FOREIGN KEY (album_id) REFERENCES albums (id);
