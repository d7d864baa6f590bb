package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import dev.sluice.balance.Term;
import dev.sluice.bson.ExactBson;
import dev.sluice.change.IdText;
import dev.sluice.mapping.KeyResult;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.schema.Catalog;
import dev.sluice.schema.CollectionMapping.OnDelete;
import dev.sluice.schema.Reference;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import dev.sluice.service.systems.DevMentorDocuments;
import dev.sluice.service.systems.DocsGptDocuments;
import dev.sluice.service.systems.DocsGptHostility;
import dev.sluice.service.systems.TbdAgentsDocuments;
import dev.sluice.service.systems.TbdAgentsHostile;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.check.TargetDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.bson.Document;
import org.bson.RawBsonDocument;
import org.bson.types.ObjectId;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Whatever prints documents and rows prints numbers that add up, and that are those that another one counts
/// in both databases, on the documents that are made to break the ready-made systems.
class CountsAddUpIT {
    private static final Duration BOUND = Duration.ofSeconds(90);
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Pattern FORECAST =
            Pattern.compile("^ *(\\S+): ([\\d,]+) documents? would be ([\\d,]+) rows?(.*)$", Pattern.MULTILINE);
    private static final Pattern SUMMAND = Pattern.compile(" \\+ ([\\d,]+) (dead letter|waiting|skipped|deduplicated)");
    private static final Pattern METRIC =
            Pattern.compile("^sluice_balance\\{collection=\"([^\"]+)\",pipeline=\"[^\"]+\",term=\"(\\w+)\"\\} (\\S+)$");

    /// The systems, each with documents of all its collections and those that are hostile to it.
    private enum Case {
        DOCSGPT("docsgpt") {
            @Override
            void fill(MongoDatabase database) {
                DocsGptDocuments.insert(database, DocsGptDocuments.of(39), 39);
                DocsGptHostility.of(1)
                        .forEach(kind -> kind.documents()
                                .forEach(e ->
                                        database.getCollection(e.collection()).insertOne(e.document())));
            }
        },
        TBD_AGENTS("tbd-agents") {
            @Override
            void fill(MongoDatabase database) {
                new TbdAgentsDocuments(5)
                        .generate(400)
                        .forEach((collection, documents) ->
                                database.getCollection(collection).insertMany(documents));
                TbdAgentsHostile.set(1)
                        .forEach(h -> database.getCollection(h.collection()).insertOne(h.document()));
            }
        },
        DEVMENTOR("devmentor") {
            @Override
            void fill(MongoDatabase database) {
                new DevMentorDocuments(31)
                        .generate(600)
                        .forEach((collection, documents) ->
                                database.getCollection(collection).insertMany(documents));
                String address = "someone.with.a.very.long.name.in.a.very.long.department@devmentor.example";
                database.getCollection("users")
                        .insertMany(List.of(
                                new Document("_id", new ObjectId("65a000000000000000000001")).append("email", address),
                                new Document("_id", new ObjectId("65a00000000000000000001f")).append("email", address),
                                new Document("_id", new ObjectId("65a000000000000000000004"))
                                        .append("username", "nobody")));
                database.getCollection("user_sessions")
                        .insertOne(new Document("_id", new ObjectId("65a000000000000000000007"))
                                .append("user_id", new ObjectId("65a000000000000000000009"))
                                .append("session_token", "odd")
                                .append("refresh_token", "odd"));
            }
        };

        private final String mapping;

        Case(String mapping) {
            this.mapping = mapping;
        }

        abstract void fill(MongoDatabase database);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("dry run, plan, copy and status add up, and are what is there, also when that has changed since")
    void whatIsCopied(Case system) throws IOException {
        World world = World.of(system.mapping);
        system.fill(world.place().mongo());
        world.migrate();

        Result dry = world.look("backfill", "--dry-run");
        Map<String, Map<Term, Long>> forecast = forecasts(dry.out());
        if (system == Case.DEVMENTOR) {
            forecasts(world.look("plan", "--sample", "100000").out());
        }
        Result copied = world.run("backfill");
        assertThat(copied.exitCode()).as(copied.err()).isZero();
        Map<String, Map<Term, Long>> now = world.counted();

        assertAddsUp("backfill", table(copied.out()), now);
        assertThat(forecast.keySet()).as(dry.out()).isEqualTo(now.keySet());
        world.assertForetold(forecast, now);
        assertThat(sum(now, Term.DEAD_LETTERS) + sum(now, Term.WAITING) + sum(now, Term.DEDUPLICATED))
                .as("there is something to count: %s", now)
                .isPositive();

        world.changeBesides();
        Map<String, Map<Term, Long>> later = world.counted();
        assertThat(later).isNotEqualTo(now);
        // The copy's count is seconds old; it is taken for one of days ago.
        world.place().execute("UPDATE sluice.balance SET counted_at = counted_at - interval '3 days'");
        // Where the machine is so busy that it can't all be counted in time, it says so, and is asked again.
        await().atMost(BOUND).untilAsserted(() -> {
            String status = world.look("status").out();
            assertThat(status).doesNotContain("could not all be counted now");
            assertAddsUp("status", table(status), later);
        });
    }

    @Test
    @DisplayName("verification, repair, replay, the REST status and the metric add up, and are what is there")
    void whatIsFollowed() throws Exception {
        World world = World.of("docsgpt");
        Case.DOCSGPT.fill(world.place().mongo());
        try (Cli run = world.start("run")) {
            String base = await().atMost(BOUND).until(() -> address(run), address -> !address.isEmpty());
            await().atMost(BOUND)
                    .ignoreExceptions()
                    .until(() -> world.place().number("SELECT count(*) FROM sluice.backfill WHERE state <> 'done'") == 0
                            && world.place().number("SELECT count(*) FROM sluice.balance")
                                    == world.targets().size());
            world.changeBesides();
            await().atMost(BOUND).untilAsserted(() -> {
                Map<String, Map<Term, Long>> now = world.counted();
                assertThat(sum(now, Term.WITHOUT_ROW) + sum(now, Term.WITHOUT_DOCUMENT))
                        .as("in flight")
                        .isZero();
                assertAddsUp("metric", metrics(get(base + "/prometheus")), now);
            });
            Map<String, Map<Term, Long>> now = world.counted();
            assertThat(sum(now, Term.KEPT)).isPositive();
            assertAddsUp("GET /api/status", balances(JSON.readTree(get(base + "/api/status"))), now);

            Result verified = world.run("verify");
            assertThat(verified.exitCode()).as(verified.out() + verified.err()).isZero();
            assertAddsUp("verify", table(verified.out()), now);
            assertSentence(verified.out(), now);
            JsonNode json = JSON.readTree(
                    world.look("verify", "--mode", "counts", "--json").out());
            assertAddsUp("verify --json", balances(json), now);
            json.path("collections")
                    .forEach(c -> assertThat(c.path("rows").asLong())
                            .as("rows of %s", c.path("collection").asText())
                            .isEqualTo(amount(termsOf(now, c.path("collection").asText()), Term.ROWS)));
            Result replayed = world.run("replay", "--from", "1h", "--no-verify");
            assertAddsUp("replay", table(replayed.out()), world.counted());
            run.terminate();
            run.await();
        }
        // A row is gone and one is nobody's.
        world.place()
                .execute("DELETE FROM prompts WHERE ctid = (SELECT min(ctid) FROM prompts WHERE NOT EXISTS"
                        + " (SELECT FROM agents a WHERE a.prompt_id = prompts.id))");
        Map<String, Map<Term, Long>> broken = world.counted();
        assertThat(termsOf(broken, "prompts")).containsEntry(Term.WITHOUT_ROW, 1L);
        world.place().execute("UPDATE sluice.balance SET counted_at = counted_at - interval '3 days'");
        assertAddsUp(
                "status --json",
                balances(JSON.readTree(world.look("status", "--json").out())),
                broken);
        assertAddsUp(
                "verify",
                table(world.look("verify", "--collection", "prompts").out()),
                Map.of("prompts", termsOf(broken, "prompts")));
        Result repaired = world.run("verify", "--collection", "prompts", "--repair");
        assertAddsUp("verify --repair", table(repaired.out()), Map.of("prompts", termsOf(world.counted(), "prompts")));
        assertThat(termsOf(world.counted(), "prompts")).containsEntry(Term.WITHOUT_ROW, 0L);
    }

    private static String address(Cli run) {
        Matcher found = Pattern.compile("http://localhost:\\d+").matcher(run.out() + run.err());
        return found.find() ? found.group() : "";
    }

    private static String get(String uri) {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(URI.create(uri)).build(), BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static long sum(Map<String, Map<Term, Long>> counts, Term term) {
        return counts.values().stream().mapToLong(c -> amount(c, term)).sum();
    }

    private static long amount(Map<Term, Long> terms, Term term) {
        return terms.getOrDefault(term, 0L);
    }

    private static Map<Term, Long> termsOf(Map<String, Map<Term, Long>> counts, String collection) {
        return counts.getOrDefault(collection, Map.of());
    }

    private static void assertAddsUp(
            String what, Map<String, Map<Term, Long>> printed, Map<String, Map<Term, Long>> counted) {
        printed.forEach((collection, terms) -> assertThat(amount(terms, Term.DOCUMENTS))
                .as("%s, %s: %s", what, collection, terms)
                .isEqualTo(amount(terms, Term.ROWS)
                        - amount(terms, Term.KEPT)
                        - amount(terms, Term.WITHOUT_DOCUMENT)
                        - amount(terms, Term.NOT_OURS)
                        + amount(terms, Term.DEAD_LETTERS)
                        + amount(terms, Term.WAITING)
                        + amount(terms, Term.SKIPPED)
                        + amount(terms, Term.DEDUPLICATED)
                        + amount(terms, Term.WITHOUT_ROW)));
        assertThat(printed).as(what).isEqualTo(counted);
    }

    /// The sentence at the end of a verification, which once named the documents alone.
    private static void assertSentence(String out, Map<String, Map<Term, Long>> counted) {
        String sentence =
                out.lines().filter(line -> line.startsWith("Equal")).findFirst().orElse(out);
        assertThat(sentence)
                .contains(number(sum(counted, Term.DOCUMENTS)) + " documents = ")
                .contains(number(sum(counted, Term.ROWS)) + " rows")
                .contains(number(sum(counted, Term.DEAD_LETTERS)) + " dead letters")
                .contains(number(sum(counted, Term.WAITING)) + " waiting")
                .contains(number(sum(counted, Term.DEDUPLICATED)) + " deduplicated");
    }

    private static String number(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    private static long number(String text) {
        return Long.parseLong(text.replace(",", ""));
    }

    /// What a table of documents and rows says, without its last line, which has to be the sum of the others.
    private static Map<String, Map<Term, Long>> table(String out) {
        Map<String, Map<Term, Long>> found = new TreeMap<>();
        List<String> lines = out.lines().toList();
        int head = 0;
        while (head < lines.size() && !lines.get(head).contains(" = rows ")) {
            head++;
        }
        assertThat(head).as("a table in: %s", out).isLessThan(lines.size());
        for (String line : lines.subList(head + 1, lines.size())) {
            String[] words = line.strip().split(" +", -1);
            if (words.length != Term.values().length + 2) {
                break;
            }
            Map<Term, Long> terms = new EnumMap<>(Term.class);
            int next = 1;
            for (Term term : Term.values()) {
                terms.put(term, number(words[next++]));
            }
            found.put(words[0], terms);
        }
        Map<Term, Long> all = found.remove("all");
        if (all != null) {
            for (Term term : Term.values()) {
                assertThat(amount(all, term)).as("all: %s", term).isEqualTo(sum(found, term));
            }
        }
        return found;
    }

    private static Map<String, Map<Term, Long>> balances(JsonNode json) {
        Map<String, Map<Term, Long>> found = new TreeMap<>();
        for (JsonNode collection : json.path("collections")) {
            Map<Term, Long> terms = new EnumMap<>(Term.class);
            for (Term term : Term.values()) {
                JsonNode number = collection.path("balance").path(term.text());
                assertThat(number.isIntegralNumber())
                        .as("%s of %s", term, collection)
                        .isTrue();
                terms.put(term, number.asLong());
            }
            found.put(collection.path("collection").asText(), terms);
        }
        return found;
    }

    private static Map<String, Map<Term, Long>> metrics(String scraped) {
        Map<String, Map<Term, Long>> found = new TreeMap<>();
        scraped.lines().forEach(line -> {
            Matcher metric = METRIC.matcher(line);
            if (metric.matches()) {
                found.computeIfAbsent(metric.group(1), c -> new EnumMap<>(Term.class))
                        .put(Term.valueOf(metric.group(2).toUpperCase(Locale.ROOT)), (long)
                                Double.parseDouble(metric.group(3)));
            }
        });
        return found;
    }

    /// What a dry run foretells, each line of which has to add up.
    private static Map<String, Map<Term, Long>> forecasts(String out) {
        Map<String, Map<Term, Long>> found = new TreeMap<>();
        Matcher line = FORECAST.matcher(out);
        while (line.find()) {
            Map<Term, Long> terms = new EnumMap<>(Term.class);
            Arrays.stream(Term.values()).forEach(term -> terms.put(term, 0L));
            terms.put(Term.DOCUMENTS, number(line.group(2)));
            terms.put(Term.ROWS, number(line.group(3)));
            Matcher summand = SUMMAND.matcher(line.group(4));
            while (summand.find()) {
                String term = summand.group(2).equals("dead letter") ? "dead letters" : summand.group(2);
                terms.put(Term.valueOf(term.toUpperCase(Locale.ROOT).replace(' ', '_')), number(summand.group(1)));
            }
            assertThat(amount(terms, Term.DOCUMENTS))
                    .as(line.group())
                    .isEqualTo(amount(terms, Term.ROWS)
                            + amount(terms, Term.DEAD_LETTERS)
                            + amount(terms, Term.WAITING)
                            + amount(terms, Term.SKIPPED)
                            + amount(terms, Term.DEDUPLICATED));
            found.put(line.group(1), terms);
        }
        assertThat(found).as(out).isNotEmpty();
        return found;
    }

    /// A system's two databases, and a user who counts in them.
    private record World(Place place, Map<String, String> settings, List<CollectionTarget> targets) {
        static World of(String mapping) {
            Place place = Servers.place();
            List<CollectionTarget> targets =
                    CollectionTarget.of(Catalog.load(mapping).mapping());
            // No collection of these has ids of several types.
            targets.forEach(target -> target.mapper().decideKeysByFirst());
            return new World(place, Cli.with(place.settings(), "SLUICE_MAPPING", mapping), targets);
        }

        void migrate() {
            new TargetDatabase(PostgresUri.parse(place.postgresUri()))
                    .migrate(Catalog.load(settings.getOrDefault("SLUICE_MAPPING", "")));
        }

        Result run(String... arguments) {
            return Cli.run(settings, arguments);
        }

        /// Only reads, and so needs no process of its own.
        Result look(String... arguments) {
            return Cli.runHere(settings, arguments);
        }

        Cli start(String... arguments) {
            return Cli.start(settings, arguments);
        }

        /// Deletes some documents, and changes nothing of the rows. Where rows are kept, one that is the only one of
        /// its user
        /// is among them: no other document takes its row over.
        void changeBesides() {
            for (CollectionTarget target : targets) {
                List<Document> some = place.mongo()
                        .getCollection(target.collection())
                        .find()
                        .sort(new Document("_id", 1))
                        .limit(3)
                        .into(new ArrayList<>());
                if (some.size() == 3) {
                    place.mongo()
                            .getCollection(target.collection())
                            .deleteOne(Filters.eq("_id", some.get(1).get("_id")));
                }
            }
            Map<Object, List<Document>> byUser =
                    place.mongo().getCollection("users").find().into(new ArrayList<>()).stream()
                            .filter(user -> user.getString("user_id") != null)
                            .collect(Collectors.groupingBy(user -> user.getString("user_id")));
            byUser.values().stream()
                    .filter(users -> users.size() == 1)
                    .findFirst()
                    .ifPresent(users -> place.mongo()
                            .getCollection("users")
                            .deleteOne(Filters.eq("_id", users.getFirst().get("_id"))));
        }

        /// Each term, by looking at every document and every key, in both databases. No count of Sluice's is used.
        Map<String, Map<Term, Long>> counted() {
            Map<String, Map<Term, Long>> all = new TreeMap<>();
            for (CollectionTarget target : targets) {
                all.put(target.collection(), counted(target));
            }
            return all;
        }

        private Map<Term, Long> counted(CollectionTarget target) {
            String table = target.mapping().table().sql();
            String key = target.mapping().key().column();
            List<String> rows = texts("SELECT " + key + "::text FROM " + table);
            Set<String> left = new HashSet<>(rows);
            Set<String> dead = texts("SELECT document_key FROM sluice.dead_letter WHERE collection = '"
                            + target.collection() + "'")
                    .stream()
                    .map(text -> key(target, text))
                    .collect(Collectors.toSet());
            Map<String, Set<String>> waits = waits(target);
            Map<Term, Long> terms = new EnumMap<>(Term.class);
            Arrays.stream(Term.values()).forEach(term -> terms.put(term, 0L));
            terms.put(Term.ROWS, (long) rows.size());
            for (RawBsonDocument document : place.mongo()
                    .getCollection(target.collection(), RawBsonDocument.class)
                    .find()) {
                terms.merge(Term.DOCUMENTS, 1L, Long::sum);
                String own = key(target, IdText.canonical(ExactBson.id(document)));
                boolean row = left.remove(own);
                if (!row || dead.contains(own)) {
                    terms.merge(why(target, document, own, dead, waits), 1L, Long::sum);
                }
                if (row && dead.contains(own)) {
                    terms.merge(Term.KEPT, 1L, Long::sum);
                }
            }
            Set<String> nobodys = target.mapping().conflict().contains(key)
                    ? Set.of()
                    : new HashSet<>(texts("SELECT " + key + "::text FROM " + table + " t WHERE NOT EXISTS (SELECT FROM"
                            + " sluice.document_row r WHERE r.key_digest = sluice.digest(t." + key + "::text))"));
            for (String row : left) {
                terms.merge(
                        nobodys.contains(row)
                                ? Term.NOT_OURS
                                : target.mapping().onDelete() == OnDelete.KEEP ? Term.KEPT : Term.WITHOUT_DOCUMENT,
                        1L,
                        Long::sum);
            }
            return terms;
        }

        private static Term why(
                CollectionTarget target,
                RawBsonDocument document,
                String key,
                Set<String> dead,
                Map<String, Set<String>> waits) {
            if (dead.contains(key)) {
                return Term.DEAD_LETTERS;
            }
            Set<String> kinds = waits.getOrDefault(key, Set.of());
            if (!kinds.isEmpty()) {
                return kinds.contains("reference") ? Term.WAITING : Term.DEDUPLICATED;
            }
            return target.mapper().map(document) instanceof MappingResult.Skipped ? Term.SKIPPED : Term.WITHOUT_ROW;
        }

        /// Why documents wait: a reference, where the document has no row without it, or a duplicate.
        private Map<String, Set<String>> waits(CollectionTarget target) {
            Set<String> needed = target.mapping().columns().stream()
                    .filter(c -> c.reference() != null && c.reference().orphan() == Reference.Orphan.SKIP)
                    .map(c -> target.mapping().table().table() + "." + c.column())
                    .collect(Collectors.toSet());
            Map<String, Set<String>> waits = new HashMap<>();
            for (String entry : texts("SELECT row_key || ' ' || kind || ' ' || column_name FROM sluice.waiting WHERE"
                    + " collection = '" + target.collection() + "'")) {
                String[] words = entry.split(" ", -1);
                if (words[1].equals("duplicate") || needed.contains(words[2])) {
                    waits.computeIfAbsent(words[0], k -> new HashSet<>()).add(words[1]);
                }
            }
            return waits;
        }

        private static String key(CollectionTarget target, String id) {
            return target.mapper().key(IdText.parse(id)) instanceof KeyResult.Key(Object key)
                    ? key.toString()
                    : "no key: " + id;
        }

        private List<String> texts(String sql) {
            String joined = place.text("SELECT string_agg(x, E'\\n') FROM (" + sql + ") q (x)");
            return joined.isEmpty() ? List.of() : joined.lines().toList();
        }

        /// What was foretold came, but for documents that PostgreSQL alone could refuse: those were foretold as rows.
        void assertForetold(Map<String, Map<Term, Long>> forecast, Map<String, Map<Term, Long>> now) {
            now.forEach((collection, came) -> {
                Map<Term, Long> foretold = termsOf(forecast, collection);
                long refused = place.number("SELECT count(*) FROM sluice.dead_letter WHERE collection = '" + collection
                        + "' AND sqlstate LIKE '23%'");
                Map<Term, Long> expected = new LinkedHashMap<>(came);
                Arrays.asList(Term.KEPT, Term.NOT_OURS).forEach(term -> {
                    expected.merge(Term.ROWS, -amount(came, term), Long::sum);
                    expected.put(term, 0L);
                });
                assertThat(amount(foretold, Term.ROWS))
                        .as("rows of %s: foretold %s, came %s", collection, foretold, came)
                        .isBetween(amount(expected, Term.ROWS), amount(expected, Term.ROWS) + refused);
                List.of(Term.DOCUMENTS, Term.WAITING, Term.SKIPPED, Term.DEDUPLICATED)
                        .forEach(term -> assertThat(amount(foretold, term))
                                .as("%s of %s: foretold %s, came %s", term, collection, foretold, came)
                                .isEqualTo(amount(expected, term)));
            });
        }
    }
}
