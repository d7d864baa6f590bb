package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.cutover.ReadFrom;
import dev.sluice.cutover.Share;
import dev.sluice.service.applications.Application;
import dev.sluice.service.applications.Example;
import dev.sluice.service.applications.Switches;
import dev.sluice.service.cli.Cli.Result;
import dev.sluice.service.cli.Servers.Place;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The applications of `deploy/examples`, with the official OpenFeature SDKs, under load while their reads
/// move to PostgreSQL and back. They count by themselves what goes wrong.
class ApplicationsIT {
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final int USERS_OF_EACH = 100;
    private static final String TOKEN = "look";
    private static final Pattern SERVES = Pattern.compile("http://localhost:(\\d+)/api/status");

    private final Place place = Servers.place();
    private final List<Move> moves = new ArrayList<>();
    private final List<Application> applications = new ArrayList<>();
    private Share share = Share.MONGODB;
    private Instant followed = Instant.EPOCH;

    /// A route that was moved.
    ///
    /// @param asked when the command was given, in seconds since 1970
    /// @param at when the route was another one
    private record Move(String name, Share before, Share after, double asked, double at) {
        /// Of how many users of an application the route is another one now.
        long usersMoved(Example example) {
            return users(example)
                    .filter(user -> !of(before, user).equals(of(after, user)))
                    .count();
        }
    }

    /// How the applications followed a move, in milliseconds.
    ///
    /// @param command from when the command was given until the route was another one
    /// @param lastByOld after that, when the last read was begun that went by the old route; 0 for none
    /// @param allByNew after that, when the last application had read for the last of its users by the new
    ///     route
    private record Followed(String move, long command, long lastByOld, long allByNew) {}

    @Test
    @DisplayName(
            "Python, under load: shadow, 1, 10, 100 %, back and again; no read is wrong, stale or failed, and every user"
                    + " follows")
    void python() throws Exception {
        List<Followed> followed = run(List.of(Example.PYTHON), Duration.ofMinutes(10), 1);

        // The machine may be busy with other tests; the long one holds the two seconds.
        assertThat(followed).allSatisfy(move -> assertThat(move.lastByOld()).isLessThan(5_000));
    }

    @Test
    @Tag("long")
    @DisplayName(
            "Python, Java and Node for more than a minute each: the same, and the last application follows within 2 s"
                    + " at the 99th percentile")
    void allThree() throws Exception {
        List<Followed> followed = run(List.of(Example.PYTHON, Example.JAVA, Example.NODE), Duration.ofMinutes(30), 50);

        assertThat(percentile(followed, Followed::allByNew, 99)).isLessThan(2_000);
    }

    @Test
    @DisplayName(
            "DocsGPT's READ_POSTGRES: on after cutover --all, off after the rollback of one collection; USE_POSTGRES is"
                    + " never on")
    void docsGptSwitches() throws Exception {
        Map<String, String> settings = Cli.with(
                place.settings(),
                "SLUICE_MAPPING",
                "docsgpt",
                "SLUICE_API_READ_TOKEN",
                TOKEN,
                "SLUICE_VERIFY_BUDGET",
                "50");
        assertThat(Cli.runHere(settings, "migrate").exitCode()).isZero();
        place.mongo().getCollection("users").insertOne(new Document("user_id", "anna"));
        try (Cli run = Cli.start(settings, "run");
                Switches switches = Switches.start(serves(run, "agents"), TOKEN)) {
            await().atMost(SOON)
                    .until(() -> switches.said(), List.of("USE_POSTGRES=false READ_POSTGRES=false")::equals);

            await().atMost(SOON).untilAsserted(() -> {
                Result all = Cli.runHere(settings, "cutover", "--all");
                assertThat(all.exitCode()).as(all.out() + all.err()).isZero();
            });
            await().atMost(SOON).until(() -> switches.said().size() == 2);
            assertThat(switches.said()).last().isEqualTo("USE_POSTGRES=false READ_POSTGRES=true");

            assertThat(Cli.runHere(settings, "rollback", "prompts").exitCode()).isZero();
            await().atMost(SOON).until(() -> switches.said().size() == 3);
            assertThat(switches.said()).last().isEqualTo("USE_POSTGRES=false READ_POSTGRES=false");
        }
    }

    @Test
    @DisplayName("DocsGPT's switches pass their own tests")
    void docsGptSwitchesAlone() throws Exception {
        assertThat(Switches.test()).contains("OK");
    }

    /// @param roundTrips how often reads go back and forth after the steps of a careful cut-over
    private List<Followed> run(List<Example> examples, Duration atMost, int roundTrips) throws Exception {
        assertThat(Cli.runHere(place.settings(), "migrate").exitCode()).isZero();
        try (Cli run = Cli.start(Cli.with(place.settings(), "SLUICE_API_READ_TOKEN", TOKEN), "run")) {
            String url = serves(run, "users");
            Map<String, String> settings = Cli.with(
                    place.settings(),
                    "FLAGS_URL",
                    url,
                    "SLUICE_API_READ_TOKEN",
                    TOKEN,
                    "SECONDS",
                    Long.toString(atMost.toSeconds()));
            for (Example example : examples) {
                applications.add(Application.start(example, settings));
            }
            awaitReads();
            cutOverWithCare();
            for (int i = 0; i < roundTrips; i++) {
                move("rollback", Share.MONGODB, args -> Cli.runHere(place.settings(), args), "rollback", "users");
                move("cutover", new Share(100, 0), args -> Cli.runHere(place.settings(), args), "cutover", "users");
            }
            assertThat(run.running()).as(run.err()).isTrue();
            return judge();
        } finally {
            applications.forEach(Application::close);
        }
    }

    /// As an operator does it, each command a process of its own.
    private void cutOverWithCare() {
        awaitOpen();
        Result dryRun = Cli.run(place.settings(), "cutover", "users", "--dry-run");
        assertThat(dryRun.exitCode()).as(dryRun.out() + dryRun.err()).isZero();
        assertThat(place.count("sluice.read_route")).isZero();
        byHand("shadow 10 %", new Share(0, 10), "cutover", "users", "--shadow", "10");
        byHand("cutover 1 %", new Share(1, 0), "cutover", "users", "--percent", "1");
        byHand("cutover 10 %", new Share(10, 0), "cutover", "users", "--percent", "10");
        byHand("cutover", new Share(100, 0), "cutover", "users");
        byHand("rollback", Share.MONGODB, "rollback", "users");
        byHand("cutover", new Share(100, 0), "cutover", "users");
    }

    private void byHand(String name, Share after, String... arguments) {
        move(name, after, args -> Cli.run(place.settings(), args), arguments);
    }

    private interface CommandLine {
        Result run(String... arguments);
    }

    /// Moves reads, and waits until every application reads by the new route alone.
    private void move(String name, Share after, CommandLine commandLine, String... arguments) {
        if (after.percent() > share.percent()) {
            // The applications take users who follow the same way within two seconds for one move.
            await().atMost(SOON).until(() -> Instant.now().isAfter(followed.plusSeconds(2)));
        }
        AtomicReference<Instant> asked = new AtomicReference<>(Instant.EPOCH);
        // A busy machine may shut the gate for a moment, which a person would wait for, too.
        await().atMost(SOON).untilAsserted(() -> {
            asked.set(Instant.now());
            Result result = commandLine.run(arguments);
            assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
        });
        double at = Double.parseDouble(place.text("SELECT extract(epoch FROM changed_at) FROM sluice.read_route"));
        moves.add(new Move(name, share, after, asked.get().toEpochMilli() / 1_000.0, at));
        share = after;
        awaitReads();
        followed = Instant.now();
    }

    /// Until each application has counted, between two of its reports, two reads of every user by those
    /// routes that users have now, and none by another.
    private void awaitReads() {
        int[] before = applications.stream()
                .mapToInt(application -> application.reports().size())
                .toArray();
        await().atMost(SOON)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> IntStream.range(0, before.length).allMatch(i -> {
                    List<JsonNode> since = applications.get(i).reports().stream()
                            .skip(before[i])
                            .toList();
                    return since.stream()
                            .anyMatch(
                                    earlier -> haveFollowed(applications.get(i).example(), earlier, since.getLast()));
                }));
    }

    private boolean haveFollowed(Example example, JsonNode earlier, JsonNode later) {
        boolean asRouted = true;
        int reads = 0;
        for (ReadFrom side : ReadFrom.values()) {
            int more =
                    later.path(side.text()).asInt() - earlier.path(side.text()).asInt();
            asRouted &= more > 0 == users(example).anyMatch(user -> of(share, user) == side);
            reads += more;
        }
        return asRouted && reads >= 2 * USERS_OF_EACH;
    }

    private List<Followed> judge() throws InterruptedException {
        List<JsonNode> ends = new ArrayList<>();
        for (Application application : applications) {
            JsonNode end = application.end();
            say(application.example() + ": " + counts(end));
            ends.add(end);
        }
        for (int i = 0; i < ends.size(); i++) {
            Application application = applications.get(i);
            assertThat(application.exitCode()).as(application.err()).isZero();
            for (String bad : List.of("wrong", "stale", "different", "failed")) {
                assertThat(ends.get(i).path(bad).asInt())
                        .as(application.example() + " " + bad)
                        .isZero();
            }
            for (String good : List.of("writes", "mongodb", "postgres", "both")) {
                assertThat(ends.get(i).path(good).asInt())
                        .as(application.example() + " " + good)
                        .isPositive();
            }
        }
        assertReported(ends);
        List<Followed> followed = new ArrayList<>();
        for (int m = 0; m < moves.size(); m++) {
            Move move = moves.get(m);
            double next = m + 1 < moves.size() ? moves.get(m + 1).at() : Double.MAX_VALUE;
            double lastByOld = move.at();
            double allByNew = move.at();
            for (int i = 0; i < ends.size(); i++) {
                List<JsonNode> seen = StreamSupport.stream(
                                ends.get(i).path("moves").spliterator(), false)
                        .filter(s -> s.path("first").asDouble() >= move.at()
                                && s.path("first").asDouble() < next)
                        .toList();
                Example example = applications.get(i).example();
                assertThat(seen.stream().mapToInt(s -> s.path("users").asInt()).sum())
                        .as("users of " + example + " that followed move " + m + ", " + move.name())
                        .isEqualTo((int) move.usersMoved(example));
                for (JsonNode s : seen) {
                    lastByOld = Math.max(lastByOld, s.path("old_until").asDouble());
                    allByNew = Math.max(allByNew, s.path("last").asDouble());
                }
            }
            followed.add(new Followed(
                    move.name(),
                    Math.round((move.at() - move.asked()) * 1_000),
                    Math.round((lastByOld - move.at()) * 1_000),
                    Math.round((allByNew - move.at()) * 1_000)));
        }
        say(String.format(
                Locale.ROOT,
                "%d moves. From the command to the new route: p50 %d, p99 %d ms. From then on: the last read by the old route"
                        + " begins after p50 %d, p99 %d ms; the last user has read by the new one after p50 %d, p99 %d ms.",
                followed.size(),
                percentile(followed, Followed::command, 50),
                percentile(followed, Followed::command, 99),
                percentile(followed, Followed::lastByOld, 50),
                percentile(followed, Followed::lastByOld, 99),
                percentile(followed, Followed::allByNew, 50),
                percentile(followed, Followed::allByNew, 99)));
        return followed;
    }

    /// What the applications read from both sides, Sluice has counted, and none of it is different.
    private void assertReported(List<JsonNode> ends) {
        int read = 0;
        for (JsonNode end : ends) {
            assertThat(end.path("reported").asInt() + end.path("late").asInt())
                    .as("of the reads of both sides, those that were reported; a late one was of one side")
                    .isGreaterThanOrEqualTo(end.path("both").asInt());
            read += end.path("reported").asInt();
        }
        String told = "SELECT equal + different + unconfirmed + reported + unchecked FROM sluice.shadow_read";
        assertThat(place.number(told)).isEqualTo(read);
        assertThat(place.number("SELECT different + reported FROM sluice.shadow_read"))
                .isZero();
    }

    private static String counts(JsonNode end) {
        return Stream.of(
                        "writes",
                        "mongodb",
                        "postgres",
                        "both",
                        "reported",
                        "late",
                        "wrong",
                        "stale",
                        "different",
                        "failed")
                .map(name -> name + " " + end.path(name).asInt())
                .reduce((a, b) -> a + ", " + b)
                .orElseThrow();
    }

    private static long percentile(List<Followed> followed, ToLongFunction<Followed> millis, int percent) {
        long[] sorted = followed.stream().mapToLong(millis).sorted().toArray();
        return sorted[Math.max(0, (int) Math.ceil(sorted.length * percent / 100.0) - 1)];
    }

    private static Stream<String> users(Example example) {
        return IntStream.range(0, USERS_OF_EACH).mapToObj(n -> example.userPrefix() + n);
    }

    private static ReadFrom of(Share share, String user) {
        return share.of("users", user).orElseThrow();
    }

    private void awaitOpen() {
        await().atMost(SOON).pollInterval(Duration.ofMillis(200)).until(() -> GateCommandIT.isOpen(place, "users"));
    }

    /// Its address, once it answers for routes.
    private static String serves(Cli run, String collection) {
        return await().atMost(SOON)
                .ignoreExceptions()
                .until(
                        () -> {
                            Matcher port = SERVES.matcher(run.err());
                            if (!port.find()) {
                                return "";
                            }
                            String url = "http://127.0.0.1:" + port.group(1);
                            return answers(url, collection) ? url : "";
                        },
                        url -> !url.isEmpty());
    }

    private static boolean answers(String url, String collection) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/ofrep/v1/evaluate/flags/" + collection))
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer " + TOKEN)
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build();
        try (HttpClient web = HttpClient.newHttpClient()) {
            return web.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        }
    }

    // What it is for is a figure, and it is asked for by people.
    @SuppressWarnings("SystemOut")
    private static void say(String line) {
        System.out.println(line);
    }
}
