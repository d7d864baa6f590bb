-- Indexes that MongoDB has, and those that references need. Applied after the copy, without stopping writers.
CREATE INDEX CONCURRENTLY tweets_user_screen_name_created_at_idx ON tweets (user_screen_name, created_at DESC);
