package dev.sluice.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.mapping.DocumentMapper;
import dev.sluice.mapping.TableShape;
import dev.sluice.profile.Coverage.Landing;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Mapping;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.statistics.Statistics;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonType;
import org.bson.BsonValue;

/// What holds for any documents at all. [MigrationSqlIT] has PostgreSQL's side of it.
class ProposalPropertiesTest {
    @Provide
    Arbitrary<SequencedMap<String, List<BsonDocument>>> collections() {
        return RandomCollections.collections();
    }

    /// The reader takes the mapping, it compiles, every document has a row, and no value is left behind.
    @Property(tries = 400, edgeCases = EdgeCasesMode.NONE)
    void whateverTheDocumentsTheProposalTakesThemAll(
            @ForAll("collections") SequencedMap<String, List<BsonDocument>> collections) {
        Proposal proposal = Profiles.propose(collections);
        Mapping mapping = Profiles.read(proposal);

        // The random documents must be such that there is something to propose.
        boolean children =
                proposal.tables().stream().anyMatch(t -> !t.children().isEmpty());
        boolean flat = proposal.tables().stream()
                .flatMap(t -> t.columns().stream())
                .anyMatch(c -> c.path().size() > 1);
        boolean arrays = proposal.tables().stream()
                .flatMap(t -> t.columns().stream())
                .anyMatch(c -> c.type() instanceof ColumnType.Array);
        Statistics.label("child table")
                .collect(children)
                .coverage(c -> c.check(true).count(n -> n > 10));
        Statistics.label("flat object")
                .collect(flat)
                .coverage(c -> c.check(true).count(n -> n > 10));
        Statistics.label("array column")
                .collect(arrays)
                .coverage(c -> c.check(true).count(n -> n > 10));

        assertThat(mapping.byCollection().keySet()).containsExactlyInAnyOrderElementsOf(collections.keySet());
        collections.forEach((collection, documents) -> {
            Coverage coverage = Profiles.coverage(mapping, collection, collections);
            assertThat(coverage.deadLetters()).isZero();
            assertThat(coverage.skipped()).isZero();
            assertThat(coverage.values(Landing.LEFT_BEHIND)).isZero();
            assertThat(coverage.values())
                    .isGreaterThanOrEqualTo(documents.stream()
                            .mapToLong(d -> leaves(d) - leaves(d.get("_id", new BsonArray())))
                            .sum());
        });
    }

    /// The tables' columns and types are the mapping's, in its order.
    @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
    void theTablesAreTheMappings(@ForAll("collections") SequencedMap<String, List<BsonDocument>> collections) {
        Proposal proposal = Profiles.propose(collections);
        String sql = MigrationSql.write(proposal);
        Map<String, String> expected = new LinkedHashMap<>();
        Profiles.read(proposal).collections().forEach(collection -> {
            DocumentMapper mapper = DocumentMapper.of(collection);
            expected.put(mapper.shape().table().table(), text(mapper.shape()));
            mapper.childShapes().forEach(child -> expected.put(child.table().table(), text(child)));
        });

        expected.forEach((table, columns) -> assertThat(sql.replaceAll(" +", " "))
                .contains("CREATE TABLE " + SqlKeywords.identifier(table) + " (\n " + columns));
    }

    private static String text(TableShape shape) {
        StringBuilder text = new StringBuilder();
        for (TableShape.Column column : shape.columns()) {
            text.append(text.isEmpty() ? "" : ",\n ")
                    .append(SqlKeywords.identifier(column.name()))
                    .append(' ')
                    .append(column.type().sql());
            int index = shape.columns().indexOf(column);
            if (index < shape.keyColumns()) {
                text.append(shape.keyColumns() == 1 ? " PRIMARY KEY" : " NOT NULL");
            }
        }
        return text.toString();
    }

    private static long leaves(BsonValue value) {
        return switch (value) {
            case BsonDocument object ->
                object.values().stream()
                        .mapToLong(ProposalPropertiesTest::leaves)
                        .sum();
            case BsonArray array ->
                array.stream().mapToLong(ProposalPropertiesTest::leaves).sum();
            default -> value.getBsonType() == BsonType.NULL || value.getBsonType() == BsonType.UNDEFINED ? 0 : 1;
        };
    }
}
