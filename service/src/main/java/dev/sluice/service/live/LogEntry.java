package dev.sluice.service.live;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Something that happened, for people. Never a document's value.
///
/// @param collection null for what concerns the whole pipeline
public record LogEntry(Instant at, Tone tone, @Nullable String collection, String text) {
    /// How it is meant.
    public enum Tone {
        /// As it should be, such as a finished copy.
        @JsonProperty("good")
        GOOD,
        /// For the record.
        @JsonProperty("plain")
        PLAIN,
        /// To be looked at, such as a shut gate.
        @JsonProperty("warning")
        WARNING,
        /// To be acted on, such as drift.
        @JsonProperty("bad")
        BAD;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
