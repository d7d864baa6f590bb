package dev.sluice.service.watch;

import dev.sluice.service.watch.Watched.Condition;
import dev.sluice.service.watch.Watched.Numbers;
import dev.sluice.service.watch.Watched.Row;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.AttributedStyle;
import org.jspecify.annotations.Nullable;

/// What there is to see, as the lines of a screen: never more lines than it is high, and none that is
/// wider.
public final class Frame {
    private static final DateTimeFormatter CLOCK =
            DateTimeFormatter.ofPattern("HH:mm:ss 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final int ASCII_END = 128;
    private static final int MESSAGE_LINES = 2;

    private final Watched watched;
    private final Look look;

    /// How a screen is.
    ///
    /// @param width in columns
    /// @param height in lines
    /// @param colours whether it shows them
    public record Look(int width, int height, Glyphs glyphs, boolean colours) {}

    private Frame(Watched watched, Look look) {
        this.watched = watched;
        this.look = look;
    }

    /// The lines of it.
    public static List<AttributedString> of(Watched watched, Look look, View view) {
        return new Frame(watched, look).lines(view);
    }

    /// How many lines of collections a page has.
    public static int page(Watched watched, Look look) {
        Frame frame = new Frame(watched, look);
        return Math.max(1, look.height() - frame.head().size() - 3);
    }

    private List<AttributedString> lines(View view) {
        List<AttributedString> lines = head();
        List<Row> rows =
                watched.collections().stream().sorted(view.sort().order()).toList();
        int keys = view.keys() ? 1 : 0;
        int room = Math.max(0, look.height() - lines.size() - 2 - keys);
        int first = Math.clamp(view.first(), 0, Math.max(0, rows.size() - room));
        List<Row> shown = rows.subList(first, Math.min(rows.size(), first + room));
        lines.add(AttributedString.EMPTY);
        lines.addAll(table(rows, shown));
        notes(lines, look.height() - keys);
        if (view.keys()) {
            while (lines.size() < look.height() - 1) {
                lines.add(AttributedString.EMPTY);
            }
            lines.add(keys(view, first, shown.size(), rows.size()));
        }
        return lines.subList(0, Math.min(lines.size(), look.height())).stream()
                .map(this::shown)
                .toList();
    }

    /// With a question mark for each character that the terminal may not show.
    private AttributedString shown(AttributedString line) {
        if (!look.glyphs().equals(Glyphs.ASCII) || line.chars().allMatch(c -> c < ASCII_END)) {
            return line;
        }
        AttributedStringBuilder shown = new AttributedStringBuilder();
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            shown.styled(line.styleAt(i), c < ASCII_END ? String.valueOf(c) : "?");
        }
        return shown.toAttributedString();
    }

    private List<AttributedString> head() {
        List<AttributedString> head = new ArrayList<>();
        AttributedStringBuilder title = new AttributedStringBuilder()
                .styled(AttributedStyle.BOLD, "pipeline " + watched.pipeline())
                .append("  ")
                .styled(style(watched.condition()), watched.state());
        String clock = CLOCK.format(watched.at());
        int blanks = look.width() - title.columnLength() - clock.length();
        head.add(cut(
                (blanks < Layout.GAP ? title : title.append(" ".repeat(blanks)).styled(faint(), clock))
                        .toAttributedString()));
        String away = watched.away();
        if (away != null) {
            wrapped(away).forEach(line -> head.add(new AttributedString(line, alarm())));
        }
        watched.messages().forEach(message -> wrapped(message).forEach(line -> head.add(new AttributedString(line))));
        head.add(cut(new AttributedString(joined(numbers(watched.numbers())))));
        if (watched.written() != null) {
            head.add(cut(new AttributedString(watched.written(), faint())));
        }
        return head;
    }

    /// The most important first.
    private static List<String> numbers(Numbers n) {
        List<String> all = new ArrayList<>();
        all.add("lag " + (n.lagSeconds() == null ? "unknown" : String.format(Locale.ROOT, "%.1f s", n.lagSeconds())));
        add(all, n.changesPerSecond(), rate -> String.format(Locale.ROOT, "%,.0f changes/s", rate));
        add(all, n.rowsPerSecond(), rate -> String.format(Locale.ROOT, "%,.0f rows/s copied", rate));
        add(all, n.latencyP50Seconds(), seconds -> "latency p50 " + Spans.exact(seconds));
        add(all, n.latencyP99Seconds(), seconds -> "p99 " + Spans.exact(seconds));
        add(
                all,
                n.headroomSeconds(),
                seconds -> seconds.isInfinite()
                        ? "the oplog has dropped nothing yet"
                        : "oplog headroom " + Spans.text(Math.max(0, seconds)));
        return all;
    }

    private static void add(List<String> all, @Nullable Double value, Function<Double, String> text) {
        if (value != null) {
            all.add(text.apply(value));
        }
    }

    /// As many of them as fit.
    private String joined(List<String> parts) {
        StringBuilder line = new StringBuilder();
        for (String part : parts) {
            String next = (line.isEmpty() ? "" : look.glyphs().between()) + part;
            if (line.length() + next.length() > look.width()) {
                break;
            }
            line.append(next);
        }
        return line.toString();
    }

    /// @param all of which the widths are, so that scrolling moves no column
    private List<AttributedString> table(List<Row> all, List<Row> shown) {
        Map<Column, Layout.Place> places = Layout.of(all, look);
        List<AttributedString> lines = new ArrayList<>();
        AttributedStringBuilder titles = new AttributedStringBuilder();
        places.forEach((column, place) ->
                cell(titles, column, new AttributedString(column.title(place.full()), faint()), place.width()));
        lines.add(cut(titles.toAttributedString()));
        for (Row row : shown) {
            AttributedStringBuilder line = new AttributedStringBuilder();
            places.forEach((column, place) -> cell(
                    line,
                    column,
                    new AttributedString(
                            column.cell(row, look.glyphs(), place),
                            look.colours() ? column.style(row) : AttributedStyle.DEFAULT),
                    place.width()));
            lines.add(cut(line.toAttributedString()));
        }
        return lines;
    }

    private void cell(AttributedStringBuilder line, Column column, AttributedString text, int width) {
        if (line.length() > 0) {
            line.append(" ".repeat(Layout.GAP));
        }
        AttributedString fits = cut(text, width);
        String blanks = " ".repeat(Math.max(0, width - fits.columnLength()));
        if (column.right()) {
            line.append(blanks).append(fits);
        } else {
            line.append(fits).append(blanks);
        }
    }

    /// As many as there is room for.
    private void notes(List<AttributedString> lines, int height) {
        if (watched.notes().isEmpty() || lines.size() + 1 >= height) {
            return;
        }
        lines.add(AttributedString.EMPTY);
        for (String note : watched.notes()) {
            if (lines.size() >= height) {
                return;
            }
            lines.add(cut(new AttributedString(note, faint())));
        }
    }

    private AttributedString keys(View view, int first, int shown, int all) {
        List<String> parts =
                new ArrayList<>(List.of("q quit", "s sort: " + view.sort().text()));
        if (shown < all) {
            parts.add(
                    1,
                    String.format(
                            Locale.ROOT, "%d to %d of %d, arrows and PgUp PgDn scroll", first + 1, first + shown, all));
        }
        return cut(new AttributedString(joined(parts), faint()));
    }

    private List<String> wrapped(String text) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : text.split(" ", -1)) {
            if (!line.isEmpty() && line.length() + 1 + word.length() > look.width()) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        lines.add(line.toString());
        if (lines.size() > MESSAGE_LINES) {
            String last = lines.get(MESSAGE_LINES - 1) + " " + lines.get(MESSAGE_LINES);
            lines.subList(MESSAGE_LINES - 1, lines.size()).clear();
            lines.add(last);
        }
        return lines.stream().map(l -> cut(new AttributedString(l)).toString()).toList();
    }

    private AttributedString cut(AttributedString text) {
        return cut(text, look.width());
    }

    private AttributedString cut(AttributedString text, int width) {
        if (text.columnLength() <= width) {
            return text;
        }
        String cut = look.glyphs().cut();
        return new AttributedStringBuilder()
                .append(text.columnSubSequence(0, Math.max(0, width - cut.length())))
                .append(width < cut.length() ? "" : cut)
                .toAttributedString();
    }

    private AttributedStyle style(Condition condition) {
        AttributedStyle bold = AttributedStyle.BOLD;
        return !look.colours()
                ? bold
                : switch (condition) {
                    case GOOD -> bold.foreground(AttributedStyle.GREEN);
                    case BUSY -> bold.foreground(AttributedStyle.CYAN);
                    case WAITS -> bold.foreground(AttributedStyle.YELLOW);
                    case BAD -> bold.foreground(AttributedStyle.RED);
                };
    }

    private AttributedStyle alarm() {
        return look.colours() ? AttributedStyle.BOLD.foreground(AttributedStyle.RED) : AttributedStyle.BOLD.inverse();
    }

    /// A grey, not the terminal's "faint", which some show as nothing.
    private AttributedStyle faint() {
        return look.colours()
                ? AttributedStyle.DEFAULT.foreground(AttributedStyle.BRIGHT + AttributedStyle.BLACK)
                : AttributedStyle.DEFAULT;
    }
}
