package dev.sluice.mapping;

import dev.sluice.schema.Catalog;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.MappingReader;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.bson.RawBsonDocument;
import org.bson.types.ObjectId;

/// The mappings that are there, for tests in other packages.
public final class TestMappers {
    private TestMappers() {}

    /// Those of the catalog, and those of the golden cases about the language.
    public static List<DocumentMapper> all() {
        return Stream.concat(
                        Catalog.NAMES.stream().flatMap(name -> catalog(name).stream()),
                        GoldenMappingTest.languageMappers().stream())
                .toList();
    }

    public static List<DocumentMapper> catalog(String name) {
        return Catalog.load(name).mapping().collections().stream()
                .map(DocumentMapper::of)
                .toList();
    }

    /// The mappings of the benchmark.
    public static List<MapperBenchmark.Shape> shapes() {
        return List.of(MapperBenchmark.Shape.values());
    }

    public static CollectionMapping mapping(MapperBenchmark.Shape shape) {
        return MappingReader.read("benchmark.yaml", shape.mapping())
                .collections()
                .getFirst();
    }

    /// A document as the benchmark has it.
    public static RawBsonDocument document(MapperBenchmark.Shape shape, Random random) {
        return RawBsonDocument.parse(
                "{_id: {$oid: '" + new ObjectId().toHexString() + "'}, " + shape.fields(random) + "}");
    }
}
