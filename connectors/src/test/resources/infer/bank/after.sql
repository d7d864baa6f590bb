-- Indexes that MongoDB has, and those that references need. Applied after the copy, without stopping writers.
CREATE INDEX CONCURRENTLY transactions_account_id_bucket_start_date_idx ON transactions (account_id, bucket_start_date DESC);
