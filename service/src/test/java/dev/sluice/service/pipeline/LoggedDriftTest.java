package dev.sluice.service.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.verify.Suspect;
import dev.sluice.verify.Verdict;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Which drift of documents that the stream has written is logged.
class LoggedDriftTest {
    private static final Suspect A = new Suspect("a", "\"a\"");
    private static final Suspect B = new Suspect("b", "\"b\"");
    private static final Verdict DRIFTED = new Verdict.Drifted(List.of());

    @Test
    @DisplayName("a document that the stream writes again and again is logged once, until it is right and drifts again")
    void once() {
        LoggedDrift logged = new LoggedDrift(10);
        assertThat(logged.add("things", Map.of(A, DRIFTED, B, new Verdict.Equal())))
                .isEqualTo(1);
        assertThat(logged.add("things", Map.of(A, DRIFTED))).isZero();
        assertThat(logged.add("things", Map.of(A, DRIFTED, B, DRIFTED))).isEqualTo(1);
        assertThat(logged.add("things", Map.of(A, new Verdict.Undecided()))).isZero();
        assertThat(logged.add("things", Map.of(A, DRIFTED))).isZero();
        assertThat(logged.add("things", Map.of(A, new Verdict.Equal()))).isZero();
        assertThat(logged.add("things", Map.of(A, DRIFTED))).isEqualTo(1);
    }

    @Test
    @DisplayName("documents of two collections are not confused, and no more are remembered than may be")
    void bounded() {
        LoggedDrift logged = new LoggedDrift(1);
        assertThat(logged.add("things", Map.of(A, DRIFTED))).isEqualTo(1);
        assertThat(logged.add("others", Map.of(A, DRIFTED))).isEqualTo(1);
        assertThat(logged.add("things", Map.of(B, DRIFTED))).isEqualTo(1);
        assertThat(logged.add("things", Map.of(A, DRIFTED))).isEqualTo(1);
    }
}
