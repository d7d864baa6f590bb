package dev.sluice.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `mapping.schema.json`, which editors use, agrees with the reader: it takes what the reader takes, and
/// refuses what it can see of what the reader refuses.
class MappingSchemaTest {
    private static final YAMLMapper YAML = new YAMLMapper();
    private final JsonSchema schema;

    MappingSchemaTest() throws IOException {
        schema = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                .getSchema(resource("mapping.schema.json"));
    }

    static List<String> catalog() {
        return Catalog.NAMES;
    }

    static List<WrongMappings.Wrong> wrongMappings() {
        return WrongMappings.all().stream()
                .filter(WrongMappings.Wrong::isSeenBySchema)
                .toList();
    }

    @ParameterizedTest
    @MethodSource("catalog")
    void everyMappingOfTheCatalogIsValid(String name) throws IOException {
        assertThat(schema.validate(YAML.readTree(resource("catalog/" + name + "/mapping.yaml"))))
                .isEmpty();
    }

    @Test
    void everythingThatCanBeSaidIsValid() throws IOException {
        assertThat(schema.validate(YAML.readTree(resource("right/language.yaml"))))
                .isEmpty();
    }

    /// A conversion has a name in the reader, one for editors, and one in the message on a wrong name.
    @Test
    void aWrongNameOfAConversionIsToldAllNamesThatEditorsOffer() throws IOException {
        List<String> offered = new ArrayList<>();
        JsonNode conversion = YAML.readTree(resource("mapping.schema.json")).at("/$defs/conversion/anyOf");
        conversion.forEach(form -> {
            form.path("enum").forEach(name -> offered.add(name.textValue()));
            form.path("properties").fieldNames().forEachRemaining(offered::add);
        });
        assertThat(offered).contains("trim", "round");
        String wrong = "{mapping: m, database: d, collections: {a: {key: {column: id, type: text},"
                + " columns: {c: {type: text, convert: [trimm]}}}}}";
        assertThatThrownBy(() -> MappingReader.read("m.yaml", wrong))
                .isInstanceOfSatisfying(MappingException.class, refused -> {
                    String told = refused.problems().getFirst().message();
                    assertThat(told.substring(told.indexOf(": ") + 2).split(", "))
                            .containsExactlyInAnyOrderElementsOf(new TreeSet<>(offered));
                });
    }

    @ParameterizedTest
    @MethodSource("wrongMappings")
    void wrongMappingsAreRefused(WrongMappings.Wrong wrong) {
        JsonNode tree;
        try {
            tree = YAML.readTree(wrong.yaml());
        } catch (JsonProcessingException noYaml) {
            return;
        }
        assertThat(schema.validate(tree)).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "TEXT",
                "varchar",
                "Character Varying (10)",
                "decimal( 18 , 2 )",
                "numeric(5)",
                "numeric",
                "INT8",
                "float",
                "timestamp  with time zone",
                "double precision",
                "bool",
                "uuid []",
                "jsonb[]",
                "inet",
                "INET []",
                "inet(4)",
                "strng",
                "timestamp",
                "json",
                "text(5)",
                "varchar(0)",
                "varchar(3,4)",
                "numeric(0,0)",
                "text[][]",
                ""
            })
    void typesAreTheSameToBoth(String type) throws JsonProcessingException {
        String yaml =
                "{mapping: m, database: d, collections: {a: {key: {column: id, type: text}, columns: {c: {type: \""
                        + type + "\"}}}}}";
        boolean valid = schema.validate(YAML.readTree(yaml)).isEmpty();
        boolean read;
        try {
            MappingReader.read("m.yaml", yaml);
            read = true;
        } catch (MappingException refused) {
            read = false;
        }
        assertThat(valid).isEqualTo(read);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "interval",
                "shop.mood",
                "\\\"Odd type\\\"",
                "bit(4)",
                "numeric(5,2)",
                "geometry(Point, 4326)",
                "timestamp(3) without time zone",
                "double precision",
                "macaddr[]",
                " text ",
                "interval; DROP TABLE t",
                "a.b.c",
                "macaddr[][]",
                "interval'",
                "",
                "4bit"
            })
    void typesByNameAreTheSameToBoth(String name) throws JsonProcessingException {
        String yaml =
                "{mapping: m, database: d, collections: {a: {key: {column: id, type: text}, columns: {c: {postgres: \""
                        + name + "\"}, d: {type: {postgres: \"" + name + "\"}}}}}}";
        boolean valid = schema.validate(YAML.readTree(yaml)).isEmpty();
        boolean read;
        try {
            MappingReader.read("m.yaml", yaml);
            read = true;
        } catch (MappingException refused) {
            read = false;
        }
        assertThat(valid).isEqualTo(read);
    }

    @Test
    void everySettingIsDescribed() throws IOException {
        JsonNode tree = YAML.readTree(resource("mapping.schema.json"));
        assertThat(tree.at("/$defs/column/properties").properties())
                .allSatisfy(property -> assertThat(property.getValue().has("description")
                                || property.getValue().has("$ref"))
                        .as(property.getKey())
                        .isTrue());
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = MappingSchemaTest.class.getClassLoader().getResourceAsStream(name)) {
            return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
