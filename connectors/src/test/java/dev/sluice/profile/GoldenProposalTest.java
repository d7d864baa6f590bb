package dev.sluice.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.profile.Coverage.Landing;
import dev.sluice.schema.Mapping;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bson.BsonDocument;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Documents in, mapping and tables out: `infer/shop` reads as an example, and holds each rule once.
class GoldenProposalTest {
    private static final Path FOLDER = Path.of("src/test/resources/infer/shop");
    private static final Path ACCOUNTS = Path.of("src/test/resources/infer/accounts");
    private static final Path SALES = Path.of("src/test/resources/infer/sales");

    @Test
    void aShopBecomesThisMappingAndTheseTables() throws IOException {
        Proposal proposal = Profiles.propose(documents(), indexes());

        isAsIn(FOLDER, proposal);
        assertThat(MigrationSql.afterCopy(proposal)).hasValue(Files.readString(FOLDER.resolve("after.sql")));
    }

    @Test
    @DisplayName("amounts, dates in texts, and texts among numbers: every value lands where the mapping says")
    void salesBecomeThisMappingAndThisTable() throws IOException {
        SequencedMap<String, List<BsonDocument>> documents = new LinkedHashMap<>();
        documents.put("sales", lines(SALES, "sales.jsonl"));
        Proposal proposal = Profiles.propose(documents);

        isAsIn(SALES, proposal);
        Coverage coverage = Profiles.coverage(Profiles.read(proposal), "sales", documents);
        assertThat(coverage.deadLetters()).isZero();
        assertThat(coverage.reasons())
                .containsOnly(Map.entry("quarantined: sales.weight is a string, not a number", 1L));
    }

    @Test
    @DisplayName(
            "secrets are masked, personal data is copied with the line that hides it, and no value of either is written")
    void accountsBecomeThisMappingAndTheseTables() throws IOException {
        SequencedMap<String, List<BsonDocument>> documents = new LinkedHashMap<>();
        documents.put("accounts", lines(ACCOUNTS, "accounts.jsonl"));
        List<SourceIndex> indexes = lines(ACCOUNTS, "accounts.indexes.jsonl").stream()
                .flatMap(entry -> SourceIndex.of(entry).stream())
                .toList();
        CollectionRules rules =
                CollectionRules.of(lines(ACCOUNTS, "accounts.options.json").getFirst());
        // With the words that fields always hold.
        Proposal proposal = Profiles.propose(documents, Map.of("accounts", indexes), Map.of("accounts", rules), true);

        isAsIn(ACCOUNTS, proposal);
        assertThat(MappingYaml.write(proposal) + MigrationSql.write(proposal))
                .contains("always one of \"Paris\", \"Berlin\"")
                .doesNotContain("planted", "eyJ", "$2b$", "4111111", "+49");
        Coverage coverage = Profiles.coverage(Profiles.read(proposal), "accounts", documents);
        assertThat(coverage.reasons()).isEmpty();
        assertThat(coverage.deadLetters()).isZero();
    }

    /// With `-Dsluice.write.golden=true` the files are written instead; read them before they are
    /// committed.
    private static void isAsIn(Path folder, Proposal proposal) throws IOException {
        if (Boolean.getBoolean("sluice.write.golden")) {
            Files.writeString(folder.resolve("mapping.yaml"), MappingYaml.write(proposal));
            Files.writeString(folder.resolve("migration.sql"), MigrationSql.write(proposal));
        }
        assertThat(MappingYaml.write(proposal)).isEqualTo(Files.readString(folder.resolve("mapping.yaml")));
        assertThat(MigrationSql.write(proposal)).isEqualTo(Files.readString(folder.resolve("migration.sql")));
    }

    @Test
    void everyValueOfTheShopLandsSomewhere() throws IOException {
        SequencedMap<String, List<BsonDocument>> documents = documents();
        Mapping mapping = Profiles.read(Profiles.propose(documents));

        Coverage users = Profiles.coverage(mapping, "users", documents);
        Coverage orders = Profiles.coverage(mapping, "orders", documents);

        assertThat(users.reasons()).isEmpty();
        assertThat(orders.reasons()).isEmpty();
        assertThat(users.values(Landing.TYPED)).isEqualTo(79);
        assertThat(users.values(Landing.JSON)).isEqualTo(7);
        assertThat(users.values(Landing.REST)).isZero();
        assertThat(users.whole()).isEqualTo(6);
        assertThat(orders.values(Landing.TYPED)).isEqualTo(41);
        assertThat(orders.values(Landing.JSON)).isEqualTo(14);
    }

    private static SequencedMap<String, List<BsonDocument>> documents() throws IOException {
        SequencedMap<String, List<BsonDocument>> documents = new LinkedHashMap<>();
        for (String collection : List.of("orders", "users")) {
            documents.put(collection, lines(FOLDER, collection + ".jsonl"));
        }
        return documents;
    }

    private static Map<String, List<SourceIndex>> indexes() throws IOException {
        Map<String, List<SourceIndex>> indexes = new HashMap<>();
        for (String collection : List.of("orders", "users")) {
            indexes.put(
                    collection,
                    lines(FOLDER, collection + ".indexes.jsonl").stream()
                            .flatMap(entry -> SourceIndex.of(entry).stream())
                            .toList());
        }
        return indexes;
    }

    private static List<BsonDocument> lines(Path folder, String file) throws IOException {
        return Files.readAllLines(folder.resolve(file)).stream()
                .map(BsonDocument::parse)
                .toList();
    }
}
