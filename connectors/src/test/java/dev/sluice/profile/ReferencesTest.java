package dev.sluice.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.profile.Proposal.Child;
import dev.sluice.profile.Proposal.Column;
import dev.sluice.profile.Proposal.Table;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.KeyMapping;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.bson.BsonDocument;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReferencesTest {
    private final SequencedMap<String, List<BsonDocument>> collections = new LinkedHashMap<>();

    private void collection(String name, IntFunction<String> json) {
        List<BsonDocument> documents = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            documents.add(BsonDocument.parse(json.apply(i)));
        }
        collections.put(name, documents);
    }

    private static String hex(int i) {
        return String.format("65f0c0ffee65f0c0ffee%04x", i);
    }

    private static String uuid(int i) {
        return String.format("00112233-4455-6677-8899-aabbccdd%04x", i);
    }

    private Table table(String collection) {
        return Objects.requireNonNull(
                Profiles.propose(collections).byCollection().get(collection));
    }

    /// `column -> table.key`, with `!` where their types differ.
    private List<String> references(String collection) {
        Table table = table(collection);
        return Stream.concat(
                        table.columns().stream(),
                        table.children().stream().map(Child::columns).flatMap(List::stream))
                .filter(column -> column.reference().isPresent())
                .map(ReferencesTest::text)
                .toList();
    }

    private static String text(Column column) {
        Proposal.Target target = column.reference().orElseThrow();
        return column.column() + " " + column.type().sql() + " -> " + target.table() + "."
                + target.key().column() + (target.joins() ? "" : " !");
    }

    @Test
    void objectIdsAndTheirDigitsAreFoundWhateverTheirName() {
        collection("agents", i -> "{\"_id\": {\"$oid\": \"" + hex(i) + "\"}}");
        collection(
                "runs",
                i -> "{\"_id\": " + i + ", \"by\": {\"$oid\": \"" + hex(i) + "\"}, \"who\": \"" + hex(i)
                        + "\", \"all\": [\"" + hex(i) + "\", \"" + hex(99) + "\"],"
                        + " \"steps\": [{\"actor\": \"" + hex(i) + "\"}], \"orphan\": \"" + hex(500 + i) + "\"}");

        assertThat(references("runs"))
                .containsExactly(
                        "by text -> agents.id",
                        "who text -> agents.id",
                        "all text[] -> agents.id",
                        "actor text -> agents.id");
    }

    @Test
    void dbRefsAreFoundByTheirId() {
        collection("agents", i -> "{\"_id\": {\"$oid\": \"" + hex(i) + "\"}}");
        collection(
                "runs",
                i -> "{\"_id\": " + i + ", \"agent\": {\"$ref\": \"agents\", \"$id\": {\"$oid\": \"" + hex(i)
                        + "\"}}}");

        assertThat(references("runs")).containsExactly("agent_id text -> agents.id");
    }

    @Test
    @DisplayName("numbers as there are everywhere are found where the name says so, different texts also without")
    void numbersAndPlainTexts() {
        collection("users", i -> "{\"_id\": {\"$numberLong\": \"" + i + "\"}}");
        collection("teams", i -> "{\"_id\": \"team " + i + "\"}");
        collection(
                "orders",
                i -> "{\"_id\": \"o" + i + "\", \"userId\": " + i + ", \"quantity\": " + i + ", \"team\": \"team " + i
                        + "\", \"note\": \"team " + i + "\", \"createdByUserId\": " + i + "}");

        assertThat(references("orders"))
                .containsExactly(
                        "user_id bigint -> users.id",
                        "team text -> teams.id",
                        "note text -> teams.id",
                        "created_by_user_id bigint -> users.id");
    }

    @Test
    @DisplayName("numbers without a telling name refer where others of their range are not there: no chance")
    void numbersByTheirValues() {
        collection("accounts", i -> "{\"_id\": " + (50_000 + 4_391 * i) + "}");
        collection("ranks", i -> "{\"_id\": " + i + "}");
        collection(
                "moves",
                i -> "{\"_id\": \"m" + i + "\", \"debit\": " + (50_000 + 4_391 * i) + ", \"credit\": \""
                        + (50_000 + 4_391 * (19 - i)) + "\", \"position\": " + i + ", \"half\": "
                        + (50_000 + 4_391 * i + i % 2) + "}");

        assertThat(joins("moves"))
                .containsExactly(
                        "debit bigint [] _id of accounts: 100 % of 20 values join; the values alone say so",
                        "credit bigint [parse_number] _id of accounts: 100 % of 20 values join; the values alone say so");
    }

    @Test
    @DisplayName("texts that are in two collections refer to neither by their values alone")
    void textsOfTwoCollections() {
        collection("countries", i -> "{\"_id\": \"c" + i + "\"}");
        collection("codes", i -> "{\"_id\": \"c" + i + "\"}");
        collection("visits", i -> "{\"_id\": " + i + ", \"where\": \"c" + i + "\"}");

        assertThat(references("visits")).isEmpty();
    }

    @Test
    @DisplayName("ids as generators make them are found by a few, in objects that copy a document too")
    void randomIds() {
        String id = "aB3dE5gH7jK9mN1p";
        collection("users", i -> "{\"_id\": \"" + id + (char) ('a' + i) + "\"}");
        collection(
                "rooms",
                i -> "{\"_id\": " + i + ", \"u\": {\"_id\": \"" + id + (char) ('a' + i % 2)
                        + "\", \"name\": \"n\"}, \"seen\": [{\"_id\": \"" + id + "b\", \"n\": 1}]}");

        assertThat(references("rooms")).containsExactly("u_id text -> users.id", "user_id text -> users.id");
    }

    @Test
    @DisplayName("values of a field that is unique and named as an identity are said to be that, though it is no _id")
    void identitiesThatAreNoId() {
        collection("accounts", i -> "{\"_id\": " + oid(i) + ", \"account_id\": " + (50_000 + 4_391 * i) + "}");
        collection(
                "customers",
                i -> "{\"_id\": " + oid(100 + i) + ", \"accounts\": [" + (50_000 + 4_391 * i) + "], \"amount\": "
                        + (50_001 + 4_391 * i) + "}");
        SourceIndex unique = SourceIndex.of(BsonDocument.parse("{key: {account_id: 1}, name: 'account', unique: true}"))
                .orElseThrow();

        String yaml = MappingYaml.write(Profiles.propose(collections, Map.of("accounts", List.of(unique))));

        assertThat(yaml.lines().filter(line -> line.contains("which is no _id")))
                .singleElement()
                .asString()
                .contains("accounts: \"bigint[]\"", "; values of account_id of accounts, which is no _id");
    }

    @Test
    @DisplayName("an array of references is a table of both keys, named after both")
    void arraysOfReferences() {
        collection("tags", i -> "{\"_id\": {\"$oid\": \"" + hex(i) + "\"}}");
        collection(
                "posts",
                i -> "{\"_id\": " + i + ", \"tagIds\": [" + oid(i) + ", " + oid(3) + "], \"linked\": [" + oid(i)
                        + "]}");

        assertThat(table("posts").children().stream()
                        .map(child ->
                                child.table() + " " + child.columns().getFirst().column()))
                .containsExactly("post_tags tag_id", "post_linked linked_id");
    }

    @Test
    void aNameWithoutValuesThatOccurIsNone() {
        collection("users", i -> "{\"_id\": " + i + "}");
        collection("orders", i -> "{\"_id\": " + i + ", \"user_id\": " + (1_000 + i) + "}");

        assertThat(references("orders")).isEmpty();
    }

    @Test
    void textsThatAreTheUuidsOfRowsAreUuids() {
        collection("users", i -> "{\"_id\": {\"$uuid\": \"" + uuid(i) + "\"}}");
        collection(
                "orders",
                i -> "{\"_id\": " + i + ", \"by\": \"" + uuid(i) + "\", \"also\": {\"$uuid\": \"" + uuid(i)
                        + "\"}, \"half\": \"" + (i % 2 == 0 ? "none" : uuid(i)) + "\"}");

        assertThat(references("orders"))
                .containsExactly("by uuid -> users.id", "also uuid -> users.id", "half text -> users.id !");
    }

    /// What is said of how many values join, and the conversions that make them.
    private List<String> joins(String collection) {
        Table table = table(collection);
        return Stream.concat(
                        table.columns().stream(),
                        table.children().stream().map(Child::columns).flatMap(List::stream))
                .filter(column -> column.reference().isPresent())
                .map(column -> column.column() + " " + column.type().sql() + " " + column.conversions() + " "
                        + Reasons.of(column.reference().orElseThrow()))
                .toList();
    }

    private static String oid(int i) {
        return "{\"$oid\": \"" + hex(i) + "\"}";
    }

    @Test
    @DisplayName(
            "a few strings among ObjectIds do not change the key, and references join whether they are one or the other")
    void aFewStringsAmongObjectIds() {
        collection("agents", i -> "{\"_id\": " + (i == 3 ? "\"default\"" : i == 4 ? "\"agent-4\"" : oid(i)) + "}");
        collection(
                "runs",
                i -> "{\"_id\": " + i + ", \"agent\": " + (i == 3 ? "\"default\"" : i == 5 ? oid(99) : oid(i))
                        + ", \"agent_id\": \"" + (i % 2 == 0 ? hex(i) : hex(i).toUpperCase(Locale.ROOT)) + "\"}");

        assertThat(table("agents").key())
                .isEqualTo(new Proposal.KeyColumn(
                        "id",
                        new ColumnType.Text(),
                        false,
                        KeyMapping.Of.ANY,
                        "ObjectId 90 %, string 10 %: as text, no string of all there are is written like an _id of another"
                                + " type"));
        assertThat(joins("runs"))
                .containsExactly(
                        "agent text [] _id of agents: 90 % of 20 values join",
                        "agent_id text [unwrap_reference] _id of agents: 90 % of 20 values join");
        Proposal proposal = Profiles.propose(collections);
        assertThat(MigrationSql.write(proposal))
                .contains("'From agent: _id of agents: 90 % of 20 values join'")
                .doesNotContain("FOREIGN KEY");
        assertThat(MigrationSql.afterCopy(proposal).orElseThrow())
                .contains("CREATE INDEX CONCURRENTLY runs_agent_idx ON runs (agent);");
    }

    @Test
    @DisplayName("where two ids are written alike the key has its type, and so have the references to it")
    void aKeyThatIsWrittenWithItsType() {
        collection("agents", i -> "{\"_id\": " + (i < 2 ? "\"" + hex(i + 5) + "\"" : oid(i)) + "}");
        collection(
                "runs",
                i -> "{\"_id\": " + i + ", \"agent\": " + (i < 10 ? oid(i) : "null") + ", \"agents\": [" + oid(i) + ", "
                        + oid(i + 1) + "], \"agent_id\": \"" + hex(i + 2) + "\"}");

        Proposal.KeyColumn key = table("agents").key();
        assertThat(key.typed()).isTrue();
        assertThat(key.reason())
                .startsWith("ObjectId 90 %, string 10 %; 2 strings could be written like an _id of another type");
        assertThat(joins("runs"))
                .containsExactly(
                        "agent text [typed_key] _id of agents: 80 % of 10 values join",
                        "agents text[] [typed_key] _id of agents: 90 % of 40 values join",
                        "agent_id text [unwrap_reference, typed_key] _id of agents: 90 % of 20 values join");
    }

    @Test
    @DisplayName("a number that is a string refers as the number does, and to a key of either kind")
    void numbersAsStrings() {
        collection("users", i -> "{\"_id\": " + i + "}");
        collection("teams", i -> "{\"_id\": " + (i < 10 ? Integer.toString(i) : "\"" + i + "\"") + "}");
        collection("places", i -> "{\"_id\": \"" + i + "\"}");
        collection(
                "orders",
                i -> "{\"_id\": " + i + ", \"user_id\": " + (i == 7 ? "\"7\"" : i == 8 ? "8.0" : Integer.toString(i))
                        + ", \"user_ids\": [\"" + i + "\", 1], \"team_id\": "
                        + (i < 15 ? Integer.toString(i) : "\"" + i + "\"") + ", \"place_id\": " + i + "}");

        assertThat(joins("orders"))
                .containsExactly(
                        "user_id bigint [parse_number] _id of users: 100 % of 20 values join",
                        "team_id text [typed_key] _id of teams: 75 % of 20 values join",
                        "place_id text [to_text] _id of places: 100 % of 20 values join; some by their text alone, which is"
                                + " that of an _id of another type",
                        "user_id bigint [parse_number] _id of users: 100 % of 40 values join");
    }

    @Test
    @DisplayName("UUIDs that are strings join those that are binaries, where they are the key and where they refer")
    void uuidsAsStrings() {
        String[] forms = {"{\"$uuid\": \"%s\"}", "\"%s\""};
        collection("users", i -> "{\"_id\": " + String.format(forms[0], uuid(i)) + "}");
        collection("guests", i -> "{\"_id\": " + String.format(forms[1], uuid(100 + i)) + "}");
        collection(
                "orders",
                i -> "{\"_id\": " + i + ", \"by\": " + String.format(forms[i % 2], uuid(i)) + ", \"of\": "
                        + String.format(forms[i % 2], uuid(100 + i)) + "}");

        assertThat(joins("orders"))
                .containsExactly(
                        "by uuid [] _id of users: 100 % of 20 values join",
                        "of text [to_text] _id of guests: 100 % of 20 values join; some by their text alone, which is"
                                + " that of an _id of another type");
    }

    @Test
    @DisplayName("of many different values some are looked up, whenever they came, and the share says so")
    void aShareOfManyDifferentValues() {
        List<BsonDocument> agents = new ArrayList<>();
        List<BsonDocument> runs = new ArrayList<>();
        for (int i = 0; i < 4_000; i++) {
            runs.add(BsonDocument.parse("{\"_id\": " + i + ", \"agent_id\": " + oid(i / 2) + "}"));
            if (i < 1_000) {
                agents.add(BsonDocument.parse("{\"_id\": " + oid(i) + "}"));
            }
        }
        collections.put("agents", agents);
        collections.put("runs", runs);

        // All of the first 1,000 values join, and half of all.
        assertThat(joins("runs"))
                .singleElement()
                .asString()
                .matches(
                        "agent_id text \\[] _id of agents: about [0-9.]+ % of 4,000 values join, as 1,000 different ones do"
                                + " that were looked up");
        assertThat(table("runs").columns().getFirst().reference())
                .hasValueSatisfying(
                        target -> assertThat(target.reference().share()).isBetween(0.4, 0.6));
    }

    @Test
    void valuesThatNoTypeHoldsWithTheKeyAreSaidToJoinNothing() {
        collection("users", i -> "{\"_id\": {\"$uuid\": \"" + uuid(i) + "\"}}");
        collection("orders", i -> "{\"_id\": " + i + ", \"by\": \"" + (i % 2 == 0 ? "none" : uuid(i)) + "\"}");

        assertThat(joins("orders"))
                .containsExactly(
                        "by text [] _id of users in 91 % of the values, but written unlike its key, so that none joins");
    }

    @Test
    void aTreeRefersToItselfAndWhatIsReferredToComesFirst() {
        collection(
                "a_nodes",
                i -> "{\"_id\": {\"$oid\": \"" + hex(i) + "\"}, \"parent\": \"" + hex(i / 2)
                        + "\", \"owner\": {\"$oid\": \"" + hex(100 + i) + "\"}}");
        collection("owners", i -> "{\"_id\": {\"$oid\": \"" + hex(100 + i) + "\"}}");

        assertThat(references("a_nodes")).containsExactly("parent text -> a_nodes.id", "owner text -> owners.id");
        assertThat(Profiles.propose(collections).tables().stream().map(Table::table))
                .containsExactly("owners", "a_nodes");
    }

    @Test
    void ofTwoPlacesTheOneWithTheNameIsTaken() {
        collection("archive", i -> "{\"_id\": {\"$oid\": \"" + hex(i) + "\"}}");
        collection("users", i -> "{\"_id\": {\"$oid\": \"" + hex(i) + "\"}}");
        collection("orders", i -> "{\"_id\": " + i + ", \"user_id\": \"" + hex(i) + "\"}");

        assertThat(references("orders")).containsExactly("user_id text -> users.id");
    }

    @ParameterizedTest(name = "{0} is named like {1}: {2}")
    @CsvSource({
        "agent_id, agents, true",
        "agentId, agents, true",
        "agents, agents, true",
        "agent_ids, agents, true",
        "parentAgentId, agents, true",
        "tool_id, user_tools, true",
        "category, categories, true",
        "user, orders, false",
        "id, agents, false",
        "management, agents, false",
    })
    void namesTellSomething(String field, String collection, boolean expected) {
        assertThat(References.isNamedLike(field, collection)).isEqualTo(expected);
    }

    @Test
    @DisplayName("an empty string that the column makes NULL joins nothing, even where a key is the empty string")
    void anEmptyStringThatBecomesNullJoinsNothing() {
        collection("things", i -> i == 0 ? "{\"_id\": \"\"}" : "{\"_id\": " + i + "}");
        collection("parts", i -> "{\"_id\": " + i + ", \"thing\": " + (i == 0 ? "\"\"" : i) + "}");

        Column thing = table("parts").columns().stream()
                .filter(column -> column.column().equals("thing"))
                .findFirst()
                .orElseThrow();
        assertThat(thing.conversions()).contains("empty_to_null");
        assertThat(thing.reference()
                        .orElseThrow()
                        .reference()
                        .join()
                        .orElseThrow()
                        .joined())
                .isEqualTo(19);
    }
}
