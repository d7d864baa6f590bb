package dev.sluice.cutover;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.schema.Catalog;
import dev.sluice.schema.MappingReader;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Which collections belong together.
class GroupsTest {
    private static final String MAPPING = """
            mapping: m
            database: d
            groups: {sales: [orders, users]}
            collections:
              users: {table: users, key: {column: id, type: text}, columns: {name: text}}
              orders: {table: orders, key: {column: id, type: text}, columns: {name: text}}
              authors: {table: authors, key: {column: id, type: text}, columns: {name: text}}
            """;

    @Test
    @DisplayName("a declared group has its collections in the mapping's order, by its name and by each of them")
    void declared() {
        Groups groups = Groups.of(MappingReader.read("m.yaml", MAPPING));

        assertThat(groups.members("sales")).contains(List.of("users", "orders"));
        assertThat(groups.members("orders")).contains(List.of("users", "orders"));
        assertThat(groups.names()).containsExactly("sales");
        assertThat(groups.members("none")).isEmpty();
    }

    @Test
    @DisplayName("without a declaration those belong together that refer to each other, whoever is asked for")
    void found() {
        Groups docsgpt = Groups.of(Catalog.load("docsgpt").mapping());

        List<String> withUsers = docsgpt.members("conversations").orElseThrow();
        assertThat(withUsers).contains("conversations", "shared_conversations");
        for (String member : withUsers) {
            assertThat(docsgpt.members(member)).as(member).contains(withUsers);
        }
        assertThat(Groups.of(Catalog.load("demo").mapping()).members("users")).contains(List.of("users"));
    }
}
