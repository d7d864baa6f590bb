-- Tables for ../mapping.yaml, proposed by `sluice infer`. Change them as you like until they are
-- applied; then add a V0002__... . Names carry no schema: the migration runs in the mapping's.
--
-- MongoDB orders strings by their bytes, PostgreSQL by the database's collation: write text COLLATE "C" where
-- lists are ordered by one. What is missing or null comes first in MongoDB, and last in PostgreSQL unless the
-- query says ORDER BY .. NULLS FIRST (descending: NULLS LAST).

CREATE TABLE sales (
    id          bigint PRIMARY KEY,
    price       numeric(12,2),
    total       numeric(12,2),
    balance     numeric(12,2),
    tax_rate    double precision,
    sold_on     date,
    due_on      text,
    imported_at timestamptz,
    mailed_at   timestamptz,
    posted_at   timestamptz,
    shipped_on  text,
    stock       bigint,
    weight      bigint,
    rest        jsonb
);

COMMENT ON TABLE sales IS 'From MongoDB: sales';
COMMENT ON COLUMN sales.id IS 'From _id: whole numbers (int64); an _id of another type would be dead-lettered';
COMMENT ON COLUMN sales.price IS 'From price';
COMMENT ON COLUMN sales.total IS 'From total';
COMMENT ON COLUMN sales.balance IS 'From balance';
COMMENT ON COLUMN sales.tax_rate IS 'From taxRate';
COMMENT ON COLUMN sales.sold_on IS 'From soldOn';
COMMENT ON COLUMN sales.due_on IS 'From dueOn';
COMMENT ON COLUMN sales.imported_at IS 'From importedAt';
COMMENT ON COLUMN sales.mailed_at IS 'From mailedAt';
COMMENT ON COLUMN sales.posted_at IS 'From postedAt';
COMMENT ON COLUMN sales.shipped_on IS 'From shippedOn';
COMMENT ON COLUMN sales.stock IS 'From stock';
COMMENT ON COLUMN sales.weight IS 'From weight';
COMMENT ON COLUMN sales.rest IS 'Fields of the document that have no column of their own, by name';
