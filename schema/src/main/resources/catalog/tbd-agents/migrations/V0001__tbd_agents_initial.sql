-- TBD Agents' tables as its PostgreSQL release expects them (its schema revision 0001): 15 tables, one for each collection,
-- and vs_collections, which belongs to its vector store. V0002 adds what GridFS holds, V0003 says what each column holds.
--
-- Names carry no schema: the migration runs with search_path at the target schema.
-- A database that TBD Agents has already set up with its own tool (alembic), or whose tables belong to another role, is left
-- exactly as it is. IF NOT EXISTS serves the database where the application itself has made the tables at its start.
-- Indexes bear the names TBD Agents knows them by. There are no foreign keys, as there are none in its own schema.
-- Needs PostgreSQL 13 or newer, and CREATE on the database for the extension where it is not there yet.

DO $tbd$
BEGIN
    IF to_regclass('task_executions') IS NOT NULL AND (to_regclass('alembic_version') IS NOT NULL OR NOT (
        SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('task_executions')))
    THEN
        RAISE NOTICE 'TBD Agents has created its own tables here; they are left as they are';
        RETURN;
    END IF;

    CREATE EXTENSION IF NOT EXISTS pgcrypto;

    -- Agents and what they are made of --------------------------------------------------------------------------------

    CREATE TABLE IF NOT EXISTS agents (
        id                   text        PRIMARY KEY DEFAULT gen_random_uuid()::text,
        name                 text        NOT NULL,
        description          text        NOT NULL DEFAULT '',
        system_prompt        text        NOT NULL DEFAULT 'You are a helpful assistant.',
        model                text,
        mcp_server_ids       text[]      NOT NULL DEFAULT '{}',
        mcp_server_tags      text[]      NOT NULL DEFAULT '{}',
        tool_definitions     jsonb       NOT NULL DEFAULT '[]',
        knowledge_source_ids text[]      NOT NULL DEFAULT '{}',
        knowledge_tags       text[]      NOT NULL DEFAULT '{}',
        builtin_tools        text[]      NOT NULL DEFAULT '{}',
        custom_tool_ids      text[]      NOT NULL DEFAULT '{}',
        provider_id          text,
        created_at           timestamptz NOT NULL DEFAULT now(),
        updated_at           timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE IF NOT EXISTS skills (
        id           text        PRIMARY KEY DEFAULT gen_random_uuid()::text,
        name         text        NOT NULL,
        description  text        NOT NULL DEFAULT '',
        instructions text        NOT NULL DEFAULT '',
        tags         text[]      NOT NULL DEFAULT '{}',
        created_at   timestamptz NOT NULL DEFAULT now(),
        updated_at   timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE IF NOT EXISTS custom_tools (
        id                text        PRIMARY KEY DEFAULT gen_random_uuid()::text,
        name              text        NOT NULL,
        description       text        NOT NULL DEFAULT '',
        source_code       text        NOT NULL DEFAULT '',
        parameters_schema jsonb       NOT NULL DEFAULT '{}',
        env_config        jsonb       NOT NULL DEFAULT '{}',
        tags              text[]      NOT NULL DEFAULT '{}',
        is_enabled        boolean     NOT NULL DEFAULT true,
        is_plugin         boolean     NOT NULL DEFAULT false,
        created_at        timestamptz NOT NULL DEFAULT now(),
        updated_at        timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE IF NOT EXISTS guardrails (
        id             text        PRIMARY KEY DEFAULT gen_random_uuid()::text,
        name           text        NOT NULL,
        description    text        NOT NULL DEFAULT '',
        guardrail_type text        NOT NULL,
        tags           text[]      NOT NULL DEFAULT '{}',
        enabled        boolean     NOT NULL DEFAULT true,
        prompt_config  jsonb,
        request_config jsonb,
        output_config  jsonb,
        created_at     timestamptz NOT NULL DEFAULT now(),
        updated_at     timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE IF NOT EXISTS mcp_servers (
        id                text        PRIMARY KEY DEFAULT gen_random_uuid()::text,
        name              text        NOT NULL,
        transport_type    text        NOT NULL,
        connection_config jsonb       NOT NULL DEFAULT '{}',
        allowed_tools     text[]      NOT NULL DEFAULT '{}',
        tags              text[]      NOT NULL DEFAULT '{}',
        status            text        NOT NULL DEFAULT 'REGISTERED',
        last_error        text,
        created_at        timestamptz NOT NULL DEFAULT now(),
        updated_at        timestamptz NOT NULL DEFAULT now()
    );

    -- Access to models ------------------------------------------------------------------------------------------------

    CREATE TABLE IF NOT EXISTS tokens (
        id              text        PRIMARY KEY DEFAULT gen_random_uuid()::text,
        name            text        NOT NULL UNIQUE,
        encrypted_value text        NOT NULL,
        description     text        NOT NULL DEFAULT '',
        created_by      text        NOT NULL DEFAULT '',
        created_at      timestamptz NOT NULL DEFAULT now(),
        updated_at      timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE IF NOT EXISTS providers (
        id                 text        PRIMARY KEY DEFAULT gen_random_uuid()::text,
        name               text        NOT NULL UNIQUE,
        provider_type      text        NOT NULL,
        api_key_token_name text        NOT NULL DEFAULT '',
        base_url           text,
        auth_type          text        NOT NULL DEFAULT 'x-api-key',
        azure_api_version  text        NOT NULL DEFAULT '2024-12-01-preview',
        azure_deployment   text,
        description        text        NOT NULL DEFAULT '',
        created_at         timestamptz NOT NULL DEFAULT now(),
        updated_at         timestamptz NOT NULL DEFAULT now()
    );

    -- What agents know ------------------------------------------------------------------------------------------------

    CREATE TABLE IF NOT EXISTS knowledge_sources (
        id                text        PRIMARY KEY DEFAULT gen_random_uuid()::text,
        name              text        NOT NULL,
        description       text        NOT NULL DEFAULT '',
        source_type       text        NOT NULL,
        connection_config jsonb       NOT NULL DEFAULT '{}',
        tags              text[]      NOT NULL DEFAULT '{}',
        status            text        NOT NULL DEFAULT 'REGISTERED',
        last_error        text,
        created_at        timestamptz NOT NULL DEFAULT now(),
        updated_at        timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE IF NOT EXISTS knowledge_items (
        id           text        PRIMARY KEY DEFAULT gen_random_uuid()::text,
        source_id    text        NOT NULL,
        name         text        NOT NULL,
        content_type text        NOT NULL,
        text_content text,
        file_id      text,
        file_name    text,
        file_size    integer,
        mime_type    text,
        tags         text[]      NOT NULL DEFAULT '{}',
        metadata     jsonb       NOT NULL DEFAULT '{}',
        created_at   timestamptz NOT NULL DEFAULT now(),
        updated_at   timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX IF NOT EXISTS idx_knowledge_items_source_id ON knowledge_items (source_id);

    CREATE TABLE IF NOT EXISTS memories (
        id         text               PRIMARY KEY DEFAULT gen_random_uuid()::text,
        agent_id   text               NOT NULL,
        scope      text               NOT NULL,
        key        text               NOT NULL,
        value      text               NOT NULL,
        embedding  double precision[],
        metadata   jsonb              NOT NULL DEFAULT '{}',
        ttl        timestamptz,
        created_at timestamptz        NOT NULL DEFAULT now(),
        updated_at timestamptz        NOT NULL DEFAULT now()
    );
    CREATE INDEX IF NOT EXISTS idx_memories_agent_id ON memories (agent_id);

    -- What is said and done -------------------------------------------------------------------------------------------

    CREATE TABLE IF NOT EXISTS chat_sessions (
        id            text        PRIMARY KEY DEFAULT gen_random_uuid()::text,
        agent_id      text        NOT NULL,
        github_user   text        NOT NULL,
        title         text,
        message_count integer     NOT NULL DEFAULT 0,
        created_at    timestamptz NOT NULL DEFAULT now(),
        updated_at    timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX IF NOT EXISTS idx_chat_sessions_agent_id ON chat_sessions (agent_id);

    CREATE TABLE IF NOT EXISTS chat_messages (
        id         text        PRIMARY KEY DEFAULT gen_random_uuid()::text,
        session_id text        NOT NULL,
        role       text        NOT NULL,
        content    text        NOT NULL,
        usage      jsonb,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX IF NOT EXISTS idx_chat_messages_session_id ON chat_messages (session_id);

    CREATE TABLE IF NOT EXISTS workflows (
        id                   text        PRIMARY KEY DEFAULT gen_random_uuid()::text,
        title                text,
        agent_id             text        NOT NULL DEFAULT '',
        github_user          text        NOT NULL DEFAULT '',
        model                text        NOT NULL DEFAULT '',
        max_turns            integer     NOT NULL DEFAULT 5,
        current_turn         integer     NOT NULL DEFAULT 0,
        session_id           text,
        skill_ids            text[]      NOT NULL DEFAULT '{}',
        skill_tags           text[]      NOT NULL DEFAULT '{}',
        messages             jsonb       NOT NULL DEFAULT '[]',
        logs                 jsonb       NOT NULL DEFAULT '[]',
        status               text        NOT NULL DEFAULT 'active',
        output_format        text        NOT NULL DEFAULT 'json',
        usage                jsonb,
        infinite_session     boolean     NOT NULL DEFAULT true,
        caveman              boolean     NOT NULL DEFAULT false,
        bypass_memory        boolean     NOT NULL DEFAULT false,
        auto_memory          boolean     NOT NULL DEFAULT false,
        tsv_tool_results     boolean     NOT NULL DEFAULT false,
        reasoning_effort     text,
        guardrail_ids        text[]      NOT NULL DEFAULT '{}',
        guardrail_tags       text[]      NOT NULL DEFAULT '{}',
        repo_url             text,
        repo_branch          text,
        repo_token_name      text,
        credential_overrides jsonb       NOT NULL DEFAULT '{}',
        webhook_url          text,
        error_webhook_url    text,
        created_at           timestamptz NOT NULL DEFAULT now(),
        updated_at           timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX IF NOT EXISTS idx_workflows_agent_id ON workflows (agent_id);

    CREATE TABLE IF NOT EXISTS task_executions (
        id                 text        PRIMARY KEY DEFAULT gen_random_uuid()::text,
        workflow_id        text        NOT NULL,
        prompt             text        NOT NULL DEFAULT '',
        status             text        NOT NULL DEFAULT 'pending',
        celery_task_id     text,
        worker             text,
        model              text,
        reasoning_effort   text,
        tool_calls         integer     NOT NULL DEFAULT 0,
        response           text,
        progress           jsonb,
        logs               jsonb       NOT NULL DEFAULT '[]',
        messages           jsonb       NOT NULL DEFAULT '[]',
        usage              jsonb,
        started_at         timestamptz,
        finished_at        timestamptz,
        scheduled_agent_id text,
        created_at         timestamptz NOT NULL DEFAULT now(),
        updated_at         timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX IF NOT EXISTS idx_task_executions_workflow_id ON task_executions (workflow_id);

    CREATE TABLE IF NOT EXISTS scheduled_agents (
        id             text        PRIMARY KEY DEFAULT gen_random_uuid()::text,
        name           text        NOT NULL,
        workflow_id    text        NOT NULL,
        prompt         text        NOT NULL DEFAULT '',
        interval_value integer     NOT NULL DEFAULT 1,
        interval_unit  text        NOT NULL DEFAULT 'MINUTES',
        start_at       timestamptz NOT NULL DEFAULT now(),
        end_at         timestamptz,
        enabled        boolean     NOT NULL DEFAULT true,
        last_run_at    timestamptz,
        next_run_at    timestamptz,
        redbeat_key    text,
        created_at     timestamptz NOT NULL DEFAULT now(),
        updated_at     timestamptz NOT NULL DEFAULT now()
    );

    -- The vector store's own list; MongoDB has nothing for it, and Sluice leaves it alone -------------------------------

    CREATE TABLE IF NOT EXISTS vs_collections (
        name        text        PRIMARY KEY,
        vector_size integer     NOT NULL,
        distance    text        NOT NULL DEFAULT 'cosine',
        created_at  timestamptz DEFAULT now()
    );
END
$tbd$;
