package dev.sluice.service.demo;

import dev.sluice.postgres.PostgresConnector;
import dev.sluice.service.watch.PipelineReader;
import dev.sluice.service.watch.StatusArea;
import dev.sluice.service.watch.Watcher;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/// Where the tour is told: lines, and below them the status as it is now where there is a
/// terminal. Any thread may say something.
final class Story implements AutoCloseable {
    private final PrintStream out;
    private final PipelineReader reader;
    private final @Nullable StatusArea area;

    private Story(PrintStream out, PipelineReader reader, @Nullable StatusArea area) {
        this.out = out;
        this.reader = reader;
        this.area = area;
    }

    static Story start(PrintStream out, PostgresConnector connector, String pipeline) throws InterruptedException {
        PipelineReader reader = new PipelineReader(connector, pipeline);
        return new Story(
                out,
                reader,
                StatusArea.start(out, System.getenv(), () -> Watcher.start(reader::read))
                        .orElse(null));
    }

    void say(String line) {
        if (area == null) {
            out.println(line);
        } else {
            area.say(line);
        }
    }

    @Override
    public void close() {
        if (area != null) {
            area.close();
        }
        reader.close();
    }
}
