-- Tables for ../mapping.yaml, proposed by `sluice infer`. Change them as you like until they are
-- applied; then add a V0002__... . Names carry no schema: the migration runs in the mapping's.
--
-- MongoDB orders strings by their bytes, PostgreSQL by the database's collation: write text COLLATE "C" where
-- lists are ordered by one. What is missing or null comes first in MongoDB, and last in PostgreSQL unless the
-- query says ORDER BY .. NULLS FIRST (descending: NULLS LAST).

CREATE TABLE publishers (
    id   bigint PRIMARY KEY,
    name text,
    city text,
    rest jsonb
);

CREATE TABLE books (
    id                text PRIMARY KEY,
    title             text,
    authors           text[],
    publisher_id      bigint,
    price             numeric(12,2),
    pages             bigint,
    published         date,
    in_stock          bigint,
    dimensions_width  double precision,
    dimensions_height double precision,
    genres            text[],
    rest              jsonb
);

CREATE TABLE book_ratings (
    book_id text NOT NULL,
    key     text NOT NULL,
    value   bigint,
    PRIMARY KEY (book_id, key)
);

CREATE TABLE customers (
    id         bigint PRIMARY KEY,
    name       text,
    email      text,
    since      timestamptz,
    newsletter boolean,
    rest       jsonb
);

CREATE TABLE customer_addresses (
    customer_id bigint NOT NULL,
    ordinal     integer NOT NULL,
    label       text,
    street      text,
    zip         text,
    city        text,
    rest        jsonb,
    PRIMARY KEY (customer_id, ordinal)
);

CREATE TABLE orders (
    id     bigint PRIMARY KEY,
    buyer  bigint,
    date   timestamptz,
    status text,
    total  numeric(12,2),
    coupon text,
    rest   jsonb
);

CREATE TABLE order_lines (
    order_id bigint NOT NULL,
    ordinal  integer NOT NULL,
    isbn     text,
    quantity bigint,
    price    numeric(12,2),
    rest     jsonb,
    PRIMARY KEY (order_id, ordinal)
);

COMMENT ON TABLE publishers IS 'From MongoDB: publishers';
COMMENT ON COLUMN publishers.id IS 'From _id: whole numbers (int32); an _id of another type would be dead-lettered';
COMMENT ON COLUMN publishers.name IS 'From name';
COMMENT ON COLUMN publishers.city IS 'From city';
COMMENT ON COLUMN publishers.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE books IS 'From MongoDB: books';
COMMENT ON COLUMN books.id IS 'From _id: string, at most 13 characters';
COMMENT ON COLUMN books.title IS 'From title';
COMMENT ON COLUMN books.authors IS 'From authors';
COMMENT ON COLUMN books.publisher_id IS 'From publisher_id: _id of publishers: 100 % of 80 values join';
COMMENT ON COLUMN books.price IS 'From price';
COMMENT ON COLUMN books.pages IS 'From pages';
COMMENT ON COLUMN books.published IS 'From published';
COMMENT ON COLUMN books.in_stock IS 'From in_stock';
COMMENT ON COLUMN books.dimensions_width IS 'From dimensions.width';
COMMENT ON COLUMN books.dimensions_height IS 'From dimensions.height';
COMMENT ON COLUMN books.genres IS 'From genres';
COMMENT ON COLUMN books.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE book_ratings IS 'From MongoDB: the entries of ratings in books, a row each';
COMMENT ON COLUMN book_ratings.book_id IS 'The document: id of books';
COMMENT ON COLUMN book_ratings.key IS 'Name of the entry';
COMMENT ON COLUMN book_ratings.value IS 'The value of the entry';
COMMENT ON TABLE customers IS 'From MongoDB: customers';
COMMENT ON COLUMN customers.id IS 'From _id: whole numbers (int32); an _id of another type would be dead-lettered';
COMMENT ON COLUMN customers.name IS 'From name';
COMMENT ON COLUMN customers.email IS 'From email';
COMMENT ON COLUMN customers.since IS 'From since';
COMMENT ON COLUMN customers.newsletter IS 'From newsletter';
COMMENT ON COLUMN customers.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE customer_addresses IS 'From MongoDB: the elements of addresses in customers, a row each';
COMMENT ON COLUMN customer_addresses.customer_id IS 'The document: id of customers';
COMMENT ON COLUMN customer_addresses.ordinal IS 'Index in the array, from 0';
COMMENT ON COLUMN customer_addresses.label IS 'From label';
COMMENT ON COLUMN customer_addresses.street IS 'From street';
COMMENT ON COLUMN customer_addresses.zip IS 'From zip';
COMMENT ON COLUMN customer_addresses.city IS 'From city';
COMMENT ON COLUMN customer_addresses.rest IS 'Fields of the element that have no column of their own, by name';
COMMENT ON TABLE orders IS 'From MongoDB: orders';
COMMENT ON COLUMN orders.id IS 'From _id: whole numbers (int64); an _id of another type would be dead-lettered';
COMMENT ON COLUMN orders.buyer IS 'From buyer: _id of customers: 100 % of 150 values join; the values alone say so';
COMMENT ON COLUMN orders.date IS 'From date';
COMMENT ON COLUMN orders.status IS 'From status';
COMMENT ON COLUMN orders.total IS 'From total';
COMMENT ON COLUMN orders.coupon IS 'From coupon';
COMMENT ON COLUMN orders.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE order_lines IS 'From MongoDB: the elements of lines in orders, a row each';
COMMENT ON COLUMN order_lines.order_id IS 'The document: id of orders';
COMMENT ON COLUMN order_lines.ordinal IS 'Index in the array, from 0';
COMMENT ON COLUMN order_lines.isbn IS 'From isbn: _id of books: 100 % of 373 values join; the values alone say so';
COMMENT ON COLUMN order_lines.quantity IS 'From quantity';
COMMENT ON COLUMN order_lines.price IS 'From price';
COMMENT ON COLUMN order_lines.rest IS 'Fields of the element that have no column of their own, by name';

-- MongoDB has these as unique. A document that breaks one here is a dead letter.
CREATE UNIQUE INDEX customers_email_key ON customers (email);

-- What other indexes of MongoDB are here:
-- books, genre, genres, price: one of its fields is an array. PostgreSQL has no index of an array's elements together with other columns, but with the extension btree_gin.

-- A document's rows are written together, so foreign keys from child tables hold, if you want them.
-- ALTER TABLE book_ratings ADD FOREIGN KEY (book_id) REFERENCES books (id) ON DELETE CASCADE;
-- ALTER TABLE customer_addresses ADD FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE;
-- ALTER TABLE order_lines ADD FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE;

-- MongoDB promises none of these. A row that breaks one stops the pipeline, and rows arrive in the order of
-- their documents: add what you know to hold, foreign keys as DEFERRABLE INITIALLY DEFERRED or after the
-- switch.
-- ALTER TABLE books ADD FOREIGN KEY (publisher_id) REFERENCES publishers (id);
-- ALTER TABLE orders ADD FOREIGN KEY (buyer) REFERENCES customers (id);
-- ALTER TABLE order_lines ADD FOREIGN KEY (isbn) REFERENCES books (id);
