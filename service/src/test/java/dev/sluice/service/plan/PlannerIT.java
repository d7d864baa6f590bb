package dev.sluice.service.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.CreateCollectionOptions;
import com.mongodb.client.model.TimeSeriesOptions;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.schema.Catalog;
import dev.sluice.schema.MappingReader;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.check.TargetDatabase;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.testkit.TestingServers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.assertj.core.groups.Tuple;
import org.bson.Document;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Each check, on real servers that fail it, and on ones that do not.
class PlannerIT {
    private static final String DEMO = "demo";

    private final Path folder;
    private final MongoDatabase mongo = TestingServers.mongoDatabase();
    private final List<String> undo = new ArrayList<>();

    PlannerIT(@TempDir Path folder) {
        this.folder = folder;
    }

    @AfterEach
    void clean() {
        undo.reversed().forEach(sql -> execute(TestingServers.postgres().uri(), sql));
        mongo.drop();
    }

    // --- Both sides in order ----------------------------------------------------------------------------------

    @Test
    void whereAllIsWellNothingIsAProblemAndNothingIsChanged() {
        mongo.getCollection("users").insertOne(user("a"));
        mongo.getCollection("orders").insertOne(order(1));
        String postgres = TestingServers.postgres().createDatabase();

        Plan bare = demo(postgres);

        assertThat(bare.problems()).isZero();
        assertThat(bare.complete()).isTrue();
        assertThat(of(bare, Check.POSTGRES_MIGRATIONS)).satisfiesExactly(f -> {
            assertThat(f.status()).isEqualTo(Status.INFO);
            assertThat(f.found()).contains("migrations are not applied");
        });
        assertThat(of(bare, Check.TABLE))
                .satisfiesExactly(f -> assertThat(f.found())
                        .contains("public.users", "public.orders", "public.order_lines", "not there yet"));
        assertThat(query(
                        postgres,
                        "SELECT string_agg(nspname, ',' ORDER BY nspname) FROM pg_namespace"
                                + " WHERE nspname !~ '^(pg_|information_schema)'"))
                .isEqualTo("public");
        assertThat(query(postgres, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
                .isEqualTo("0");
        assertThat(mongo.listCollectionNames()).containsExactlyInAnyOrder("users", "orders");

        new TargetDatabase(PostgresUri.parse(postgres)).migrate(Catalog.load(DEMO));
        Plan migrated = demo(postgres);

        assertThat(migrated.problems()).isZero();
        // The oplog of a server that was just made is short.
        assertThat(migrated.checks())
                .filteredOn(f -> f.check() != Check.MONGO_OPLOG)
                .noneMatch(f -> f.status() == Status.WARNING);
        assertThat(of(migrated, Check.TABLE)).hasSize(3).allMatch(f -> f.status() == Status.OK);
        // One document need not have every field.
        assertThat(of(migrated, Check.FIELDS_ABSENT)).isNotEmpty().allMatch(f -> f.status() == Status.INFO);
        assertThat(query(postgres, "SELECT count(*) FROM users")).isEqualTo("0");
        assertThat(query(postgres, "SELECT count(*) FROM sluice.position")).isEqualTo("0");
    }

    @Nested
    class MongoSide {
        @Test
        void aCollectionThatIsNotThereIsNamedWithTheOneThatIsSpeltLikeIt() {
            mongo.getCollection("Users").insertOne(user("a"));

            Plan plan = demo(migrated());

            assertThat(of(plan, Check.COLLECTION_MISSING))
                    .allMatch(f -> f.status() == Status.WARNING)
                    .extracting(Finding::found)
                    .satisfiesExactly(
                            twin -> assertThat(twin).contains("collection users", "has Users"),
                            other -> assertThat(other).contains("collection orders", "has none of that name"));
            assertThat(one(plan, Check.COLLECTION_UNMAPPED).found()).contains("Users");
            assertThat(plan.problems()).isZero();
        }

        @Test
        void whatIsNeitherMappedNorIgnoredIsNamed() {
            mongo.getCollection("logs").insertOne(new Document("_id", 1));
            mongo.getCollection("carts").insertOne(new Document("_id", 1));

            Finding finding = one(plan(migrated(), yaml("ignore: [logs]", """
                            users: {key: {column: id, type: text}}""")), Check.COLLECTION_UNMAPPED);

            assertThat(finding.status()).isEqualTo(Status.WARNING);
            assertThat(finding.subject()).isEqualTo("carts");
        }

        @Test
        void aViewATimeSeriesAndACappedCollectionAreNotLikeOthers() {
            mongo.getCollection("base").insertOne(new Document("_id", 1));
            mongo.createView("seen", "base", List.of());
            mongo.createCollection(
                    "measured", new CreateCollectionOptions().timeSeriesOptions(new TimeSeriesOptions("at")));
            mongo.createCollection(
                    "recent", new CreateCollectionOptions().capped(true).sizeInBytes(4_096));
            String postgres = postgresWith("CREATE TABLE t (id text PRIMARY KEY)");

            Plan plan = plan(postgres, yaml("ignore: [base]", """
                    seen: {table: t1, key: {column: id, type: text}}
                    measured: {table: t2, key: {column: id, type: text}}
                    recent: {table: t3, key: {column: id, type: text}}"""));

            assertThat(of(plan, Check.COLLECTION_KIND))
                    .satisfiesExactlyInAnyOrder(
                            f -> assertThat(f)
                                    .returns("seen", Finding::subject)
                                    .returns(Status.PROBLEM, Finding::status),
                            f -> assertThat(f)
                                    .returns("measured", Finding::subject)
                                    .returns(Status.PROBLEM, Finding::status),
                            f -> assertThat(f)
                                    .returns("recent", Finding::subject)
                                    .returns(Status.WARNING, Finding::status));
        }

        @Test
        void theSizeOfDocumentsIsSaid() {
            mongo.getCollection("users").insertOne(user("a").append("blob", "x".repeat(1_500_000)));

            Finding finding = one(demo(migrated()), Check.DOCUMENT_SIZE);

            assertThat(finding.status()).isEqualTo(Status.OK);
            assertThat(finding.found()).contains("users: 1.5 MB on average");
        }

        @Test
        void anOplogThatIsShortForTheCopyIsWarnedOfWithTheFigures() {
            String postgres = migrated();
            Plan nothing = demo(postgres);
            List<Document> users = new ArrayList<>();
            for (int i = 0; i < 3_000; i++) {
                users.add(new Document("_id", i));
            }
            mongo.getCollection("users").insertMany(users);

            Plan assumed = demo(postgres);
            // 50 minutes, three times over: no server of a test is as old.
            Plan slow = plan(postgres, Catalog.load(DEMO), new Planner.Options(true, true, 0, 1));

            assertThat(one(nothing, Check.MONGO_OPLOG).status()).isEqualTo(Status.OK);
            assertThat(assumed.estimate())
                    .returns(3_000L, CopyEstimate::documents)
                    .returns(CopyEstimate.Basis.ASSUMED, CopyEstimate::basis)
                    .returns(1L, CopyEstimate::seconds);
            assertThat(one(assumed, Check.MONGO_OPLOG).found())
                    .contains("about 3,000 documents", "takes about 1 s", "assumed, not measured", "--rate");
            assertThat(slow.estimate())
                    .returns(CopyEstimate.Basis.GIVEN, CopyEstimate::basis)
                    .returns(3_000L, CopyEstimate::seconds);
            assertThat(one(slow, Check.MONGO_OPLOG).status()).isEqualTo(Status.WARNING);
            assertThat(one(slow, Check.MONGO_OPLOG).found())
                    .contains("takes about 50 min (3000 s) at 1 documents/s (given");
        }

        @Test
        void earlierCopiesGiveTheRate() {
            mongo.getCollection("users").insertOne(user("a"));
            String postgres = migrated();
            execute(
                    postgres,
                    "INSERT INTO sluice.backfill (pipeline, collection, state, documents, started_at, finished_at)"
                            + " VALUES ('x', 'y', 'done', 20000, now() - interval '10 s', now())");

            CopyEstimate estimate = demo(postgres).estimate();

            assertThat(estimate.basis()).isEqualTo(CopyEstimate.Basis.MEASURED);
            assertThat(estimate.rate().documentsPerSecond()).isCloseTo(2_000, within(1.0));
        }
    }

    @Nested
    class PostgresSide {
        @Test
        void anotherEncodingThanUtf8IsAProblem() {
            String name = "latin_" + Long.toString(System.nanoTime(), 36);
            execute(
                    TestingServers.postgres().uri(),
                    "CREATE DATABASE " + name + " ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
            undo.add("DROP DATABASE " + name + " WITH (FORCE)");

            Finding finding = one(demo(TestingServers.postgres().uri(name)), Check.POSTGRES_ENCODING);

            assertThat(finding.status()).isEqualTo(Status.PROBLEM);
            assertThat(finding.found()).contains(name, "LATIN1");
        }

        @Test
        void aDatabaseThatIsReadOnlyByDefaultIsAProblem() {
            String postgres = migrated();
            execute(postgres, "ALTER DATABASE " + name(postgres) + " SET default_transaction_read_only = on");

            assertThat(one(demo(postgres), Check.POSTGRES_WRITABLE).status()).isEqualTo(Status.PROBLEM);
        }

        @Test
        void aMissingDatabaseIsFineForARoleThatMayCreateIt() {
            String missing = "missing_" + Long.toString(System.nanoTime(), 36);
            String poor = role("LOGIN");

            Plan mayCreate = demo(TestingServers.postgres().uri(missing));
            Plan mayNot = demo(as(poor, missing));
            Plan isNotTo = plan(
                    TestingServers.postgres().uri(missing),
                    Catalog.load(DEMO),
                    new Planner.Options(false, true, 0, null));

            assertThat(one(mayCreate, Check.POSTGRES_DATABASE).status()).isEqualTo(Status.INFO);
            assertThat(mayCreate.problems()).isZero();
            assertThat(one(mayNot, Check.POSTGRES_DATABASE).status()).isEqualTo(Status.PROBLEM);
            assertThat(one(mayNot, Check.POSTGRES_DATABASE).remedy()).contains("ALTER ROLE " + poor + " CREATEDB");
            assertThat(one(isNotTo, Check.POSTGRES_DATABASE).found()).contains("AUTO_CREATE_DB is false");
            assertThat(query(
                            TestingServers.postgres().uri(),
                            "SELECT count(*) FROM pg_database WHERE datname = '" + missing + "'"))
                    .isEqualTo("0");
        }

        @Test
        void everyRightThatARoleLacksIsNamed() {
            String postgres = migrated();
            String poor = role("LOGIN");
            execute(
                    postgres,
                    "REVOKE TEMPORARY ON DATABASE " + name(postgres) + " FROM PUBLIC; GRANT USAGE ON SCHEMA sluice TO "
                            + poor + "; GRANT SELECT ON ALL TABLES IN SCHEMA sluice TO " + poor
                            + "; GRANT SELECT ON sluice_history_demo TO " + poor + "; GRANT SELECT, INSERT ON users TO "
                            + poor + "; GRANT ALL ON orders, order_lines TO " + poor);

            Plan plan = demo(as(poor, name(postgres)));

            assertThat(of(plan, Check.POSTGRES_RIGHTS))
                    .allMatch(f -> f.status() == Status.PROBLEM)
                    .extracting(Finding::found)
                    .singleElement()
                    .asString()
                    .contains(poor, "temporary tables");
            assertThat(of(plan, Check.TABLE_RIGHTS))
                    .allMatch(f -> f.status() == Status.PROBLEM)
                    .extracting(Finding::subject)
                    .satisfiesExactly(
                            control -> assertThat(control).contains("sluice.position", "sluice.dead_letter"),
                            users -> assertThat(users).isEqualTo("public.users"));
        }

        @Test
        void aRoleThatMayNotMigrateIsToldSoWhereMigrationsAreToBeApplied() {
            String postgres = TestingServers.postgres().createDatabase();
            execute(postgres, "REVOKE CREATE ON SCHEMA public FROM PUBLIC");
            String poor = role("LOGIN");

            Plan plan = demo(as(poor, name(postgres)));

            assertThat(of(plan, Check.POSTGRES_RIGHTS))
                    .filteredOn(f -> f.status() == Status.PROBLEM)
                    .extracting(Finding::subject)
                    .containsExactly("sluice", "public");
        }

        @Test
        void schemasThatMigrationsMakeTakeTheRightToMakeThem() throws IOException {
            Catalog.Entry entry =
                    ownMigration("CREATE SCHEMA IF NOT EXISTS shelves;\nCREATE TABLE a (id text PRIMARY KEY);\n");
            String postgres = TestingServers.postgres().createDatabase();
            String owner = role("LOGIN");
            execute(
                    postgres,
                    "GRANT CREATE ON SCHEMA public TO " + owner + "; CREATE SCHEMA sluice AUTHORIZATION " + owner);

            Plan plan = plan(as(owner, name(postgres)), entry);

            assertThat(of(plan, Check.POSTGRES_RIGHTS))
                    .filteredOn(f -> f.status() == Status.PROBLEM)
                    .extracting(Finding::subject)
                    .containsExactly("shelves");
        }

        @Test
        @DisplayName("a column that is missing is a problem, and a warning where a pending migration names its table")
        void tablesAreJudgedWithWhatIsPending() throws IOException {
            String postgres = TestingServers.postgres().createDatabase();
            execute(postgres, "CREATE TABLE a (id text PRIMARY KEY)");

            Plan elsewhere = plan(postgres, withColumn("CREATE TABLE ab (id text PRIMARY KEY);\n"));
            Plan here = plan(postgres, withColumn("ALTER TABLE public.\"a\" ADD COLUMN name text;\n"));

            assertThat(one(elsewhere, Check.COLUMN_MISSING).status()).isEqualTo(Status.PROBLEM);
            assertThat(one(here, Check.COLUMN_MISSING)).satisfies(f -> {
                assertThat(f.status()).isEqualTo(Status.WARNING);
                assertThat(f.found()).contains("public.a.name does not exist", "the pending migration 0001 ");
                assertThat(f.remedy()).contains("sluice migrate", "plan again");
            });
        }

        @Test
        void pendingMigrationsAreAProblemWhereNobodyAppliesThem() {
            Plan plan = plan(
                    TestingServers.postgres().createDatabase(),
                    Catalog.load(DEMO),
                    new Planner.Options(true, false, 0, null));

            assertThat(one(plan, Check.POSTGRES_MIGRATIONS)).satisfies(f -> {
                assertThat(f.status()).isEqualTo(Status.PROBLEM);
                assertThat(f.found()).contains("AUTO_MIGRATE is false");
                assertThat(f.remedy()).contains("sluice migrate");
            });
        }

        @Test
        void aHistoryThatCanNotBeReadIsAProblem() {
            String postgres = migrated();

            Plan plan = demo(as(role("LOGIN"), name(postgres)));

            assertThat(one(plan, Check.POSTGRES_MIGRATIONS).found()).contains("can't be read");
            assertThat(of(plan, Check.TABLE_RIGHTS))
                    .filteredOn(f -> f.status() == Status.PROBLEM)
                    .extracting(Finding::remedy)
                    .anySatisfy(remedy -> assertThat(remedy).startsWith("GRANT USAGE ON SCHEMA \"sluice\" TO"));
        }

        @Test
        void aMigrationThatWasChangedAfterwardsIsAProblem() throws IOException {
            Catalog.Entry entry = ownMigration("CREATE TABLE a (id text PRIMARY KEY);\n");
            String postgres = TestingServers.postgres().createDatabase();
            new TargetDatabase(PostgresUri.parse(postgres)).migrate(entry);
            ownMigration("CREATE TABLE a (id text PRIMARY KEY, more text);\n");

            Plan plan = plan(postgres, entry);

            assertThat(of(plan, Check.POSTGRES_MIGRATIONS)).anySatisfy(f -> {
                assertThat(f.status()).isEqualTo(Status.PROBLEM);
                assertThat(f.found()).contains("0001", "not as it was applied");
            });
        }

        @Test
        void extensionsOfPendingMigrationsAreLookedFor() throws IOException {
            Catalog.Entry entry = ownMigration("""
                    -- CREATE EXTENSION only_in_a_comment;
                    CREATE EXTENSION IF NOT EXISTS no_such_extension;
                    CREATE EXTENSION "dblink";
                    create extension citext;
                    CREATE TABLE a (id text PRIMARY KEY);
                    """);
            String postgres = TestingServers.postgres().createDatabase();
            String owner = role("LOGIN");
            execute(
                    postgres,
                    "GRANT CREATE ON DATABASE " + name(postgres) + " TO " + owner + "; GRANT CREATE ON SCHEMA"
                            + " public TO " + owner);

            Plan plan = plan(as(owner, name(postgres)), entry);

            assertThat(of(plan, Check.POSTGRES_EXTENSION))
                    .satisfiesExactly(
                            f -> assertThat(f)
                                    .returns("no_such_extension", Finding::subject)
                                    .returns(Status.PROBLEM, Finding::status),
                            // There, and not for everybody ("trusted") to install.
                            f -> assertThat(f)
                                    .returns("dblink", Finding::subject)
                                    .returns(Status.PROBLEM, Finding::status),
                            f -> assertThat(f.found()).contains("citext is there to be installed"));
        }

        @Test
        void citextIsNeededByAMappingThatNamesIt() {
            String postgres = postgresWith("CREATE TABLE t (id text PRIMARY KEY, mail text)");
            String poor = role("LOGIN");
            execute(postgres, "GRANT ALL ON t TO " + poor);

            Plan plan = plan(as(poor, name(postgres)), yaml("", """
                    t: {key: {column: id, type: text}, columns: {mail: citext}}"""));

            assertThat(one(plan, Check.POSTGRES_EXTENSION))
                    .returns("citext", Finding::subject)
                    .returns(Status.PROBLEM, Finding::status);
        }

        @Test
        void aRoleWithFewConnectionsIsWarnedOf() {
            String postgres = migrated();
            String limited = role("LOGIN CONNECTION LIMIT 4");

            assertThat(one(demo(as(limited, name(postgres))), Check.POSTGRES_CONNECTIONS))
                    .returns(Status.WARNING, Finding::status)
                    .satisfies(f -> assertThat(f.found()).startsWith("3 of "));
        }

        @Test
        void freeDiskIsSaidOnlyWhereItIsSeen() {
            String postgres = migrated();

            Finding superuser = one(demo(postgres), Check.POSTGRES_DISK);
            Finding other = one(demo(as(role("LOGIN"), name(postgres))), Check.POSTGRES_DISK);

            // The server of the test may be in a container or elsewhere.
            assertThat(superuser.found()).containsAnyOf("are free where PostgreSQL keeps its data", "not visible");
            // The setting data_directory is not for everybody.
            assertThat(other.found()).contains("not visible");
        }

        @Test
        void aServerThatIsAwayDoesNotKeepTheOtherFromBeingLookedAt() {
            mongo.getCollection("users").insertOne(user("a"));

            Plan plan = demo("postgresql://u:hush-hush@127.0.0.1:1/x");

            assertThat(plan.complete()).isFalse();
            assertThat(one(plan, Check.POSTGRES_REACHABLE).status()).isEqualTo(Status.PROBLEM);
            assertThat(one(plan, Check.MONGO_READ).status()).isEqualTo(Status.OK);
            assertThat(plan.dryRun()).hasSize(1);
            assertThat(plan.forPeople())
                    .contains("Not everything could be checked")
                    .doesNotContain("hush-hush");
        }
    }

    @Nested
    class Tables {
        @Test
        void tablesAndColumnsThatAreMissingOrCanNotBeWrittenAreNamed() {
            Plan plan = planOf("""
                    CREATE TABLE t (id text PRIMARY KEY, n bigint GENERATED ALWAYS AS (1) STORED);
                    CREATE VIEW v AS SELECT 'x' AS id""", """
                    t: {key: {column: id, type: text}, columns: {nope: text, n: bigint}}
                    v: {key: {column: id, type: text}}
                    gone: {key: {column: id, type: text}}""");

            assertThat(of(plan, Check.COLUMN_MISSING))
                    .allMatch(f -> f.status() == Status.PROBLEM)
                    .extracting(Finding::subject)
                    .containsExactly("public.t.nope");
            assertThat(of(plan, Check.COLUMN_GENERATED))
                    .singleElement()
                    .returns("public.t.n", Finding::subject)
                    .returns(Status.PROBLEM, Finding::status);
            assertThat(of(plan, Check.TABLE))
                    .allMatch(f -> f.status() == Status.PROBLEM)
                    .extracting(Finding::found)
                    .satisfiesExactly(
                            view -> assertThat(view).contains("public.v is a view"),
                            gone -> assertThat(gone).contains("public.gone", "does not exist"));
        }

        @Test
        void columnsThatMustHaveAValueAndGetNoneAreNamed() {
            Plan plan = planOf("""
                    CREATE TABLE t (id text PRIMARY KEY, must text NOT NULL, filled text NOT NULL,
                      has_default text NOT NULL DEFAULT '', counted bigint GENERATED BY DEFAULT AS IDENTITY,
                      made text NOT NULL GENERATED ALWAYS AS (id) STORED, may text);
                    CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS
                      $$ BEGIN IF NEW.must = '' THEN NULL; END IF; NEW.filled := 'x'; RETURN NEW; END $$;
                    CREATE TRIGGER fill BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION fill()""", """
                    t: {key: {column: id, type: text}}""");

            assertThat(of(plan, Check.COLUMN_REQUIRED))
                    .singleElement()
                    .returns("public.t.must", Finding::subject)
                    .returns(Status.PROBLEM, Finding::status);
            assertThat(one(plan, Check.COLUMN_UNMAPPED)).satisfies(f -> {
                assertThat(f.status()).isEqualTo(Status.INFO);
                assertThat(f.found()).contains("filled, has_default, counted, made, may");
            });
        }

        @Test
        void typesThatCanNotBeAssignedAreProblemsAndThoseThatLoseAreWarnings() {
            Plan plan = planOf("""
                    CREATE TYPE mood AS ENUM ('good', 'bad');
                    CREATE DOMAIN amount AS numeric(10,2);
                    CREATE TABLE t (id text PRIMARY KEY, a uuid, b mood, c bigint, d integer, e amount, f text, g uuid[],
                      h bigint[], i varchar(20))""", """
                    t:
                      key: {column: id, type: text}
                      columns: {a: text, b: text, c: integer, d: bigint, e: numeric, f: uuid, g: "text[]", h: "integer[]",
                        i: varchar(20)}""");

            assertThat(of(plan, Check.COLUMN_TYPE))
                    .filteredOn(f -> f.status() == Status.PROBLEM)
                    .extracting(Finding::subject)
                    .containsExactly("public.t.a", "public.t.g");
            assertThat(of(plan, Check.COLUMN_TYPE))
                    .filteredOn(f -> f.status() == Status.INFO)
                    .as("one line for like columns")
                    .singleElement()
                    .returns("public.t.b, public.t.e", Finding::subject)
                    .satisfies(f -> assertThat(f.found())
                            .startsWith("public.t has 2 columns of types")
                            .contains(
                                    "b (mood, written as text), e (amount, written as numeric)", "kept in quarantine"));
            assertThat(of(plan, Check.COLUMN_TYPE))
                    .filteredOn(f -> f.status() == Status.WARNING)
                    .extracting(Finding::found)
                    .satisfiesExactly(
                            d -> assertThat(d).contains("public.t.d is integer", "writes bigint", "out of range"),
                            e -> assertThat(e).contains("public.t.e is amount", "rounds to 2 digits"));
        }

        @Test
        void aKeyColumnThatTakesSeveralKeysForOneIsAProblem() {
            Plan plan = planOf("""
                    CREATE TABLE cut (id char(24) PRIMARY KEY);
                    CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
                    CREATE TABLE t (id text COLLATE loose PRIMARY KEY);
                    CREATE TABLE lines (t name, n integer, PRIMARY KEY (t, n));
                    CREATE TABLE fine (id text PRIMARY KEY)""", """
                    cut: {key: {column: id, type: text}}
                    t: {key: {column: id, type: text}, children: {lines: {from: lines, parent: t, ordinal: n}}}
                    fine: {key: {column: id, type: text}}""");

            assertThat(of(plan, Check.KEY_EQUALITY))
                    .allMatch(f -> f.status() == Status.PROBLEM && f.remedy() != null)
                    .extracting(Finding::subject)
                    .containsExactlyInAnyOrder("public.cut.id", "public.t.id", "public.lines.t");
        }

        @Test
        void theIndexThatRecognisesRowsMustBeThereAndOthersAreSaid() {
            Plan plan = planOf("""
                    CREATE TABLE t (id text, mail text UNIQUE, code text, own text UNIQUE);
                    CREATE UNIQUE INDEX lower_code ON t (lower(code));
                    CREATE UNIQUE INDEX partial ON t (id) WHERE mail IS NOT NULL;
                    ALTER TABLE t ADD made_of_id text UNIQUE;
                    CREATE TABLE fine (id text PRIMARY KEY, a text, b text, UNIQUE (a, b))""", """
                    t: {key: {column: id, type: text}, columns: {mail: text, code: text, made_of_id: {type: text, from: _id}}}
                    fine:
                      key: {column: id, type: text}
                      conflict: [b, a]
                      columns: {a: text, b: text}""");

            assertThat(of(plan, Check.CONFLICT_TARGET))
                    .singleElement()
                    .returns("public.t", Finding::subject)
                    .returns(Status.PROBLEM, Finding::status);
            assertThat(of(plan, Check.UNIQUE_INDEX))
                    .allMatch(f -> f.status() == Status.INFO)
                    .extracting(Finding::subject)
                    .containsExactly("public.t.lower_code, public.t.t_mail_key");
        }

        @Test
        void constraintsOnMappedColumnsAreSaid() {
            Plan plan = planOf("""
                    CREATE TABLE t (id text PRIMARY KEY, age integer CONSTRAINT grown CHECK (age >= 18),
                      other integer CONSTRAINT other_positive CHECK (other > 0))""", """
                    t: {key: {column: id, type: text}, columns: {age: integer}}""");

            assertThat(of(plan, Check.CHECK_CONSTRAINT))
                    .singleElement()
                    .returns("public.t.grown", Finding::subject)
                    .returns(Status.INFO, Finding::status)
                    .satisfies(f -> assertThat(f.found()).contains("age >= 18"));
        }

        @Test
        void aForeignKeyWantsAReferenceUnlessTheRowsAreWrittenTogetherOrATriggerMakesThem() {
            Plan plan = planOf("""
                    CREATE TABLE u (id text PRIMARY KEY);
                    CREATE TABLE t (id text PRIMARY KEY, bare text CONSTRAINT bare_fk REFERENCES u,
                      looked text CONSTRAINT looked_fk REFERENCES u, unwritten text CONSTRAINT unwritten_fk REFERENCES u);
                    CREATE TABLE made (id text PRIMARY KEY, u text CONSTRAINT made_fk REFERENCES u);
                    CREATE FUNCTION make() RETURNS trigger LANGUAGE plpgsql AS
                      $$ BEGIN INSERT INTO u VALUES (NEW.u) ON CONFLICT DO NOTHING; RETURN NEW; END $$;
                    CREATE TRIGGER make BEFORE INSERT ON made FOR EACH ROW EXECUTE FUNCTION make();
                    CREATE TABLE lines (t text REFERENCES t, n integer, PRIMARY KEY (t, n))""", """
                    u: {key: {column: id, type: text}}
                    t:
                      key: {column: id, type: text}
                      columns: {bare: text, looked: {type: text, reference: {table: u, match: id, take: id}}}
                      children: {lines: {from: lines, parent: t, ordinal: n}}
                    made: {key: {column: id, type: text}, columns: {u: text}}""");

            assertThat(of(plan, Check.FOREIGN_KEY))
                    .satisfiesExactly(
                            f -> assertThat(f)
                                    .returns("public.t.bare_fk", Finding::subject)
                                    .returns(Status.WARNING, Finding::status)
                                    .extracting(Finding::found, InstanceOfAssertFactories.STRING)
                                    .contains("may arrive before the one it refers to", "(23503)"),
                            f -> assertThat(f)
                                    .returns("public.made.made_fk", Finding::subject)
                                    .returns(Status.INFO, Finding::status),
                            f -> assertThat(f)
                                    .returns("public.made.made_fk", Finding::subject)
                                    .returns(Status.WARNING, Finding::status),
                            f -> assertThat(f)
                                    .returns("public.t.unwritten_fk", Finding::subject)
                                    .returns(Status.WARNING, Finding::status));
        }

        @Test
        void whatAReferenceLooksInMustBeThereAndComparable() {
            Plan plan = planOf("""
                    CREATE TABLE u (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), legacy text UNIQUE, must text NOT NULL);
                    CREATE TABLE t (id text PRIMARY KEY, a uuid, b uuid, c uuid, d integer, e uuid, f uuid)""", """
                    t:
                      key: {column: id, type: text}
                      columns:
                        a: {type: uuid, reference: {table: gone, match: legacy, match_type: text, take: id}}
                        b: {type: uuid, reference: {table: u, match: nope, match_type: text, take: id}}
                        c: {type: uuid, reference: {table: u, match: id, match_type: text, take: id}}
                        d: {type: integer, reference: {table: u, match: legacy, match_type: text, take: id}}
                        e: {type: uuid, reference: {table: u, match: legacy, match_type: text, take: id, orphan: create}}
                        f: {type: uuid, reference: {table: u, match: legacy, match_type: text, take: id}}""");

            assertThat(of(plan, Check.REFERENCE))
                    .allMatch(f -> f.status() == Status.PROBLEM)
                    .satisfiesExactly(
                            a -> assertThat(a.found()).contains("public.t.a", "public.gone, which does not exist"),
                            b -> assertThat(b.found()).contains("public.t.b", "has no column nope"),
                            c -> assertThat(c.found())
                                    .contains("public.t.c", "as text in public.u.id", "can't compare"),
                            e -> assertThat(e.found()).contains("public.t.e", "without a default: must"));
            assertThat(of(plan, Check.COLUMN_TYPE))
                    .singleElement()
                    .returns("public.t.d", Finding::subject)
                    .returns(Status.PROBLEM, Finding::status);
        }

        @Test
        void rightsInTablesThatAreOnlyLookedInAreLookedFor() {
            String postgres = postgresWith("""
                    CREATE TABLE hidden (id uuid PRIMARY KEY, legacy text UNIQUE);
                    CREATE TABLE seen (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), legacy text UNIQUE);
                    CREATE TABLE held (id uuid PRIMARY KEY, legacy text UNIQUE);
                    CREATE TABLE t (id text PRIMARY KEY, a uuid, b uuid, c uuid REFERENCES held)""");
            String poor = role("LOGIN");
            execute(postgres, "GRANT ALL ON t TO " + poor + "; GRANT SELECT ON seen, held TO " + poor);

            Plan plan = plan(as(poor, name(postgres)), yaml("", """
                    t:
                      key: {column: id, type: text}
                      columns:
                        a: {type: uuid, reference: {table: hidden, match: legacy, match_type: text, take: id}}
                        b: {type: uuid, reference: {table: seen, match: legacy, match_type: text, take: id, orphan: create}}
                        c: {type: uuid, reference: {table: held, match: legacy, match_type: text, take: id}}"""));

            assertThat(of(plan, Check.TABLE_RIGHTS))
                    .allMatch(f -> f.status() == Status.PROBLEM)
                    .extracting(Finding::found)
                    .satisfiesExactly(
                            a -> assertThat(a)
                                    .contains(
                                            "public.hidden: the role " + poor + " lacks SELECT, UPDATE", "public.t.a"),
                            b -> assertThat(b)
                                    .contains("public.seen: the role " + poor + " lacks INSERT, UPDATE", "public.t.b"));
        }

        @Test
        void anIndexThatLeavesOutNullsRecognisesRowsToo() {
            Plan plan = planOf("""
                    CREATE TABLE t (id text, "By" text, other text);
                    CREATE UNIQUE INDEX by_key ON t ("By") WHERE "By" IS NOT NULL;
                    CREATE TABLE u (id text, other text);
                    CREATE UNIQUE INDEX partly ON u (id) WHERE other IS NOT NULL""", """
                    t: {key: {column: By, type: text}}
                    u: {key: {column: id, type: text}}""");

            assertThat(of(plan, Check.CONFLICT_TARGET)).singleElement().returns("public.u", Finding::subject);
        }

        @Test
        @DisplayName("which trigger sets what is said as it was found by trying, and what becomes of it")
        void triggers() {
            Plan plan = planOf("""
                    CREATE TABLE t (id text PRIMARY KEY, at timestamptz, who text, free text, made timestamptz, name text);
                    CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS
                      $$ BEGIN NEW.at := now(); RETURN NEW; END $$;
                    CREATE FUNCTION polite() RETURNS trigger LANGUAGE plpgsql AS
                      $$ BEGIN IF current_setting('sluice.applying', true) = 'on' THEN RETURN NEW; END IF;
                         NEW.who = current_user; RETURN NEW; END $$;
                    CREATE FUNCTION elsewhere() RETURNS trigger LANGUAGE plpgsql AS
                      $$ BEGIN -- NEW.who := 'x';
                         IF NEW.who = 'x' THEN NEW.free := 'y'; END IF; RETURN NEW; END $$;
                    CREATE FUNCTION made() RETURNS trigger LANGUAGE plpgsql AS
                      $$ BEGIN NEW.made := now(); RETURN NEW; END $$;
                    CREATE FUNCTION loud() RETURNS trigger LANGUAGE plpgsql AS
                      $$ BEGIN NEW.name := upper(NEW.name); RETURN NEW; END $$;
                    CREATE FUNCTION picky() RETURNS trigger LANGUAGE plpgsql AS
                      $$ BEGIN RAISE 'no'; END $$;
                    CREATE TABLE u (id text PRIMARY KEY, at timestamptz);
                    CREATE TRIGGER picky BEFORE UPDATE ON u FOR EACH ROW EXECUTE FUNCTION picky();
                    CREATE FUNCTION deaf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
                    CREATE TABLE v (id text PRIMARY KEY);
                    CREATE TRIGGER deaf BEFORE INSERT ON v FOR EACH ROW EXECUTE FUNCTION deaf();
                    CREATE FUNCTION fickle() RETURNS trigger LANGUAGE plpgsql AS
                      $$ BEGIN DELETE FROM w WHERE id = NEW.id; RETURN NULL; END $$;
                    CREATE TABLE w (id text PRIMARY KEY);
                    CREATE TRIGGER fickle AFTER INSERT ON w FOR EACH ROW EXECUTE FUNCTION fickle();
                    CREATE TRIGGER tomb BEFORE DELETE ON w FOR EACH ROW EXECUTE FUNCTION deaf();
                    CREATE TRIGGER e_made BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION made();
                    CREATE TRIGGER f_loud BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION loud();
                    CREATE TRIGGER a_stamp BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION stamp();
                    CREATE TRIGGER b_polite BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION polite();
                    CREATE TRIGGER c_elsewhere BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION elsewhere();
                    CREATE TRIGGER d_insert BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION stamp()""", """
                    t: {key: {column: id, type: text}, columns: {at: {type: timestamptz, write: along}, who: text,
                        made: timestamptz, name: text}}
                    u: {key: {column: id, type: text}, columns: {at: {type: timestamptz, write: along}}}
                    v: {key: {column: id, type: text}}
                    w: {key: {column: id, type: text}}""");

            assertThat(of(plan, Check.TRIGGER))
                    .extracting(Finding::status, Finding::subject, Finding::found)
                    .satisfiesExactly(
                            at -> assertThat(at.toList())
                                    .containsSubsequence(Status.INFO, "public.t.at")
                                    .last(InstanceOfAssertFactories.STRING)
                                    .contains("a_stamp (stamp), d_insert (stamp) whatever is written", "leave it out"),
                            made -> assertThat(made.toList())
                                    .containsSubsequence(Status.INFO, "public.t.made")
                                    .last(InstanceOfAssertFactories.STRING)
                                    .contains("e_made (made) when a row is inserted", "a second time"),
                            name -> assertThat(name.toList())
                                    .containsSubsequence(Status.WARNING, "public.t.name")
                                    .last(InstanceOfAssertFactories.STRING)
                                    .contains("f_loud (loud) whatever is written", "a repair changes nothing"),
                            picky -> assertThat(picky.toList())
                                    .containsSubsequence(Status.WARNING, "public.u")
                                    .last(InstanceOfAssertFactories.STRING)
                                    .contains("picky (picky)", "could not be found out", "P0001", "comparisons report"),
                            deaf -> assertThat(deaf.toList())
                                    .containsSubsequence(Status.WARNING, "public.v")
                                    .last(InstanceOfAssertFactories.STRING)
                                    .contains("deaf (deaf)", "let no row be inserted", "becomes a dead letter"),
                            fickle -> assertThat(fickle.toList())
                                    .containsSubsequence(Status.WARNING, "public.w")
                                    .last(InstanceOfAssertFactories.STRING)
                                    .contains("fickle (fickle)", "deletes rows of public.w after they are written"),
                            tomb -> assertThat(tomb.toList())
                                    .containsSubsequence(Status.WARNING, "public.w")
                                    .last(InstanceOfAssertFactories.STRING)
                                    .contains("tomb (deaf)", "stay that are deleted"));
        }

        @Test
        @DisplayName(
                "row level security is a problem where it may hide rows from the role or refuse them, and only there")
        void rowSecurity() {
            String postgres = postgresWith(
                    "CREATE TABLE t (id text PRIMARY KEY, n integer); ALTER TABLE t ENABLE ROW LEVEL SECURITY");
            String poor = role("LOGIN");
            execute(postgres, "GRANT ALL ON t TO " + poor);
            Catalog.Entry entry = yaml("", "t: {key: {column: id, type: text}}");

            assertThat(of(plan(postgres, entry), Check.ROW_SECURITY)).isEmpty();
            String everything = "CREATE POLICY a ON t TO " + poor + " USING (current_user = '" + poor + "')";
            for (String[] policiesAndWhy : new String[][] {
                {"", "no policy lets the role SELECT, INSERT, UPDATE, DELETE"},
                {"CREATE POLICY a ON t TO pg_monitor USING (true)", "no policy lets the role SELECT"},
                {
                    "CREATE POLICY a ON t USING (n < 10) WITH CHECK (true)",
                    "a decides row by row what the role may SELECT"
                },
                {
                    "CREATE POLICY a ON t USING (true) WITH CHECK (n < 10)",
                    "decides row by row what the role may INSERT, UPDATE"
                },
                {"CREATE POLICY a ON t FOR SELECT USING (true)", "no policy lets the role INSERT, UPDATE, DELETE"},
                {everything + "; CREATE POLICY b ON t AS RESTRICTIVE FOR DELETE USING (n < 10)", "the policy b decides"
                },
            }) {
                execute(postgres, "DROP POLICY IF EXISTS a ON t; DROP POLICY IF EXISTS b ON t; " + policiesAndWhy[0]);
                assertThat(one(plan(as(poor, name(postgres)), entry), Check.ROW_SECURITY))
                        .returns(Status.PROBLEM, Finding::status)
                        .returns("public.t", Finding::subject)
                        .satisfies(f -> assertThat(f.found()).contains(policiesAndWhy[1]));
            }
            execute(
                    postgres,
                    "DROP POLICY a ON t; DROP POLICY b ON t; " + everything + "; CREATE POLICY b ON t USING (n < 10)");
            assertThat(of(plan(as(poor, name(postgres)), entry), Check.ROW_SECURITY))
                    .isEmpty();
        }

        @Test
        @DisplayName("what is the matter with a key is said once")
        void oneLineForOneCause() {
            Plan plan = planOf("""
                    CREATE DOMAIN code AS char(10);
                    CREATE TABLE cut (id code PRIMARY KEY);
                    CREATE TABLE short (id varchar(3) PRIMARY KEY);
                    CREATE TABLE folded (id text PRIMARY KEY);
                    CREATE FUNCTION fold() RETURNS trigger LANGUAGE plpgsql AS
                      $$ BEGIN NEW.id := lower(NEW.id); RETURN NEW; END $$;
                    CREATE TRIGGER fold BEFORE INSERT ON folded FOR EACH ROW EXECUTE FUNCTION fold()""", """
                    cut: {key: {column: id, type: text}}
                    short: {key: {column: id, type: text}}
                    folded: {key: {column: id, type: text}}""");

            assertThat(plan.checks())
                    .filteredOn(f -> f.check().side() == Check.Side.TABLES)
                    .allMatch(f -> f.status() == Status.PROBLEM)
                    .satisfiesExactly(
                            f -> assertThat(f.found()).startsWith("public.cut.id is the key"),
                            f -> assertThat(f.found())
                                    .startsWith("public.short.id is the key and is character varying(3)")
                                    .contains("refuses keys of more than 3 characters"),
                            f -> assertThat(f.found())
                                    .startsWith("public.folded.id is changed by the trigger fold (fold)"));
        }

        @Test
        @DisplayName("like findings of one table are one line, with how many they are and their names")
        void folded() {
            Plan plan = planOf("""
                    CREATE TABLE t (id text PRIMARY KEY, a text UNIQUE, b text UNIQUE CHECK (b <> ''), c text CHECK (c <> ''),
                      d varchar(9), e varchar(9), f varchar(8), at timestamptz, made timestamptz);
                    CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS
                      $$ BEGIN NEW.at := now(); NEW.made := now(); RETURN NEW; END $$;
                    CREATE TRIGGER stamp BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION stamp()""", """
                    t: {key: {column: id, type: text}, columns: {a: text, b: text, c: text, d: text, e: text, f: text,
                        at: timestamptz, made: timestamptz}}""");

            assertThat(plan.checks())
                    .filteredOn(f -> f.check().side() == Check.Side.TABLES)
                    .extracting(f -> f.check() + " " + f.subject())
                    .containsExactly(
                            "COLUMN_TYPE public.t.d, public.t.e",
                            "COLUMN_TYPE public.t.f",
                            "UNIQUE_INDEX public.t.t_a_key, public.t.t_b_key",
                            "CHECK_CONSTRAINT public.t.t_b_check, public.t.t_c_check",
                            "TRIGGER public.t.at, public.t.made");
            assertThat(one(plan, Check.UNIQUE_INDEX).found()).contains("has 2 unique indexes", "in one of them");
            assertThat(one(plan, Check.CHECK_CONSTRAINT).found()).contains("has 2 check constraints");
        }
    }

    @Nested
    class DryRuns {
        @Test
        void aSampleIsTakenFromBothEndsAndCountedWithoutAnyValue() {
            List<Document> documents = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                Document document = new Document("_id", i).append("name", "n");
                if (i == 0) {
                    document.append("age", "oldest-secret");
                }
                if (i == 999) {
                    document.append("born", "newest-secret");
                }
                documents.add(document);
            }
            mongo.getCollection("people").insertMany(documents);

            Plan plan = plan(
                    postgresWith(
                            "CREATE TABLE people (id bigint PRIMARY KEY, name text, age integer, born timestamptz)"),
                    yaml("", """
                            people:
                              key: {column: id, type: bigint}
                              columns: {name: text, age: integer, born: {type: timestamptz, misfit: reject}}"""),
                    new Planner.Options(true, true, 30, null));

            Forecast forecast = plan.dryRun().getFirst();
            // A document that is sampled twice is counted once.
            assertThat(forecast.documentsRead()).isBetween(20L, 30L);
            assertThat(forecast.estimatedDocuments()).isEqualTo(1_000);
            assertThat(forecast.rows()).isEqualTo(forecast.documentsRead() - 1);
            assertThat(forecast.quarantined())
                    .singleElement()
                    .returns("people.age", Forecast.Quarantined::column)
                    .returns(1L, Forecast.Quarantined::values);
            assertThat(forecast.rejected())
                    .singleElement()
                    .returns("people.born", Forecast.Rejected::column)
                    .returns(1L, Forecast.Rejected::documents);
            assertThat(one(plan, Check.DEAD_LETTERS).status()).isEqualTo(Status.WARNING);
            assertThat(plan.forPeople()).doesNotContain("secret");
        }

        @Test
        @DisplayName("each reason for dead letters is a line with its number and its own remedy")
        void remediesByReason() {
            mongo.getCollection("people")
                    .insertMany(List.of(
                            new Document("_id", "k").append("at", "2020-01-01T00:00:00Z"),
                            new Document("_id", 1L).append("at", "2020-01-01T00:00:00Z"),
                            new Document("_id", 2L).append("n", "many"),
                            new Document("_id", 3L).append("n", "few"),
                            new Document("_id", 4L).append("bad", true)));

            Plan plan =
                    planOf("CREATE TABLE people (id bigint PRIMARY KEY, at timestamptz, n integer, bad boolean)", """
                    people:
                      key: {column: id, type: bigint}
                      skip: [{from: bad, when: equals, values: [true], then: dead_letter, reason: a bad one}]
                      columns: {at: {type: timestamptz, misfit: reject}, n: {type: integer, misfit: reject}}""");

            assertThat(plan.dryRun().getFirst().deadLetters()).isEqualTo(5);
            assertThat(of(plan, Check.DEAD_LETTERS))
                    .extracting(Finding::found, Finding::remedy)
                    .containsExactlyInAnyOrder(
                            Tuple.tuple(
                                    "1 of 5 documents of people would be a dead letter: people: a bad one.",
                                    "A rule under `skip` says so; with `then: skip` these documents have no row and are no"
                                            + " dead letters."),
                            Tuple.tuple(
                                    "1 of 5 documents of people would be a dead letter: people.at: is a string, not a date"
                                            + " (ISO 8601 needs convert: [parse_timestamp]).",
                                    "In the mapping, give people.at `convert: [parse_timestamp]`; or `misfit: quarantine`:"
                                            + " their rows land without the value, which is kept."),
                            Tuple.tuple(
                                    "1 of 5 documents of people would be a dead letter: people.id: is a string, not a"
                                            + " number.",
                                    "Give the key a type or form that takes these `_id`s, or leave the documents out by a"
                                            + " rule under `skip`."),
                            Tuple.tuple(
                                    "2 of 5 documents of people would be dead letters: people.n: is a string, not a"
                                            + " number.",
                                    "In the mapping, give people.n a type that holds these values, or a conversion; or"
                                            + " `misfit: quarantine`: their rows land without the value, which is kept."));
        }

        @Test
        @DisplayName(
                "ids of several types that have no key for one reason are one finding; what no key holds has no such"
                        + " remedy")
        void oneReasonIsOneFinding() {
            mongo.getCollection("people")
                    .insertMany(List.of(
                            new Document("_id", "a"),
                            new Document("_id", 1),
                            new Document("_id", true),
                            new Document("_id", false),
                            new Document("_id", "nul\0")));

            Plan plan = planOf("CREATE TABLE people (id text PRIMARY KEY)", """
                    people: {key: {column: id, type: text, of: string}}""");

            assertThat(of(plan, Check.DEAD_LETTERS))
                    .extracting(Finding::found)
                    .containsExactlyInAnyOrder(
                            "3 of 5 documents of people would be dead letters: people.id: is a boolean, is an int32, and a"
                                    + " string that is written like it would have the same key; the mapping can keep them"
                                    + " apart, with `form: typed` for the key.",
                            "1 of 5 documents of people would be a dead letter: people.id: holds NUL, which PostgreSQL text"
                                    + " can't.");
        }

        @Test
        @DisplayName("of collections that the sample has whole, plan says what a dry run of all documents says")
        void aWholeSampleIsADryRun() {
            mongo.getCollection("tools").insertOne(new Document("_id", "t"));
            mongo.getCollection("notes")
                    .insertMany(List.of(
                            new Document("_id", "a").append("tool", "t").append("mail", "m"),
                            new Document("_id", "b").append("tool", "gone").append("mail", "n"),
                            new Document("_id", "c").append("tool", "t").append("mail", "m")));
            String postgres = postgresWith("CREATE TABLE tools (id text PRIMARY KEY);"
                    + " CREATE TABLE notes (id text PRIMARY KEY, tool text, mail text UNIQUE)");
            Catalog.Entry entry = yaml("", """
                    notes:
                      key: {column: id, type: text}
                      dedupe: {by: [mail]}
                      columns:
                        tool: {type: text, reference: {table: tools, match: id, take: id, orphan: skip}}
                        mail: text
                    tools: {key: {column: id, type: text}}""");

            Plan whole = plan(postgres, entry);
            Plan sampled = plan(postgres, entry, new Planner.Options(true, true, 2, null));

            List<Forecast> dry = new ArrayList<>();
            try (MongoSource source = new MongoSource(TestingServers.mongo().uri(), mongo.getName())) {
                DryRun.ofAll(
                        source,
                        CollectionTarget.of(entry.mapping()),
                        new PostgresConnector(PostgresUri.parse(postgres)),
                        dry::add);
            }
            assertThat(whole.dryRun()).containsExactlyInAnyOrderElementsOf(dry);
            assertThat(whole.dryRun().getFirst())
                    .returns("notes", Forecast::collection)
                    .returns(1L, Forecast::rows)
                    .returns(1L, Forecast::waiting)
                    .returns(1L, Forecast::deduplicated);
            assertThat(sampled.dryRun().getFirst()).returns(null, Forecast::waiting);
        }

        @Test
        void rowsOfChildrenSkipsAndNullsThatTheTableRefusesAreCounted() {
            mongo.getCollection("orders")
                    .insertMany(List.of(
                            new Document("_id", 1L)
                                    .append("state", "new")
                                    .append("lines", List.of(new Document("sku", "a"), new Document("sku", "b"))),
                            new Document("_id", 2L)
                                    .append("lines", List.of(new Document("n", 1)))
                                    .append("z", 1),
                            new Document("_id", 3L).append("state", "draft").append("of_no_interest", 1)));

            Plan plan = planOf("""
                    CREATE TABLE orders (id bigint PRIMARY KEY, state text NOT NULL);
                    CREATE TABLE lines (o bigint, n integer, sku text NOT NULL, PRIMARY KEY (o, n))""", """
                    orders:
                      key: {column: id, type: bigint}
                      columns: {state: text}
                      skip: [{from: state, when: equals, values: [draft], reason: a draft}]
                      children: {lines: {from: lines, parent: o, ordinal: n, columns: {sku: text}}}""");

            Forecast forecast = plan.dryRun().getFirst();
            assertThat(forecast.documentsRead()).isEqualTo(3);
            assertThat(forecast.estimatedDocuments()).isNull();
            // The second one is refused for its NULLs, with its child rows.
            assertThat(forecast.rows()).isEqualTo(1);
            assertThat(forecast.deadLetters()).isEqualTo(1);
            assertThat(forecast.skippedDocuments()).isEqualTo(1);
            assertThat(forecast.childRows()).containsExactly(new Forecast.ChildRows("lines", 2));
            assertThat(forecast.skipped()).containsExactly(new Forecast.Skipped("a draft", 1));
            assertThat(forecast.nulls())
                    .containsExactly(new Forecast.Nulls("lines.sku", 1), new Forecast.Nulls("orders.state", 1));
            assertThat(forecast.unmapped())
                    .containsExactly(new Forecast.Unmapped("lines[].n", 1), new Forecast.Unmapped("z", 1));
            assertThat(of(plan, Check.DEAD_LETTERS))
                    .extracting(Finding::subject, Finding::found)
                    .containsExactly(
                            Tuple.tuple(
                                    "lines.sku",
                                    "Of 3 documents of orders there would be 1 row with NULL in lines.sku, where the table"
                                            + " takes none: PostgreSQL refuses it, and its document is a dead letter."),
                            Tuple.tuple(
                                    "orders.state",
                                    "Of 3 documents of orders there would be 1 row with NULL in orders.state, where the"
                                            + " table takes none: PostgreSQL refuses it, and its document is a dead letter."));
            assertThat(one(plan, Check.FIELDS_UNMAPPED).found()).startsWith("2 fields of documents of orders");
        }
    }

    // --- What the tests are made of ---------------------------------------------------------------------------

    private Plan demo(String postgres) {
        return plan(postgres, Catalog.load(DEMO));
    }

    private Plan planOf(String ddl, String collections) {
        return plan(postgresWith(ddl), yaml("", collections));
    }

    private Plan plan(String postgres, Catalog.Entry entry) {
        return plan(postgres, entry, new Planner.Options(true, true, 100, null));
    }

    private Plan plan(String postgres, Catalog.Entry entry, Planner.Options options) {
        List<CollectionTarget> targets = CollectionTarget.of(entry.mapping());
        PostgresUri uri = PostgresUri.parse(postgres);
        try (MongoSource source = new MongoSource(TestingServers.mongo().uri(), mongo.getName())) {
            return new Planner("test", entry, targets, options)
                    .plan(source, new PostgresConnector(uri), new TargetDatabase(uri));
        }
    }

    /// A mapping of the test's own, without migrations.
    private static Catalog.Entry yaml(String more, String collections) {
        String text = "mapping: test\ndatabase: d\n" + more + "\ncollections:\n" + collections.indent(2);
        return new Catalog.Entry(MappingReader.read("test.yaml", text), Optional.empty(), text);
    }

    private Catalog.Entry ownMigration(String sql) throws IOException {
        Files.writeString(Files.createDirectories(folder.resolve("migrations")).resolve("V0001__own.sql"), sql);
        Files.writeString(
                folder.resolve("mapping.yaml"),
                "mapping: own\ndatabase: d\ncollections:\n  a: {key: {column: id, type: text}}\n");
        return Catalog.load(folder.toString());
    }

    private Catalog.Entry withColumn(String sql) throws IOException {
        ownMigration(sql);
        Files.writeString(
                folder.resolve("mapping.yaml"),
                "mapping: own\ndatabase: d\ncollections:\n  a: {key: {column: id, type: text}, columns: {name: text}}\n");
        return Catalog.load(folder.toString());
    }

    private static Document user(String id) {
        return new Document("_id", id).append("email", "secret@shop.example").append("name", "n");
    }

    private static Document order(long id) {
        return new Document("_id", id)
                .append("placedAt", java.time.Instant.EPOCH)
                .append("status", "new");
    }

    private static List<Finding> of(Plan plan, Check check) {
        return plan.checks().stream().filter(f -> f.check() == check).toList();
    }

    private static Finding one(Plan plan, Check check) {
        assertThat(of(plan, check)).as(plan.forPeople()).hasSize(1);
        return of(plan, check).getFirst();
    }

    private static String migrated() {
        return TestingServers.migrated().create(DEMO);
    }

    private static String postgresWith(String ddl) {
        String uri = TestingServers.postgres().createDatabase();
        execute(uri, ddl);
        return uri;
    }

    private static String name(String uri) {
        return PostgresUri.parse(uri).database();
    }

    private static String role(String options) {
        assumeThat(TestingServers.postgres().restartable())
                .as("a server of our own")
                .isTrue();
        String role = "planner_" + Long.toString(System.nanoTime(), 36);
        execute(TestingServers.postgres().uri(), "CREATE ROLE " + role + " " + options);
        return role;
    }

    private static String as(String role, String database) {
        return "postgresql://" + role + "@"
                + TestingServers.postgres().uri(database).replaceFirst("^.*@", "");
    }

    private static void execute(String uri, String sql) {
        try (Connection connection = new PostgresConnector(PostgresUri.parse(uri)).openForLongWork();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    private static @Nullable String query(String uri, String sql) {
        try (Connection connection = new PostgresConnector(PostgresUri.parse(uri)).openForLongWork();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }
}
