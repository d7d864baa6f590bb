package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.deque.html.axecore.results.Rule;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import dev.sluice.sandbox.SandboxMongo;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.bson.Document;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/// The page in a real browser, against the real program and real servers. One story, in order.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PageIT {
    private static final String MARKER = "value-of-a-document";
    private static final double BOUND_MILLIS = 60_000;
    private static final List<ColorScheme> SCHEMES = List.of(ColorScheme.LIGHT, ColorScheme.DARK);
    private static final List<String> GRAVE = List.of("serious", "critical");

    private final Chromium chromium = Chromium.start();
    private final LiveSystem system = LiveSystem.start("demo", SandboxMongo.Options.DEFAULTS);
    private final int port = freePort();
    private final String address = "http://127.0.0.1:" + port + "/";

    @SuppressWarnings("NullAway.Init")
    private ServiceProcess process;

    @SuppressWarnings("NullAway.Init")
    private Page page;

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @BeforeAll
    void begin() {
        for (int i = 0; i < 20; i++) {
            system.database().getCollection("users").insertOne(user("u" + i));
        }
        process = run();
        page = chromium.open(address, 1440, ColorScheme.LIGHT);
        page.setDefaultTimeout(BOUND_MILLIS);
    }

    private ServiceProcess run() {
        ServiceProcess started =
                ServiceProcess.run(system, Map.of("SLUICE_HTTP_PORT", String.valueOf(port), "AUTO_MIGRATE", "true"));
        started.awaitSaid("/api/status");
        return started;
    }

    @AfterAll
    void end() {
        process.close();
        chromium.close();
        system.close();
    }

    private static Document user(String id) {
        return new Document("_id", id).append("email", id + "@shop.example").append("name", id);
    }

    private JsonNode api(String path) throws IOException {
        return JsonMapper.builder().build().readTree(process.get(path));
    }

    private Locator row(String collection) {
        return page.locator("li.item[data-collection=" + collection + "]");
    }

    private void awaitRoute(String collection, String said) throws IOException {
        row(collection)
                .locator(".route")
                .getByText(said, new Locator.GetByTextOptions().setExact(true))
                .waitFor();
    }

    private void awaitGate(String collection) {
        row(collection)
                .locator(".gate-button")
                .getByText("open", new Locator.GetByTextOptions().setExact(true))
                .waitFor();
    }

    private void awaitConnection(String state, double millis) {
        page.waitForFunction(
                "state => document.body.dataset.connection === state",
                state,
                new Page.WaitForFunctionOptions().setTimeout(millis));
    }

    @Test
    @Order(1)
    @DisplayName("it shows what the REST interface answers")
    void sameValues() throws IOException {
        awaitGate("users");

        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            JsonNode live = api("/api/live");
            for (JsonNode view : live.path("collections")) {
                Locator row = row(view.path("collection").asText());
                assertThat(row.locator(".sizes > span > span").innerText())
                        .isEqualTo(view.path("documents").asText());
                assertThat(row.locator(".sizes small").innerText())
                        .isEqualTo(view.path("rows").asText());
            }
            assertThat(live.path("collections")).hasSize(2);
        });
        JsonNode status = api("/api/status");
        assertThat(page.locator("#state").innerText())
                .isEqualToIgnoringCase(status.path("state").asText());
        page.waitForFunction("() => document.querySelector('#gates').textContent === '2 of 2'");
        assertThat(row("users").locator(".sizes > span > span").innerText()).isEqualTo("20");
    }

    @Test
    @Order(2)
    @DisplayName("a change is on the page within two seconds")
    void lagMoves() {
        // The first second after a change is written has a rate; a document that is written once shows it once.
        page.evaluate("() => { window.seen = false; new MutationObserver(() => { if (document.querySelector('#changes')"
                + ".textContent !== '0') window.seen = true; }).observe(document.querySelector('#changes'), {childList: true,"
                + " characterData: true, subtree: true}); window.lags = new Set(); new MutationObserver(() => window.lags.add("
                + "document.querySelector('#lag').textContent)).observe(document.querySelector('#lag'), {childList: true,"
                + " characterData: true, subtree: true}); }");
        system.database().getCollection("users").insertOne(user("seen"));

        page.waitForFunction(
                "() => window.seen && window.lags.size > 0", null, new Page.WaitForFunctionOptions().setTimeout(2000));
    }

    @Test
    @Order(3)
    @DisplayName("by mouse: a cut-over to 10 % and to 100 %, and back")
    void byMouse() throws IOException {
        row("users")
                .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("users"))
                .first()
                .click();
        cutOver();
        page.locator("#cutover-result")
                .getByText("Dry run: from MongoDB to PostgreSQL 10 %")
                .waitFor();
        page.locator("#cutover-go").click();
        awaitRoute("users", "PostgreSQL 10 %");
        assertThat(api("/api/routes/users").path("percent").asInt()).isEqualTo(10);

        cutOver();
        page.locator("#cutover-result").getByText("The gate lets it pass.").waitFor();
        assertThat(page.locator("#cutover-go").isDisabled())
                .as("without the name")
                .isTrue();
        page.locator("#cutover-name").fill("users");
        page.locator("#cutover-go").click();
        awaitRoute("users", "PostgreSQL");
        assertThat(api("/api/routes/users").path("percent").asInt()).isEqualTo(100);

        row("users").getByText("Roll back").click();
        awaitRoute("users", "MongoDB");
        assertThat(api("/api/routes/users").path("percent").asInt()).isZero();
        row("users")
                .locator("section", new Locator.LocatorOptions().setHas(page.getByText("History")))
                .getByText("rollback")
                .waitFor();
    }

    private void cutOver() {
        row("users").getByText("Cut over …").click();
    }

    @Test
    @Order(4)
    @DisplayName("by keyboard alone: a cut-over to 100 %, and back")
    void byKeyboard() throws IOException {
        page.reload();
        awaitConnection("live", BOUND_MILLIS);
        awaitGate("users");
        tabTo("users");
        page.keyboard().press("Enter");
        tabTo("Cut over …");
        page.keyboard().press("Enter");
        page.keyboard().press("Control+A");
        page.keyboard().type("100");
        page.locator("#cutover-result").getByText("The gate lets it pass.").waitFor();
        tabTo("cutover-name");
        page.keyboard().type("users");
        page.keyboard().press("Enter");
        awaitRoute("users", "PostgreSQL");
        assertThat(api("/api/routes/users").path("percent").asInt()).isEqualTo(100);

        tabTo("Roll back");
        page.keyboard().press("Space");
        awaitRoute("users", "MongoDB");
        assertThat(api("/api/routes/users").path("percent").asInt()).isZero();
    }

    /// Presses the tabulator until an element of that text or id has the focus.
    private void tabTo(String wanted) {
        for (int i = 0; i < 60; i++) {
            page.keyboard().press("Tab");
            Object now = page.evaluate("() => [document.activeElement.textContent, document.activeElement.id]");
            if (now instanceof List<?> said && said.contains(wanted)) {
                return;
            }
        }
        throw new AssertionError("the tabulator does not lead to " + wanted);
    }

    @Test
    @Order(5)
    @DisplayName("by keyboard alone: a pause with its reason, and resume; Enter is not Cancel")
    void pauseByKeyboard() throws IOException {
        page.locator("#pause").focus();
        page.keyboard().press("Enter");
        page.keyboard().type("<b>a look</b>");
        page.keyboard().press("Enter");
        page.locator("#pause").getByText("Resume").waitFor();
        assertThat(api("/api/pause").path("reason").asText()).isEqualTo("<b>a look</b>");
        assertThat(page.locator("#say").innerText().strip())
                .startsWith("Paused since")
                .doesNotContain("Paused paused");

        page.locator("#pause").press("Enter");
        page.locator("#pause").getByText("Pause").waitFor();
        page.waitForFunction("() => document.querySelector('#state').textContent === 'streaming'");
    }

    @Test
    @Order(6)
    @DisplayName("a shut gate says why, and no cut-over is offered")
    void shutGate() throws Exception {
        system.execute("UPDATE users SET name = 'x' WHERE id = 'u1'");
        page.locator("#verify-all").click();
        row("users")
                .locator(".drift, .num")
                .first()
                .getByText("1", new Locator.GetByTextOptions().setExact(true))
                .waitFor();
        page.waitForFunction(
                "() => document.querySelector('li[data-collection=users] .gate-button').textContent.includes('differ')");
        Locator gate = row("users").locator(".gate-button");
        gate.focus();
        assertThat(page.locator("#tip").innerText()).contains("differ").doesNotContain("shop.example");

        cutOver();
        page.locator("#cutover-result")
                .getByText("Nothing was moved: the gate is shut.")
                .waitFor();
        assertThat(page.locator("#cutover-go").isDisabled()).isTrue();
        page.locator("#cutover-cancel").click();
        row("users")
                .getByText("Repair", new Locator.GetByTextOptions().setExact(true))
                .click();
        awaitGate("users");
        // A refused call is an error in a browser's console, and meant here.
        assertThat(chromium.complaints()).allMatch(line -> line.contains("409"));
    }

    @Test
    @Order(7)
    @DisplayName("nothing serious is found by axe, in light at three widths and in dark")
    void accessible() {
        // So that there is something to see.
        try (LiveWriter writer = new LiveWriter(system.database(), 400, 300, 18, 200)) {
            writer.start();
            atEachWidth();
            for (ColorScheme scheme : SCHEMES) {
                Page shown = chromium.open(address, 1440, scheme);
                shown.waitForFunction("() => document.querySelector('#changes').textContent > '0'");
                picture(shown, scheme.name().toLowerCase(Locale.ROOT), false);
            }
        }
    }

    /// Kept in `target/page`; those of the README are of this test, too.
    private static void picture(Page shown, String name, boolean whole) {
        shown.screenshot(new Page.ScreenshotOptions()
                .setFullPage(whole)
                .setPath(Path.of("target", "page", "page-" + name + ".png")));
        shown.context().close();
    }

    private void atEachWidth() {
        for (ColorScheme scheme : SCHEMES) {
            // The schemes differ in colours alone.
            for (int width : scheme == ColorScheme.LIGHT ? List.of(360, 1440, 2560) : List.of(1440)) {
                Page shown = chromium.open(address, width, scheme);
                shown.locator("li.item[data-collection=users] .name button").click();
                shown.getByText("users becomes public.users").waitFor();
                shown.getByText("Nothing was done to it yet.")
                        .or(shown.getByText("rollback").first())
                        .first()
                        .waitFor();
                List<String> grave = new AxeBuilder(shown)
                        .analyze().getViolations().stream()
                                .filter(rule -> GRAVE.contains(rule.getImpact()))
                                .map(PageIT::told)
                                .toList();
                assertThat(grave).as(scheme + " " + width).isEmpty();
                assertThat(shown.evaluate("() => document.documentElement.scrollWidth <= innerWidth"))
                        .as("no scrolling sideways at " + width)
                        .isEqualTo(true);
                picture(shown, scheme.name().toLowerCase(Locale.ROOT) + "-" + width, true);
            }
        }
    }

    @Test
    @Order(7)
    @DisplayName("no width between a phone's and a screen's scrolls sideways, and nothing jumps while it loads")
    void steady() {
        Page shown = chromium.open(address, 1440, ColorScheme.LIGHT);
        shown.waitForFunction("() => document.querySelector('#changes').textContent !== '–'");
        shown.waitForTimeout(1500);
        Object shift = shown.evaluate("() => new Promise(done => { let sum = 0; new PerformanceObserver(list => {"
                + " for (const e of list.getEntries()) sum += e.value; }).observe({type: 'layout-shift', buffered: true});"
                + " setTimeout(() => done(sum), 300); })");
        assertThat(((Number) Objects.requireNonNull(shift)).doubleValue()).isLessThan(0.02);
        for (int width = 360; width <= 1400; width += 40) {
            shown.setViewportSize(width, 900);
            assertThat(shown.evaluate("() => document.documentElement.scrollWidth - innerWidth"))
                    .as("at " + width)
                    .isIn(0, -15);
        }
        shown.context().close();
    }

    private static String told(Rule rule) {
        return rule.getId() + ": "
                + rule.getNodes().stream().map(node -> node.getHtml()).toList();
    }

    @Test
    @Order(8)
    @DisplayName("no value of a document is on the page, in its events, in REST or in the metrics")
    void noValues() throws Exception {
        List<Document> marked = List.of(
                user("good")
                        .append("name", MARKER)
                        .append("email", MARKER)
                        .append("unmapped", MARKER)
                        .append("address", new Document("street", MARKER).append("extra", MARKER))
                        .append("tags", List.of(MARKER))
                        .append("preferences", new Document(MARKER, MARKER)),
                user("unfit").append("age", MARKER).append("balance", MARKER).append("signedUpAt", MARKER));
        HttpClient web = HttpClient.newHttpClient();
        Queue<String> events = new ConcurrentLinkedQueue<>();
        Thread listening = Thread.ofVirtual().start(() -> listen(web, events));
        system.database().getCollection("users").insertMany(marked);
        system.database()
                .getCollection("orders")
                .insertOne(new Document("_id", 99_999_999L)
                        .append("placedAt", MARKER)
                        .append("status", MARKER)
                        .append("lines", List.of(new Document("sku", MARKER).append("quantity", MARKER))));
        number("users", 8, "3");
        number("orders", 7, "1");
        system.execute("UPDATE users SET name = '" + MARKER + " too', city = '" + MARKER + "' WHERE id = 'u2'");
        page.locator("#verify-all").click();
        number("users", 5, "1");
        for (String collection : List.of("users", "orders")) {
            Locator toggle = row(collection).locator(".name button");
            if (toggle.getAttribute("aria-expanded").equals("false")) {
                toggle.click();
            }
        }
        row("users").getByText("different").first().waitFor();
        row("orders").getByText("Discard").waitFor();

        assertThat(page.content()).contains("u2").doesNotContain(MARKER);
        assertThat(process.get("/prometheus")).contains("sluice_dead_letters").doesNotContain(MARKER);
        JsonNode described = new YAMLMapper().readTree(process.get("/swagger/sluice.yml"));
        described.path("paths").properties().forEach(path -> {
            String asked = path.getKey().replace("{collection}", "users");
            if (path.getValue().has("get") && !asked.contains("events") && !asked.contains("{")) {
                assertThat(process.get(asked)).as(asked).doesNotContain(MARKER);
            }
        });
        assertThat(process.output()).doesNotContain(MARKER);
        await().atMost(Duration.ofSeconds(20))
                .until(() -> events.stream().anyMatch(line -> line.contains("\"dead_letters\":1")));
        assertThat(String.join("\n", events)).doesNotContain(MARKER);
        listening.interrupt();

        row("orders").getByText("Discard").click();
        page.locator("#reason-go").click();
        number("orders", 7, "0");
        row("users")
                .getByText("Repair", new Locator.GetByTextOptions().setExact(true))
                .click();
        number("users", 5, "0");
        web.shutdownNow();
    }

    private void number(String collection, int cell, String wanted) {
        page.waitForFunction(
                "([collection, cell, wanted]) => document.querySelectorAll(`li[data-collection=${collection}] .row > .cell`)"
                        + "[cell].lastElementChild.textContent === wanted",
                List.of(collection, cell, wanted));
    }

    private void listen(HttpClient web, Queue<String> events) {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(address + "api/events")).build();
        try (InputStream body =
                web.send(request, HttpResponse.BodyHandlers.ofInputStream()).body()) {
            new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))
                    .lines()
                    .forEach(events::add);
        } catch (IOException | UncheckedIOException | InterruptedException over) {
            // The test has seen what it wanted.
        }
    }

    @Test
    @Order(9)
    @DisplayName("a PostgreSQL and a MongoDB that are away are named")
    void serversAway() {
        system.postgres().stop();
        page.waitForFunction("() => document.querySelector('#postgres').dataset.health === 'away'");
        page.locator("#message").getByText("PostgreSQL").waitFor();
        system.postgres().startAgain();
        page.waitForFunction("() => document.querySelector('#postgres').dataset.health === 'up'");

        system.mongo().stop();
        page.waitForFunction("() => document.querySelector('#mongodb').dataset.health === 'away'");
        page.locator("#message").getByText("MongoDB").waitFor();
        system.mongo().startAgain();
        page.waitForFunction("() => document.querySelector('#mongodb').dataset.health === 'up'");
        assertThat(chromium.complaints()).allMatch(line -> line.contains("503"));
    }

    @Test
    @Order(10)
    @DisplayName("one that is held says nothing, which is said within 4 s; once it goes on the page stays live")
    void held() throws InterruptedException {
        process.suspend();
        awaitConnection("stale", 4000);
        process.resume();
        awaitConnection("live", BOUND_MILLIS);
        page.waitForTimeout(3500);
        assertThat(page.locator("body").getAttribute("data-connection")).isEqualTo("live");
    }

    @Test
    @Order(11)
    @DisplayName("after a kill -9 it says within 3 s that Sluice does not answer, and comes back by itself")
    void killed() {
        process.close();
        awaitConnection("lost", 3000);
        assertThat(page.locator("#say").innerText()).contains("Sluice does not answer.");

        process = run();
        awaitConnection("live", BOUND_MILLIS);
        page.waitForFunction("() => document.querySelector('#state').textContent === 'streaming'");
        assertThat(chromium.complaints()).allMatch(line -> line.contains("ERR_"));
    }

    @Test
    @Order(13)
    @DisplayName("a process that stands by shows the same, and where tokens are set it asks for one, for this tab only")
    void standbyWithTokens() {
        try (ServiceProcess standby = ServiceProcess.run(
                system,
                Map.of("AUTO_MIGRATE", "true", "SLUICE_API_READ_TOKEN", "to-look", "SLUICE_API_TOKEN", "to-act"))) {
            standby.awaitSaid("/api/status");
            Page shown = chromium.open(standby.address(), 1440, ColorScheme.LIGHT);
            shown.locator("#ask-token-why").getByText("SLUICE_API_READ_TOKEN").waitFor();
            shown.keyboard().type("wrong");
            shown.keyboard().press("Enter");
            shown.locator("#say").getByText("A token is needed to look.").waitFor();

            shown.locator("#token").click();
            shown.keyboard().type("to-look");
            shown.keyboard().press("Enter");
            shown.locator("#message").getByText("Standing by since").waitFor();
            shown.locator("li.item[data-collection=users] .gate-button").waitFor();
            assertThat(shown.locator("#leads").innerText()).isEqualTo("does not write now");

            shown.locator("li.item[data-collection=users] .name button").click();
            shown.getByText("Roll back").click();
            shown.locator("#toasts").getByText("may look only").waitFor();
            Page another = chromium.open(standby.address(), 1440, ColorScheme.LIGHT);
            another.locator("#ask-token-why").getByText("SLUICE_API_READ_TOKEN").waitFor();
            assertThat(another.locator("li.item").count()).isZero();
            another.context().close();
            shown.context().close();
        }
        chromium.complaints();
    }

    @Test
    @Order(12)
    @DisplayName("no other host was asked for anything")
    void keepsToItself() {
        assertThat(chromium.requests()).isNotEmpty().allMatch(url -> url.startsWith(address));
    }
}
