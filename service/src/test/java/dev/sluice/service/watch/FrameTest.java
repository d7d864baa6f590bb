package dev.sluice.service.watch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.service.watch.Frame.Look;
import dev.sluice.service.watch.Watched.Condition;
import dev.sluice.service.watch.Watched.GateState;
import dev.sluice.service.watch.Watched.Numbers;
import dev.sluice.service.watch.Watched.Row;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jline.utils.AttributedString;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameTest {
    private static final Instant AT = Instant.parse("2026-11-30T06:50:12.345Z");

    @ParameterizedTest(name = "{0} columns wide")
    @ValueSource(ints = {60, 80, 100, 120, 160})
    @DisplayName("a shop that is copied, with a collection that is finished and one that is being copied")
    void golden(int width) throws IOException {
        String frame = text(Frame.of(shop(), new Look(width, 14, Glyphs.UNICODE, true), View.START));

        try (InputStream golden = getClass().getResourceAsStream("/watch/shop-" + width + ".txt")) {
            assertThat(frame).isEqualTo(new String(golden.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    @ParameterizedTest(name = "{0} columns wide")
    @ValueSource(ints = {1, 7, 20, 33, 59, 81, 99, 400})
    @DisplayName("no line is wider than the screen, and there are not more than it is high")
    void bounds(int width) {
        for (int height = 1; height < 30; height++) {
            for (Glyphs glyphs : List.of(Glyphs.UNICODE, Glyphs.ASCII)) {
                List<AttributedString> lines = Frame.of(
                        shop().withAway("PostgreSQL does not answer since then."),
                        new Look(width, height, glyphs, false),
                        View.START);

                assertThat(lines)
                        .hasSizeLessThanOrEqualTo(height)
                        .allSatisfy(line -> assertThat(line.columnLength()).isLessThanOrEqualTo(width));
            }
        }
    }

    @ParameterizedTest(name = "{0} columns wide")
    @ValueSource(ints = {80, 120})
    @DisplayName(
            "with a long name and a gate that is shut for long, the curve of the lag and what shuts gates are there")
    void needed(int width) {
        List<Double> lags = IntStream.range(0, 60).mapToObj(i -> i / 5.0).toList();
        GateState gate = new GateState("shadow_reads", "No reads of both sides were equal yet. ".repeat(3));
        Row row = new Row(
                "customer_addresses_of_europe", "done", 1L, 1L, null, null, 12.3, lags, 7L, 8, 9, gate, "MongoDB");

        assertThat(text(Frame.of(with(List.of(row)), new Look(width, 14, Glyphs.UNICODE, false), View.START)))
                .contains("Lag", "last min", "Drift", "Dead", "Quar", "Gate")
                .containsPattern("following .*12.3 s +▁[▁-█]{6,}█ +7 +8 +9 +shut: ");
    }

    @Test
    @DisplayName("where the terminal can show no other characters, all are ASCII")
    void ascii() {
        assertThat(text(Frame.of(shop(), new Look(160, 20, Glyphs.ASCII, false), View.START)))
                .matches("\\p{ASCII}*")
                .contains("####----  47 %, 12 s left");
    }

    @Test
    @DisplayName("no colour is there where none is wanted")
    void withoutColours() {
        Watched away = shop().withAway("PostgreSQL does not answer since then.");

        assertThat(Frame.of(away, new Look(160, 20, Glyphs.UNICODE, false), View.START))
                .allSatisfy(line -> assertThat(line.toAnsi()).doesNotContainPattern("\u001b\\[[0-9;]*3[0-9]"));
        assertThat(Frame.of(away, new Look(160, 20, Glyphs.UNICODE, true), View.START))
                .anySatisfy(line -> assertThat(line.toAnsi()).containsPattern("\u001b\\[[0-9;]*3[0-9]"));
    }

    @Test
    @DisplayName("many collections are scrolled and sorted, and it is said which of them are seen")
    void many() {
        Watched fifty = with(IntStream.range(0, 50)
                .mapToObj(i -> row("c%02d".formatted(i), (double) i, i == 7 ? 3 : 0))
                .toList());
        Look look = new Look(100, 16, Glyphs.UNICODE, true);
        int page = Frame.page(fifty, look);

        assertThat(names(fifty, look, View.START)).hasSize(page).startsWith("c00", "c01");
        assertThat(text(Frame.of(fifty, look, View.START))).contains("1 to " + page + " of 50");
        assertThat(names(fifty, look, View.START.scrolled(page, 50))).startsWith("c%02d".formatted(page));
        assertThat(names(fifty, look, View.START.scrolled(1_000, 50)))
                .endsWith("c49")
                .hasSize(page);
        assertThat(names(fifty, look, View.START.scrolled(1_000, 50).scrolled(-1_000, 50)))
                .startsWith("c00");
        View byLag = View.START.sortedNext();
        assertThat(names(fifty, look, byLag)).startsWith("c49", "c48");
        assertThat(names(fifty, look, byLag.sortedNext())).startsWith("c07", "c00");
    }

    @Test
    @DisplayName("that PostgreSQL is away stands above all numbers")
    void away() {
        assertThat(text(Frame.of(
                                shop().withAway("PostgreSQL does not answer since 06:50:00."),
                                new Look(100, 14, Glyphs.UNICODE, true),
                                View.START))
                        .lines()
                        .skip(1)
                        .findFirst())
                .hasValue("PostgreSQL does not answer since 06:50:00.");
    }

    @Test
    @DisplayName("a curve has its greatest value at the top, and a blank where nothing is known")
    void curve() {
        assertThat(Glyphs.UNICODE.curve(List.of(Double.NaN, 0.0, 4.0, 8.0), 2, 8, 8))
                .isEqualTo("     ▁▅█");
        assertThat(Glyphs.UNICODE.curve(List.of(0.1, 0.1), 2, 2, 2)).isEqualTo("▁▁");
    }

    private static List<String> names(Watched watched, Look look, View view) {
        return Frame.of(watched, look, view).stream()
                .map(AttributedString::toString)
                .filter(line -> line.matches("c\\d\\d .*"))
                .map(line -> line.substring(0, 3))
                .toList();
    }

    private static String text(List<AttributedString> lines) {
        return lines.stream().map(line -> line.toString().stripTrailing()).collect(Collectors.joining("\n", "", "\n"));
    }

    private static Watched shop() {
        List<Double> lags = IntStream.range(0, 60)
                .mapToObj(i -> i < 40 ? 0.3 : (i - 40) / 5.0)
                .toList();
        return with(List.of(
                new Row(
                        "users",
                        "done",
                        20_104L,
                        20_104L,
                        null,
                        null,
                        3.8,
                        lags,
                        0L,
                        0,
                        0,
                        GateState.OPEN,
                        "PostgreSQL 10 %"),
                new Row(
                        "orders",
                        "running",
                        4_700L,
                        21_233L,
                        0.47,
                        12.0,
                        null,
                        List.of(),
                        0L,
                        1,
                        2,
                        new GateState("copied", "It is not copied yet. `sluice run` copies it."),
                        "MongoDB"),
                new Row(
                        "東京 notes",
                        "writes_on_postgres",
                        null,
                        null,
                        null,
                        null,
                        null,
                        List.of(),
                        null,
                        0,
                        0,
                        null,
                        "PostgreSQL, writes too")));
    }

    private static Watched with(List<Row> rows) {
        return new Watched(
                AT,
                "demo",
                "backfilling",
                Condition.BUSY,
                List.of("copying orders"),
                "epoch 3, written by process 4711 on db-2; position 2026-11-30T06:50:11Z, moved 0.4 s ago",
                new Numbers(3.8, 0.012, 0.240, 412.4, 6_110.0, 45_000.0),
                rows,
                List.of("users: verified through 2026-11-30T06:49:00Z"),
                null);
    }

    private static Row row(String name, double lag, long deadLetters) {
        return new Row(
                name, "done", 1L, 1L, null, null, lag, List.of(lag), 0L, deadLetters, 0, GateState.OPEN, "MongoDB");
    }
}
