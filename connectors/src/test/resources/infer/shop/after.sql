-- Indexes that MongoDB has, and those that references need. Applied after the copy, without stopping writers.
CREATE INDEX CONCURRENTLY users_address_city_signed_up_at_idx ON users (address_city, signed_up_at DESC);
CREATE INDEX CONCURRENTLY users_tags_idx ON users USING gin (tags);
CREATE INDEX CONCURRENTLY users_balance_idx ON users (balance) WHERE active = true;
CREATE INDEX CONCURRENTLY orders_buyer_status_idx ON orders (buyer, status);
CREATE INDEX CONCURRENTLY order_lines_sku_idx ON order_lines (sku);
