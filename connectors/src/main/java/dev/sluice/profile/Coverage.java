package dev.sluice.profile;

import dev.sluice.bson.DocumentDecoder;
import dev.sluice.mapping.DocumentMapper;
import dev.sluice.mapping.row.MappingResult;
import dev.sluice.mapping.row.MappingResult.MisfitValue;
import dev.sluice.schema.ChildKey;
import dev.sluice.schema.ChildMapping;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.ColumnMapping;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Source;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonType;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// What becomes of the values of documents under a mapping: each document is mapped as the data path maps
/// it, and its values are counted by where they land. A value is a leaf of the document, `_id` and null
/// left out. For one thread.
public final class Coverage {

    /// Different reasons that are counted one by one.
    private static final int REASONS_MAX = 200;

    /// Where a value lands.
    public enum Landing {
        /// In a column of a type of its own.
        TYPED,
        /// In a jsonb column that was made for it.
        JSON,
        /// In the column for the rest.
        REST,
        /// In `sluice.quarantine`, since it does not fit.
        QUARANTINED,
        /// In the document of a dead letter.
        DEAD_LETTER,
        /// Nowhere: nothing reads it, and there is no rest.
        LEFT_BEHIND
    }

    private final DocumentMapper mapper;
    private final Reads reads;
    private final Map<String, Landing> columns = new HashMap<>();
    private final Map<Landing, Long> values = new EnumMap<>(Landing.class);
    private final SequencedMap<String, Long> reasons = new TreeMap<>();
    private long documents;
    private long whole;
    private long skipped;
    private long deadLetters;

    private Coverage(CollectionMapping mapping) {
        this.mapper = DocumentMapper.of(mapping);
        mapper.decideKeysByFirst();
        this.reads = new Reads(mapping.columns());
        label(mapping.table().table(), mapping.columns());
        for (ChildMapping child : mapping.children()) {
            Reads rows = new Reads(child.columns());
            rows.entries = child.key() instanceof ChildKey.EntryName;
            if (child.key() instanceof ChildKey.ElementField(String _, Source.Path from, ColumnType.Key _)) {
                rows.add(from.segments(), new Read(Landing.TYPED, null));
            }
            reads.add(child.path().segments(), new Read(null, rows));
            child.columns()
                    .forEach(c -> c.source()
                            .parentPaths()
                            .forEach(path -> reads.add(path.segments(), new Read(landing(c), null))));
            label(child.table().table(), child.columns());
        }
    }

    /// @throws dev.sluice.schema.MappingException when a literal of the mapping does not fit its column
    public static Coverage of(CollectionMapping mapping) {
        return new Coverage(mapping);
    }

    private void label(String table, List<ColumnMapping> mapped) {
        mapped.forEach(column -> columns.put(table + "." + column.column(), landing(column)));
    }

    private static Landing landing(ColumnMapping column) {
        return column.type() instanceof ColumnType.Jsonb ? Landing.JSON : Landing.TYPED;
    }

    /// Maps one document and counts what becomes of it.
    ///
    /// @param document a raw one is not held as objects and as rows at once, for large ones
    public void add(BsonDocument document) {
        if (document instanceof RawBsonDocument raw) {
            MappingResult result = mapper.mapWithoutRows(raw);
            add(DocumentDecoder.document(raw), result);
        } else {
            add(document, mapper.map(document));
        }
    }

    private void add(BsonDocument document, MappingResult result) {
        documents++;
        switch (result) {
            case MappingResult.Mapped mapped -> {
                Map<Landing, Long> landed = new EnumMap<>(Landing.class);
                reads.count(document, true, landed);
                mapped.misfits().forEach(misfit -> quarantine(misfit, landed));
                landed.forEach((landing, count) -> values.merge(landing, count, Long::sum));
                if (mapped.misfits().isEmpty() && !landed.containsKey(Landing.REST)) {
                    whole++;
                }
            }
            case MappingResult.Skipped s -> {
                skipped++;
                reason("skipped: " + s.reason());
            }
            case MappingResult.Rejected rejected -> {
                deadLetters++;
                values.merge(Landing.DEAD_LETTER, leaves(document) - leaves(document.get("_id")), Long::sum);
                reason("dead letter: " + rejected.column() + " " + rejected.reason());
            }
        }
    }

    private void quarantine(MisfitValue misfit, Map<Landing, Long> landed) {
        long count = Math.max(1, leaves(misfit.value()));
        Landing from = columns.getOrDefault(misfit.column(), Landing.TYPED);
        landed.merge(from, -Math.min(count, landed.getOrDefault(from, 0L)), Long::sum);
        landed.merge(Landing.QUARANTINED, count, Long::sum);
        reason("quarantined: " + misfit.column() + " " + misfit.reason());
    }

    private void reason(String text) {
        if (reasons.containsKey(text) || reasons.size() < REASONS_MAX) {
            reasons.merge(text, 1L, Long::sum);
        }
    }

    /// Leaves of a value that are not null.
    private static long leaves(@Nullable BsonValue value) {
        return switch (value) {
            case null -> 0;
            case BsonDocument object ->
                object.values().stream().mapToLong(Coverage::leaves).sum();
            case BsonArray array -> array.stream().mapToLong(Coverage::leaves).sum();
            default -> value.getBsonType() == BsonType.NULL || value.getBsonType() == BsonType.UNDEFINED ? 0 : 1;
        };
    }

    /// What a field is read for: a column, or the elements of a child table.
    private record Read(@Nullable Landing landing, @Nullable Reads elements) {}

    /// The fields that columns read, as a tree of names.
    private static final class Reads {
        private final Map<String, Reads> fields = new HashMap<>();
        private final Landing unread;
        private @Nullable Read read;
        private @Nullable Landing element;
        /// Whether the rows are entries of an object, and not elements of an array.
        private boolean entries;

        Reads(List<ColumnMapping> columns) {
            this(keepsRest(columns) ? Landing.REST : Landing.LEFT_BEHIND);
            for (ColumnMapping column : columns) {
                column.source().ownPaths().forEach(path -> add(path.segments(), new Read(landing(column), null)));
                if (column.source() instanceof Source.Element) {
                    element = landing(column);
                }
            }
        }

        private Reads(Landing unread) {
            this.unread = unread;
        }

        private static boolean keepsRest(List<ColumnMapping> columns) {
            return columns.stream()
                    .anyMatch(c -> c.source() instanceof Source.Rest || c.source() instanceof Source.WholeDocument);
        }

        void add(List<String> path, Read what) {
            Reads node = this;
            for (String name : path) {
                node = node.fields.computeIfAbsent(name, n -> new Reads(unread));
            }
            if (node.read == null || node.read.landing() == Landing.JSON) {
                node.read = what;
            }
        }

        void count(BsonDocument object, boolean document, Map<Landing, Long> landed) {
            object.forEach((name, value) -> {
                if (document && name.equals("_id")) {
                    return;
                }
                Reads field = fields.get(name);
                if (field == null) {
                    land(unread, value, landed);
                } else {
                    field.count(value, landed);
                }
            });
        }

        private void count(BsonValue value, Map<Landing, Long> landed) {
            Reads elements = read == null ? null : read.elements();
            if (elements != null && !elements.entries && value instanceof BsonArray array) {
                array.forEach(one -> elements.countElement(one, landed));
            } else if (elements != null && elements.entries && value instanceof BsonDocument object) {
                object.values().forEach(one -> elements.countElement(one, landed));
            } else if (read != null) {
                land(read.landing() == null ? Landing.TYPED : read.landing(), value, landed);
            } else if (value instanceof BsonDocument object) {
                count(object, false, landed);
            } else {
                land(unread, value, landed);
            }
        }

        private void countElement(BsonValue value, Map<Landing, Long> landed) {
            if (element == null && value instanceof BsonDocument object) {
                count(object, false, landed);
            } else {
                land(element == null ? Landing.TYPED : element, value, landed);
            }
        }

        private static void land(Landing landing, BsonValue value, Map<Landing, Long> landed) {
            long count = leaves(value);
            if (count > 0) {
                landed.merge(landing, count, Long::sum);
            }
        }
    }

    /// The collection that the mapping is for.
    public String collection() {
        return mapper.mapping().collection();
    }

    public long documents() {
        return documents;
    }

    /// Documents of which every value has a column made for it, and fits.
    public long whole() {
        return whole;
    }

    /// Documents without a row, by a rule of the mapping.
    public long skipped() {
        return skipped;
    }

    /// Documents that would be dead-lettered.
    public long deadLetters() {
        return deadLetters;
    }

    /// How many values landed there.
    public long values(Landing landing) {
        return values.getOrDefault(landing, 0L);
    }

    /// How many values there were in all.
    public long values() {
        return values.values().stream().mapToLong(Long::longValue).sum();
    }

    /// Why values and documents did not land, and how often.
    public SequencedMap<String, Long> reasons() {
        return Collections.unmodifiableSequencedMap(reasons);
    }
}
