package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PostgresUriTest {

    @Test
    void takesAllPartsAndGivesThemBack() {
        PostgresUri uri = parse("postgresql://jo%40hn:a%2Bb+c@db.example:6432/my%20db?sslmode=require");

        assertThat(uri).isEqualTo(new PostgresUri("db.example", 6432, "jo@hn", "a+b+c", "my db", "sslmode=require"));
        assertThat(parse(uri.text())).isEqualTo(uri);
        assertThat(uri.jdbcUrl()).isEqualTo("jdbc:postgresql://db.example:6432/my%20db?sslmode=require");
        assertThat(uri.login()).containsEntry("user", "jo@hn").containsEntry("password", "a+b+c");
    }

    @Test
    void fillsInWhatIsLeftOut() {
        assertThat(parse("postgres://h")).isEqualTo(new PostgresUri("h", 5432, "postgres", null, "postgres", null));
        assertThat(parse("postgresql://u@h/").database()).isEqualTo("u");
    }

    @Test
    void changesOnlyTheDatabase() {
        assertThat(parse("postgresql://u:p@h:1/a?x=y").withDatabase("b").text())
                .isEqualTo("postgresql://u:p@h:1/b?x=y");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "mysql://u:secret@h/d", "postgresql:///d", "postgresql://u:sec ret@h/d", "host=h"})
    void refusesOthersWithoutRepeatingThem(String text) {
        assertThatThrownBy(() -> parse(text))
                .isInstanceOf(SandboxException.class)
                .hasMessageStartingWith("THE_SETTING is not of the form")
                .hasMessageNotContaining("sec")
                .hasNoCause();
    }

    @Test
    void keepsThePasswordOutOfMessages() {
        assertThat(parse("postgresql://u:secret@h/d")).hasToString("h:5432/d");
    }

    private static PostgresUri parse(String text) {
        return PostgresUri.parse(text, "THE_SETTING");
    }
}
