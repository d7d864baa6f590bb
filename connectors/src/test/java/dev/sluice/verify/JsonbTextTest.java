package dev.sluice.verify;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// That PostgreSQL writes the same is [EqualRowsIT].
class JsonbTextTest {
    private final JsonbText json = new JsonbText();

    private boolean write(String given) {
        byte[] bytes = given.getBytes(StandardCharsets.UTF_8);
        return json.write(bytes, 0, bytes.length);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"bb\":1,\"c\":2,\"a\":3}|{\"a\": 3, \"c\": 2, \"bb\": 1}",
                "{\"o\":{\"y\":[1,2],\"x\":{}},\"n\":[]}|{\"n\": [], \"o\": {\"x\": {}, \"y\": [1, 2]}}",
                "[1.50,-0,-0.0,1e3,-2.5E-3,true,false,null]|[1.50, 0, 0.0, 1000, -0.0025, true, false, null]",
                "\"a\\/b\\n\\u000a\\u001F\\\"\"|\"a/b\\n\\n\\u001f\\\"\"",
                "[ 1 , { \"a\" : 2 } ]|[1, {\"a\": 2}]"
            })
    void namesAreOrderedAndNumbersWrittenOut(String given, String written) {
        assertThat(write(given)).isTrue();
        assertThat(json.text()).isEqualTo(written);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"a\":1,\"a\":2}",
                "{\"a\\n\":1}",
                "\"\\u00fc\"",
                "\"\\u0000\"",
                "1e401",
                "1e-401",
                "",
                "[1",
                "[1]]",
                "{\"a\" 1}",
                "nul",
                "--1e5"
            })
    void whatIsNotCertainIsLeftToPostgreSql(String given) {
        assertThat(write(given)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 300, 100_000})
    void depthHasABound(int levels) {
        assertThat(write("[".repeat(levels) + "]".repeat(levels))).isEqualTo(levels < 256);
    }
}
