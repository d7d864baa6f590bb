package dev.sluice.sink.postgres.catalog;

import dev.sluice.failure.Failures;
import dev.sluice.postgres.FinishMark;
import dev.sluice.schema.TableName;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads tables from PostgreSQL's catalog, each once. For one thread.
public final class TableReader {
    /// An assignment is a statement of its own, unlike a comparison, or the target of INTO.
    private static final Pattern ASSIGNED = Pattern.compile(
            "(?:(?:^|;|\\b(?:begin|then|else|loop))\\s*new\\.\"?([a-z_][a-z0-9_$]*)\"?\\s*:?=)"
                    + "|\\binto\\s+(?:strict\\s+)?new\\.\"?([a-z_][a-z0-9_$]*)",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern INSERTED =
            Pattern.compile("\\binsert\\s+into\\s+([\\w.\"$]+)", Pattern.CASE_INSENSITIVE);

    /// Gives NEW other values as a whole, or returns another row.
    private static final Pattern WHOLE_ROW = Pattern.compile(
            "\\bnew\\s*:?=|\\binto\\s+(?:strict\\s+)?new\\s*[^.\\s]|\\breturn\\s+(?!new\\s*;|old\\s*;|null\\s*;)",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern COMMENT = Pattern.compile("--[^\\n]*|/\\*.*?\\*/", Pattern.DOTALL);

    /// What the role may do with the table `c` of the schema `n`.
    private static final String RIGHTS = """
            current_user, array_remove(ARRAY[
              CASE WHEN NOT has_schema_privilege(n.oid, 'USAGE') THEN 'USAGE' END,
              CASE WHEN NOT has_table_privilege(c.oid, 'SELECT') THEN 'SELECT' END,
              CASE WHEN NOT has_table_privilege(c.oid, 'INSERT') THEN 'INSERT' END,
              CASE WHEN NOT has_table_privilege(c.oid, 'UPDATE') THEN 'UPDATE' END,
              CASE WHEN NOT has_table_privilege(c.oid, 'DELETE') THEN 'DELETE' END], NULL),
            (SELECT coalesce(array_agg(r), '{}') FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) r
             WHERE has_any_column_privilege(c.oid, r) AND NOT has_table_privilege(c.oid, r)),
            has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'UPDATE')""";

    private static final String RIGHTS_IN_SCHEMA = "SELECT c.relname, n.nspname, " + RIGHTS
            + " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ?"
            + " AND c.relkind IN ('r', 'p') ORDER BY c.relname";

    private static final String TABLE = """
            SELECT c.oid, CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view'
                     WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' WHEN 'S' THEN 'sequence'
                     WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' WHEN 'c' THEN 'composite type'
                     ELSE 'relation of another kind' END,
                   %s,
                   c.relrowsecurity AND (c.relforcerowsecurity OR NOT pg_has_role(c.relowner, 'USAGE'))
                     AND NOT (SELECT r.rolsuper OR r.rolbypassrls FROM pg_roles r WHERE r.rolname = current_user)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ? AND c.relname = ?
            """.formatted(RIGHTS);

    private static final String COLUMNS = """
            WITH RECURSIVE base AS (
              SELECT a.attnum, a.atttypid AS type, a.atttypmod AS modifier, false AS domain_not_null
              FROM pg_attribute a WHERE a.attrelid = ?::oid AND a.attnum > 0 AND NOT a.attisdropped
              UNION ALL
              SELECT b.attnum, t.typbasetype, CASE WHEN b.modifier < 0 THEN t.typtypmod ELSE b.modifier END,
                     b.domain_not_null OR t.typnotnull
              FROM base b JOIN pg_type t ON t.oid = b.type WHERE t.typtype = 'd')
            SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(b.type, b.modifier), b.type::bigint,
                   a.attnotnull OR b.domain_not_null,
                   a.atthasdef OR a.attidentity <> '' OR coalesce(d.typdefault IS NOT NULL, false),
                   CASE WHEN a.attgenerated <> '' THEN 'EXPRESSION' WHEN a.attidentity = 'a' THEN 'IDENTITY'
                     WHEN a.attidentity = 'd' THEN 'IDENTITY_BY_DEFAULT' ELSE 'NO' END
            FROM pg_attribute a
            JOIN base b ON b.attnum = a.attnum
            JOIN pg_type t ON t.oid = b.type AND t.typtype <> 'd'
            JOIN pg_type d ON d.oid = a.atttypid
            WHERE a.attrelid = ?::oid ORDER BY a.attnum
            """;

    /// Of columns, and of the elements of those that are arrays. Types of index keys and the like refuse all text.
    private static final String HOLDS = """
            WITH RECURSIVE held AS (
              SELECT a.attnum, false AS element, a.atttypid AS own, a.atttypmod AS modifier
              FROM pg_attribute a WHERE a.attrelid = ?::oid AND a.attnum > 0 AND NOT a.attisdropped
              UNION ALL
              SELECT a.attnum, true, t.typelem, a.atttypmod
              FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid AND t.typcategory = 'A' AND t.typelem <> 0
              WHERE a.attrelid = ?::oid AND a.attnum > 0 AND NOT a.attisdropped),
            base AS (
              SELECT h.*, h.own AS type FROM held h
              UNION ALL
              SELECT b.attnum, b.element, b.own, b.modifier, t.typbasetype
              FROM base b JOIN pg_type t ON t.oid = b.type WHERE t.typtype = 'd')
            SELECT (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = ?::oid AND a.attnum = b.attnum), b.element,
                   format_type(b.own, b.modifier), format_type(b.type, -1), b.own <> b.type,
                   CASE WHEN r.typcategory = 'S' OR EXISTS (SELECT FROM pg_cast c WHERE c.castsource = 'text'::regtype
                          AND c.casttarget = r.oid AND c.castcontext IN ('a', 'i')) THEN 'ASSIGNED'
                     WHEN (SELECT p.proname FROM pg_proc p WHERE p.oid = r.typinput) ~
                       '^(pg_(node_tree|ndistinct|dependencies|mcv_list|brin_\\w+)|gts(vector|query)|shell|gtrgm|gbtreekey\\d+|ltree_gist|ghstore|_?intbig_gkey)_?in$'
                       THEN 'NEVER'
                     ELSE 'CAST' END
            FROM base b JOIN pg_type t ON t.oid = b.type AND t.typtype <> 'd'
            JOIN pg_type r ON r.oid = CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem ELSE t.oid END
            """;

    private static final String UNIQUE_INDEXES = """
            SELECT (SELECT c.relname FROM pg_class c WHERE c.oid = i.indexrelid),
                   CASE WHEN i.indexprs IS NULL THEN
                     (SELECT array_agg(a.attname::text) FROM pg_attribute a
                      WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1])) END,
                   CASE WHEN i.indexprs IS NOT NULL THEN 'EXPRESSION'
                     WHEN NOT i.indimmediate AND i.indisprimary THEN 'DEFERRABLE_KEY'
                     WHEN NOT i.indimmediate THEN 'DEFERRABLE_UNIQUE'
                     WHEN NOT i.indisvalid THEN 'INVALID' ELSE 'USABLE' END,
                   pg_get_expr(i.indpred, i.indrelid),
                   regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING ', '')
            FROM pg_index i WHERE i.indrelid = ?::oid AND i.indisunique ORDER BY 1
            """;

    /// Defaults of columns that take their value from a sequence which the role may not use. Columns that are an
    /// identity need no right.
    private static final String CLOSED_SEQUENCES = """
            SELECT a.attname, n.nspname, q.relname
            FROM pg_attrdef f JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
            JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass
            JOIN pg_class q ON q.oid = d.refobjid AND q.relkind = 'S' JOIN pg_namespace n ON n.oid = q.relnamespace
            WHERE f.adrelid = ?::oid AND NOT (has_schema_privilege(n.oid, 'USAGE')
              AND (has_sequence_privilege(q.oid, 'USAGE') OR has_sequence_privilege(q.oid, 'UPDATE')))
            ORDER BY a.attnum
            """;

    /// Of the table, and of its partitions.
    private static final String LAYOUT = """
            WITH tree AS MATERIALIZED (
              SELECT ?::oid AS oid UNION SELECT relid::oid FROM pg_partition_tree(?::oid::regclass)),
            named AS (
              SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence FROM pg_class c
              JOIN pg_namespace n ON n.oid = c.relnamespace)
            SELECT 'UNLOGGED', nspname, relname FROM named JOIN tree USING (oid) WHERE relpersistence = 'u' AND relkind = 'r'
            UNION ALL
            SELECT 'FOREIGN', nspname, relname FROM named JOIN tree USING (oid) WHERE relkind = 'f'
            UNION ALL
            SELECT 'HEIR', h.nspname, h.relname FROM pg_inherits i JOIN named h ON h.oid = i.inhrelid
            JOIN named p ON p.oid = i.inhparent WHERE i.inhparent = ?::oid AND p.relkind = 'r'
            UNION ALL
            SELECT 'EXTENSION', '', e.extname FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
            WHERE d.classid = 'pg_class'::regclass AND d.objid = ?::oid AND d.refclassid = 'pg_extension'::regclass
              AND d.deptype = 'e'
            ORDER BY 1, 2, 3
            """;

    /// How a table and its partitions are partitioned, and whether they take every row.
    private static final String PARTITIONING = """
            WITH tree AS MATERIALIZED (
              SELECT ?::oid AS oid UNION SELECT relid::oid FROM pg_partition_tree(?::oid::regclass))
            SELECT n.nspname, c.relname, pg_get_partkeydef(c.oid),
                   (SELECT coalesce(array_agg(a.attname::text), '{}') FROM pg_attribute a
                    WHERE a.attrelid = c.oid AND a.attnum = ANY (p.partattrs)),
                   0 = ANY (p.partattrs),
                   CASE p.partstrat WHEN 'h' THEN (
                     SELECT coalesce(sum(1.0 / substring(pg_get_expr(b.relpartbound, b.oid) FROM 'modulus ([0-9]+)')::int), 0)
                     FROM pg_inherits i JOIN pg_class b ON b.oid = i.inhrelid WHERE i.inhparent = c.oid) < 0.999999
                   ELSE p.partdefid = 0 END
            FROM tree JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_partitioned_table p ON p.partrelid = c.oid
            ORDER BY c.oid <> ?::oid, 1, 2
            """;

    /// Those that the session applies.
    private static final String RULES = """
            SELECT rulename, CASE ev_type WHEN '2' THEN 'UPDATE' WHEN '3' THEN 'INSERT' ELSE 'DELETE' END, is_instead
            FROM pg_rewrite w WHERE ev_class = ?::oid AND ev_type IN ('2', '3', '4') AND %s
            ORDER BY rulename
            """.formatted(Acting.RULE);

    private static final String CHECKS = """
            SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE conrelid = ?::oid AND contype = 'c' ORDER BY conname
            """;

    /// Of the table, and of partitions that have some of their own.
    private static final String EXCLUSIONS = """
            SELECT k.conname,
                   CASE WHEN NOT 0 = ANY (k.conkey) THEN
                     (SELECT array_agg(a.attname::text) FROM pg_attribute a
                      WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)) END,
                   pg_get_constraintdef(k.oid)
            FROM pg_constraint k
            WHERE k.conrelid IN (SELECT ?::oid UNION SELECT relid::oid FROM pg_partition_tree(?::oid::regclass))
              AND k.contype = 'x' AND k.conparentid = 0 ORDER BY k.conname
            """;

    /// The policies that concern the role.
    private static final String POLICIES = """
            SELECT p.polname, p.polpermissive, p.polcmd::text, pg_get_expr(p.polqual, p.polrelid),
                   pg_get_expr(p.polwithcheck, p.polrelid)
            FROM pg_policy p WHERE p.polrelid = to_regclass(?) AND (0 = ANY (p.polroles)
              OR EXISTS (SELECT FROM unnest(p.polroles) r WHERE pg_has_role(r, 'USAGE')))
            ORDER BY p.polname
            """;

    private static final String FOREIGN_KEYS = """
            SELECT k.conname,
                   (SELECT array_agg(a.attname::text ORDER BY x.n) FROM unnest(k.conkey) WITH ORDINALITY x(attnum, n)
                    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.attnum),
                   n.nspname, c.relname, pg_get_constraintdef(k.oid)
            FROM pg_constraint k JOIN pg_class c ON c.oid = k.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE k.conrelid = ?::oid AND k.contype = 'f' ORDER BY k.conname
            """;

    /// Foreign keys that lead to some tables or to partitions of them. One of a partitioned table is
    /// there once.
    private static final String REFERRING = """
            SELECT k.conname, rn.nspname, r.relname,
                   (SELECT array_agg(a.attname::text ORDER BY x.n) FROM unnest(k.conkey) WITH ORDINALITY x(attnum, n)
                    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.attnum),
                   w.schema, w.name,
                   (SELECT array_agg(a.attname::text ORDER BY x.n) FROM unnest(k.confkey) WITH ORDINALITY x(attnum, n)
                    JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = x.attnum),
                   pg_get_constraintdef(k.oid),
                   CASE k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET_NULL' WHEN 'd' THEN 'SET_DEFAULT' ELSE 'NONE' END
            FROM unnest(?::text[], ?::text[]) WITH ORDINALITY w (schema, name, n)
            JOIN pg_namespace tn ON tn.nspname = w.schema
            JOIN pg_class t ON t.relnamespace = tn.oid AND t.relname = w.name
            CROSS JOIN LATERAL (SELECT t.oid UNION SELECT relid::oid FROM pg_partition_tree(t.oid::regclass)) part (oid)
            JOIN pg_constraint k ON k.confrelid = part.oid AND k.contype = 'f' AND k.conparentid = 0
            JOIN pg_class r ON r.oid = coalesce(pg_partition_root(k.conrelid)::oid, k.conrelid)
            JOIN pg_namespace rn ON rn.oid = r.relnamespace
            ORDER BY w.n, rn.nspname, r.relname, k.conname
            """;

    /// tgtype: 1 row, 2 before, 4 insert, 16 update.
    private static final String TRIGGERS = """
            SELECT g.tgname, p.proname, g.tgtype & 4 <> 0, g.tgtype & 16 <> 0, l.lanname, p.prosrc
            FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid JOIN pg_language l ON l.oid = p.prolang
            WHERE g.tgrelid = ?::oid AND %s AND g.tgtype & 3 = 3 AND g.tgtype & 20 <> 0 ORDER BY g.tgname
            """.formatted(Acting.TRIGGER);

    /// Whether a value of the first type may be assigned to a column of the second. Strings take anything.
    private static final String ASSIGNABLE = """
            SELECT s.oid = t.oid
                OR (t.typcategory = 'S' AND s.typcategory <> 'S')
                OR EXISTS (SELECT FROM pg_cast c WHERE c.castsource = s.oid AND c.casttarget = t.oid
                           AND c.castcontext IN ('a', 'i'))
                OR (s.typcategory = 'A' AND t.typcategory = 'A' AND (s.typelem = t.typelem
                    OR EXISTS (SELECT FROM pg_type e WHERE e.oid = t.typelem AND (e.typcategory = 'S'
                               OR e.typbasetype = s.typelem))
                    OR EXISTS (SELECT FROM pg_cast c WHERE c.castsource = s.typelem AND c.casttarget = t.typelem
                               AND c.castcontext IN ('a', 'i'))))
            FROM pg_type s, pg_type t WHERE s.oid = ?::oid AND t.oid = ?::oid
            """;

    /// Collations by which texts that differ can be equal: of a column, and of the unique indexes on just some
    /// columns, all of which ON CONFLICT goes by.
    private static final String UNDETERMINED = """
            SELECT quote_ident(o.collname) FROM pg_attribute a JOIN pg_collation o ON o.oid = a.attcollation
            WHERE a.attrelid = to_regclass(?) AND a.attname = ? AND NOT o.collisdeterministic
            UNION ALL
            SELECT quote_ident(o.collname) || ', by the index ' || i.indexrelid::regclass
            FROM pg_index i CROSS JOIN generate_series(0, i.indnkeyatts - 1) n
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n]
            JOIN pg_collation o ON o.oid = i.indcollation[n]
            WHERE i.indrelid = to_regclass(?) AND i.indisunique AND a.attname = ? AND NOT o.collisdeterministic
              AND (SELECT array_agg(c.attname::text ORDER BY c.attname::text) FROM pg_attribute c
                   WHERE c.attrelid = i.indrelid AND c.attnum = ANY (i.indkey[0:i.indnkeyatts - 1])) = ?
            LIMIT 1
            """;

    private final Connection connection;
    private final Map<TableName, Optional<LiveTable>> read = new HashMap<>();
    private final Map<String, Optional<Long>> types = new HashMap<>();
    private final Map<Assignment, Boolean> assignable = new HashMap<>();

    /// From a type to another, by their numbers.
    private record Assignment(long from, long to) {}

    public TableReader(Connection connection) {
        this.connection = connection;
    }

    /// Empty when there is no relation of that name.
    public Optional<LiveTable> find(TableName name) throws SQLException {
        Optional<LiveTable> known = read.get(name);
        if (known == null) {
            known = Optional.ofNullable(table(name));
            read.put(name, known);
        }
        return known;
    }

    /// What says that the application writes a table; empty where nothing does.
    public Optional<FinishMark> finishMark(TableName name) throws SQLException {
        return FinishMark.of(connection, name);
    }

    private @Nullable LiveTable table(TableName name) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(TABLE)) {
            statement.setString(1, name.schema());
            statement.setString(2, name.table());
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    return null;
                }
                long oid = row.getLong(1);
                return new LiveTable(
                        name,
                        row.getString(2),
                        rights(row, oid),
                        layout(oid),
                        list(
                                RULES,
                                oid,
                                r -> new LiveTable.Rule(
                                        r.getString(1), LiveTable.Event.valueOf(r.getString(2)), r.getBoolean(3))),
                        row.getBoolean(7),
                        columns(oid),
                        list(UNIQUE_INDEXES, oid, TableReader::uniqueIndex),
                        list(CHECKS, oid, r -> new LiveTable.CheckConstraint(r.getString(1), r.getString(2))),
                        exclusions(oid),
                        list(
                                FOREIGN_KEYS,
                                oid,
                                r -> new LiveTable.ForeignKey(
                                        r.getString(1),
                                        texts(r.getArray(2)),
                                        new TableName(r.getString(3), r.getString(4)),
                                        r.getString(5))),
                        list(TRIGGERS, oid, TableReader::trigger));
            }
        }
    }

    private LiveTable.Rights rights(ResultSet row, long oid) throws SQLException {
        return rights(
                row,
                list(
                        CLOSED_SEQUENCES,
                        oid,
                        r -> new LiveTable.ClosedSequence(
                                r.getString(1), new TableName(r.getString(2), r.getString(3)))));
    }

    /// Of a row whose third column begins what is said of rights.
    private static LiveTable.Rights rights(ResultSet row, List<LiveTable.ClosedSequence> sequences)
            throws SQLException {
        return new LiveTable.Rights(
                row.getString(3),
                texts(row.getArray(4)),
                Set.copyOf(texts(row.getArray(5))),
                row.getBoolean(6),
                sequences);
    }

    /// What the role may do with each table of a schema, by name. It says nothing of their sequences.
    public SequencedMap<TableName, LiveTable.Rights> rights(String schema) throws SQLException {
        SequencedMap<TableName, LiveTable.Rights> rights = new LinkedHashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(RIGHTS_IN_SCHEMA)) {
            statement.setString(1, schema);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    rights.put(new TableName(schema, row.getString(1)), rights(row, List.of()));
                }
            }
        }
        return rights;
    }

    private LiveTable.Layout layout(long oid) throws SQLException {
        List<TableName> unlogged = new ArrayList<>();
        List<TableName> foreign = new ArrayList<>();
        List<TableName> heirs = new ArrayList<>();
        String extension = null;
        try (PreparedStatement statement = connection.prepareStatement(LAYOUT)) {
            for (int i = 1; i <= 4; i++) {
                statement.setLong(i, oid);
            }
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    String kind = row.getString(1);
                    if (kind.equals("EXTENSION")) {
                        extension = row.getString(3);
                        continue;
                    }
                    TableName name = new TableName(row.getString(2), row.getString(3));
                    (kind.equals("UNLOGGED") ? unlogged : kind.equals("FOREIGN") ? foreign : heirs).add(name);
                }
            }
        }
        return new LiveTable.Layout(unlogged, foreign, heirs, extension, partitioning(oid));
    }

    private LiveTable.@Nullable Partitioning partitioning(long oid) throws SQLException {
        String key = null;
        boolean byExpression = false;
        Set<String> columns = new TreeSet<>();
        List<LiveTable.OpenEnded> open = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(PARTITIONING)) {
            for (int i = 1; i <= 3; i++) {
                statement.setLong(i, oid);
            }
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    key = key == null ? row.getString(3) : key;
                    columns.addAll(texts(row.getArray(4)));
                    byExpression |= row.getBoolean(5);
                    if (row.getBoolean(6)) {
                        open.add(new LiveTable.OpenEnded(
                                new TableName(row.getString(1), row.getString(2)), row.getString(3)));
                    }
                }
            }
        }
        return key == null ? null : new LiveTable.Partitioning(key, columns, byExpression, open);
    }

    /// The foreign keys that lead to these tables, their own among them. Asked again each time.
    public List<LiveTable.Referring> referring(Collection<TableName> tables) throws SQLException {
        List<LiveTable.Referring> keys = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(REFERRING)) {
            statement.setArray(
                    1,
                    connection.createArrayOf(
                            "text", tables.stream().map(TableName::schema).toArray()));
            statement.setArray(
                    2,
                    connection.createArrayOf(
                            "text", tables.stream().map(TableName::table).toArray()));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    keys.add(new LiveTable.Referring(
                            row.getString(1),
                            new TableName(row.getString(2), row.getString(3)),
                            texts(row.getArray(4)),
                            new TableName(row.getString(5), row.getString(6)),
                            texts(row.getArray(7)),
                            LiveTable.DeleteAction.valueOf(row.getString(9)),
                            row.getString(8)));
                }
            }
        }
        return keys;
    }

    /// What the columns of a table hold, by their names; empty when there is no such table. Asked again each time.
    public Map<String, LiveTable.Holds> holds(TableName name) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT to_regclass(?)::oid::bigint")) {
            statement.setString(1, name.sql());
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                long oid = row.getLong(1);
                return row.wasNull() ? Map.of() : holds(oid);
            }
        }
    }

    private Map<String, LiveTable.Holds> holds(long oid) throws SQLException {
        Map<String, LiveTable.Type> values = new HashMap<>();
        Map<String, LiveTable.Type> elements = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(HOLDS)) {
            for (int i = 1; i <= 3; i++) {
                statement.setLong(i, oid);
            }
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    (row.getBoolean(2) ? elements : values)
                            .put(
                                    row.getString(1),
                                    new LiveTable.Type(
                                            row.getString(3),
                                            row.getString(4),
                                            row.getBoolean(5),
                                            LiveTable.Reading.valueOf(row.getString(6))));
                }
            }
        }
        Map<String, LiveTable.Holds> holds = new HashMap<>();
        values.forEach((name, value) -> holds.put(name, new LiveTable.Holds(value, elements.get(name))));
        return holds;
    }

    private List<LiveTable.Column> columns(long oid) throws SQLException {
        List<LiveTable.Column> columns = new ArrayList<>();
        Map<String, LiveTable.Holds> holds = holds(oid);
        try (PreparedStatement statement = connection.prepareStatement(COLUMNS)) {
            statement.setLong(1, oid);
            statement.setLong(2, oid);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    columns.add(new LiveTable.Column(
                            row.getString(1),
                            row.getString(2),
                            row.getString(3),
                            row.getLong(4),
                            row.getBoolean(5),
                            row.getBoolean(6),
                            LiveTable.Made.valueOf(row.getString(7)),
                            Objects.requireNonNull(holds.get(row.getString(1)))));
                }
            }
        }
        return columns;
    }

    private List<LiveTable.ExclusionConstraint> exclusions(long oid) throws SQLException {
        List<LiveTable.ExclusionConstraint> exclusions = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(EXCLUSIONS)) {
            statement.setLong(1, oid);
            statement.setLong(2, oid);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    Array columns = row.getArray(2);
                    exclusions.add(new LiveTable.ExclusionConstraint(
                            row.getString(1),
                            columns == null ? Set.of() : Set.copyOf(texts(columns)),
                            row.getString(3)));
                }
            }
        }
        return exclusions;
    }

    private enum Command {
        SELECT("r"),
        INSERT("a"),
        UPDATE("w"),
        DELETE("d");

        private final String code;

        Command(String code) {
            this.code = code;
        }
    }

    /// @param using its condition for rows that are there, as `check` for those that are written; null
    ///     for none
    /// @param sees whether it shows the role every row that is there
    /// @param takes whether it lets the role write every row
    private record Policy(
            String name,
            boolean permissive,
            String command,
            @Nullable String using,
            @Nullable String check,
            boolean sees,
            boolean takes) {
        boolean concerns(Command asked) {
            return command.equals("*") || command.equals(asked.code);
        }

        boolean isOpen(Command asked) {
            return switch (asked) {
                case SELECT, DELETE -> sees;
                case INSERT -> takes;
                case UPDATE -> sees && takes;
            };
        }
    }

    /// How row level security may hide rows from the role, or refuse some.
    ///
    /// @param said part of a sentence
    /// @param restricting the RESTRICTIVE policies that do
    /// @param open whether, but for those, every row can be seen and written
    /// @param unused a name that no policy of the table has
    public record Hindrance(String said, List<Restricting> restricting, boolean open, String unused) {
        public Hindrance {
            restricting = List.copyOf(restricting);
        }
    }

    /// A policy that is RESTRICTIVE.
    ///
    /// @param using its condition for rows that are there; null where it has none
    /// @param check the same for rows that are written
    public record Restricting(
            String name, @Nullable String using, @Nullable String check) {}

    /// How row level security may hide rows of a table from the role, or refuse some.
    ///
    /// @return empty where it lets the role see and write every row, or does not concern it. A policy
    ///     that looks at the row is taken to hide some
    public Optional<Hindrance> hindrance(LiveTable table) throws SQLException {
        if (!table.rowSecurity()) {
            return Optional.empty();
        }
        List<Policy> policies = policies(table);
        List<String> unallowed = new ArrayList<>();
        List<String> decided = new ArrayList<>();
        Set<String> deciding = new TreeSet<>();
        SequencedSet<Restricting> restricting = new LinkedHashSet<>();
        boolean allOpen = true;
        for (Command command : Command.values()) {
            List<Policy> concerning =
                    policies.stream().filter(p -> p.concerns(command)).toList();
            List<Policy> closed =
                    concerning.stream().filter(p -> !p.isOpen(command)).toList();
            boolean open = concerning.stream().anyMatch(p -> p.permissive() && p.isOpen(command));
            allOpen &= open;
            closed.stream()
                    .filter(p -> !p.permissive())
                    .map(p -> new Restricting(p.name(), p.using(), p.check()))
                    .forEach(restricting::add);
            if (concerning.stream().noneMatch(Policy::permissive)) {
                unallowed.add(command.name());
            } else if (!open || closed.stream().anyMatch(p -> !p.permissive())) {
                decided.add(command.name());
                closed.stream().map(Policy::name).forEach(deciding::add);
            }
        }
        List<String> parts = new ArrayList<>();
        if (!unallowed.isEmpty()) {
            parts.add("no policy lets the role " + String.join(", ", unallowed));
        }
        if (!decided.isEmpty()) {
            parts.add((deciding.size() == 1 ? "the policy " : "the policies ") + String.join(", ", deciding)
                    + (deciding.size() == 1 ? " decides" : " decide") + " row by row what the role may "
                    + String.join(", ", decided));
        }
        return parts.isEmpty()
                ? Optional.empty()
                : Optional.of(new Hindrance(
                        String.join(", and ", parts), List.copyOf(restricting), allOpen, unusedPolicy(table.name())));
    }

    private String unusedPolicy(TableName table) throws SQLException {
        Set<String> names =
                Set.copyOf(strings("SELECT polname::text FROM pg_policy WHERE polrelid = to_regclass(?)", table.sql()));
        String name = "sluice";
        for (int n = 2; names.contains(name); n++) {
            name = "sluice_" + n;
        }
        return name;
    }

    private List<String> strings(String sql, String parameter) throws SQLException {
        List<String> found = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, parameter);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.add(row.getString(1));
                }
            }
        }
        return found;
    }

    /// Whether there is a schema of that name.
    public boolean hasSchema(String name) throws SQLException {
        return !strings("SELECT nspname::text FROM pg_namespace WHERE nspname = ?", name)
                .isEmpty();
    }

    private List<Policy> policies(LiveTable table) throws SQLException {
        List<Policy> written = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(POLICIES)) {
            statement.setString(1, table.name().sql());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    written.add(new Policy(
                            row.getString(1),
                            row.getBoolean(2),
                            row.getString(3),
                            row.getString(4),
                            row.getString(5),
                            false,
                            false));
                }
            }
        }
        List<Policy> policies = new ArrayList<>();
        String role = table.rights().role();
        for (Policy policy : written) {
            // Without a rule of its own for rows that are written, it checks them by the one for those that are there.
            String check = policy.check() == null ? policy.using() : policy.check();
            policies.add(new Policy(
                    policy.name(),
                    policy.permissive(),
                    policy.command(),
                    policy.using(),
                    policy.check(),
                    isAlwaysTrue(policy.using(), role),
                    isAlwaysTrue(check, role)));
        }
        return policies;
    }

    /// Whether a condition is true without a row that it could look at. In the caller's transaction, which stays as it
    /// is.
    private boolean isAlwaysTrue(@Nullable String condition, String role) throws SQLException {
        // PostgreSQL writes the whole of a disjunction in parentheses.
        if (condition == null
                || condition.equals("true")
                || condition.startsWith("((CURRENT_USER = " + TableName.literal(role) + "::name) OR ")) {
            return true;
        }
        Savepoint before = connection.getAutoCommit() ? null : connection.setSavepoint();
        boolean isTrue;
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT coalesce((" + condition + "), false)")) {
            isTrue = row.next() && row.getBoolean(1);
        } catch (SQLException looksAtTheRow) {
            if (!String.valueOf(looksAtTheRow.getSQLState()).startsWith("42")) {
                throw looksAtTheRow;
            }
            isTrue = false;
        }
        if (before != null) {
            connection.rollback(before);
        }
        return isTrue;
    }

    private static LiveTable.UniqueIndex uniqueIndex(ResultSet row) throws SQLException {
        Array columns = row.getArray(2);
        return new LiveTable.UniqueIndex(
                row.getString(1),
                columns == null ? Set.of() : Set.copyOf(texts(columns)),
                LiveTable.IndexState.valueOf(row.getString(3)),
                row.getString(4),
                row.getString(5));
    }

    private static LiveTable.Trigger trigger(ResultSet row) throws SQLException {
        String source = COMMENT.matcher(row.getString(6)).replaceAll(" ");
        Set<String> assigned = null;
        if (row.getString(5).equals("plpgsql")) {
            assigned = new TreeSet<>();
            Matcher matcher = ASSIGNED.matcher(source);
            while (matcher.find()) {
                String column = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
                assigned.add(column.toLowerCase(Locale.ROOT));
            }
        }
        Set<String> inserts = new TreeSet<>();
        Matcher inserted = INSERTED.matcher(source);
        while (inserted.find()) {
            inserts.add(inserted.group(1).replace("\"", ""));
        }
        return new LiveTable.Trigger(
                row.getString(1),
                row.getString(2),
                row.getBoolean(3),
                row.getBoolean(4),
                assigned,
                WHOLE_ROW.matcher(source).find(),
                inserts);
    }

    /// Makes one of a row.
    private interface Maker<T> {
        T make(ResultSet row) throws SQLException;
    }

    private <T> List<T> list(String sql, long oid, Maker<T> maker) throws SQLException {
        List<T> made = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setLong(1, oid);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    made.add(maker.make(row));
                }
            }
        }
        return made;
    }

    private static List<String> texts(Array array) throws SQLException {
        return Arrays.stream((Object[]) array.getArray()).map(String::valueOf).toList();
    }

    /// The number of a type by its name; empty when PostgreSQL has none of that name, as of an extension
    /// that is not installed.
    public Optional<Long> type(String name) throws SQLException {
        Optional<Long> known = types.get(name);
        if (known == null) {
            known = askType(name);
            types.put(name, known);
        }
        return known;
    }

    private Optional<Long> askType(String name) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT to_regtype(?)::oid::bigint")) {
            statement.setString(1, name);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                long oid = row.getLong(1);
                return row.wasNull() ? Optional.empty() : Optional.of(oid);
            }
        }
    }

    /// Whether a column of a type takes a value, given as text. In the caller's transaction, which stays as it is.
    ///
    /// @param type as PostgreSQL writes it
    public boolean holds(String type, String text) throws SQLException {
        Savepoint before = connection.getAutoCommit() ? null : connection.setSavepoint();
        boolean holds;
        try (Statement statement = connection.createStatement()) {
            statement.execute(
                    "DO $sluice$ DECLARE held " + type + " := '" + text.replace("'", "''") + "'; BEGIN END $sluice$");
            holds = true;
        } catch (SQLException refused) {
            if (!Failures.isOfValue(refused)) {
                throw refused;
            }
            holds = false;
        }
        if (before != null) {
            connection.rollback(before);
        }
        return holds;
    }

    /// The type beneath the one of a name, without arguments, as PostgreSQL writes it; empty when PostgreSQL has
    /// none of that name.
    public Optional<String> base(String name) throws SQLException {
        String sql = "WITH RECURSIVE base AS (SELECT to_regtype(?)::oid AS type UNION ALL SELECT t.typbasetype"
                + " FROM base b JOIN pg_type t ON t.oid = b.type WHERE t.typtype = 'd')"
                + " SELECT format_type(b.type, -1) FROM base b JOIN pg_type t ON t.oid = b.type WHERE t.typtype <> 'd'";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, name);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
            }
        }
    }

    /// Whether a value of one type may be assigned to a column of another, by their numbers.
    public boolean assignable(long from, long to) throws SQLException {
        Assignment asked = new Assignment(from, to);
        Boolean known = assignable.get(asked);
        if (known == null) {
            known = askAssignable(from, to);
            assignable.put(asked, known);
        }
        return known;
    }

    private boolean askAssignable(long from, long to) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(ASSIGNABLE)) {
            statement.setLong(1, from);
            statement.setLong(2, to);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }

    /// A collation by which texts of a column that differ can be equal; empty where there is none.
    ///
    /// @param recognised the columns by which rows of the table are recognised
    public Optional<String> undetermined(TableName table, String column, List<String> recognised) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(UNDETERMINED)) {
            statement.setString(1, table.sql());
            statement.setString(2, column);
            statement.setString(3, table.sql());
            statement.setString(4, column);
            statement.setArray(
                    5,
                    connection.createArrayOf(
                            "text", recognised.stream().sorted().toArray()));
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
            }
        }
    }

    /// Whether a type is an enumeration.
    public boolean isEnum(long type) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT typtype = 'e' FROM pg_type WHERE oid = ?::oid")) {
            statement.setLong(1, type);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }

    /// Whether a column can be compared with a value of a type: PostgreSQL is asked to plan it.
    public boolean comparable(TableName table, String column, String type) throws SQLException {
        String sql =
                "EXPLAIN SELECT FROM " + table.sql() + " r WHERE r." + TableName.quote(column) + " = NULL::" + type;
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.executeQuery().close();
            return true;
        } catch (SQLException e) {
            // undefined_function: there is no such operator. Anything else is not this question's to say.
            return !"42883".equals(e.getSQLState());
        }
    }
}
