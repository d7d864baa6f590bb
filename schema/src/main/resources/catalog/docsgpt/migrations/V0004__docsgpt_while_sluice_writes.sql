-- What DocsGPT's functions do, and do not, while Sluice writes. Sluice sets sluice.applying to 'on' in its sessions;
-- everybody else meets the functions as V0002 made them.
-- Two of their habits are wrong for a copy. Stamping updated_at would replace the document's own time by the time of
-- the copying. And taking a deleted row's id out of arrays and lists would make rows differ from their documents:
-- Sluice writes these arrays anew itself, from the documents.

DO $docsgpt$
BEGIN
    -- As in V0001: a database that DocsGPT set up itself has its own functions and triggers.
    IF to_regclass('alembic_version') IS NOT NULL AND to_regclass('conversation_messages') IS NOT NULL THEN
        RETURN;
    END IF;

    -- Documents of users and prompts, and messages inside a conversation, have no such time: for them the moment of
    -- writing is the best there is.
    CREATE OR REPLACE FUNCTION set_updated_at() RETURNS trigger
        LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
    BEGIN
        IF current_setting('sluice.applying', true) = 'on'
           AND TG_TABLE_NAME NOT IN ('users', 'prompts', 'conversation_messages') THEN
            RETURN NEW;
        END IF;
        NEW.updated_at := now();
        RETURN NEW;
    END
    $body$;

    CREATE OR REPLACE FUNCTION cleanup_message_attachment_refs() RETURNS trigger
        LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
    BEGIN
        IF current_setting('sluice.applying', true) = 'on' THEN
            RETURN NULL;
        END IF;
        UPDATE conversation_messages
        SET attachments = array_remove(attachments, OLD.id)
        WHERE OLD.id = ANY (attachments);
        RETURN NULL;
    END
    $body$;

    CREATE OR REPLACE FUNCTION cleanup_agent_extra_source_refs() RETURNS trigger
        LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
    BEGIN
        IF current_setting('sluice.applying', true) = 'on' THEN
            RETURN NULL;
        END IF;
        UPDATE agents
        SET extra_source_ids = array_remove(extra_source_ids, OLD.id)
        WHERE OLD.id = ANY (extra_source_ids);
        RETURN NULL;
    END
    $body$;

    CREATE OR REPLACE FUNCTION cleanup_user_agent_prefs() RETURNS trigger
        LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
    DECLARE
        agent text := OLD.id::text;
        list  text;
    BEGIN
        IF current_setting('sluice.applying', true) = 'on' THEN
            RETURN NULL;
        END IF;
        FOREACH list IN ARRAY ARRAY ['pinned', 'shared_with_me'] LOOP
            UPDATE users
            SET agent_preferences = jsonb_set(agent_preferences, ARRAY [list], (agent_preferences -> list) - agent)
            WHERE jsonb_typeof(agent_preferences -> list) = 'array'
              AND agent_preferences -> list @> to_jsonb(agent);
        END LOOP;
        RETURN NULL;
    END
    $body$;

    -- What V0003 said while these columns had no source.
    COMMENT ON COLUMN users.created_at IS
        'When it was made. From created_at, else the time in its ObjectId; for a row made on demand, when that was.';
    COMMENT ON COLUMN prompts.created_at IS 'When it was made. From created_at, else the time in its ObjectId.';
    COMMENT ON COLUMN shared_conversations.created_at IS
        'When it was made. From created_at, else the time in its ObjectId.';
    COMMENT ON COLUMN connector_sessions.provider IS
        'The service. From provider; for documents of MCP servers, which have none, mcp: and the server_url, as the '
        'application calls them on PostgreSQL.';
    COMMENT ON COLUMN stack_logs.activity_id IS
        'Which activity the trace belongs to. From id, else the ObjectId of the document.';
    COMMENT ON COLUMN workflow_nodes.node_id IS
        'The step''s name within the graph, by which MongoDB''s edges refer to it. From id, else the ObjectId of the '
        'document.';
    COMMENT ON COLUMN workflow_edges.edge_id IS
        'The edge''s name within the graph. From id, else the ObjectId of the document.';
    COMMENT ON COLUMN pending_tool_state.expires_at IS
        'When it may be thrown away. From expires_at, on which MongoDB has a TTL index; the end of 9999 where the '
        'document has none, which MongoDB never throws away.';
END
$docsgpt$;
