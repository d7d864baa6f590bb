package dev.sluice.service.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.service.ops.Metric.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// The page that explains each metric is made from the list that registers them. With `-Dsluice.write.docs=true` this
/// test writes it.
class MetricsPageTest {
    private static final Path PAGE = Path.of("docs", "metrics.md");

    @Test
    @DisplayName("service/docs/metrics.md is what the lists of metrics say")
    void thePage() throws IOException {
        String page = page();
        if (Boolean.getBoolean("sluice.write.docs")) {
            Files.writeString(PAGE, page);
        }

        assertThat(Files.readString(PAGE))
                .as("write it anew with -Dtest=MetricsPageTest -Dsluice.write.docs=true")
                .isEqualTo(page);
    }

    @Test
    @DisplayName("names, units and help follow Prometheus' conventions")
    void conventions() {
        for (Metric metric : Metric.values()) {
            String name = metric.prometheusName();
            assertThat(name).matches("sluice_[a-z]+(_[a-z]+)*");
            boolean total = name.endsWith("_total");
            assertThat(total).as(name).isEqualTo(metric.kind() == Kind.COUNTER);
            if (metric.kind().isHistogram()) {
                assertThat(metric.unit()).as(name).isEqualTo("seconds");
            }
            assertThat(name).doesNotContain("milli", "minutes", "hours");
            assertThat(metric.help()).as(name).isNotBlank().doesNotEndWith(".").doesNotContain("`");
            assertThat(metric.explanation()).as(name).endsWith(".");
        }
    }

    private static String page() {
        StringBuilder page = new StringBuilder("""
                # Metrics

                Made from `Metric` and `RuntimeMetric` in `service/ops` by `MetricsPageTest`; don't edit it here.

                Each process serves its metrics at `/prometheus` and at `/metrics`, also while it stands by. Rules, alerts and dashboards over them
                are in [deploy/prometheus](../../deploy/prometheus/README.md) and [deploy/grafana](../../deploy/grafana/README.md).

                - What is not known is NaN and never 0. All times are MongoDB's, in seconds.
                - Values of the control schema (dead letters, drift, counts, ..) are read every 3 s, not at each scrape. They are NaN
                  when PostgreSQL has not answered for 20 s. Every process shows them, a standby too: take the `max` over processes.
                - Labels have bounded sets of values: the pipeline's name, the mapping's collections, and words that are listed here. No
                  value of a document is in a label.
                - A collection has %d series at most before something happens to it: of those that are there once there is
                  one, a shadow read brings up to %d, and the others one for each value of their label.

                | metric | type | labels | is |
                | --- | --- | --- | --- |
                """.formatted(SeriesBound.OF_COLLECTION, SeriesBound.OF_SHADOW_READS));
        for (Metric metric : Metric.values()) {
            page.append("| `")
                    .append(metric.prometheusName())
                    .append("` | ")
                    .append(type(metric.kind()))
                    .append(" | ")
                    .append(metric.labels().stream().map(l -> "`" + l + "`").collect(Collectors.joining(", ")))
                    .append(" | ")
                    .append(metric.help())
                    .append(". ")
                    .append(metric.explanation())
                    .append(" |\n");
        }
        page.append("""

                A histogram has `_bucket`, `_sum` and `_count` as usual, and `_max`: the longest of the last two minutes.

                ## Of the process

                What else Micronaut and Micrometer would export is left out: a node exporter tells of the machine.

                | metric | type | is |
                | --- | --- | --- |
                """);
        Arrays.stream(RuntimeMetric.values())
                .map(m -> "| `" + m.prometheusName() + "` | " + m.type() + " | " + m.explanation() + " |\n")
                .forEach(page::append);
        return page.toString();
    }

    private static String type(Kind kind) {
        String buckets = kind.buckets().stream().map(MetricsPageTest::text).collect(Collectors.joining(", "));
        return kind.word() + (kind.isHistogram() ? ", " + buckets : "");
    }

    private static String text(Duration bound) {
        return bound.toMillis() < 1_000
                ? bound.toMillis() + " ms"
                : bound.toSeconds() < 60
                        ? (bound.toMillis() % 1_000 == 0 ? bound.toSeconds() + " s" : bound.toMillis() / 1_000.0 + " s")
                        : bound.toMinutes() + " min";
    }
}
