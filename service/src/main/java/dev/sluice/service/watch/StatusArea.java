package dev.sluice.service.watch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.AttributedString;

/// The status at the bottom of a terminal, below lines that go on above it. Lines of the log go above it too,
/// until this is closed; then it is wiped. Any thread may say something.
public final class StatusArea implements AutoCloseable {
    private static final long DRAW_MILLIS = 500;
    private static final int HEIGHT_MAX = 8;

    private final PrintStream out;
    private final PrintStream errors;
    private final Terminal terminal;
    private final Attributes before;
    private final Watcher watcher;
    private final boolean colours;
    private final Thread drawing;
    private int drawn;
    private boolean closed;

    /// Begins to watch.
    public interface Start {
        Watcher start() throws InterruptedException;
    }

    private StatusArea(PrintStream out, Terminal terminal, Watcher watcher, boolean colours) {
        this.out = out;
        this.errors = System.err;
        this.terminal = terminal;
        this.before = terminal.getAttributes();
        Attributes silent = terminal.getAttributes();
        // A key that is shown would move the cursor away from where the status is drawn.
        silent.setLocalFlag(Attributes.LocalFlag.ECHO, false);
        terminal.setAttributes(silent);
        this.watcher = watcher;
        this.colours = colours;
        this.drawing =
                Thread.ofPlatform().name("sluice-status-area").daemon(true).unstarted(this::drawAgainAndAgain);
    }

    /// @return empty where standard output is no terminal: then nothing is watched
    public static Optional<StatusArea> start(PrintStream out, Map<String, String> environment, Start watcher)
            throws InterruptedException {
        if (!Screen.isThere(environment)) {
            return Optional.empty();
        }
        try {
            Terminal terminal =
                    TerminalBuilder.builder().system(true).dumb(false).build();
            StatusArea area = new StatusArea(out, terminal, watcher.start(), Screen.wantsColours(environment));
            System.setErr(new PrintStream(area.new Lines(), true, StandardCharsets.UTF_8));
            area.drawing.start();
            return Optional.of(area);
        } catch (IOException notAsked) {
            return Optional.empty();
        }
    }

    /// Prints a line above the status.
    public synchronized void say(String line) {
        out.print(erasing() + line + System.lineSeparator());
        out.flush();
        drawn = 0;
        draw();
    }

    private void drawAgainAndAgain() {
        try {
            while (true) {
                draw();
                Thread.sleep(DRAW_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// As one piece of text, so that nothing flickers.
    private synchronized void draw() {
        if (closed) {
            return;
        }
        String text;
        int height;
        try {
            Size size = terminal.getSize();
            List<AttributedString> lines = Frame.of(
                    watcher.now(),
                    new Frame.Look(
                            Math.max(1, size.getColumns() - 1),
                            Math.clamp(size.getRows() - 2L, 1, HEIGHT_MAX),
                            Glyphs.of(terminal.encoding()),
                            colours),
                    new View(0, Sort.NAME, false));
            text = lines.stream()
                    .map(line -> (colours ? line.toAnsi(terminal) : line.toString()) + System.lineSeparator())
                    .collect(Collectors.joining());
            height = lines.size();
        } catch (IllegalStateException ended) {
            // After Ctrl-C the terminal closes itself, while the program still has something to say.
            return;
        }
        out.print(erasing() + text);
        out.flush();
        drawn = height;
    }

    /// Back to the first line of the status, and what is below it away.
    private String erasing() {
        return drawn == 0 ? "" : "\u001b[" + drawn + "A\r\u001b[J";
    }

    /// What is written to standard error, line by line.
    private final class Lines extends OutputStream {
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();

        @Override
        public synchronized void write(int b) {
            if (b != '\n') {
                line.write(b);
                return;
            }
            say(line.toString(StandardCharsets.UTF_8));
            line.reset();
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            out.print(erasing());
            out.flush();
            drawn = 0;
        }
        drawing.interrupt();
        watcher.close();
        System.setErr(errors);
        try {
            terminal.setAttributes(before);
            terminal.close();
        } catch (IOException | IllegalStateException gone) {
            // After Ctrl-C the terminal has closed itself, and is as it was before.
        }
    }
}
