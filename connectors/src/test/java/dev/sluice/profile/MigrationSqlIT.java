package dev.sluice.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.mapping.DocumentMapper;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.schema.Catalog;
import dev.sluice.schema.Mapping;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.check.TargetCheck;
import dev.sluice.sink.postgres.check.TargetDatabase;
import dev.sluice.testkit.TestingServers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import org.bson.BsonBoolean;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// PostgreSQL takes what is proposed, whatever the documents were.
class MigrationSqlIT {
    private static @Nullable Connection shared;

    @Provide
    Arbitrary<SequencedMap<String, List<BsonDocument>>> collections() {
        return RandomCollections.collections();
    }

    private static Connection connection() throws SQLException {
        if (shared == null) {
            shared = open();
        }
        return shared;
    }

    private static Connection open() throws SQLException {
        return new PostgresConnector(PostgresUri.parse(TestingServers.postgres().createDatabase())).openForLongWork();
    }

    @AfterContainer
    static void close() throws SQLException {
        if (shared != null) {
            shared.close();
        }
    }

    @Property(tries = 80, edgeCases = EdgeCasesMode.NONE)
    void theTablesCanBeMadeWithTheTypesOfTheMapping(
            @ForAll("collections") SequencedMap<String, List<BsonDocument>> collections) throws SQLException {
        Proposal proposal = Profiles.propose(collections, indexesOfEachField(collections));
        try (Statement statement = connection().createStatement()) {
            statement.execute("DROP SCHEMA IF EXISTS proposed CASCADE; CREATE SCHEMA proposed;"
                    + " SET search_path = proposed;" + MigrationSql.write(proposal));
            for (Proposal.Table table : proposal.tables()) {
                for (PlannedIndex index : table.indexes()) {
                    if (index instanceof PlannedIndex.Made made && !made.unique()) {
                        statement.execute(made.sql(false));
                    }
                }
            }
            for (var collection : Profiles.read(proposal).collections()) {
                DocumentMapper mapper = DocumentMapper.of(collection);
                List<TableShape> shapes = new ArrayList<>(List.of(mapper.shape()));
                shapes.addAll(mapper.childShapes());
                for (TableShape shape : shapes) {
                    assertThat(live(statement, shape.table().table())).isEqualTo(types(shape));
                }
            }
        }
    }

    /// As MongoDB may have them: unique, sparse, of two fields, of some documents.
    private static Map<String, List<SourceIndex>> indexesOfEachField(
            SequencedMap<String, List<BsonDocument>> collections) {
        Map<String, List<SourceIndex>> indexes = new HashMap<>();
        collections.forEach((collection, documents) -> {
            List<String> fields = documents.stream()
                    .flatMap(document -> document.keySet().stream())
                    .filter(name -> !name.isEmpty() && !name.contains("$") && !name.contains("\0"))
                    .distinct()
                    .toList();
            List<SourceIndex> entries = new ArrayList<>();
            for (int i = 0; i < fields.size(); i++) {
                BsonDocument key = new BsonDocument(fields.get(i), new BsonInt32(i % 3 == 0 ? -1 : 1));
                if (i % 2 == 1) {
                    key.append(fields.get(i - 1), new BsonInt32(1));
                }
                BsonDocument entry = new BsonDocument("name", new BsonString("i" + i))
                        .append("key", key)
                        .append("unique", BsonBoolean.valueOf(i % 4 < 2))
                        .append("sparse", BsonBoolean.valueOf(i % 5 == 0));
                if (i % 7 == 0) {
                    entry.append(
                            "partialFilterExpression",
                            new BsonDocument(fields.get(i), new BsonDocument("$exists", BsonBoolean.TRUE)));
                }
                SourceIndex.of(entry).ifPresent(entries::add);
            }
            indexes.put(collection, entries);
        });
        return indexes;
    }

    private static Map<String, String> types(TableShape shape) {
        Map<String, String> types = new LinkedHashMap<>();
        shape.columns()
                .forEach(c -> types.put(c.name(), c.type().sql().replace("timestamptz", "timestamp with time zone")));
        return types;
    }

    private static Map<String, String> live(Statement statement, String table) throws SQLException {
        Map<String, String> types = new LinkedHashMap<>();
        try (ResultSet rows = statement.executeQuery("SELECT attname, format_type(atttypid, atttypmod)"
                + " FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid"
                + " WHERE relnamespace = 'proposed'::regnamespace AND attnum > 0 AND relname = '"
                + table.replace("'", "''") + "' ORDER BY attnum")) {
            while (rows.next()) {
                types.put(rows.getString(1), rows.getString(2));
            }
        }
        return types;
    }

    @Test
    void noKeywordOfThisPostgresIsMissing() throws SQLException {
        try (Connection connection = open();
                Statement statement = connection.createStatement();
                ResultSet words = statement.executeQuery(
                        "SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T') ORDER BY word")) {
            List<String> missing = new ArrayList<>();
            while (words.next()) {
                if (!SqlKeywords.isReserved(words.getString(1))) {
                    missing.add(words.getString(1));
                }
            }
            assertThat(missing).isEmpty();
        }
    }

    /// With Flyway, which reads more into a script than PostgreSQL does.
    @Test
    void theExamplesFilesRunAsTheyAre(@org.junit.jupiter.api.io.TempDir Path folder) throws IOException, SQLException {
        Path example = Path.of("src/test/resources/infer/shop");
        Files.copy(example.resolve("mapping.yaml"), folder.resolve("mapping.yaml"));
        Files.createDirectory(folder.resolve("migrations"));
        Files.createDirectory(folder.resolve("migrations/after"));
        Files.copy(example.resolve("after.sql"), folder.resolve("migrations/after/V0001__indexes.sql"));
        Files.writeString(
                folder.resolve("migrations/V0001__shop.sql"),
                Files.readString(example.resolve("migration.sql"))
                        + "COMMENT ON TABLE users IS 'a field named $ {x} is no placeholder';\n");
        PostgresUri uri = PostgresUri.parse(TestingServers.postgres().createDatabase());
        Catalog.Entry entry = Catalog.load(folder.toString());

        new TargetDatabase(uri).migrate(entry);

        Mapping mapping = entry.mapping();
        List<CollectionTarget> targets = new ArrayList<>();
        mapping.collections().forEach(c -> targets.add(new CollectionTarget(targets.size(), c, DocumentMapper.of(c))));
        try (Connection connection = new PostgresConnector(uri).open()) {
            TargetCheck.check(connection, targets);
        }
    }
}
