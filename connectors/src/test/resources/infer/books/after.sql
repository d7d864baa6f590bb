-- Indexes that MongoDB has, and those that references need. Applied after the copy, without stopping writers.
CREATE INDEX CONCURRENTLY books_title_idx ON books (title);
CREATE INDEX CONCURRENTLY books_publisher_id_idx ON books (publisher_id);
CREATE INDEX CONCURRENTLY orders_buyer_date_idx ON orders (buyer, date DESC);
CREATE INDEX CONCURRENTLY order_lines_isbn_idx ON order_lines (isbn);
