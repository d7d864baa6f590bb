package dev.sluice.service.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.service.pipeline.LastWriter.Fate;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LastWriterTest {
    private static final String HERE = Pipeline.owner().replaceFirst("^process \\d+", "");

    @Test
    @DisplayName("a process of this host runs or has ended, one of another host or of unknown form may do either")
    void known() throws IOException, InterruptedException {
        Process child = new ProcessBuilder("sleep", "60").start();
        try {
            assertThat(LastWriter.fate("process " + child.pid() + HERE, Duration.ZERO))
                    .isEqualTo(Fate.RUNS);
            assertThat(LastWriter.fate("process " + child.pid() + HERE, Duration.ofHours(1)))
                    .as("one that began after that took the pipeline")
                    .isEqualTo(Fate.ENDED);
            assertThat(LastWriter.fate("process " + child.pid() + " on elsewhere", Duration.ZERO))
                    .isEqualTo(Fate.UNKNOWN);
        } finally {
            child.destroyForcibly().waitFor();
        }
        assertThat(LastWriter.fate("process " + child.pid() + HERE, Duration.ZERO))
                .isEqualTo(Fate.ENDED);
        assertThat(LastWriter.fate("somebody", Duration.ZERO)).isEqualTo(Fate.UNKNOWN);
    }
}
