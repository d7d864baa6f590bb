package dev.sluice.mapping.value;

import java.nio.charset.StandardCharsets;

/// Bytes as hex digits in lower case, as ASCII. Any thread.
public final class HexDigits {
    private static final byte[] DIGITS = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] HEX = new byte[512];

    static {
        for (int i = 0; i < 256; i++) {
            HEX[2 * i] = DIGITS[i >> 4];
            HEX[2 * i + 1] = DIGITS[i & 15];
        }
    }

    private HexDigits() {}

    /// Writes the 24 digits of an ObjectId.
    ///
    /// @param bytes where its 12 bytes begin at `at`
    /// @param hex where its digits are put, from `to` on
    public static void objectId(byte[] bytes, int at, byte[] hex, int to) {
        for (int i = 0; i < 12; i++) {
            of(bytes[at + i], hex, to + 2 * i);
        }
    }

    /// Writes the two digits of a byte from `to` on.
    static void of(byte b, byte[] hex, int to) {
        int digits = 2 * (b & 0xFF);
        hex[to] = HEX[digits];
        hex[to + 1] = HEX[digits + 1];
    }
}
