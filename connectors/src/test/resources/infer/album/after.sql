-- Indexes that MongoDB has, and those that references need. Applied after the copy, without stopping writers.
CREATE INDEX CONCURRENTLY albums_user_id_idx ON albums (user_id);
CREATE INDEX CONCURRENTLY photos_album_id_idx ON photos (album_id);
