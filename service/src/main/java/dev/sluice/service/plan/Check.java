package dev.sluice.service.plan;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/// What is looked at. The names, in lower case, are part of the interface: they stand in the JSON.
public enum Check {
    MONGO_REACHABLE(Side.MONGODB),
    MONGO_VERSION(Side.MONGODB),
    /// Whether it is MongoDB, or another server that implements its protocol.
    MONGO_SERVER(Side.MONGODB),
    /// Whether it is the MongoDB that was copied, where something was.
    MONGO_SOURCE(Side.MONGODB),
    /// A replica set or a sharded cluster, or neither.
    MONGO_TOPOLOGY(Side.MONGODB),
    MONGO_READ(Side.MONGODB),
    MONGO_CHANGE_STREAM(Side.MONGODB),
    /// How far back the oplog goes, against how long the copy takes.
    MONGO_OPLOG(Side.MONGODB),
    /// Whether the stream can go on from the pipeline's position, where there is one.
    MONGO_POSITION(Side.MONGODB),
    /// A mapped collection that is not there.
    COLLECTION_MISSING(Side.MONGODB),
    /// A collection that is neither mapped nor ignored.
    COLLECTION_UNMAPPED(Side.MONGODB),
    /// A mapped name that is a view, a capped collection or a time series.
    COLLECTION_KIND(Side.MONGODB),
    /// A change of a collection at which the mapping says to stop, and that nobody has decided on.
    COLLECTION_CHANGED(Side.MONGODB),
    DOCUMENT_SIZE(Side.MONGODB),
    POSTGRES_REACHABLE(Side.POSTGRESQL),
    POSTGRES_VERSION(Side.POSTGRESQL),
    POSTGRES_DATABASE(Side.POSTGRESQL),
    POSTGRES_ENCODING(Side.POSTGRESQL),
    POSTGRES_WRITABLE(Side.POSTGRESQL),
    POSTGRES_RIGHTS(Side.POSTGRESQL),
    POSTGRES_MIGRATIONS(Side.POSTGRESQL),
    /// What comes after the copy: the scripts in migrations/after, and the right to analyze the tables.
    AFTER_MIGRATIONS(Side.POSTGRESQL),
    POSTGRES_EXTENSION(Side.POSTGRESQL),
    POSTGRES_CONNECTIONS(Side.POSTGRESQL),
    POSTGRES_DISK(Side.POSTGRESQL),
    POSTGRES_SIZE(Side.POSTGRESQL),
    /// A table the mapping writes to: there, and as the mapping has it.
    TABLE(Side.TABLES),
    /// Collections of which the mapping says something else than the one that their rows were written with.
    MAPPING_CHANGED(Side.TABLES),
    TABLE_RIGHTS(Side.TABLES),
    /// A table that the application writes since its migration was finished.
    TABLE_FINISHED(Side.TABLES),
    /// A column the mapping writes that is not there.
    COLUMN_MISSING(Side.TABLES),
    /// A column the mapping writes whose values PostgreSQL makes.
    COLUMN_GENERATED(Side.TABLES),
    /// A column that must have a value, has no default, and is not in the mapping.
    COLUMN_REQUIRED(Side.TABLES),
    /// Columns that the mapping leaves to their defaults.
    COLUMN_UNMAPPED(Side.TABLES),
    COLUMN_TYPE(Side.TABLES),
    /// Whether keys that differ in MongoDB differ in the table.
    KEY_EQUALITY(Side.TABLES),
    /// The unique index by which rows are recognised.
    CONFLICT_TARGET(Side.TABLES),
    /// Another unique index: documents may collide.
    UNIQUE_INDEX(Side.TABLES),
    CHECK_CONSTRAINT(Side.TABLES),
    /// An EXCLUDE constraint: documents may collide.
    EXCLUSION_CONSTRAINT(Side.TABLES),
    FOREIGN_KEY(Side.TABLES),
    /// A `reference` or `lookup` of the mapping.
    REFERENCE(Side.TABLES),
    TRIGGER(Side.TABLES),
    /// A rule (CREATE RULE) on a statement that writes.
    REWRITE_RULE(Side.TABLES),
    /// A partitioned table of which no partition may take a row.
    PARTITION(Side.TABLES),
    TABLE_UNLOGGED(Side.TABLES),
    /// A table that others inherit from.
    TABLE_INHERITED(Side.TABLES),
    TABLE_OF_EXTENSION(Side.TABLES),
    ROW_SECURITY(Side.TABLES),
    /// Which ids have a key that ids of other types could have, where the mapping does not say it.
    KEY_OF(Side.DOCUMENTS),
    /// Documents of the sample that would be dead letters.
    DEAD_LETTERS(Side.DOCUMENTS),
    /// Fields of documents of the sample that no column reads.
    FIELDS_UNMAPPED(Side.DOCUMENTS),
    /// Paths that the mapping reads and no document of the sample has.
    FIELDS_ABSENT(Side.DOCUMENTS);

    /// The headings under which findings are shown.
    enum Side {
        MONGODB("MongoDB"),
        POSTGRESQL("PostgreSQL"),
        TABLES("Tables"),
        DOCUMENTS("Documents");

        private final String heading;

        Side(String heading) {
            this.heading = heading;
        }

        String heading() {
            return heading;
        }
    }

    private final Side side;

    Check(Side side) {
        this.side = side;
    }

    Side side() {
        return side;
    }

    /// As it is printed, in text and JSON.
    @JsonValue
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }
}
