package dev.sluice.service.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/// The pictures of the curves are what the script makes of the data.
class CurvesTest {
    private static final Path PICTURES = Path.of("docs", "pictures");
    private static final String VERSIONS = "MongoDB 6.0.5, a replica set; PostgreSQL 17.6";

    private final Path folder;

    CurvesTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void picturesInTheDocsAreWhatTheScriptMakesOfTheData() throws IOException, InterruptedException {
        for (Path data : files(PICTURES, ".csv")) {
            String base = data.getFileName().toString().replaceFirst("\\.csv$", "");
            Path copy = Files.copy(data, folder.resolve(data.getFileName()));
            draw(copy);

            assertThat(contents(folder, base))
                    .as("java service/docs/pictures/Curves.java service/docs/pictures/%s.csv makes them anew", base)
                    .isEqualTo(contents(PICTURES, base));
        }
    }

    @Test
    void eachUnitOfACurveHasAPictureWithItsPointsMediansAndAxes()
            throws IOException, InterruptedException, ParserConfigurationException, SAXException {
        List<String> lines = new ArrayList<>(List.of(CurveFile.HEAD));
        for (int run = 1; run <= 3; run++) {
            lines.add(point("documents", 1_000_000, 140_000 + run, "documents/s", run));
            lines.add(point("documents", 30_000_000, 120_000 + run, "documents/s", run));
            lines.add(point("indexes-copy", 0, 90 + run, "MB resident", run));
            lines.add(point("indexes-copy", 5, 80 + run, "MB resident", run));
        }
        Path data = Files.write(folder.resolve("some.csv"), lines);
        Files.writeString(folder.resolve("some-gone-s.svg"), "of a curve that is not in the file any more");
        Files.writeString(folder.resolve("other-s.svg"), "of another file");
        draw(data);

        assertThat(files(folder, ".svg"))
                .extracting(file -> file.getFileName().toString())
                .containsExactly("other-s.svg", "some-documents-documents-s.svg", "some-indexes-copy-mb-resident.svg");
        Path picture = folder.resolve("some-documents-documents-s.svg");
        assertThat(Files.readString(picture))
                .contains(">documents/s</text>", ">1 M</text>", ">30 M</text>", "prefers-color-scheme: dark")
                .contains("2026-11-30: MongoDB 6.0.5; a replica set; PostgreSQL 17.6");
        try (InputStream in = Files.newInputStream(picture)) {
            org.w3c.dom.Document svg =
                    DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(in);
            NodeList points = svg.getElementsByTagName("circle");
            assertThat(points.getLength()).as("a point for each run").isEqualTo(6);
            assertThat(svg.getElementsByTagName("polygon").getLength())
                    .as("from the least to the greatest")
                    .isEqualTo(1);
        }
    }

    @Test
    void pointsComeBehindThoseThatAreThere() throws IOException {
        Path file = folder.resolve("points.csv");
        Machine machine = MachineTest.machine(new Machine.Moment(java.time.Instant.EPOCH, 0.5));
        new CurveFile(file).append(new CurveFile.Point("backlog", 1_000_000, 63_985.4, "changes/s", 1), machine);
        new CurveFile(file).append(new CurveFile.Point("resume", 20, 0.125, "s", 2), machine);

        assertThat(file).hasContent("""
                        curve,x,y,unit,run,date,versions
                        backlog,1000000,63985,changes/s,1,1970-01-01,MongoDB 6; one; PostgreSQL 17; 2 cores; JVM 25
                        resume,20,0.125,s,2,1970-01-01,MongoDB 6; one; PostgreSQL 17; 2 cores; JVM 25
                        """);
    }

    private static String point(String curve, long x, double y, String unit, int run) {
        return new CurveFile.Point(curve, x, y, unit, run).line("2026-11-30", VERSIONS);
    }

    private static void draw(Path data) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        PICTURES.resolve("Curves.java").toString(),
                        data.toString())
                .inheritIO()
                .start();
        assertThat(process.waitFor()).isZero();
    }

    private static List<Path> files(Path folder, String end) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(file -> file.toString().endsWith(end)).sorted().toList();
        }
    }

    private static Map<String, String> contents(Path folder, String base) throws IOException {
        Map<String, String> contents = new TreeMap<>();
        for (Path file : files(folder, ".svg")) {
            String name = file.getFileName().toString();
            if (name.startsWith(base + "-")) {
                contents.put(name, Files.readString(file));
            }
        }
        return contents;
    }
}
