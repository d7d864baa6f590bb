package dev.sluice.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.profile.Proposal.Child;
import dev.sluice.profile.Proposal.Column;
import dev.sluice.profile.Proposal.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.bson.BsonDocument;
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

    /// `column -> table.key`, with `!` where their types differ.
    private List<String> references(String collection) {
        Table table = Objects.requireNonNull(
                Profiles.propose(collections).byCollection().get(collection));
        return Stream.concat(
                        table.columns().stream(),
                        table.children().stream().map(Child::columns).flatMap(List::stream))
                .filter(column -> column.reference().isPresent())
                .map(ReferencesTest::text)
                .toList();
    }

    private static String text(Column column) {
        Proposal.Target target = column.reference().orElseThrow();
        return column.column() + " " + column.type().sql() + " -> " + target.table() + "." + target.column()
                + (target.joins() ? "" : " !");
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
    void numbersAndPlainTextsAreFoundOnlyWhereTheNameSaysSo() {
        collection("users", i -> "{\"_id\": {\"$numberLong\": \"" + i + "\"}}");
        collection("teams", i -> "{\"_id\": \"team " + i + "\"}");
        collection(
                "orders",
                i -> "{\"_id\": \"o" + i + "\", \"userId\": " + i + ", \"quantity\": " + i + ", \"team\": \"team " + i
                        + "\", \"note\": \"team " + i + "\", \"createdByUserId\": " + i + "}");

        assertThat(references("orders"))
                .containsExactly(
                        "user_id bigint -> users.id", "team text -> teams.id", "created_by_user_id bigint -> users.id");
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

    @Test
    void aKeyThatIsWrittenWithItsTypeJoinsNothing() {
        collection(
                "things",
                i -> "{\"_id\": " + (i % 2 == 0 ? "{\"$oid\": \"" + hex(i) + "\"}" : Integer.toString(i)) + "}");
        collection("parts", i -> "{\"_id\": " + i + ", \"thing_id\": {\"$oid\": \"" + hex(i) + "\"}}");

        assertThat(references("parts")).containsExactly("thing_id text -> things.id !");
        assertThat(MigrationSql.write(Profiles.propose(collections)))
                .contains("CREATE INDEX ON parts (thing_id);")
                .doesNotContain("FOREIGN KEY");
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
}
