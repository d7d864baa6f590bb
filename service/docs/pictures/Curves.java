import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Makes a picture of each curve and unit in a file that `sluice bench growth --out` writes:
///
///     java service/docs/pictures/Curves.java service/docs/pictures/growth.csv
///
/// Beside `growth.csv` come `growth-documents-documents-s.svg` and so on; pictures of curves that are not in the file
/// any more go. Every run is a point, the line goes through the medians, the band from the least to the greatest.
final class Curves {
    private static final int WIDTH = 680;
    private static final int HEIGHT = 360;
    private static final int LEFT = 84;
    private static final int RIGHT = 24;
    private static final int TOP = 44;
    private static final int BOTTOM = 84;
    private static final int STEPS = 5;
    private static final int NOTE_LETTERS = 105;

    /// From where on a scale of powers shows more than an even one.
    private static final double WIDE = 15;

    private static final Map<String, String> WHAT_GROWS = Map.of(
            "documents", "documents",
            "collections", "collections, as many documents in all",
            "children", "elements of the array before the append",
            "indexes", "secondary indexes on the table",
            "backlog", "changes that wait",
            "resume", "documents, killed at 90 %",
            "verify", "documents compared");

    private record Point(long x, double y) {}

    /// @param notes days and versions
    private record Curve(String name, String unit, List<Point> points, TreeSet<String> notes) {}

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 1) {
            System.err.println("Usage: java Curves.java FILE.csv");
            System.exit(2);
        }
        Path file = Path.of(arguments[0]).toAbsolutePath();
        String base = file.getFileName().toString().replaceFirst("\\.csv$", "");
        Map<String, String> pictures = new TreeMap<>();
        for (Curve curve : read(Files.readAllLines(file))) {
            pictures.put(base + "-" + slug(curve.name()) + "-" + slug(curve.unit()) + ".svg", picture(curve));
        }
        try (Stream<Path> there = Files.list(file.getParent())) {
            for (Path old : there.toList()) {
                String name = old.getFileName().toString();
                if (name.startsWith(base + "-") && name.endsWith(".svg") && !pictures.containsKey(name)) {
                    Files.delete(old);
                }
            }
        }
        for (Map.Entry<String, String> picture : pictures.entrySet()) {
            Files.writeString(file.resolveSibling(picture.getKey()), picture.getValue());
            System.out.println(picture.getKey());
        }
    }

    private static String slug(String text) {
        return text.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
    }

    private static List<Curve> read(List<String> lines) {
        Map<String, Curve> curves = new LinkedHashMap<>();
        for (String line : lines.subList(1, lines.size())) {
            String[] cells = line.split(",", 7);
            if (cells.length != 7) {
                throw new IllegalArgumentException("not a line of seven cells: " + line);
            }
            Curve curve = curves.computeIfAbsent(
                    cells[0] + "," + cells[3],
                    key -> new Curve(cells[0], cells[3], new ArrayList<>(), new TreeSet<>()));
            curve.points().add(new Point(Long.parseLong(cells[1]), Double.parseDouble(cells[2])));
            curve.notes().add(cells[5] + ": " + cells[6]);
        }
        return List.copyOf(curves.values());
    }

    /// An axis: where a value lies between 0 and 1.
    private record Scale(double from, double to, boolean powers) {
        double at(double value) {
            if (from == to) {
                return 0.5;
            }
            return powers
                    ? (Math.log(value) - Math.log(from)) / (Math.log(to) - Math.log(from))
                    : (value - from) / (to - from);
        }
    }

    private static String picture(Curve curve) {
        TreeMap<Long, List<Double>> byX = new TreeMap<>();
        for (Point point : curve.points()) {
            byX.computeIfAbsent(point.x(), x -> new ArrayList<>()).add(point.y());
        }
        byX.values().forEach(Collections::sort);
        long first = byX.firstKey();
        long last = byX.lastKey();
        Scale across = new Scale(first, last, first > 0 && last / (double) first >= WIDE);
        double most = curve.points().stream().mapToDouble(Point::y).max().orElseThrow();
        double least = curve.points().stream().mapToDouble(Point::y).min().orElseThrow();
        boolean powers = least > 0 && most / least >= WIDE;
        List<Double> ticks = powers ? powersOfTen(least, most) : evenSteps(most);
        Scale up = new Scale(ticks.get(0), ticks.get(ticks.size() - 1), powers);

        StringBuilder svg = new StringBuilder();
        svg.append(String.format(Locale.ROOT, """
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">
                <title>%s, %s, by %s</title>
                <style>
                .paper { fill: #ffffff; } text { fill: #1f2328; font: 13px sans-serif; }
                .small { font-size: 11px; } .title { font-size: 15px; font-weight: bold; }
                .grid { stroke: #d1d9e0; } .axis { stroke: #59636e; } .line { stroke: #0969da; fill: none; stroke-width: 2; }
                .band { fill: #0969da; fill-opacity: 0.18; } .point { fill: #0969da; }
                @media (prefers-color-scheme: dark) {
                .paper { fill: #0d1117; } text { fill: #e6edf3; } .grid { stroke: #30363d; } .axis { stroke: #8b949e; }
                .line { stroke: #58a6ff; } .band { fill: #58a6ff; } .point { fill: #58a6ff; }
                }
                </style>
                <rect class="paper" width="%d" height="%d"/>
                """, WIDTH, HEIGHT, WIDTH, HEIGHT, text(curve.name()), text(curve.unit()), text(grows(curve)), WIDTH,
                HEIGHT));
        svg.append(label("title", LEFT, 24, "start", curve.name() + ": " + curve.unit()));
        for (double tick : ticks) {
            double y = y(up, tick);
            svg.append(line("grid", LEFT, y, WIDTH - RIGHT, y));
            svg.append(label("", LEFT - 8, y + 4, "end", number(tick)));
        }
        for (long x : byX.keySet()) {
            svg.append(line("grid", x(across, x), TOP, x(across, x), HEIGHT - BOTTOM));
            svg.append(label("", x(across, x), HEIGHT - BOTTOM + 18, "middle", number(x)));
        }
        svg.append(line("axis", LEFT, TOP, LEFT, HEIGHT - BOTTOM));
        svg.append(line("axis", LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM));
        svg.append(label("", (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - BOTTOM + 38, "middle", grows(curve)));
        svg.append(String.format(
                Locale.ROOT,
                "<text transform=\"translate(16 %.1f) rotate(-90)\" text-anchor=\"middle\">%s</text>%n",
                (TOP + HEIGHT - BOTTOM) / 2.0,
                text(curve.unit())));
        svg.append(band(byX, across, up));
        svg.append("<polyline class=\"line\" points=\"")
                .append(byX.entrySet().stream()
                        .map(e -> place(x(across, e.getKey()), y(up, median(e.getValue()))))
                        .collect(Collectors.joining(" ")))
                .append("\"/>\n");
        for (Point point : curve.points()) {
            svg.append(String.format(
                    Locale.ROOT,
                    "<circle class=\"point\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>%n",
                    x(across, point.x()),
                    y(up, point.y())));
        }
        // The latest; the file has them all.
        List<String> note = folded(curve.notes().last());
        for (int row = 0; row < note.size(); row++) {
            svg.append(label("small", 8, HEIGHT - 24 + 14 * row, "start", note.get(row)));
        }
        return svg.append("</svg>\n").toString().replace("\r", "");
    }

    /// Two lines at most.
    private static List<String> folded(String note) {
        int at = note.length() <= NOTE_LETTERS ? -1 : note.lastIndexOf("; ", NOTE_LETTERS);
        return at < 0 ? List.of(note) : List.of(note.substring(0, at + 1), note.substring(at + 2));
    }

    private static String grows(Curve curve) {
        String what = WHAT_GROWS.get(curve.name().replaceFirst("-.*", ""));
        return what == null ? curve.name() : what;
    }

    private static String band(TreeMap<Long, List<Double>> byX, Scale across, Scale up) {
        List<String> edge = new ArrayList<>();
        byX.forEach((x, ys) -> edge.add(place(x(across, x), y(up, ys.get(0)))));
        byX.descendingMap().forEach((x, ys) -> edge.add(place(x(across, x), y(up, ys.get(ys.size() - 1)))));
        return "<polygon class=\"band\" points=\"" + String.join(" ", edge) + "\"/>\n";
    }

    private static double median(List<Double> sorted) {
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    private static double x(Scale across, double value) {
        // Off the edges, so that the first and the last label have room.
        double inner = 28;
        return LEFT + inner + across.at(value) * (WIDTH - LEFT - RIGHT - 2 * inner);
    }

    private static double y(Scale up, double value) {
        return HEIGHT - BOTTOM - up.at(value) * (HEIGHT - TOP - BOTTOM);
    }

    private static List<Double> evenSteps(double most) {
        double raw = Math.max(most, 1e-9) / STEPS;
        double power = Math.pow(10, Math.floor(Math.log10(raw)));
        double step = Stream.of(1.0, 2.0, 2.5, 5.0, 10.0)
                .map(factor -> factor * power)
                .filter(candidate -> candidate * STEPS >= most * 0.999999)
                .findFirst()
                .orElse(10 * power);
        List<Double> ticks = new ArrayList<>();
        for (int n = 0; n <= STEPS; n++) {
            ticks.add(n * step);
        }
        return ticks;
    }

    private static List<Double> powersOfTen(double least, double most) {
        List<Double> ticks = new ArrayList<>();
        double tick = Math.pow(10, Math.floor(Math.log10(least) + 1e-9));
        for (; tick < most * 0.999999; tick *= 10) {
            ticks.add(tick);
        }
        ticks.add(tick);
        return ticks;
    }

    private static String number(double value) {
        if (value >= 1e6) {
            return plain(value / 1e6) + " M";
        }
        return value >= 1e4 ? plain(value / 1e3) + " k" : plain(value);
    }

    private static String plain(double value) {
        String text = String.format(Locale.ROOT, "%,.3f", value);
        return text.replaceFirst("\\.?0+$", "");
    }

    private static String place(double x, double y) {
        return String.format(Locale.ROOT, "%.1f,%.1f", x, y);
    }

    private static String line(String kind, double x1, double y1, double x2, double y2) {
        return String.format(
                Locale.ROOT,
                "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>%n",
                kind,
                x1,
                y1,
                x2,
                y2);
    }

    private static String label(String kind, double x, double y, String anchor, String words) {
        return String.format(
                Locale.ROOT,
                "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n",
                kind,
                x,
                y,
                anchor,
                text(words));
    }

    private static String text(String words) {
        return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
