-- Tables for ../mapping.yaml, proposed by `sluice infer`. Change them as you like until they are
-- applied; then add a V0002__... . Names carry no schema: the migration runs in the mapping's.
--
-- MongoDB orders strings by their bytes, PostgreSQL by the database's collation: write text COLLATE "C" where
-- lists are ordered by one. What is missing or null comes first in MongoDB, and last in PostgreSQL unless the
-- query says ORDER BY .. NULLS FIRST (descending: NULLS LAST).

CREATE TABLE accounts (
    id         text PRIMARY KEY,
    account_id bigint,
    "limit"    bigint,
    products   text[],
    rest       jsonb
);

CREATE TABLE customers (
    id        text PRIMARY KEY,
    username  text,
    name      text,
    address   text,
    birthdate timestamptz,
    email     text,
    accounts  bigint[],
    rest      jsonb
);

CREATE TABLE customer_tier_and_details (
    customer_id text NOT NULL,
    key         text NOT NULL,
    tier        text,
    benefits    text[],
    active      boolean,
    id          text,
    rest        jsonb,
    PRIMARY KEY (customer_id, key)
);

CREATE TABLE transactions (
    id                text PRIMARY KEY,
    account_id        bigint,
    transaction_count bigint,
    bucket_start_date timestamptz,
    bucket_end_date   timestamptz,
    rest              jsonb
);

CREATE TABLE transaction_items (
    transaction_id   text NOT NULL,
    ordinal          integer NOT NULL,
    date             timestamptz,
    amount           bigint,
    transaction_code text,
    symbol           text,
    price            numeric,
    total            numeric,
    fee              numeric(12,2),
    rest             jsonb,
    PRIMARY KEY (transaction_id, ordinal)
);

COMMENT ON TABLE accounts IS 'From MongoDB: accounts';
COMMENT ON COLUMN accounts.id IS 'From _id: ObjectId as 24 hex digits: references to it are written the same, and need no look-up';
COMMENT ON COLUMN accounts.account_id IS 'From account_id';
COMMENT ON COLUMN accounts."limit" IS 'From limit';
COMMENT ON COLUMN accounts.products IS 'From products';
COMMENT ON COLUMN accounts.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE customers IS 'From MongoDB: customers';
COMMENT ON COLUMN customers.id IS 'From _id: ObjectId as 24 hex digits: references to it are written the same, and need no look-up';
COMMENT ON COLUMN customers.username IS 'From username';
COMMENT ON COLUMN customers.name IS 'From name';
COMMENT ON COLUMN customers.address IS 'From address';
COMMENT ON COLUMN customers.birthdate IS 'From birthdate';
COMMENT ON COLUMN customers.email IS 'From email';
COMMENT ON COLUMN customers.accounts IS 'From accounts';
COMMENT ON COLUMN customers.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE customer_tier_and_details IS 'From MongoDB: the entries of tier_and_details in customers, a row each';
COMMENT ON COLUMN customer_tier_and_details.customer_id IS 'The document: id of customers';
COMMENT ON COLUMN customer_tier_and_details.key IS 'Name of the entry';
COMMENT ON COLUMN customer_tier_and_details.tier IS 'From tier';
COMMENT ON COLUMN customer_tier_and_details.benefits IS 'From benefits';
COMMENT ON COLUMN customer_tier_and_details.active IS 'From active';
COMMENT ON COLUMN customer_tier_and_details.id IS 'From id';
COMMENT ON COLUMN customer_tier_and_details.rest IS 'Fields of the entry that have no column of their own, by name';
COMMENT ON TABLE transactions IS 'From MongoDB: transactions';
COMMENT ON COLUMN transactions.id IS 'From _id: ObjectId as 24 hex digits: references to it are written the same, and need no look-up';
COMMENT ON COLUMN transactions.account_id IS 'From account_id';
COMMENT ON COLUMN transactions.transaction_count IS 'From transaction_count';
COMMENT ON COLUMN transactions.bucket_start_date IS 'From bucket_start_date';
COMMENT ON COLUMN transactions.bucket_end_date IS 'From bucket_end_date';
COMMENT ON COLUMN transactions.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE transaction_items IS 'From MongoDB: the elements of transactions in transactions, a row each';
COMMENT ON COLUMN transaction_items.transaction_id IS 'The document: id of transactions';
COMMENT ON COLUMN transaction_items.ordinal IS 'Index in the array, from 0';
COMMENT ON COLUMN transaction_items.date IS 'From date';
COMMENT ON COLUMN transaction_items.amount IS 'From amount';
COMMENT ON COLUMN transaction_items.transaction_code IS 'From transaction_code';
COMMENT ON COLUMN transaction_items.symbol IS 'From symbol';
COMMENT ON COLUMN transaction_items.price IS 'From price';
COMMENT ON COLUMN transaction_items.total IS 'From total';
COMMENT ON COLUMN transaction_items.fee IS 'From fee';
COMMENT ON COLUMN transaction_items.rest IS 'Fields of the element that have no column of their own, by name';

-- MongoDB has these as unique. A document that breaks one here is a dead letter.
CREATE UNIQUE INDEX accounts_account_id_key ON accounts (account_id);
CREATE UNIQUE INDEX customers_username_key ON customers (username);

-- A document's rows are written together, so foreign keys from child tables hold, if you want them.
-- ALTER TABLE customer_tier_and_details ADD FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE;
-- ALTER TABLE transaction_items ADD FOREIGN KEY (transaction_id) REFERENCES transactions (id) ON DELETE CASCADE;
