package dev.sluice.service.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import dev.sluice.backfill.Backfill;
import dev.sluice.backfill.Prune;
import dev.sluice.control.ResyncStore;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.schema.Catalog;
import dev.sluice.schema.MappingReader;
import dev.sluice.service.pipeline.CopyRun;
import dev.sluice.service.pipeline.ListDrain;
import dev.sluice.service.pipeline.Pipeline;
import dev.sluice.service.pipeline.PipelineState;
import dev.sluice.service.pipeline.ReplayRun;
import dev.sluice.service.pipeline.ResyncRun;
import dev.sluice.service.pipeline.VerifyRun;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.check.TargetDatabase;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.testkit.TestingServers;
import dev.sluice.verify.Mode;
import dev.sluice.verify.Origin;
import dev.sluice.verify.Verifier;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.assertj.core.groups.Tuple;
import org.bson.BsonBinary;
import org.bson.BsonTimestamp;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Targets with one table of every odd kind, written by a role that has no rights but those it needs: what `plan` says
/// of
/// them is what then happens when a pipeline is started, copying and following.
@SuppressWarnings("NullAway.Init")
class PlannedTargetsIT {
    private final MongoDatabase mongo = TestingServers.mongoDatabase();
    private String postgres;
    private String role;

    @BeforeEach
    void aDatabaseAndARole() {
        assumeThat(TestingServers.postgres().restartable())
                .as("a server of our own")
                .isTrue();
        postgres = TestingServers.migrated().withoutTables();
        role = "planned_" + Long.toString(System.nanoTime(), 36);
        execute("CREATE ROLE " + role + " LOGIN; GRANT USAGE ON SCHEMA sluice TO " + role
                + "; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA sluice TO " + role
                + "; ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO " + role);
    }

    @AfterEach
    void drop() {
        mongo.drop();
    }

    @Test
    @DisplayName("every problem that plan names stops the start, in the same words, and nothing is written")
    void problems() throws InterruptedException {
        execute("""
                CREATE EXTENSION citext;
                CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
                CREATE TYPE mood AS ENUM ('glad', 'sad');
                CREATE TABLE generated (id text PRIMARY KEY, n integer GENERATED ALWAYS AS (1) STORED);
                CREATE TABLE identity (id text PRIMARY KEY, n integer GENERATED ALWAYS AS IDENTITY);
                CREATE TABLE behind (id text PRIMARY KEY);
                CREATE VIEW view AS SELECT * FROM behind;
                CREATE TABLE enum_of_booleans (id text PRIMARY KEY, n mood);
                CREATE TABLE enum_with_another_default (id text PRIMARY KEY, n mood);
                CREATE TABLE enum_key (id mood PRIMARY KEY);
                CREATE TABLE no_such_type (id text PRIMARY KEY, n text);
                CREATE TABLE unwritable (id text PRIMARY KEY, n pg_node_tree);
                CREATE TABLE citext_key (id citext PRIMARY KEY);
                CREATE TABLE char_key (id char(10) PRIMARY KEY);
                CREATE TABLE blind_key (id text COLLATE blind PRIMARY KEY);
                CREATE TABLE no_index (id text);
                CREATE TABLE short_key (id varchar(3) PRIMARY KEY);
                CREATE FUNCTION fold() RETURNS trigger LANGUAGE plpgsql AS
                  $$ BEGIN NEW.id := lower(NEW.id); RETURN NEW; END $$;
                CREATE TABLE folded (id text PRIMARY KEY);
                CREATE TRIGGER fold BEFORE INSERT ON folded FOR EACH ROW EXECUTE FUNCTION fold();
                CREATE TABLE folded_later (id text PRIMARY KEY, n boolean);
                CREATE TRIGGER fold BEFORE UPDATE ON folded_later FOR EACH ROW EXECUTE FUNCTION fold();
                CREATE FUNCTION renumber() RETURNS trigger LANGUAGE plpgsql AS
                  $$ BEGIN NEW.place := NEW.place + 1; RETURN NEW; END $$;
                CREATE TABLE parent (id text PRIMARY KEY);
                CREATE TABLE lines (parent text, place integer, n text, PRIMARY KEY (parent, place));
                CREATE TRIGGER renumber BEFORE INSERT ON lines FOR EACH ROW EXECUTE FUNCTION renumber();
                CREATE FUNCTION home() RETURNS trigger LANGUAGE plpgsql AS
                  $$ BEGIN NEW.country := 'DE'; RETURN NEW; END $$;
                CREATE TABLE abroad (id text, country text, PRIMARY KEY (id, country));
                CREATE TRIGGER home BEFORE INSERT ON abroad FOR EACH ROW EXECUTE FUNCTION home();
                CREATE TABLE hidden (id text PRIMARY KEY, n boolean);
                ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
                CREATE POLICY seen ON hidden USING (n) WITH CHECK (true);
                CREATE TABLE log (id text);
                CREATE TABLE rule_insert_also (id text PRIMARY KEY);
                CREATE RULE noted AS ON INSERT TO rule_insert_also DO ALSO INSERT INTO log VALUES (NEW.id);
                CREATE TABLE rule_insert_instead (id text PRIMARY KEY);
                CREATE RULE nothing AS ON INSERT TO rule_insert_instead DO INSTEAD NOTHING;
                CREATE TABLE rule_insert_if (id text PRIMARY KEY, n boolean);
                CREATE RULE part AS ON INSERT TO rule_insert_if WHERE NEW.n DO INSTEAD NOTHING;
                CREATE TABLE rule_update (id text PRIMARY KEY);
                CREATE RULE noted AS ON UPDATE TO rule_update DO ALSO INSERT INTO log VALUES (NEW.id);
                CREATE TABLE rule_delete (id text PRIMARY KEY, n boolean);
                CREATE RULE kept AS ON DELETE TO rule_delete WHERE OLD.n DO INSTEAD UPDATE rule_delete SET n = false;
                CREATE TABLE required (id text PRIMARY KEY, must text NOT NULL, n text NOT NULL);
                CREATE TABLE required_in_lines (parent text, place integer, n text, must date NOT NULL, PRIMARY KEY (parent, place));
                CREATE TABLE parent_of_required (id text PRIMARY KEY);
                CREATE TABLE late_key (id text PRIMARY KEY DEFERRABLE);
                CREATE TABLE late_unique (id text CONSTRAINT one UNIQUE DEFERRABLE INITIALLY DEFERRED);
                CREATE TABLE partial_index (id text, n boolean);
                CREATE UNIQUE INDEX some_rows ON partial_index (id) WHERE n;
                CREATE TABLE expression_index (id text);
                CREATE UNIQUE INDEX lowered ON expression_index (lower(id));
                CREATE TABLE invalid_index (id text);
                CREATE UNIQUE INDEX broken ON invalid_index (id);
                UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass;
                CREATE TABLE wider_index (id text, n boolean);
                CREATE UNIQUE INDEX wider ON wider_index (id, n);
                CREATE TABLE parts_by_expression (id text) PARTITION BY LIST (lower(id));
                CREATE TABLE parts_by_another (id text, n boolean, UNIQUE (id, n)) PARTITION BY LIST (n);
                CREATE FOREIGN DATA WRAPPER nowhere;
                CREATE SERVER away FOREIGN DATA WRAPPER nowhere;
                CREATE TABLE far (id text) PARTITION BY LIST (id);
                CREATE FOREIGN TABLE far_away PARTITION OF far DEFAULT SERVER away;
                CREATE FOREIGN TABLE foreign_one (id text) SERVER away;
                CREATE MATERIALIZED VIEW materialized AS SELECT * FROM behind;
                CREATE SEQUENCE counter;
                CREATE INDEX entry ON behind (id);
                CREATE TYPE pair AS (a text, b text);
                CREATE TABLE refers (id text PRIMARY KEY, n text);
                CREATE TABLE refers_by (id text PRIMARY KEY, n text);
                CREATE TABLE refers_to (id text PRIMARY KEY, n uuid);
                CREATE TABLE makes (id text PRIMARY KEY, n text);
                """);
        Catalog.Entry entry = mapping("""
                generated: {key: {column: id, type: text}, columns: {n: integer}}
                identity: {key: {column: id, type: text}, columns: {n: integer}}
                view: {key: {column: id, type: text}}
                enum_of_booleans: {key: {column: id, type: text}, columns: {n: boolean}}
                enum_with_another_default: {key: {column: id, type: text}, columns: {n: {type: text, missing: mad}}}
                enum_key: {key: {column: id, type: text}}
                no_such_type: {key: {column: id, type: text}, columns: {n: {postgres: moood}}}
                unwritable: {key: {column: id, type: text}, columns: {n: text}}
                citext_key: {key: {column: id, type: text}}
                char_key: {key: {column: id, type: text}}
                blind_key: {key: {column: id, type: text}}
                no_index: {key: {column: id, type: text}}
                short_key: {key: {column: id, type: text}}
                folded: {key: {column: id, type: text}}
                folded_later: {key: {column: id, type: text}, columns: {n: boolean}}
                parent: {key: {column: id, type: text}, children: {lines: {from: lines, parent: parent, ordinal: place}}}
                abroad: {key: {column: id, type: text}, conflict: [id, country], columns: {country: text}}
                hidden: {key: {column: id, type: text}, columns: {n: boolean}}
                rule_insert_also: {key: {column: id, type: text}}
                rule_insert_instead: {key: {column: id, type: text}}
                rule_insert_if: {key: {column: id, type: text}, columns: {n: boolean}}
                rule_update: {key: {column: id, type: text}}
                rule_delete: {key: {column: id, type: text}, columns: {n: boolean}}
                required: {key: {column: id, type: text}}
                parent_of_required:
                  key: {column: id, type: text}
                  children: {required_in_lines: {from: lines, parent: parent, ordinal: place}}
                late_key: {key: {column: id, type: text}}
                late_unique: {key: {column: id, type: text}}
                partial_index: {key: {column: id, type: text}, columns: {n: boolean}}
                expression_index: {key: {column: id, type: text}}
                invalid_index: {key: {column: id, type: text}}
                wider_index: {key: {column: id, type: text}, columns: {n: boolean}}
                parts_by_expression: {key: {column: id, type: text}}
                parts_by_another: {key: {column: id, type: text}, columns: {n: boolean}}
                far: {key: {column: id, type: text}}
                foreign_one: {key: {column: id, type: text}}
                materialized: {key: {column: id, type: text}}
                counter: {key: {column: id, type: text}}
                entry: {key: {column: id, type: text}}
                pair: {key: {column: id, type: text}}
                refers: {key: {column: id, type: text}, columns: {n: {type: text, reference: {table: gone, match: id, take: id}}}}
                refers_by: {key: {column: id, type: text}, columns: {n: {type: text, reference: {table: behind, match: none, take: id}}}}
                refers_to: {key: {column: id, type: text}, columns: {n: {type: uuid, reference: {table: refers_to, match: n, match_type: text, take: n}}}}
                makes: {key: {column: id, type: text}, columns: {n: {type: text, reference: {table: required, match: id, take: id, orphan: create}}}}
                """);
        entry.mapping()
                .collections()
                .forEach(
                        c -> mongo.getCollection(c.collection()).insertOne(new Document("_id", "a").append("n", true)));

        Plan plan = plan(entry);
        PipelineState end = run(entry);

        List<String> found = plan.checks().stream()
                .filter(f -> f.status() == Status.PROBLEM)
                .map(Finding::found)
                .toList();
        assertThat(found)
                .as(plan.forPeople())
                .hasSize(entry.mapping().collections().size());
        assertThat(end).isInstanceOf(PipelineState.Failed.class);
        assertThat(((PipelineState.Failed) end).forPeople()).contains(found);
        assertThat(((PipelineState.Failed) end).forPeople().lines())
                .as("a line each, which begins with the table or column")
                .filteredOn(line -> line.startsWith("  public."))
                .hasSameSizeAs(found);
        assertThat(found)
                .contains(
                        "public.counter is a sequence, and rows can be written to a table only.",
                        "public.entry is an index, and rows can be written to a table only.",
                        "public.pair is a composite type, and rows can be written to a table only.");
        assertThat(found)
                .filteredOn(f -> f.contains("changed by the trigger"))
                .extracting(f -> f.substring(0, f.indexOf(", and")))
                .containsExactly(
                        "public.folded.id is changed by the trigger fold (fold)",
                        "public.folded_later.id is changed by the trigger fold (fold)",
                        "public.lines.place is changed by the trigger renumber (renumber)",
                        "public.abroad.country is changed by the trigger home (home)");
        assertThat(found)
                .filteredOn(f -> f.contains(", by which rows of "))
                .extracting(
                        f -> f.replaceFirst("^public\\.(\\w+) .*?(, but|, and can't have one|\\. It has|\\.$)", "$1$2"))
                .containsExactlyInAnyOrder(
                        "no_index.",
                        "late_key, but its constraint is DEFERRABLE, and ON CONFLICT can't use it.",
                        "late_unique, but its constraint is DEFERRABLE, and ON CONFLICT can't use it.",
                        "partial_index, but it is over some rows only, those with n, and ON CONFLICT can't use it.",
                        "expression_index. It has lowered, btree (lower(id)).",
                        "invalid_index, but it is invalid, as CREATE INDEX CONCURRENTLY leaves one that it could not"
                                + " build: ON CONFLICT can't use it.",
                        "wider_index. It has wider, btree (id, n).",
                        "parts_by_expression, and can't have one: it is partitioned by an expression, LIST (lower(id)).",
                        "parts_by_another, and can't have one: it is partitioned by LIST (n), and a unique index has to"
                                + " be on n too.",
                        "far, and can't have one: partitions of it are foreign tables, public.far_away.");
        for (String table : tables()) {
            if (!table.equals("far")) {
                assertThat(query("SELECT count(*) FROM " + table)).as(table).isEqualTo("0");
            }
        }
        assertThat(query("SELECT count(*) FROM sluice.dead_letter")).isEqualTo("0");
    }

    @Test
    @DisplayName("the statement that plan gives makes of an unusable unique index one that rows are recognised by")
    void remediesOfIndexes() {
        execute("""
                CREATE TABLE late_key (id text PRIMARY KEY DEFERRABLE);
                CREATE TABLE late_unique (id text CONSTRAINT one UNIQUE DEFERRABLE);
                CREATE TABLE partial_index (id text, n boolean);
                CREATE UNIQUE INDEX some_rows ON partial_index (id) WHERE n;
                CREATE TABLE expression_index (id text);
                CREATE UNIQUE INDEX lowered ON expression_index (lower(id));
                CREATE TABLE invalid_index (id text);
                CREATE UNIQUE INDEX broken ON invalid_index (id);
                UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass;
                CREATE TABLE included (id text, n boolean);
                CREATE UNIQUE INDEX more ON included (id) INCLUDE (n);
                CREATE TABLE distinct_nulls (id text UNIQUE NULLS NOT DISTINCT);
                """);
        Catalog.Entry entry = mapping("""
                late_key: {key: {column: id, type: text}}
                late_unique: {key: {column: id, type: text}}
                partial_index: {key: {column: id, type: text}, columns: {n: boolean}}
                expression_index: {key: {column: id, type: text}}
                invalid_index: {key: {column: id, type: text}}
                included: {key: {column: id, type: text}, columns: {n: boolean}}
                distinct_nulls: {key: {column: id, type: text}}
                """);
        List<Finding> unusable = problems(plan(entry));
        assertThat(unusable).extracting(Finding::check).hasSize(5).containsOnly(Check.CONFLICT_TARGET);

        for (Finding finding : unusable) {
            execute(String.valueOf(finding.remedy()).split("[.;,] ?(which|or|over|If)", 2)[0]);
        }

        assertThat(problems(plan(entry))).isEmpty();
    }

    private static List<Finding> problems(Plan plan) {
        return plan.checks().stream().filter(f -> f.status() == Status.PROBLEM).toList();
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("rights that plan misses are those that the start names, and the GRANT it gives is what is missing")
    @CsvSource(
            delimiter = '|',
            value = {
                "REVOKE UPDATE ON poor FROM %s | public.poor: the role %s lacks UPDATE on it.",
                "REVOKE SELECT, DELETE ON poor FROM %s | public.poor: the role %s lacks SELECT, DELETE on it.",
                "REVOKE INSERT ON poor FROM %s; GRANT INSERT (id, n) ON poor TO %s"
                        + " | public.poor: the role %s lacks INSERT on it, where it has INSERT on single columns only.",
                "REVOKE UPDATE ON apart.poor FROM %s; REVOKE USAGE ON SCHEMA apart FROM %s"
                        + " | apart.poor: the role %s lacks USAGE on the schema apart and UPDATE on it.",
                "REVOKE USAGE ON SCHEMA apart FROM %s | apart.poor: the role %s lacks USAGE on the schema apart.",
                "REVOKE ALL ON SEQUENCE poor_nr_seq FROM %s | public.poor.nr takes its default from the sequence"
                        + " public.poor_nr_seq, which the role %s may not use: no row could be inserted.",
                "REVOKE TEMPORARY ON DATABASE $ FROM public | The role %s may not create temporary tables in the database"
                        + " $, and rows are staged in those.",
                "REVOKE INSERT, UPDATE ON sluice.resync, sluice.position FROM %s | sluice.position, sluice.resync: the role"
                        + " %s lacks INSERT, UPDATE on them.",
                "REVOKE SELECT ON other FROM %s | public.other: the role %s lacks SELECT on it: public.poor.n is looked"
                        + " up there.",
                "REVOKE UPDATE ON other FROM %s | public.other: the role %s lacks UPDATE on it: rows that public.poor.n"
                        + " gets its value from are locked, which takes UPDATE on one column.",
                "REVOKE ALL ON other FROM %s | public.other: the role %s lacks SELECT, UPDATE on it: public.poor.n is"
                        + " looked up there; rows that public.poor.n gets its value from are locked, which takes UPDATE"
                        + " on one column.",
                "REVOKE CONNECT ON DATABASE $ FROM public | The role %s may not connect to the database $.",
                "REVOKE UPDATE ON poor, third FROM %s | public.poor, public.third: the role %s lacks UPDATE on them.",
            })
    void rights(String revoked, String said) throws InterruptedException {
        execute("CREATE TABLE poor (id text PRIMARY KEY, n text, nr serial, own integer GENERATED ALWAYS AS IDENTITY);"
                + " CREATE TABLE other (id text PRIMARY KEY); GRANT ALL ON SEQUENCE poor_nr_seq TO " + role
                + "; CREATE TABLE third (id text PRIMARY KEY); CREATE SCHEMA apart; GRANT USAGE ON SCHEMA apart TO "
                + role
                + "; CREATE TABLE apart.poor (id text PRIMARY KEY)");
        String database = PostgresUri.parse(postgres).database();
        execute(revoked.replace("%s", role).replace("$", database));
        Catalog.Entry entry = mapping("""
                poor: {key: {column: id, type: text}, columns: {n: {type: text, reference: {table: other, match: id, take: id}}}}
                apart: {table: apart.poor, key: {column: id, type: text}}
                third: {key: {column: id, type: text}}
                """);
        mongo.getCollection("poor").insertOne(new Document("_id", "a"));

        List<Finding> problems = problems(plan(entry));
        PipelineState end = run(entry);

        assertThat(problems)
                .extracting(Finding::found)
                .containsExactly(said.replace("%s", role).replace("$", database));
        Finding problem = problems.getFirst();
        assertThat(((PipelineState.Failed) end).forPeople())
                .contains(problem.found() + " " + problem.remedy())
                .startsWith("PostgreSQL refused a statement because the role lacks a right.");
        assertThat(query("SELECT count(*) FROM poor")).isEqualTo("0");

        execute(String.valueOf(problem.remedy()).replaceFirst("( \\(.*\\))?\\.$", ""));
        assertThat(problems(plan(entry))).isEmpty();
        Pipeline pipeline = start(entry);
        try {
            awaitApplied(pipeline);
            assertThat(query("SELECT count(*) FROM poor")).isEqualTo("1");
        } finally {
            pipeline.stop();
            pipeline.awaitStopped();
        }
    }

    @Test
    @DisplayName(
            "without USAGE on the schema sluice, plan and each way to start name the GRANT, which is all that is missing")
    void usageOnTheControlSchema() throws InterruptedException {
        execute("CREATE TABLE a (id text PRIMARY KEY); REVOKE USAGE ON SCHEMA sluice FROM " + role);
        Catalog.Entry entry = mapping("a: {key: {column: id, type: text}}");
        String grant = "GRANT USAGE ON SCHEMA \"sluice\" TO \"" + role + "\".";

        List<Finding> problems = problems(plan(entry));
        PipelineState end = run(entry);

        assertThat(problems).singleElement().returns(grant, Finding::remedy);
        assertThat(((PipelineState.Failed) end).forPeople())
                .contains(problems.getFirst().found() + " " + grant);
        TargetDatabase database = new TargetDatabase(PostgresUri.parse(asRole()));
        assertThatThrownBy(() -> database.migrate(entry)).hasMessageContaining(grant);
        assertThatThrownBy(() -> database.pending(entry)).hasMessageContaining(grant);

        execute(grant.replaceFirst("\\.$", ""));
        assertThat(problems(plan(entry))).isEmpty();
    }

    @Test
    @DisplayName("one cause is one problem that names its tables, alike in plan and at the start")
    void oneCauseOfManyTables() throws InterruptedException {
        execute(
                "CREATE SCHEMA shut; CREATE TABLE shut.a (id text PRIMARY KEY); CREATE TABLE shut.b (id text PRIMARY KEY);"
                        + " CREATE TABLE own (id text PRIMARY KEY, n text)");
        Catalog.Entry entry = mapping("""
                a: {table: shut.a, key: {column: id, type: text}}
                b: {table: shut.b, key: {column: id, type: text}}
                c: {table: gone.c, key: {column: id, type: text}, children: {gone.lines: {from: lines, parent: parent, ordinal: place}}}
                d: {table: gone.d, key: {column: id, type: text}}
                own: {key: {column: id, type: text}, columns: {n: {type: text, reference: {table: gone.d, match: id, take: id}}}}
                """);

        List<Finding> problems = problems(plan(entry));
        PipelineState end = run(entry);

        assertThat(problems)
                .extracting(Finding::found)
                .containsExactly(
                        "shut.a, shut.b: the role " + role + " lacks USAGE on the schema shut.",
                        "gone.c, gone.lines, gone.d do not exist, nor does the schema gone. They are tables of the"
                                + " collections c, d in the mapping.");
        assertThat(((PipelineState.Failed) end).forPeople())
                .contains(problems.stream().map(Finding::found).toList());
    }

    @Test
    @DisplayName(
            "each statement that plan gives for a key column of an unfit type makes it one that keys are written to")
    void remediesOfKeys() throws InterruptedException {
        List<String> types = List.of(
                "smallint",
                "integer",
                "bigint",
                "numeric",
                "numeric(3,0)",
                "numeric(5,2)",
                "real",
                "double precision",
                "text",
                "varchar(3)",
                "char(10)",
                "bpchar",
                "citext",
                "name",
                "uuid",
                "bytea",
                "date",
                "timestamptz",
                "boolean",
                "jsonb",
                "mood",
                "code",
                "serial",
                "integer GENERATED BY DEFAULT AS IDENTITY");
        StringBuilder tables = new StringBuilder(
                "CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ('glad');" + " CREATE DOMAIN code AS char(10);");
        StringBuilder collections = new StringBuilder();
        for (String key : List.of("text", "bigint", "uuid", "varchar(9)")) {
            for (String type : types) {
                String name =
                        (key + "_in_" + type).replaceAll("[^a-z0-9]+", "_").toLowerCase(Locale.ROOT);
                if (!type.equals("jsonb")) {
                    tables.append("CREATE TABLE ")
                            .append(name)
                            .append(" (id ")
                            .append(type)
                            .append(" PRIMARY KEY);");
                    collections.append(name + ": {key: {column: id, type: " + key + "}}\n");
                }
            }
        }
        tables.append("""
                CREATE TABLE owner (id integer PRIMARY KEY);
                CREATE TABLE part (owner integer REFERENCES owner, place text, n text, PRIMARY KEY (owner, place));
                """);
        collections.append(
                "owner: {key: {column: id, type: text}, children: {part: {from: parts, parent: owner, ordinal: place}}}\n");
        execute(tables.toString());
        Catalog.Entry entry = mapping(collections.toString());
        List<Finding> problems = problems(plan(entry));
        assertThat(problems).extracting(Finding::check).contains(Check.COLUMN_TYPE, Check.KEY_EQUALITY);

        for (Finding problem : problems) {
            String remedy = String.valueOf(problem.remedy());
            execute(remedy.replaceFirst("^Give the key .* Or ", "")
                    .replaceFirst("\\. (Or|When) .*$", ".")
                    .replaceFirst("\\.$", ""));
        }

        assertThat(problems(plan(entry))).isEmpty();
        insert("owner", new Document("_id", "a"));
        insert(
                "uuid_in_serial",
                new Document("_id", new BsonBinary(UUID.fromString("65f0c0ff-ee65-40c0-bfee-65f0c0ffee65"))));
        Pipeline pipeline = start(entry);
        try {
            awaitApplied(pipeline);
            assertThat(rows("SELECT id FROM owner")).containsExactly("a");
            assertThat(rows("SELECT id FROM uuid_in_serial")).hasSize(1);
        } finally {
            pipeline.stop();
            pipeline.awaitStopped();
        }
    }

    @Test
    @DisplayName("a key gets a type in the mapping that plan gives where the table's can be one")
    void keyTypesOfTheMapping() {
        execute("CREATE TABLE small (id smallint PRIMARY KEY); CREATE TABLE few (id numeric(3,0) PRIMARY KEY);"
                + " CREATE TABLE ids (id uuid PRIMARY KEY)");
        Catalog.Entry entry = mapping("""
                small: {key: {column: id, type: text}}
                few: {key: {column: id, type: text}}
                ids: {key: {column: id, type: text}}
                """);

        assertThat(problems(plan(entry)))
                .extracting(
                        f -> String.valueOf(f.remedy()).replaceFirst("^.* give the key the type (\\w+) in .*$", "$1"))
                .containsExactly("bigint", "bigint", "uuid");
        assertThat(problems(plan(mapping("""
                        small: {key: {column: id, type: bigint}}
                        few: {key: {column: id, type: bigint}}
                        ids: {key: {column: id, type: uuid}}
                        """)))).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("the statements that plan gives against row level security open the table to the role")
    @ValueSource(
            strings = {
                "CREATE POLICY a ON t USING (n < 10)",
                "CREATE POLICY sluice ON t FOR SELECT USING (true)",
                "CREATE POLICY a ON t USING (true); CREATE POLICY b ON t AS RESTRICTIVE USING (n < 10)",
                "CREATE POLICY a ON t USING (true); CREATE POLICY b ON t AS RESTRICTIVE FOR INSERT WITH CHECK (n < 10)",
                "CREATE POLICY a ON t USING (true); CREATE POLICY b ON t AS RESTRICTIVE FOR UPDATE USING (n < 10 AND n > 0)"
                        + " WITH CHECK (n < 10 OR n > 20)",
                "CREATE POLICY b ON t AS RESTRICTIVE FOR DELETE USING (n < 10); CREATE POLICY c ON t AS RESTRICTIVE USING"
                        + " (n IN (SELECT 1))",
            })
    void remediesOfRowSecurity(String policies) throws InterruptedException {
        execute("CREATE TABLE t (id text PRIMARY KEY, n integer); ALTER TABLE t ENABLE ROW LEVEL SECURITY; "
                + policies);
        Catalog.Entry entry = mapping("t: {key: {column: id, type: text}, columns: {n: integer}}");
        insert("t", new Document("_id", "a").append("n", 10));
        List<Finding> problems = problems(plan(entry));
        assertThat(problems).singleElement().returns(Check.ROW_SECURITY, Finding::check);
        assertThat(((PipelineState.Failed) run(entry)).forPeople())
                .startsWith("Row level security keeps the role from seeing or writing rows in PostgreSQL.")
                .contains(
                        problems.getFirst().found() + " " + problems.getFirst().remedy());

        execute(String.valueOf(problems.getFirst().remedy()).replaceFirst("\\. Or, as a superuser: .*$", ""));

        assertThat(problems(plan(entry))).isEmpty();
        Pipeline pipeline = start(entry);
        try {
            awaitApplied(pipeline);
            mongo.getCollection("t").updateOne(Filters.eq("_id", "a"), Updates.set("n", 15));
            awaitApplied(pipeline);
            assertThat(rows("SELECT id, n FROM t")).containsExactly("a|15");
            mongo.getCollection("t").deleteOne(Filters.eq("_id", "a"));
            awaitApplied(pipeline);
            assertThat(rows("SELECT id FROM t")).isEmpty();
        } finally {
            pipeline.stop();
            pipeline.awaitStopped();
        }
    }

    @Test
    @DisplayName(
            "foreign keys that the mapping does not know decide which rows go and which of several documents has the row,"
                    + " as plan says of each")
    void foreignKeysThatTheMappingDoesNotKnow() throws InterruptedException {
        StringBuilder tables = new StringBuilder();
        for (String table : List.of("cascading", "emptying", "resetting", "holding", "holding_late", "alone")) {
            tables.append("CREATE TABLE " + table + " (id bigint PRIMARY KEY, mail text UNIQUE);");
        }
        execute(tables + """
                CREATE TABLE c (ref bigint REFERENCES cascading ON DELETE CASCADE);
                CREATE TABLE e (ref bigint REFERENCES emptying ON DELETE SET NULL);
                CREATE TABLE r (ref bigint DEFAULT 0 REFERENCES resetting ON DELETE SET DEFAULT);
                CREATE TABLE h (ref bigint REFERENCES holding);
                CREATE TABLE l (ref bigint REFERENCES holding_late DEFERRABLE INITIALLY DEFERRED);
                CREATE TABLE tree (id bigint PRIMARY KEY, mail text UNIQUE, above bigint REFERENCES tree ON DELETE CASCADE);
                """);
        Catalog.Entry entry = mapping("""
                cascading: {key: {column: id, type: bigint}, columns: {mail: text}}
                emptying: {key: {column: id, type: bigint}, columns: {mail: text}}
                resetting: {key: {column: id, type: bigint}, columns: {mail: text}}
                holding: {key: {column: id, type: bigint}, columns: {mail: text}}
                holding_late: {key: {column: id, type: bigint}, columns: {mail: text}}
                alone: {key: {column: id, type: bigint}, columns: {mail: text}}
                tree: {key: {column: id, type: bigint}, columns: {mail: text, above: {type: bigint, reference: {table: tree, match: id, take: id}}}}
                """);
        List<String> acted = List.of("cascading", "emptying", "resetting");
        List<String> held = List.of("holding", "holding_late");
        for (String collection : entry.mapping().byCollection().keySet()) {
            insert(collection, new Document("_id", 5L).append("mail", "a"));
            insert(collection, new Document("_id", 6L).append("mail", "b"));
        }
        insert("resetting", new Document("_id", 0L).append("mail", "zero"));

        Plan plan = plan(entry);

        assertThat(problems(plan)).isEmpty();
        assertThat(plan.checks())
                .filteredOn(f -> f.check() == Check.FOREIGN_KEY)
                .extracting(f -> f.status() + " "
                        + f.found().replaceFirst("^(\\S+) refers to (\\S+) .*: PostgreSQL (.*?) when .*$", "$1 $2: $3"))
                .containsExactly(
                        "WARNING public.c.ref public.cascading: deletes these rows of public.c",
                        "WARNING public.e.ref public.emptying: sets it to NULL",
                        "WARNING public.r.ref public.resetting: sets it to its default",
                        "WARNING public.h.ref public.holding: does not let a row go that is referred to (23503), so",
                        "WARNING public.l.ref public.holding_late: does not let a row go that is referred to (23503), so");
        for (String table : acted) {
            assertThat(said(plan, "public." + table + "." + table + "_mail_key"))
                    .contains("the one that comes first has its rows, since rows of public." + table.charAt(0)
                            + " would go or change with a row that gives way, and the others are dead letters");
        }
        assertThat(said(plan, "public.holding.holding_mail_key"))
                .contains(
                        "the one with the least _id has its rows, unless another one's row is there and rows of public.h"
                                + " refer to it, and the others");
        for (String table : List.of("alone", "tree")) {
            assertThat(said(plan, "public." + table + "." + table + "_mail_key"))
                    .contains("the one with the least _id has its rows, and the others");
        }
        Pipeline pipeline = start(entry);
        try {
            awaitApplied(pipeline);
            execute("INSERT INTO c VALUES (5); INSERT INTO e VALUES (5); INSERT INTO r VALUES (5);"
                    + " INSERT INTO h VALUES (5); INSERT INTO l VALUES (5)");
            for (String collection : entry.mapping().byCollection().keySet()) {
                insert(collection, new Document("_id", 1L).append("mail", "a"));
                insert(collection, new Document("_id", 2L).append("mail", "b"));
            }
            awaitApplied(pipeline);
            for (String table : acted) {
                assertThat(rows("SELECT id FROM " + table + " WHERE id > 0 ORDER BY id"))
                        .as(table)
                        .containsExactly("5", "6");
                assertThat(parked(table)).as(table).containsExactly("1|23505", "2|23505");
            }
            for (String table : held) {
                assertThat(rows("SELECT id FROM " + table + " ORDER BY id"))
                        .as(table)
                        .containsExactly("2", "5");
                assertThat(parked(table)).as(table).containsExactly("1|23505", "6|23505");
                assertThat(rows("SELECT behind_key FROM sluice.dead_letter WHERE collection = '" + table
                                + "' ORDER BY 1"))
                        .as(table)
                        .containsExactly("2", "5");
            }
            for (String table : List.of("alone", "tree")) {
                assertThat(rows("SELECT id FROM " + table + " ORDER BY id"))
                        .as(table)
                        .containsExactly("1", "2");
            }

            for (String collection : entry.mapping().byCollection().keySet()) {
                mongo.getCollection(collection).deleteOne(Filters.eq("_id", 5L));
            }
            awaitApplied(pipeline);
            assertThat(rows("SELECT count(*) FROM c")).containsExactly("0");
            assertThat(rows("SELECT ref FROM e")).containsExactly("null");
            assertThat(rows("SELECT ref FROM r")).containsExactly("0");
            for (String table : held) {
                assertThat(parked(table)).as(table).contains("5|23503");
                assertThat(rows("SELECT id FROM " + table + " ORDER BY id"))
                        .as(table)
                        .containsExactly("2", "5");
            }
            // The value is free where the row went.
            await().atMost(Duration.ofSeconds(60))
                    .untilAsserted(() -> assertThat(rows("SELECT id FROM cascading ORDER BY id"))
                            .containsExactly("1", "6"));
        } finally {
            pipeline.stop();
            pipeline.awaitStopped();
        }
    }

    @Test
    @DisplayName(
            "a document whose row no partition takes is a dead letter, copied, inserted or changed, as plan warns, and"
                    + " can be retried when there is a partition for it")
    void partitionsThatDoNotTakeEveryRow() throws InterruptedException {
        execute("""
                CREATE TABLE by_list (id bigint, country text, PRIMARY KEY (id, country)) PARTITION BY LIST (country);
                CREATE TABLE by_list_de PARTITION OF by_list FOR VALUES IN ('DE');
                CREATE TABLE by_list_fr PARTITION OF by_list FOR VALUES IN ('FR');
                CREATE TABLE by_range (id bigint PRIMARY KEY, n integer) PARTITION BY RANGE (id);
                CREATE TABLE by_range_10 PARTITION OF by_range FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
                CREATE TABLE by_range_all PARTITION OF by_range_10 DEFAULT;
                CREATE TABLE by_hash (id bigint PRIMARY KEY, n integer) PARTITION BY HASH (id);
                CREATE TABLE by_hash_0 PARTITION OF by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0);
                CREATE TABLE whole (id bigint PRIMARY KEY, n integer) PARTITION BY HASH (id);
                CREATE TABLE whole_0 PARTITION OF whole FOR VALUES WITH (MODULUS 2, REMAINDER 0);
                CREATE TABLE whole_1 PARTITION OF whole FOR VALUES WITH (MODULUS 4, REMAINDER 1);
                CREATE TABLE whole_3 PARTITION OF whole FOR VALUES WITH (MODULUS 4, REMAINDER 3);
                """);
        Catalog.Entry entry = mapping("""
                by_list: {key: {column: id, type: bigint}, conflict: [id, country], columns: {country: text}}
                by_range: {key: {column: id, type: bigint}, columns: {n: integer}}
                by_hash: {key: {column: id, type: bigint}, columns: {n: integer}}
                whole: {key: {column: id, type: bigint}, columns: {n: integer}}
                """);
        inPartitions(0);

        Plan plan = plan(entry);

        assertThat(plan.problems()).as(plan.forPeople()).isZero();
        assertThat(plan.checks())
                .filteredOn(f -> f.check() == Check.PARTITION)
                .extracting(Finding::subject, f -> f.found().replaceFirst("^.* and has (.*?):.*$", "$1"))
                .containsExactly(
                        Tuple.tuple("public.by_list", "no default partition"),
                        Tuple.tuple("public.by_range", "no default partition"),
                        Tuple.tuple("public.by_hash", "not a partition for every remainder"));
        Pipeline pipeline = start(entry);
        try {
            awaitApplied(pipeline);
            assertThat(parked("by_list")).containsExactly("2|23514");
            assertThat(parked("by_range")).containsExactly("20|23514");
            long lost = Long.parseLong(query("SELECT count(*) FROM sluice.dead_letter WHERE collection = 'by_hash'"));
            assertThat(lost).isPositive();
            assertThat(query("SELECT count(*) FROM whole")).isEqualTo("9");
            inPartitions(100);
            mongo.getCollection("by_list").updateOne(Filters.eq("_id", 1L), Updates.set("country", "IT"));
            mongo.getCollection("by_list").updateOne(Filters.eq("_id", 3L), Updates.set("country", "DE"));
            awaitApplied(pipeline);
            assertThat(parked("by_list")).containsExactly("1|23514", "2|23514", "102|23514");
            assertThat(parked("by_range")).containsExactly("20|23514", "101|23514", "120|23514");
            assertThat(rows("SELECT id, country FROM by_list WHERE id = 3")).containsExactly("3|DE");
            assertThat(rows("SELECT DISTINCT reason FROM sluice.dead_letter WHERE collection = 'by_list'"))
                    .singleElement()
                    .asString()
                    .contains("no partition of relation \"by_list\" found for row");

            execute("CREATE TABLE by_list_others PARTITION OF by_list DEFAULT");
            // Irrelevant updates would leave dead letters as they are.
            for (Document document : mongo.getCollection("by_list").find()) {
                mongo.getCollection("by_list")
                        .replaceOne(Filters.eq("_id", document.get("_id")), new Document(document).append("more", 1));
            }
            awaitApplied(pipeline);
            assertThat(parked("by_list")).isEmpty();
            assertThat(rows("SELECT id, country FROM by_list ORDER BY id"))
                    .containsExactly("1|IT", "2|ES", "3|DE", "101|DE", "102|ES", "103|FR");
        } finally {
            pipeline.stop();
            pipeline.awaitStopped();
        }
    }

    @Test
    @DisplayName("a resync, a replay and a repair make a dead letter of a document that no partition takes, and go on")
    void partitionsOnOtherWays() throws InterruptedException, SQLException {
        execute("""
                CREATE TABLE by_list (id bigint, country text, PRIMARY KEY (id, country)) PARTITION BY LIST (country);
                CREATE TABLE by_list_a PARTITION OF by_list FOR VALUES IN ('A');
                CREATE TABLE by_list_b PARTITION OF by_list FOR VALUES IN ('B');
                CREATE TABLE by_list_c PARTITION OF by_list FOR VALUES IN ('C');
                CREATE TABLE by_list_d PARTITION OF by_list FOR VALUES IN ('D');
                """);
        Catalog.Entry entry = mapping(
                "by_list: {key: {column: id, type: bigint}, conflict: [id, country], columns: {country: text}}");
        List<String> countries = List.of("A", "B", "C", "D");
        for (int i = 0; i < 4; i++) {
            insert("by_list", new Document("_id", i + 1L).append("country", countries.get(i)));
        }
        Pipeline pipeline = start(entry);
        try (MongoSource source = source()) {
            awaitApplied(pipeline);
            PipelineSpec spec = PipelineSpec.of("planned", entry.mapping(), source, connector());
            CollectionTarget target = spec.targets().getFirst();

            execute("DROP TABLE by_list_a");
            ResyncRun resync = new ResyncRun(spec);
            resync.await(resync.list(spec.targets(), false, "a test"), ListDrain.SILENT, () -> false);
            assertThat(parked("by_list")).containsExactly("1|23514");

            BsonTimestamp from = source.hello().lastWrite();
            mongo.getCollection("by_list").updateOne(Filters.eq("_id", 2L), Updates.set("more", 1));
            awaitApplied(pipeline);
            execute("DROP TABLE by_list_b");
            new ReplayRun(spec)
                    .list(
                            new ReplayRun.Wish(from, "a test", null, spec.targets(), "a test"),
                            (events, reached) -> {},
                            () -> false);
            await().atMost(Duration.ofSeconds(60))
                    .untilAsserted(() -> assertThat(parked("by_list")).containsExactly("1|23514", "2|23514"));

            execute("DROP TABLE by_list_c");
            VerifyRun verify = new VerifyRun(spec);
            Verifier.Result found = verify.verify(
                    target,
                    new Verifier.Wish(Mode.FULL, Origin.ASKED, 1, 1, 1, true),
                    (t, progress) -> {},
                    () -> false);
            assertThat(found.drift()).hasSize(1);
            verify.repair(target, found, "a test", ListDrain.SILENT, () -> false);
            assertThat(parked("by_list")).containsExactly("1|23514", "2|23514", "3|23514");

            insert("by_list", new Document("_id", 5L).append("country", "D"));
            awaitApplied(pipeline);
            assertThat(rows("SELECT id FROM by_list ORDER BY id")).containsExactly("4", "5");
        } finally {
            pipeline.stop();
            pipeline.awaitStopped();
        }
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName(
            "a setting that makes the role's transactions read only stops the start, as plan says, and can be taken back")
    @ValueSource(strings = {"DATABASE $", "ROLE %s", "ROLE %s IN DATABASE $"})
    void setToReadOnly(String whose) throws InterruptedException {
        String database = PostgresUri.parse(postgres).database();
        String alter = "ALTER " + whose.replace("%s", role).replace("$", database);
        execute("CREATE TABLE t (id text PRIMARY KEY); " + alter + " SET default_transaction_read_only = on");
        Catalog.Entry entry = mapping("t: {key: {column: id, type: text}}");
        insert("t", new Document("_id", "a"));

        List<Finding> problems = problems(plan(entry));
        PipelineState end = run(entry);

        assertThat(problems).singleElement().returns(Check.POSTGRES_WRITABLE, Finding::check);
        Finding problem = problems.getFirst();
        assertThat(end).isInstanceOf(PipelineState.Failed.class);
        assertThat(((PipelineState.Failed) end).kind()).isEqualTo(FailureKind.TARGET_SET_READ_ONLY);
        assertThat(((PipelineState.Failed) end).forPeople()).contains(problem.found() + " " + problem.remedy());
        assertThatThrownBy(() -> copy(entry, List.of(), new CopyListener())).hasMessageContaining(problem.remedy());

        onAnotherDatabase(String.valueOf(problem.remedy()).replaceFirst("\\.$", ""));
        Pipeline pipeline = start(entry);
        try {
            awaitApplied(pipeline);
            assertThat(rows("SELECT id FROM t")).containsExactly("a");
        } finally {
            pipeline.stop();
            pipeline.awaitStopped();
        }
    }

    @Test
    @DisplayName("a server that its configuration sets to read only is waited for, as plan says")
    void switchedOver() throws InterruptedException {
        execute("CREATE TABLE t (id text PRIMARY KEY)");
        Catalog.Entry entry = mapping("t: {key: {column: id, type: text}}");
        onAnotherDatabase("ALTER SYSTEM SET default_transaction_read_only = on");
        onAnotherDatabase("SELECT pg_reload_conf()");
        try {
            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(problems(plan(entry)))
                            .singleElement()
                            .extracting(Finding::found, InstanceOfAssertFactories.STRING)
                            .contains("`sluice run` would wait until it takes writes"));
            Pipeline pipeline = start(entry);
            try {
                await().atMost(Duration.ofSeconds(30))
                        .until(() -> pipeline.status().state() instanceof PipelineState.Waiting waiting
                                && waiting.kind() == FailureKind.TARGET_READ_ONLY);
                onAnotherDatabase("ALTER SYSTEM RESET default_transaction_read_only");
                onAnotherDatabase("SELECT pg_reload_conf()");
                awaitApplied(pipeline);
            } finally {
                pipeline.stop();
                pipeline.awaitStopped();
            }
        } finally {
            onAnotherDatabase("ALTER SYSTEM RESET default_transaction_read_only");
            onAnotherDatabase("SELECT pg_reload_conf()");
        }
    }

    private void onAnotherDatabase(String sql) {
        PostgresUri maintenance = PostgresUri.parse(postgres).withDatabase("postgres");
        try (Connection connection = new PostgresConnector(maintenance).openForLongWork();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    @Test
    @DisplayName(
            "plan and backfill of one collection look at the tables that its copy writes or needs, and refuse for no other")
    void oneCollection() throws InterruptedException {
        execute("""
                CREATE TABLE chosen (id text PRIMARY KEY, n text);
                CREATE TABLE needed (id text PRIMARY KEY);
                CREATE TABLE refers (id text PRIMARY KEY, n text);
                CREATE TABLE behind (id text PRIMARY KEY, n text);
                """);
        Catalog.Entry entry = mapping("""
                chosen: {key: {column: id, type: text}, columns: {n: {type: text, reference: {table: needed, match: id, take: id}}}}
                needed: {key: {column: id, type: text}, columns: {gone: text}}
                refers: {key: {column: id, type: text}, columns: {n: {type: text, reference: {table: chosen, match: id, take: id}}}}
                behind: {key: {column: id, type: text}, columns: {n: {type: text, reference: {table: refers, match: id, take: id}}}}
                missing: {key: {column: id, type: text}}
                """);
        insert("chosen", new Document("_id", "a").append("n", "b"));
        execute("INSERT INTO needed VALUES ('b');"
                + " INSERT INTO sluice.resync (pipeline, collection, document_key, reason) VALUES"
                + " ('planned', 'missing', '\"x\"', 'asked')");

        assertThat(problems(plan(entry, "chosen"))).isEmpty();
        assertThat(copy(entry, List.of("chosen"), new CopyListener()).failed()).isEmpty();
        assertThat(rows("SELECT id, n FROM chosen")).containsExactly("a|b");
        assertThat(rows("SELECT collection FROM sluice.resync")).containsExactly("missing");
        assertThat(problems(plan(entry)))
                .extracting(Finding::subject)
                .containsExactly("public.needed.gone", "public.missing");

        // A row that comes or goes changes what refers to it.
        execute("ALTER TABLE behind DROP COLUMN n");
        assertThat(problems(plan(entry, "chosen"))).singleElement().returns("public.behind.n", Finding::subject);
        assertThatThrownBy(() -> copy(entry, List.of("chosen"), new CopyListener()))
                .hasMessageContaining("public.behind.n does not exist");
        // What is only referred to has to be as far as it is needed.
        execute("ALTER TABLE behind ADD COLUMN n text; ALTER TABLE needed RENAME COLUMN id TO other");
        assertThat(problems(plan(entry, "chosen")))
                .singleElement()
                .extracting(Finding::found, InstanceOfAssertFactories.STRING)
                .contains("public.chosen.n refers to public.needed, which has no column id");
        assertThatThrownBy(() -> copy(entry, List.of("chosen"), new CopyListener()))
                .hasMessageContaining("public.needed, which has no column id");
    }

    @Test
    @DisplayName("a table that is altered while others are copied stops its own collection, and no other")
    void oneAlteredTable() throws InterruptedException {
        execute(
                "CREATE EXTENSION citext; CREATE TABLE first (id text PRIMARY KEY); CREATE TABLE second (id text PRIMARY KEY);"
                        + " CREATE TABLE third (id text PRIMARY KEY)");
        Catalog.Entry entry = mapping("""
                first: {key: {column: id, type: text}}
                second: {key: {column: id, type: text}}
                third: {key: {column: id, type: text}}
                """);
        entry.mapping().byCollection().keySet().forEach(c -> insert(c, new Document("_id", "a")));

        // One after the other.
        Backfill.Limits limits = Backfill.Limits.adaptive().withWorkers(1);
        CopyRun.Result result = copy(entry, List.of(), limits, new CopyListener() {
            @Override
            public void onDone(CollectionTarget target) {
                if (target.collection().equals("first")) {
                    execute("ALTER TABLE second ALTER COLUMN id TYPE citext");
                }
            }
        });

        assertThat(result.failed()).containsOnlyKeys("second");
        assertThat(rows("SELECT id FROM first")).containsExactly("a");
        assertThat(rows("SELECT id FROM second")).isEmpty();
        assertThat(rows("SELECT id FROM third")).containsExactly("a");
    }

    private CopyRun.Result copy(Catalog.Entry entry, List<String> collections, CopyRun.Listener listener)
            throws InterruptedException {
        return copy(entry, collections, Backfill.Limits.adaptive(), listener);
    }

    /// @param collections none for all
    private CopyRun.Result copy(
            Catalog.Entry entry, List<String> collections, Backfill.Limits limits, CopyRun.Listener listener)
            throws InterruptedException {
        try (MongoSource source = source()) {
            PipelineSpec spec = PipelineSpec.of("planned", entry.mapping(), source, connector());
            return new CopyRun(spec)
                    .run(
                            new CopyRun.Wish(
                                    CollectionTarget.chosen(spec.targets(), collections),
                                    limits,
                                    new CopyRun.Onward.AsItWas(),
                                    false,
                                    Duration.ZERO),
                            listener,
                            () -> false);
        }
    }

    /// Hears nothing.
    private static class CopyListener implements CopyRun.Listener {
        @Override
        public void onHeld(String holder) {}

        @Override
        public void onPassed(BsonTimestamp change, List<CollectionTarget> copied) {}

        @Override
        public void onEstimate(CollectionTarget target, long documents, long alreadyCopied) {}

        @Override
        public void onChunk(CollectionTarget target, Backfill.Done done) {}

        @Override
        public void onDone(CollectionTarget target) {}

        @Override
        public void onCopiedBefore(CollectionTarget target) {}

        @Override
        public void onFailed(CollectionTarget target, SluiceException failure) {}

        @Override
        public void onResynced(ResyncStore.Cause cause, int documents) {}

        @Override
        public void onPruned(CollectionTarget target, Prune.Pruned pruned) {}
    }

    @Test
    @DisplayName(
            "values that PostgreSQL pads are no drift, whatever blanks they end with, and plan says that they are padded")
    void paddedValues() throws InterruptedException {
        execute("""
                CREATE DOMAIN code AS char(4);
                CREATE TABLE padded (id bigint PRIMARY KEY, c char(5), fit char(5), own char(5), o bpchar, d code, a char(3)[], da code[],
                  v varchar(3), n smallint);
                CREATE TABLE pairs (id bigint PRIMARY KEY, code char(4));
                CREATE TABLE known (code char(4) PRIMARY KEY);
                CREATE TABLE refers (id bigint PRIMARY KEY, code char(4));
                INSERT INTO known VALUES ('k');
                """);
        Catalog.Entry entry = mapping("""
                padded:
                  key: {column: id, type: bigint}
                  columns:
                    c: text
                    fit: varchar(5)
                    own: {type: {postgres: character(5)}}
                    o: text
                    d: text
                    a: text[]
                    da: text[]
                    v: text
                    n: integer
                pairs: {key: {column: id, type: bigint}, columns: {code: text}, dedupe: {by: [code]}}
                refers: {key: {column: id, type: bigint}, columns: {code: {type: text, reference: {table: known, match: code, take: code}}}}
                """);
        padded(0);

        Plan plan = plan(entry);

        assertThat(problems(plan)).isEmpty();
        assertThat(plan.checks())
                .filteredOn(f -> f.check() == Check.COLUMN_TYPE && f.found().contains("pads shorter values"))
                .flatExtracting(f -> List.of(String.valueOf(f.subject()).split(", ")))
                .containsExactlyInAnyOrder(
                        "public.padded.c",
                        "public.padded.fit",
                        "public.padded.own",
                        "public.padded.d",
                        "public.padded.a",
                        "public.padded.da",
                        "public.pairs.code");
        assertThat(said(plan, "public.padded.v")).contains("blanks at the end of such a value are cut off instead");
        assertThat(plan.dryRun())
                .filteredOn(f -> f.collection().equals("padded"))
                .singleElement()
                .returns(7L, Forecast::documentsRead)
                .returns(3L, Forecast::rows)
                .returns(4L, Forecast::deadLetters)
                .satisfies(f -> assertThat(f.rejected())
                        .extracting(r -> r.column() + " " + r.reason())
                        .satisfiesExactly(
                                a -> assertThat(a).startsWith("padded.a ").contains("character(3)[] (SQLSTATE 22001)"),
                                c -> assertThat(c).startsWith("padded.c ").contains("character(5) (SQLSTATE 22001)"),
                                n -> assertThat(n).startsWith("padded.n ").contains("smallint (SQLSTATE 22003)"),
                                v -> assertThat(v)
                                        .startsWith("padded.v ")
                                        .contains("character varying(3) (SQLSTATE 22001)")));
        assertThat(plan.checks())
                .filteredOn(f -> "padded.v".equals(f.subject()))
                .singleElement()
                .extracting(Finding::remedy)
                .asString()
                .startsWith("Widen padded.v in PostgreSQL");
        Pipeline pipeline = start(entry);
        try (MongoSource source = source()) {
            awaitApplied(pipeline);
            padded(10);
            mongo.getCollection("padded").updateOne(Filters.eq("_id", 1L), Updates.set("c", "new "));
            awaitApplied(pipeline);
            insert("pairs", new Document("_id", 20L).append("code", "p0"));
            awaitApplied(pipeline);
            assertThat(rows("SELECT id, c, fit, own, o, d, a, da, v FROM padded WHERE id < 3 ORDER BY id"))
                    .containsExactly(
                            "1|new  |ab   |ab   |ab|x   |{\"a  \",\"bc \"}|{\"z   \"}|ab",
                            "2|ab   |ab   |ab   |ab  |x   |{\"a  \"}|{\"z   \"}|ab ");
            assertThat(parked("padded"))
                    .containsExactlyInAnyOrder(
                            "3|22001", "5|22001", "6|22001", "7|22003", "13|22001", "15|22001", "16|22001", "17|22003");
            assertThat(rows("SELECT column_name FROM sluice.quarantine")).containsExactly("padded.own", "padded.own");
            assertThat(rows("SELECT id FROM pairs ORDER BY id")).containsExactly("1", "11");
            assertThat(rows("SELECT id, code FROM refers ORDER BY id"))
                    .containsExactly("1|k   ", "2|null", "11|k   ", "12|null");
            PipelineSpec spec = PipelineSpec.of("planned", entry.mapping(), source, connector());
            for (CollectionTarget target : spec.targets()) {
                for (Mode mode : Mode.values()) {
                    assertThat(new VerifyRun(spec)
                                    .verify(
                                            target,
                                            new Verifier.Wish(mode, Origin.ASKED, 1, 1, 1, true),
                                            (t, progress) -> {},
                                            () -> false)
                                    .drift())
                            .as(target.collection() + " " + mode)
                            .isEmpty();
                }
            }
        } finally {
            pipeline.stop();
            pipeline.awaitStopped();
        }
    }

    /// @param from added to each `_id`
    private void padded(long from) {
        insert(
                "padded",
                new Document("_id", from + 1)
                        .append("c", "ab")
                        .append("fit", "ab")
                        .append("own", "ab")
                        .append("o", "ab")
                        .append("d", "x")
                        .append("a", List.of("a", "bc"))
                        .append("da", List.of("z"))
                        .append("v", "ab"));
        insert(
                "padded",
                new Document("_id", from + 2)
                        .append("c", "ab ")
                        .append("fit", "ab ")
                        .append("own", "ab        ")
                        .append("o", "ab  ")
                        .append("d", "x ")
                        .append("a", List.of("a "))
                        .append("da", List.of("z "))
                        .append("v", "ab    "));
        insert("padded", new Document("_id", from + 3).append("c", "abcdef"));
        insert("padded", new Document("_id", from + 5).append("v", "abcdef"));
        insert("padded", new Document("_id", from + 6).append("a", List.of("a", "abcdef")));
        insert("padded", new Document("_id", from + 7).append("n", 40_000));
        insert("padded", new Document("_id", from + 4).append("own", "abcdef"));
        insert("pairs", new Document("_id", from + 1).append("code", "p" + from));
        insert("pairs", new Document("_id", from + 2).append("code", "p" + from));
        insert("refers", new Document("_id", from + 1).append("code", "k"));
        insert("refers", new Document("_id", from + 2).append("code", "no"));
    }

    @Test
    @DisplayName("plan says which ids of several types have a key that two could have, and the copy does it so")
    void idsOfSeveralTypes() throws InterruptedException {
        execute("CREATE TABLE numbers (id text PRIMARY KEY); CREATE TABLE texts (id text PRIMARY KEY);"
                + " CREATE TABLE alike (id text PRIMARY KEY); CREATE TABLE said (id text PRIMARY KEY)");
        Catalog.Entry entry = mapping("""
                numbers: {key: {column: id, type: text}}
                texts: {key: {column: id, type: text}}
                alike: {key: {column: id, type: text}}
                said: {key: {column: id, type: text, of: any}}
                """);
        insert("numbers", new Document("_id", 1L));
        insert("numbers", new Document("_id", 2L));
        insert("numbers", new Document("_id", "1"));
        insert("texts", new Document("_id", "1"));
        insert("texts", new Document("_id", "2"));
        insert("texts", new Document("_id", 1L));
        insert("alike", new Document("_id", "a"));
        insert("said", new Document("_id", "1"));
        insert("said", new Document("_id", 1L));

        Plan plan = plan(entry);
        Pipeline pipeline = start(entry);

        try {
            assertThat(plan.checks())
                    .filteredOn(f -> f.check() == Check.KEY_OF)
                    .extracting(f ->
                            f.status() + " " + f.subject() + " " + f.found().replaceFirst("^.*`(of: \\w+)`.*$", "$1"))
                    .containsExactly("INFO numbers of: any", "INFO texts of: string");
            awaitApplied(pipeline);
            assertThat(rows("SELECT collection, strings FROM sluice.usual_ids ORDER BY 1"))
                    .contains("numbers|f", "texts|t");
        } finally {
            pipeline.stop();
            pipeline.awaitStopped();
        }
    }

    @Test
    @DisplayName("a reference to a typed key finds no row without typed_key, as plan says, and with it finds its row")
    void referencesToTypedKeys() throws InterruptedException {
        execute("CREATE TABLE people (id text PRIMARY KEY); CREATE TABLE plain (id text PRIMARY KEY, who text);"
                + " CREATE TABLE typed (id text PRIMARY KEY, who text);"
                + " CREATE TABLE lines (parent text, place integer, who text, PRIMARY KEY (parent, place));");
        String mapping = """
                people: {key: {column: id, type: text, form: typed}}
                plain:
                  key: {column: id, type: text}
                  columns: {who: {type: text, reference: {table: people, match: id, take: id}}}
                  children:
                    lines:
                      from: lines
                      parent: parent
                      ordinal: place
                      columns: {who: {type: text, reference: {table: people, match: id, take: id}}}
                typed:
                  key: {column: id, type: text}
                  columns: {who: {type: text, convert: [typed_key], reference: {table: people, match: id, take: id}}}
                """;
        ObjectId person = new ObjectId();
        insert("people", new Document("_id", person));
        insert(
                "plain",
                new Document("_id", "a").append("who", person).append("lines", List.of(new Document("who", person))));
        insert("typed", new Document("_id", "a").append("who", person));
        Catalog.Entry entry = mapping(mapping);

        List<Finding> found = plan(entry).checks().stream()
                .filter(f -> f.check() == Check.REFERENCE)
                .toList();

        assertThat(found)
                .extracting(f -> f.status() + " " + f.subject())
                .containsExactly("WARNING public.plain.who", "WARNING public.lines.who");
        assertThat(found.getFirst().found()).contains("people.id, whose key has `form: typed`", "find no row");
        Pipeline pipeline = start(entry);
        try {
            awaitApplied(pipeline);
            assertThat(rows("SELECT who IS NOT NULL FROM typed")).containsExactly("t");
            assertThat(rows("SELECT who FROM plain UNION ALL SELECT who FROM lines"))
                    .containsExactly("null", "null");
        } finally {
            pipeline.stop();
            pipeline.awaitStopped();
        }
        assertThat(plan(mapping(mapping.replace(
                                "type: text, reference", "type: text, convert: [typed_key], reference")))
                        .checks())
                .noneMatch(f -> f.check() == Check.REFERENCE);
    }

    @Test
    @DisplayName("a unique constraint that speaks at the commit makes dead letters as any other, as plan says")
    void aConstraintThatIsDeferred() throws InterruptedException {
        execute("CREATE TABLE late (id text PRIMARY KEY, mail text CONSTRAINT one_mail UNIQUE DEFERRABLE INITIALLY"
                + " DEFERRED)");
        Catalog.Entry entry = mapping("late: {key: {column: id, type: text}, columns: {mail: text}}");
        insert("late", new Document("_id", "a").append("mail", "m"));
        insert("late", new Document("_id", "b").append("mail", "m"));
        insert("late", new Document("_id", "c").append("mail", "n"));

        Plan plan = plan(entry);

        assertThat(problems(plan)).isEmpty();
        assertThat(said(plan, "public.late.one_mail"))
                .contains("the one with the least _id has its rows, and the others are dead letters");
        Pipeline pipeline = start(entry);
        try {
            awaitApplied(pipeline);
            assertThat(rows("SELECT id FROM late ORDER BY id")).containsExactly("a", "c");
            insert("late", new Document("_id", "d").append("mail", "n"));
            insert("late", new Document("_id", "e").append("mail", "o"));
            awaitApplied(pipeline);
            assertThat(rows("SELECT id FROM late ORDER BY id")).containsExactly("a", "c", "e");
            assertThat(rows("SELECT document_key, sqlstate FROM sluice.dead_letter ORDER BY 1"))
                    .containsExactly("\"b\"|23505", "\"d\"|23505");
        } finally {
            pipeline.stop();
            pipeline.awaitStopped();
        }
    }

    private void inPartitions(long from) {
        insert("by_list", new Document("_id", from + 1).append("country", "DE"));
        insert("by_list", new Document("_id", from + 2).append("country", "ES"));
        insert("by_list", new Document("_id", from + 3).append("country", "FR"));
        insert("by_range", new Document("_id", from + 1).append("n", 1));
        insert("by_range", new Document("_id", from + 20).append("n", 1));
        for (long id = from + 1; id < from + 10; id++) {
            insert("by_hash", new Document("_id", id).append("n", 1));
            insert("whole", new Document("_id", id).append("n", 1));
        }
    }

    @Test
    @DisplayName("tables that are written but do not keep or show rows as others do are warned of")
    void oddlyKeptTables() throws InterruptedException {
        execute("""
                CREATE UNLOGGED TABLE fleeting (id text PRIMARY KEY);
                CREATE TABLE general (id text PRIMARY KEY);
                CREATE TABLE special (more text) INHERITS (general);
                CREATE TABLE noted (id text PRIMARY KEY);
                CREATE TABLE gone (id text);
                CREATE RULE noted AS ON DELETE TO noted DO ALSO INSERT INTO gone VALUES (OLD.id);
                CREATE RULE off AS ON INSERT TO noted DO INSTEAD NOTHING;
                ALTER TABLE noted DISABLE RULE off;
                CREATE TABLE filled (id text PRIMARY KEY, must text NOT NULL, more text NOT NULL);
                CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS
                  $$ BEGIN NEW.must := 'x'; RETURN jsonb_populate_record(NEW, '{"more": "y"}'); END $$;
                CREATE TRIGGER fill BEFORE INSERT ON filled FOR EACH ROW EXECUTE FUNCTION fill();
                CREATE EXTENSION citext;
                CREATE TABLE lent (id text PRIMARY KEY);
                ALTER EXTENSION citext ADD TABLE lent;
                """);
        Catalog.Entry entry = mapping("""
                fleeting: {key: {column: id, type: text}}
                general: {key: {column: id, type: text}}
                noted: {key: {column: id, type: text}}
                filled: {key: {column: id, type: text}}
                lent: {key: {column: id, type: text}}
                """);
        entry.mapping().collections().forEach(c -> insert(c.collection(), new Document("_id", "a")));

        Plan plan = plan(entry);

        assertThat(plan.problems()).as(plan.forPeople()).isZero();
        assertThat(plan.checks())
                .filteredOn(f -> f.check().side() == Check.Side.TABLES && f.status() != Status.OK)
                .extracting(f -> f.status() + " " + f.check() + " " + f.subject())
                .containsExactly(
                        "WARNING TABLE_UNLOGGED public.fleeting",
                        "WARNING TABLE_INHERITED public.general",
                        "INFO REWRITE_RULE public.noted.noted",
                        "WARNING COLUMN_REQUIRED public.filled.more",
                        "INFO COLUMN_UNMAPPED public.filled",
                        "WARNING TABLE_OF_EXTENSION public.lent");
        Pipeline pipeline = start(entry);
        try {
            awaitApplied(pipeline);
            for (String table : List.of("fleeting", "general", "noted", "filled", "lent")) {
                assertThat(query("SELECT count(*) FROM " + table)).as(table).isEqualTo("1");
            }
            mongo.getCollection("noted").deleteOne(Filters.eq("_id", "a"));
            awaitApplied(pipeline);
            assertThat(rows("SELECT id FROM noted")).isEmpty();
            assertThat(rows("SELECT id FROM gone")).containsExactly("a");
        } finally {
            pipeline.stop();
            pipeline.awaitStopped();
        }
    }

    private static final String ODD_TABLES = """
            CREATE EXTENSION citext;
            CREATE TYPE mood AS ENUM ('glad', 'sad');
            CREATE DOMAIN share AS integer CHECK (VALUE BETWEEN 0 AND 100);
            CREATE TABLE identity (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n integer);
            CREATE TABLE parts (id bigint, country text, PRIMARY KEY (id, country)) PARTITION BY LIST (country);
            CREATE TABLE parts_de PARTITION OF parts FOR VALUES IN ('DE');
            CREATE TABLE parts_others PARTITION OF parts DEFAULT;
            CREATE TABLE typed (id bigint PRIMARY KEY, mood mood, strict mood, must mood NOT NULL, share share,
              every interval, name citext, code char(5), made integer GENERATED ALWAYS AS (1) STORED);
            CREATE TABLE lone (id bigint PRIMARY KEY, mail text UNIQUE);
            CREATE TABLE stamped (id bigint PRIMARY KEY, n integer, at timestamptz);
            CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := now(); RETURN NEW; END $$;
            CREATE TRIGGER stamp BEFORE UPDATE ON stamped FOR EACH ROW EXECUTE FUNCTION stamp();
            CREATE TABLE secured (id bigint PRIMARY KEY, n integer);
            ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
            CREATE POLICY seen ON secured USING (true);
            CREATE TABLE rooms (id bigint PRIMARY KEY, during int4range, CONSTRAINT one_at_a_time EXCLUDE USING gist (during WITH &&));
            CREATE TABLE polite (id text PRIMARY KEY, n integer);
            CREATE FUNCTION polite() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
              IF current_setting('sluice.applying', true) = 'on' THEN RETURN NEW; END IF;
              NEW.id := lower(NEW.id); RETURN NEW; END $$;
            CREATE TRIGGER polite BEFORE INSERT OR UPDATE ON polite FOR EACH ROW EXECUTE FUNCTION polite();
            """;

    private static final String ODD_MAPPING = """
            identity: {key: {column: id, type: bigint}, columns: {n: integer}}
            parts: {key: {column: id, type: bigint}, conflict: [id, country], columns: {country: text}}
            typed:
              key: {column: id, type: bigint}
              columns:
                mood: text
                strict: {type: text, misfit: reject}
                must: text
                share: integer
                every: {postgres: interval}
                name: text
                code: text
            lone: {key: {column: id, type: bigint}, columns: {mail: text}}
            stamped: {key: {column: id, type: bigint}, columns: {n: integer, at: timestamptz}}
            secured: {key: {column: id, type: bigint}, columns: {n: integer}}
            rooms: {key: {column: id, type: bigint}, columns: {during: {postgres: int4range}}}
            polite: {key: {column: id, type: text}, columns: {n: integer}}
            """;

    @Test
    @DisplayName(
            "where plan has no problem the pipeline runs, and what plan says of each odd table is what becomes of its"
                    + " documents, copied and changed")
    void oddTables() throws InterruptedException {
        execute(ODD_TABLES);
        Catalog.Entry entry = mapping(ODD_MAPPING);
        documents(0);

        Plan plan = plan(entry);

        assertThat(plan.problems()).as(plan.forPeople()).isZero();
        assertThat(plan.checks())
                .filteredOn(f -> f.check().side() == Check.Side.TABLES && f.status() != Status.OK)
                .extracting(f -> f.check() + " " + f.subject())
                .containsExactlyInAnyOrder(
                        "COLUMN_TYPE public.typed.mood, public.typed.share, public.typed.every",
                        "COLUMN_TYPE public.typed.strict, public.typed.must",
                        "COLUMN_TYPE public.typed.code",
                        "COLUMN_TYPE public.rooms.during",
                        "EXCLUSION_CONSTRAINT public.rooms.one_at_a_time",
                        "COLUMN_UNMAPPED public.typed",
                        "UNIQUE_INDEX public.lone.lone_mail_key",
                        "TRIGGER public.stamped.at");
        assertThat(said(plan, "public.typed.mood, public.typed.share, public.typed.every"))
                .contains("mood (mood, written as text), share (share, written as integer), every (interval);")
                .contains("it is kept in quarantine");
        assertThat(said(plan, "public.typed.strict, public.typed.must")).contains("the document is a dead letter");
        assertThat(said(plan, "public.rooms.one_at_a_time"))
                .contains("EXCLUDE USING gist (during WITH &&)", "(23P01), and the document is a dead letter");
        assertThat(said(plan, "public.typed.code"))
                .contains("longer than 5 characters, and the document is a dead letter");
        Forecast typed = plan.dryRun().stream()
                .filter(f -> f.collection().equals("typed"))
                .findFirst()
                .orElseThrow();
        Pipeline pipeline = start(entry);
        try {
            awaitApplied(pipeline);
            // As forecast, of the documents that are copied.
            assertThat(rows("SELECT column_name, reason, count(*) FROM sluice.quarantine GROUP BY 1, 2 ORDER BY 1, 2"))
                    .isNotEmpty()
                    .containsExactlyElementsOf(typed.quarantined().stream()
                            .map(q -> q.column() + "|" + q.reason() + "|" + q.values())
                            .toList());
            assertThat(rows("SELECT reason FROM sluice.dead_letter WHERE collection = 'typed' AND sqlstate IS NULL"))
                    .hasSize(1)
                    .allMatch(reason -> typed.rejected().stream()
                            .anyMatch(r -> reason.contains(r.column()) && reason.contains(r.reason())));
            assertThat(typed.rejected())
                    .extracting(Forecast.Rejected::column, Forecast.Rejected::documents)
                    .containsExactly(tuple("typed.code", 1L), tuple("typed.strict", 1L));
            assertThat(typed.nulls()).containsExactly(new Forecast.Nulls("typed.must", 1));
            assertThat(parked("typed")).containsExactly("3|null", "4|23502", "5|22001");
            becameOfThem(0);

            documents(10);
            mongo.getCollection("parts").updateOne(Filters.eq("_id", 1L), Updates.set("country", "FR"));
            mongo.getCollection("stamped").updateOne(Filters.eq("_id", 1L), Updates.set("n", 2));
            mongo.getCollection("secured").deleteOne(Filters.eq("_id", 2L));
            mongo.getCollection("polite").updateOne(Filters.eq("_id", "A0"), Updates.set("n", 2));
            awaitApplied(pipeline);
            becameOfThem(10);
            assertThat(parked("typed"))
                    .containsExactly("3|null", "4|23502", "5|22001", "13|null", "14|23502", "15|22001");
            assertThat(rows("SELECT id, country FROM parts WHERE id = 1")).containsExactly("1|FR");
            assertThat(said(plan, "public.stamped.at"))
                    .contains("whatever is written", "comparisons find it different");
            assertThat(rows("SELECT n, at > '2020-01-02' FROM stamped WHERE id = 1"))
                    .containsExactly("2|t");
            assertThat(rows("SELECT id FROM secured ORDER BY id")).containsExactly("1", "11", "12");
            assertThat(rows("SELECT id, n FROM polite ORDER BY id")).containsExactly("A0|2", "A10|1");
            assertThat(parked("rooms")).containsExactly("2|23P01", "12|23P01");

            // Changed while it runs.
            execute("DROP POLICY seen ON secured; CREATE POLICY seen ON secured USING (n < 10)");
            mongo.getCollection("secured").updateOne(Filters.eq("_id", 12L), Updates.set("n", 10));
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> pipeline.status().state() instanceof PipelineState.Failed);
            assertThat(((PipelineState.Failed) pipeline.status().state()).forPeople())
                    .startsWith("Row level security keeps the role")
                    .contains("public.secured has row level security: the policy seen decides row by row", "BYPASSRLS");
        } finally {
            pipeline.stop();
            pipeline.awaitStopped();
        }
    }

    /// @param from added to each `_id`
    private void documents(long from) {
        insert("identity", new Document("_id", from + 1).append("n", 1));
        insert("parts", new Document("_id", from + 1).append("country", "DE"));
        insert("typed", typed(from + 1));
        insert(
                "typed",
                typed(from + 2).append("mood", "mad").append("share", 101).append("every", "soon"));
        insert("typed", typed(from + 3).append("strict", "mad"));
        insert("typed", typed(from + 4).append("must", "mad"));
        insert("typed", typed(from + 5).append("code", "abcdef"));
        insert("lone", new Document("_id", from + 1).append("mail", "a" + from));
        insert("lone", new Document("_id", from + 2).append("mail", "a" + from));
        insert(
                "stamped",
                new Document("_id", from + 1)
                        .append("n", 1)
                        .append("at", Date.from(Instant.parse("2020-01-01T00:00:00Z"))));
        insert("secured", new Document("_id", from + 1).append("n", 1));
        insert("secured", new Document("_id", from + 2).append("n", 2));
        insert("rooms", new Document("_id", from + 1).append("during", "[" + (from + 1) + "," + (from + 5) + ")"));
        insert("rooms", new Document("_id", from + 2).append("during", "[" + (from + 4) + "," + (from + 9) + ")"));
        insert("polite", new Document("_id", "A" + from).append("n", 1));
    }

    private static Document typed(long id) {
        return new Document("_id", id)
                .append("mood", "glad")
                .append("strict", "glad")
                .append("must", "sad")
                .append("share", 7)
                .append("every", "24:00")
                .append("name", "Ann")
                .append("code", "ab");
    }

    private void insert(String collection, Document document) {
        mongo.getCollection(collection).insertOne(document);
    }

    private void becameOfThem(long from) {
        assertThat(rows("SELECT id, mood, strict, must, share, every, name, code, made FROM typed WHERE id > " + from
                        + " ORDER BY id"))
                .containsExactly(
                        (from + 1) + "|glad|glad|sad|7|24:00:00|Ann|ab   |1",
                        (from + 2) + "|null|glad|sad|null|null|Ann|ab   |1");
        assertThat(rows("SELECT n FROM identity WHERE id = " + (from + 1))).containsExactly("1");
        assertThat(rows("SELECT id FROM lone WHERE id > " + from)).hasSize(1);
        assertThat(parked("lone")).hasSize(from == 0 ? 1 : 2).allMatch(l -> l.endsWith("|23505"));
    }

    private List<String> parked(String collection) {
        return rows("SELECT substring(document_key from '\\d+')::integer, sqlstate FROM (SELECT replace(document_key,"
                + " '$numberLong', '') AS document_key, sqlstate FROM sluice.dead_letter WHERE collection = '"
                + collection
                + "') l ORDER BY 1");
    }

    private static String said(Plan plan, String subject) {
        return plan.checks().stream()
                .filter(f -> subject.equals(f.subject()))
                .map(Finding::found)
                .reduce("", (a, b) -> a + b + "\n");
    }

    // --- What the tests are made of ---------------------------------------------------------------------------

    /// @param collections none for all
    private Plan plan(Catalog.Entry entry, String... collections) {
        try (MongoSource source = source()) {
            return new Planner(
                            "planned",
                            entry,
                            CollectionTarget.chosen(CollectionTarget.of(entry.mapping()), List.of(collections)),
                            new Planner.Options(false, false, 100, null))
                    .plan(source, connector(), new TargetDatabase(PostgresUri.parse(asRole())));
        }
    }

    private PipelineState run(Catalog.Entry entry) throws InterruptedException {
        try (MongoSource source = source()) {
            return new Pipeline(PipelineSpec.of("planned", entry.mapping(), source, connector())).run();
        }
    }

    private Pipeline start(Catalog.Entry entry) {
        MongoSource source = source();
        Pipeline pipeline = new Pipeline(PipelineSpec.of("planned", entry.mapping(), source, connector()));
        Thread.ofPlatform().start(() -> {
            try (source) {
                pipeline.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        return pipeline;
    }

    /// Waits until what was written before this call is applied, and the documents that it listed are resynced.
    private void awaitApplied(Pipeline pipeline) {
        Instant now = Instant.now();
        await().atMost(Duration.ofSeconds(90)).until(() -> {
            if (pipeline.status().state() instanceof PipelineState.Failed failed) {
                throw new AssertionError(failed.forPeople());
            }
            Instant watermark = pipeline.status().lag().watermark();
            return pipeline.status().state() instanceof PipelineState.Streaming
                    && watermark != null
                    && watermark.isAfter(now)
                    && rows("SELECT id FROM sluice.resync").isEmpty();
        });
    }

    private MongoSource source() {
        return new MongoSource(TestingServers.mongo().uri(), mongo.getName());
    }

    private PostgresConnector connector() {
        return new PostgresConnector(PostgresUri.parse(asRole()));
    }

    private String asRole() {
        return "postgresql://" + role + "@"
                + TestingServers.postgres()
                        .uri(PostgresUri.parse(postgres).database())
                        .replaceFirst("^.*@", "");
    }

    private static Catalog.Entry mapping(String collections) {
        String text = "mapping: planned\ndatabase: d\ncollections:\n"
                + (collections.isEmpty() ? "a: {key: {column: id, type: text}}" : collections).indent(2);
        return new Catalog.Entry(MappingReader.read("test.yaml", text), Optional.empty(), text);
    }

    private List<String> tables() {
        return rows("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'");
    }

    private void execute(String sql) {
        try (Connection connection = new PostgresConnector(PostgresUri.parse(postgres)).openForLongWork();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    private String query(String sql) {
        return rows(sql).getFirst();
    }

    /// The rows of a query, each as its values joined by `|`.
    private List<String> rows(String sql) {
        try (Connection connection = new PostgresConnector(PostgresUri.parse(postgres)).openForLongWork();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            List<String> rows = new ArrayList<>();
            while (row.next()) {
                List<String> values = new ArrayList<>();
                for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
                    values.add(String.valueOf(row.getString(i)));
                }
                rows.add(String.join("|", values));
            }
            return rows;
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }
}
