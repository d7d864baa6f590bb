-- What the shop's pages look for. These come after the copy: rows are written faster without them.

CREATE INDEX CONCURRENTLY orders_placed_at_idx ON orders (placed_at);
CREATE INDEX CONCURRENTLY users_email_idx ON users (email);
