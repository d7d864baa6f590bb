package dev.sluice.service.plan;

import dev.sluice.service.text.Counted;
import java.time.Duration;
import java.util.Locale;

/// How long the copy may take: documents and bytes against a rate, whichever takes longer.
///
/// @param documents about how many there are
/// @param bytes about how much they are, uncompressed
/// @param seconds how long that takes at the rate
/// @param basis where the rate comes from
public record CopyEstimate(long documents, long bytes, long seconds, Rate rate, Basis basis) {
    /// What is copied in a second.
    ///
    /// @param bytesPerSecond 0 where only documents count
    public record Rate(double documentsPerSecond, double bytesPerSecond) {
        /// What is taken where nothing better is known: a slow server or disk does less, two cores and a
        /// local network do several times as much.
        static final Rate ASSUMED = new Rate(10_000, 20_000_000);
    }

    /// Where a rate comes from.
    public enum Basis {
        /// From the command line.
        GIVEN("given on the command line"),
        /// From an earlier copy into this database.
        MEASURED("measured at earlier copies into this database"),
        ASSUMED("assumed, not measured; `--rate` takes a better figure");

        private final String words;

        Basis(String words) {
            this.words = words;
        }

        /// As it is printed in JSON.
        @com.fasterxml.jackson.annotation.JsonValue
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static CopyEstimate of(long documents, long bytes, Rate rate, Basis basis) {
        double byCount = documents / rate.documentsPerSecond();
        double bySize = rate.bytesPerSecond() == 0 ? 0 : bytes / rate.bytesPerSecond();
        return new CopyEstimate(documents, bytes, (long) Math.ceil(Math.max(byCount, bySize)), rate, basis);
    }

    String forPeople() {
        return String.format(
                Locale.ROOT,
                "The copy is about %s, %s, and takes about %s at %,.0f documents/s%s (%s).",
                Counted.of(documents, "document"),
                Quantity.bytes(bytes),
                Quantity.time(Duration.ofSeconds(seconds)),
                rate.documentsPerSecond(),
                rate.bytesPerSecond() == 0
                        ? ""
                        : " and no more than " + Quantity.bytes((long) rate.bytesPerSecond()) + "/s",
                basis.words);
    }
}
