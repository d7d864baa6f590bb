package dev.sluice.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.bson.TwinDocument;
import dev.sluice.profile.Coverage.Landing;
import dev.sluice.profile.Proposal.Column;
import dev.sluice.profile.Proposal.Table;
import dev.sluice.schema.Mapping;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.bson.BsonArray;
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
    private static final int MANY = 200;
    private static final String DATE = "{\"$date\": \"2024-05-01T10:20:#Z\"}";
    private static final String OID = "{\"$oid\": \"65f0c0ffee65f0c0ffee00#\"}";
    private static final String UUID = "{\"$binary\": {\"base64\": \"ABEiM0RVZneImaq7zN3u/w==\", \"subType\": \"04\"}}";

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
                "{\"$numberDouble\": \"5919000000000#000.0\"}; bigint",
                "{\"$numberDouble\": \"#.0\"}; double precision",
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
                "\"2024-05-01T10:20:#\"; timestamptz {parse_timestamp: {zone: UTC}}",
                "\"2024-05-01 10:20:#\"; timestamptz {parse_timestamp: {zone: UTC}}",
                "\"2024/05/#\"; date {parse_timestamp: {formats: [\"yyyy/MM/dd\"]}}",
                "\"2024/05/# 10:20:30\"; timestamptz {parse_timestamp: {zone: UTC, formats: [\"yyyy/MM/dd HH:mm:ss\"]}}",
                "\"#/05/2024\"; date {parse_timestamp: {formats: [\"dd/MM/yyyy\"]}}",
                "\"5/#/2024\"; date {parse_timestamp: {formats: [\"M/d/yyyy\"]}}",
                "\"05/#/2024 10:20\"; timestamptz {parse_timestamp: {zone: UTC, formats: [\"MM/dd/yyyy HH:mm\"]}}",
                "\"5/1/2024 9:05:# PM\"; timestamptz {parse_timestamp: {zone: UTC, formats: [\"M/d/yyyy h:mm:ss a\"]}}",
                "\"#.5.2024\"; date {parse_timestamp: {formats: [\"d.M.yyyy\"]}}",
                "\"10/10/20#\"; text",
                "\"#/05/2024\" | \"soon\"; text",
                "\"31/04/20#\"; text",
                "\"Tue, 03 Jun 2008 11:05:# GMT\"; timestamptz {parse_timestamp: {formats: [\"EEE, d MMM yyyy HH:mm:ss z\"]}}",
                "\"Tue, 3 Jun 2008 11:05:# +0200\";"
                        + " timestamptz {parse_timestamp: {formats: [\"EEE, d MMM yyyy HH:mm:ss Z\"]}}",
                "\"Mon, 03 Jun 2008 11:05:# GMT\"; text",
                "\"Wed Aug 27 13:08:# +0000 2008\"; timestamptz {parse_timestamp: {formats: [\"EEE MMM d HH:mm:ss Z yyyy\"]}}",
                "\"Wed Aug 27 13:08:# UTC 2008\"; timestamptz {parse_timestamp: {formats: [\"EEE MMM d HH:mm:ss z yyyy\"]}}",
                "#.25; `numeric(12,2) {round: 2}`",
                "#.25 | #.5 | #; double precision",
                "{\"$numberDecimal\": \"#.25\"}; `numeric(12,2) {round: 2}`",
                "1234567890#.25; `numeric(17,2) {round: 2}`",
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
                "[\"a\"] | \"text\"; `text[] wrap_array`",
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
        assertThat(choice(column)).isEqualTo(expected);
        Coverage coverage = coverage(documents);
        assertThat(coverage.reasons()).isEmpty();
        assertThat(coverage.whole()).isEqualTo(DOCUMENTS);
    }

    @Test
    @DisplayName("numbers that may all be times are left numbers, with the line to write instead")
    void numbersThatMayBeTimes() {
        assertThat(only(documents(i -> "{\"f\": {\"$numberLong\": \"" + (1_700_000_000_000L + i) + "\"}}"))
                        .columns()
                        .getFirst()
                        .reason())
                .contains("all of them milliseconds", "convert [{parse_epoch: milliseconds}] would do");
        assertThat(only(documents(i -> "{\"f\": " + (1_700_000_000 + i) + "}"))
                        .columns()
                        .getFirst()
                        .reason())
                .contains("convert [{parse_epoch: seconds}] would do");
        assertThat(only(documents(i -> "{\"f\": " + i + "}"))
                        .columns()
                        .getFirst()
                        .reason())
                .doesNotContain("parse_epoch");
    }

    /// Most values, the others, of how many values one is another, the column, how many are quarantined.
    @ParameterizedTest(name = "{0}, and one in {2} {1}: {3}")
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "DATE; \"2024-05-01T10:20:30+02:00\"; 100; timestamptz parse_timestamp; 0",
                "DATE; \"2024-05-01T10:20:30.123456\"; 2; timestamptz parse_timestamp; 0",
                "DATE; \"2024-05-01\"; 100; timestamptz parse_timestamp; 0",
                "DATE; \"2024-05-01T10:20:30.1234567Z\"; 100; timestamptz parse_timestamp; 0",
                "DATE; \"2024-05-01T10:20:30Z\" | \"soon\"; 50; timestamptz parse_timestamp; 2",
                "DATE; \"soon\"; 100; timestamptz; 2",
                "DATE; \"soon\"; 25; timestamptz; 8",
                "DATE; \"soon\"; 10; jsonb; 0",
                "DATE; \"text #\"; 20; jsonb; 0",
                "DATE; \"N/A\" | \"unknown\"; 25;"
                        + " timestamptz {sentinel: {when: [\"N/A\", \"unknown\"], to: null}}; 0",
                "DATE; \"N/A\" | \"\"; 25; timestamptz empty_to_null {sentinel: {when: [\"N/A\"], to: null}}; 0",
                "DATE; \"N/A\"; 10; jsonb; 0",
                "\"2024-05-01T10:20:#Z\"; \"N/A\" | \"\"; 25;"
                        + " timestamptz empty_to_null {sentinel: {when: [\"N/A\"], to: null}} parse_timestamp; 0",
                "DATE; \"\"; 4; timestamptz empty_to_null; 0",
                "DATE; {\"$numberLong\": \"1714558830000\"}; 100; timestamptz {parse_epoch: milliseconds}; 0",
                "DATE; 1714558830 | 1714558830.5; 10; timestamptz {parse_epoch: seconds}; 0",
                "DATE; {\"$numberLong\": \"1714558830000\"} | \"2024-05-01T10:20:30Z\" | \"\"; 10;"
                        + " timestamptz empty_to_null parse_timestamp {parse_epoch: milliseconds}; 0",
                "DATE; 1714558830 | {\"$numberLong\": \"1714558830000\"}; 100; timestamptz; 2",
                "DATE; 0; 100; timestamptz; 2",
                "DATE; {\"$date\": {\"$numberLong\": \"9223372036854775807\"}} | \"2024-05-01\"; 100; timestamptz parse_timestamp; 1",
                "#; \"7\"; 100; bigint parse_number; 0",
                "#; \"7.50\"; 100; numeric parse_number; 0",
                "#; \"\"; 3; bigint empty_to_null; 0",
                "#; \"9223372036854775808\"; 100; numeric parse_number; 0",
                "#; \"007\"; 100; bigint; 2",
                "#; \"none\"; 100; bigint {sentinel: {when: [\"none\"], to: null}}; 0",
                "#; \"free\"; 100; bigint; 2",
                "#; \"free\" | \"gift\"; 25; bigint; 8",
                "#; \"free\"; 10; jsonb; 0",
                "#.25; \"free\"; 100; `numeric(12,2) {round: 2}`; 2",
                "#.25; \"7.5\"; 100; double precision parse_number; 0",
                "#; {\"$numberLong\": \"9007199254740993\"}; 100; bigint; 0",
                "#; {\"$numberDouble\": \"7.0\"}; 100; bigint; 0",
                "#; {\"$numberDouble\": \"7.0\"}; 50; double precision; 0",
                "#; 7.5; 100; double precision; 0",
                "#; {\"$numberDecimal\": \"7.50\"}; 100; numeric; 0",
                "#; true; 100; bigint; 2",
                "#; {\"a\": 1}; 100; bigint; 2",
                "#; [1]; 100; bigint; 2",
                "#.5; \"7.5\"; 100; double precision parse_number; 0",
                "#.5; \"0.12345678901234567890\"; 100; numeric parse_number; 0",
                "{\"$numberDecimal\": \"#.25\"}; \"7.50\"; 100; numeric parse_number; 0",
                "true; \"False\"; 100; boolean boolean words; 0",
                "true; \"yes\" | \"\"; 10; boolean empty_to_null boolean words; 0",
                "false; 1 | 0; 10; boolean boolean numbers; 0",
                "true; 2; 100; boolean; 2",
                "true; \"maybe\"; 100; boolean; 2",
                "true; \"maybe\"; 50; boolean; 4",
                "true; \"maybe\"; 10; jsonb; 0",
                "OID; \"65f0c0ffee65f0c0ffee0001\"; 3; text; 0",
                "OID; 7; 100; text; 0",
                "OID; {\"$id\": 1}; 100; text; 2",
                "UUID; \"00112233-4455-6677-8899-aabbccddeeff\"; 4; uuid; 0",
                "UUID; \"none\"; 100; uuid {sentinel: {when: [\"none\"], to: null}}; 0",
                "UUID; \"new\"; 10; text; 0",
                "\"text #\"; 7; 3; text; 0",
                "\"text #\"; {\"$date\": \"2024-05-01T10:20:30Z\"}; 3; text; 0",
                "\"text #\"; [\"a\"]; 100; text; 2",
                "\"text #\"; {\"a\": 1}; 100; text; 2",
                "\"text #\"; {\"a\": 1}; 50; jsonb; 0",
                "[\"a\", \"b #\"]; \"alone\"; 4; `text[] wrap_array`; 0",
                "[\"a\"]; \"\"; 4; `text[] empty_to_null`; 0",
                "[\"a\"]; {\"b\": 1}; 100; `text[]`; 2",
                "[\"a\"]; {\"b\": 1}; 50; jsonb; 0",
                "[1, #]; 7 | {\"$numberLong\": \"8\"}; 4; `bigint[] wrap_array`; 0",
                "[1, #]; [\"7\"]; 100; `bigint[] parse_number`; 0",
                "[1, #]; [\"none\"]; 100; `bigint[]`; 2",
                "[1, #]; [\"none\"]; 10; jsonb; 0",
                "[DATE, DATE]; [\"2024-05-01T10:20:30Z\"]; 20; `timestamptz[] parse_timestamp`; 0",
                "[DATE, DATE]; [1714558830]; 20; `timestamptz[] {parse_epoch: seconds}`; 0",
                "[true, false]; [\"false\"]; 20; `boolean[] boolean words`; 0",
                "[UUID, UUID]; [\"00112233-4455-6677-8899-aabbccddeeff\"]; 20; `uuid[]`; 0",
            })
    void theTypeOfTheVastMajorityTakesTheOthersToo(
            String most, String few, int everyNth, String expected, int quarantined) {
        String[] odd = few.split(" \\| ");
        for (String place : List.of("{\"f\": %s}", "{\"o\": {\"f\": %s}}", "{\"l\": [{\"f\": %s}]}")) {
            List<BsonDocument> documents = new ArrayList<>();
            for (int i = 0; i < MANY; i++) {
                String value = i % everyNth == 1 ? odd[i / everyNth % odd.length] : most;
                documents.add(BsonDocument.parse(String.format(place, value)
                                .replace("DATE", DATE)
                                .replace("OID", OID)
                                .replace("UUID", UUID)
                                .replace("#", Integer.toString(10 + i % 49)))
                        .append("_id", new BsonInt32(i)));
            }

            Table table = only(documents);

            List<Column> columns = table.children().isEmpty()
                    ? table.columns()
                    : table.children().getFirst().columns();
            assertThat(columns).as(place).hasSize(1);
            Column column = columns.getFirst();
            assertThat(choice(column)
                            .replace(
                                    "{parse_boolean: {\"true\": [\"true\", \"yes\"], \"false\": [\"false\", \"no\"]}}",
                                    "boolean words")
                            .replace(
                                    "{sentinel: {when: [1], to: true}} {sentinel: {when: [0], to: false}}",
                                    "boolean numbers"))
                    .as(place)
                    .isEqualTo(expected);
            Coverage coverage = coverage(documents);
            assertThat(coverage.values(Landing.QUARANTINED)).as(place).isEqualTo(quarantined);
            assertThat(column.reason().contains("quarantined")).isEqualTo(quarantined > 0);
            if (quarantined > 0) {
                assertThat(column.reason())
                        .matches(".*\\b" + quarantined + " (value|element)s? of another kind: quarantined.*");
            }
        }
    }

    private static String choice(Column column) {
        return column.type().sql()
                + (column.conversions().isEmpty() ? "" : " " + String.join(" ", column.conversions()));
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
                "# | \"#\" | {\"$oid\": \"65f0c0ffee65f0c0ffee00#\"}; text typed",
                "# | \"n#\" | {\"$oid\": \"65f0c0ffee65f0c0ffee00#\"}; text",
                "{\"$oid\": \"65f0c0ffee65f0c0ffee00#\"} | \"default #\"; text",
                "{\"$oid\": \"65f0c0ffee65f0c0ffee00#\"} | \"65f0c0ffee65f0c0ffee00#\"; text typed",
                "{\"$oid\": \"65f0c0ffee65f0c0ffee00#\"} | \"nul \\u0000 #\"; text typed",
                "{\"$oid\": \"65f0c0ffee65f0c0ffee00#\"} | {\"a\": #}; text",
                "{\"$binary\": {\"base64\": \"ABEiM0RVZneImaq7zN3u/w==\", \"subType\": \"04\"}} | \"u #\"; text",
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
    @DisplayName("a name that is there twice is a hazard, wherever it is, with how often and what becomes of it")
    void twinNames() {
        List<BsonDocument> documents = documents(
                i -> "{\"a\": 1, \"inner\": {\"b\": 1}, \"list\": [{\"c\": 1}], \"_id\": {\"d\": " + i + "}}");
        for (BsonDocument document : List.copyOf(documents.subList(0, 2))) {
            document.put("inner", twin(document.getDocument("inner"), "b"));
            document.put("list", new BsonArray(List.of(twin(BsonDocument.parse("{\"c\": 1}"), "c"))));
            document.put("_id", twin(document.getDocument("_id"), "d"));
            documents.set(documents.indexOf(document), twin(twin(document, "a"), "a"));
        }

        assertThat(only(documents).hazards())
                .filteredOn(h -> h.kind() == Hazard.Kind.TWIN_NAMES)
                .extracting(h -> h.path() + " " + h.text())
                .allMatch(h -> h.contains("the name is there more than once in 2 objects: "))
                .satisfiesExactlyInAnyOrder(
                        h -> assertThat(h).startsWith("a ").contains("rows have the first value", "quarantined"),
                        h -> assertThat(h).startsWith("inner.b "),
                        h -> assertThat(h).startsWith("list[].c "),
                        h -> assertThat(h)
                                .startsWith("_id.d ")
                                .endsWith("a document with such an _id is a dead letter"));
    }

    private static TwinDocument twin(BsonDocument document, String name) {
        List<TwinDocument.Twin> twins =
                new ArrayList<>(document instanceof TwinDocument before ? before.twins() : List.of());
        twins.add(new TwinDocument.Twin(name, twins.size() + 2, document.size(), new BsonInt32(2)));
        return new TwinDocument(document, twins);
    }

    @Test
    @DisplayName("an object whose names are data is a table of its entries: of their fields, or of the values")
    void entries() {
        List<BsonDocument> documents = documents(i -> "{\"a\": {\"65f0c0ffee65f0c0ffee00" + (10 + i % 40)
                + "\": 1}, \"scores\": {\"2024-01-" + (10 + i % 20) + "\": {\"points\": " + i
                + ", \"by\": {\"name\": \"x\"}}}}");

        Table table = only(documents);

        assertThat(columns(table)).isEmpty();
        assertThat(table.children().stream()
                        .map(child -> child.table() + " " + child.key() + " "
                                + child.columns().stream()
                                        .map(column -> column.column() + " "
                                                + column.type().sql())
                                        .toList()
                                + " " + child.rest()))
                .containsExactly(
                        "thing_a EntryName[column=key] [value bigint] null",
                        "thing_scores EntryName[column=key] [points bigint, by_name text] rest");
        assertThat(kinds(table)).containsExactly(Hazard.Kind.ENTRIES, Hazard.Kind.ENTRIES);
        Coverage coverage = coverage(documents);
        assertThat(coverage.whole()).isEqualTo(DOCUMENTS);
        assertThat(coverage.values(Landing.TYPED)).isEqualTo(3L * DOCUMENTS);
    }

    @Test
    @DisplayName("an object whose names are data stays jsonb inside an element, and where its values are of a person")
    void entriesThatStayWhole() {
        Table table = only(documents(i -> "{\"lines\": [{\"n\": 1, \"m\": {\"65f0c0ffee65f0c0ffee00" + (10 + i % 40)
                + "\": 1}}], \"people\": {\"65f0c0ffee65f0c0ffee00" + (10 + i % 40)
                + "\": {\"email\": \"a" + i + "@example.com\"}}}"));

        assertThat(columns(table)).containsExactly("people jsonb");
        assertThat(kinds(table)).contains(Hazard.Kind.UNBOUNDED_NAMES).doesNotContain(Hazard.Kind.ENTRIES);
    }

    @Test
    @DisplayName(
            "elements are keyed by a field that tells them apart: one named like an identity, or one never seen twice")
    void elementKeys() {
        List<BsonDocument> documents =
                documents(i -> "{\"lines\": [{\"_id\": \"l1\", \"n\": 1}, {\"_id\": \"l2\", \"n\": 1}],"
                        + " \"steps\": [{\"code\": \"a" + i + "\", \"n\": 1}, {\"code\": \"b" + i + "\", \"n\": 2}],"
                        + " \"marks\": [{\"code\": \"a\", \"n\": " + i + "}, {\"code\": \"b\", \"n\": " + -i + "}],"
                        + " \"twice\": [{\"_id\": " + i % 2 + ", \"n\": 1}, {\"_id\": 1, \"n\": 2}],"
                        + " \"some\": [{\"_id\": 1, \"n\": 1}, {\"n\": 2}]}");

        Table table = only(documents);

        assertThat(table.children().stream()
                        .map(child -> child.table() + " " + child.key().column() + " "
                                + (child.key() instanceof Proposal.RowKey.Field field
                                        ? field.type().sql()
                                        : "")))
                .containsExactly(
                        "thing_lines id text",
                        "thing_steps code text",
                        "thing_marks ordinal ",
                        "thing_twice ordinal ",
                        "thing_some ordinal ");
        assertThat(table.children().get(0).reason()).contains("_id tells elements apart", "`ordinal: ordinal`");
        assertThat(table.children().get(2).reason()).contains("each element has another code");
        assertThat(coverage(documents).whole()).isEqualTo(DOCUMENTS);
    }

    @Test
    @DisplayName("an array of objects inside elements is jsonb, and the report says why")
    void arraysInsideElements() {
        Table table = only(documents(i -> "{\"blocks\": [{\"n\": 1, \"items\": [{\"x\": 1}]}]}"));

        assertThat(table.hazards().stream().map(hazard -> hazard.kind() + " " + hazard.path()))
                .containsExactly("NESTED_ARRAY blocks[].items");
    }

    @Test
    @DisplayName("keys like user:1 and topic:5:posts, or a type that fields go with, tell kinds of documents apart")
    void severalKinds() {
        Table keyed =
                only(documents(i -> "{\"_key\": \"" + (i % 2 == 0 ? "user:" + i : "topic:" + i + ":posts") + "\"}"));
        Table typed =
                only(documents(i -> "{\"type\": \"" + (i % 2 == 0 ? "page\", \"a\": 1" : "news\", \"b\": 1") + "}"));
        Table alike = only(documents(i -> "{\"type\": \"" + (i % 2 == 0 ? "page" : "news") + "\", \"a\": 1}"));

        assertThat(keyed.hazards().getFirst().text()).contains("of 2 kinds: topic:*:posts 50 %, user:* 50 %");
        assertThat(typed.hazards().getFirst().text())
                .contains("2 different texts (50 %, 50 %", "2 of 4 fields are not in all documents")
                .doesNotContain("page", "news");
        assertThat(alike.hazards()).isEmpty();
    }

    @Test
    @DisplayName("objects are laid flat as deep as is asked for, and those that are named whatever they are like")
    void flattening() {
        List<BsonDocument> documents = documents(
                i -> "{\"a\": {\"b\": {\"c\": {\"d\": 1}}}, \"o\": {" + (i % 2 == 0 ? "\"x\": 1" : "") + "}}");
        CollectionProfile profile = Profiles.of("things", documents);

        assertThat(columns(flat(profile, new Flattening(0, Map.of())))).containsExactly("a jsonb", "o jsonb");
        assertThat(columns(flat(profile, new Flattening(3, Map.of())))).containsExactly("a_b_c_d bigint", "o jsonb");
        assertThat(columns(flat(profile, new Flattening(1, Map.of("things", Set.of(List.of("o"), List.of("a", "b")))))))
                .containsExactly("a_b_c jsonb", "o_x bigint");
    }

    private static Table flat(CollectionProfile profile, Flattening flattening) {
        return MappingProposer.propose(
                        Profiles.wish(),
                        List.of(profile),
                        Map.of("things", Profiles.key(profile)),
                        References.none(),
                        flattening)
                .tables()
                .getFirst();
    }

    @Test
    @DisplayName(
            "numbers that are named as times are times, texts that are named as money are numbers, 0 and 1 may be flags")
    void namesThatSayWhatNumbersAre() {
        Table table = only(documents(i -> "{\"joindate\": {\"$numberLong\": \"" + (1_700_000_000_000L + i)
                + "\"}, \"createdAt\": " + (1_700_000_000 + i) + ", \"price\": \"" + i + ".123\", \"zip\": \"" + i
                + "\", \"locked\": " + i % 2 + "}"));

        assertThat(table.columns().stream()
                        .map(c -> c.column() + " " + c.type().sql() + " " + String.join(" ", c.conversions())))
                .containsExactly(
                        "joindate timestamptz {parse_epoch: milliseconds}",
                        "created_at timestamptz {parse_epoch: seconds}",
                        "price numeric parse_number",
                        "zip text ",
                        "locked bigint ");
        assertThat(table.columns().getLast().reason()).contains("boolean with convert [{equals: [1]}] would do");
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
    void arraysOfArraysAreKeptWholeAlsoWithOneElementOfAnotherKind() {
        assertThat(columns(only(documents(i -> "{\"a\": [[1, 2], [3], [4], [5]" + (i == 3 ? ", \"x\"" : "") + "]}"))))
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
    @DisplayName("of an _id it is said what becomes of it in the key, and not what a column would do")
    void hazardsOfIds() {
        List<String> odd = List.of(
                "{\"$binary\": {\"base64\": \"ABEiM0RVZneImaq7zN3u/w==\", \"subType\": \"03\"}}",
                "{\"$date\": {\"$numberLong\": \"9223372036854775807\"}}",
                "{\"$numberDouble\": \"NaN\"}",
                "\"a\\u0000b\"");
        List<BsonDocument> documents =
                documents(i -> i < odd.size() ? "{\"_id\": " + odd.get(i) + "}" : "{\"_id\": " + i + "}");

        assertThat(only(documents).hazards().stream()
                        .filter(hazard -> hazard.kind() != Hazard.Kind.MIXED_IDS)
                        .map(hazard -> hazard.kind() + ": " + hazard.text().replaceFirst(".*: ", "")))
                .containsExactlyInAnyOrder(
                        "LEGACY_UUID: in the key, as text",
                        "DATE_OUT_OF_RANGE: in the key, as text",
                        "NOT_FINITE: in the key, as text",
                        "NUL: written as JSON in the key");
        assertThat(coverage(documents).values(Landing.QUARANTINED)).isZero();
    }

    @Test
    void shortTextsThatAllDifferAreCandidatesForAUniqueIndexAndDatesAreNot() {
        List<BsonDocument> documents = documents(i -> "{\"email\": \"u" + i + "\", \"n\": " + i + ", \"same\": \"x\","
                + " \"at\": {\"$date\": {\"$numberLong\": \"" + i + "\"}}}");
        Proposal proposal = Profiles.propose(collections(documents));

        assertThat(proposal.tables().getFirst().columns().stream()
                        .filter(column -> column.is(Proposal.Promise.UNIQUE))
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
        assertThat(table.children().getFirst().key().column()).isEqualTo("ordinal_2");
    }

    @Test
    @DisplayName(
            "of names that are one in snake_case the more frequent is kept plain, of equal ones that which is it already")
    void namesThatAreTheSameInSnakeCaseAreToldApartAndNamed() {
        Table table = only(documents(i -> "{\"userId\": 1, \"user_id\": 2, \"a\": {\"b\": 1}"
                + (i == 0 ? "" : ", \"createdAt\": 1")
                + (i < 10 ? ", \"created_at\": 2, \"Created At\": 3, \"created_at_2\": 4, \"a_b\": 2" : "")
                + (i < 3 ? ", \"id\": 5, \"ctid_2\": 6, \"ctid\": 7, \"user\": 8, \"User\": 9" : "")
                + "}"));

        assertThat(columns(table))
                .containsExactly(
                        "user_id_2 bigint",
                        "user_id bigint",
                        "a_b bigint",
                        "created_at_3 bigint",
                        "created_at_4 bigint",
                        "created_at_2 bigint",
                        "a_b_2 bigint",
                        "id bigint",
                        "ctid_2 bigint",
                        "ctid_3 bigint",
                        "user bigint",
                        "user_2 bigint",
                        "created_at bigint");
        assertThat(table.key().column()).isEqualTo("_id");
        assertThat(table.hazards().stream()
                        .filter(h -> h.kind() == Hazard.Kind.NAME_COLLISION)
                        .map(Hazard::path))
                .containsExactly("userId", "created_at", "\"Created At\"", "a_b", "ctid", "User");
    }

    @Test
    @DisplayName("the common field is the one with more values: null in every document makes none common")
    void namesOfFieldsThatAreMostlyNull() {
        Table table = only(documents(i -> "{\"created_at\": " + (i < 5 ? "1" : "null") + ", \"meta\": {\"at\": 1}"
                + ", \"meta_at\": " + (i == 0 ? "1" : "null")
                + (i < 4 ? "" : ", \"createdAt\": 1") + "}"));

        assertThat(table.columns().stream()
                        .map(c -> String.join(".", c.path()) + " " + c.column())
                        .toList())
                .containsExactlyInAnyOrder(
                        "createdAt created_at", "created_at created_at_2", "meta.at meta_at", "meta_at meta_at_2");
    }

    @Test
    @DisplayName("of collections whose tables have one name the largest has it plain, and arrays come after them")
    void tablesOfOneName() {
        SequencedMap<String, List<BsonDocument>> collections = new LinkedHashMap<>();
        String lines = "{\"lines\": [{\"a\": 1}, {\"a\": 2}]}";
        collections.put("userEvents", documents(i -> "{}"));
        collections.put("user_events", documents(i -> "{}").subList(0, 30));
        collections.put("User Events", documents(i -> "{}").subList(0, 20));
        collections.put("order", documents(i -> lines).subList(0, 10));
        collections.put("orders", documents(i -> lines));
        collections.put("order_lines", documents(i -> "{}").subList(0, 5));

        assertThat(Profiles.propose(collections).tables().stream()
                        .flatMap(t -> java.util.stream.Stream.concat(
                                java.util.stream.Stream.of(t.collection() + " " + t.table()),
                                t.children().stream().map(c -> t.collection() + "[] " + c.table()))))
                .containsExactlyInAnyOrder(
                        "userEvents user_events",
                        "user_events user_events_2",
                        "User Events user_events_3",
                        "order order",
                        "order[] order_lines_3",
                        "orders orders",
                        "orders[] order_lines_2",
                        "order_lines order_lines");
    }

    @Test
    void aRareFieldInTheRestTakesNoKeyItsName() {
        List<BsonDocument> documents = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            documents.add(new BsonDocument("_id", new BsonInt32(i)).append("f", new BsonInt32(i)));
        }
        documents.get(5).append("ID", new BsonString("x"));

        assertThat(only(documents).key().column()).isEqualTo("id");
    }

    @Test
    void namesOfEqualFrequencyAreToldApart() {
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
    @DisplayName("strings that are written like numbers have their keys, as the proposal declares")
    void stringIdsThatAreWrittenLikeNumbers() {
        List<BsonDocument> documents = IntStream.range(0, 20)
                .mapToObj(i -> new BsonDocument("_id", new BsonString(Integer.toString(i))))
                .toList();

        assertThat(coverage(documents).deadLetters()).isZero();
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

        Proposal proposal = Profiles.propose(Profiles.wish(), profile);

        assertThat(proposal.tables().getFirst().hazards().getFirst().text())
                .isEqualTo("the largest has 9,000,000 bytes, the average 9,000,000");
        assertThat(proposal.tables().getFirst().notes().getFirst())
                .isEqualTo("1 of about 1,000 documents were read; the largest has 9,000,000 bytes. \"All\", \"always\","
                        + " \"at most\", \"alike\" and shares below refer to these.");
        assertThat(MigrationSql.write(proposal))
                .contains("IS 'From MongoDB: things; the comments of its columns are from 1 of about 1,000 documents'");
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
        Table table = Profiles.propose(Profiles.wish(), profile).tables().getFirst();
        assertThat(columns(table)).isEmpty();
        assertThat(table.children().stream().map(Proposal.Child::table)).containsExactly("thing_map");
    }

    @Test
    void wordsAreWrittenDownOnlyWhenAskedFor() {
        List<BsonDocument> documents = documents(i -> "{\"status\": \"" + (i % 2 == 0 ? "new" : "paid") + "\"}");
        MappingProposer.Wish wish = new MappingProposer.Wish("test", "test", "public", new LinkedHashMap<>(), true);

        assertThat(only(documents).columns().getFirst().reason())
                .isEqualTo("string, at most 4 characters, always one of 2 texts");
        assertThat(Profiles.propose(wish, Profiles.of("things", documents))
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
