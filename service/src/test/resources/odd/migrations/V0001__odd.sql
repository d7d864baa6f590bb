CREATE TABLE odd_values (
    id text PRIMARY KEY,
    as_text text,
    as_varchar varchar(20),
    as_boolean boolean,
    as_integer integer,
    as_bigint bigint,
    as_double double precision,
    as_numeric numeric,
    as_money numeric(10, 2),
    as_timestamptz timestamptz,
    as_date date,
    as_uuid uuid,
    as_bytea bytea,
    as_jsonb jsonb,
    as_texts text[],
    rest jsonb
);
CREATE TABLE odd_strict (id bigint PRIMARY KEY, v integer);
