-- DocsGPT's functions and triggers (its schema revision 0001_initial).
-- Each function remembers the search_path it was made under, so that a writer with another one still hits these tables.
-- Dropped and created again rather than CREATE OR REPLACE TRIGGER, which PostgreSQL 13 does not have.

DO $docsgpt$
DECLARE
    target text;
BEGIN
    -- As in V0001: a database that DocsGPT set up itself has its own functions and triggers.
    IF to_regclass('alembic_version') IS NOT NULL AND to_regclass('conversation_messages') IS NOT NULL THEN
        RETURN;
    END IF;

    -- Stamps the row. It overrides a time that the UPDATE itself brought along: whoever copies rows from elsewhere and
    -- must keep their updated_at has to keep this trigger from firing.
    CREATE OR REPLACE FUNCTION set_updated_at() RETURNS trigger
        LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
    BEGIN
        NEW.updated_at := now();
        RETURN NEW;
    END
    $body$;

    -- A row may name a user nobody has registered yet: the users row is then made on the spot.
    CREATE OR REPLACE FUNCTION ensure_user_exists() RETURNS trigger
        LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
    BEGIN
        IF NEW.user_id IS NOT NULL THEN
            INSERT INTO users (user_id) VALUES (NEW.user_id) ON CONFLICT (user_id) DO NOTHING;
        END IF;
        RETURN NEW;
    END
    $body$;

    -- A message belongs to the user of its conversation. When there is no such conversation the user stays NULL, and
    -- NOT NULL refuses the row.
    CREATE OR REPLACE FUNCTION conversation_messages_fill_user_id() RETURNS trigger
        LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
    BEGIN
        IF NEW.user_id IS NULL THEN
            NEW.user_id := (SELECT c.user_id FROM conversations c WHERE c.id = NEW.conversation_id);
        END IF;
        RETURN NEW;
    END
    $body$;

    -- The three that do what a foreign key would do if arrays and JSON could have one.

    CREATE OR REPLACE FUNCTION cleanup_message_attachment_refs() RETURNS trigger
        LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
    BEGIN
        UPDATE conversation_messages
        SET attachments = array_remove(attachments, OLD.id)
        WHERE OLD.id = ANY (attachments);
        RETURN NULL;
    END
    $body$;

    CREATE OR REPLACE FUNCTION cleanup_agent_extra_source_refs() RETURNS trigger
        LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
    BEGIN
        UPDATE agents
        SET extra_source_ids = array_remove(extra_source_ids, OLD.id)
        WHERE OLD.id = ANY (extra_source_ids);
        RETURN NULL;
    END
    $body$;

    -- Touches only lists that name the agent: other keys, and values that are no list, stay as they are.
    CREATE OR REPLACE FUNCTION cleanup_user_agent_prefs() RETURNS trigger
        LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
    DECLARE
        agent text := OLD.id::text;
        list  text;
    BEGIN
        FOREACH list IN ARRAY ARRAY ['pinned', 'shared_with_me'] LOOP
            UPDATE users
            SET agent_preferences = jsonb_set(agent_preferences, ARRAY [list], (agent_preferences -> list) - agent)
            WHERE jsonb_typeof(agent_preferences -> list) = 'array'
              AND agent_preferences -> list @> to_jsonb(agent);
        END LOOP;
        RETURN NULL;
    END
    $body$;

    FOREACH target IN ARRAY ARRAY [
        'agent_folders', 'agents', 'conversation_messages', 'conversations', 'memories', 'notes', 'prompts', 'sources',
        'todos', 'user_tools', 'users', 'workflows']
    LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS %I ON %I', target || '_set_updated_at', target);
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %I FOR EACH ROW '
                       'WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at()',
                       target || '_set_updated_at', target);
    END LOOP;

    FOREACH target IN ARRAY ARRAY [
        'agent_folders', 'agents', 'attachments', 'connector_sessions', 'conversation_messages', 'conversations',
        'memories', 'notes', 'pending_tool_state', 'prompts', 'shared_conversations', 'sources', 'stack_logs', 'todos',
        'token_usage', 'user_logs', 'user_tools', 'workflow_runs', 'workflows']
    LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS %I ON %I', target || '_ensure_user', target);
        EXECUTE format('CREATE TRIGGER %I BEFORE INSERT OR UPDATE OF user_id ON %I FOR EACH ROW '
                       'EXECUTE FUNCTION ensure_user_exists()',
                       target || '_ensure_user', target);
    END LOOP;

    DROP TRIGGER IF EXISTS conversation_messages_fill_user ON conversation_messages;
    CREATE TRIGGER conversation_messages_fill_user BEFORE INSERT ON conversation_messages
        FOR EACH ROW EXECUTE FUNCTION conversation_messages_fill_user_id();

    DROP TRIGGER IF EXISTS attachments_cleanup_message_refs ON attachments;
    CREATE TRIGGER attachments_cleanup_message_refs AFTER DELETE ON attachments
        FOR EACH ROW EXECUTE FUNCTION cleanup_message_attachment_refs();

    DROP TRIGGER IF EXISTS agents_cleanup_user_prefs ON agents;
    CREATE TRIGGER agents_cleanup_user_prefs AFTER DELETE ON agents
        FOR EACH ROW EXECUTE FUNCTION cleanup_user_agent_prefs();

    DROP TRIGGER IF EXISTS sources_cleanup_agent_extra_refs ON sources;
    CREATE TRIGGER sources_cleanup_agent_extra_refs AFTER DELETE ON sources
        FOR EACH ROW EXECUTE FUNCTION cleanup_agent_extra_source_refs();
END
$docsgpt$;
