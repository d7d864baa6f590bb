-- Indexes that MongoDB has, and those that references need. Applied after the copy, without stopping writers.
CREATE INDEX CONCURRENTLY objects_key_score_idx ON objects (key, score DESC);
CREATE INDEX CONCURRENTLY sessions_expires_idx ON sessions (expires);
