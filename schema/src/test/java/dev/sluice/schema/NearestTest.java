package dev.sluice.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("A misspelt word of a mapping")
class NearestTest {
    @ParameterizedTest
    @CsvSource({"colums, columns", "convret, convert", "misfits, misfit", "ky, key"})
    @DisplayName("is near the one that is meant")
    void near(String misspelt, String meant) {
        assertThat(Nearest.toWord(misspelt, List.of("columns", "convert", "key", "misfit", "table")))
                .hasValue(meant);
    }

    @ParameterizedTest
    @CsvSource({"index", "x", "primary"})
    @DisplayName("is near none when it is another word")
    void far(String word) {
        assertThat(Nearest.toWord(word, List.of("columns", "convert", "key", "misfit", "table")))
                .isEmpty();
    }

    @Test
    @DisplayName("is named with the one that is meant: a key, a conversion, a choice")
    void inAMapping() {
        assertThatThrownBy(() -> MappingReader.read("m.yaml", """
                        mapping: test
                        database: test
                        collections:
                          things:
                            table: things
                            key: {column: id, type: text}
                            on_dorp: keep
                            columns:
                              a: {type: text, convert: [to_txt]}
                              b: {type: text, misfit: rejct}
                        """))
                .hasMessageContaining("Did you mean 'on_drop'?")
                .hasMessageContaining("did you mean 'to_text'?")
                .hasMessageContaining("Did you mean 'reject'?");
    }
}
