package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.ResyncStore.Cause;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class CopyProgressTest {
    @Test
    @DisplayName("documents that are resynced at the end of a copy are told by what made it necessary")
    void resynced() {
        StringWriter out = new StringWriter();
        try (CopyProgress progress =
                new CopyProgress(new PrintWriter(out), new PrintWriter(new StringWriter()), true)) {
            progress.onResynced(Cause.DUPLICATE, 317);
            progress.onResynced(Cause.REFERENCE, 1);
        }
        assertThat(out.toString().lines())
                .containsExactly(
                        "317 documents resynced: other documents want the same row or unique value, and it was decided which"
                                + " has it",
                        "1 document resynced: rows that are referred to came, changed or went");
    }
}
