package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Collation;
import com.mongodb.client.model.CreateCollectionOptions;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.InsertManyOptions;
import com.mongodb.client.model.TimeSeriesOptions;
import dev.sluice.mapping.DocumentMapper;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.profile.Kinds;
import dev.sluice.schema.Catalog;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import dev.sluice.service.demo.Shop;
import dev.sluice.service.infer.DocsGptDocuments;
import dev.sluice.service.infer.MixedDocuments;
import dev.sluice.service.infer.TbdAgentsDocuments;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.verify.FullComparison;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.Document;
import org.bson.types.Decimal128;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What `infer` proposes is used as it is: `backfill` copies every document, and both sides are equal.
class InferCommandIT {
    private static final Duration BOUND = Duration.ofSeconds(60);

    private final Path folder;

    InferCommandIT(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    @DisplayName("the demo's shop: every value typed or jsonb, nothing in the rest")
    void theShop() throws IOException, SQLException {
        Place place = Servers.place();
        new Shop(place.mongo(), 1).open(400, 300);

        JsonNode coverage = inferAndBackfill(place, Map.of("users", 400L, "orders", 300L));

        assertThat(coverage.get("whole").longValue()).isEqualTo(700);
        assertThat(coverage.get("quarantined").longValue()).isZero();
        assertThat(place.count("order_lines")).isGreaterThan(300);
        assertThat(place.text("SELECT indexdef FROM pg_indexes WHERE indexdef LIKE '%orders%user_id%'"))
                .isNotEmpty();
    }

    @Test
    @DisplayName(
            "MongoDB's indexes: unique ones are there before the first row, the others after the copy, and the rest is said")
    void indexes() throws IOException, SQLException {
        Place place = Servers.place();
        new Shop(place.mongo(), 1).open(60, 40);
        MongoCollection<Document> users = place.mongo().getCollection("users");
        users.createIndex(Indexes.ascending("email"), new IndexOptions().unique(true));
        users.createIndex(Indexes.compoundIndex(Indexes.ascending("address.city"), Indexes.descending("signedUpAt")));
        users.createIndex(Indexes.ascending("tags"));
        users.createIndex(Indexes.text("name"));
        users.createIndex(Indexes.ascending("signedUpAt"), new IndexOptions().expireAfter(3_650L, TimeUnit.DAYS));
        users.createIndex(
                Indexes.ascending("balance"), new IndexOptions().partialFilterExpression(new Document("active", true)));
        place.mongo().getCollection("orders").createIndex(Indexes.ascending("lines.sku"));

        JsonNode report = infer(place);
        backfill(place, Map.of("users", 60L, "orders", 40L));

        assertThat(
                        place.text(
                                "SELECT string_agg(regexp_replace(indexdef, '^CREATE (.*)INDEX .* ON public.', '\\1'), '; '"
                                        + " ORDER BY indexname) FROM pg_indexes WHERE schemaname = 'public' AND indexname !~ '_pkey$|^sluice_'"))
                .isEqualTo("order_lines USING btree (sku); orders USING btree (user_id);"
                        + " users USING btree (address_city, signed_up_at DESC);"
                        + " users USING btree (balance) WHERE (active = true);"
                        + " UNIQUE users USING btree (email); users USING btree (signed_up_at);"
                        + " users USING gin (tags)");
        assertThat(Files.readString(folder.resolve("proposed/migrations/V0001__proposed.sql")))
                .contains("CREATE UNIQUE INDEX users_email_key ON users (email);")
                .contains("DELETE FROM users WHERE signed_up_at < now() - interval '315360000 seconds'")
                .contains("to_tsvector('simple', name)");
        assertThat(report.get("collections").get(0).get("indexes").findValuesAsText("index"))
                .contains("email_1", "name_text");
    }

    @Test
    @DisplayName("amounts become numeric(p,2), and a double as arithmetic leaves it lands: nothing is quarantined")
    void amounts() throws IOException, SQLException {
        Place place = Servers.place();
        List<Document> sales = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            sales.add(new Document("_id", i)
                    .append("price", i + 0.99)
                    .append("total", i == 7 ? 0.1 + 0.2 : i * 20.5 + 0.25)
                    .append("taxRate", i % 2 == 0 ? 0.19 : 0.07)
                    .append("balance", Decimal128.parse(i + ".10")));
        }
        place.mongo().getCollection("sales").insertMany(sales);

        JsonNode coverage = inferAndBackfill(place, Map.of("sales", 60L));

        assertThat(coverage.get("whole").longValue()).isEqualTo(60);
        assertThat(place.count("sluice.quarantine")).isZero();
        assertThat(types(place, "sales"))
                .isEqualTo(
                        "balance numeric(12,2), id bigint, price numeric(12,2), rest jsonb, tax_rate double precision,"
                                + " total numeric(12,2)");
        assertThat(place.text("SELECT price || ' ' || total FROM sales WHERE id = 7"))
                .isEqualTo("7.99 0.30");
    }

    @Test
    @DisplayName(
            "dates in texts are read where every text is one; where two ways to read them are left, they stay texts")
    void datesInTexts() throws IOException, SQLException {
        Place place = Servers.place();
        List<Document> posts = new ArrayList<>();
        for (int i = 1; i <= 28; i++) {
            String day = String.format(Locale.ROOT, "%02d", i);
            posts.add(new Document("_id", i)
                    .append("day", day + "/02/2024")
                    .append("month", "02/" + day + "/2024 10:20:30")
                    .append("either", String.format(Locale.ROOT, "%02d/%02d/2024", 1 + i % 12, 1 + i % 12))
                    .append("spaced", i == 5 ? "N/A" : "2024-02-" + day + " 10:20:30")
                    .append("slashes", "2024/02/" + day)
                    .append("tweet", "Wed Aug 27 13:08:" + day + " +0000 2008")
                    .append("mail", "Wed, 27 Aug 2008 13:08:" + day + " GMT")
                    .append("some", i % 7 == 0 ? "later" : day + "/02/2024"));
        }
        place.mongo().getCollection("posts").insertMany(posts);

        JsonNode coverage = inferAndBackfill(place, Map.of("posts", 28L));

        assertThat(coverage.get("quarantined").longValue()).isZero();
        assertThat(place.count("sluice.quarantine")).isZero();
        assertThat(types(place, "posts"))
                .isEqualTo("day date, either text, id bigint, mail timestamp with time zone,"
                        + " month timestamp with time zone, rest jsonb, slashes date, some text,"
                        + " spaced timestamp with time zone, tweet timestamp with time zone");
        assertThat(place.text("SELECT concat_ws(' ', day, month AT TIME ZONE 'UTC', slashes, tweet AT TIME ZONE 'UTC',"
                        + " mail AT TIME ZONE 'UTC', spaced AT TIME ZONE 'UTC') FROM posts WHERE id = 13"))
                .isEqualTo("2024-02-13 2024-02-13 10:20:30 2024-02-13 2008-08-27 13:08:13"
                        + " 2008-08-27 13:08:13 2024-02-13 10:20:30");
        assertThat(place.number("SELECT count(*) FROM posts WHERE spaced IS NULL"))
                .isEqualTo(1);
        assertThat(Files.readString(folder.resolve("proposed/mapping.yaml")))
                .contains(
                        "100 % of them dates as dd/MM/yyyy, and 100 % as MM/dd/yyyy: find out which of the two is meant")
                .contains("86 % of them dates as dd/MM/yyyy");
    }

    @Test
    @DisplayName(
            "numbers and dates with a few texts for no value among them have their type, and nothing is quarantined")
    void textsForNoValue() throws IOException, SQLException {
        Place place = Servers.place();
        List<Document> items = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            items.add(new Document("_id", i)
                    .append("stock", i == 3 ? "N/A" : i == 50 ? "unknown" : i == 51 ? "" : (Object) i)
                    .append("price", i % 40 == 0 ? "n/a" : (Object) (i + 0.99))
                    .append("at", i == 9 ? "-" : (Object) Instant.ofEpochMilli(1_700_000_000_000L + i))
                    .append("size", i % 25 == 0 ? "large" : (Object) i));
        }
        place.mongo().getCollection("items").insertMany(items);

        JsonNode report = infer(place);
        backfill(place, Map.of("items", 100L));

        assertThat(types(place, "items"))
                .isEqualTo(
                        "at timestamp with time zone, id bigint, price numeric(12,2), rest jsonb, size bigint, stock bigint");
        // "large" is no word for nothing: each stays, beside its row, for a person to decide.
        assertThat(place.text(
                        "SELECT string_agg(DISTINCT column_name || ' ' || value::text, ' ') FROM sluice.quarantine"))
                .isEqualTo("items.size \"large\"");
        assertThat(place.count("sluice.quarantine")).isEqualTo(4);
        assertThat(report.get("coverage").get("quarantined").longValue()).isEqualTo(4);
        assertThat(place.number("SELECT count(*) FROM items WHERE stock IS NULL OR price IS NULL OR at IS NULL"))
                .isEqualTo(7);
    }

    @Test
    @DisplayName("what a validator asks for is NOT NULL where MongoDB sees to it, a comment where it does not")
    void validators() throws IOException, SQLException {
        Place place = Servers.place();
        Document schema =
                Document.parse("{required: ['email', 'age', 'address', 'nick'], properties: {email: {bsonType:"
                        + " 'string'}, age: {bsonType: ['int', 'null']}, nick: {bsonType: 'string'}, address: {bsonType: 'object',"
                        + " required: ['city'], properties: {city: {bsonType: 'string'}}}}}");
        place.mongo()
                .getCollection("strict")
                .insertOne(Document.parse("{_id: 'old', email: 'a', age: 1, address: {city: 'b'}}"));
        for (String name : List.of("strict", "moderate")) {
            if (name.equals("moderate")) {
                place.mongo()
                        .createCollection(
                                name,
                                new CreateCollectionOptions()
                                        .collation(
                                                Collation.builder().locale("fr").build()));
            }
            place.mongo()
                    .runCommand(new Document("collMod", name)
                            .append("validator", new Document("$jsonSchema", schema))
                            .append("validationLevel", name));
            for (int i = 0; i < 30; i++) {
                place.mongo()
                        .getCollection(name)
                        .insertOne(new Document("_id", "n" + i)
                                .append("email", "e" + i)
                                .append("age", i)
                                .append("nick", "n")
                                .append("address", new Document("city", "c")));
            }
        }

        inferAndBackfill(place, Map.of("strict", 31L, "moderate", 30L));

        // The old document has no nick, age may be null, and the level moderate lets old documents be.
        assertThat(place.text(
                        "SELECT string_agg(attrelid::regclass || '.' || attname, ' ' ORDER BY attrelid::regclass::text, attname)"
                                + " FROM pg_attribute WHERE attrelid IN ('strict'::regclass, 'moderate'::regclass)"
                                + " AND attnum > 0 AND attnotnull AND attname <> 'id'"))
                .isEqualTo("strict.address_city strict.email");
        assertThat(Files.readString(folder.resolve("proposed/migrations/V0001__proposed.sql")))
                .contains("-- ALTER TABLE strict ALTER COLUMN age SET NOT NULL;")
                .contains("-- ALTER TABLE moderate ALTER COLUMN email SET NOT NULL;")
                .doesNotContain("ALTER TABLE strict ALTER COLUMN nick", "ALTER TABLE strict ALTER COLUMN email");
        assertThat(Files.readString(folder.resolve("proposed/mapping.yaml")))
                .contains("# MongoDB checks documents by a validator and refuses others")
                .contains("# MongoDB checks documents by a validator, and does not refuse all others.")
                .contains("by the collation fr;");
    }

    @Test
    @DisplayName("secrets are masked in rows, and neither they nor personal data are in any output")
    void secrets() throws IOException, SQLException {
        Place place = Servers.place();
        List<Document> accounts = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            String hash = "$2b$12$" + "plantedsecret" + "x".repeat(40);
            accounts.add(new Document("_id", "planted" + i + "@mail.example")
                    .append("email", "planted" + i + "@mail.example")
                    .append("phone", "+49 30 plantless".replace("plantless", "91827" + (1000 + i)))
                    .append("password", "plantedsecret" + i % 3)
                    .append("auth", new Document("bcrypt", hash).append("pin", 918_273 + i))
                    .append("keys", List.of(new Document("label", "main").append("apiKey", "plantedsecret" + i)))
                    .append("tokens", List.of("plantedsecret" + i))
                    .append("card", 4_111_111_111_111_111L)
                    .append(
                            "jwt",
                            i == 7 ? new Document("odd", "plantedsecret") : "eyJhbGci0iJ9.plantedsecret.plantedsecret")
                    .append("secret", i == 9 ? (Object) 918_273 : "nul \0 plantedsecret")
                    .append("note", i == 11 ? "eyJhbGciOiJIUzI1NiJ9.plantedsecret.plantedsecret" : "plantedword")
                    .append("city", i % 2 == 0 ? "Lisbon" : "Porto"));
        }
        MongoCollection<Document> collection = place.mongo().getCollection("accounts");
        collection.insertMany(accounts);
        collection.createIndex(Indexes.ascending("tokens"));
        collection.createIndex(Indexes.ascending("email"), new IndexOptions().unique(true));

        StringBuilder outputs = new StringBuilder();
        for (String option : List.of("--whole", "--verbose", "--json", "--show-values")) {
            Path out = folder.resolve(option);
            Result result = Cli.run(source(place), "infer", "--out", out.toString(), "--name", "proposed", option);
            assertThat(result.exitCode()).as(result.err()).isZero();
            outputs.append(result.out()).append(result.err());
            try (Stream<Path> files = Files.walk(out)) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    outputs.append(Files.readString(file));
                }
            }
        }
        inferAndBackfill(place, Map.of("accounts", 40L));

        // That the search would find what is shown.
        assertThat(outputs.toString()).contains("always one of \"Lisbon\", \"Porto\"", "REPORT.md");
        assertThat(outputs.toString())
                .doesNotContain("planted", "918273", "91827", "4111111111111111", "$2b$", "eyJ", "mail.example");
        String rows = place.text("SELECT concat((SELECT string_agg(t::text, ' ') FROM accounts t),"
                + " (SELECT string_agg(t::text, ' ') FROM account_keys t),"
                + " (SELECT string_agg(t::text, ' ') FROM sluice.quarantine t))");
        assertThat(rows)
                .contains("***", "planted5@mail.example", "Porto")
                .doesNotContain("918273", "4111111111111111", "$2b$");
        assertThat(rows.replace("eyJhbGciOiJIUzI1NiJ9.plantedsecret.plantedsecret", ""))
                .doesNotContain("plantedsecret");
        assertThat(place.count("sluice.quarantine")).isZero();
    }

    @Test
    @DisplayName(
            "a chat server, a CMS and a book shop: entries, keys of elements and joins of tables, copied as proposed")
    void kinds() throws IOException, SQLException {
        Place place = Servers.place();
        Map<String, Long> expected = new TreeMap<>();
        for (String name : List.of("chat", "cms", "books")) {
            Kinds.Kind kind = Kinds.of(name);
            kind.collections().forEach((collection, documents) -> {
                place.mongo().createCollection(collection);
                if (!documents.isEmpty()) {
                    place.mongo()
                            .getCollection(collection, BsonDocument.class)
                            .insertMany(documents, new InsertManyOptions().ordered(false));
                    expected.put(collection, (long) documents.size());
                }
            });
            kind.indexes().forEach((collection, indexes) -> {
                // MongoDB would delete what is too old.
                List<BsonDocument> lasting = indexes.stream()
                        .filter(index -> !index.containsKey("expireAfterSeconds"))
                        .toList();
                if (!lasting.isEmpty()) {
                    place.mongo().runCommand(new Document("createIndexes", collection).append("indexes", lasting));
                }
            });
        }

        JsonNode coverage = inferAndBackfill(place, expected);

        assertThat(coverage.get("quarantined").longValue()).isZero();
        assertThat(coverage.get("rest").longValue()).isZero();
        assertThat(share(coverage, "typed")).isGreaterThan(0.96);
        // Joins that the mapping claims are those that SQL finds.
        assertThat(place.text("SELECT count(*) FROM message_mentions JOIN users ON users.id = user_id"))
                .isEqualTo(place.text("SELECT count(*) FROM message_mentions"));
        assertThat(place.text("SELECT count(*) FROM content_tags JOIN tags ON tags.id = tag_id"))
                .isEqualTo(place.text("SELECT count(*) FROM content_tags"));
        assertThat(place.text("SELECT count(*) FROM order_lines JOIN books ON books.id = isbn"))
                .isEqualTo(place.text("SELECT count(*) FROM order_lines"));
        assertThat(place.count("book_ratings")).isGreaterThan(50);
        assertThat(place.count("content_blocks")).isGreaterThan(100);
    }

    @Test
    @DisplayName("DocsGPT's 21 collections, in the shapes of several versions")
    void docsGpt() throws IOException, SQLException {
        Place place = Servers.place();
        Map<String, List<Document>> collections = DocsGptDocuments.of(7, 300);

        JsonNode coverage = inferAndBackfill(place, insert(place.mongo(), collections));

        assertThat(collections).hasSize(21);
        assertThat(coverage.get("documents").longValue()).isEqualTo(21 * 300);
        assertThat(share(coverage, "rest")).isLessThan(0.01);
        assertThat(share(coverage, "quarantined")).isLessThan(0.001);
        // A NUL in a text, a query that is no object, a UUID of the old kind.
        assertThat(coverage.get("quarantined").longValue()).isEqualTo(3);
        assertThat(place.count("sluice.quarantine")).isEqualTo(3);
        assertThat(place.count("conversation_queries")).isEqualTo(600);
    }

    @Test
    @DisplayName("TBD Agents' 15 collections, in the shapes of several versions")
    void tbdAgents() throws IOException, SQLException {
        Place place = Servers.place();
        Map<String, List<Document>> collections = TbdAgentsDocuments.of(7, 300);

        JsonNode coverage = inferAndBackfill(place, insert(place.mongo(), collections));

        assertThat(collections).hasSize(15);
        assertThat(coverage.get("documents").longValue()).isEqualTo(15 * 300);
        assertThat(share(coverage, "rest")).isLessThan(0.01);
        // A NUL in a text, a binary among texts, a timestamp of MongoDB's replication among dates.
        assertThat(coverage.get("quarantined").longValue()).isEqualTo(3);
        assertThat(place.count("sluice.quarantine")).isEqualTo(3);
        assertThat(place.text("SELECT string_agg(column_name || ' ' || data_type, ', ' ORDER BY column_name)"
                        + " FROM information_schema.columns WHERE (table_name, column_name) IN (('memories', 'ttl'),"
                        + " ('scheduled_agents', 'interval_value'), ('scheduled_agents', 'last_run_at'),"
                        + " ('custom_tools', 'is_enabled'), ('skills', 'tags'), ('task_executions', 'response'))"))
                .isEqualTo(
                        "interval_value bigint, is_enabled boolean, last_run_at timestamp with time zone, response text,"
                                + " tags ARRAY, ttl timestamp with time zone");
        assertThat(place.count("workflow_logs")).isEqualTo(300);
    }

    @Test
    @DisplayName("ids and names of every kind: no document is dead-lettered")
    void oddIdsAndNames() throws IOException, SQLException {
        Place place = Servers.place();
        List<BsonDocument> odd = new ArrayList<>();
        for (BsonValue id : List.of(
                new BsonInt32(1),
                new BsonString("1"),
                new BsonDocument("a", new BsonInt32(1)),
                new BsonInt64(1L << 60))) {
            odd.add(new BsonDocument("_id", id)
                    .append("order", new BsonInt32(1))
                    .append("userId", new BsonInt32(2))
                    .append("user_id", new BsonString("three"))
                    .append("ctid", new BsonInt32(4))
                    .append("a.b", new BsonInt32(5))
                    .append("", new BsonInt32(6))
                    .append("it's ${x}", new BsonInt32(7))
                    .append("n".repeat(90), new BsonInt32(8))
                    .append("rest", new BsonInt32(9)));
        }
        place.mongo().getCollection("odd names & ids", BsonDocument.class).insertMany(odd);
        place.mongo().createCollection("empty");
        place.mongo().createView("a_view", "odd names & ids", List.of());
        place.mongo()
                .createCollection(
                        "ticks", new CreateCollectionOptions().timeSeriesOptions(new TimeSeriesOptions("at")));

        JsonNode coverage = inferAndBackfill(place, Map.of("odd_names_ids", 4L));

        assertThat(coverage.get("rest").longValue()).isEqualTo(4);
        assertThat(coverage.get("values").longValue()).isEqualTo(36);
        assertThat(Files.readString(folder.resolve("proposed/mapping.yaml")))
                .contains("a_view,  # a view", "ticks,  # a time series", "\n  empty\n]\n");
    }

    @Test
    @DisplayName(
            "mixed ids and values: each column has the type of most, the others are read, and as many join as is said")
    void mixedIdsAndValues() throws IOException, SQLException {
        Place place = Servers.place();
        Map<String, Long> expected = insert(place.mongo(), MixedDocuments.of());

        JsonNode report = infer(place);
        String mapping = Files.readString(folder.resolve("proposed/mapping.yaml"));

        assertThat(mapping)
                .contains(
                        "key: {column: id, type: text, of: any}  # ObjectId 97 %, string 3 %: as text, no string of all there are"
                                + " is written like an _id of another type")
                .contains("key: {column: id, type: text, form: typed}")
                .contains("agent: text ")
                .contains("_id of agents: 94 % of 250 values join")
                .contains("created_at: {type: timestamptz, from: createdAt, convert: [parse_timestamp]}")
                .contains(
                        "# date 98 %, string 2 %: ISO 8601 is read (an offset is not kept); 1 value of another kind: quarantined");
        backfill(place, expected);
        assertThat(place.count("sluice.quarantine")).isEqualTo(1);
        assertThat(report.get("coverage").get("quarantined").longValue()).isEqualTo(1);
        assertThat(place.text("SELECT string_agg(table_name || '.' || column_name, ' ') FROM information_schema.columns"
                        + " WHERE table_schema = 'public' AND data_type = 'jsonb' AND column_name <> 'rest'"))
                .isEmpty();
        assertThat(place.number("SELECT count(*) FROM runs JOIN agents ON agents.id = agent"))
                .isEqualTo(236);
        // Each line of the mapping that says how many join, against what SQL finds.
        Matcher said = Pattern.compile("(?m)^ +(\\w+): .*_id of (\\w+): ([0-9.]+) % of ([0-9,]+) values join")
                .matcher(mapping);
        Map<String, String> found = new TreeMap<>();
        while (said.find()) {
            String column = said.group(1);
            String table =
                    column.startsWith("step_") ? "run_steps" : column.startsWith("all_") ? "run_all_agents" : "runs";
            String values = "(SELECT " + column + " AS v FROM " + table + ") x";
            long joined = place.number("SELECT count(*) FROM " + values + " JOIN " + said.group(2) + " ON id = v");
            long all = place.number("SELECT count(v) FROM " + values);
            assertThat(all).as(column).isEqualTo(Long.parseLong(said.group(4).replace(",", "")));
            assertThat(String.format(Locale.ROOT, "%.0f", 100.0 * joined / all))
                    .as(column)
                    .isEqualTo(said.group(3));
            found.put(column, said.group(2));
        }
        assertThat(found)
                .isEqualTo(new TreeMap<>(Map.of(
                        "agent", "agents",
                        "agent_id", "agents",
                        "all_agent_id", "agents",
                        "step_agent", "agents",
                        "team_id", "teams",
                        "user_id", "users",
                        "place_id", "places")));
    }

    @Test
    @DisplayName("what was not in the sample: a new field lands in the rest, a value of another type in quarantine")
    void whatTurnsUpLater() throws IOException {
        Place place = Servers.place();
        new Shop(place.mongo(), 1).open(20, 20);
        infer(place);
        Map<String, String> settings = Cli.with(
                place.settings(), "SLUICE_MAPPING", folder.resolve("proposed").toString());

        try (Cli run = Cli.start(settings, "run")) {
            await().atMost(BOUND)
                    .untilAsserted(() -> assertThat(place.count("pg_tables WHERE tablename = 'order_lines'"))
                            .isEqualTo(1));
            place.mongo()
                    .getCollection("orders")
                    .insertOne(new Document("_id", 9_000L)
                            .append("status", "new")
                            .append("gift", true)
                            .append("total", "a lot")
                            .append("shipping", "by hand")
                            .append("lines", List.of(new Document("sku", "S").append("engraving", "for you"))));
            await().atMost(BOUND)
                    .untilAsserted(() -> assertThat(
                                    place.text("SELECT status || ' ' || rest::text FROM orders WHERE id = 9000"))
                            .isEqualTo("new {\"gift\": true, \"shipping\": \"by hand\"}"));
            assertThat(place.text("SELECT sku || ' ' || rest::text FROM order_lines WHERE order_id = 9000"))
                    .isEqualTo("S {\"engraving\": \"for you\"}");
            assertThat(place.text("SELECT column_name || ' ' || value::text FROM sluice.quarantine"))
                    .isEqualTo("orders.total \"a lot\"");
            assertThat(run.running()).isTrue();
        }
    }

    @Test
    void aLargeCollectionIsSampledAndTriedOnASecondSample() throws IOException, SQLException {
        Place place = Servers.place();
        List<Document> many = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            many.add(new Document("_id", i).append("f", i == 500 ? (Object) "odd one" : i));
        }

        // The key is for all ids there are, also for one that is hardly in the sample.
        many.add(new Document("_id", "odd one").append("f", 7));
        place.mongo().getCollection("many").insertMany(many);

        JsonNode report = infer(place, "--sample", "50");
        JsonNode collection = report.get("collections").get(0);

        assertThat(Files.readString(folder.resolve("proposed/mapping.yaml")))
                .contains("50 of about 1,001 documents were read")
                .contains("key: {column: id, type: text, of: any}");

        assertThat(collection.get("documents").longValue()).isEqualTo(50);
        assertThat(collection.get("estimate").longValue()).isEqualTo(1_001);
        assertThat(collection.get("coverage").get("documents").longValue()).isEqualTo(50);
        // Whether the odd one was in the sample or not, all documents land.
        backfill(place, Map.of("many", 1_001L));
    }

    @Test
    void theReportForPeopleNamesFieldsHazardsAndCoverage() throws IOException {
        Place place = Servers.place();
        new Shop(place.mongo(), 1).open(50, 50);
        place.mongo().getCollection("users").insertOne(new Document("name", "a\0b"));
        Path out = folder.resolve("shop");

        place.mongo().createCollection("later");
        place.mongo().createCollection("never");
        Result brief = Cli.run(source(place), "infer", "--out", out.toString());
        Result result = Cli.run(source(place), "infer", "--verbose", "--force", "--out", out.toString());

        assertThat(brief.exitCode()).as(brief.err()).isZero();
        assertThat(brief.out().lines())
                .hasSizeLessThanOrEqualTo(24)
                .allSatisfy(line -> assertThat(line.length()).isLessThan(320))
                .contains("2 collections in 3 tables, 2 without documents left alone; 101 documents were read.")
                .anySatisfy(line -> assertThat(line).startsWith("  1 x quarantined values: users.name holds NUL"))
                .anySatisfy(line -> assertThat(line).startsWith("  1 x personal data: copied: users.email"));
        assertThat(brief.out())
                .containsSubsequence("sluice plan", "sluice migrate", "sluice run", "sluice verify")
                .contains("export SLUICE_MAPPING=" + out);
        assertThat(Files.readString(out.resolve("mapping.yaml"))).contains("\n  later, never\n]\n");
        Result named = Cli.run(source(place), "infer", "--out", out + "-named", "--collection", "never");
        assertThat(named.exitCode()).as(named.err()).isZero();
        assertThat(Files.readString(Path.of(out + "-named", "mapping.yaml"))).contains("table: never");
        Result allTables = Cli.run(source(place), "infer", "--include-empty", "--out", out + "-all");
        assertThat(allTables.exitCode()).as(allTables.err()).isZero();
        assertThat(Files.readString(Path.of(out + "-all", "mapping.yaml")))
                .contains("table: later", "table: never")
                .doesNotContain("ignore:");
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(Files.readString(out.resolve("REPORT.md")).replace("\r", ""))
                .contains(result.out().substring(0, result.out().indexOf("\ncoverage")));
        assertThat(result.out())
                .containsPattern("(?m)^orders: 50 documents, the largest [0-9,]+ bytes; table orders with order_lines$")
                .containsPattern("(?m)^  userId +100.0 % +string +up to 24 characters +user_id text -> users$")
                .containsPattern(
                        "(?m)^  address\\.\"geo.lat\" +100.0 % +double +[-0-9.]+ to [-0-9.]+ +address_geo_lat double")
                .containsPattern("(?m)^  ! name: NUL in 1 text")
                .containsPattern("(?m)^users +51 +98.0 % +0 ")
                .contains("1 x quarantined: users.name holds NUL, which PostgreSQL text can't")
                .contains("export SLUICE_MAPPING=" + out)
                .doesNotContain("Lisbon", "shop.example");
        assertThat(result.err()).contains("orders: looking at all documents, about 50");
    }

    @Test
    void nothingIsOverwrittenUnlessAskedFor() throws IOException {
        Place place = Servers.place();
        new Shop(place.mongo(), 1).open(5, 5);
        Map<String, String> settings = source(place);
        String out = folder.resolve("out").toString();
        assertThat(Cli.run(settings, "infer", "--out", out, "--name", "shop").exitCode())
                .isZero();
        Files.writeString(Path.of(out, "mapping.yaml"), "mine");

        Result again = Cli.run(settings, "infer", "--out", out, "--name", "shop");
        Result forced = Cli.run(settings, "infer", "--out", out, "--name", "shop", "--force");
        Result other = Cli.run(settings, "infer", "--out", out, "--name", "other", "--force");

        assertThat(again.exitCode()).isEqualTo(2);
        assertThat(again.err()).contains("There is a file already: ", "mapping.yaml", "--force");
        assertThat(forced.exitCode()).isZero();
        assertThat(Files.readString(Path.of(out, "mapping.yaml"))).contains("mapping: shop");
        assertThat(other.exitCode()).isEqualTo(2);
        assertThat(other.err()).contains("There are other migrations already: ", "V0001__shop.sql");
    }

    @Test
    void mistakesAreToldBeforeAnythingIsWritten() {
        Place place = Servers.place();
        new Shop(place.mongo(), 1).open(1, 1);
        String out = folder.resolve("out").toString();
        Map<String, String> empty = Cli.with(source(place), "MONGO_DB_NAME", "nobody_has_this");

        Result noSettings = Cli.run(Map.of(), "infer");
        Result noDatabase = Cli.run(empty, "infer", "--out", out);
        Result noCollection = Cli.run(source(place), "infer", "--collection", "userz", "--out", out);
        Result badName = Cli.run(source(place), "infer", "--name", "Shop!", "--out", out);
        Result badDepth = Cli.run(source(place), "infer", "--depth", "7", "--out", out);
        Result noPath = Cli.run(source(place), "infer", "--flatten", "users.wings", "--out", out);
        Result noSuch = Cli.run(source(place), "infer", "--flatten", "address", "--out", out);
        Result badSchema = Cli.run(source(place), "infer", "--schema", "sluice", "--out", out);

        assertThat(noSettings.exitCode()).isEqualTo(2);
        assertThat(noSettings.err()).contains("MONGO_URI", "MONGO_DB_NAME").doesNotContain("POSTGRES_URI");
        assertThat(noDatabase.exitCode()).isEqualTo(2);
        assertThat(noDatabase.err()).contains("the database 'nobody_has_this' has no collection");
        assertThat(noCollection.exitCode()).isEqualTo(2);
        assertThat(noCollection.err()).contains("no collection 'userz'; it has orders, users");
        assertThat(badName.exitCode()).isEqualTo(2);
        assertThat(badDepth.err()).contains("--depth is from 0 to 6");
        assertThat(noPath.exitCode()).isEqualTo(2);
        assertThat(noPath.err()).contains("--flatten: no object was seen at wings in the documents of users");
        assertThat(noSuch.err()).contains("--flatten: address begins with no collection");
        assertThat(badSchema.exitCode()).isEqualTo(2);
        assertThat(Path.of(out)).doesNotExist();
    }

    @Test
    void onlyWhatIsAskedForIsMappedAndInTheSchemaThatIsNamed() throws IOException, SQLException {
        Place place = Servers.place();
        new Shop(place.mongo(), 1).open(5, 7);

        JsonNode report = infer(
                place,
                "--collection",
                "orders",
                "--schema",
                "crm",
                "--whole",
                "--depth",
                "0",
                "--flatten",
                "orders.shipping");

        assertThat(report.get("ignored").get("users").textValue()).isEqualTo("not asked for");
        backfill(place, Map.of("crm.orders", 7L));
        assertThat(types(place, "crm.orders")).contains("shipping_method text");
    }

    private static Map<String, String> source(Place place) {
        return Cli.settings(
                "MONGO_URI", Servers.mongoUri(), "MONGO_DB_NAME", place.mongo().getName());
    }

    private static Map<String, Long> insert(MongoDatabase database, Map<String, List<Document>> collections) {
        Map<String, Long> expected = new TreeMap<>();
        collections.forEach((collection, documents) -> {
            database.getCollection(collection).insertMany(documents, new InsertManyOptions().ordered(false));
            expected.put(collection, (long) documents.size());
        });
        return expected;
    }

    private JsonNode infer(Place place, String... options) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "infer",
                "--json",
                "--name",
                "proposed",
                "--out",
                folder.resolve("proposed").toString()));
        arguments.addAll(List.of(options));
        Result result = Cli.run(source(place), arguments.toArray(String[]::new));
        assertThat(result.exitCode()).as(result.err()).isZero();
        return JsonMapper.builder().build().readTree(result.out());
    }

    /// @param expected rows of each table
    /// @return the coverage of all collections
    private JsonNode inferAndBackfill(Place place, Map<String, Long> expected) throws IOException, SQLException {
        JsonNode coverage = infer(place).get("coverage");

        backfill(place, expected);
        return coverage;
    }

    private void backfill(Place place, Map<String, Long> expected) throws SQLException {
        String mapping = folder.resolve("proposed").toString();
        Result result = Cli.run(Cli.with(place.settings(), "SLUICE_MAPPING", mapping), "backfill");
        assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
        expected.forEach(
                (table, rows) -> assertThat(place.count(table)).as(table).isEqualTo(rows));
        assertThat(place.count("sluice.dead_letter")).isZero();
        try (MongoSource source =
                        new MongoSource(Servers.mongoUri(), place.mongo().getName());
                Connection connection =
                        new PostgresConnector(PostgresUri.parse(place.postgresUri())).openForLongWork()) {
            FullComparison comparison = new FullComparison(source, connection, "proposed");
            int index = 0;
            for (CollectionMapping collection : Catalog.load(mapping).mapping().collections()) {
                CollectionTarget target = new CollectionTarget(index++, collection, DocumentMapper.of(collection));
                assertThat(comparison.compare(target)).allMatch(d -> d.equal());
            }
        }
    }

    /// The columns of a table with their types, by name.
    private static String types(Place place, String table) {
        return place.text("SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attname)"
                + " FROM pg_attribute WHERE attrelid = '" + table + "'::regclass AND attnum > 0");
    }

    private static double share(JsonNode coverage, String part) {
        return coverage.get(part).doubleValue() / coverage.get("values").doubleValue();
    }
}
