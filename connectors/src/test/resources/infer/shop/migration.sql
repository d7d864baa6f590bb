-- Tables for ../mapping.yaml, proposed by `sluice infer`. Change them as you like until they are
-- applied; then add a V0002__... . Names carry no schema: the migration runs in the mapping's.
--
-- MongoDB orders strings by their bytes, PostgreSQL by the database's collation: write text COLLATE "C" where
-- lists are ordered by one. What is missing or null comes first in MongoDB, and last in PostgreSQL unless the
-- query says ORDER BY .. NULLS FIRST (descending: NULLS LAST).

CREATE TABLE users (
    id              text PRIMARY KEY,
    email           text,
    user_id_2       text,
    user_id         bigint,
    active          boolean,
    signed_up_at    timestamptz,
    address_street  text,
    address_city    text,
    address_geo_lat double precision,
    address_country text,
    balance         numeric,
    tags            text[],
    login           uuid,
    "order"         bigint,
    score           double precision,
    note            jsonb,
    preferences     jsonb,
    rest            jsonb
);

CREATE TABLE orders (
    id           bigint PRIMARY KEY,
    buyer        text,
    status       text,
    total        double precision,
    coupon_codes jsonb,
    history      jsonb,
    rest         jsonb
);

CREATE TABLE order_lines (
    order_id bigint NOT NULL,
    ordinal  integer NOT NULL,
    sku      text,
    quantity bigint,
    price    numeric,
    extra    jsonb,
    rest     jsonb,
    PRIMARY KEY (order_id, ordinal)
);

CREATE TABLE order_stock (
    order_id bigint NOT NULL,
    key      text NOT NULL,
    value    bigint,
    PRIMARY KEY (order_id, key)
);

COMMENT ON TABLE users IS 'From MongoDB: users';
COMMENT ON COLUMN users.id IS 'From _id: ObjectId as 24 hex digits: references to it are written the same, and need no look-up';
COMMENT ON COLUMN users.email IS 'From email';
COMMENT ON COLUMN users.user_id_2 IS 'From userId';
COMMENT ON COLUMN users.user_id IS 'From user_id';
COMMENT ON COLUMN users.active IS 'From active';
COMMENT ON COLUMN users.signed_up_at IS 'From signedUpAt';
COMMENT ON COLUMN users.address_street IS 'From address.street';
COMMENT ON COLUMN users.address_city IS 'From address.city';
COMMENT ON COLUMN users.address_geo_lat IS 'From address."geo.lat"';
COMMENT ON COLUMN users.address_country IS 'From address.country';
COMMENT ON COLUMN users.balance IS 'From balance';
COMMENT ON COLUMN users.tags IS 'From tags';
COMMENT ON COLUMN users.login IS 'From login';
COMMENT ON COLUMN users."order" IS 'From order';
COMMENT ON COLUMN users.score IS 'From score';
COMMENT ON COLUMN users.note IS 'From note';
COMMENT ON COLUMN users.preferences IS 'From preferences';
COMMENT ON COLUMN users.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE orders IS 'From MongoDB: orders';
COMMENT ON COLUMN orders.id IS 'From _id: whole numbers (int64); an _id of another type would be dead-lettered';
COMMENT ON COLUMN orders.buyer IS 'From buyer: _id of users: 100 % of 6 values join';
COMMENT ON COLUMN orders.status IS 'From status';
COMMENT ON COLUMN orders.total IS 'From total';
COMMENT ON COLUMN orders.coupon_codes IS 'From couponCodes';
COMMENT ON COLUMN orders.history IS 'From history';
COMMENT ON COLUMN orders.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE order_lines IS 'From MongoDB: the elements of lines in orders, a row each';
COMMENT ON COLUMN order_lines.order_id IS 'The document: id of orders';
COMMENT ON COLUMN order_lines.ordinal IS 'Index in the array, from 0';
COMMENT ON COLUMN order_lines.sku IS 'From sku';
COMMENT ON COLUMN order_lines.quantity IS 'From quantity';
COMMENT ON COLUMN order_lines.price IS 'From price';
COMMENT ON COLUMN order_lines.extra IS 'From extra';
COMMENT ON COLUMN order_lines.rest IS 'Fields of the element that have no column of their own, by name';
COMMENT ON TABLE order_stock IS 'From MongoDB: the entries of stock in orders, a row each';
COMMENT ON COLUMN order_stock.order_id IS 'The document: id of orders';
COMMENT ON COLUMN order_stock.key IS 'Name of the entry';
COMMENT ON COLUMN order_stock.value IS 'The value of the entry';

-- MongoDB has these as unique. A document that breaks one here is a dead letter.
CREATE UNIQUE INDEX users_email_key ON users (email);
CREATE UNIQUE INDEX users_login_key ON users (login);

-- What other indexes of MongoDB are here:
-- users, words, address.street: for words in texts. PostgreSQL has text search: CREATE INDEX ON users USING gin (to_tsvector('simple', address_street)), for one.
-- orders, coupons, couponCodes: coupon_codes is jsonb. Where queries look for its values, index an expression on it.

-- A document's rows are written together, so foreign keys from child tables hold, if you want them.
-- ALTER TABLE order_lines ADD FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE;
-- ALTER TABLE order_stock ADD FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE;

-- MongoDB promises none of these. A row that breaks one stops the pipeline, and rows arrive in the order of
-- their documents: add what you know to hold, foreign keys as DEFERRABLE INITIALLY DEFERRED or after the
-- switch.
-- ALTER TABLE orders ADD FOREIGN KEY (buyer) REFERENCES users (id);
