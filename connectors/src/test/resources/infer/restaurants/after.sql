-- Indexes that MongoDB has, and those that references need. Applied after the copy, without stopping writers.
CREATE INDEX CONCURRENTLY restaurants_borough_cuisine_idx ON restaurants (borough, cuisine);
