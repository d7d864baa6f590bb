package dev.sluice.failure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.testkit.TestTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bson.Document;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// The page `service/docs/errors.md`, and what becomes of each of its codes when a server answers with it.
class ErrorsPageIT {
    private static final Path PAGE = Path.of("..", "service", "docs", "errors.md");

    private record Row(String code, FailureKind kind) {}

    @Test
    @DisplayName("a PostgreSQL that answers with a code of the page is judged as the page says")
    void postgres() throws IOException, SQLException {
        List<Row> rows = rows("## PostgreSQL");
        assertThat(rows).hasSizeGreaterThan(50);
        try (TestTarget target = TestTarget.demo();
                Statement statement = target.connection().createStatement()) {
            for (Row row : rows) {
                Throwable refused = catchThrowable(() -> statement.execute(
                        "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '" + row.code() + "'; END $$"));

                assertThat(refused)
                        .isInstanceOfSatisfying(
                                SQLException.class,
                                e -> assertThat(e.getSQLState()).isEqualTo(row.code()));
                assertThat(Failures.classify(refused).kind()).as(row.code()).isEqualTo(row.kind());
            }
        }
        assertThat(codes(rows)).containsAll(SqlStates.judged());
    }

    @Test
    @DisplayName("a mongod that answers with a code of the page is judged as the page says")
    void mongo() throws IOException {
        List<Row> rows = rows("## MongoDB");
        assertThat(rows).hasSizeGreaterThan(40);
        SandboxMongo.Options options =
                SandboxMongo.Options.DEFAULTS.withArguments(List.of("--setParameter", "enableTestCommands=1"));
        try (SandboxMongo mongo = SandboxMongo.start(options);
                MongoClient client = MongoClients.create(mongo.uri())) {
            for (Row row : rows) {
                fail(client, "alwaysOn", Integer.parseInt(row.code()));
                Throwable refused = refused(mongo);
                fail(client, "off", 0);

                assertThat(refused).as(row.code()).isNotNull();
                assertThat(Failures.classify(refused).kind()).as(row.code()).isEqualTo(row.kind());
            }
        }
        assertThat(codes(rows)).containsAll(MongoCodes.judged());
    }

    /// By a client of its own: after many of these errors a client waits for half a second before it goes on.
    private static Throwable refused(SandboxMongo mongo) {
        try (MongoClient client = MongoClients.create(mongo.uri() + "&retryReads=false")) {
            return catchThrowable(() ->
                    client.getDatabase("shop").getCollection("users").find().first());
        }
    }

    private static void fail(MongoClient client, String mode, int code) {
        client.getDatabase("admin")
                .runCommand(new Document("configureFailPoint", "failCommand")
                        .append("mode", mode)
                        .append("data", new Document("failCommands", List.of("find")).append("errorCode", code)));
    }

    private static Set<String> codes(List<Row> rows) {
        return rows.stream().map(Row::code).collect(Collectors.toSet());
    }

    private static List<Row> rows(String heading) throws IOException {
        String section = Files.readString(PAGE).split(heading + "\n", 2)[1].split("\n## ", 2)[0];
        return section.lines()
                .filter(line -> line.startsWith("| ") && line.contains("`"))
                .flatMap(ErrorsPageIT::row)
                .toList();
    }

    private static Stream<Row> row(String line) {
        String[] cells = line.split(" \\| ");
        FailureKind kind = FailureKind.valueOf(cells[cells.length - 1].replaceAll("[`| ]", ""));
        return Arrays.stream(cells[0].substring(2).split(", ")).map(code -> new Row(code, kind));
    }
}
