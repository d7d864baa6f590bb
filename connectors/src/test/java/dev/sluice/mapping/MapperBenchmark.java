package dev.sluice.mapping;

import dev.sluice.mapping.row.MappingResult;
import dev.sluice.schema.MappingReader;
import dev.sluice.sink.copy.EncodedRows;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.bson.BsonDocument;
import org.bson.RawBsonDocument;
import org.bson.codecs.BsonDocumentCodec;
import org.bson.types.ObjectId;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// The mapper alone, on one thread: documents become rows, from documents that are decoded already and from
/// their bytes. `service/docs/benchmarks.md` has the command and what came out.
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 2,
        jvmArgs = {"-Xmx1g", "--sun-misc-unsafe-memory-access=allow"})
@State(org.openjdk.jmh.annotations.Scope.Thread)
@SuppressWarnings("NullAway.Init")
public class MapperBenchmark {
    /// So many that they are not all in the processor's nearest cache.
    private static final int DOCUMENTS = 1_024;

    private static final String FLAT_COLUMNS = """
            email: text
            name: text
            status: {type: text, missing: new}
            bio: text
            age: integer
            visits: bigint
            score: double precision
            balance: {type: "numeric(18,2)"}
            active: boolean
            signed_up_at: {type: timestamptz, from: signedUpAt}
            last_seen_at: {type: timestamptz, from: lastSeenAt}
            owner: {type: text, from: ownerId}
            """;

    private static final String NESTED_COLUMNS = """
            email: text
            status: text
            street: {type: text, from: address.street}
            city: {type: text, from: address.city}
            postcode: {type: text, from: address.postcode}
            latitude: {type: double precision, from: address.geo.lat}
            longitude: {type: double precision, from: address.geo.lon}
            plan: {type: text, from: account.plan}
            balance: {type: "numeric(18,2)", from: account.balance}
            since: {type: timestamptz, from: account.since}
            seats: {type: integer, from: account.seats}
            preferences: jsonb
            """;

    private static final String ORDER_COLUMNS = """
            user_id: {type: text, from: userId}
            status: text
            placed_at: {type: timestamptz, from: placedAt}
            total: {type: "numeric(18,2)"}
            currency: text
            paid: boolean
            """;

    private static final String LINES = """
            children:
              order_lines:
                from: lines
                parent: order_id
                columns:
                  sku: text
                  title: text
                  quantity: integer
                  unit_price: {type: "numeric(18,2)", from: unitPrice}
                  added_at: {type: timestamptz, from: addedAt}
            """;

    /// The kinds of documents and mappings; documents of 450 bytes where nothing else is said.
    public enum Shape {
        /// 12 typed columns of as many fields.
        FLAT(FLAT_COLUMNS, "") {
            @Override
            String fields(Random random) {
                return flat(random);
            }
        },
        /// The same, with three more fields that nothing reads.
        FLAT_UNREAD(FLAT_COLUMNS, "") {
            @Override
            String fields(Random random) {
                return flat(random) + MORE;
            }
        },
        /// The same, with a column for the rest.
        FLAT_REST(FLAT_COLUMNS + "rest: {type: jsonb, from: {rest: true}}\n", "") {
            @Override
            String fields(Random random) {
                return flat(random) + MORE;
            }
        },
        /// 12 columns, 9 of them from inside objects, and an object as JSON; 380 bytes.
        NESTED(NESTED_COLUMNS, "") {
            @Override
            String fields(Random random) {
                return "email: '" + word(random, 20) + "', status: 'active', address: {street: '" + word(random, 18)
                        + "', city: '" + word(random, 9) + "', postcode: '" + random.nextInt(10_000, 99_999)
                        + "', geo: {lat: " + random.nextDouble(-90, 90) + ", lon: " + random.nextDouble(-180, 180)
                        + "}}, account: {plan: 'team', balance: " + random.nextInt(100_000) / 100.0 + ", since: "
                        + date(random) + ", seats: " + random.nextInt(100) + "}, preferences: {theme: 'dark', tags: ['"
                        + word(random, 5) + "', '" + word(random, 7) + "'], limits: {daily: 10, hourly: 2}}";
            }
        },
        /// 6 columns, and a child table with 5 columns and 5 rows for each document; 690 bytes.
        CHILDREN(ORDER_COLUMNS, LINES) {
            @Override
            String fields(Random random) {
                StringBuilder lines = new StringBuilder();
                for (int i = 0; i < 5; i++) {
                    lines.append(i == 0 ? "" : ", ")
                            .append("{sku: '" + word(random, 8) + "', title: '" + word(random, 24) + "', quantity: "
                                    + random.nextInt(1, 20) + ", unitPrice: " + random.nextInt(10_000) / 100.0
                                    + ", addedAt: " + date(random) + "}");
                }
                return "userId: {$oid: '" + new ObjectId().toHexString() + "'}, status: 'paid', placedAt: "
                        + date(random) + ", total: " + random.nextInt(1_000_000) / 100.0
                        + ", currency: 'EUR', paid: true, lines: [" + lines + "]";
            }
        };

        private static final String MORE = ", legacyId: 7, source: 'import', flags: {beta: true}";

        private final String columns;
        private final String children;

        Shape(String columns, String children) {
            this.columns = columns;
            this.children = children;
        }

        /// A document's fields in Extended JSON, without `_id`.
        abstract String fields(Random random);

        String mapping() {
            return """
                    mapping: benchmark
                    database: benchmark
                    collections:
                      things:
                        key: {column: id, type: text}
                        columns:
                    """ + columns.indent(6) + children.indent(4);
        }
    }

    private static String flat(Random random) {
        return "email: '" + word(random, 20) + "', name: '" + word(random, 16) + "', status: 'active', bio: '"
                + word(random, 210) + "', age: " + random.nextInt(100) + ", visits: {$numberLong: '"
                + random.nextLong(1L << 40) + "'}, score: " + random.nextDouble() + ", balance: "
                + random.nextInt(10_000_000) / 100.0 + ", active: true, signedUpAt: " + date(random) + ", lastSeenAt: "
                + date(random) + ", ownerId: {$oid: '" + new ObjectId().toHexString() + "'}";
    }

    private static String date(Random random) {
        return "{$date: {$numberLong: '" + (1_600_000_000_000L + random.nextLong(1L << 36)) + "'}}";
    }

    private static String word(Random random, int length) {
        StringBuilder word = new StringBuilder();
        for (int i = 0; i < length; i++) {
            word.append((char) ('a' + random.nextInt(26)));
        }
        return word.toString();
    }

    @Param
    public Shape shape;

    private DocumentMapper mapper;
    private RawMapper rawMapper;
    private EncodedRows rows;
    private List<RawBsonDocument> raw;
    private List<BsonDocument> decoded;
    private double[] megabytes;
    private int next;

    /// How much was mapped, as BSON.
    @AuxCounters
    @State(org.openjdk.jmh.annotations.Scope.Thread)
    public static class Volume {
        public double megabytes;
    }

    @Setup
    public void prepare() {
        mapper = DocumentMapper.of(MappingReader.read("benchmark.yaml", shape.mapping())
                .collections()
                .getFirst());
        rawMapper = mapper.raw();
        rows = new EncodedRows(mapper.shapes());
        Random random = new Random(20260101);
        raw = new ArrayList<>(DOCUMENTS);
        decoded = new ArrayList<>(DOCUMENTS);
        megabytes = new double[DOCUMENTS];
        for (int i = 0; i < DOCUMENTS; i++) {
            RawBsonDocument document = RawBsonDocument.parse(
                    "{_id: {$oid: '" + new ObjectId().toHexString() + "'}, " + shape.fields(random) + "}");
            raw.add(document);
            megabytes[i] = document.getByteBuffer().remaining() / 1e6;
            decoded.add(document.decode(new BsonDocumentCodec()));
        }
    }

    /// From bytes to bytes for COPY.
    @Benchmark
    public int rawToCopy(Volume volume) {
        int at = next();
        volume.megabytes += megabytes[at];
        rows.startDocument();
        if (rawMapper.map(raw.get(at), rows) != null) {
            throw new IllegalStateException("an ordinary document has no rows");
        }
        rows.endDocument();
        return rows.documents();
    }

    /// After each round of all documents the rows are let go of, as after a chunk.
    private int next() {
        int at = next++ & (DOCUMENTS - 1);
        if (at == 0) {
            rows.clear();
        }
        return at;
    }

    @Benchmark
    public MappingResult decoded(Volume volume) {
        int at = next++ & (DOCUMENTS - 1);
        volume.megabytes += megabytes[at];
        return mapper.map(decoded.get(at));
    }

    @Benchmark
    public MappingResult fromBytes(Volume volume) {
        int at = next++ & (DOCUMENTS - 1);
        volume.megabytes += megabytes[at];
        return mapper.map(raw.get(at));
    }
}
