package dev.sluice.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.profile.Coverage.Landing;
import dev.sluice.profile.Proposal.Column;
import dev.sluice.profile.Proposal.Table;
import dev.sluice.schema.Mapping;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.function.IntFunction;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// One rule of the proposal each, on documents that show nothing else.
class ProposalTest {
    private static final int DOCUMENTS = 40;

    /// Values as JSON, `|` between them, `#` for the number of the document; taken in turn.
    @ParameterizedTest(name = "{0} is {1}")
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "\"text #\"; text",
                "true; boolean",
                "#; bigint",
                "{\"$numberLong\": \"#\"}; bigint",
                "# | {\"$numberLong\": \"9007199254740993\"}; bigint",
                "#.5; double precision",
                "# | #.5; double precision",
                "{\"$numberDouble\": \"NaN\"} | #.5; double precision",
                "#.5 | {\"$numberLong\": \"9007199254740993\"}; numeric",
                "{\"$numberDecimal\": \"#.25\"} | #; numeric",
                "{\"$date\": \"2024-05-01T10:20:#Z\"}; timestamptz",
                "{\"$oid\": \"65f0c0ffee65f0c0ffee00#\"}; text",
                "{\"$oid\": \"65f0c0ffee65f0c0ffee00#\"} | \"default\"; text",
                "{\"$binary\": {\"base64\": \"ABEiM0RVZneImaq7zN3u/w==\", \"subType\": \"04\"}}; uuid",
                "{\"$binary\": {\"base64\": \"ABEiM0RVZneImaq7zN3u/w==\", \"subType\": \"03\"}}; bytea",
                "{\"$binary\": {\"base64\": \"ABEi\", \"subType\": \"00\"}}; bytea",
                "\"2024-05-01T10:20:#Z\"; timestamptz parse_timestamp",
                "\"2024-05-01T10:20:#+02:00\" | {\"$date\": \"2024-05-01T10:20:#Z\"}; timestamptz parse_timestamp",
                "\"2024-05-#\"; date parse_timestamp",
                "\"2024-05-01T10:20:#\"; text",
                "\"2024-05-01T10:20:#Z\" | \"\"; text",
                "\"2024-05-01T10:20:#.1234567Z\"; text",
                "\"#\"; text",
                "\"#\" | #; bigint parse_number",
                "\"#.50\" | #; numeric parse_number",
                "\"0#\" | #; text",
                "\"some #\" | #; text",
                "\"some #\" | # | # | #; jsonb",
                "true | #; jsonb",
                "{\"a\": 1} | \"text\"; jsonb",
                "[\"a\"] | \"text\"; jsonb",
                "[]; jsonb",
                "[null]; jsonb",
                "[\"a\", null, \"b#\"]; `text[]`",
                "[\"2024-05-01T10:20:#Z\"]; `text[]`",
                "[#, {\"$numberLong\": \"#\"}]; `bigint[]`",
                "[#.5, 1]; `double precision[]`",
                "[{\"$binary\": {\"base64\": \"ABEiM0RVZneImaq7zN3u/w==\", \"subType\": \"04\"}}]; `uuid[]`",
                "[[1]]; jsonb",
                "[true, \"x\", 1, 2]; jsonb",
                "{}; jsonb",
                "{\"$regularExpression\": {\"pattern\": \"a\", \"options\": \"i\"}}; jsonb",
                "{\"$timestamp\": {\"t\": 1, \"i\": 2}}; jsonb",
                "{\"$minKey\": 1} | {\"$maxKey\": 1}; jsonb",
                "{\"$code\": \"x\"}; jsonb",
            })
    void aFieldBecomesAColumnOfThisType(String values, String expected) {
        String[] choices = values.split(" \\| ");
        List<BsonDocument> documents = documents(
                i -> "{\"f\": " + choices[i % choices.length].replace("#", Integer.toString(10 + i / 2 % 10)) + "}");

        Table table = only(documents);

        assertThat(table.columns()).hasSize(1);
        Column column = table.columns().getFirst();
        assertThat(column.type().sql() + column.conversion().map(c -> " " + c).orElse(""))
                .isEqualTo(expected);
        Coverage coverage = coverage(documents);
        assertThat(coverage.reasons()).isEmpty();
        assertThat(coverage.whole()).isEqualTo(DOCUMENTS);
    }

    @ParameterizedTest(name = "_id {0} is {1}")
    @CsvSource(
            delimiter = ';',
            value = {
                "{\"$oid\": \"65f0c0ffee65f0c0ffee00#\"}; text",
                "\"id #\"; text",
                "{\"$binary\": {\"base64\": \"ABEiM0RVZneImaq7zN3u/w==\", \"subType\": \"04\"}}; uuid",
                "# | {\"$numberLong\": \"#\"}; bigint",
                "# | #.0; bigint",
                "#.5; text typed",
                "# | \"#\"; text typed",
                "{\"$oid\": \"65f0c0ffee65f0c0ffee00#\"} | \"65f0c0ffee65f0c0ffee00#\"; text typed",
                "\"with \\u0000 #\"; text typed",
                "{\"a\": #}; text typed",
                "{\"$date\": \"2024-05-01T10:20:#Z\"}; text typed",
                "null; text typed",
            })
    void anIdBecomesAKeyOfThisType(String values, String expected) {
        String[] choices = values.split(" \\| ");
        List<BsonDocument> documents =
                documents(i -> "{\"_id\": " + choices[i % choices.length].replace("#", Integer.toString(10 + i)) + "}");

        Table table = only(documents);

        assertThat(table.key().type().sql() + (table.key().typed() ? " typed" : ""))
                .isEqualTo(expected);
        assertThat(coverage(documents).deadLetters()).isZero();
    }

    /// BSON holds none; some drivers wrote it all the same.
    @Test
    void anIdThatIsNotUtf8IsADeadLetterAndTheOthersStayPlain() {
        List<BsonDocument> documents = List.of(
                new BsonDocument("_id", new BsonString("caf\uDCE9")), new BsonDocument("_id", new BsonString("caf")));

        assertThat(only(documents).key().typed()).isFalse();
        assertThat(coverage(documents).deadLetters()).isEqualTo(1);
    }

    @Test
    void anObjectWithTheSameFieldsIsLaidFlatTwoLevelsDeep() {
        Table table = only(documents(i -> "{\"a\": {\"b\": {\"c\": {\"d\": 1}, \"e\": 2}, \"f\": [1]}}"));

        assertThat(columns(table)).containsExactly("a_b_c jsonb", "a_b_e bigint", "a_f bigint[]");
    }

    @Test
    @DisplayName("an object that is empty at times is kept whole, or {} could not be told from missing")
    void anObjectThatIsEmptyAtTimesIsKeptWhole() {
        assertThat(columns(only(documents(i -> i == 7 ? "{\"a\": {}}" : "{\"a\": {\"b\": 1}}"))))
                .containsExactly("a jsonb");
    }

    @Test
    void anObjectWhoseFieldsVaryIsKeptWhole() {
        assertThat(columns(only(documents(i -> "{\"a\": {\"k" + i % 10 + "\": 1}}"))))
                .containsExactly("a jsonb");
    }

    @Test
    void anObjectUsedAsAMapIsAHazardAndKeptWhole() {
        List<BsonDocument> documents = documents(i -> "{\"a\": {\"65f0c0ffee65f0c0ffee00" + (10 + i) + "\": 1}}");

        Table table = only(documents);

        assertThat(columns(table)).containsExactly("a jsonb");
        assertThat(kinds(table)).containsExactly(Hazard.Kind.UNBOUNDED_NAMES);
    }

    @Test
    void anObjectOrNullIsLaidFlatAndTheNullIsInTheRest() {
        List<BsonDocument> documents = documents(i -> i % 4 == 0 ? "{\"a\": null}" : "{\"a\": {\"b\": 1}}");

        assertThat(columns(only(documents))).containsExactly("a_b bigint");
        assertThat(coverage(documents).whole()).isEqualTo(DOCUMENTS);
    }

    @Test
    void anArrayOfLikeObjectsIsAChildTableAlsoInsideAFlatObject() {
        Table table = only(documents(i -> "{\"o\": {\"lines\": [{\"sku\": \"a\", \"at\": {\"x\": 1}}], \"n\": 1}}"));

        assertThat(columns(table)).containsExactly("o_n bigint");
        assertThat(table.children()).hasSize(1);
        Proposal.Child child = table.children().getFirst();
        assertThat(child.table()).isEqualTo("thing_o_lines");
        assertThat(child.parent()).isEqualTo("thing_id");
        assertThat(child.columns().stream().map(c -> c.column() + " " + c.type().sql()))
                .containsExactly("sku text", "at_x bigint");
    }

    @Test
    void anArrayWithAnElementThatIsNoObjectIsKeptWhole() {
        assertThat(columns(only(documents(i -> "{\"a\": [{\"b\": 1}" + (i == 3 ? ", 7" : "") + "]}"))))
                .containsExactly("a jsonb");
    }

    @Test
    void oneOddElementInAHundredDoesNotKeepTheOthersFromATable() {
        List<BsonDocument> documents = documents(i -> "{\"a\": [{\"b\": 1}, {\"b\": 2}, {\"b\": 3}"
                + (i == 3 ? ", 7" : "") + "], \"o\": {\"p\": [{\"q\": 1}]}}");

        Table table = only(documents);

        assertThat(table.children().stream().map(Proposal.Child::table)).containsExactly("thing_a", "thing_o_p");
        assertThat(table.children().getFirst().reason()).endsWith("; 1 value of another kind: quarantined");
        Coverage coverage = coverage(documents);
        assertThat(coverage.values(Landing.QUARANTINED)).isEqualTo(1);
        assertThat(coverage.values(Landing.TYPED)).isEqualTo(4 * DOCUMENTS);
    }

    @Test
    void oneLegacyUuidInAHundredIsQuarantined() {
        List<BsonDocument> documents = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            documents.add(BsonDocument.parse("{\"_id\": " + i
                    + ", \"u\": {\"$binary\": {\"base64\": \"ABEiM0RVZneImaq7zN3u/w==\", \"subType\": \""
                    + (i == 7 ? "03" : "04") + "\"}}}"));
        }

        assertThat(columns(only(documents))).containsExactly("u uuid");
        assertThat(kinds(only(documents))).containsExactly(Hazard.Kind.LEGACY_UUID);
        assertThat(coverage(documents).values(Landing.QUARANTINED)).isEqualTo(1);
    }

    @Test
    void shortTextsThatAllDifferAreCandidatesForAUniqueIndexAndDatesAreNot() {
        List<BsonDocument> documents = documents(i -> "{\"email\": \"u" + i + "\", \"n\": " + i + ", \"same\": \"x\","
                + " \"at\": {\"$date\": {\"$numberLong\": \"" + i + "\"}}}");
        Proposal proposal = Profiles.propose(collections(documents));

        assertThat(proposal.tables().getFirst().columns().stream()
                        .filter(Column::unique)
                        .map(Column::column))
                .containsExactly("email");
        assertThat(MigrationSql.write(proposal)).contains("\n-- CREATE UNIQUE INDEX ON things (email);\n");
    }

    @Test
    void whatIsRareOrAlwaysNullHasNoColumnAndIsNamed() {
        List<BsonDocument> documents = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            documents.add(new BsonDocument("_id", new BsonInt32(i))
                    .append("n", org.bson.BsonNull.VALUE)
                    .append("f", new BsonInt32(i)));
        }
        documents.get(5).append("odd one", new BsonString("x"));

        Table table = only(documents);

        assertThat(columns(table)).containsExactly("f bigint");
        assertThat(table.notes())
                .contains(
                        "In the rest, since nothing but null was seen: n.",
                        "In the rest, since fewer than one in a hundred has them: \"odd one\".");
        assertThat(coverage(documents).values(Landing.REST)).isEqualTo(1);
    }

    @Test
    void fieldsBeyondTwoHundredColumnsStayInTheRest() {
        List<BsonDocument> documents = documents(i -> {
            StringBuilder json = new StringBuilder("{");
            for (int f = 0; f < 250; f++) {
                json.append(f == 0 ? "" : ", ").append("\"f").append(f).append("\": 1");
            }
            return json.append('}').toString();
        });

        Table table = only(documents);

        assertThat(table.columns()).hasSize(200);
        assertThat(table.notes().getLast())
                .startsWith("In the rest, since a table has at most 200 columns here: ")
                .endsWith(" and 40 more.");
        assertThat(coverage(documents).values(Landing.REST)).isEqualTo(50 * DOCUMENTS);
    }

    @Test
    void ownColumnsGiveWayToFieldsOfTheirName() {
        Table table = only(documents(i -> "{\"id\": 1, \"rest\": 2, \"lines\": [{\"ordinal\": 1, \"thing_id\": 2}]}"));

        assertThat(table.key().column()).isEqualTo("_id");
        assertThat(columns(table)).containsExactly("id bigint", "rest bigint");
        assertThat(table.rest()).isEqualTo("rest_2");
        assertThat(table.children().getFirst().parent()).isEqualTo("thing_id_2");
        assertThat(table.children().getFirst().ordinal()).isEqualTo("ordinal_2");
    }

    @Test
    void namesThatAreTheSameInSnakeCaseAreToldApartAndNamed() {
        Table table = only(documents(i -> "{\"userId\": 1, \"user_id\": 2, \"a\": {\"b\": 1}, \"a_b\": 2}"));

        assertThat(columns(table)).containsExactly("user_id_2 bigint", "user_id bigint", "a_b bigint", "a_b_2 bigint");
        assertThat(kinds(table)).containsExactly(Hazard.Kind.NAME_COLLISION, Hazard.Kind.NAME_COLLISION);
    }

    @Test
    void oddNamesAreReadOrLeftToTheRest() {
        List<BsonDocument> documents = List.of(new BsonDocument("_id", new BsonInt32(1))
                .append("", new BsonString("empty"))
                .append(" ", new BsonString("blank"))
                .append("a.b", new BsonString("dot"))
                .append("$x", new BsonString("dollar"))
                .append("q\"q", new BsonString("quote"))
                .append("two\nlines", new BsonString("line"))
                .append("yes", new BsonString("yaml"))
                .append("${x}", new BsonString("flyway"))
                .append("\uD800", new BsonString("surrogate"))
                .append("0", new BsonString("zero"))
                .append("*a", new BsonString("alias"))
                .append("- b: c # d", new BsonString("yaml")));

        Coverage coverage = coverage(documents);

        assertThat(coverage.values(Landing.TYPED)).isEqualTo(11);
        assertThat(coverage.values(Landing.REST)).isEqualTo(1);
        assertThat(coverage.reasons()).isEmpty();
    }

    @Test
    void hazardsOfValuesAreCounted() {
        List<BsonDocument> documents = List.of(
                BsonDocument.parse("{\"_id\": 1, \"t\": \"a\\u0000b\", \"n\": {\"$numberDouble\": \"Infinity\"},"
                        + " \"d\": {\"$date\": {\"$numberLong\": \"9223372036854775807\"}},"
                        + " \"u\": {\"$binary\": {\"base64\": \"ABEiM0RVZneImaq7zN3u/w==\", \"subType\": \"03\"}},"
                        + " \"l\": {\"$numberLong\": \"9007199254740993\"},"
                        + " \"m\": {\"$numberDecimal\": \"0.1234567890123456789012345678901234\"}}"),
                BsonDocument.parse("{\"_id\": \"x\", \"t\": \"ok\"}"));

        Table table = only(documents);

        assertThat(table.hazards().stream().map(h -> h.kind() + " " + h.path()))
                .containsExactly(
                        "MIXED_IDS _id",
                        "NUL t",
                        "NOT_FINITE n",
                        "DATE_OUT_OF_RANGE d",
                        "LEGACY_UUID u",
                        "LARGE_WHOLE_NUMBER l",
                        "MANY_DIGITS m");
        Coverage coverage = coverage(documents);
        assertThat(coverage.values(Landing.QUARANTINED)).isEqualTo(2);
        assertThat(coverage.reasons().keySet())
                .containsExactly(
                        "quarantined: things.d is outside 4713 BC to 294247 AD",
                        "quarantined: things.t holds NUL, which PostgreSQL text can't");
    }

    @Test
    void anEmptyCollectionTakesWhateverTurnsUp() {
        Proposal proposal = Profiles.propose(collections(List.of()));
        Coverage coverage = Profiles.coverage(
                Profiles.read(proposal),
                "things",
                collections(List.of(BsonDocument.parse("{\"_id\": {\"a\": 1}, \"b\": [1]}"))));

        assertThat(kinds(proposal.tables().getFirst())).containsExactly(Hazard.Kind.EMPTY);
        assertThat(coverage.values(Landing.REST)).isEqualTo(1);
    }

    @Test
    void aLargeDocumentIsAHazard() {
        CollectionProfile profile = new CollectionProfile("things", OptionalLong.of(1_000));
        profile.add(new BsonDocument("_id", new BsonInt32(1)), 9_000_000);

        Proposal proposal = MappingProposer.propose(Profiles.wish(), List.of(profile), References.none());

        assertThat(proposal.tables().getFirst().hazards().getFirst().text())
                .isEqualTo("the largest has 9,000,000 bytes, the average 9,000,000");
        assertThat(proposal.tables().getFirst().notes().getFirst())
                .isEqualTo("1 of about 1,000 documents were looked at; the largest has 9,000,000 bytes.");
    }

    /// However many names and values there are, what is remembered is bounded.
    @Test
    void aMillionNamesAreNotRemembered() {
        CollectionProfile profile = new CollectionProfile("things", OptionalLong.empty());
        for (int i = 0; i < 20_000; i++) {
            BsonDocument names = new BsonDocument();
            for (int n = 0; n < 50; n++) {
                names.append("name " + i + " " + n, new BsonInt32(n));
            }
            profile.add(
                    new BsonDocument("_id", new BsonInt32(i))
                            .append("map", names)
                            .append("s" + i, names),
                    1);
        }

        ObjectProfile map = java.util.Objects.requireNonNull(
                java.util.Objects.requireNonNull(profile.documents().fields().get("map"))
                        .object());
        assertThat(map.unbounded()).isTrue();
        assertThat(map.fields()).hasSizeLessThanOrEqualTo(1_000);
        assertThat(profile.documents().unbounded()).isTrue();
        Table table = MappingProposer.propose(Profiles.wish(), List.of(profile), References.none())
                .tables()
                .getFirst();
        assertThat(columns(table)).containsExactly("map jsonb");
    }

    @Test
    void wordsAreWrittenDownOnlyWhenAskedFor() {
        List<BsonDocument> documents = documents(i -> "{\"status\": \"" + (i % 2 == 0 ? "new" : "paid") + "\"}");
        MappingProposer.Wish wish = new MappingProposer.Wish("test", "test", "public", new LinkedHashMap<>(), true);
        List<CollectionProfile> profiles = List.of(Profiles.of("things", documents));

        assertThat(only(documents).columns().getFirst().reason())
                .isEqualTo("string, at most 4 characters, always one of 2 texts");
        assertThat(MappingProposer.propose(wish, profiles, References.none())
                        .tables()
                        .getFirst()
                        .columns()
                        .getFirst()
                        .reason())
                .endsWith("always one of \"new\", \"paid\"");
    }

    @Test
    void theSameDocumentsGiveTheSameProposal() {
        List<BsonDocument> documents = documents(i -> "{\"aB\": 1, \"a_b\": 2, \"A b\": 3, \"lines\": [{\"x\": 1}]}");

        assertThat(MappingYaml.write(Profiles.propose(collections(documents))))
                .isEqualTo(MappingYaml.write(Profiles.propose(collections(documents))));
    }

    private static List<BsonDocument> documents(IntFunction<String> json) {
        List<BsonDocument> documents = new ArrayList<>();
        for (int i = 0; i < DOCUMENTS; i++) {
            BsonDocument document = BsonDocument.parse(json.apply(i));
            if (!document.containsKey("_id")) {
                document.put("_id", new BsonInt32(i));
            }
            documents.add(document);
        }
        return documents;
    }

    private static SequencedMap<String, List<BsonDocument>> collections(List<BsonDocument> documents) {
        SequencedMap<String, List<BsonDocument>> collections = new LinkedHashMap<>();
        collections.put("things", documents);
        return collections;
    }

    private static Table only(List<BsonDocument> documents) {
        return Profiles.propose(collections(documents)).tables().getFirst();
    }

    private static Coverage coverage(List<BsonDocument> documents) {
        Mapping mapping = Profiles.read(Profiles.propose(collections(documents)));
        return Profiles.coverage(mapping, "things", collections(documents));
    }

    private static List<String> columns(Table table) {
        return table.columns().stream()
                .map(c -> c.column() + " " + c.type().sql())
                .toList();
    }

    private static List<Hazard.Kind> kinds(Table table) {
        return table.hazards().stream().map(Hazard::kind).toList();
    }
}
