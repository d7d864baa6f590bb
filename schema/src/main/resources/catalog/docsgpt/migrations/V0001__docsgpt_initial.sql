-- DocsGPT's tables as its PostgreSQL release expects them (its schema revision 0001_initial): 22 tables with their
-- keys, checks and indexes.
-- V0002 adds the functions and triggers, V0003 says what each column holds.
--
-- Names carry no schema: the migration runs with search_path at the target schema.
-- A database that DocsGPT has already set up with its own tool (alembic) is left exactly as it is: DocsGPT owns it,
-- may be many revisions further, and may belong to another role. IF NOT EXISTS serves the database that is half ours.
-- Indexes and constraints bear the names DocsGPT knows them by, since its later revisions alter some of them by name.
-- Needs PostgreSQL 13 or newer, and CREATE on the database for the two extensions where they are not there yet.

DO $docsgpt$
DECLARE
    citext_schema text;
BEGIN
    IF to_regclass('alembic_version') IS NOT NULL AND to_regclass('conversation_messages') IS NOT NULL THEN
        RAISE NOTICE 'DocsGPT has created its own tables here; they are left as they are';
        RETURN;
    END IF;

    CREATE EXTENSION IF NOT EXISTS pgcrypto;
    CREATE EXTENSION IF NOT EXISTS citext;

    -- An extension that was there before may live in another schema: then this transaction alone looks there too.
    SELECT n.nspname INTO STRICT citext_schema
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'citext';
    IF to_regtype('citext') IS NULL THEN
        PERFORM set_config('search_path', current_setting('search_path') || ', ' || quote_ident(citext_schema), true);
    END IF;

    -- People, and what they own directly ------------------------------------------------------------------------------

    CREATE TABLE IF NOT EXISTS users (
        id                uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id           text        NOT NULL UNIQUE,
        agent_preferences jsonb       NOT NULL DEFAULT '{"pinned": [], "shared_with_me": []}',
        created_at        timestamptz NOT NULL DEFAULT now(),
        updated_at        timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE IF NOT EXISTS prompts (
        id              uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id         text        NOT NULL CONSTRAINT prompts_user_id_fk
                        REFERENCES users (user_id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE,
        name            text        NOT NULL,
        content         text        NOT NULL,
        created_at      timestamptz NOT NULL DEFAULT now(),
        updated_at      timestamptz NOT NULL DEFAULT now(),
        legacy_mongo_id text
    );
    CREATE INDEX IF NOT EXISTS prompts_user_id_idx ON prompts (user_id);
    CREATE UNIQUE INDEX IF NOT EXISTS prompts_legacy_mongo_id_uidx
        ON prompts (legacy_mongo_id) WHERE legacy_mongo_id IS NOT NULL;

    CREATE TABLE IF NOT EXISTS user_tools (
        id                  uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id             text        NOT NULL CONSTRAINT user_tools_user_id_fk
                            REFERENCES users (user_id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE,
        name                text        NOT NULL,
        custom_name         text,
        display_name        text,
        description         text,
        config              jsonb       NOT NULL DEFAULT '{}',
        config_requirements jsonb       NOT NULL DEFAULT '{}',
        actions             jsonb       NOT NULL DEFAULT '[]',
        status              boolean     NOT NULL DEFAULT true,
        created_at          timestamptz NOT NULL DEFAULT now(),
        updated_at          timestamptz NOT NULL DEFAULT now(),
        legacy_mongo_id     text
    );
    CREATE INDEX IF NOT EXISTS user_tools_user_id_idx ON user_tools (user_id);
    CREATE UNIQUE INDEX IF NOT EXISTS user_tools_legacy_mongo_id_uidx
        ON user_tools (legacy_mongo_id) WHERE legacy_mongo_id IS NOT NULL;

    CREATE TABLE IF NOT EXISTS agent_folders (
        id              uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id         text        NOT NULL CONSTRAINT agent_folders_user_id_fk
                        REFERENCES users (user_id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE,
        name            text        NOT NULL,
        description     text,
        parent_id       uuid        REFERENCES agent_folders (id) ON DELETE SET NULL,
        created_at      timestamptz NOT NULL DEFAULT now(),
        updated_at      timestamptz NOT NULL DEFAULT now(),
        legacy_mongo_id text
    );
    CREATE INDEX IF NOT EXISTS agent_folders_user_idx ON agent_folders (user_id);
    CREATE INDEX IF NOT EXISTS agent_folders_parent_idx ON agent_folders (parent_id);
    CREATE UNIQUE INDEX IF NOT EXISTS agent_folders_legacy_mongo_id_uidx
        ON agent_folders (legacy_mongo_id) WHERE legacy_mongo_id IS NOT NULL;

    CREATE TABLE IF NOT EXISTS sources (
        id                  uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id             text        NOT NULL CONSTRAINT sources_user_id_fk
                            REFERENCES users (user_id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE,
        name                text        NOT NULL,
        language            text,
        date                timestamptz NOT NULL DEFAULT now(),
        model               text,
        type                text,
        metadata            jsonb       NOT NULL DEFAULT '{}',
        retriever           text,
        sync_frequency      text,
        tokens              text,
        file_path           text,
        remote_data         jsonb,
        directory_structure jsonb,
        file_name_map       jsonb,
        created_at          timestamptz NOT NULL DEFAULT now(),
        updated_at          timestamptz NOT NULL DEFAULT now(),
        legacy_mongo_id     text
    );
    CREATE INDEX IF NOT EXISTS sources_user_idx ON sources (user_id);
    CREATE UNIQUE INDEX IF NOT EXISTS sources_legacy_mongo_id_uidx
        ON sources (legacy_mongo_id) WHERE legacy_mongo_id IS NOT NULL;

    CREATE TABLE IF NOT EXISTS attachments (
        id              uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id         text        NOT NULL CONSTRAINT attachments_user_id_fk
                        REFERENCES users (user_id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE,
        filename        text        NOT NULL,
        upload_path     text        NOT NULL,
        mime_type       text,
        size            bigint,
        content         text,
        token_count     integer,
        openai_file_id  text,
        google_file_uri text,
        metadata        jsonb,
        created_at      timestamptz NOT NULL DEFAULT now(),
        legacy_mongo_id text
    );
    CREATE INDEX IF NOT EXISTS attachments_user_idx ON attachments (user_id);
    CREATE UNIQUE INDEX IF NOT EXISTS attachments_legacy_mongo_id_uidx
        ON attachments (legacy_mongo_id) WHERE legacy_mongo_id IS NOT NULL;

    -- Workflows come before agents, which point at them ---------------------------------------------------------------

    CREATE TABLE IF NOT EXISTS workflows (
        id                    uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id               text        NOT NULL CONSTRAINT workflows_user_id_fk
                              REFERENCES users (user_id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE,
        name                  text        NOT NULL,
        description           text,
        created_at            timestamptz NOT NULL DEFAULT now(),
        updated_at            timestamptz NOT NULL DEFAULT now(),
        current_graph_version integer     NOT NULL DEFAULT 1,
        legacy_mongo_id       text
    );
    CREATE INDEX IF NOT EXISTS workflows_user_idx ON workflows (user_id);
    CREATE UNIQUE INDEX IF NOT EXISTS workflows_legacy_mongo_id_uidx
        ON workflows (legacy_mongo_id) WHERE legacy_mongo_id IS NOT NULL;

    CREATE TABLE IF NOT EXISTS workflow_nodes (
        id              uuid    PRIMARY KEY DEFAULT gen_random_uuid(),
        workflow_id     uuid    NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
        graph_version   integer NOT NULL,
        node_type       text    NOT NULL,
        config          jsonb   NOT NULL DEFAULT '{}',
        node_id         text    NOT NULL,
        title           text,
        description     text,
        position        jsonb   NOT NULL DEFAULT '{"x": 0, "y": 0}',
        legacy_mongo_id text,
        -- What an edge refers to: a node of its own workflow and of its own version, never of another.
        CONSTRAINT workflow_nodes_id_wf_ver_key UNIQUE (id, workflow_id, graph_version)
    );
    CREATE UNIQUE INDEX IF NOT EXISTS workflow_nodes_wf_ver_nid_uidx
        ON workflow_nodes (workflow_id, graph_version, node_id);
    CREATE UNIQUE INDEX IF NOT EXISTS workflow_nodes_legacy_mongo_id_uidx
        ON workflow_nodes (legacy_mongo_id) WHERE legacy_mongo_id IS NOT NULL;

    CREATE TABLE IF NOT EXISTS workflow_edges (
        id            uuid    PRIMARY KEY DEFAULT gen_random_uuid(),
        workflow_id   uuid    NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
        graph_version integer NOT NULL,
        from_node_id  uuid    NOT NULL,
        to_node_id    uuid    NOT NULL,
        config        jsonb   NOT NULL DEFAULT '{}',
        edge_id       text    NOT NULL,
        source_handle text,
        target_handle text,
        CONSTRAINT workflow_edges_from_node_fk FOREIGN KEY (from_node_id, workflow_id, graph_version)
            REFERENCES workflow_nodes (id, workflow_id, graph_version) ON DELETE CASCADE,
        CONSTRAINT workflow_edges_to_node_fk FOREIGN KEY (to_node_id, workflow_id, graph_version)
            REFERENCES workflow_nodes (id, workflow_id, graph_version) ON DELETE CASCADE
    );
    CREATE UNIQUE INDEX IF NOT EXISTS workflow_edges_wf_ver_eid_uidx
        ON workflow_edges (workflow_id, graph_version, edge_id);
    CREATE INDEX IF NOT EXISTS workflow_edges_from_node_idx ON workflow_edges (from_node_id);
    CREATE INDEX IF NOT EXISTS workflow_edges_to_node_idx ON workflow_edges (to_node_id);

    CREATE TABLE IF NOT EXISTS workflow_runs (
        id              uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
        workflow_id     uuid        NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
        user_id         text        NOT NULL CONSTRAINT workflow_runs_user_id_fk
                        REFERENCES users (user_id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE,
        status          text        NOT NULL CONSTRAINT workflow_runs_status_chk
                        CHECK (status IN ('pending', 'running', 'completed', 'failed')),
        started_at      timestamptz NOT NULL DEFAULT now(),
        ended_at        timestamptz,
        result          jsonb,
        inputs          jsonb,
        steps           jsonb       NOT NULL DEFAULT '[]',
        legacy_mongo_id text
    );
    CREATE INDEX IF NOT EXISTS workflow_runs_workflow_idx ON workflow_runs (workflow_id);
    CREATE INDEX IF NOT EXISTS workflow_runs_user_idx ON workflow_runs (user_id);
    CREATE INDEX IF NOT EXISTS workflow_runs_status_started_idx ON workflow_runs (status, started_at DESC);
    CREATE UNIQUE INDEX IF NOT EXISTS workflow_runs_legacy_mongo_id_uidx
        ON workflow_runs (legacy_mongo_id) WHERE legacy_mongo_id IS NOT NULL;

    -- Agents, and the tools' own storage ------------------------------------------------------------------------------

    CREATE TABLE IF NOT EXISTS agents (
        id                           uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id                      text        NOT NULL CONSTRAINT agents_user_id_fk
                                     REFERENCES users (user_id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE,
        name                         text        NOT NULL,
        description                  text,
        agent_type                   text,
        status                       text        NOT NULL,
        key                          citext      UNIQUE,
        image                        text,
        source_id                    uuid        REFERENCES sources (id) ON DELETE SET NULL,
        extra_source_ids             uuid[]      NOT NULL DEFAULT '{}',
        chunks                       integer,
        retriever                    text,
        prompt_id                    uuid        REFERENCES prompts (id) ON DELETE SET NULL,
        tools                        jsonb       NOT NULL DEFAULT '[]',
        json_schema                  jsonb,
        models                       jsonb,
        default_model_id             text,
        folder_id                    uuid        REFERENCES agent_folders (id) ON DELETE SET NULL,
        workflow_id                  uuid        CONSTRAINT agents_workflow_fk
                                     REFERENCES workflows (id) ON DELETE SET NULL,
        limited_token_mode           boolean     NOT NULL DEFAULT false,
        token_limit                  integer,
        limited_request_mode         boolean     NOT NULL DEFAULT false,
        request_limit                integer,
        allow_system_prompt_override boolean     NOT NULL DEFAULT false,
        shared                       boolean     NOT NULL DEFAULT false,
        shared_token                 citext      UNIQUE,
        shared_metadata              jsonb,
        incoming_webhook_token       citext      UNIQUE,
        created_at                   timestamptz NOT NULL DEFAULT now(),
        updated_at                   timestamptz NOT NULL DEFAULT now(),
        last_used_at                 timestamptz,
        legacy_mongo_id              text
    );
    CREATE INDEX IF NOT EXISTS agents_user_idx ON agents (user_id);
    CREATE INDEX IF NOT EXISTS agents_status_idx ON agents (status);
    CREATE INDEX IF NOT EXISTS agents_source_id_idx ON agents (source_id);
    CREATE INDEX IF NOT EXISTS agents_prompt_id_idx ON agents (prompt_id);
    CREATE INDEX IF NOT EXISTS agents_folder_id_idx ON agents (folder_id);
    CREATE INDEX IF NOT EXISTS agents_workflow_idx ON agents (workflow_id);
    CREATE INDEX IF NOT EXISTS agents_shared_idx ON agents (shared) WHERE shared;
    CREATE UNIQUE INDEX IF NOT EXISTS agents_legacy_mongo_id_uidx
        ON agents (legacy_mongo_id) WHERE legacy_mongo_id IS NOT NULL;

    CREATE TABLE IF NOT EXISTS memories (
        id         uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id    text        NOT NULL CONSTRAINT memories_user_id_fk
                   REFERENCES users (user_id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE,
        tool_id    uuid        REFERENCES user_tools (id) ON DELETE CASCADE,
        path       text        NOT NULL,
        content    text        NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE UNIQUE INDEX IF NOT EXISTS memories_user_tool_path_uidx ON memories (user_id, tool_id, path);
    -- NULLs are distinct in a unique index, so a file of no tool needs its own.
    CREATE UNIQUE INDEX IF NOT EXISTS memories_user_path_null_tool_uidx
        ON memories (user_id, path) WHERE tool_id IS NULL;
    -- text_pattern_ops, so that listing a folder (path LIKE 'folder/%') uses the index under any collation.
    CREATE INDEX IF NOT EXISTS memories_path_prefix_idx ON memories (user_id, tool_id, path text_pattern_ops);
    CREATE INDEX IF NOT EXISTS memories_tool_id_idx ON memories (tool_id);

    CREATE TABLE IF NOT EXISTS todos (
        id              uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id         text        NOT NULL CONSTRAINT todos_user_id_fk
                        REFERENCES users (user_id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE,
        tool_id         uuid        REFERENCES user_tools (id) ON DELETE CASCADE,
        todo_id         integer,
        title           text        NOT NULL,
        completed       boolean     NOT NULL DEFAULT false,
        metadata        jsonb       NOT NULL DEFAULT '{}',
        created_at      timestamptz NOT NULL DEFAULT now(),
        updated_at      timestamptz NOT NULL DEFAULT now(),
        legacy_mongo_id text
    );
    CREATE UNIQUE INDEX IF NOT EXISTS todos_tool_todo_id_uidx ON todos (tool_id, todo_id) WHERE todo_id IS NOT NULL;
    CREATE INDEX IF NOT EXISTS todos_user_tool_idx ON todos (user_id, tool_id);
    CREATE INDEX IF NOT EXISTS todos_tool_id_idx ON todos (tool_id);
    CREATE UNIQUE INDEX IF NOT EXISTS todos_legacy_mongo_id_uidx
        ON todos (legacy_mongo_id) WHERE legacy_mongo_id IS NOT NULL;

    CREATE TABLE IF NOT EXISTS notes (
        id              uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id         text        NOT NULL CONSTRAINT notes_user_id_fk
                        REFERENCES users (user_id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE,
        tool_id         uuid        REFERENCES user_tools (id) ON DELETE CASCADE,
        title           text        NOT NULL,
        content         text        NOT NULL,
        metadata        jsonb       NOT NULL DEFAULT '{}',
        created_at      timestamptz NOT NULL DEFAULT now(),
        updated_at      timestamptz NOT NULL DEFAULT now(),
        legacy_mongo_id text
    );
    CREATE UNIQUE INDEX IF NOT EXISTS notes_user_tool_uidx ON notes (user_id, tool_id);
    CREATE INDEX IF NOT EXISTS notes_tool_id_idx ON notes (tool_id);
    CREATE UNIQUE INDEX IF NOT EXISTS notes_legacy_mongo_id_uidx
        ON notes (legacy_mongo_id) WHERE legacy_mongo_id IS NOT NULL;

    CREATE TABLE IF NOT EXISTS connector_sessions (
        id              uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id         text        NOT NULL CONSTRAINT connector_sessions_user_id_fk
                        REFERENCES users (user_id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE,
        provider        text        NOT NULL,
        server_url      text,
        session_token   text        UNIQUE,
        user_email      text,
        status          text,
        token_info      jsonb,
        session_data    jsonb       NOT NULL DEFAULT '{}',
        expires_at      timestamptz,
        created_at      timestamptz NOT NULL DEFAULT now(),
        legacy_mongo_id text
    );
    CREATE UNIQUE INDEX IF NOT EXISTS connector_sessions_user_endpoint_uidx
        ON connector_sessions (user_id, COALESCE(server_url, ''), provider);
    CREATE INDEX IF NOT EXISTS connector_sessions_expiry_idx
        ON connector_sessions (expires_at) WHERE expires_at IS NOT NULL;
    CREATE INDEX IF NOT EXISTS connector_sessions_server_url_idx
        ON connector_sessions (server_url) WHERE server_url IS NOT NULL;
    CREATE UNIQUE INDEX IF NOT EXISTS connector_sessions_legacy_mongo_id_uidx
        ON connector_sessions (legacy_mongo_id) WHERE legacy_mongo_id IS NOT NULL;

    -- Conversations ---------------------------------------------------------------------------------------------------

    CREATE TABLE IF NOT EXISTS conversations (
        id                   uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id              text        NOT NULL CONSTRAINT conversations_user_id_fk
                             REFERENCES users (user_id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE,
        agent_id             uuid        REFERENCES agents (id) ON DELETE SET NULL,
        name                 text,
        api_key              text        CONSTRAINT conversations_api_key_nonempty_chk
                             CHECK (api_key IS NULL OR api_key <> ''),
        is_shared_usage      boolean     NOT NULL DEFAULT false,
        shared_token         text,
        date                 timestamptz NOT NULL DEFAULT now(),
        created_at           timestamptz NOT NULL DEFAULT now(),
        updated_at           timestamptz NOT NULL DEFAULT now(),
        shared_with          text[]      NOT NULL DEFAULT '{}',
        compression_metadata jsonb,
        legacy_mongo_id      text
    );
    CREATE INDEX IF NOT EXISTS conversations_user_date_idx ON conversations (user_id, date DESC);
    CREATE INDEX IF NOT EXISTS conversations_agent_idx ON conversations (agent_id);
    CREATE INDEX IF NOT EXISTS conversations_api_key_date_idx
        ON conversations (api_key, date DESC) WHERE api_key IS NOT NULL;
    CREATE UNIQUE INDEX IF NOT EXISTS conversations_shared_token_uidx
        ON conversations (shared_token) WHERE shared_token IS NOT NULL;
    CREATE UNIQUE INDEX IF NOT EXISTS conversations_legacy_mongo_id_uidx
        ON conversations (legacy_mongo_id) WHERE legacy_mongo_id IS NOT NULL;

    CREATE TABLE IF NOT EXISTS conversation_messages (
        id               uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
        conversation_id  uuid        NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        position         integer     NOT NULL,
        prompt           text,
        response         text,
        thought          text,
        sources          jsonb       NOT NULL DEFAULT '[]',
        tool_calls       jsonb       NOT NULL DEFAULT '[]',
        attachments      uuid[]      NOT NULL DEFAULT '{}',
        model_id         text,
        message_metadata jsonb       NOT NULL DEFAULT '{}',
        feedback         jsonb,
        timestamp        timestamptz NOT NULL DEFAULT now(),
        user_id          text        NOT NULL CONSTRAINT conversation_messages_user_id_fk
                         REFERENCES users (user_id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE,
        updated_at       timestamptz NOT NULL DEFAULT now()
    );
    CREATE UNIQUE INDEX IF NOT EXISTS conversation_messages_conv_pos_uidx
        ON conversation_messages (conversation_id, position);
    CREATE INDEX IF NOT EXISTS conversation_messages_user_ts_idx ON conversation_messages (user_id, timestamp DESC);

    CREATE TABLE IF NOT EXISTS shared_conversations (
        id              uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
        conversation_id uuid        NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        user_id         text        NOT NULL CONSTRAINT shared_conversations_user_id_fk
                        REFERENCES users (user_id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE,
        is_promptable   boolean     NOT NULL DEFAULT false,
        created_at      timestamptz NOT NULL DEFAULT now(),
        uuid            uuid        NOT NULL,
        first_n_queries integer     NOT NULL DEFAULT 0,
        api_key         text        CONSTRAINT shared_conversations_api_key_nonempty_chk
                        CHECK (api_key IS NULL OR api_key <> ''),
        prompt_id       uuid        REFERENCES prompts (id) ON DELETE SET NULL,
        chunks          integer
    );
    CREATE UNIQUE INDEX IF NOT EXISTS shared_conversations_uuid_uidx ON shared_conversations (uuid);
    -- The same conversation shared twice in the same way is one share.
    CREATE UNIQUE INDEX IF NOT EXISTS shared_conversations_dedup_uidx
        ON shared_conversations (conversation_id, user_id, is_promptable, first_n_queries, COALESCE(api_key, ''));
    CREATE INDEX IF NOT EXISTS shared_conversations_user_idx ON shared_conversations (user_id);
    CREATE INDEX IF NOT EXISTS shared_conversations_conv_idx ON shared_conversations (conversation_id);
    CREATE INDEX IF NOT EXISTS shared_conversations_prompt_id_idx ON shared_conversations (prompt_id);

    CREATE TABLE IF NOT EXISTS pending_tool_state (
        id                 uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
        conversation_id    uuid        NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        user_id            text        NOT NULL CONSTRAINT pending_tool_state_user_id_fk
                           REFERENCES users (user_id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE,
        messages           jsonb       NOT NULL,
        pending_tool_calls jsonb       NOT NULL,
        tools_dict         jsonb       NOT NULL,
        tool_schemas       jsonb       NOT NULL,
        agent_config       jsonb       NOT NULL,
        client_tools       jsonb,
        created_at         timestamptz NOT NULL DEFAULT now(),
        expires_at         timestamptz NOT NULL
    );
    CREATE UNIQUE INDEX IF NOT EXISTS pending_tool_state_conv_user_uidx
        ON pending_tool_state (conversation_id, user_id);
    CREATE INDEX IF NOT EXISTS pending_tool_state_expires_idx ON pending_tool_state (expires_at);

    -- Usage and logs: written once, never changed ---------------------------------------------------------------------

    CREATE TABLE IF NOT EXISTS token_usage (
        id               bigserial   PRIMARY KEY,
        user_id          text        CONSTRAINT token_usage_user_id_fk
                         REFERENCES users (user_id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE,
        api_key          text,
        agent_id         uuid        CONSTRAINT token_usage_agent_fk REFERENCES agents (id) ON DELETE SET NULL,
        prompt_tokens    integer     NOT NULL DEFAULT 0,
        generated_tokens integer     NOT NULL DEFAULT 0,
        timestamp        timestamptz NOT NULL DEFAULT now(),
        mongo_id         text
    );
    -- Apart from the table, because only so can it be NOT VALID: it asks only new rows whose tokens they were.
    IF NOT EXISTS (SELECT FROM pg_constraint
                   WHERE conrelid = 'token_usage'::regclass AND conname = 'token_usage_attribution_chk') THEN
        ALTER TABLE token_usage ADD CONSTRAINT token_usage_attribution_chk
            CHECK (user_id IS NOT NULL OR api_key IS NOT NULL) NOT VALID;
    END IF;
    CREATE INDEX IF NOT EXISTS token_usage_user_ts_idx ON token_usage (user_id, timestamp DESC);
    CREATE INDEX IF NOT EXISTS token_usage_key_ts_idx ON token_usage (api_key, timestamp DESC);
    CREATE INDEX IF NOT EXISTS token_usage_agent_ts_idx ON token_usage (agent_id, timestamp DESC);
    CREATE UNIQUE INDEX IF NOT EXISTS token_usage_mongo_id_uidx ON token_usage (mongo_id) WHERE mongo_id IS NOT NULL;

    CREATE TABLE IF NOT EXISTS user_logs (
        id        bigserial   PRIMARY KEY,
        user_id   text        CONSTRAINT user_logs_user_id_fk
                  REFERENCES users (user_id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE,
        endpoint  text,
        timestamp timestamptz NOT NULL DEFAULT now(),
        data      jsonb,
        mongo_id  text
    );
    CREATE INDEX IF NOT EXISTS user_logs_user_ts_idx ON user_logs (user_id, timestamp DESC);
    CREATE UNIQUE INDEX IF NOT EXISTS user_logs_mongo_id_uidx ON user_logs (mongo_id) WHERE mongo_id IS NOT NULL;

    CREATE TABLE IF NOT EXISTS stack_logs (
        id          bigserial   PRIMARY KEY,
        activity_id text        NOT NULL,
        endpoint    text,
        level       text,
        user_id     text        CONSTRAINT stack_logs_user_id_fk
                    REFERENCES users (user_id) ON DELETE RESTRICT DEFERRABLE INITIALLY IMMEDIATE,
        api_key     text,
        query       text,
        stacks      jsonb       NOT NULL DEFAULT '[]',
        timestamp   timestamptz NOT NULL DEFAULT now(),
        mongo_id    text
    );
    CREATE INDEX IF NOT EXISTS stack_logs_timestamp_idx ON stack_logs (timestamp DESC);
    CREATE INDEX IF NOT EXISTS stack_logs_user_ts_idx ON stack_logs (user_id, timestamp DESC);
    CREATE INDEX IF NOT EXISTS stack_logs_level_ts_idx ON stack_logs (level, timestamp DESC);
    CREATE INDEX IF NOT EXISTS stack_logs_activity_idx ON stack_logs (activity_id);
    CREATE UNIQUE INDEX IF NOT EXISTS stack_logs_mongo_id_uidx ON stack_logs (mongo_id) WHERE mongo_id IS NOT NULL;

    -- Whom a row belongs to that no person wrote: built-in prompts, runs of unknown origin.
    INSERT INTO users (user_id) VALUES ('__system__') ON CONFLICT (user_id) DO NOTHING;
END
$docsgpt$;
