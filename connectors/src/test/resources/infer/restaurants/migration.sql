-- Tables for ../mapping.yaml, proposed by `sluice infer`. Change them as you like until they are
-- applied; then add a V0002__... . Names carry no schema: the migration runs in the mapping's.
--
-- MongoDB orders strings by their bytes, PostgreSQL by the database's collation: write text COLLATE "C" where
-- lists are ordered by one. What is missing or null comes first in MongoDB, and last in PostgreSQL unless the
-- query says ORDER BY .. NULLS FIRST (descending: NULLS LAST).

CREATE TABLE restaurants (
    id               text PRIMARY KEY,
    address_building text,
    address_coord    double precision[],
    address_street   text,
    address_zipcode  text,
    borough          text,
    cuisine          text,
    name             text,
    restaurant_id    text,
    rest             jsonb
);

CREATE TABLE restaurant_grades (
    restaurant_id text NOT NULL,
    ordinal       integer NOT NULL,
    date          timestamptz,
    grade         text,
    score         bigint,
    rest          jsonb,
    PRIMARY KEY (restaurant_id, ordinal)
);

COMMENT ON TABLE restaurants IS 'From MongoDB: restaurants';
COMMENT ON COLUMN restaurants.id IS 'From _id: ObjectId as 24 hex digits: references to it are written the same, and need no look-up';
COMMENT ON COLUMN restaurants.address_building IS 'From address.building';
COMMENT ON COLUMN restaurants.address_coord IS 'From address.coord';
COMMENT ON COLUMN restaurants.address_street IS 'From address.street';
COMMENT ON COLUMN restaurants.address_zipcode IS 'From address.zipcode';
COMMENT ON COLUMN restaurants.borough IS 'From borough';
COMMENT ON COLUMN restaurants.cuisine IS 'From cuisine';
COMMENT ON COLUMN restaurants.name IS 'From name';
COMMENT ON COLUMN restaurants.restaurant_id IS 'From restaurant_id';
COMMENT ON COLUMN restaurants.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE restaurant_grades IS 'From MongoDB: the elements of grades in restaurants, a row each';
COMMENT ON COLUMN restaurant_grades.restaurant_id IS 'The document: id of restaurants';
COMMENT ON COLUMN restaurant_grades.ordinal IS 'Index in the array, from 0';
COMMENT ON COLUMN restaurant_grades.date IS 'From date';
COMMENT ON COLUMN restaurant_grades.grade IS 'From grade';
COMMENT ON COLUMN restaurant_grades.score IS 'From score';
COMMENT ON COLUMN restaurant_grades.rest IS 'Fields of the element that have no column of their own, by name';

-- What other indexes of MongoDB are here:
-- restaurants, near, address.coord: for places. PostgreSQL has GiST indexes on point, and the extension PostGIS on geography.

-- A document's rows are written together, so foreign keys from child tables hold, if you want them.
-- ALTER TABLE restaurant_grades ADD FOREIGN KEY (restaurant_id) REFERENCES restaurants (id) ON DELETE CASCADE;
