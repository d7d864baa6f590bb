package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.bson.Document;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The plan as its users see it: exit codes, text, JSON, and rights on the side of MongoDB. What each check
/// finds is shown in PlannerIT.
class PlanCommandIT {
    @Test
    void whereNothingIsAProblemItEndsWithZeroAndChangesNothing() {
        Place place = shop();

        Result result = Cli.run(place.settings(), "plan");

        assertThat(result.exitCode()).as(result.err() + result.out()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(result.out())
                .contains("pipeline demo, mapping demo", "MongoDB\n", "PostgreSQL\n", "Tables\n", "Dry run\n")
                .containsPattern("ok +mongo_reachable +MongoDB answers.")
                .containsPattern("warning +collection_unmapped +Neither mapped nor ignored, and so not copied: carts.\n"
                        + " +-> Map them")
                .contains("users: 3 documents would be 3 rows", "1 x quarantine users.age: is a string, not a number")
                .contains("orders: 2 documents would be 1 row +", "1 x dead letter orders.placed_at")
                .contains("0 problems, ", "Nothing was changed")
                .doesNotContain("very old", "secret");
        assertThat(place.count("pg_namespace WHERE nspname = 'sluice'")).isZero();
        assertThat(place.count("pg_tables WHERE schemaname = 'public'")).isZero();
    }

    @Test
    void whereSomethingIsAProblemItEndsWithOneAndSaysWhatToDo() {
        Place place = shop();
        assertThat(Cli.runHere(place.settings(), "migrate").exitCode()).isZero();
        place.execute("ALTER TABLE users DROP COLUMN age; ALTER TABLE orders ADD must text NOT NULL");

        Result all = Cli.runHere(place.settings(), "plan", "--sample", "0");
        Result one = Cli.runHere(place.settings(), "plan", "--sample", "0", "--collection", "orders");

        assertThat(all.exitCode()).isEqualTo(1);
        assertThat(all.out())
                .containsPattern("problem +column_missing +public.users.age does not exist, and the mapping writes it")
                .contains("-> Add the column (`sluice migrate`, if a migration does), or take it out of the mapping.")
                .containsPattern("problem +column_required +public.orders.must is NOT NULL")
                .contains("2 problems, ", "Fix the problems first")
                .doesNotContain("Dry run");
        assertThat(one.exitCode()).isEqualTo(1);
        assertThat(one.out()).contains("1 problem, ", "public.orders.must").doesNotContain("public.users");
    }

    @Test
    void theJsonHasNamesThatProgramsCanRelyOn() throws IOException {
        Place place = shop();
        assertThat(Cli.runHere(place.settings(), "migrate").exitCode()).isZero();

        Result result = Cli.runHere(place.settings(), "plan", "--json", "--rate", "1");
        JsonNode plan = JsonMapper.builder().build().readTree(result.out());

        assertThat(result.exitCode()).isZero();
        assertThat(names(plan))
                .containsExactly(
                        "checks", "complete", "dry_run", "estimate", "mapping", "pipeline", "problems", "warnings");
        assertThat(names(plan.path("checks").get(0))).containsExactly("check", "found", "remedy", "status", "subject");
        assertThat(plan.path("checks").findValuesAsText("check"))
                .contains("mongo_reachable", "mongo_oplog", "postgres_reachable", "table");
        assertThat(plan.path("checks").findValuesAsText("status")).contains("ok", "info", "warning");
        assertThat(plan.path("estimate").path("basis").asText()).isEqualTo("given");
        assertThat(plan.path("estimate").path("documents").asLong()).isEqualTo(5);
        assertThat(plan.path("estimate").path("seconds").asLong()).isEqualTo(5);
        JsonNode users = plan.path("dry_run").get(0);
        assertThat(names(users))
                .containsExactly(
                        "absent",
                        "child_rows",
                        "collection",
                        "dead_letters",
                        "deduplicated",
                        "documents_read",
                        "estimated_documents",
                        "nulls",
                        "quarantined",
                        "rejected",
                        "rows",
                        "skipped",
                        "unmapped",
                        "waiting");
        assertThat(users.path("quarantined").get(0).path("column").asText()).isEqualTo("users.age");
        assertThat(users.path("quarantined").get(0).path("values").asLong()).isEqualTo(1);
    }

    @Test
    void aPathThatNoDocumentHasIsNamedWithTheNearestThatSomeHave(@TempDir Path folder) throws IOException {
        Place place = Servers.place();
        Files.createDirectories(folder.resolve("migrations"));
        Files.writeString(folder.resolve("mapping.yaml"), """
                mapping: paths
                database: d
                collections:
                  orders:
                    key: {column: id, type: bigint}
                    columns: {city: {type: text, from: shipping.adress.city}, state: text}
                    children:
                      lines: {from: lines, parent: order_id, columns: {sku: {type: text, from: skuu}}}
                  empty:
                    key: {column: id, type: bigint}
                    columns: {name: text}
                """);
        place.mongo()
                .getCollection("orders")
                .insertMany(List.of(
                        Document.parse("{_id: {$numberLong: '1'}, state: null,"
                                + " shipping: {address: {city: 'a secret place'}}}"),
                        Document.parse("{_id: {$numberLong: '2'}, lines: [{sku: 'a secret thing'}]}")));
        place.mongo().createCollection("empty");
        place.execute("CREATE TABLE orders (id bigint PRIMARY KEY, city text, state text);"
                + " CREATE TABLE lines (order_id bigint, ordinal int, sku text, PRIMARY KEY (order_id, ordinal));"
                + " CREATE TABLE empty (id bigint PRIMARY KEY, name text)");
        Map<String, String> settings = Cli.with(place.settings(), "SLUICE_MAPPING", folder.toString());

        Result text = Cli.runHere(settings, "plan");
        JsonNode plan = JsonMapper.builder()
                .build()
                .readTree(Cli.runHere(settings, "plan", "--json").out());

        assertThat(text.exitCode()).as(text.said()).isZero();
        assertThat(text.out())
                .containsPattern("warning +fields_absent +None of 2 documents of orders has")
                .contains("shipping.adress.city (orders.city; did you mean shipping.address.city?)")
                .contains("lines[].skuu (lines.sku; did you mean lines[].sku?)")
                .doesNotContain("orders.state", "of empty has", "secret");
        assertThat(plan.path("checks").findValuesAsText("check")).contains("fields_absent");
        JsonNode absent = plan.path("dry_run").get(0).path("absent");
        assertThat(absent.findValuesAsText("path")).containsExactly("shipping.adress.city", "lines[].skuu");
        assertThat(absent.findValuesAsText("nearest")).containsExactly("shipping.address.city", "lines[].sku");
        assertThat(absent.findValuesAsText("column")).containsExactly("orders.city", "lines.sku");
        assertThat(plan.path("dry_run").get(1).path("absent")).isEmpty();
    }

    @Test
    void aSideThatIsAwayIsThreeAndTheOtherIsStillLookedAt() throws IOException {
        Place place = shop();
        String nowhere = "127.0.0.1:" + CliErrorsIT.freePort();

        Result postgres = Cli.runHere(
                Cli.with(place.settings(), "POSTGRES_URI", "postgresql://u:hush-hush@" + nowhere + "/x"), "plan");
        // Ten seconds by default.
        String briefly = "mongodb://u:hush-hush@" + nowhere + "/?serverSelectionTimeoutMS=3000";
        Result mongo = Cli.runHere(Cli.with(place.settings(), "MONGO_URI", briefly), "plan");

        assertThat(postgres.exitCode()).isEqualTo(3);
        assertThat(postgres.out())
                .containsPattern("problem +postgres_reachable +PostgreSQL can't be reached")
                .containsPattern("ok +mongo_read ")
                .contains("Not everything could be checked.");
        assertThat(mongo.exitCode()).isEqualTo(3);
        assertThat(mongo.out())
                .containsPattern("problem +mongo_reachable +MongoDB can't be reached")
                .containsPattern("ok +postgres_encoding ");
        for (Result result : List.of(postgres, mongo)) {
            assertThat(result.out() + result.err()).doesNotContain("hush-hush", "Exception");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "--sample,-1,--sample is at least 0.",
        "--sample,x,'x' is not an int",
        "--rate,0,--rate is at least 1.",
        "--collection,nope,The mapping has no collection 'nope'; it has users, orders."
    })
    void wrongUseIsSaidInOneMessage(String option, String value, String words) {
        Result result = Cli.runHere(Servers.place().settings(), "plan", option, value);

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err()).contains(words).doesNotContain("Exception");
        assertThat(result.out()).isEmpty();
    }

    @Test
    void aServerThatIsNoReplicaSetIsAProblem() {
        Place place = Servers.place();
        try (SandboxMongo mongo = SandboxMongo.start(SandboxMongo.Options.DEFAULTS.standalone())) {
            Result result = Cli.runHere(Cli.with(place.settings(), "MONGO_URI", mongo.uri()), "plan");

            assertThat(result.exitCode()).isEqualTo(1);
            assertThat(result.out())
                    .containsPattern("problem +mongo_topology +MongoDB is not a replica set")
                    .contains("rs.initiate()")
                    .doesNotContain("mongo_oplog");
        }
    }

    @Test
    void theRightsOfMongosUsersAreTried() {
        Place place = Servers.place();
        try (SandboxMongo mongo = SandboxMongo.start(SandboxMongo.Options.DEFAULTS.withPassword("sesame"));
                MongoClient client = MongoClients.create(mongo.uri())) {
            client.getDatabase("shop").getCollection("users").insertOne(new Document("_id", "a"));
            user(client, "reader", List.of(new Document("role", "read").append("db", "shop")));
            user(
                    client,
                    "operator",
                    List.of(
                            new Document("role", "read").append("db", "shop"),
                            new Document("role", "read").append("db", "local")));
            user(client, "stranger", List.of(new Document("role", "read").append("db", "other")));
            Result reader = as(place, mongo, "reader:hush-hush");
            Result operator = as(place, mongo, "operator:hush-hush");
            Result stranger = as(place, mongo, "stranger:hush-hush");
            Result impostor = as(place, mongo, "reader:wrong-hush-hush");

            assertThat(reader.exitCode()).as(reader.out()).isZero();
            assertThat(reader.out())
                    .containsPattern("ok +mongo_read ")
                    .containsPattern("ok +mongo_change_stream ")
                    .containsPattern(
                            "warning +mongo_oplog +The oplog can't be read, so how far back it goes is not known")
                    .contains("-> Grant find on local.oplog.rs");
            assertThat(operator.out()).contains("The oplog goes back ").doesNotContain("can't be read");
            assertThat(stranger.exitCode()).isEqualTo(1);
            assertThat(stranger.out())
                    .containsPattern("problem +mongo_read +The user may not list the collections of shop")
                    .contains("Grant the role read");
            assertThat(impostor.exitCode()).isEqualTo(3);
            assertThat(impostor.out()).containsPattern("problem +mongo_reachable ");
            for (Result result : List.of(reader, operator, stranger, impostor)) {
                assertThat(result.out() + result.err()).doesNotContain("hush-hush");
            }
        }
    }

    private static Result as(Place place, SandboxMongo mongo, String credentials) {
        return Cli.runHere(
                Cli.with(
                        place.settings(),
                        "MONGO_URI",
                        mongo.uri().replace("root:sesame@", credentials + "@"),
                        "MONGO_DB_NAME",
                        "shop"),
                "plan");
    }

    private static void user(MongoClient client, String name, List<Document> roles) {
        client.getDatabase("admin")
                .runCommand(new Document("createUser", name)
                        .append("pwd", "hush-hush")
                        .append("roles", roles));
    }

    private static Set<String> names(JsonNode object) {
        Set<String> names = new TreeSet<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static Place shop() {
        Place place = Servers.place();
        place.mongo()
                .getCollection("users")
                .insertMany(List.of(
                        new Document("_id", "a")
                                .append("email", "secret@shop.example")
                                .append("age", "very old"),
                        new Document("_id", "b").append("age", 7),
                        new Document("_id", "c")));
        place.mongo()
                .getCollection("orders")
                .insertMany(List.of(
                        new Document("_id", 1L).append("placedAt", "no-date-secret"),
                        new Document("_id", 2L).append("placedAt", Instant.EPOCH)));
        place.mongo().getCollection("carts").insertOne(new Document("_id", 1));
        return place;
    }
}
