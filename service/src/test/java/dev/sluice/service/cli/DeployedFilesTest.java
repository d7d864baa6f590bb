package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// What can be said of rules, runbooks and dashboards without a server. There is no Grafana where this is built, so
/// the dashboards are checked as data.
class DeployedFilesTest {
    private static final int GRID_WIDTH = 24;

    @Test
    @DisplayName("each alert has a runbook with the four headings, and its runbook_url leads there")
    void runbooks() {
        String rules = DeployedFiles.read(DeployedFiles.prometheus().resolve("rules/alerts.yml"));
        List<String> alerts = DeployedFiles.alerts();

        assertThat(alerts).hasSizeGreaterThan(9).doesNotHaveDuplicates();
        for (String alert : alerts) {
            assertThat(DeployedFiles.read(DeployedFiles.runbook(alert)).lines().filter(l -> l.startsWith("#")))
                    .as(alert)
                    .containsExactly(
                            "# " + alert,
                            "## What it means",
                            "## How to look",
                            "## What to do",
                            "## How to know it is over");
            assertThat(rules).contains("runbook_url: \"{{ $externalLabels.runbooks }}/" + alert + ".md\"");
        }
        for (String needed : List.of("for: ", "severity: ", "summary: ", "description: ", "runbook_url: ")) {
            assertThat(rules.lines().filter(l -> l.strip().startsWith(needed)))
                    .as(needed)
                    .hasSameSizeAs(alerts);
        }
        // A value in a text would make a new alert of each evaluation.
        assertThat(rules).doesNotContain("$value");
    }

    @Test
    @DisplayName(
            "each dashboard has unique ids, panels that do not overlap, and for each a title, description, unit and query")
    void dashboards() throws IOException {
        Set<String> uids = new HashSet<>();
        for (JsonNode dashboard : DeployedFiles.dashboards()) {
            String title = dashboard.path("title").asText();
            assertThat(uids.add(dashboard.path("uid").asText())).as(title).isTrue();
            assertThat(dashboard.path("schemaVersion").asInt()).isGreaterThan(30);
            assertThat(dashboard.path("templating").path("list").findValuesAsText("name"))
                    .contains("datasource", "pipeline");
            Set<Integer> ids = new HashSet<>();
            Set<List<Integer>> cells = new HashSet<>();
            for (JsonNode panel : dashboard.path("panels")) {
                String name = title + ", " + panel.path("title").asText();
                assertThat(ids.add(panel.path("id").asInt())).as(name).isTrue();
                assertThat(panel.path("title").asText()).as(name).isNotBlank();
                for (List<Integer> cell : cells(panel.path("gridPos"))) {
                    assertThat(cell.getFirst()).as(name).isLessThan(GRID_WIDTH);
                    assertThat(cells.add(cell)).as(name + " overlaps").isTrue();
                }
                if (!"row".equals(panel.path("type").asText())) {
                    assertThat(panel.path("description").asText()).as(name).endsWith(".");
                    assertThat(panel.at("/fieldConfig/defaults/unit").asText())
                            .as(name)
                            .isNotBlank();
                    assertThat(panel.at("/fieldConfig/defaults/thresholds/steps"))
                            .as(name)
                            .isNotEmpty();
                    assertThat(panel.path("targets")).as(name).isNotEmpty();
                    Set<String> refs = new HashSet<>();
                    for (JsonNode target : panel.path("targets")) {
                        assertThat(target.path("expr").asText()).as(name).isNotBlank();
                        assertThat(refs.add(target.path("refId").asText()))
                                .as(name)
                                .isTrue();
                    }
                }
            }
        }
        assertThat(uids).containsExactlyInAnyOrder("sluice-overview", "sluice-collection");
    }

    private static List<List<Integer>> cells(JsonNode grid) {
        List<List<Integer>> cells = new ArrayList<>();
        for (int x = 0; x < grid.path("w").asInt(); x++) {
            for (int y = 0; y < grid.path("h").asInt(); y++) {
                cells.add(List.of(grid.path("x").asInt() + x, grid.path("y").asInt() + y));
            }
        }
        return cells;
    }
}
