-- Schema memory: documents, and the pieces of them that the vector store (Qdrant) knows.
-- A database that DevMentor has already set up itself is left exactly as it is.

DO $devmentor$
BEGIN
    IF to_regclass('memory.documents') IS NOT NULL AND (to_regclass('public.pgmigrations') IS NOT NULL OR NOT (
        SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('memory.documents')))
    THEN
        RAISE NOTICE 'DevMentor has created its own schema memory here; it is left as it is';
        RETURN;
    END IF;

    IF to_regnamespace('memory') IS NULL THEN
        CREATE SCHEMA memory;
        COMMENT ON SCHEMA memory IS 'Documents, and the pieces of them that the vector store knows.';
    END IF;

    CREATE TABLE IF NOT EXISTS memory.documents (
        id          uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
        external_id varchar(255),
        source      varchar(100) NOT NULL,
        type        varchar(50)  DEFAULT 'document',
        path        text,
        tags        text[]       DEFAULT '{}',
        metadata    jsonb        DEFAULT '{}',
        created_at  timestamptz  DEFAULT now(),
        updated_at  timestamptz  DEFAULT now()
    );
    CREATE INDEX IF NOT EXISTS idx_memory_documents_source ON memory.documents (source);
    CREATE INDEX IF NOT EXISTS idx_memory_documents_type ON memory.documents (type);

    CREATE TABLE IF NOT EXISTS memory.chunks (
        id              uuid             PRIMARY KEY DEFAULT gen_random_uuid(),
        document_id     uuid             REFERENCES memory.documents (id) ON DELETE CASCADE,
        chunk_index     integer          NOT NULL,
        content         text             NOT NULL,
        qdrant_point_id uuid,
        embedding_model varchar(100),
        score           double precision,
        metadata        jsonb            DEFAULT '{}',
        created_at      timestamptz      DEFAULT now()
    );
    CREATE INDEX IF NOT EXISTS idx_memory_chunks_document_id ON memory.chunks (document_id);
    CREATE INDEX IF NOT EXISTS idx_memory_chunks_qdrant_id ON memory.chunks (qdrant_point_id);
    -- Not in DevMentor's plan: what a chunk is recognised by when its document changes.
    CREATE UNIQUE INDEX IF NOT EXISTS idx_memory_chunks_document_chunk ON memory.chunks (document_id, chunk_index);

    COMMENT ON TABLE memory.documents IS 'Documents that can be searched. From MongoDB: documents.';
    COMMENT ON COLUMN memory.documents.id IS 'Primary key, derived from the document''s _id; the same on every run.';
    COMMENT ON COLUMN memory.documents.external_id IS 'What it is called where it comes from. From external_id.';
    COMMENT ON COLUMN memory.documents.source IS 'Where it comes from. From source; empty where the document has none.';
    COMMENT ON COLUMN memory.documents.type IS 'What it is. From type; document where there is none.';
    COMMENT ON COLUMN memory.documents.path IS 'Where it is. From path.';
    COMMENT ON COLUMN memory.documents.tags IS 'Labels. From tags.';
    COMMENT ON COLUMN memory.documents.metadata IS 'What else is known of it, of any shape. From metadata, kept whole.';
    COMMENT ON COLUMN memory.documents.created_at IS 'When it was taken in. From created_at, else the time in the ObjectId.';
    COMMENT ON COLUMN memory.documents.updated_at IS
        'When it last changed. From updated_at, else created_at, else the time in the ObjectId.';

    COMMENT ON TABLE memory.chunks IS
        'The pieces of documents, one row each. From MongoDB: the elements of the array chunks in documents.';
    COMMENT ON COLUMN memory.chunks.id IS 'Primary key; made with the row, and kept when the document changes.';
    COMMENT ON COLUMN memory.chunks.document_id IS 'The document; its pieces go when it goes.';
    COMMENT ON COLUMN memory.chunks.chunk_index IS 'Index in the array, from 0.';
    COMMENT ON COLUMN memory.chunks.content IS 'The text. From the element''s content; empty where there is none.';
    COMMENT ON COLUMN memory.chunks.qdrant_point_id IS
        'Its point in the vector store. From the element''s qdrant_point_id, a UUID; NULL where it is no UUID.';
    COMMENT ON COLUMN memory.chunks.embedding_model IS 'What its vector was made by. From the element''s embedding_model.';
    COMMENT ON COLUMN memory.chunks.score IS 'How well it fits. From the element''s score.';
    COMMENT ON COLUMN memory.chunks.metadata IS 'What else is known of it, of any shape. From the element''s metadata.';
    COMMENT ON COLUMN memory.chunks.created_at IS
        'When it was taken in. From the element''s created_at, else the document''s, else the time in its ObjectId.';
END
$devmentor$;
