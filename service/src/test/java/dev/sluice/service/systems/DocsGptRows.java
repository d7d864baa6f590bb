package dev.sluice.service.systems;

import com.mongodb.DBRef;
import com.mongodb.client.MongoDatabase;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.bson.Document;
import org.bson.types.Binary;
import org.bson.types.ObjectId;
import org.jspecify.annotations.Nullable;

/// What the tables of DocsGPT have to hold for what is in MongoDB now, worked out from the documents by
/// hand: no part of Sluice's mapping is used, and no derived id. Rows are known by the ObjectIds of their
/// documents, and those they refer to by theirs.
///
/// For each table a query yields one line a row, and [#expected] the lines it should yield. A line names
/// what a table is about, not each of its columns: those are the golden files' affair.
public final class DocsGptRows {
    private static final DateTimeFormatter DAY_FIRST = DateTimeFormatter.ofPattern("dd/MM/yyyy HH:mm:ss", Locale.ROOT);
    private static final String SYSTEM = "__system__";

    /// The 22 tables.
    public static final List<String> TABLES = List.of(
            "users",
            "prompts",
            "user_tools",
            "agent_folders",
            "sources",
            "attachments",
            "workflows",
            "agents",
            "stack_logs",
            "user_logs",
            "token_usage",
            "memories",
            "todos",
            "notes",
            "connector_sessions",
            "conversations",
            "conversation_messages",
            "shared_conversations",
            "pending_tool_state",
            "workflow_nodes",
            "workflow_edges",
            "workflow_runs");

    /// The rows of a table by their documents' ids.
    private final Map<String, Map<String, Document>> rows = new HashMap<>();

    private final Map<String, List<String>> lines = new LinkedHashMap<>();

    private DocsGptRows() {}

    /// Table by table, the lines that [#query] should yield, sorted. Of `users` only the rows that have a
    /// document: others come and stay for reasons of their own.
    public static Map<String, List<String>> expected(MongoDatabase database) {
        DocsGptRows expected = new DocsGptRows();
        expected.work(database);
        expected.lines.values().forEach(l -> l.sort(Comparator.naturalOrder()));
        return expected.lines;
    }

    /// What is otherwise than it should be, table by table, for people; empty when all is right.
    ///
    /// @param only whether rows that are there beyond those expected are wrong too
    public static List<String> differences(Connection connection, Map<String, List<String>> expected, boolean only)
            throws SQLException {
        List<String> found = new ArrayList<>();
        for (String table : TABLES) {
            List<String> missing = new ArrayList<>(expected.getOrDefault(table, List.of()));
            List<String> extra = new ArrayList<>();
            try (Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(query(table))) {
                while (rows.next()) {
                    String line = rows.getString(1);
                    if (!missing.remove(line)) {
                        extra.add(line);
                    }
                }
            }
            // Users come on demand, and stay.
            if (!missing.isEmpty() || (only && !extra.isEmpty() && !table.equals("users"))) {
                found.add(table + ": missing " + missing.size() + " " + head(missing) + ", extra " + extra.size() + " "
                        + head(extra));
            }
        }
        return found;
    }

    private static List<String> head(List<String> lines) {
        return lines.stream().sorted().limit(4).toList();
    }

    /// One line a row.
    public static String query(String table) {
        return switch (table) {
            case "users" -> """
                SELECT concat_ws('|', u.user_id, %s, %s, u.agent_preferences ->> 'theme') FROM users u""".formatted(preference("pinned"), preference("shared_with_me"));
            case "prompts" -> line("r.legacy_mongo_id, r.user_id, r.name, r.content, ms(r.created_at)", "prompts r");
            case "user_tools" ->
                line(
                        "r.legacy_mongo_id, r.user_id, r.name, r.custom_name, r.display_name, r.status,"
                                + " r.config ->> 'token', jsonb_array_length(r.actions), ms(r.created_at), ms(r.updated_at)",
                        "user_tools r");
            case "agent_folders" ->
                line(
                        "r.legacy_mongo_id, r.user_id, r.name, r.description, p.legacy_mongo_id, ms(r.created_at),"
                                + " ms(r.updated_at)",
                        "agent_folders r LEFT JOIN agent_folders p ON p.id = r.parent_id");
            case "sources" ->
                line(
                        "r.legacy_mongo_id, r.user_id, r.name, r.language, ms(r.date), r.tokens, r.file_path,"
                                + " r.remote_data ->> 'provider', r.remote_data ->> 'url', r.remote_data ->> 'raw',"
                                + " (SELECT min(k) FROM jsonb_object_keys(r.directory_structure) k), r.metadata ->> 'lang',"
                                + " r.metadata #>> '{legacy_fields,location}', r.metadata #>> '{legacy_fields,also}',"
                                + " r.metadata #>> '{legacy_fields,old}'",
                        "sources r");
            case "attachments" ->
                line(
                        "r.legacy_mongo_id, r.user_id, r.filename, r.upload_path, r.size, r.content, r.token_count,"
                                + " r.metadata ->> 'pages', ms(r.created_at)",
                        "attachments r");
            case "workflows" ->
                line(
                        "r.legacy_mongo_id, r.user_id, r.name, r.description, r.current_graph_version, ms(r.created_at),"
                                + " ms(r.updated_at)",
                        "workflows r");
            case "agents" ->
                line(
                        "r.legacy_mongo_id, r.user_id, r.name, r.agent_type, r.status, r.key, s.legacy_mongo_id,"
                                + " (SELECT string_agg(coalesce(e.legacy_mongo_id, '?'), ',' ORDER BY x.n) FROM"
                                + " unnest(r.extra_source_ids) WITH ORDINALITY x (id, n) LEFT JOIN sources e ON e.id = x.id),"
                                + " r.chunks, p.legacy_mongo_id, r.tools ->> 0, f.legacy_mongo_id, w.legacy_mongo_id,"
                                + " r.limited_token_mode, r.token_limit, r.limited_request_mode, r.request_limit, r.shared,"
                                + " r.shared_token, r.incoming_webhook_token, r.shared_metadata ->> 'shared_by',"
                                + " ms(r.created_at), ms(r.updated_at), ms(r.last_used_at)",
                        "agents r LEFT JOIN sources s ON s.id = r.source_id LEFT JOIN prompts p ON p.id = r.prompt_id"
                                + " LEFT JOIN agent_folders f ON f.id = r.folder_id LEFT JOIN workflows w ON w.id = r.workflow_id");
            case "stack_logs" ->
                line(
                        "r.mongo_id, r.activity_id, r.level, r.user_id, r.api_key, r.query, jsonb_array_length(r.stacks),"
                                + " ms(r.timestamp)",
                        "stack_logs r");
            case "user_logs" ->
                line(
                        "r.mongo_id, r.user_id, r.endpoint, ms(r.timestamp), r.data ->> 'question', r.data ->> 'cost',"
                                + " r.data ->> 'tokens', r.data ? '_id'",
                        "user_logs r");
            case "token_usage" ->
                line(
                        "r.mongo_id, r.user_id, r.api_key, a.legacy_mongo_id, r.prompt_tokens, r.generated_tokens,"
                                + " ms(r.timestamp)",
                        "token_usage r LEFT JOIN agents a ON a.id = r.agent_id");
            case "memories" ->
                line(
                        "r.user_id, t.legacy_mongo_id, r.path, r.content, ms(r.created_at), ms(r.updated_at)",
                        "memories r LEFT JOIN user_tools t ON t.id = r.tool_id");
            case "todos" ->
                line(
                        "r.legacy_mongo_id, r.user_id, t.legacy_mongo_id, r.todo_id, r.title, r.completed,"
                                + " r.metadata #>> '{legacy_fields,due}' IS NOT NULL, ms(r.created_at), ms(r.updated_at)",
                        "todos r LEFT JOIN user_tools t ON t.id = r.tool_id");
            case "notes" ->
                line(
                        "r.legacy_mongo_id, r.user_id, t.legacy_mongo_id, r.title, r.content,"
                                + " r.metadata #>> '{legacy_fields,colour}', r.metadata #>> '{legacy_fields,path}'",
                        "notes r LEFT JOIN user_tools t ON t.id = r.tool_id");
            case "connector_sessions" ->
                line(
                        "r.legacy_mongo_id, r.user_id, r.provider, r.server_url, r.session_token, r.user_email, r.status,"
                                + " r.token_info ->> 'access_token', r.session_data #>> '{tokens,access_token}',"
                                + " r.session_data #>> '{client_info,client_id}', ms(r.created_at)",
                        "connector_sessions r");
            case "conversations" ->
                line(
                        "r.legacy_mongo_id, r.user_id, a.legacy_mongo_id, r.name, r.api_key, r.is_shared_usage,"
                                + " r.shared_token, ms(r.date), ms(r.created_at), ms(r.updated_at),"
                                + " array_to_string(r.shared_with, ','), r.compression_metadata ->> 'is_compressed'",
                        "conversations r LEFT JOIN agents a ON a.id = r.agent_id");
            case "conversation_messages" ->
                line(
                        "c.legacy_mongo_id, r.position, r.user_id, r.prompt, r.response, jsonb_typeof(r.sources),"
                                + " jsonb_typeof(r.tool_calls), (SELECT string_agg(coalesce(e.legacy_mongo_id, '?'), ','"
                                + " ORDER BY x.n) FROM unnest(r.attachments) WITH ORDINALITY x (id, n)"
                                + " LEFT JOIN attachments e ON e.id = x.id), r.feedback ->> 'text', r.message_metadata ->> 'k',"
                                + " ms(r.timestamp)",
                        "conversation_messages r JOIN conversations c ON c.id = r.conversation_id");
            case "shared_conversations" ->
                line(
                        "r.uuid, c.legacy_mongo_id, r.user_id, r.is_promptable, r.first_n_queries, r.api_key,"
                                + " p.legacy_mongo_id, r.chunks, ms(r.created_at)",
                        "shared_conversations r JOIN conversations c ON c.id = r.conversation_id"
                                + " LEFT JOIN prompts p ON p.id = r.prompt_id");
            case "pending_tool_state" ->
                line(
                        "c.legacy_mongo_id, r.user_id, r.messages #>> '{0,content}', r.pending_tool_calls #>> '{0,id}',"
                                + " r.tools_dict #>> '{0,name}', r.client_tools, ms(r.created_at), ms(r.expires_at)",
                        "pending_tool_state r JOIN conversations c ON c.id = r.conversation_id");
            case "workflow_nodes" ->
                line(
                        "r.legacy_mongo_id, w.legacy_mongo_id, r.graph_version, r.node_id, r.node_type, r.title,"
                                + " r.position ->> 'x', r.config #>> '{sources,0}'",
                        "workflow_nodes r JOIN workflows w ON w.id = r.workflow_id");
            case "workflow_edges" ->
                line(
                        "w.legacy_mongo_id, r.graph_version, r.edge_id, f.legacy_mongo_id, t.legacy_mongo_id, r.source_handle",
                        "workflow_edges r JOIN workflows w ON w.id = r.workflow_id"
                                + " JOIN workflow_nodes f ON f.id = r.from_node_id JOIN workflow_nodes t ON t.id = r.to_node_id");
            case "workflow_runs" ->
                line(
                        "r.legacy_mongo_id, w.legacy_mongo_id, r.user_id, r.status, ms(r.started_at), ms(r.ended_at),"
                                + " r.result::text, r.inputs ->> 'query', jsonb_array_length(r.steps)",
                        "workflow_runs r JOIN workflows w ON w.id = r.workflow_id");
            default -> throw new IllegalArgumentException(table);
        };
    }

    /// @param columns with `ms(..)` for a time in milliseconds
    private static String line(String columns, String from) {
        List<String> parts = new ArrayList<>();
        int depth = 0;
        int start = 0;
        boolean quoted = false;
        String text = columns + ",";
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            quoted ^= c == '\'';
            if (!quoted && c == '(') {
                depth++;
            } else if (!quoted && c == ')') {
                depth--;
            } else if (!quoted && depth == 0 && c == ',') {
                parts.add(text.substring(start, i).strip());
                start = i + 1;
            }
        }
        return "SELECT concat_ws('|', "
                + parts.stream()
                        .map(p ->
                                p.startsWith("ms(") ? "(extract(epoch FROM " + p.substring(3) + " * 1000)::bigint" : p)
                        .map(p -> "coalesce((" + p + ")::text, '-')")
                        .collect(Collectors.joining(", "))
                + ") FROM " + from;
    }

    private static String preference(String list) {
        return "(SELECT coalesce(string_agg(coalesce(a.legacy_mongo_id, '?'), ',' ORDER BY e.n), '')"
                + " FROM jsonb_array_elements_text(u.agent_preferences -> '" + list + "') WITH ORDINALITY e (id, n)"
                + " LEFT JOIN agents a ON a.id::text = e.id)";
    }

    private void put(String table, @Nullable Object... parts) {
        StringBuilder line = new StringBuilder();
        for (Object part : parts) {
            line.append(line.isEmpty() ? "" : "|").append(part == null ? "-" : part);
        }
        lines.computeIfAbsent(table, t -> new ArrayList<>()).add(line.toString());
    }

    private void work(MongoDatabase database) {
        for (String name : List.of("prompts", "user_tools", "agent_folders", "sources", "agents")) {
            take(database, name, List.of());
        }
        take(database, "attachments", List.of("user"));
        take(database, "workflows", List.of("user"));
        take(database, "conversations", List.of("user"));
        prompts();
        tools();
        folders();
        sources();
        attachments();
        workflows(database);
        agents();
        users(database);
        logs(database);
        toolStorage(database);
        sessions(database);
        conversations();
        shares(database);
        pending(database);
    }

    /// @param required fields without which a document has no row
    private Collection<Document> take(MongoDatabase database, String name, List<String> required) {
        Map<String, Document> taken = new TreeMap<>();
        for (Document document : database.getCollection(name).find()) {
            if (required.stream().noneMatch(f -> falsy(document.get(f)))) {
                taken.put(document.getObjectId("_id").toHexString(), document);
            }
        }
        rows.put(name, taken);
        return taken.values();
    }

    private static String hex(Document document) {
        return document.getObjectId("_id").toHexString();
    }

    private boolean exists(String table, @Nullable String id) {
        return id != null && rows.getOrDefault(table, Map.of()).containsKey(id);
    }

    /// The id a reference names, in whichever form; null for none and for what is no reference.
    private static @Nullable String reference(@Nullable Object value) {
        return switch (value) {
            case null -> null;
            case ObjectId id -> id.toHexString();
            case DBRef ref -> reference(ref.getId());
            case Document object -> reference(object.getOrDefault("$id", object.get("_id")));
            case String text when text.matches("[0-9a-f]{24}") -> text;
            default -> null;
        };
    }

    private @Nullable String found(String table, @Nullable Object value) {
        String id = reference(value);
        return exists(table, id) ? id : null;
    }

    private static boolean falsy(@Nullable Object value) {
        return switch (value) {
            case null -> true;
            case Boolean flag -> !flag;
            case Number number -> number.doubleValue() == 0;
            case String text -> text.isEmpty();
            case Collection<?> all -> all.isEmpty();
            case Document object -> object.isEmpty();
            default -> false;
        };
    }

    private static @Nullable Object firstTruthy(@Nullable Object... values) {
        for (Object value : values) {
            if (!falsy(value)) {
                return value;
            }
        }
        return null;
    }

    private static @Nullable Object first(@Nullable Object... values) {
        for (Object value : values) {
            if (value != null) {
                return value;
            }
        }
        return null;
    }

    private static Object made(Document document) {
        return document.getObjectId("_id").getDate();
    }

    private static @Nullable Long ms(@Nullable Object value) {
        return switch (value) {
            case null -> null;
            case Date date -> date.toInstant().toEpochMilli();
            case String text
            when text.contains("/") ->
                LocalDateTime.parse(text, DAY_FIRST).toInstant(ZoneOffset.UTC).toEpochMilli();
            case String text when text.endsWith("Z") -> Instant.parse(text).toEpochMilli();
            case String text -> Instant.parse(text + "Z").toEpochMilli();
            default -> throw new IllegalArgumentException("no time: " + value);
        };
    }

    /// As JSON has it: without a fraction of nothing.
    private static @Nullable Object plain(@Nullable Object value) {
        return value instanceof Double number && number == Math.rint(number) ? (Object) number.longValue() : value;
    }

    private static @Nullable Object number(@Nullable Object value) {
        return switch (value) {
            case null -> null;
            case String text when text.isEmpty() -> null;
            case String text -> Long.parseLong(text);
            case Number number -> number.longValue();
            default -> throw new IllegalArgumentException("no number: " + value);
        };
    }

    private static Object owner(@Nullable Object user) {
        return falsy(user) || "system".equals(user) ? SYSTEM : String.valueOf(user);
    }

    private static Object text(@Nullable Object value) {
        return value == null ? "" : value;
    }

    private void prompts() {
        for (Document d : all("prompts")) {
            put(
                    "prompts",
                    hex(d),
                    owner(d.get("user")),
                    text(d.get("name")),
                    text(d.get("content")),
                    ms(first(d.get("created_at"), made(d))));
        }
    }

    private Collection<Document> all(String table) {
        Map<String, Document> all = rows.get(table);
        return all == null ? List.of() : all.values();
    }

    private void tools() {
        for (Document d : all("user_tools")) {
            Object created = first(d.get("created_at"), made(d));
            put(
                    "user_tools",
                    hex(d),
                    owner(d.get("user")),
                    text(d.get("name")),
                    d.get("customName"),
                    d.get("displayName"),
                    !d.containsKey("status") || !falsy(d.get("status")),
                    d.get("config") instanceof Document config ? config.get("token") : null,
                    d.get("actions") instanceof List<?> actions ? actions.size() : 0,
                    ms(created),
                    ms(first(d.get("updated_at"), created)));
        }
    }

    private void folders() {
        for (Document d : all("agent_folders")) {
            Object created = first(d.get("created_at"), made(d));
            put(
                    "agent_folders",
                    hex(d),
                    owner(d.get("user")),
                    text(d.get("name")),
                    d.get("description"),
                    found("agent_folders", d.get("parent_id")),
                    ms(created),
                    ms(first(d.get("updated_at"), created)));
        }
    }

    private void sources() {
        for (Document d : all("sources")) {
            Object remote = d.get("remote_data");
            boolean url = remote instanceof String text && text.startsWith("http");
            boolean json = remote instanceof String text && text.startsWith("{");
            Document metadata = d.get("metadata") instanceof Document m ? m : new Document();
            Document legacy = metadata.get("legacy_fields") instanceof Document l ? l : new Document();
            Object structure = d.get("directory_structure");
            put(
                    "sources",
                    hex(d),
                    owner(d.get("user")),
                    text(d.get("name")),
                    d.get("language"),
                    ms(first(d.get("date"), made(d))),
                    d.get("tokens"),
                    d.get("file_path"),
                    url ? "crawler" : json ? Document.parse((String) remote).get("provider") : null,
                    url ? remote : null,
                    !url && !json && !falsy(remote) ? remote : null,
                    falsy(structure)
                            ? null
                            : (structure instanceof Document o ? o : Document.parse((String) structure))
                                    .keySet()
                                    .iterator()
                                    .next(),
                    metadata.get("lang"),
                    d.get("location"),
                    d.get("also"),
                    legacy.get("old"));
        }
    }

    private void attachments() {
        for (Document d : all("attachments")) {
            put(
                    "attachments",
                    hex(d),
                    d.get("user"),
                    text(d.get("filename")),
                    text(firstTruthy(d.get("path"), d.get("upload_path"))),
                    d.get("size"),
                    d.get("content"),
                    number(d.get("token_count")),
                    d.get("metadata") instanceof Document m ? m.get("pages") : null,
                    ms(first(d.get("date"), d.get("created_at"), made(d))));
        }
    }

    private void workflows(MongoDatabase database) {
        for (Document d : all("workflows")) {
            Object created = firstTruthy(d.get("created_at"), d.get("createdAt"), made(d));
            put(
                    "workflows",
                    hex(d),
                    d.get("user"),
                    text(d.get("name")),
                    d.get("description"),
                    first(d.get("current_graph_version"), 1),
                    ms(created),
                    ms(firstTruthy(d.get("updated_at"), d.get("updatedAt"), created)));
        }
        Map<String, String> named = new HashMap<>();
        Map<String, Document> nodes = new TreeMap<>();
        for (Document d : take(database, "workflow_nodes", List.of("workflow_id"))) {
            String workflow = found("workflows", d.get("workflow_id"));
            if (workflow != null) {
                String name = workflow + "|" + first(d.get("graph_version"), 1) + "|" + first(d.get("id"), hex(d));
                // By the order of ids: the last one of a name has the row.
                named.put(name, hex(d));
                nodes.put(name, d);
            }
        }
        nodes.forEach((name, d) -> put(
                "workflow_nodes",
                hex(d),
                name,
                text(d.get("type")),
                d.get("title"),
                d.get("position") instanceof Document p ? plain(p.get("x")) : 0,
                d.get("config") instanceof Document c ? ((List<?>) c.get("sources", List.class)).getFirst() : null));
        for (Document d : take(database, "workflow_edges", List.of("workflow_id"))) {
            String graph = found("workflows", d.get("workflow_id")) + "|" + first(d.get("graph_version"), 1);
            String from = named.get(graph + "|" + d.get("source_id"));
            String to = named.get(graph + "|" + d.get("target_id"));
            if (from != null && to != null) {
                put("workflow_edges", graph, first(d.get("id"), hex(d)), from, to, d.get("source_handle"));
            }
        }
        for (Document d : take(database, "workflow_runs", List.of("workflow_id"))) {
            String workflow = found("workflows", d.get("workflow_id"));
            if (workflow != null) {
                Object result = firstTruthy(d.get("outputs"), d.get("result"));
                put(
                        "workflow_runs",
                        hex(d),
                        workflow,
                        first(d.get("user"), SYSTEM),
                        status(d.getString("status")),
                        ms(first(d.get("started_at"), d.get("created_at"), made(d))),
                        ms(d.get("completed_at")),
                        result instanceof Document o
                                ? "{\"answer\": " + o.get("answer") + "}"
                                : result == null ? "null" : "\"" + result + "\"",
                        d.get("inputs") instanceof Document inputs ? inputs.get("query") : null,
                        d.get("steps") instanceof List<?> steps ? steps.size() : 0);
            }
        }
    }

    private static String status(@Nullable String word) {
        return switch (word == null ? "" : word.strip().toLowerCase(Locale.ROOT)) {
            case "pending", "queued", "waiting" -> "pending";
            case "running", "in_progress", "active" -> "running";
            case "completed", "success", "done", "finished" -> "completed";
            default -> "failed";
        };
    }

    private void agents() {
        for (Document d : all("agents")) {
            String source = reference(d.get("source"));
            List<String> extra = new ArrayList<>();
            if (d.get("sources") instanceof List<?> sources) {
                for (Object each : sources) {
                    String id = found("sources", each);
                    if (id != null && !id.equals(source) && !extra.contains(id)) {
                        extra.add(id);
                    }
                }
            }
            Object created = firstTruthy(d.get("createdAt"), d.get("created_at"), made(d));
            put(
                    "agents",
                    hex(d),
                    owner(d.get("user")),
                    text(d.get("name")),
                    d.get("agent_type"),
                    first(d.get("status"), "draft"),
                    firstTruthy(d.get("key")),
                    found("sources", d.get("source")),
                    extra.isEmpty() ? null : String.join(",", extra),
                    number(d.get("chunks")),
                    found("prompts", d.get("prompt_id")),
                    d.get("tools") instanceof List<?> tools && !tools.isEmpty() ? tools.getFirst() : null,
                    found("agent_folders", d.get("folder_id")),
                    found("workflows", d.get("workflow")),
                    !falsy(d.get("limited_token_mode")),
                    number(d.get("token_limit")),
                    !falsy(d.get("limited_request_mode")),
                    number(d.get("request_limit")),
                    !falsy(d.get("shared_publicly")),
                    firstTruthy(d.get("shared_token")),
                    firstTruthy(d.get("incoming_webhook_token")),
                    d.get("shared_metadata") instanceof Document m ? m.get("shared_by") : null,
                    ms(created),
                    ms(firstTruthy(d.get("updatedAt"), d.get("updated_at"), created)),
                    ms(d.get("lastUsedAt")));
        }
    }

    private void users(MongoDatabase database) {
        for (Document d : take(database, "users", List.of("user_id"))) {
            Document preferences = d.get("agent_preferences") instanceof Document p ? p : new Document();
            StringBuilder line = new StringBuilder(String.valueOf(d.get("user_id")));
            for (String list : List.of("pinned", "shared_with_me")) {
                line.append('|')
                        .append(
                                preferences.get(list) instanceof List<?> agents
                                        ? agents.stream()
                                                .map(a -> exists("agents", String.valueOf(a)) ? String.valueOf(a) : "?")
                                                .collect(Collectors.joining(","))
                                        : "");
            }
            Object theme = preferences.get("theme");
            lines.computeIfAbsent("users", t -> new ArrayList<>()).add(line + (theme == null ? "" : "|" + theme));
        }
    }

    private void logs(MongoDatabase database) {
        for (Document d : take(database, "stack_logs", List.of())) {
            put(
                    "stack_logs",
                    hex(d),
                    firstTruthy(d.get("id"), hex(d)),
                    d.get("level"),
                    firstTruthy(d.get("user")),
                    d.get("api_key"),
                    d.get("query"),
                    d.get("stacks") instanceof List<?> stacks ? stacks.size() : 0,
                    ms(first(d.get("timestamp"), made(d))));
        }
        for (Document d : take(database, "user_logs", List.of())) {
            put(
                    "user_logs",
                    hex(d),
                    firstTruthy(d.get("user")),
                    firstTruthy(d.get("action"), d.get("endpoint")),
                    ms(first(d.get("timestamp"), made(d))),
                    d.get("question"),
                    d.get("cost"),
                    d.get("tokens"),
                    false);
        }
        for (Document d : take(database, "token_usage", List.of())) {
            Object key = firstTruthy(d.get("api_key"));
            Object user = firstTruthy(d.get("user_id"), d.get("user"));
            put(
                    "token_usage",
                    hex(d),
                    user == null && key == null ? SYSTEM : user,
                    key,
                    found("agents", d.get("agent_id")),
                    number(first(d.get("prompt_tokens"), 0)),
                    number(first(d.get("generated_tokens"), 0)),
                    ms(first(d.get("timestamp"), made(d))));
        }
    }

    /// Whether the document has a row as far as its tool goes: one that is named and is not there can't be
    /// had.
    private boolean toolIsThere(Document document) {
        Object tool = document.get("tool_id");
        return falsy(tool)
                || (tool instanceof String text && text.startsWith("default_"))
                || found("user_tools", tool) != null;
    }

    private void toolStorage(MongoDatabase database) {
        Map<String, Document> memories = new TreeMap<>();
        for (Document d : take(database, "memories", List.of("user_id"))) {
            if (toolIsThere(d)) {
                // In the order of ids, so the first one of a path stays.
                memories.putIfAbsent(
                        d.get("user_id") + "|" + first(found("user_tools", d.get("tool_id")), "-") + "|"
                                + first(d.get("path"), "/"),
                        d);
            }
        }
        memories.forEach((file, d) -> put(
                "memories",
                file,
                text(d.get("content")),
                ms(first(d.get("created_at"), made(d))),
                ms(firstTruthy(d.get("updated_at"), d.get("created_at"), made(d)))));
        for (Document d : take(database, "todos", List.of("user_id"))) {
            if (toolIsThere(d)) {
                Object created = first(d.get("created_at"), made(d));
                put(
                        "todos",
                        hex(d),
                        d.get("user_id"),
                        found("user_tools", d.get("tool_id")),
                        number(d.get("todo_id")),
                        text(d.get("title")),
                        "completed".equals(d.get("status")),
                        d.containsKey("due"),
                        ms(created),
                        ms(first(d.get("updated_at"), created)));
            }
        }
        Map<String, Document> notes = new LinkedHashMap<>();
        for (Document d : take(database, "notes", List.of("user_id"))) {
            String key = d.get("user_id") + "|" + found("user_tools", d.get("tool_id"));
            if (toolIsThere(d) && (!notes.containsKey(key) || began(d) < began(notes.get(key)))) {
                notes.put(key, d);
            }
        }
        for (Document d : notes.values()) {
            put(
                    "notes",
                    hex(d),
                    d.get("user_id"),
                    found("user_tools", d.get("tool_id")),
                    firstTruthy(d.get("title"), d.get("path"), "note"),
                    text(firstTruthy(d.get("content"), d.get("note"))),
                    d.get("colour"),
                    d.get("path"));
        }
    }

    private static long began(@Nullable Document document) {
        Long time = document == null ? null : ms(first(document.get("created_at"), made(document)));
        return time == null ? 0 : time;
    }

    private void sessions(MongoDatabase database) {
        Map<String, Document> preferred = new LinkedHashMap<>();
        for (Document d : take(database, "connector_sessions", List.of())) {
            Object user = firstTruthy(d.get("user_id"), d.get("user"));
            String key = user + "|" + provider(d) + "|" + d.get("server_url");
            Document other = preferred.get(key);
            boolean better = other == null
                    || (falsy(d.get("token_info")) == falsy(other.get("token_info"))
                            ? began(d) > began(other)
                            : falsy(other.get("token_info")));
            if (user != null && better) {
                preferred.put(key, d);
            }
        }
        for (Document d : preferred.values()) {
            put(
                    "connector_sessions",
                    hex(d),
                    firstTruthy(d.get("user_id"), d.get("user")),
                    provider(d),
                    d.get("server_url"),
                    d.get("session_token"),
                    d.get("user_email"),
                    d.get("status"),
                    d.get("token_info") instanceof Document t ? t.get("access_token") : null,
                    d.get("tokens") instanceof Document t ? t.get("access_token") : null,
                    d.get("client_info") instanceof Document c ? c.get("client_id") : null,
                    ms(first(d.get("created_at"), made(d))));
        }
    }

    private static Object provider(Document session) {
        Object provider = session.get("provider");
        return provider == null || falsy(provider) ? "mcp:" + session.get("server_url") : provider;
    }

    private void conversations() {
        for (Document d : all("conversations")) {
            Object date = first(d.get("date"), d.get("created_at"), d.get("updated_at"), made(d));
            put(
                    "conversations",
                    hex(d),
                    d.get("user"),
                    found("agents", d.get("agent_id")),
                    d.get("name"),
                    firstTruthy(d.get("api_key")),
                    !falsy(d.get("is_shared_usage")),
                    firstTruthy(d.get("shared_token")),
                    ms(date),
                    ms(first(d.get("created_at"), d.get("date"), made(d))),
                    ms(first(d.get("updated_at"), d.get("date"), d.get("created_at"), made(d))),
                    d.get("shared_with") instanceof List<?> with
                            ? with.stream()
                                    .filter(Objects::nonNull)
                                    .map(String::valueOf)
                                    .collect(Collectors.joining(","))
                            : "",
                    d.get("compression_metadata") instanceof Document m ? m.get("is_compressed") : null);
            if (d.get("queries") instanceof List<?> queries) {
                for (int position = 0; position < queries.size(); position++) {
                    if (queries.get(position) instanceof Document query) {
                        message(d, position, query, date);
                    }
                }
            }
        }
    }

    private void message(Document conversation, int position, Document query, @Nullable Object date) {
        List<String> attachments = new ArrayList<>();
        if (query.get("attachments") instanceof List<?> all) {
            for (Object each : all) {
                String id = found("attachments", each);
                if (id != null) {
                    attachments.add(id);
                }
            }
        }
        Object feedback = query.get("feedback");
        put(
                "conversation_messages",
                hex(conversation),
                position,
                conversation.get("user"),
                query.get("prompt"),
                query.get("response"),
                "array",
                "array",
                attachments.isEmpty() ? null : String.join(",", attachments),
                feedback instanceof Document object ? "{\"stars\": " + object.get("stars") + "}" : feedback,
                query.get("metadata") instanceof Document m ? m.get("k") : null,
                ms(first(query.get("timestamp"), date)));
    }

    private void shares(MongoDatabase database) {
        Map<String, Document> byKey = new HashMap<>();
        all("agents").forEach(a -> byKey.put(String.valueOf(a.get("key")).toLowerCase(Locale.ROOT), a));
        Map<String, Document> first = new LinkedHashMap<>();
        for (Document d : take(database, "shared_conversations", List.of("user", "uuid", "conversation_id"))) {
            String conversation = found("conversations", d.get("conversation_id"));
            if (conversation != null) {
                String way = conversation + "|" + d.get("user") + "|" + d.get("isPromptable") + "|"
                        + d.get("first_n_queries") + "|" + firstTruthy(d.get("api_key"));
                first.merge(way, d, (a, b) -> began(b) < began(a) ? b : a);
            }
        }
        for (Document d : first.values()) {
            Object key = firstTruthy(d.get("api_key"));
            Document agent = key == null ? null : byKey.get(String.valueOf(key).toLowerCase(Locale.ROOT));
            put(
                    "shared_conversations",
                    uuid(d.get("uuid")),
                    found("conversations", d.get("conversation_id")),
                    d.get("user"),
                    !falsy(d.get("isPromptable")),
                    first(d.get("first_n_queries"), 0),
                    key,
                    d.get("prompt_id") == null && agent != null
                            ? found("prompts", agent.get("prompt_id"))
                            : found("prompts", d.get("prompt_id")),
                    number(d.get("chunks") == null && agent != null ? agent.get("chunks") : d.get("chunks")),
                    ms(first(d.get("created_at"), made(d))));
        }
    }

    private static Object uuid(@Nullable Object value) {
        if (value instanceof Binary binary) {
            ByteBuffer bytes = ByteBuffer.wrap(binary.getData());
            return new UUID(bytes.getLong(), bytes.getLong());
        }
        return String.valueOf(value);
    }

    private void pending(MongoDatabase database) {
        Map<String, Document> last = new LinkedHashMap<>();
        for (Document d : take(database, "pending_tool_state", List.of("user", "conversation_id"))) {
            String conversation = found("conversations", d.get("conversation_id"));
            if (conversation != null) {
                last.merge(conversation + "|" + d.get("user"), d, (a, b) -> began(b) > began(a) ? b : a);
            }
        }
        last.forEach((key, d) -> put(
                "pending_tool_state",
                key,
                d.get("messages") instanceof List<?> m && !m.isEmpty()
                        ? ((Document) m.getFirst()).get("content")
                        : null,
                d.get("pending_tool_calls") instanceof List<?> calls && !calls.isEmpty()
                        ? ((Document) calls.getFirst()).get("id")
                        : null,
                d.get("tools_dict") instanceof Document tools && !tools.isEmpty() ? "t" : null,
                falsy(d.get("client_tools")) ? null : "?",
                began(d),
                d.get("expires_at") == null
                        ? Instant.parse("9999-12-31T23:59:59Z").toEpochMilli()
                        : ms(d.get("expires_at"))));
    }
}
