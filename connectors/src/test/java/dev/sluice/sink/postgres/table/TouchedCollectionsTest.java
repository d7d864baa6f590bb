package dev.sluice.sink.postgres.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.schema.MappingReader;
import dev.sluice.sink.CollectionTarget;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Collections whose rows may be written together")
class TouchedCollectionsTest {
    private static final String MAPPING = """
            mapping: test
            database: test
            collections:
              alone:
                table: alone
                key: {column: id, type: text}
                columns: {name: text}
              invoices:
                table: invoices
                key: {column: id, type: text}
                columns:
                  order_id: {type: text, from: order, reference: {table: orders, match: id, take: id, orphan: skip}}
              people:
                table: people
                key: {column: id, type: text}
                columns: {name: text}
              orders:
                table: orders
                key: {column: id, type: text}
                columns:
                  person_id: {type: text, from: person, reference: {table: people, match: id, take: id, orphan: skip}}
            """;

    @Test
    @DisplayName("are those that references link, in both directions and over others; the rest are each by itself")
    void groups() {
        List<CollectionTarget> all = CollectionTarget.of(MappingReader.read("test.yaml", MAPPING));

        assertThat(TouchedCollections.together(all).stream()
                        .map(TouchedCollectionsTest::names)
                        .collect(Collectors.toSet()))
                .containsExactlyInAnyOrder(Set.of("alone"), Set.of("people", "orders", "invoices"));
    }

    private static Set<String> names(Set<CollectionTarget> group) {
        return group.stream().map(CollectionTarget::collection).collect(Collectors.toSet());
    }
}
