-- What every table and column of V0001 holds, and which field of which MongoDB collection it comes from.
-- A path with a dot (queries.prompt) is a field of an array's elements. 'From a or b': whichever is there, a first.

DO $docsgpt$
BEGIN
    -- As in V0001: a database that DocsGPT set up itself is not ours to annotate.
    IF to_regclass('alembic_version') IS NOT NULL AND to_regclass('conversation_messages') IS NOT NULL THEN
        RETURN;
    END IF;

    COMMENT ON TABLE users IS
        'One row for every user id that any other row names; made on demand by the triggers *_ensure_user. From '
        'MongoDB: users.';
    COMMENT ON COLUMN users.id IS 'Primary key; other tables refer to user_id, not to this.';
    COMMENT ON COLUMN users.user_id IS
        'The user''s id as the login gives it: any text. From user_id. ''__system__'' owns what nobody wrote.';
    COMMENT ON COLUMN users.agent_preferences IS
        'The user''s lists of agents: pinned and shared_with_me, each an array of agents.id as text, and whatever '
        'else the document held there. From agent_preferences, whose lists hold ObjectIds as text.';
    COMMENT ON COLUMN users.created_at IS 'When the row was made. The document has no such time.';
    COMMENT ON COLUMN users.updated_at IS
        'When the row last changed; set by a trigger on every real change. The document has no such time.';

    COMMENT ON TABLE prompts IS 'Prompts that users wrote. From MongoDB: prompts.';
    COMMENT ON COLUMN prompts.id IS 'Primary key. The id MongoDB had for it is in legacy_mongo_id.';
    COMMENT ON COLUMN prompts.user_id IS
        'Whose it is: users.user_id. From user; ''__system__'' where that is missing, empty or system.';
    COMMENT ON COLUMN prompts.name IS 'Title. From name; empty where the document has none.';
    COMMENT ON COLUMN prompts.content IS 'The prompt''s text. From content; empty where the document has none.';
    COMMENT ON COLUMN prompts.created_at IS 'When the row was made. The document has no such time.';
    COMMENT ON COLUMN prompts.updated_at IS
        'When the row last changed; set by a trigger on every real change. The document has no such time.';
    COMMENT ON COLUMN prompts.legacy_mongo_id IS
        'The _id of the MongoDB document, 24 hex digits: what older links and lists still name it by. NULL for a '
        'row born in PostgreSQL.';

    COMMENT ON TABLE user_tools IS 'Tools that a user has set up for agents to call. From MongoDB: user_tools.';
    COMMENT ON COLUMN user_tools.id IS 'Primary key. The id MongoDB had for it is in legacy_mongo_id.';
    COMMENT ON COLUMN user_tools.user_id IS
        'Whose it is: users.user_id. From user; ''__system__'' where that is missing, empty or system.';
    COMMENT ON COLUMN user_tools.name IS
        'Which tool it is. Not unique: each MCP server a user added is an mcp_tool. From name.';
    COMMENT ON COLUMN user_tools.custom_name IS 'The name the user gave it. From customName.';
    COMMENT ON COLUMN user_tools.display_name IS 'The name shown. From displayName.';
    COMMENT ON COLUMN user_tools.description IS 'What the tool does. From description.';
    COMMENT ON COLUMN user_tools.config IS 'Its settings; may hold secrets. From config.';
    COMMENT ON COLUMN user_tools.config_requirements IS 'What settings it asks for. From configRequirements.';
    COMMENT ON COLUMN user_tools.actions IS 'The calls it offers. From actions, an array.';
    COMMENT ON COLUMN user_tools.status IS 'Whether it is switched on. From status; true where the document has none.';
    COMMENT ON COLUMN user_tools.created_at IS 'When it was made. From created_at where the document has one.';
    COMMENT ON COLUMN user_tools.updated_at IS
        'When it last changed; set by a trigger on every real change. From updated_at where the document has one.';
    COMMENT ON COLUMN user_tools.legacy_mongo_id IS
        'The _id of the MongoDB document, 24 hex digits: what older links and lists still name it by. NULL for a '
        'row born in PostgreSQL.';

    COMMENT ON TABLE agent_folders IS 'Folders a user sorts agents into; they nest. From MongoDB: agent_folders.';
    COMMENT ON COLUMN agent_folders.id IS 'Primary key. The id MongoDB had for it is in legacy_mongo_id.';
    COMMENT ON COLUMN agent_folders.user_id IS 'Whose it is: users.user_id. From user.';
    COMMENT ON COLUMN agent_folders.name IS 'Name. From name.';
    COMMENT ON COLUMN agent_folders.description IS 'What it is for. From description.';
    COMMENT ON COLUMN agent_folders.parent_id IS
        'The folder it lies in; NULL at the top. From parent_id, an ObjectId as text; a child may arrive before its '
        'parent.';
    COMMENT ON COLUMN agent_folders.created_at IS 'When it was made. From created_at where the document has one.';
    COMMENT ON COLUMN agent_folders.updated_at IS
        'When it last changed; set by a trigger on every real change. From updated_at where the document has one.';
    COMMENT ON COLUMN agent_folders.legacy_mongo_id IS
        'The _id of the MongoDB document, 24 hex digits: what older links and lists still name it by. NULL for a '
        'row born in PostgreSQL.';

    COMMENT ON TABLE sources IS
        'Documents and sites that were read in for agents to answer from; their text is in the vector store. From '
        'MongoDB: sources.';
    COMMENT ON COLUMN sources.id IS 'Primary key. The id MongoDB had for it is in legacy_mongo_id.';
    COMMENT ON COLUMN sources.user_id IS
        'Whose it is: users.user_id. From user; ''__system__'' where that is missing, empty or system.';
    COMMENT ON COLUMN sources.name IS 'Name. From name; empty where the document has none.';
    COMMENT ON COLUMN sources.language IS 'The application writes the name here too. From language.';
    COMMENT ON COLUMN sources.date IS
        'When it was read in. From date: a BSON date or, in old documents, text such as 31/12/2023 23:59:59, day '
        'first.';
    COMMENT ON COLUMN sources.model IS 'The embedding model. From model.';
    COMMENT ON COLUMN sources.type IS 'What kind of source it is. From type.';
    COMMENT ON COLUMN sources.metadata IS
        'What else is known of it. From metadata; fields of the document that have no column lie under '
        'legacy_fields.';
    COMMENT ON COLUMN sources.retriever IS 'How it is searched. From retriever.';
    COMMENT ON COLUMN sources.sync_frequency IS 'How often it is read in again. From sync_frequency.';
    COMMENT ON COLUMN sources.tokens IS
        'How many tokens it has; text, because documents hold text or a number. From tokens.';
    COMMENT ON COLUMN sources.file_path IS 'Where its files lie in storage. From file_path.';
    COMMENT ON COLUMN sources.remote_data IS
        'Where it was read from, if not from files. From remote_data, text that is JSON or one URL.';
    COMMENT ON COLUMN sources.directory_structure IS
        'The tree of its files. From directory_structure, JSON as text or an object.';
    COMMENT ON COLUMN sources.file_name_map IS
        'The names of its files in storage and the names they came with. From file_name_map, JSON as text or an '
        'object.';
    COMMENT ON COLUMN sources.created_at IS 'When it was made. From created_at or date.';
    COMMENT ON COLUMN sources.updated_at IS
        'When it last changed; set by a trigger on every real change. From updated_at or date.';
    COMMENT ON COLUMN sources.legacy_mongo_id IS
        'The _id of the MongoDB document, 24 hex digits: what older links and lists still name it by. NULL for a '
        'row born in PostgreSQL.';

    COMMENT ON TABLE attachments IS
        'Files users put into a conversation, with the text taken from them. From MongoDB: attachments.';
    COMMENT ON COLUMN attachments.id IS 'Primary key. The id MongoDB had for it is in legacy_mongo_id.';
    COMMENT ON COLUMN attachments.user_id IS 'Whose it is: users.user_id. From user.';
    COMMENT ON COLUMN attachments.filename IS 'Name of the file as uploaded. From filename.';
    COMMENT ON COLUMN attachments.upload_path IS 'Where the file lies in storage. From upload_path or path.';
    COMMENT ON COLUMN attachments.mime_type IS 'Media type. From mime_type.';
    COMMENT ON COLUMN attachments.size IS 'Bytes. From size.';
    COMMENT ON COLUMN attachments.content IS 'The text taken from the file. From content.';
    COMMENT ON COLUMN attachments.token_count IS 'How many tokens that text has. From token_count.';
    COMMENT ON COLUMN attachments.openai_file_id IS
        'The file''s id at OpenAI, if it was sent there. From openai_file_id.';
    COMMENT ON COLUMN attachments.google_file_uri IS
        'The file''s address at Google, if it was sent there. From google_file_uri.';
    COMMENT ON COLUMN attachments.metadata IS 'What else is known of it; NULL when nothing. From metadata.';
    COMMENT ON COLUMN attachments.created_at IS 'When it was uploaded. From date or created_at.';
    COMMENT ON COLUMN attachments.legacy_mongo_id IS
        'The _id of the MongoDB document, 24 hex digits: what older links and lists still name it by. NULL for a '
        'row born in PostgreSQL.';

    COMMENT ON TABLE workflows IS 'Graphs of steps that an agent of type workflow runs. From MongoDB: workflows.';
    COMMENT ON COLUMN workflows.id IS 'Primary key. The id MongoDB had for it is in legacy_mongo_id.';
    COMMENT ON COLUMN workflows.user_id IS 'Whose it is: users.user_id. From user.';
    COMMENT ON COLUMN workflows.name IS 'Name. From name; empty where the document has none.';
    COMMENT ON COLUMN workflows.description IS 'What it does. From description.';
    COMMENT ON COLUMN workflows.created_at IS 'When it was made. From created_at where the document has one.';
    COMMENT ON COLUMN workflows.updated_at IS
        'When it last changed; set by a trigger on every real change. From updated_at where the document has one.';
    COMMENT ON COLUMN workflows.current_graph_version IS
        'Which version of its nodes and edges is in use; older versions stay. From current_graph_version; 1 where '
        'the document has none.';
    COMMENT ON COLUMN workflows.legacy_mongo_id IS
        'The _id of the MongoDB document, 24 hex digits: what older links and lists still name it by. NULL for a '
        'row born in PostgreSQL.';

    COMMENT ON TABLE workflow_nodes IS
        'The steps of a workflow, once for each version of its graph. From MongoDB: workflow_nodes.';
    COMMENT ON COLUMN workflow_nodes.id IS 'Primary key. The id MongoDB had for it is in legacy_mongo_id.';
    COMMENT ON COLUMN workflow_nodes.workflow_id IS
        'The workflow; this row goes when it goes. From workflow_id, an ObjectId as text.';
    COMMENT ON COLUMN workflow_nodes.graph_version IS
        'The version of the graph it is part of. From graph_version; 1 where the document has none.';
    COMMENT ON COLUMN workflow_nodes.node_type IS 'What kind of step it is. From type.';
    COMMENT ON COLUMN workflow_nodes.config IS
        'The step''s settings; ids of sources, tools and prompts in here are still MongoDB''s. From config.';
    COMMENT ON COLUMN workflow_nodes.node_id IS
        'The step''s name within the graph, by which MongoDB''s edges refer to it. From id.';
    COMMENT ON COLUMN workflow_nodes.title IS 'Title shown. From title.';
    COMMENT ON COLUMN workflow_nodes.description IS 'What it does. From description.';
    COMMENT ON COLUMN workflow_nodes.position IS 'Where it is drawn: x and y. From position.';
    COMMENT ON COLUMN workflow_nodes.legacy_mongo_id IS
        'The _id of the MongoDB document, 24 hex digits: what older links and lists still name it by. NULL for a '
        'row born in PostgreSQL.';

    COMMENT ON TABLE workflow_edges IS 'Which step leads to which. From MongoDB: workflow_edges.';
    COMMENT ON COLUMN workflow_edges.id IS 'Primary key.';
    COMMENT ON COLUMN workflow_edges.workflow_id IS
        'The workflow; this row goes when it goes. From workflow_id, an ObjectId as text.';
    COMMENT ON COLUMN workflow_edges.graph_version IS
        'The version of the graph it is part of; both its steps are of this version. From graph_version; 1 where '
        'the document has none.';
    COMMENT ON COLUMN workflow_edges.from_node_id IS
        'The step it leaves: workflow_nodes.id. From source_id, which is a node_id.';
    COMMENT ON COLUMN workflow_edges.to_node_id IS
        'The step it enters: workflow_nodes.id. From target_id, which is a node_id.';
    COMMENT ON COLUMN workflow_edges.config IS 'The edge''s settings. From config.';
    COMMENT ON COLUMN workflow_edges.edge_id IS 'The edge''s name within the graph. From id.';
    COMMENT ON COLUMN workflow_edges.source_handle IS 'Which outlet of the step it leaves by. From source_handle.';
    COMMENT ON COLUMN workflow_edges.target_handle IS 'Which inlet of the step it enters by. From target_handle.';

    COMMENT ON TABLE workflow_runs IS 'Each time a workflow ran. From MongoDB: workflow_runs.';
    COMMENT ON COLUMN workflow_runs.id IS 'Primary key. The id MongoDB had for it is in legacy_mongo_id.';
    COMMENT ON COLUMN workflow_runs.workflow_id IS
        'The workflow; this row goes when it goes. From workflow_id, an ObjectId as text.';
    COMMENT ON COLUMN workflow_runs.user_id IS
        'Whose it is: users.user_id. From user_id or user; ''__system__'' where the document has neither, as most '
        'have not.';
    COMMENT ON COLUMN workflow_runs.status IS
        'pending, running, completed or failed. From status, whose other words are put under one of these.';
    COMMENT ON COLUMN workflow_runs.started_at IS 'When it began. From started_at or created_at.';
    COMMENT ON COLUMN workflow_runs.ended_at IS 'When it ended; NULL until then. From ended_at or completed_at.';
    COMMENT ON COLUMN workflow_runs.result IS 'What came out. From outputs or result.';
    COMMENT ON COLUMN workflow_runs.inputs IS 'What went in. From inputs.';
    COMMENT ON COLUMN workflow_runs.steps IS 'What each step did, in order. From steps, an array.';
    COMMENT ON COLUMN workflow_runs.legacy_mongo_id IS
        'The _id of the MongoDB document, 24 hex digits: what older links and lists still name it by. NULL for a '
        'row born in PostgreSQL.';

    COMMENT ON TABLE agents IS 'Assistants that users have built, and the keys to call them by. From MongoDB: agents.';
    COMMENT ON COLUMN agents.id IS 'Primary key. The id MongoDB had for it is in legacy_mongo_id.';
    COMMENT ON COLUMN agents.user_id IS
        'Whose it is: users.user_id. From user; ''__system__'' where that is missing, empty or system.';
    COMMENT ON COLUMN agents.name IS 'Name. From name; empty where the document has none.';
    COMMENT ON COLUMN agents.description IS 'What it does. From description.';
    COMMENT ON COLUMN agents.agent_type IS 'classic, react, agentic, research, openai or workflow. From agent_type.';
    COMMENT ON COLUMN agents.status IS 'draft, published or template. From status; draft where the document has none.';
    COMMENT ON COLUMN agents.key IS
        'API key; upper and lower case are the same. From key, where empty means none. Secret.';
    COMMENT ON COLUMN agents.image IS 'Picture. From image.';
    COMMENT ON COLUMN agents.source_id IS
        'The source it answers from. From source, a DBRef; NULL where that is default or empty.';
    COMMENT ON COLUMN agents.extra_source_ids IS
        'Further sources, in order, source_id not among them; a trigger on sources takes deleted ones out. From '
        'sources, an array of DBRefs.';
    COMMENT ON COLUMN agents.chunks IS 'How many pieces of text a search brings. From chunks, which is mostly text.';
    COMMENT ON COLUMN agents.retriever IS 'How sources are searched. From retriever.';
    COMMENT ON COLUMN agents.prompt_id IS
        'The prompt it speaks by; NULL for a built-in one: default, creative, strict. From prompt_id, an ObjectId '
        'as text or such a name.';
    COMMENT ON COLUMN agents.tools IS
        'The tools it may call. From tools, an array of ids of user_tools, still MongoDB''s.';
    COMMENT ON COLUMN agents.json_schema IS 'The shape its answer must have; NULL when free. From json_schema.';
    COMMENT ON COLUMN agents.models IS 'The models to choose from; NULL when not limited. From models, an array.';
    COMMENT ON COLUMN agents.default_model_id IS 'The model it uses unless another is chosen. From default_model_id.';
    COMMENT ON COLUMN agents.folder_id IS 'The folder it lies in. From folder_id, an ObjectId as text.';
    COMMENT ON COLUMN agents.workflow_id IS
        'The workflow it runs, if it is of type workflow. From workflow, an ObjectId as text.';
    COMMENT ON COLUMN agents.limited_token_mode IS 'Whether token_limit holds. From limited_token_mode.';
    COMMENT ON COLUMN agents.token_limit IS 'How many tokens it may spend. From token_limit.';
    COMMENT ON COLUMN agents.limited_request_mode IS 'Whether request_limit holds. From limited_request_mode.';
    COMMENT ON COLUMN agents.request_limit IS 'How many requests it may answer. From request_limit.';
    COMMENT ON COLUMN agents.allow_system_prompt_override IS
        'Whether a caller may bring another system prompt. From allow_system_prompt_override.';
    COMMENT ON COLUMN agents.shared IS 'Whether others may use it by its shared_token. From shared_publicly or shared.';
    COMMENT ON COLUMN agents.shared_token IS
        'The token in the link it is shared by; upper and lower case are the same. From shared_token. Secret.';
    COMMENT ON COLUMN agents.shared_metadata IS 'Who shared it and when: shared_by, shared_at. From shared_metadata.';
    COMMENT ON COLUMN agents.incoming_webhook_token IS
        'The token of its webhook; upper and lower case are the same. From incoming_webhook_token. Secret.';
    COMMENT ON COLUMN agents.created_at IS 'When it was made. From createdAt or created_at.';
    COMMENT ON COLUMN agents.updated_at IS
        'When it last changed; set by a trigger on every real change. From updatedAt or updated_at.';
    COMMENT ON COLUMN agents.last_used_at IS
        'When it was last asked; NULL when never. From lastUsedAt or last_used_at.';
    COMMENT ON COLUMN agents.legacy_mongo_id IS
        'The _id of the MongoDB document, 24 hex digits: what older links and lists still name it by. NULL for a '
        'row born in PostgreSQL.';

    COMMENT ON TABLE memories IS 'Files that a memory tool keeps for a user. From MongoDB: memories.';
    COMMENT ON COLUMN memories.id IS
        'Primary key. MongoDB''s _id is not kept: user, tool and path tell one file from another.';
    COMMENT ON COLUMN memories.user_id IS 'Whose it is: users.user_id. From user_id.';
    COMMENT ON COLUMN memories.tool_id IS
        'The tool it belongs to; this row goes when the tool goes. From tool_id, an ObjectId as text.';
    COMMENT ON COLUMN memories.path IS 'Path of the file; / is the root. From path.';
    COMMENT ON COLUMN memories.content IS 'Text of the file. From content.';
    COMMENT ON COLUMN memories.created_at IS 'When it was made. From created_at where the document has one.';
    COMMENT ON COLUMN memories.updated_at IS
        'When it last changed; set by a trigger on every real change. From updated_at where the document has one.';

    COMMENT ON TABLE todos IS 'Entries of a user''s to-do tool. From MongoDB: todos.';
    COMMENT ON COLUMN todos.id IS 'Primary key. The id MongoDB had for it is in legacy_mongo_id.';
    COMMENT ON COLUMN todos.user_id IS 'Whose it is: users.user_id. From user_id.';
    COMMENT ON COLUMN todos.tool_id IS
        'The tool it belongs to; this row goes when the tool goes. From tool_id, an ObjectId as text.';
    COMMENT ON COLUMN todos.todo_id IS 'Its number within the tool''s list. From todo_id.';
    COMMENT ON COLUMN todos.title IS 'What is to be done. From title.';
    COMMENT ON COLUMN todos.completed IS 'Whether it is done: true where status is completed. From status.';
    COMMENT ON COLUMN todos.metadata IS 'Fields of the document that have no column, under legacy_fields.';
    COMMENT ON COLUMN todos.created_at IS 'When it was made. From created_at where the document has one.';
    COMMENT ON COLUMN todos.updated_at IS
        'When it last changed; set by a trigger on every real change. From updated_at where the document has one.';
    COMMENT ON COLUMN todos.legacy_mongo_id IS
        'The _id of the MongoDB document, 24 hex digits: what older links and lists still name it by. NULL for a '
        'row born in PostgreSQL.';

    COMMENT ON TABLE notes IS 'The one note that a notes tool keeps for a user. From MongoDB: notes.';
    COMMENT ON COLUMN notes.id IS 'Primary key. The id MongoDB had for it is in legacy_mongo_id.';
    COMMENT ON COLUMN notes.user_id IS 'Whose it is: users.user_id. From user_id.';
    COMMENT ON COLUMN notes.tool_id IS
        'The tool it belongs to; this row goes when the tool goes. From tool_id, an ObjectId as text.';
    COMMENT ON COLUMN notes.title IS 'Title; the word note where the document has none. From title or path.';
    COMMENT ON COLUMN notes.content IS 'Text. From content or note.';
    COMMENT ON COLUMN notes.metadata IS 'Fields of the document that have no column, under legacy_fields.';
    COMMENT ON COLUMN notes.created_at IS 'When it was made. From created_at where the document has one.';
    COMMENT ON COLUMN notes.updated_at IS
        'When it last changed; set by a trigger on every real change. From updated_at where the document has one.';
    COMMENT ON COLUMN notes.legacy_mongo_id IS
        'The _id of the MongoDB document, 24 hex digits: what older links and lists still name it by. NULL for a '
        'row born in PostgreSQL.';

    COMMENT ON TABLE connector_sessions IS
        'Logins, by OAuth or to MCP servers, to services that sources or tools are read from. From MongoDB: '
        'connector_sessions.';
    COMMENT ON COLUMN connector_sessions.id IS 'Primary key. The id MongoDB had for it is in legacy_mongo_id.';
    COMMENT ON COLUMN connector_sessions.user_id IS 'Whose it is: users.user_id. From user or user_id.';
    COMMENT ON COLUMN connector_sessions.provider IS 'The service. From provider, which documents of MCP servers lack.';
    COMMENT ON COLUMN connector_sessions.server_url IS
        'Address of the MCP server; NULL for other services. From server_url.';
    COMMENT ON COLUMN connector_sessions.session_token IS
        'What the application finds the session by. From session_token. Secret.';
    COMMENT ON COLUMN connector_sessions.user_email IS 'The account at the service. From user_email.';
    COMMENT ON COLUMN connector_sessions.status IS 'pending until the user has agreed, then authorized. From status.';
    COMMENT ON COLUMN connector_sessions.token_info IS 'Tokens that the service gave. From token_info. Secret.';
    COMMENT ON COLUMN connector_sessions.session_data IS
        'Every other field of the document; for an MCP server tokens and client_info. Secret.';
    COMMENT ON COLUMN connector_sessions.expires_at IS 'When the login ends; NULL when unknown. From expires_at.';
    COMMENT ON COLUMN connector_sessions.created_at IS 'When it was made. From created_at where the document has one.';
    COMMENT ON COLUMN connector_sessions.legacy_mongo_id IS
        'The _id of the MongoDB document, 24 hex digits: what older links and lists still name it by. NULL for a '
        'row born in PostgreSQL.';

    COMMENT ON TABLE conversations IS
        'Conversations; what was said is in conversation_messages. From MongoDB: conversations.';
    COMMENT ON COLUMN conversations.id IS 'Primary key. The id MongoDB had for it is in legacy_mongo_id.';
    COMMENT ON COLUMN conversations.user_id IS 'Whose it is: users.user_id. From user.';
    COMMENT ON COLUMN conversations.agent_id IS
        'The agent talked to; NULL when none, or since deleted. From agent_id, an ObjectId as text.';
    COMMENT ON COLUMN conversations.name IS 'Title. From name.';
    COMMENT ON COLUMN conversations.api_key IS
        'The key it was held by, if it came over the API; never empty. From api_key. Secret.';
    COMMENT ON COLUMN conversations.is_shared_usage IS
        'Whether it was held with an agent that somebody else shared. From is_shared_usage.';
    COMMENT ON COLUMN conversations.shared_token IS 'The token of that share. From shared_token. Secret.';
    COMMENT ON COLUMN conversations.date IS 'What a user''s conversations are sorted by. From date.';
    COMMENT ON COLUMN conversations.created_at IS 'When it was made. From created_at or date.';
    COMMENT ON COLUMN conversations.updated_at IS
        'When it last changed; set by a trigger on every real change. From updated_at or date.';
    COMMENT ON COLUMN conversations.shared_with IS 'User ids it is shared with. From shared_with, an array.';
    COMMENT ON COLUMN conversations.compression_metadata IS
        'How the history was shortened: is_compressed, last_compression_at, compression_points. From '
        'compression_metadata.';
    COMMENT ON COLUMN conversations.legacy_mongo_id IS
        'The _id of the MongoDB document, 24 hex digits: what older links and lists still name it by. NULL for a '
        'row born in PostgreSQL.';

    COMMENT ON TABLE conversation_messages IS
        'One question with its answer. From MongoDB: the elements of conversations.queries, one row each.';
    COMMENT ON COLUMN conversation_messages.id IS
        'Primary key; stays while the message keeps its position, because other tables may refer to it.';
    COMMENT ON COLUMN conversation_messages.conversation_id IS 'The conversation; its messages go when it goes.';
    COMMENT ON COLUMN conversation_messages.position IS
        'Index in queries, from 0; an element that is not an object leaves a gap.';
    COMMENT ON COLUMN conversation_messages.prompt IS 'What the user asked. From queries.prompt.';
    COMMENT ON COLUMN conversation_messages.response IS 'What was answered. From queries.response.';
    COMMENT ON COLUMN conversation_messages.thought IS
        'The model''s reasoning, where there is any. From queries.thought.';
    COMMENT ON COLUMN conversation_messages.sources IS 'The texts the answer rests on. From queries.sources, an array.';
    COMMENT ON COLUMN conversation_messages.tool_calls IS
        'Tools that were called on the way. From queries.tool_calls, an array.';
    COMMENT ON COLUMN conversation_messages.attachments IS
        'Files put into the question, attachments.id each; a trigger on attachments takes deleted ones out. From '
        'queries.attachments, an array of ObjectIds as text.';
    COMMENT ON COLUMN conversation_messages.model_id IS 'The model that answered. From queries.model_id.';
    COMMENT ON COLUMN conversation_messages.message_metadata IS 'What else is known of it. From queries.metadata.';
    COMMENT ON COLUMN conversation_messages.feedback IS
        'What the user thought of it: text and, where known, timestamp. From queries.feedback and '
        'queries.feedback_timestamp.';
    COMMENT ON COLUMN conversation_messages.timestamp IS
        'When it was asked. From queries.timestamp, else from the conversation''s date.';
    COMMENT ON COLUMN conversation_messages.user_id IS
        'Whose it is: the conversation''s user, filled in by a trigger where it is left out.';
    COMMENT ON COLUMN conversation_messages.updated_at IS
        'When the row last changed; set by a trigger on every real change. The document has no such time.';

    COMMENT ON TABLE shared_conversations IS
        'Links by which a conversation was made public. From MongoDB: shared_conversations.';
    COMMENT ON COLUMN shared_conversations.id IS 'Primary key.';
    COMMENT ON COLUMN shared_conversations.conversation_id IS
        'The conversation; the link goes when it goes. From conversation_id, an ObjectId or, in older documents, a '
        'DBRef.';
    COMMENT ON COLUMN shared_conversations.user_id IS 'Whose it is: users.user_id. From user.';
    COMMENT ON COLUMN shared_conversations.is_promptable IS 'Whether a visitor may carry it on. From isPromptable.';
    COMMENT ON COLUMN shared_conversations.created_at IS 'When the row was made. The document has no such time.';
    COMMENT ON COLUMN shared_conversations.uuid IS 'What the link names. From uuid, binary of subtype 4.';
    COMMENT ON COLUMN shared_conversations.first_n_queries IS
        'How many messages are shown. From first_n_queries; 0 where the document has none.';
    COMMENT ON COLUMN shared_conversations.api_key IS
        'The key that a visitor''s questions run on; never empty. From api_key. Secret.';
    COMMENT ON COLUMN shared_conversations.prompt_id IS
        'The prompt for those questions. From prompt_id, else that of the agent with this key.';
    COMMENT ON COLUMN shared_conversations.chunks IS
        'How many pieces of text a search brings. From chunks, else that of the agent with this key.';

    COMMENT ON TABLE pending_tool_state IS
        'Conversations that wait for the caller to run a tool; MongoDB deletes them after half an hour. From '
        'MongoDB: pending_tool_state.';
    COMMENT ON COLUMN pending_tool_state.id IS 'Primary key.';
    COMMENT ON COLUMN pending_tool_state.conversation_id IS
        'The conversation; it waits at most once for each user. From conversation_id, an ObjectId as text.';
    COMMENT ON COLUMN pending_tool_state.user_id IS 'Whose it is: users.user_id. From user.';
    COMMENT ON COLUMN pending_tool_state.messages IS 'The messages so far. From messages, an array.';
    COMMENT ON COLUMN pending_tool_state.pending_tool_calls IS
        'The calls whose results are awaited. From pending_tool_calls, an array.';
    COMMENT ON COLUMN pending_tool_state.tools_dict IS 'The tools by name. From tools_dict.';
    COMMENT ON COLUMN pending_tool_state.tool_schemas IS
        'The tools as described to the model. From tool_schemas, an array.';
    COMMENT ON COLUMN pending_tool_state.agent_config IS
        'What the agent is built from when it goes on; may hold secrets. From agent_config.';
    COMMENT ON COLUMN pending_tool_state.client_tools IS 'Tools that the caller brought. From client_tools.';
    COMMENT ON COLUMN pending_tool_state.created_at IS 'When the wait began. From created_at.';
    COMMENT ON COLUMN pending_tool_state.expires_at IS
        'When it may be thrown away. From expires_at, on which MongoDB has a TTL index.';

    COMMENT ON TABLE token_usage IS 'Tokens spent on each call. From MongoDB: token_usage.';
    COMMENT ON COLUMN token_usage.id IS 'Primary key, in order of arrival.';
    COMMENT ON COLUMN token_usage.user_id IS 'Who spent them; NULL when only a key is known. From user_id or user.';
    COMMENT ON COLUMN token_usage.api_key IS
        'The key they were spent by; NULL when only a user is known. From api_key. Secret.';
    COMMENT ON COLUMN token_usage.agent_id IS
        'The agent they were spent on; NULL when none, or since deleted. From agent_id, an ObjectId as text.';
    COMMENT ON COLUMN token_usage.prompt_tokens IS 'Tokens sent. From prompt_tokens.';
    COMMENT ON COLUMN token_usage.generated_tokens IS 'Tokens received. From generated_tokens.';
    COMMENT ON COLUMN token_usage.timestamp IS
        'When. From timestamp, which the application writes in the local time of its server.';
    COMMENT ON COLUMN token_usage.mongo_id IS
        'The _id of the MongoDB document, 24 hex digits, so that copying it again adds nothing. NULL for a row born '
        'in PostgreSQL.';

    COMMENT ON TABLE user_logs IS 'What users asked and got. From MongoDB: user_logs.';
    COMMENT ON COLUMN user_logs.id IS 'Primary key, in order of arrival.';
    COMMENT ON COLUMN user_logs.user_id IS 'Who asked; NULL when unknown. From user.';
    COMMENT ON COLUMN user_logs.endpoint IS 'Which call it was. From action or, in older documents, endpoint.';
    COMMENT ON COLUMN user_logs.timestamp IS 'When. From timestamp.';
    COMMENT ON COLUMN user_logs.data IS 'The whole document but its _id; its api_key is a secret.';
    COMMENT ON COLUMN user_logs.mongo_id IS
        'The _id of the MongoDB document, 24 hex digits, so that copying it again adds nothing. NULL for a row born '
        'in PostgreSQL.';

    COMMENT ON TABLE stack_logs IS 'Traces of calls, for finding faults. From MongoDB: stack_logs.';
    COMMENT ON COLUMN stack_logs.id IS 'Primary key, in order of arrival.';
    COMMENT ON COLUMN stack_logs.activity_id IS 'Which activity the trace belongs to. From id.';
    COMMENT ON COLUMN stack_logs.endpoint IS 'Which call it was. From endpoint.';
    COMMENT ON COLUMN stack_logs.level IS 'How grave it is. From level.';
    COMMENT ON COLUMN stack_logs.user_id IS 'Who called; NULL when unknown. From user.';
    COMMENT ON COLUMN stack_logs.api_key IS 'The key used. From api_key. Secret.';
    COMMENT ON COLUMN stack_logs.query IS 'The question. From query.';
    COMMENT ON COLUMN stack_logs.stacks IS
        'What each component did. From stacks, an array; the application cuts its texts at 10,000 characters.';
    COMMENT ON COLUMN stack_logs.timestamp IS 'When. From timestamp.';
    COMMENT ON COLUMN stack_logs.mongo_id IS
        'The _id of the MongoDB document, 24 hex digits, so that copying it again adds nothing. NULL for a row born '
        'in PostgreSQL.';
END
$docsgpt$;
