-- What every table and column of V0001 holds, and which field of which MongoDB collection it comes from.

DO $tbd$
BEGIN
    -- As in V0001: what TBD Agents set up itself is not ours to annotate.
    IF to_regclass('alembic_version') IS NOT NULL OR NOT (
        SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('task_executions'))
    THEN
        RETURN;
    END IF;

    COMMENT ON TABLE agents IS 'Agents: a prompt, a model, and what they may use. From MongoDB: agents.';
    COMMENT ON COLUMN agents.id IS 'Primary key: the ObjectId as 24 hex digits. From _id.';
    COMMENT ON COLUMN agents.name IS 'Name. From name; empty where the document has none.';
    COMMENT ON COLUMN agents.description IS 'What it is for. From description; empty where the document has none.';
    COMMENT ON COLUMN agents.system_prompt IS
        'What it is told first. From system_prompt; ''You are a helpful assistant.'' where the document has none.';
    COMMENT ON COLUMN agents.model IS 'The language model it runs on. From model.';
    COMMENT ON COLUMN agents.mcp_server_ids IS 'MCP servers it may use: mcp_servers.id. From mcp_server_ids.';
    COMMENT ON COLUMN agents.mcp_server_tags IS
        'It may use the MCP servers with one of these tags as well. From mcp_server_tags.';
    COMMENT ON COLUMN agents.tool_definitions IS 'Tools described in place. From tool_definitions, an array.';
    COMMENT ON COLUMN agents.knowledge_source_ids IS
        'What it knows: knowledge_sources.id. From knowledge_source_ids, which documents have since April 2026.';
    COMMENT ON COLUMN agents.knowledge_tags IS
        'It knows the sources with one of these tags as well. From knowledge_tags, which documents have since April '
        '2026.';
    COMMENT ON COLUMN agents.builtin_tools IS
        'Tools of the program it may use. From builtin_tools, which documents have since April 2026.';
    COMMENT ON COLUMN agents.custom_tool_ids IS
        'Tools of users it may use: custom_tools.id. From custom_tool_ids, which documents have since April 2026.';
    COMMENT ON COLUMN agents.provider_id IS 'Who serves the model: providers.id. From provider_id.';
    COMMENT ON COLUMN agents.created_at IS 'When it was made. From created_at; without one the time in the ObjectId.';
    COMMENT ON COLUMN agents.updated_at IS
        'When it last changed. From updated_at; without one created_at, else the time in the ObjectId.';

    COMMENT ON TABLE skills IS 'Instructions that workflows can be given. From MongoDB: skills.';
    COMMENT ON COLUMN skills.id IS 'Primary key: the ObjectId as 24 hex digits. From _id.';
    COMMENT ON COLUMN skills.name IS 'Name. From name; empty where the document has none.';
    COMMENT ON COLUMN skills.description IS 'When to use it. From description; empty where the document has none.';
    COMMENT ON COLUMN skills.instructions IS
        'What the agent is told. From instructions; empty where the document has none.';
    COMMENT ON COLUMN skills.tags IS 'Labels by which workflows pick it. From tags.';
    COMMENT ON COLUMN skills.created_at IS 'When it was made. From created_at; without one the time in the ObjectId.';
    COMMENT ON COLUMN skills.updated_at IS
        'When it last changed. From updated_at; without one created_at, else the time in the ObjectId.';

    COMMENT ON TABLE custom_tools IS 'Tools that users wrote. From MongoDB: custom_tools.';
    COMMENT ON COLUMN custom_tools.id IS 'Primary key: the ObjectId as 24 hex digits. From _id.';
    COMMENT ON COLUMN custom_tools.name IS 'Name. From name; empty where the document has none.';
    COMMENT ON COLUMN custom_tools.description IS 'What it does. From description; empty where the document has none.';
    COMMENT ON COLUMN custom_tools.source_code IS 'Its program. From source_code; empty where the document has none.';
    COMMENT ON COLUMN custom_tools.parameters_schema IS 'What it takes, as JSON Schema. From parameters_schema.';
    COMMENT ON COLUMN custom_tools.env_config IS 'Its environment; may hold secrets. From env_config.';
    COMMENT ON COLUMN custom_tools.tags IS 'Labels. From tags.';
    COMMENT ON COLUMN custom_tools.is_enabled IS
        'Whether agents may use it. From is_enabled; true where the document has none.';
    COMMENT ON COLUMN custom_tools.is_plugin IS
        'Whether it came with a plug-in. From is_plugin, which documents have since April 2026; false where there is '
        'none.';
    COMMENT ON COLUMN custom_tools.created_at IS
        'When it was made. From created_at; without one the time in the ObjectId.';
    COMMENT ON COLUMN custom_tools.updated_at IS
        'When it last changed. From updated_at; without one created_at, else the time in the ObjectId.';

    COMMENT ON TABLE guardrails IS 'Checks on what goes in and out. From MongoDB: guardrails.';
    COMMENT ON COLUMN guardrails.id IS 'Primary key: the ObjectId as 24 hex digits. From _id.';
    COMMENT ON COLUMN guardrails.name IS 'Name. From name; empty where the document has none.';
    COMMENT ON COLUMN guardrails.description IS
        'What it guards against. From description; empty where the document has none.';
    COMMENT ON COLUMN guardrails.guardrail_type IS
        'prompt, request or output. From guardrail_type; empty where the document has none.';
    COMMENT ON COLUMN guardrails.tags IS 'Labels by which workflows pick it. From tags.';
    COMMENT ON COLUMN guardrails.enabled IS 'Whether it is in force. From enabled; true where the document has none.';
    COMMENT ON COLUMN guardrails.prompt_config IS 'Its settings where it is a check on prompts. From prompt_config.';
    COMMENT ON COLUMN guardrails.request_config IS 'Its settings where it is a check on requests. From request_config.';
    COMMENT ON COLUMN guardrails.output_config IS
        'Its settings where it is a check on output. From output_config, which later documents have.';
    COMMENT ON COLUMN guardrails.created_at IS
        'When it was made. From created_at; without one the time in the ObjectId.';
    COMMENT ON COLUMN guardrails.updated_at IS
        'When it last changed. From updated_at; without one created_at, else the time in the ObjectId.';

    COMMENT ON TABLE mcp_servers IS 'MCP servers agents can use. From MongoDB: mcp_servers.';
    COMMENT ON COLUMN mcp_servers.id IS 'Primary key: the ObjectId as 24 hex digits. From _id.';
    COMMENT ON COLUMN mcp_servers.name IS 'Name. From name; empty where the document has none.';
    COMMENT ON COLUMN mcp_servers.transport_type IS
        'stdio, sse or http. From transport_type; empty where the document has none.';
    COMMENT ON COLUMN mcp_servers.connection_config IS
        'How to reach it: command, address, environment, headers; may hold secrets. From connection_config.';
    COMMENT ON COLUMN mcp_servers.allowed_tools IS 'The tools of it that may be used. From allowed_tools.';
    COMMENT ON COLUMN mcp_servers.tags IS 'Labels by which agents pick it. From tags.';
    COMMENT ON COLUMN mcp_servers.status IS
        'registered, connected or error. From status; registered where the document has none (the column''s own '
        'default is in capitals, the documents'' values are not).';
    COMMENT ON COLUMN mcp_servers.last_error IS 'What went wrong last. From last_error.';
    COMMENT ON COLUMN mcp_servers.created_at IS
        'When it was made. From created_at; without one the time in the ObjectId.';
    COMMENT ON COLUMN mcp_servers.updated_at IS
        'When it last changed. From updated_at; without one created_at, else the time in the ObjectId.';

    COMMENT ON TABLE tokens IS 'Secrets by name. From MongoDB: tokens.';
    COMMENT ON COLUMN tokens.id IS 'Primary key: the ObjectId as 24 hex digits. From _id.';
    COMMENT ON COLUMN tokens.name IS 'What it is asked for by; unique. From name; empty where the document has none.';
    COMMENT ON COLUMN tokens.encrypted_value IS
        'The secret, encrypted by the application. From encrypted_value; empty where the document has none.';
    COMMENT ON COLUMN tokens.description IS 'What it is for. From description; empty where the document has none.';
    COMMENT ON COLUMN tokens.created_by IS 'Who made it. From created_by; empty where the document has none.';
    COMMENT ON COLUMN tokens.created_at IS 'When it was made. From created_at; without one the time in the ObjectId.';
    COMMENT ON COLUMN tokens.updated_at IS
        'When it last changed. From updated_at; without one created_at, else the time in the ObjectId.';

    COMMENT ON TABLE providers IS 'Who serves language models. From MongoDB: providers.';
    COMMENT ON COLUMN providers.id IS 'Primary key: the ObjectId as 24 hex digits. From _id.';
    COMMENT ON COLUMN providers.name IS 'Name; unique. From name; empty where the document has none.';
    COMMENT ON COLUMN providers.provider_type IS
        'github_copilot, openai, anthropic, azure_openai or custom. From provider_type; empty where the document has '
        'none.';
    COMMENT ON COLUMN providers.api_key_token_name IS
        'Which secret opens it: tokens.name. From api_key_token_name; empty where the document has none.';
    COMMENT ON COLUMN providers.base_url IS 'Its address. From base_url.';
    COMMENT ON COLUMN providers.auth_type IS
        'How the secret is sent. From auth_type, which documents have since May 2026; x-api-key where there is none.';
    COMMENT ON COLUMN providers.azure_api_version IS
        'From azure_api_version, which documents have since April 2026; 2024-12-01-preview where there is none.';
    COMMENT ON COLUMN providers.azure_deployment IS 'From azure_deployment.';
    COMMENT ON COLUMN providers.description IS 'What it is for. From description; empty where the document has none.';
    COMMENT ON COLUMN providers.created_at IS 'When it was made. From created_at; without one the time in the ObjectId.';
    COMMENT ON COLUMN providers.updated_at IS
        'When it last changed. From updated_at; without one created_at, else the time in the ObjectId.';

    COMMENT ON TABLE knowledge_sources IS 'Where knowledge comes from. From MongoDB: knowledge_sources.';
    COMMENT ON COLUMN knowledge_sources.id IS 'Primary key: the ObjectId as 24 hex digits. From _id.';
    COMMENT ON COLUMN knowledge_sources.name IS 'Name. From name; empty where the document has none.';
    COMMENT ON COLUMN knowledge_sources.description IS
        'What is in it. From description; empty where the document has none.';
    COMMENT ON COLUMN knowledge_sources.source_type IS
        'vector_db, mongo_db or pgvector. From source_type; empty where the document has none.';
    COMMENT ON COLUMN knowledge_sources.connection_config IS
        'How to reach it; may hold secrets. From connection_config.';
    COMMENT ON COLUMN knowledge_sources.tags IS 'Labels by which agents pick it. From tags.';
    COMMENT ON COLUMN knowledge_sources.status IS
        'registered, connected or error. From status; registered where the document has none (the column''s own '
        'default is in capitals, the documents'' values are not).';
    COMMENT ON COLUMN knowledge_sources.last_error IS 'What went wrong last. From last_error.';
    COMMENT ON COLUMN knowledge_sources.created_at IS
        'When it was made. From created_at; without one the time in the ObjectId.';
    COMMENT ON COLUMN knowledge_sources.updated_at IS
        'When it last changed. From updated_at; without one created_at, else the time in the ObjectId.';

    COMMENT ON TABLE knowledge_items IS 'Pieces of knowledge: a text, or a file. From MongoDB: knowledge_items.';
    COMMENT ON COLUMN knowledge_items.id IS 'Primary key: the ObjectId as 24 hex digits. From _id.';
    COMMENT ON COLUMN knowledge_items.source_id IS
        'Where it belongs: knowledge_sources.id. From source_id; empty where the document has none.';
    COMMENT ON COLUMN knowledge_items.name IS 'Name. From name; empty where the document has none.';
    COMMENT ON COLUMN knowledge_items.content_type IS
        'text, file or image. From content_type; empty where the document has none.';
    COMMENT ON COLUMN knowledge_items.text_content IS 'The text. From text_content.';
    COMMENT ON COLUMN knowledge_items.file_id IS 'The file: knowledge_files.id. From file_id.';
    COMMENT ON COLUMN knowledge_items.file_name IS 'What the file is called. From file_name.';
    COMMENT ON COLUMN knowledge_items.file_size IS
        'How many bytes the file has; NULL beyond 2^31 - 1 (knowledge_files.length has it). From file_size.';
    COMMENT ON COLUMN knowledge_items.mime_type IS 'Media type of the file. From mime_type.';
    COMMENT ON COLUMN knowledge_items.tags IS 'Labels. From tags.';
    COMMENT ON COLUMN knowledge_items.metadata IS 'What else is known of it. From metadata, kept whole.';
    COMMENT ON COLUMN knowledge_items.created_at IS
        'When it was made. From created_at; without one the time in the ObjectId.';
    COMMENT ON COLUMN knowledge_items.updated_at IS
        'When it last changed. From updated_at; without one created_at, else the time in the ObjectId.';

    COMMENT ON TABLE memories IS 'What agents have noted. From MongoDB: memories.';
    COMMENT ON COLUMN memories.id IS 'Primary key: the ObjectId as 24 hex digits. From _id.';
    COMMENT ON COLUMN memories.agent_id IS 'Whose memory: agents.id. From agent_id; empty where the document has none.';
    COMMENT ON COLUMN memories.scope IS 'session, agent or global. From scope; empty where the document has none.';
    COMMENT ON COLUMN memories.key IS 'What it is about. From key; empty where the document has none.';
    COMMENT ON COLUMN memories.value IS 'What was noted. From value; empty where the document has none.';
    COMMENT ON COLUMN memories.embedding IS 'Its vector. From embedding; an element that is no number is NULL.';
    COMMENT ON COLUMN memories.metadata IS 'What else is known of it. From metadata, kept whole.';
    COMMENT ON COLUMN memories.ttl IS
        'When it is to be forgotten; the application sees to it. From ttl: a date, ISO 8601 text, or seconds since '
        '1970.';
    COMMENT ON COLUMN memories.created_at IS 'When it was made. From created_at; without one the time in the ObjectId.';
    COMMENT ON COLUMN memories.updated_at IS
        'When it last changed. From updated_at; without one created_at, else the time in the ObjectId.';

    COMMENT ON TABLE chat_sessions IS 'Chats of a person with an agent. From MongoDB: chat_sessions.';
    COMMENT ON COLUMN chat_sessions.id IS 'Primary key: the ObjectId as 24 hex digits. From _id.';
    COMMENT ON COLUMN chat_sessions.agent_id IS
        'The agent: agents.id. From agent_id, an ObjectId; empty where the document has none.';
    COMMENT ON COLUMN chat_sessions.github_user IS 'The person. From github_user; empty where the document has none.';
    COMMENT ON COLUMN chat_sessions.title IS 'Title. From title.';
    COMMENT ON COLUMN chat_sessions.message_count IS
        'How many messages it has, as the application counts. From message_count.';
    COMMENT ON COLUMN chat_sessions.created_at IS
        'When it was made. From created_at; without one the time in the ObjectId.';
    COMMENT ON COLUMN chat_sessions.updated_at IS
        'When it last changed. From updated_at; without one created_at, else the time in the ObjectId.';

    COMMENT ON TABLE chat_messages IS 'What was said in chats. From MongoDB: chat_messages.';
    COMMENT ON COLUMN chat_messages.id IS 'Primary key: the ObjectId as 24 hex digits. From _id.';
    COMMENT ON COLUMN chat_messages.session_id IS
        'The chat: chat_sessions.id. From session_id, an ObjectId; empty where the document has none.';
    COMMENT ON COLUMN chat_messages.role IS 'user or assistant. From role; empty where the document has none.';
    COMMENT ON COLUMN chat_messages.content IS 'What was said. From content; empty where the document has none.';
    COMMENT ON COLUMN chat_messages.usage IS 'What it cost: tokens, requests. From usage.';
    COMMENT ON COLUMN chat_messages.created_at IS
        'When it was made. From created_at; without one the time in the ObjectId.';
    COMMENT ON COLUMN chat_messages.updated_at IS
        'When it last changed. From updated_at; without one created_at, else the time in the ObjectId.';

    COMMENT ON TABLE workflows IS 'What an agent is set up to do, and how far it is. From MongoDB: workflows.';
    COMMENT ON COLUMN workflows.id IS 'Primary key: the ObjectId as 24 hex digits. From _id.';
    COMMENT ON COLUMN workflows.title IS 'Title. From title.';
    COMMENT ON COLUMN workflows.agent_id IS 'The agent: agents.id. From agent_id; empty where the document has none.';
    COMMENT ON COLUMN workflows.github_user IS 'Whose it is. From github_user; empty where the document has none.';
    COMMENT ON COLUMN workflows.model IS 'The language model. From model; empty where the document has none.';
    COMMENT ON COLUMN workflows.max_turns IS
        'After how many turns it ends. From max_turns; 5 where the document has none.';
    COMMENT ON COLUMN workflows.current_turn IS 'At which turn it is. From current_turn; 0 where the document has none.';
    COMMENT ON COLUMN workflows.session_id IS 'The session with the model''s provider. From session_id.';
    COMMENT ON COLUMN workflows.skill_ids IS 'What it has been taught: skills.id. From skill_ids.';
    COMMENT ON COLUMN workflows.skill_tags IS
        'It has been taught the skills with one of these tags as well. From skill_tags, which documents have since '
        'April 2026.';
    COMMENT ON COLUMN workflows.messages IS
        'What was said: role, content, tool_calls, tool_call_id, name. From messages, an array.';
    COMMENT ON COLUMN workflows.logs IS
        'What happened: timestamp, event, detail, tool_input, tool_output. From logs, an array.';
    COMMENT ON COLUMN workflows.status IS
        'active or inactive; older documents have running, completed, failed, halted and max_turns_reached. From '
        'status; active where the document has none.';
    COMMENT ON COLUMN workflows.output_format IS
        'json or markdown. From output_format; json where the document has none.';
    COMMENT ON COLUMN workflows.usage IS 'What it has cost so far. From usage.';
    COMMENT ON COLUMN workflows.infinite_session IS
        'Whether the session is compacted instead of ended. From infinite_session; true where the document has none.';
    COMMENT ON COLUMN workflows.caveman IS
        'Whether answers are to be terse. From caveman, which documents have since April 2026; false where there is '
        'none.';
    COMMENT ON COLUMN workflows.bypass_memory IS
        'Whether memories are left out. From bypass_memory, which documents have since April 2026; false where there '
        'is none.';
    COMMENT ON COLUMN workflows.auto_memory IS
        'Whether it notes memories by itself. From auto_memory, which documents have since April 2026; false where '
        'there is none.';
    COMMENT ON COLUMN workflows.tsv_tool_results IS
        'Whether results of tools are given as TSV. From tsv_tool_results, which documents have since April 2026; '
        'false where there is none.';
    COMMENT ON COLUMN workflows.reasoning_effort IS 'low, medium or high. From reasoning_effort.';
    COMMENT ON COLUMN workflows.guardrail_ids IS 'What is checked: guardrails.id. From guardrail_ids.';
    COMMENT ON COLUMN workflows.guardrail_tags IS
        'The guardrails with one of these tags are checked as well. From guardrail_tags.';
    COMMENT ON COLUMN workflows.repo_url IS 'The repository it works on. From repo_url.';
    COMMENT ON COLUMN workflows.repo_branch IS 'The branch of it. From repo_branch.';
    COMMENT ON COLUMN workflows.repo_token_name IS
        'Which secret opens the repository: tokens.name. From repo_token_name.';
    COMMENT ON COLUMN workflows.credential_overrides IS
        'Secrets of its own. From credential_overrides, which documents have since May 2026.';
    COMMENT ON COLUMN workflows.webhook_url IS
        'Who is told when a task is done. From webhook_url, which later documents have.';
    COMMENT ON COLUMN workflows.error_webhook_url IS
        'Who is told when a task fails. From error_webhook_url, which later documents have.';
    COMMENT ON COLUMN workflows.created_at IS 'When it was made. From created_at; without one the time in the ObjectId.';
    COMMENT ON COLUMN workflows.updated_at IS
        'When it last changed. From updated_at; without one created_at, else the time in the ObjectId.';

    COMMENT ON TABLE task_executions IS 'Runs of workflows. From MongoDB: task_executions.';
    COMMENT ON COLUMN task_executions.id IS 'Primary key: the ObjectId as 24 hex digits. From _id.';
    COMMENT ON COLUMN task_executions.workflow_id IS
        'The workflow: workflows.id. From workflow_id; empty where the document has none.';
    COMMENT ON COLUMN task_executions.prompt IS 'What was asked. From prompt; empty where the document has none.';
    COMMENT ON COLUMN task_executions.status IS
        'pending, running, completed, failed, halted or max_turns_reached. From status; pending where the document '
        'has none.';
    COMMENT ON COLUMN task_executions.celery_task_id IS 'What the task queue calls it. From celery_task_id.';
    COMMENT ON COLUMN task_executions.worker IS 'Who works on it. From worker.';
    COMMENT ON COLUMN task_executions.model IS 'The language model. From model.';
    COMMENT ON COLUMN task_executions.reasoning_effort IS 'low, medium or high. From reasoning_effort.';
    COMMENT ON COLUMN task_executions.tool_calls IS
        'How many calls of tools it made. From tool_calls; 0 where the document has none.';
    COMMENT ON COLUMN task_executions.response IS 'What came out. From response.';
    COMMENT ON COLUMN task_executions.progress IS 'How far it is: todos, current_step, percent_complete. From progress.';
    COMMENT ON COLUMN task_executions.logs IS
        'What happened: timestamp, event, detail, tool_input, tool_output. From logs, an array.';
    COMMENT ON COLUMN task_executions.messages IS
        'What was said: role, content, tool_calls, tool_call_id, name. From messages, an array.';
    COMMENT ON COLUMN task_executions.usage IS 'What it cost. From usage.';
    COMMENT ON COLUMN task_executions.started_at IS 'When it began. From started_at.';
    COMMENT ON COLUMN task_executions.finished_at IS 'When it ended. From finished_at.';
    COMMENT ON COLUMN task_executions.scheduled_agent_id IS
        'The schedule that started it: scheduled_agents.id. From scheduled_agent_id, which later documents have.';
    COMMENT ON COLUMN task_executions.created_at IS
        'When it was made. From created_at; without one the time in the ObjectId.';
    COMMENT ON COLUMN task_executions.updated_at IS
        'When it last changed. From updated_at; without one created_at, else the time in the ObjectId.';

    COMMENT ON TABLE scheduled_agents IS 'Workflows that run by the clock. From MongoDB: scheduled_agents.';
    COMMENT ON COLUMN scheduled_agents.id IS 'Primary key: the ObjectId as 24 hex digits. From _id.';
    COMMENT ON COLUMN scheduled_agents.name IS 'Name. From name; empty where the document has none.';
    COMMENT ON COLUMN scheduled_agents.workflow_id IS
        'The workflow: workflows.id. From workflow_id; empty where the document has none.';
    COMMENT ON COLUMN scheduled_agents.prompt IS
        'What it is asked each time. From prompt; empty where the document has none.';
    COMMENT ON COLUMN scheduled_agents.interval_value IS
        'How many units lie between two runs. From interval_value; 1 where the document has none.';
    COMMENT ON COLUMN scheduled_agents.interval_unit IS
        'minutes, hours or days. From interval_unit; minutes where the document has none (the column''s own default '
        'is in capitals, the documents'' values are not).';
    COMMENT ON COLUMN scheduled_agents.start_at IS
        'When it runs first. From start_at; without one created_at, else the time in the ObjectId.';
    COMMENT ON COLUMN scheduled_agents.end_at IS 'When it stops. From end_at.';
    COMMENT ON COLUMN scheduled_agents.enabled IS
        'Whether it is in force. From enabled; true where the document has none.';
    COMMENT ON COLUMN scheduled_agents.last_run_at IS 'When it ran last. From last_run_at.';
    COMMENT ON COLUMN scheduled_agents.next_run_at IS 'When it runs next. From next_run_at.';
    COMMENT ON COLUMN scheduled_agents.redbeat_key IS 'What the scheduler calls it. From redbeat_key.';
    COMMENT ON COLUMN scheduled_agents.created_at IS
        'When it was made. From created_at; without one the time in the ObjectId.';
    COMMENT ON COLUMN scheduled_agents.updated_at IS
        'When it last changed. From updated_at; without one created_at, else the time in the ObjectId.';

    COMMENT ON TABLE vs_collections IS
        'Collections of the vector store in the same database; kept by TBD Agents. Nothing in MongoDB.';
    COMMENT ON COLUMN vs_collections.name IS 'Name.';
    COMMENT ON COLUMN vs_collections.vector_size IS 'How many numbers a vector has.';
    COMMENT ON COLUMN vs_collections.distance IS 'How the distance of two vectors is measured.';
    COMMENT ON COLUMN vs_collections.created_at IS 'When it was made.';
END
$tbd$;
