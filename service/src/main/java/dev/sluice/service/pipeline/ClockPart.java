package dev.sluice.service.pipeline;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The part of a run that asks MongoDB for its time and its newest operation, four times a second, and ends the run
/// when the stream is stuck.
record ClockPart(Pipeline pipeline, DataFlow flow) implements DataFlow.Work {
    private static final Logger LOG = LoggerFactory.getLogger(ClockPart.class);

    private static final Duration EVERY = Duration.ofMillis(250);

    /// An engine without a heartbeat for this long is stuck.
    private static final Duration SILENCE_MAX = Duration.ofSeconds(90);

    @Override
    public void run() throws InterruptedException {
        while (!flow.ending()) {
            try {
                pipeline.clock().onHello(pipeline.spec().source().hello());
            } catch (SluiceException away) {
                // Not reported here: the stream fails too, or recovers by itself. The lag grows
                // meanwhile.
                LOG.debug("MongoDB did not answer: {}", away.getMessage());
            }
            // A stream that got no CPU time together with this process is not stuck.
            if (flow.idle().compareTo(SILENCE_MAX) > 0
                    && pipeline.running().unbroken().compareTo(SILENCE_MAX) > 0) {
                throw new SluiceException(
                        FailureKind.ENGINE,
                        "No word from the stream for " + SILENCE_MAX.toSeconds() + " s, not even a heartbeat.");
            }
            flow.pause(EVERY);
        }
    }
}
