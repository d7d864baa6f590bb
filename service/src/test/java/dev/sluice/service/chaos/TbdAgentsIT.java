package dev.sluice.service.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.gridfs.GridFSBuckets;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.service.systems.HostileDocument;
import dev.sluice.service.systems.HostileDocument.Quarantined;
import dev.sluice.service.systems.PlainValues;
import dev.sluice.service.systems.TbdAgentsChanges;
import dev.sluice.service.systems.TbdAgentsDocuments;
import dev.sluice.service.systems.TbdAgentsHostile;
import dev.sluice.sink.postgres.table.RowIdentity;
import java.io.ByteArrayOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TimeZone;
import org.bson.BsonDocument;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// The ready-made mapping of TBD Agents: its 15 collections and its files, in the shapes documents have had
/// over the years, copied and then changed the way the application changes them; and the documents its own
/// migration script can't take.
class TbdAgentsIT {
    private static final int DOCUMENTS = 6_000;

    @Test
    @DisplayName("15 collections and GridFS are copied and followed, odd and hostile documents included")
    void copiedAndFollowed() throws Exception {
        try (LiveSystem system = LiveSystem.start("tbd-agents", SandboxMongo.Options.DEFAULTS)) {
            Map<String, List<ObjectId>> ids = fill(system, DOCUMENTS, 11);
            TbdAgentsChanges application = new TbdAgentsChanges(system.database(), ids, 12);
            ObjectId file = application.upload(700_000);
            List<HostileDocument> before = TbdAgentsHostile.set(1);
            insert(system, before);

            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
                asInMongo(system, ids.size());
                before.forEach(hostile -> ends(system, hostile));
                wholeFile(system, file);
                assertThat(system.text("SELECT string_agg(path, ' ' ORDER BY path) FROM sluice.unmapped_field"
                                + " WHERE collection = 'workflows'"))
                        .isEqualTo("output_destination revision_id");

                application.make(800);
                List<HostileDocument> after = TbdAgentsHostile.set(2);
                insert(system, after);
                running.awaitApplied();
                asInMongo(system, ids.size());
                before.forEach(hostile -> ends(system, hostile));
                after.forEach(hostile -> ends(system, hostile));
                assertThat(system.number("SELECT count(*) FROM sluice.dead_letter"))
                        .as("dead letters: one token name in each set of hostile documents")
                        .isEqualTo(2);
                assertThat(system.number("SELECT count(*) FROM knowledge_item_files WHERE content IS NULL"))
                        .as("files that are not whole")
                        .isZero();
                assertThat(system.number("SELECT count(*) FROM knowledge_item_files"))
                        .isPositive();
            }
        }
    }

    private static Map<String, List<ObjectId>> fill(LiveSystem system, int total, long seed) {
        Map<String, List<ObjectId>> ids = new HashMap<>();
        new TbdAgentsDocuments(seed).generate(total).forEach((collection, documents) -> {
            system.database().getCollection(collection).insertMany(documents);
            ids.put(
                    collection,
                    new ArrayList<>(
                            documents.stream().map(d -> d.getObjectId("_id")).toList()));
        });
        return ids;
    }

    private static void insert(LiveSystem system, List<HostileDocument> hostile) {
        hostile.forEach(h -> system.database().getCollection(h.collection()).insertOne(h.document()));
    }

    /// Every row is what its document says: by the comparison the program has, by counts, and by the values
    /// themselves where no rule is needed to compare them.
    private static void asInMongo(LiveSystem system, int collections) throws SQLException {
        assertThat(system.differences()).isEmpty();
        assertThat(collections).isEqualTo(15);
        PlainValues values = new PlainValues();
        try (Connection connection = system.connector().open()) {
            for (String collection : new TbdAgentsDocuments(0).generate(0).keySet()) {
                List<Document> documents =
                        system.database().getCollection(collection).find().into(new ArrayList<>());
                long parked = system.number(
                        "SELECT count(*) FROM sluice.dead_letter WHERE collection = '" + collection + "'");
                assertThat(system.number("SELECT count(*) FROM " + collection))
                        .as(collection)
                        .isEqualTo(documents.size() - parked);
                values.compare(connection, "public." + collection, documents, d -> {
                    boolean second = collection.equals("tokens") && isSecondOfItsName(documents, d);
                    return second ? null : String.valueOf(d.get("_id"));
                });
            }
        }
        assertThat(values.differences()).isEmpty();
        assertThat(values.compared())
                .as("values compared without the mapper")
                .hasSizeGreaterThanOrEqualTo(7)
                .allSatisfy((type, count) -> assertThat(count).as(type).isGreaterThan(100));
    }

    private static boolean isSecondOfItsName(List<Document> tokens, Document token) {
        return tokens.stream()
                .takeWhile(t -> !t.equals(token))
                .anyMatch(t -> String.valueOf(t.get("name")).equals(token.get("name")));
    }

    /// The hostile document is where it belongs, and all of it is somewhere.
    private static void ends(LiveSystem system, HostileDocument hostile) {
        try {
            BsonDocument written = hostile.document()
                    .toBsonDocument(BsonDocument.class, system.database().getCodecRegistry());
            String key = RowIdentity.documentKey(Objects.requireNonNull(written.get("_id")));
            String of = " WHERE collection = '" + hostile.collection() + "' AND document_key = '" + key + "'";
            String row =
                    hostile.collection() + " WHERE id = '" + hostile.document().get("_id") + "'";
            if (hostile.landed().isEmpty()) {
                assertThat(system.number("SELECT count(*) FROM " + row))
                        .as(hostile.kind())
                        .isZero();
                assertThat(system.text("SELECT reason FROM sluice.dead_letter" + of))
                        .as(hostile.kind())
                        .contains(hostile.deadLetter());
                assertThat(BsonDocument.parse(system.text("SELECT document FROM sluice.dead_letter" + of)))
                        .as(hostile.kind())
                        .isEqualTo(written);
            } else {
                assertThat(system.text("SELECT " + hostile.landed() + " FROM " + row))
                        .as(hostile.kind() + ": " + hostile.landed())
                        .isEqualTo("t");
                assertThat(system.number("SELECT count(*) FROM sluice.dead_letter" + of))
                        .as(hostile.kind())
                        .isZero();
            }
            assertThat(system.number("SELECT count(*) FROM sluice.quarantine" + of))
                    .as(hostile.kind() + ", quarantined values")
                    .isEqualTo(hostile.quarantined().size());
            for (Quarantined value : hostile.quarantined()) {
                assertThat(system.text("SELECT value FROM sluice.quarantine" + of + " AND column_name = '"
                                + hostile.collection() + "." + value.column() + "'"))
                        .as(hostile.kind())
                        .isEqualTo(value.value());
            }
        } catch (SQLException e) {
            throw new AssertionError(hostile.kind(), e);
        }
    }

    private static void wholeFile(LiveSystem system, ObjectId file) throws SQLException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        GridFSBuckets.create(system.database()).downloadToStream(file, bytes);
        assertThat(system.text("SELECT encode(sha256(knowledge_file_content(file_id)), 'hex') FROM knowledge_items"
                        + " WHERE file_id = '" + file.toHexString() + "'"))
                .isEqualTo(sha256(bytes.toByteArray()));
        assertThat(system.number("SELECT count(*) FROM knowledge_file_chunks WHERE file_id = '" + file + "'"))
                .isEqualTo(3);
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    @Test
    @DisplayName("the rows depend on no time zone, and copying again writes none of them")
    void dependsOnNothingElse() throws Exception {
        String east = contents("Asia/Shanghai");
        String west = contents("America/New_York");
        assertThat(east).isEqualTo(west);
    }

    /// A digest of all tables after a copy with the session's and the process's clocks set to a zone.
    private static String contents(String zone) throws Exception {
        TimeZone ours = TimeZone.getDefault();
        TimeZone.setDefault(TimeZone.getTimeZone(zone));
        try (LiveSystem system = LiveSystem.start("tbd-agents", SandboxMongo.Options.DEFAULTS)) {
            system.execute("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = %L', current_database(), '"
                    + zone + "'); END $$");
            fill(system, 600, 21);
            insert(system, TbdAgentsHostile.set(1));
            try (RunningPipeline running = RunningPipeline.start(system)) {
                running.awaitStreaming();
                running.awaitApplied();
            }
            StringBuilder digests = new StringBuilder();
            Map<String, String> versions = new HashMap<>();
            for (String table : tables(system)) {
                digests.append(table)
                        .append(' ')
                        .append(system.text("SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM " + table + " t"))
                        .append('\n');
                versions.put(table, versions(system, table));
            }
            system.execute("DELETE FROM sluice.backfill_chunk");
            system.execute("DELETE FROM sluice.backfill");
            try (RunningPipeline again = RunningPipeline.start(system)) {
                again.awaitStreaming();
                again.awaitApplied();
            }
            assertThat(system.number("SELECT count(*) FROM sluice.backfill WHERE state = 'done'"))
                    .as("collections copied again")
                    .isEqualTo(17);
            for (String table : tables(system)) {
                assertThat(versions(system, table)).as(table).isEqualTo(versions.get(table));
            }
            assertThat(system.differences()).isEmpty();
            return digests.toString();
        } finally {
            TimeZone.setDefault(ours);
        }
    }

    private static List<String> tables(LiveSystem system) {
        return system.entry().mapping().collections().stream()
                .map(c -> c.table().table())
                .toList();
    }

    /// Which transaction wrote each row: another digest means that a row was written again.
    private static String versions(LiveSystem system, String table) throws SQLException {
        return String.valueOf(system.text(
                "SELECT count(*) || ' ' || coalesce(md5(string_agg(id || ':' || xmin::text, '|' ORDER BY id)), '')"
                        + " FROM " + table));
    }
}
