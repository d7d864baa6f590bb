package dev.sluice.service.oracle;

import dev.sluice.service.oracle.Oracle.Column;
import dev.sluice.service.oracle.Oracle.Kind;
import dev.sluice.service.oracle.Oracle.Lines;
import dev.sluice.service.oracle.Oracle.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The tables of one seed: for the program as a mapping and its DDL, for the oracle as a description. Their names end
/// with the seed, so that many seeds go through one pipeline.
record OddTables(long seed, List<Table> tables) {
    /// What the triggers write.
    static final String STAMP = "2001-02-03T04:05:06Z";

    private static final String MAPPING = """
              things_$:
                table: things_$
                key: {column: id, type: text, of: any}
                columns: {n: integer, t: text, o: jsonb}
                children:
                  lines_$: {from: lines, parent: parent, ordinal: place, columns: {sku: text}}
              typed_$:
                table: typed_$
                key: {column: id, type: text, form: typed}
                columns: {rest: {type: jsonb, from: {rest: true}}}
              folded_$:
                table: folded_$
                key: {column: id, type: text, of: any}
                columns: {c: citext, w: text, n: integer}
              rivals_$:
                table: rivals_$
                key: {column: id, type: bigint}
                columns: {name: text, mail: text, n: integer}
              stamped_$:
                table: stamped_$
                key: {column: id, type: text, of: string}
                columns:
                  title: text
                  made_at: timestamptz
                  updated_at: timestamptz
                  touched_at: {type: timestamptz, write: along}
            """;

    private static final String BEFORE = """
            CREATE EXTENSION IF NOT EXISTS citext;
            CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
            CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
              IF TG_OP = 'INSERT' THEN
                NEW.made_at := '%1$s';
              ELSE
                NEW.touched_at := '%1$s';
                IF NEW.title IS DISTINCT FROM OLD.title THEN NEW.updated_at := '%1$s'; END IF;
              END IF;
              RETURN NEW;
            END $$;
            """.formatted(STAMP);

    private static final String TABLES = """
            CREATE TABLE things_$ (id text PRIMARY KEY, n integer, t text, o jsonb);
            CREATE TABLE lines_$ (parent text, place integer, sku text, PRIMARY KEY (parent, place));
            CREATE TABLE typed_$ (id text PRIMARY KEY, rest jsonb);
            CREATE TABLE folded_$ (id text PRIMARY KEY, c citext UNIQUE, w text COLLATE ci UNIQUE, n integer);
            CREATE UNIQUE INDEX ON folded_$ (lower(rtrim(id)));
            CREATE TABLE rivals_$ (id bigint PRIMARY KEY, name text UNIQUE, mail text, n integer);
            CREATE UNIQUE INDEX ON rivals_$ (lower(mail)) WHERE mail <> '';
            CREATE TABLE stamped_$ (id text PRIMARY KEY, title text, made_at timestamptz, updated_at timestamptz,
              touched_at timestamptz);
            CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON stamped_$ FOR EACH ROW EXECUTE FUNCTION stamp();
            """;

    static OddTables of(long seed) {
        return new OddTables(
                seed,
                List.of(
                        new Table(
                                "things_" + seed,
                                Oracle.Key.PLAIN,
                                List.of(
                                        new Column("n", Kind.INTEGER),
                                        new Column("t", Kind.TEXT),
                                        new Column("o", Kind.JSONB)),
                                new Lines("lines_" + seed, "lines", "sku"),
                                cells -> Set.of()),
                        new Table(
                                "typed_" + seed,
                                Oracle.Key.TYPED,
                                List.of(new Column("rest", Kind.REST)),
                                null,
                                cells -> Set.of()),
                        new Table(
                                "folded_" + seed,
                                Oracle.Key.PLAIN,
                                List.of(
                                        new Column("c", Kind.TEXT),
                                        new Column("w", Kind.TEXT),
                                        new Column("n", Kind.INTEGER)),
                                null,
                                unique(Map.of(
                                        "id",
                                        id -> Oracle.lower(id.replaceAll(" +$", "")),
                                        "c",
                                        Oracle::lower,
                                        "w",
                                        Oracle::lower))),
                        new Table(
                                "rivals_" + seed,
                                Oracle.Key.WHOLE,
                                List.of(
                                        new Column("name", Kind.TEXT),
                                        new Column("mail", Kind.TEXT),
                                        new Column("n", Kind.INTEGER)),
                                null,
                                unique(Map.of("name", Function.identity(), "mail", Oracle::lower))),
                        new Table(
                                "stamped_" + seed,
                                Oracle.Key.STRINGS,
                                List.of(
                                        new Column("title", Kind.TEXT),
                                        new Column("made_at", Kind.MOMENT),
                                        new Column("updated_at", Kind.MOMENT),
                                        new Column("touched_at", Kind.MOMENT)),
                                null,
                                cells -> Set.of())));
    }

    /// What unique indexes of one column each have of a row: nothing where it is NULL.
    private static Function<Map<String, @Nullable String>, Set<String>> unique(
            Map<String, Function<String, String>> folded) {
        return (Map<String, @Nullable String> cells) -> Oracle.unique(cells, folded);
    }

    static String mapping(List<OddTables> all) {
        StringBuilder mapping = new StringBuilder("mapping: oracle\ndatabase: oracle\ncollections:\n");
        all.forEach(tables -> mapping.append(MAPPING.replace("$", String.valueOf(tables.seed()))));
        return mapping.toString();
    }

    static String ddl(List<OddTables> all) {
        StringBuilder ddl = new StringBuilder(BEFORE);
        all.forEach(tables -> ddl.append(TABLES.replace("$", String.valueOf(tables.seed()))));
        return ddl.toString();
    }

    /// Every table's name, with those of child tables.
    List<String> names() {
        List<String> names = new ArrayList<>();
        for (Table table : tables) {
            names.add(table.name());
            Lines lines = table.lines();
            if (lines != null) {
                names.add(lines.table());
            }
        }
        return names;
    }

    /// A statement that changes a row's column behind everybody's back, and the columns that differ then, by table.
    static Map<String, String[]> damages() {
        Map<String, String[]> damages = new TreeMap<>();
        damages.put("things", new String[] {"n = coalesce(n, 0) # 1", "n"});
        damages.put("typed", new String[] {"rest = '{\"damaged\": true}'", "rest"});
        damages.put("folded", new String[] {"n = coalesce(n, 0) # 1", "n"});
        damages.put("rivals", new String[] {"n = coalesce(n, 0) # 1", "n"});
        damages.put("stamped", new String[] {"title = 'damaged'", "title,updated_at"});
        return damages;
    }
}
