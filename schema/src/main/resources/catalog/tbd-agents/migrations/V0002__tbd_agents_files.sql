-- What GridFS holds: uploaded files of knowledge_items, which TBD Agents' own migration leaves behind. These tables are an
-- addition of Sluice; nothing of TBD Agents reads them. They are made in a database that TBD Agents set up as well, since
-- there they are missing too.

CREATE TABLE IF NOT EXISTS knowledge_files (
    id           text        PRIMARY KEY,
    filename     text,
    length       bigint,
    chunk_size   integer,
    content_type text,
    uploaded_at  timestamptz,
    metadata     jsonb,
    rest         jsonb       NOT NULL DEFAULT '{}'
);

-- No foreign key: GridFS writes the chunks of a file before the file itself.
CREATE TABLE IF NOT EXISTS knowledge_file_chunks (
    id      text    PRIMARY KEY,
    file_id text,
    n       integer,
    data    bytea
);
CREATE INDEX IF NOT EXISTS idx_knowledge_file_chunks_file_id ON knowledge_file_chunks (file_id, n);

CREATE OR REPLACE FUNCTION knowledge_file_content(file text) RETURNS bytea
    LANGUAGE sql STABLE STRICT SET search_path FROM CURRENT AS $body$
    SELECT CASE WHEN f.length = coalesce(octet_length(c.content), 0) THEN coalesce(c.content, '') END
    FROM knowledge_files f
         CROSS JOIN LATERAL (
             SELECT string_agg(k.data, '' ORDER BY k.n) AS content
             FROM knowledge_file_chunks k
             WHERE k.file_id = f.id
         ) c
    WHERE f.id = file
$body$;

CREATE OR REPLACE VIEW knowledge_item_files AS
SELECT i.id AS knowledge_item_id, f.id AS file_id, coalesce(f.filename, i.file_name) AS filename,
       coalesce(i.mime_type, f.content_type) AS mime_type, f.length, f.uploaded_at,
       knowledge_file_content(f.id) AS content
FROM knowledge_items i
     JOIN knowledge_files f ON f.id = i.file_id;

COMMENT ON TABLE knowledge_files IS
    'Uploaded files; their bytes are in knowledge_file_chunks. An addition of Sluice. From MongoDB: fs.files.';
COMMENT ON COLUMN knowledge_files.id IS 'What knowledge_items.file_id names it by. From _id.';
COMMENT ON COLUMN knowledge_files.filename IS 'The name it was uploaded under. From filename.';
COMMENT ON COLUMN knowledge_files.length IS 'How many bytes it has. From length.';
COMMENT ON COLUMN knowledge_files.chunk_size IS 'How many bytes each chunk but the last has. From chunkSize.';
COMMENT ON COLUMN knowledge_files.content_type IS 'Its media type, which older drivers wrote. From contentType.';
COMMENT ON COLUMN knowledge_files.uploaded_at IS 'When it was uploaded. From uploadDate.';
COMMENT ON COLUMN knowledge_files.metadata IS 'What the application said about it, of any shape. From metadata, kept whole.';
COMMENT ON COLUMN knowledge_files.rest IS 'Fields of the document that have no column of their own, by name.';

COMMENT ON TABLE knowledge_file_chunks IS
    'The bytes of knowledge_files, cut into pieces. An addition of Sluice. From MongoDB: fs.chunks.';
COMMENT ON COLUMN knowledge_file_chunks.id IS 'The id of the piece. From _id.';
COMMENT ON COLUMN knowledge_file_chunks.file_id IS
    'The file it is of: knowledge_files.id, but no foreign key, since GridFS writes the pieces first. From files_id.';
COMMENT ON COLUMN knowledge_file_chunks.n IS 'Its place in the file, from 0. From n.';
COMMENT ON COLUMN knowledge_file_chunks.data IS 'The bytes. From data.';

COMMENT ON FUNCTION knowledge_file_content(text) IS
    'All bytes of the file of that id (knowledge_items.file_id). NULL: there is no such file, or not all of its pieces are '
    'there yet. PostgreSQL can hand out 1 GB at once; larger files are read from knowledge_file_chunks piece by piece.';

COMMENT ON VIEW knowledge_item_files IS
    'The file of each knowledge item that has one, whole. An addition of Sluice.';
COMMENT ON COLUMN knowledge_item_files.knowledge_item_id IS 'The item: knowledge_items.id.';
COMMENT ON COLUMN knowledge_item_files.file_id IS 'The file: knowledge_files.id.';
COMMENT ON COLUMN knowledge_item_files.filename IS 'The name it was uploaded under; else the item''s name for it.';
COMMENT ON COLUMN knowledge_item_files.mime_type IS 'The media type by the item; else by the file.';
COMMENT ON COLUMN knowledge_item_files.length IS 'How many bytes it has.';
COMMENT ON COLUMN knowledge_item_files.uploaded_at IS 'When it was uploaded.';
COMMENT ON COLUMN knowledge_item_files.content IS 'All its bytes; NULL until all pieces are there.';
