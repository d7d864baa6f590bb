package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MongodVersionTest {

    @ParameterizedTest(name = "{0} on {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
            linux   | x86_64  | 4.4.2 5.0.4 6.0.5 6.0.27
            linux   | aarch64 | 6.0.5
            macos   | aarch64 | 6.0.27
            macos   | x86_64  | 6.0.27
            linux   | riscv64 |
            freebsd | x86_64  |
            """)
    void whatThereIs(String system, String architecture, String versions) {
        List<String> found = Arrays.stream(MongodVersion.values())
                .filter(version -> version.parts(system, architecture).isPresent())
                .map(MongodVersion::number)
                .toList();
        assertThat(String.join(" ", found)).isEqualTo(versions == null ? "" : versions);
    }

    @Test
    void everyWheelIsPinnedAndNoneTwice() {
        Set<String> hashes = new HashSet<>();
        for (String platform : List.of("linux/x86_64", "linux/aarch64", "macos/aarch64", "macos/x86_64")) {
            String[] parts = platform.split("/");
            for (MongodVersion version : MongodVersion.values()) {
                version.parts(parts[0], parts[1]).ifPresent(found -> {
                    assertThat(found.mongod().sha256()).matches("[0-9a-f]{64}");
                    assertThat(found.mongod().requirement()).contains("==");
                    assertThat(hashes.add(found.mongod().sha256()))
                            .as("%s on %s", version, platform)
                            .isTrue();
                });
            }
        }
    }

    /// 6.0.5 is linked to OpenSSL 3, which the system has; the others bring OpenSSL 1.1 along.
    @Test
    void onlyTheOthersNeedAnOldOpenSsl() {
        for (MongodVersion version : MongodVersion.values()) {
            assertThat(version.parts("linux", "x86_64").orElseThrow().libraries() == null)
                    .as("%s", version)
                    .isEqualTo(version == MongodVersion.V6_0_5);
        }
    }
}
