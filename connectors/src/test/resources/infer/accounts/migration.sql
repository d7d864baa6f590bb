-- Tables for ../mapping.yaml, proposed by `sluice infer`. Change them as you like until they are
-- applied; then add a V0002__... . Names carry no schema: the migration runs in the mapping's.
--
-- MongoDB orders strings by their bytes, PostgreSQL by the database's collation: write text COLLATE "C" where
-- lists are ordered by one. What is missing or null comes first in MongoDB, and last in PostgreSQL unless the
-- query says ORDER BY .. NULLS FIRST (descending: NULLS LAST).

CREATE TABLE accounts (
    id             text PRIMARY KEY,
    email          text NOT NULL,
    phone          text,
    password_hash  text,
    last_token     text,
    token_count    bigint,
    token_type     text,
    card           text,
    session_jwt    text,
    session_opened bigint,
    devices        text,
    note           text,
    city           text,
    rest           jsonb
);

CREATE TABLE account_keys (
    account_id text NOT NULL,
    ordinal    integer NOT NULL,
    label      text,
    api_key    text,
    rest       jsonb,
    PRIMARY KEY (account_id, ordinal)
);

COMMENT ON TABLE accounts IS 'From MongoDB: accounts';
COMMENT ON COLUMN accounts.id IS 'From _id: string, e-mail addresses in 100 % of the texts';
COMMENT ON COLUMN accounts.email IS 'From email';
COMMENT ON COLUMN accounts.phone IS 'From phone';
COMMENT ON COLUMN accounts.password_hash IS 'From passwordHash';
COMMENT ON COLUMN accounts.last_token IS 'From lastToken';
COMMENT ON COLUMN accounts.token_count IS 'From tokenCount';
COMMENT ON COLUMN accounts.token_type IS 'From tokenType';
COMMENT ON COLUMN accounts.card IS 'From card';
COMMENT ON COLUMN accounts.session_jwt IS 'From session.jwt';
COMMENT ON COLUMN accounts.session_opened IS 'From session.opened';
COMMENT ON COLUMN accounts.devices IS 'From devices';
COMMENT ON COLUMN accounts.note IS 'From note';
COMMENT ON COLUMN accounts.city IS 'From city';
COMMENT ON COLUMN accounts.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE account_keys IS 'From MongoDB: the elements of keys in accounts, a row each';
COMMENT ON COLUMN account_keys.account_id IS 'The document: id of accounts';
COMMENT ON COLUMN account_keys.ordinal IS 'Index in the array, from 0';
COMMENT ON COLUMN account_keys.label IS 'From label';
COMMENT ON COLUMN account_keys.api_key IS 'From apiKey';
COMMENT ON COLUMN account_keys.rest IS 'Fields of the element that have no column of their own, by name';

-- MongoDB has these as unique. A document that breaks one here is a dead letter.
CREATE UNIQUE INDEX accounts_email_key ON accounts (email);

-- What other indexes of MongoDB are here:
-- accounts, lastToken_1, lastToken: last_token is masked by redact, which leaves nothing to look for.

-- MongoDB's validators ask for these, and each document that was read has one. A validator is asked when a
-- document is written: one that was there before, or was written past it, would be a dead letter.
-- ALTER TABLE accounts ALTER COLUMN phone SET NOT NULL;
-- ALTER TABLE accounts ALTER COLUMN token_count SET NOT NULL;

-- A document's rows are written together, so foreign keys from child tables hold, if you want them.
-- ALTER TABLE account_keys ADD FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE;
