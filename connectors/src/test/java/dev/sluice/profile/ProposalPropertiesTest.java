package dev.sluice.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.bson.Utf8;
import dev.sluice.mapping.DocumentMapper;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.profile.Coverage.Landing;
import dev.sluice.profile.Proposal.Child;
import dev.sluice.profile.Proposal.Column;
import dev.sluice.profile.Proposal.Table;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Mapping;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
    private static final Pattern ODD =
            Pattern.compile("([0-9,]+) (value|element)s? (of another kind|beyond timestamptz): quarantined");

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
            // What is not UTF-8 is in no key.
            assertThat(coverage.deadLetters())
                    .isEqualTo(documents.stream()
                            .filter(d -> !Utf8.isUtf8(String.valueOf(d.get("_id"))))
                            .count());
            assertThat(coverage.skipped()).isZero();
            assertThat(coverage.values(Landing.LEFT_BEHIND)).isZero();
            assertThat(coverage.values())
                    .isGreaterThanOrEqualTo(documents.stream()
                            .mapToLong(d -> leaves(d) - leaves(d.get("_id", new BsonArray())))
                            .sum());
        });
    }

    @Provide
    Arbitrary<SequencedMap<String, List<BsonDocument>>> mixtures() {
        return RandomCollections.mixtures();
    }

    /// Where values of one field are of several kinds, as many are quarantined as the column's comment says,
    /// no more than one in twenty, and no column is jsonb for one odd value in a hundred.
    @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
    void asManyAreQuarantinedAsIsSaid(@ForAll("mixtures") SequencedMap<String, List<BsonDocument>> collections) {
        Proposal proposal = Profiles.propose(collections);
        Mapping mapping = Profiles.read(proposal);
        Table table = proposal.tables().getFirst();
        String reasons = Stream.of(
                        table.columns().stream().map(Column::reason),
                        table.children().stream().map(Child::reason),
                        table.children().stream()
                                .flatMap(c -> c.columns().stream())
                                .map(Column::reason))
                .flatMap(reason -> reason)
                .collect(Collectors.joining("\n"));

        long expected = 0;
        for (Matcher said = ODD.matcher(reasons); said.find(); ) {
            long odd = Long.parseLong(said.group(1).replace(",", ""));
            expected += odd;
            if (table.children().isEmpty()
                    && said.group(2).equals("value")
                    && said.group(3).equals("of another kind")) {
                assertThat(odd * 20).isLessThanOrEqualTo(documents(collections));
            }
        }
        long quarantined = Profiles.coverage(mapping, table.collection(), collections).reasons().entrySet().stream()
                .filter(reason -> reason.getKey().startsWith("quarantined"))
                .mapToLong(Map.Entry::getValue)
                .sum();
        Statistics.label("said")
                .collect(expected > 0)
                .coverage(c -> c.check(true).count(n -> n > 2));
        Statistics.label("converted")
                .collect(table.columns().stream().anyMatch(c -> !c.conversions().isEmpty()))
                .coverage(c -> c.check(true).count(n -> n > 10));
        assertThat(quarantined).as(reasons).isEqualTo(expected);
    }

    private static long documents(SequencedMap<String, List<BsonDocument>> collections) {
        return collections.firstEntry().getValue().size();
    }

    @Provide
    Arbitrary<SequencedMap<String, List<BsonDocument>>> references() {
        return RandomCollections.references();
    }

    /// What is said to join is what joins when the documents are copied: the rows of both collections are
    /// made as the data path makes them, and their columns compared.
    @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
    void asManyJoinAsIsSaid(@ForAll("references") SequencedMap<String, List<BsonDocument>> collections) {
        Proposal proposal = Profiles.propose(collections);
        Mapping mapping = Profiles.read(proposal);
        Set<Object> keys = new HashSet<>();
        rows(mapping, "things", collections).forEach(row -> keys.add(row[0]));
        assertThat(keys)
                .as("no two are one row")
                .hasSize(collections.getOrDefault("things", List.of()).size());
        Table parts = Objects.requireNonNull(proposal.byCollection().get("parts"));
        List<Object[]> rows = rows(mapping, "parts", collections);

        for (int i = 0; i < parts.columns().size(); i++) {
            Column column = parts.columns().get(i);
            int at = i + 1;
            long joined = rows.stream()
                    .flatMap(
                            row -> row[at] instanceof List<?> elements ? elements.stream() : Stream.ofNullable(row[at]))
                    .filter(Objects::nonNull)
                    .filter(keys::contains)
                    .count();
            Statistics.label("join")
                    .collect(column.reference()
                            .flatMap(t -> t.reference().join())
                            .isPresent())
                    .coverage(c -> c.check(true).count(n -> n > 10));
            column.reference().flatMap(target -> target.reference().join()).ifPresent(join -> {
                // Only a number with a fraction is not looked up, and then it is said to be about so many.
                assertThat(joined).as(column.toString()).isGreaterThanOrEqualTo(join.joined());
                assertThat(join.complete() ? joined : join.joined())
                        .as(column.toString())
                        .isEqualTo(join.joined());
                Statistics.label("complete")
                        .collect(join.complete())
                        .coverage(c -> c.check(true).count(n -> n > 10));
            });
        }
    }

    private static List<Object[]> rows(
            Mapping mapping, String collection, Map<String, List<BsonDocument>> collections) {
        DocumentMapper mapper =
                DocumentMapper.of(Objects.requireNonNull(mapping.byCollection().get(collection)));
        List<Object[]> rows = new ArrayList<>();
        for (BsonDocument document : collections.getOrDefault(collection, List.of())) {
            assertThat(mapper.map(document)).isInstanceOfSatisfying(MappingResult.Mapped.class, m -> rows.add(m.row()));
        }
        return rows;
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
