package dev.sluice.service.infer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.profile.Kinds;
import dev.sluice.profile.MappingYaml;
import dev.sluice.profile.MigrationSql;
import dev.sluice.service.infer.Inference.Inferred;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The reports on databases as people have them, to be read line by line. Mapping and migrations of each are among
/// the test resources of the module connectors.
class GoldenReportTest {
    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"chat", "cms", "forum", "books", "tweets", "restaurants", "bank", "album"})
    @DisplayName("a database of each kind gets this report")
    void kinds(String name) throws IOException {
        Kinds.Proposed proposed = Kinds.propose(Kinds.of(name));
        List<Inferred> inferred = proposed.tried().stream()
                .map(tried -> new Inferred(tried.table(), tried.profile(), tried.fields(), tried.coverage()))
                .toList();
        Inference.Result result = new Inference.Result(
                proposed.proposal(),
                MappingYaml.write(proposed.proposal()),
                MigrationSql.write(proposed.proposal()),
                MigrationSql.afterCopy(proposed.proposal()).orElse(null),
                inferred);

        String report = InferReport.markdown(InferReport.view(result, ProposedFiles.in(Path.of("shop"), name)));

        Path golden = Path.of("src/test/resources/infer", name + ".md");
        // With `-Dsluice.write.golden=true` the files are written instead; read them before they are committed.
        if (Boolean.getBoolean("sluice.write.golden")) {
            Files.createDirectories(golden.getParent());
            Files.writeString(golden, report);
        }
        assertThat(report.replace("\r", "")).isEqualTo(Files.readString(golden));
    }
}
