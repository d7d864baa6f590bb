package dev.sluice.profile;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SqlNamesTest {
    @ParameterizedTest
    @CsvSource({
        "userId, user_id",
        "user_id, user_id",
        "displayName, display_name",
        "HTTPServer2, http_server2",
        "APIKey, api_key",
        "userID, user_id",
        "geo.lat, geo_lat",
        "$ref, ref",
        "__v, v",
        "First Name, first_name",
        "2fa, _2fa",
        "Straße, straße",
        "'', field",
        "'--', field",
        "a__b, a_b",
        "ünïcödé, ünïcödé",
        "東京, 東京",
        "😀, field",
    })
    void namesAreInSnakeCase(String name, String expected) {
        assertThat(SqlNames.snake(name)).isEqualTo(expected);
        assertThat(SqlNames.snake(expected)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "orders, order",
        "memories, memory",
        "addresses, address",
        "boxes, box",
        "status, status",
        "analysis, analysis",
        "class, class",
        "knowledge_items, knowledge_item",
        "fs_files, fs_file",
        "news, new",
        "data, data",
    })
    void pluralsLoseTheirEnding(String plural, String singular) {
        assertThat(SqlNames.singular(plural)).isEqualTo(singular);
    }

    @Test
    void theSecondOfTheSameNameHasANumber() {
        SqlNames names = SqlNames.ofColumns();

        assertThat(List.of(names.claim("userId"), names.claim("user_id"), names.claim("USER ID")))
                .containsExactly("user_id", "user_id_2", "user_id_3");
    }

    @Test
    void noColumnHasTheNameOfOneOfPostgresOwn() {
        SqlNames names = SqlNames.ofColumns();

        assertThat(names.claim("ctid")).isEqualTo("ctid_2");
        assertThat(names.claim("tableoid")).isEqualTo("tableoid_2");
    }

    @Test
    void noTableHasTheNameOfACatalogNorOfAnIndex() {
        SqlNames names = SqlNames.ofTables();

        assertThat(names.claim("pg_class")).isEqualTo("t_pg_class");
        assertThat(names.claim("users")).isEqualTo("users");
        assertThat(names.claim("users_pkey")).isEqualTo("users_pkey_2");
        SqlNames other = SqlNames.ofTables();
        assertThat(other.claim("users_pkey")).isEqualTo("users_pkey");
        assertThat(other.claim("users")).isEqualTo("users_2");
    }

    @Test
    void aLongNameIsCutInsideNoCharacter() {
        SqlNames names = SqlNames.ofColumns();
        String long1 = "a" + "é".repeat(40);

        assertThat(names.claim(long1)).isEqualTo("a" + "é".repeat(31));
        assertThat(names.claim(long1)).isEqualTo("a" + "é".repeat(30) + "_2");
    }

    @Property(tries = 500)
    void whateverIsAskedForAllNamesDifferAndFit(@ForAll List<String> wishes, @ForAll boolean tables) {
        SqlNames names = tables ? SqlNames.ofTables() : SqlNames.ofColumns();
        Set<String> claimed = new HashSet<>();
        for (String wish : wishes) {
            String name = names.claim(wish);
            assertThat(claimed.add(name)).isTrue();
            assertThat(name.getBytes(StandardCharsets.UTF_8).length).isBetween(1, SqlNames.BYTES_MAX);
            assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(name)).isTrue();
        }
    }
}
