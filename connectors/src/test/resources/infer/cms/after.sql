-- Indexes that MongoDB has, and those that references need. Applied after the copy, without stopping writers.
CREATE INDEX CONCURRENTLY contents_type_published_at_idx ON contents (type, published_at DESC);
CREATE INDEX CONCURRENTLY content_tags_tag_id_idx ON content_tags (tag_id);
CREATE INDEX CONCURRENTLY contents_author_idx ON contents (author);
CREATE INDEX CONCURRENTLY contents_parent_idx ON contents (parent);
CREATE INDEX CONCURRENTLY content_images_image_id_idx ON content_images (image_id);
