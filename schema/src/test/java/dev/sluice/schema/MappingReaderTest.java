package dev.sluice.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What the mapping language says, and that each mistake is told with its line and path, all of a file at
/// once.
class MappingReaderTest {
    private static final String HEAD = """
            mapping: m
            database: d
            collections:
              things:
                key: {column: id, type: text}
            """;

    static List<WrongMappings.Wrong> wrongMappings() {
        return WrongMappings.all();
    }

    @ParameterizedTest
    @MethodSource("wrongMappings")
    void everyMistakeIsToldWithItsPlace(WrongMappings.Wrong wrong) {
        assertThatThrownBy(() -> MappingReader.read(wrong.name(), wrong.yaml()))
                .isInstanceOfSatisfying(MappingException.class, e -> {
                    List<String> problems = e.problems().stream()
                            .map(p -> p.where().line() + ": " + p.where().path() + ": " + p.message())
                            .toList();
                    assertThat(problems).hasSameSizeAs(wrong.expected());
                    for (int i = 0; i < problems.size(); i++) {
                        assertThat(problems.get(i)).startsWith(wrong.expected().get(i));
                    }
                    assertThat(e.problems()).allMatch(p -> p.where().file().equals(wrong.name()));
                    assertThat(e).hasMessageContaining(e.problems().getLast().toString());
                });
    }

    @Test
    void theCatalogIsRead() {
        for (String name : Catalog.NAMES) {
            assertThat(Catalog.load(name).mapping().name()).isEqualTo(name);
        }
    }

    @Test
    void aShortMappingGetsTheDefaults() {
        Mapping mapping = MappingReader.read("m.yaml", HEAD + "    columns: {age: integer}\n");
        assertThat(mapping.schema()).isEqualTo("public");
        assertThat(mapping.ignored()).isEmpty();
        CollectionMapping things = mapping.collections().getFirst();
        assertThat(things.table()).isEqualTo(new TableName("public", "things"));
        assertThat(things.conflict()).containsExactly("id");
        assertThat(things.onDelete()).isEqualTo(CollectionMapping.OnDelete.DELETE);
        assertThat(things.onDrop()).isEqualTo(CollectionMapping.OnDrop.STOP);
        assertThat(things.key().form()).isEqualTo(KeyMapping.Form.PLAIN);
        ColumnMapping age = things.columns().getFirst();
        assertThat(age.type()).isEqualTo(new ColumnType.Int(4));
        assertThat(age.source()).isEqualTo(new Source.Path(List.of("age")));
        assertThat(age.misfit()).isEqualTo(ColumnMapping.Misfit.QUARANTINE);
        assertThat(age.missing()).isNull();
        assertThat(age.where()).hasToString("m.yaml:6: collections.things.columns.age");
    }

    @Test
    void everythingThatCanBeSaidIsRead() {
        Mapping mapping = MappingReader.read("m.yaml", """
                mapping: m
                database: d
                schema: app
                ignore: [logs]
                collections:
                  things:
                    table: other.items
                    key: {column: id, type: varchar(40), form: typed}
                    conflict: [code]
                    on_delete: keep
                    on_drop: follow
                    skip:
                      - {from: gone, when: missing, reason: gone}
                    columns:
                      code: {type: citext, from: 'a."b.c".0', misfit: reject}
                      listed: {type: text, from: ["a.b", c]}
                      when:
                        type: timestamptz
                        from: {first: [{path: x}, {id_time: true}, {constant: "2024-01-01T00:00:00Z"}]}
                        convert: [{parse_timestamp: {zone: Europe/Paris}}]
                        missing: null
                        "null": "2024-01-01T00:00:00Z"
                        instead: "2024-01-01T00:00:00Z"
                      built: {type: jsonb, from: {build: {z: a, y: {path: b}, x: c}, required: y}}
                      ref: {type: uuid, from: r, reference: {table: agents, match: legacy, match_type: bigint, take: id}}
                    children:
                      parts:
                        from: body.parts
                        parent: thing_id
                        ordinal: n
                        columns:
                          it: {type: text, from: {element: true}}
                          up: {type: text, from: {parent: owner.name}}
                          own: {type: text, from: dim.size}
                """);
        CollectionMapping things = mapping.collections().getFirst();
        assertThat(mapping.ignored()).containsExactly("logs");
        assertThat(things.table()).isEqualTo(new TableName("other", "items"));
        assertThat(things.key().type()).isEqualTo(new ColumnType.Varchar(40));
        assertThat(things.key().form()).isEqualTo(KeyMapping.Form.TYPED);
        assertThat(things.conflict()).containsExactly("code");
        assertThat(things.onDelete()).isEqualTo(CollectionMapping.OnDelete.KEEP);
        assertThat(things.onDrop()).isEqualTo(CollectionMapping.OnDrop.FOLLOW);
        assertThat(things.skips().getFirst().when()).isEqualTo(SkipRule.When.MISSING);
        assertThat(things.columns().get(0).source()).isEqualTo(new Source.Path(List.of("a", "b.c", "0")));
        assertThat(things.columns().get(0).source()).hasToString("a.\"b.c\".0");
        assertThat(things.columns().get(1).source()).isEqualTo(new Source.Path(List.of("a.b", "c")));
        assertThat(things.columns().get(2).conversions())
                .containsExactly(new Conversion.ParseTimestamp(ZoneId.of("Europe/Paris")));
        assertThat(Objects.requireNonNull(things.columns().get(2).missing()).isNull())
                .isTrue();
        assertThat(((Source.Build) things.columns().get(3).source()).fields().keySet())
                .as("in the order of the file")
                .containsExactly("z", "y", "x");
        assertThat(things.columns().get(4).reference())
                .isEqualTo(new Reference(
                        new TableName("app", "agents"),
                        "legacy",
                        new ColumnType.Int(8),
                        "id",
                        Map.of(),
                        Reference.Orphan.EMPTY));

        ChildMapping parts = things.children().getFirst();
        assertThat(parts.table()).isEqualTo(new TableName("app", "parts"));
        assertThat(parts.key()).isEqualTo(new ChildKey.Ordinal("n"));
        assertThat(parts.readPaths()).extracting(Source.Path::toString).containsExactly("dim.size");
        assertThat(things.readPaths())
                .extracting(Source.Path::toString)
                .containsExactly(
                        "a.\"b.c\".0", "\"a.b\".c", "x", "a", "b", "c", "r", "gone", "body.parts", "owner.name");
    }

    /// The file is what shows that the schema for editors knows every word, so it must have every word.
    /// The collection of `right/language.yaml`.
    private static CollectionMapping everything() throws IOException {
        String yaml;
        try (InputStream in = MappingReaderTest.class.getClassLoader().getResourceAsStream("right/language.yaml")) {
            yaml = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        }
        return MappingReader.read("language.yaml", yaml).collections().getFirst();
    }

    private static List<ColumnMapping> columns(CollectionMapping things) {
        return Stream.concat(
                        things.columns().stream(),
                        things.children().stream().flatMap(child -> child.columns().stream()))
                .toList();
    }

    @Test
    void aWrongTypeIsToldEveryType() throws IOException {
        List<String> told = Stream.of(ColumnType.NAMES.split(", "))
                .map(name -> name.replaceAll("\\(.*", ""))
                .toList();
        assertThat(columns(everything()))
                .extracting(ColumnMapping::type)
                .filteredOn(type -> !(type instanceof ColumnType.Postgres || type instanceof ColumnType.Array))
                .extracting(type -> type.sql().replaceAll("\\(.*", ""))
                .isSubsetOf(told);
    }

    @Test
    void theFileThatHasEverythingHasEverything() throws IOException {
        CollectionMapping things = everything();
        Set<Class<?>> words = new HashSet<>();
        things.skips().forEach(rule -> collect(rule.source(), words));
        columns(things).forEach(column -> {
            words.add(column.type().getClass());
            collect(column.source(), words);
            collect(column.conversions(), words);
        });
        assertThat(words)
                .contains(Source.class.getPermittedSubclasses())
                .contains(Conversion.class.getPermittedSubclasses())
                .containsAll(Stream.of(ColumnType.class, ColumnType.Key.class)
                        .<Class<?>>mapMulti((all, each) ->
                                List.of(all.getPermittedSubclasses()).forEach(each))
                        .filter(Class::isRecord)
                        .toList());
    }

    private static void collect(Source source, Set<Class<?>> words) {
        words.add(source.getClass());
        switch (source) {
            case Source.Parent(Source inner) -> collect(inner, words);
            case Source.FirstOf(List<Source> sources) -> sources.forEach(s -> collect(s, words));
            case Source.FirstTruthy(List<Source> sources) -> sources.forEach(s -> collect(s, words));
            case Source.Merge(List<Source> sources) -> sources.forEach(s -> collect(s, words));
            case Source.Join(List<Source> sources, String separator) -> sources.forEach(s -> collect(s, words));
            case Source.Build build -> build.fields().values().forEach(s -> collect(s, words));
            case Source.Converted converted -> {
                collect(converted.source(), words);
                collect(converted.conversions(), words);
            }
            case Source.Path p -> {}
            case Source.Element e -> {}
            case Source.Constant c -> {}
            case Source.IdTime i -> {}
            case Source.Rest r -> {}
            case Source.WholeDocument w -> {}
        }
    }

    private static void collect(List<Conversion> conversions, Set<Class<?>> words) {
        for (Conversion conversion : conversions) {
            words.add(conversion.getClass());
            if (conversion instanceof Conversion.At at) {
                collect(at.conversions(), words);
            }
        }
    }

    @Test
    void typesAreReadByPostgresqlsNamesAndAliases() {
        assertThat(List.of(
                                "TEXT",
                                "varchar",
                                "Character Varying (10)",
                                "decimal( 18 , 2 )",
                                "numeric",
                                "int8",
                                "float",
                                "timestamp  with time zone",
                                "bool",
                                "uuid []")
                        .stream()
                        .map(type -> ColumnType.parse(type).orElseThrow().sql()))
                .containsExactly(
                        "text",
                        "text",
                        "varchar(10)",
                        "numeric(18,2)",
                        "numeric",
                        "bigint",
                        "double precision",
                        "timestamptz",
                        "boolean",
                        "uuid[]");
        assertThat(ColumnType.parse("json")).isEmpty();
        assertThat(ColumnType.parse("timestamp")).isEmpty();
    }

    @Test
    void rowsOfEntriesAreKeyedByTheirNames() {
        CollectionMapping things =
                MappingReader.read("m.yaml", HEAD + """
                    children:
                      scores:
                        from: {entries: game.scores}
                        parent: thing_id
                        key: {column: name, type: varchar(40)}
                        columns: {points: integer}
                      labels:
                        from: {entries: [a.b, c]}
                        parent: thing_id
                        columns: {label: {type: text, from: {element: true}}}
                """).collections().getFirst();

        assertThat(things.children())
                .extracting(ChildMapping::key)
                .containsExactly(
                        new ChildKey.EntryName("name", new ColumnType.Varchar(40)),
                        new ChildKey.EntryName("key", new ColumnType.Text()));
        assertThat(things.readPaths()).extracting(Source.Path::toString).containsExactly("game.scores", "\"a.b\".c");
        assertThat(Reads.of(things).touchedBy("game.scores.ann.note")).isTrue();
        assertThat(Reads.of(things).touchedBy("game.title")).isFalse();
    }

    @Test
    void rowsOfElementsMayBeKeyedByAFieldWhichCountsAsRead() {
        CollectionMapping things =
                MappingReader.read("m.yaml", HEAD + """
                    children:
                      lines: {from: lines, parent: t, key: {column: line_id, from: a._id, type: uuid}, columns: {sku: text}}
                      parts: {from: parts, parent: t, key: {column: code, type: bigint}}
                """).collections().getFirst();

        assertThat(things.children())
                .extracting(ChildMapping::key)
                .containsExactly(
                        new ChildKey.ElementField(
                                "line_id", new Source.Path(List.of("a", "_id")), new ColumnType.Uuid()),
                        new ChildKey.ElementField("code", new Source.Path(List.of("code")), new ColumnType.Int(8)));
        assertThat(things.children().getFirst().readPaths())
                .extracting(Source.Path::toString)
                .containsExactly("a._id", "sku");
    }

    private static final String DEFAULTS = """
            mapping: m
            database: d
            defaults:
              - {type: text, path: "body.*", convert: [strip_nul], misfit: reject}
              - {type: text, convert: [trim], missing: ""}
              - {type: numeric, missing: 0}
              - {path: "meta.**.*_at", convert: [parse_timestamp]}
              - {type: "text[]", missing: []}
            collections:
              things:
                key: {column: id, type: text}
                columns:
            """;

    private static List<ColumnMapping> withDefaults(String columns) {
        return columns(MappingReader.read("m.yaml", DEFAULTS + columns.indent(6))
                .collections()
                .getFirst());
    }

    private static String settings(ColumnMapping column) {
        return column.column() + " "
                + column.conversions().stream()
                        .map(conversion -> conversion.getClass().getSimpleName())
                        .toList()
                + " " + column.missing() + " " + column.misfit();
    }

    @Test
    void aColumnGetsWhatTheFirstRuleThatIsForItGives() {
        assertThat(withDefaults("""
                        short: text
                        limited: varchar(3)
                        exact: citext
                        title: {type: text, from: body.title}
                        deep: {type: text, from: body.a.title}
                        both: {type: text, from: {first: [body.a, body.b]}}
                        one: {type: text, from: {first: [body.a, b]}}
                        fixed: {type: text, from: {constant: x}}
                        price: "numeric(18,2)"
                        any: numeric
                        size: bigint
                        made: {type: timestamptz, from: meta.made_at}
                        deeper: {type: timestamptz, from: meta.a.b.made_at}
                        made_at: timestamptz
                        tags: "text[]"
                        codes: "varchar(3)[]"
                        """))
                .extracting(MappingReaderTest::settings)
                .containsExactly(
                        "short [Trim] \"\" QUARANTINE",
                        "limited [Trim] \"\" QUARANTINE",
                        "exact [] null QUARANTINE",
                        "title [StripNul] null REJECT",
                        "deep [Trim] \"\" QUARANTINE",
                        "both [StripNul] null REJECT",
                        "one [Trim] \"\" QUARANTINE",
                        "fixed [Trim] \"\" QUARANTINE",
                        "price [] 0 QUARANTINE",
                        "any [] 0 QUARANTINE",
                        "size [] null QUARANTINE",
                        "made [ParseTimestamp] null QUARANTINE",
                        "deeper [ParseTimestamp] null QUARANTINE",
                        "made_at [] null QUARANTINE",
                        "tags [] [] QUARANTINE",
                        "codes [] [] QUARANTINE");
    }

    @Test
    void whatAColumnSaysItselfNoRuleTouches() {
        assertThat(withDefaults("""
                        a: {type: text, convert: []}
                        b: {type: text, missing: null}
                        c: {type: text, from: body.c, misfit: quarantine}
                        d: {type: text, from: body.d, instead: none}
                        e: {type: text, from: body.e, convert: [lower], missing: x}
                        """))
                .extracting(MappingReaderTest::settings)
                .containsExactly(
                        "a [] \"\" QUARANTINE",
                        "b [Trim] null QUARANTINE",
                        "c [StripNul] null QUARANTINE",
                        "d [StripNul] null QUARANTINE",
                        "e [Lower] \"x\" REJECT");
    }

    @Test
    void inAChildTableAPatternMeansTheArrayTooAndBehindParentTheDocument() {
        String children = """
                mapping: m
                database: d
                defaults:
                  - {path: lines.sku, convert: [trim]}
                  - {path: tags, convert: [lower]}
                  - {path: owner, convert: [strip_nul]}
                collections:
                  things:
                    key: {column: id, type: text}
                    columns: {}
                    children:
                      parts:
                        from: lines
                        parent: thing_id
                        columns: {sku: text, owner: text, of: {type: text, from: {parent: owner}}}
                      labels:
                        from: tags
                        parent: thing_id
                        columns: {label: {type: text, from: {element: true}}}
                """;
        assertThat(MappingReader.read("m.yaml", children)
                        .collections()
                        .getFirst()
                        .children())
                .flatExtracting(ChildMapping::columns)
                .extracting(MappingReaderTest::settings)
                .containsExactly(
                        "sku [Trim] null QUARANTINE",
                        "owner [] null QUARANTINE",
                        "of [StripNul] null QUARANTINE",
                        "label [Lower] null QUARANTINE");
    }

    @Test
    void withDefaultsAMappingIsTheSameAsWrittenOut() {
        String written = """
                mapping: m
                database: d
                collections:
                  things:
                    key: {column: id, type: text}
                    columns:
                      short: {type: text, convert: [trim], missing: ""}
                      title: {type: text, from: body.title, convert: [strip_nul], misfit: reject}
                """;
        String byRules = DEFAULTS + "short: text\ntitle: {type: text, from: body.title}\n".indent(6);
        assertThat(MappingDiff.of(MappingReader.read("a.yaml", written), MappingReader.read("b.yaml", byRules))
                        .collections())
                .isEmpty();
        assertThat(MappingDiff.of(
                                MappingReader.read("a.yaml", byRules),
                                MappingReader.read("b.yaml", byRules.replace("[trim]", "[lower]")))
                        .filled())
                .flatExtracting(MappingDiff.OfCollection::changes)
                .extracting(Object::toString)
                .containsExactly("things.short: has its values from elsewhere, or by other rules");
    }

    @Test
    void aMappingThatIsNotThereIsToldWithTheNamesThereAre() {
        assertThatThrownBy(() -> Catalog.load("docsgtp"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("There is no mapping 'docsgtp'")
                .hasMessageContaining("demo, devmentor, docsgpt, tbd-agents");
    }

    @Test
    void identifiersAreQuotedForSql() {
        assertThat(TableName.parse("a\"b", "s").sql()).isEqualTo("\"s\".\"a\"\"b\"");
        assertThat(Objects.requireNonNull(TableName.parse("x.y", "s"))).hasToString("x.y");
    }
}
