package dev.sluice.profile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Which fields hold secrets and personal data, by their names and by what their values look like.
class SensitiveTest {
    @ParameterizedTest(name = "a text named {0} is masked")
    @ValueSource(
            strings = {
                "password",
                "Passwd",
                "passwordHash",
                "hashed_password",
                "userPassword",
                "pwd",
                "secret",
                "clientSecret",
                "token",
                "accessToken",
                "refresh_token",
                "hashedToken",
                "tokens",
                "jwt",
                "apiKey",
                "api_key",
                "apikey",
                "API_KEYS",
                "privateKey",
                "credentials",
                "pin",
                "otp",
                "cvv",
                "salt",
                "bcrypt"
            })
    void aSecretByItsName(String name) {
        assertThat(of("\"" + name + "\": \"x#\"")).isEqualTo("SECRET masked");
    }

    @ParameterizedTest(name = "{0} is shown")
    @ValueSource(
            strings = {
                "\"tokenCount\": 1",
                "\"tokens\": 1",
                "\"tokenType\": \"bearer\"",
                "\"passwordResetAt\": {\"$date\": 0}",
                "\"mustChangePassword\": true",
                "\"spin\": \"up\"",
                "\"key\": \"k#\"",
                "\"secretary\": \"Ann\"",
                "\"n\": {\"$numberLong\": \"450000000000000#\"}",
                "\"at\": \"2024-05-01\"",
                "\"isbn\": \"978-3-16-148410-0\"",
                "\"handle\": \"@ann\"",
                "\"price\": \"$2a\"",
                "\"email\": true",
                "\"email\": {\"sent\": 1}"
            })
    void noSecret(String field) {
        assertThat(of(field)).isEmpty();
    }

    @ParameterizedTest(name = "{0} is {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "$2b$12$abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0 | SECRET masked",
                "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub | SECRET masked",
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_DEF | SECRET masked",
                "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc | SECRET masked",
                "-----BEGIN RSA PRIVATE KEY-----MIIE | SECRET masked",
                "AKIAIOSFODNN7EXAMPLE | SECRET masked",
                "4111 1111 1111 1111 | SECRET masked",
                "4111-1111-1111-1111 | SECRET masked",
                "378282246310005 | SECRET masked",
                "4111111111111112 | ''",
                "ann@mail.example | PERSONAL",
                "+49 30 12345678 | PERSONAL",
                "(555) 010-9999 | PERSONAL",
            })
    void byWhatItLooksLike(String value, String expected) {
        assertThat(of("\"f\": \"" + value + "\"")).isEqualTo(expected);
    }

    @Test
    @DisplayName("of a field with few secrets nothing is shown, and it is not masked")
    void aFewSecrets() {
        CollectionProfile profile = Profiles.of(
                "c", "{\"f\": \"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc\"}", "{\"f\": \"a\"}", "{\"f\": \"b\"}");

        assertThat(kinds(profile)).isEqualTo("SECRET");
    }

    @Test
    @DisplayName(
            "inside an object that is named for secrets every text is one; of an object with data for names all of it")
    void insideObjects() {
        assertThat(of("\"secrets\": {\"stripe\": \"x#\", \"type\": \"live\", \"uses\": 3}"))
                .isEqualTo("SECRET masked");
        CollectionProfile profile = Profiles.of(
                "c",
                IntStream.range(0, 20)
                        .mapToObj(i ->
                                "{\"devices\": {\"65f0c0ffee65f0c0ffee00" + (10 + i) + "\": {\"pushToken\": \"x\"}}}")
                        .toArray(String[]::new));
        assertThat(profile.sensitive().byPath().keySet().toString()).isEqualTo("[[devices]]");
        assertThat(kinds(profile)).isEqualTo("SECRET masked");
    }

    /// @param field `#` stands for the number of the document
    private static String of(String field) {
        return kinds(Profiles.of(
                "c",
                IntStream.range(0, 9)
                        .mapToObj(i -> "{" + field.replace("#", Integer.toString(i)) + "}")
                        .toArray(String[]::new)));
    }

    private static String kinds(CollectionProfile profile) {
        return String.join(
                ", ",
                profile.sensitive().byPath().values().stream()
                        .map(found -> found.kind() + (found.masked() ? " masked" : ""))
                        .toList());
    }
}
