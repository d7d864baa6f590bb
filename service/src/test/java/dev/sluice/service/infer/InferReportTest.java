package dev.sluice.service.infer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.profile.Proposal;
import dev.sluice.service.infer.InferReport.CoverageView;
import dev.sluice.service.infer.InferReport.View;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// What people read of a proposal, however much there is to say.
class InferReportTest {
    private static final int SCREEN_LINES = 24;
    private static final int SCREEN_COLUMNS = 132;

    @Test
    @DisplayName("it is one screen, also of a database with hundreds of things to decide")
    void oneScreen() {
        Map<String, List<String>> decisions = new LinkedHashMap<>();
        for (int topic = 0; topic < 16; topic++) {
            List<String> places = new ArrayList<>();
            for (int place = 0; place < 200; place++) {
                places.add("collection" + place + ".field");
            }
            decisions.put("topic " + topic, places);
        }
        View view = view(decisions);

        String screen = screen(view);

        assertThat(screen.lines())
                .hasSizeLessThanOrEqualTo(SCREEN_LINES)
                .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(SCREEN_COLUMNS));
        assertThat(screen)
                .contains("0 collections in 0 tables, 2 without documents left alone, 1 other left alone")
                .contains("  200 x topic 0: collection0.field, collection1.field")
                .contains("  and 6 topics in the report")
                .doesNotContain("topic 10")
                .contains("Wrote to ./my shop: mapping.yaml, migrations/V0001__shop.sql, REPORT.md. Next:")
                .contains("export SLUICE_MAPPING='./my shop' ");
        assertThat(InferReport.markdown(view))
                .contains("topic 15", "collection199.field", "a_view: left alone, a view");
    }

    @Test
    void whereThereIsNothingToDecideItSaysNoMoreThanTheNextSteps() {
        assertThat(screen(view(Map.of()))).doesNotContain("Look at these").contains("sluice plan", "sluice verify");
    }

    private static String screen(View view) {
        StringWriter text = new StringWriter();
        InferReport.print(view, new PrintWriter(text));
        return text.toString();
    }

    private static View view(Map<String, List<String>> decisions) {
        Map<String, String> ignored = new LinkedHashMap<>();
        ignored.put("one", Proposal.EMPTY);
        ignored.put("two", Proposal.EMPTY);
        ignored.put("a_view", "a view");
        return new View(
                "shop",
                "shop",
                "public",
                "my shop/mapping.yaml",
                "my shop/migrations/V0001__shop.sql",
                null,
                "my shop/REPORT.md",
                "./my shop",
                ignored,
                List.of(),
                decisions,
                new CoverageView(0, 0, 0, 0, 0, 0, 0, 0, new LinkedHashMap<>()));
    }
}
