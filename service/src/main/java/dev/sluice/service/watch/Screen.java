package dev.sluice.service.watch;

import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.AttributedString;
import org.jline.utils.Curses;
import org.jline.utils.Display;
import org.jline.utils.InfoCmp.Capability;
import org.jline.utils.NonBlockingReader;
import org.jspecify.annotations.Nullable;

/// The whole screen of a terminal, given back as it was however the program ends but by SIGKILL. For
/// one thread.
public final class Screen implements AutoCloseable {
    /// Within so much a key, a new size and new numbers are seen.
    private static final long LOOK_MILLIS = 200;

    /// Within so much the rest of a key's sequence comes.
    private static final long SEQUENCE_MILLIS = 50;

    private static final int ESCAPE = 27;

    private final Terminal terminal;
    private final boolean colours;
    private final Attributes before;
    private final Display display;
    private final Thread atExit;

    /// What a key does.
    private enum Key {
        QUIT,
        SORT,
        UP,
        DOWN,
        PAGE_UP,
        PAGE_DOWN,
        HOME,
        END,
        NONE
    }

    private Screen(Terminal terminal, boolean colours) {
        this.terminal = terminal;
        this.colours = colours;
        this.before = terminal.enterRawMode();
        Attributes raw = terminal.getAttributes();
        // Ctrl-Z would leave the shell with this screen.
        raw.setControlChar(Attributes.ControlChar.VSUSP, 0);
        // Ctrl-C ends the program as everywhere.
        raw.setLocalFlag(Attributes.LocalFlag.ISIG, true);
        terminal.setAttributes(raw);
        this.display = new Display(terminal, true);
        byte[] restore = strings(terminal, Capability.cursor_normal, Capability.exit_ca_mode);
        this.atExit = new Thread(() -> restore(restore));
        Runtime.getRuntime().addShutdownHook(atExit);
        terminal.puts(Capability.enter_ca_mode);
        terminal.puts(Capability.cursor_invisible);
        terminal.flush();
    }

    /// Whether standard output is a terminal on which one can write anywhere.
    public static boolean isThere(Map<String, String> environment) {
        return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false)
                && !environment.getOrDefault("TERM", "dumb").equals("dumb");
    }

    /// Whether colours are wanted: https://no-color.org
    public static boolean wantsColours(Map<String, String> environment) {
        return environment.getOrDefault("NO_COLOR", "").isEmpty();
    }

    /// Takes the screen.
    ///
    /// @throws IOException when the terminal can't be asked
    public static Screen open(Map<String, String> environment) throws IOException {
        return new Screen(TerminalBuilder.builder().system(true).dumb(false).build(), wantsColours(environment));
    }

    /// Shows what there is to see until the key q is pressed.
    public void show(Supplier<Watched> source) throws IOException {
        View view = View.START;
        @Nullable Size shownSize = null;
        List<AttributedString> shown = List.of();
        while (true) {
            Watched watched = source.get();
            Size size = terminal.getSize();
            Frame.Look look = look(size);
            if (!size.equals(shownSize)) {
                display.resize(size);
                display.clear();
                shown = List.of();
                shownSize = size;
            }
            List<AttributedString> lines = Frame.of(watched, look, view);
            if (!lines.equals(shown)) {
                display.update(lines, 0);
                shown = lines;
            }
            int collections = watched.collections().size();
            int page = Frame.page(watched, look);
            View before =
                    new View(Math.clamp(view.first(), 0, Math.max(0, collections - page)), view.sort(), view.keys());
            switch (key(terminal.reader())) {
                case QUIT -> {
                    return;
                }
                case SORT -> view = before.sortedNext();
                case UP -> view = before.scrolled(-1, collections);
                case DOWN -> view = before.scrolled(1, collections);
                case PAGE_UP -> view = before.scrolled(-page, collections);
                case PAGE_DOWN -> view = before.scrolled(page, collections);
                case HOME -> view = before.scrolled(-collections, collections);
                case END -> view = before.scrolled(collections, collections);
                case NONE -> view = before;
            }
        }
    }

    private Frame.Look look(Size size) {
        return new Frame.Look(
                Math.max(1, size.getColumns()), Math.max(1, size.getRows()), Glyphs.of(terminal.encoding()), colours);
    }

    private static Key key(NonBlockingReader keys) throws IOException {
        int first = keys.read(LOOK_MILLIS);
        return switch (first) {
            // No input any more.
            case -1 -> Key.QUIT;
            case 'q', 'Q' -> Key.QUIT;
            case 's', 'S' -> Key.SORT;
            case 'k' -> Key.UP;
            case 'j' -> Key.DOWN;
            case ' ' -> Key.PAGE_DOWN;
            case 'b' -> Key.PAGE_UP;
            case 'g' -> Key.HOME;
            case 'G' -> Key.END;
            case ESCAPE -> sequence(keys);
            default -> Key.NONE;
        };
    }

    /// What follows an escape, up to its last letter.
    private static Key sequence(NonBlockingReader keys) throws IOException {
        StringBuilder sequence = new StringBuilder();
        while (sequence.length() < 8) {
            int next = keys.read(SEQUENCE_MILLIS);
            if (next < 0) {
                break;
            }
            sequence.append((char) next);
            if (sequence.length() > 1 && (Character.isLetter(next) || next == '~')) {
                break;
            }
        }
        return switch (sequence.toString()) {
            case "[A", "OA" -> Key.UP;
            case "[B", "OB" -> Key.DOWN;
            case "[5~" -> Key.PAGE_UP;
            case "[6~" -> Key.PAGE_DOWN;
            case "[H", "OH", "[1~" -> Key.HOME;
            case "[F", "OF", "[4~" -> Key.END;
            default -> Key.NONE;
        };
    }

    /// Also where the terminal's own streams are closed already.
    private void restore(byte[] strings) {
        try {
            terminal.setAttributes(before);
        } catch (RuntimeException closed) {
            // Closing it has restored them.
        }
        try (FileOutputStream out = new FileOutputStream(FileDescriptor.out)) {
            out.write(strings);
        } catch (IOException gone) {
            // Nobody looks at it any more.
        }
    }

    private static byte[] strings(Terminal terminal, Capability... capabilities) {
        return Stream.of(capabilities)
                .map(terminal::getStringCapability)
                .map(Screen::evaluated)
                .collect(Collectors.joining())
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static String evaluated(@Nullable String capability) {
        StringWriter text = new StringWriter();
        if (capability != null) {
            Curses.tputs(text, capability);
        }
        return text.toString();
    }

    @Override
    public void close() throws IOException {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException ending) {
            // The hook gives it back.
            return;
        }
        terminal.puts(Capability.cursor_normal);
        terminal.puts(Capability.exit_ca_mode);
        terminal.flush();
        terminal.setAttributes(before);
        terminal.close();
    }
}
