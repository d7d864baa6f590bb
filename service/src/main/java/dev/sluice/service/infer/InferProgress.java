package dev.sluice.service.infer;

import java.io.Console;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/// Is told the progress of profiling a database.
public sealed interface InferProgress {
    /// Before everything else.
    ///
    /// @param documents that will be read, about
    void begin(long documents);

    /// Something new begins.
    ///
    /// @param what a collection, or another word for it
    /// @param doing what is done with it
    void step(String what, String doing);

    /// One document more was read.
    void advance();

    /// After everything else, also when it failed.
    void end();

    /// A bar on a terminal, lines where the output goes to a file.
    static InferProgress to(PrintStream out) {
        boolean terminal =
                Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
        return terminal ? new Bar(out) : new Lines(out);
    }

    /// A line for each step, and one every few seconds in a long one. For one thread.
    final class Lines implements InferProgress {
        private static final long EVERY_NANOS = Duration.ofSeconds(10).toNanos();

        private final PrintStream out;
        private String what = "";
        private long total;
        private long done;
        private long saidAt = System.nanoTime();

        Lines(PrintStream out) {
            this.out = out;
        }

        @Override
        public void begin(long documents) {
            total = documents;
        }

        @Override
        public void step(String newWhat, String doing) {
            what = newWhat;
            out.println(what + ": " + doing);
            saidAt = System.nanoTime();
        }

        @Override
        public void advance() {
            done++;
            if (System.nanoTime() - saidAt > EVERY_NANOS) {
                out.printf(Locale.ROOT, "%s: %,d of about %,d documents read in all%n", what, done, total);
                saidAt = System.nanoTime();
            }
        }

        @Override
        public void end() {}
    }

    /// A bar that moves. For one thread.
    final class Bar implements InferProgress {
        private final PrintStream out;
        private @Nullable ProgressBar bar;

        Bar(PrintStream out) {
            this.out = out;
        }

        @Override
        public void begin(long documents) {
            bar = new ProgressBarBuilder()
                    .setTaskName("infer")
                    .setInitialMax(documents)
                    .setStyle(ProgressBarStyle.ASCII)
                    .setConsumer(new ConsoleProgressBarConsumer(out))
                    .build();
        }

        @Override
        public void step(String what, String doing) {
            if (bar != null) {
                bar.setExtraMessage(" " + what);
            }
        }

        @Override
        public void advance() {
            if (bar != null) {
                bar.step();
            }
        }

        @Override
        public void end() {
            if (bar != null) {
                bar.close();
            }
        }
    }
}
