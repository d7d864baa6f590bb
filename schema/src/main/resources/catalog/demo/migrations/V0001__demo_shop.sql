-- The demo's little shop: one collection that becomes a wide flat table, one whose array becomes a child table.
-- Names carry no schema: the migration runs with search_path at the target schema.

CREATE TABLE users (
    id           text        PRIMARY KEY,
    email        text        NOT NULL,
    name         text        NOT NULL DEFAULT '',
    age          integer,
    balance      numeric(18, 2),
    active       boolean     NOT NULL DEFAULT true,
    signed_up_at timestamptz,
    last_seen_at timestamptz,
    street       text,
    city         text,
    postcode     text,
    country      text,
    latitude     double precision,
    longitude    double precision,
    tags         text[]      NOT NULL DEFAULT '{}',
    preferences  jsonb,
    rest         jsonb       NOT NULL DEFAULT '{}'
);

CREATE TABLE orders (
    id           bigint      PRIMARY KEY,
    -- No foreign key: MongoDB asks for none, and the two collections are copied side by side, so an order may well
    -- arrive before its user, or outlive it.
    user_id      text,
    status       text        NOT NULL,
    placed_at    timestamptz NOT NULL,
    total        numeric(18, 2),
    currency     text        NOT NULL DEFAULT 'EUR',
    shipping     jsonb,
    coupon_codes text[]      NOT NULL DEFAULT '{}',
    rest         jsonb       NOT NULL DEFAULT '{}'
);
CREATE INDEX orders_user_id_idx ON orders (user_id);

-- Here a foreign key is right: an order and its lines are one document, written together.
CREATE TABLE order_lines (
    order_id   bigint  NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    ordinal    integer NOT NULL,
    sku        text    NOT NULL,
    title      text,
    quantity   integer NOT NULL,
    unit_price numeric(18, 2),
    attributes jsonb,
    PRIMARY KEY (order_id, ordinal)
);

COMMENT ON TABLE users IS 'Customers of the shop. From MongoDB: users.';
COMMENT ON COLUMN users.id IS 'The ObjectId as 24 hex digits. From _id.';
COMMENT ON COLUMN users.email IS 'Where the shop writes to. From email.';
COMMENT ON COLUMN users.name IS 'Full name; empty where the document has none. From name.';
COMMENT ON COLUMN users.age IS 'In years. From age.';
COMMENT ON COLUMN users.balance IS 'Credit with the shop. From balance, a Decimal128.';
COMMENT ON COLUMN users.active IS 'Whether the account is open; true where the document does not say. From active.';
COMMENT ON COLUMN users.signed_up_at IS 'When the account was opened.';
COMMENT ON COLUMN users.last_seen_at IS 'When the user last came by; NULL when never.';
COMMENT ON COLUMN users.street IS 'Street and number. From the nested address.';
COMMENT ON COLUMN users.city IS 'Town. From the nested address.';
COMMENT ON COLUMN users.postcode IS 'Postal code; text, since some begin with 0. From the nested address.';
COMMENT ON COLUMN users.country IS 'Country. From the nested address.';
COMMENT ON COLUMN users.latitude IS 'Degrees north. From the nested address.';
COMMENT ON COLUMN users.longitude IS 'Degrees east. From the nested address.';
COMMENT ON COLUMN users.tags IS 'Labels the shop has given; empty when none. From tags, an array.';
COMMENT ON COLUMN users.preferences IS 'What the user has chosen, of any shape. From preferences, kept whole.';
COMMENT ON COLUMN users.rest IS 'Fields of the document that have no column of their own, by name.';

COMMENT ON TABLE orders IS 'Orders; what was ordered is in order_lines. From MongoDB: orders.';
COMMENT ON COLUMN orders.id IS 'Number of the order. From _id, an int64.';
COMMENT ON COLUMN orders.user_id IS
    'Who ordered: users.id, but no foreign key, since an order may arrive before its user.';
COMMENT ON COLUMN orders.status IS 'How far it has come. From status.';
COMMENT ON COLUMN orders.placed_at IS 'When it was ordered.';
COMMENT ON COLUMN orders.total IS 'What it costs in all, in currency. From total, a Decimal128.';
COMMENT ON COLUMN orders.currency IS 'ISO 4217 code; EUR where the document does not say. From currency.';
COMMENT ON COLUMN orders.shipping IS 'How and where it is sent, of any shape. From shipping, kept whole.';
COMMENT ON COLUMN orders.coupon_codes IS 'Coupons handed in; empty when none. From an array.';
COMMENT ON COLUMN orders.rest IS 'Fields of the document that have no column of their own, by name.';

COMMENT ON TABLE order_lines IS 'What was ordered. From MongoDB: the elements of the array in orders, one row each.';
COMMENT ON COLUMN order_lines.order_id IS 'The order; its lines go when it goes.';
COMMENT ON COLUMN order_lines.ordinal IS 'Index in the array, from 0.';
COMMENT ON COLUMN order_lines.sku IS 'Article number. From the element''s sku.';
COMMENT ON COLUMN order_lines.title IS 'Name of the article when it was ordered. From the element''s title.';
COMMENT ON COLUMN order_lines.quantity IS 'How many. From the element''s quantity.';
COMMENT ON COLUMN order_lines.unit_price IS 'Price of one, in the order''s currency. A Decimal128 in the element.';
COMMENT ON COLUMN order_lines.attributes IS
    'Colour, size and the like, of any shape. From the element''s attributes, kept whole.';
