package dev.sluice.backfill;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.ReplaceOptions;
import dev.sluice.change.Change;
import dev.sluice.control.BackfillStore;
import dev.sluice.control.PostgresCopyProgress;
import dev.sluice.control.PostgresResyncList;
import dev.sluice.control.ResyncStore.Cause;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.RowChange;
import dev.sluice.sink.postgres.StreamSink;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.testkit.TestTarget;
import dev.sluice.testkit.TestingServers;
import dev.sluice.verify.FullComparison;
import dev.sluice.verify.TableDifference;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bson.BsonDocument;
import org.bson.BsonNull;
import org.bson.BsonTimestamp;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Rows that depend on other rows: references in every form with every policy, natural keys, self
/// references, cycles, look-ups and duplicates, with foreign keys in the target and without.
@SuppressWarnings("NullAway.Init")
class OrphansIT {
    private static final String MAPPING = """
            mapping: test
            database: test
            collections:
              agents:
                table: agents
                key: {column: id, type: uuid}
                columns:
                  owner: {type: text, reference: {table: owners, match: name, take: name, orphan: create}}
                  name: text
                  api_key: citext
                  workflow_id:
                    {type: uuid, from: workflow, convert: [{object_id_to_uuid: {collection: workflows}}],
                     reference: {table: workflows, take: id}}
                  friends:
                    {type: "uuid[]", missing: [], convert: [{object_id_to_uuid: {collection: agents}}],
                     reference: {table: agents, take: id, orphan: drop}}
                  legacy: {type: text, from: _id}
              folders:
                table: folders
                key: {column: id, type: text}
                columns:
                  parent: {type: text, reference: {table: folders, take: id, orphan: empty}}
              workflows:
                table: workflows
                key: {column: id, type: uuid}
                columns:
                  agent_id:
                    {type: uuid, from: agent, convert: [{object_id_to_uuid: {collection: agents}}],
                     reference: {table: agents, take: id, orphan: empty}}
                  name: text
                  legacy: {type: text, from: _id}
              nodes:
                table: nodes
                key: {column: id, type: uuid}
                columns:
                  workflow_id:
                    {type: uuid, from: workflow, convert: [{object_id_to_uuid: {collection: workflows}}],
                     reference: {table: workflows, take: id, orphan: skip}}
                  node: text
              edges:
                table: edges
                key: {column: id, type: bigint}
                columns:
                  workflow_id:
                    {type: uuid, from: workflow, convert: [{object_id_to_uuid: {collection: workflows}}],
                     reference: {table: workflows, take: id, orphan: skip}}
                  from_node:
                    {type: uuid, from: source,
                     reference: {table: nodes, match: node, match_type: text, and: {workflow_id: workflow_id},
                                 take: id, orphan: skip}}
              notes:
                table: notes
                key: {column: id, type: text}
                dedupe: {by: [owner, place], prefer: [{column: pinned, order: present}, {column: rank, order: highest}]}
                columns:
                  owner: text
                  place: text
                  pinned: text
                  rank: integer
                  key_of: text
                  agent_name: {type: text, lookup: {table: agents, match: api_key, match_type: citext, by: key_of, take: name}}
                children:
                  note_lines:
                    from: lines
                    parent: note_id
                    columns:
                      text: text
                      agent_id:
                        {type: uuid, from: agent, convert: [{object_id_to_uuid: {collection: agents}}],
                         reference: {table: agents, take: id, orphan: skip}}
                      seen:
                        {type: "uuid[]", convert: [{object_id_to_uuid: {collection: agents}}],
                         reference: {table: agents, take: id, orphan: empty}}
            """;

    private static final String TABLES = """
            CREATE EXTENSION IF NOT EXISTS citext;
            CREATE TABLE owners (name text PRIMARY KEY, since timestamptz NOT NULL DEFAULT now());
            CREATE TABLE workflows (id uuid PRIMARY KEY, agent_id uuid, name text, legacy text);
            CREATE TABLE agents (id uuid PRIMARY KEY, owner text, name text, api_key citext, workflow_id uuid,
              friends uuid[] NOT NULL, legacy text);
            CREATE TABLE folders (id text PRIMARY KEY, parent text);
            CREATE TABLE nodes (id uuid PRIMARY KEY, workflow_id uuid NOT NULL, node text, UNIQUE (workflow_id, node));
            CREATE TABLE edges (id bigint PRIMARY KEY, workflow_id uuid NOT NULL, from_node uuid NOT NULL);
            CREATE TABLE notes (id text PRIMARY KEY, owner text, place text, pinned text, rank integer, key_of text,
              agent_name text);
            CREATE UNIQUE INDEX ON notes (owner, coalesce(place, ''));
            CREATE TABLE note_lines (note_id text, ordinal integer, text text, agent_id uuid, seen uuid[],
              PRIMARY KEY (note_id, ordinal));
            """;

    private static final String FOREIGN_KEYS = """
            ALTER TABLE agents ADD FOREIGN KEY (owner) REFERENCES owners;
            ALTER TABLE agents ADD FOREIGN KEY (workflow_id) REFERENCES workflows ON DELETE SET NULL;
            ALTER TABLE workflows ADD FOREIGN KEY (agent_id) REFERENCES agents;
            ALTER TABLE folders ADD FOREIGN KEY (parent) REFERENCES folders ON DELETE SET NULL;
            ALTER TABLE nodes ADD FOREIGN KEY (workflow_id) REFERENCES workflows ON DELETE CASCADE;
            ALTER TABLE edges ADD FOREIGN KEY (workflow_id) REFERENCES workflows ON DELETE CASCADE;
            ALTER TABLE edges ADD FOREIGN KEY (from_node) REFERENCES nodes;
            ALTER TABLE note_lines ADD FOREIGN KEY (note_id) REFERENCES notes ON DELETE CASCADE;
            ALTER TABLE note_lines ADD FOREIGN KEY (agent_id) REFERENCES agents;
            """;

    private TestTarget target;
    private MongoSource source;
    private MongoDatabase database;
    private StreamSink stream;
    private Resync resync;
    private long epoch;
    private int second = 10;

    private void open(boolean foreignKeys) throws SQLException {
        target = TestTarget.of(MAPPING, TABLES + (foreignKeys ? FOREIGN_KEYS : ""));
        database = TestingServers.mongoDatabase();
        source = new MongoSource(TestingServers.mongo().uri(), database.getName());
        epoch = target.takeOver();
        stream = target.streamSink(epoch);
        resync = new Resync(
                source,
                new PostgresResyncList(target.connection(), TestTarget.PIPELINE),
                target.chunkSink(epoch),
                target.targets(),
                Fenced.beside(target.fences(), () -> null, () -> false));
    }

    @AfterEach
    void close() {
        database.drop();
        source.close();
        target.close();
    }

    @ParameterizedTest(name = "foreign keys: {0}")
    @ValueSource(booleans = {true, false})
    void aRowThatComesLaterIsFilledInAndIsEmptiedAgainWhenItGoes(boolean foreignKeys) throws SQLException {
        open(foreignKeys);
        put("agents", agent(1).append("workflow", oid(7)));
        assertThat(target.rows("SELECT workflow_id FROM agents")).containsExactly("NULL");
        assertThat(target.rows("SELECT collection, column_name, on_table, kind, document_key FROM sluice.waiting"))
                .containsExactly("agents|agents.workflow_id|public.workflows|reference|{\"$oid\":\""
                        + oid(1).asObjectId().getValue().toHexString() + "\"}");
        assertThat(resync.drain()).as("nothing has come").isZero();

        put("workflows", workflow(7));
        assertThat(resync.drain()).isEqualTo(1);
        assertThat(target.rows("SELECT a.workflow_id = w.id FROM agents a, workflows w"))
                .containsExactly("t");
        assertThat(target.rows("SELECT * FROM sluice.waiting")).isEmpty();
        assertThat(resync.resynced()).isEqualTo(Map.of(Cause.REFERENCE, 1));

        delete("workflows", workflow(7));
        assertThat(target.rows("SELECT workflow_id FROM agents")).containsExactly("NULL");
        put("workflows", workflow(7));
        assertThat(resync.drain()).isEqualTo(1);
        assertThat(target.rows("SELECT a.workflow_id = w.id FROM agents a, workflows w"))
                .containsExactly("t");
        equal();
    }

    @ParameterizedTest(name = "foreign keys: {0}")
    @ValueSource(booleans = {true, false})
    void aCycleIsClosedWhateverComesFirst(boolean foreignKeys) throws SQLException {
        open(foreignKeys);
        put("folders", BsonDocument.parse("{_id: 'a', parent: 'b'}"), BsonDocument.parse("{_id: 'b', parent: 'a'}"));
        put("workflows", workflow(7).append("agent", oid(1)));
        put("agents", agent(1).append("workflow", oid(7)).append("friends", array(1, 2)));
        resync.drain();
        assertThat(target.rows("SELECT id, parent FROM folders ORDER BY id")).containsExactly("a|b", "b|a");
        assertThat(target.rows("SELECT a.workflow_id = w.id, w.agent_id = a.id, a.friends = ARRAY[a.id]"
                        + " FROM agents a, workflows w"))
                .containsExactly("t|t|t");
        delete("folders", BsonDocument.parse("{_id: 'b'}"));
        delete("agents", agent(1));
        assertThat(target.rows("SELECT id, parent FROM folders")).containsExactly("a|NULL");
        assertThat(target.rows("SELECT agent_id FROM workflows")).containsExactly("NULL");
        equal();
    }

    @ParameterizedTest(name = "foreign keys: {0}")
    @ValueSource(booleans = {true, false})
    void whatHasNoRowWithoutAnotherHasOneAsSoonAsThatIsThere(boolean foreignKeys) throws SQLException {
        open(foreignKeys);
        put("edges", BsonDocument.parse("{_id: 1, source: 'start'}").append("workflow", oid(7)));
        put("nodes", node(3, 7, "start"));
        assertThat(target.rows("SELECT count(*) FROM nodes")).containsExactly("0");
        put("workflows", workflow(7));
        resync.drain();
        assertThat(target.rows("SELECT e.from_node = n.id FROM edges e, nodes n"))
                .containsExactly("t");

        delete("workflows", workflow(7));
        assertThat(target.rows("SELECT (SELECT count(*) FROM nodes), (SELECT count(*) FROM edges)"))
                .containsExactly("0|0");
        put("workflows", workflow(7));
        resync.drain();
        assertThat(target.rows("SELECT e.from_node = n.id FROM edges e, nodes n"))
                .containsExactly("t");

        // The node gets another name: the edge refers to nothing.
        put("nodes", node(3, 7, "renamed"));
        resync.drain();
        assertThat(target.rows("SELECT count(*) FROM edges")).containsExactly("0");
        put("nodes", node(3, 7, "start"));
        resync.drain();
        assertThat(target.rows("SELECT count(*) FROM edges")).containsExactly("1");
        equal();
    }

    @ParameterizedTest(name = "foreign keys: {0}")
    @ValueSource(booleans = {true, false})
    void ofDuplicatesThePreferredHasTheRowAndTheNextOneFollowsIt(boolean foreignKeys) throws SQLException {
        open(foreignKeys);
        put("notes", BsonDocument.parse("{_id: 'a', owner: 'o', rank: 1, lines: [{text: 'x'}]}"));
        put("notes", BsonDocument.parse("{_id: 'b', owner: 'o', rank: 2, lines: [{text: 'y'}, {text: 'z'}]}"));
        assertThat(target.rows("SELECT id FROM notes")).containsExactly("b");
        assertThat(target.rows("SELECT note_id, text FROM note_lines ORDER BY text"))
                .containsExactly("b|y", "b|z");
        put("notes", BsonDocument.parse("{_id: 'c', owner: 'o', rank: 0, pinned: 'yes'}"));
        assertThat(target.rows("SELECT id FROM notes")).containsExactly("c");
        assertThat(target.rows("SELECT row_key, kind, on_value FROM sluice.waiting ORDER BY 1"))
                .containsExactly("a|duplicate|[\"o\", null]", "b|duplicate|[\"o\", null]");
        delete("notes", BsonDocument.parse("{_id: 'c'}"));
        resync.drain();
        assertThat(target.rows("SELECT id FROM notes")).containsExactly("b");
        put("notes", BsonDocument.parse("{_id: 'b', owner: 'other', rank: 2}"));
        resync.drain();
        assertThat(target.rows("SELECT id FROM notes ORDER BY id")).containsExactly("a", "b");
        equal();
    }

    @ParameterizedTest(name = "foreign keys: {0}")
    @ValueSource(booleans = {true, false})
    void aLookUpFollowsTheRowItWasMadeIn(boolean foreignKeys) throws SQLException {
        open(foreignKeys);
        put("notes", BsonDocument.parse("{_id: 'a', owner: 'o', key_of: 'KEY'}"));
        put(
                "agents",
                agent(1).append("api_key", BsonDocument.parse("{v: 'key'}").get("v")));
        resync.drain();
        assertThat(target.rows("SELECT agent_name FROM notes")).containsExactly("agent 1");
        put("agents", BsonDocument.parse("{api_key: 'key', name: 'new'}").append("_id", oid(1)));
        resync.drain();
        assertThat(target.rows("SELECT agent_name FROM notes")).containsExactly("new");
        delete("agents", agent(1));
        resync.drain();
        assertThat(target.rows("SELECT agent_name FROM notes")).containsExactly("NULL");
        equal();
    }

    @ParameterizedTest(name = "foreign keys: {0}")
    @ValueSource(booleans = {true, false})
    void aRowMadeForOthersStaysAsLongAsTheyDo(boolean foreignKeys) throws SQLException {
        open(foreignKeys);
        put(
                "agents",
                agent(1).append("owner", BsonDocument.parse("{v: 'somebody'}").get("v")));
        assertThat(target.rows("SELECT name FROM owners")).containsExactly("somebody");
        equal();
    }

    @ParameterizedTest(name = "foreign keys: {0}")
    @ValueSource(booleans = {true, false})
    void whatSomebodyElseBringsIsFound(boolean foreignKeys) throws SQLException {
        open(foreignKeys);
        put("agents", agent(1).append("workflow", oid(7)));
        // As another program, or another transaction at the same moment, would.
        target.execute("INSERT INTO workflows (id) SELECT on_value::uuid FROM sluice.waiting");
        assertThat(resync.drain()).isZero();
        assertThat(resync.sweep()).isEqualTo(1);
        assertThat(target.rows("SELECT a.workflow_id = w.id FROM agents a, workflows w"))
                .containsExactly("t");
        assertThat(resync.sweep()).isZero();
    }

    /// Everything at once, in an order that nobody planned: stream, backfill and what is resynced.
    @ParameterizedTest(name = "foreign keys: {0}, seed {1}")
    @CsvSource({"true,1", "false,1", "true,2", "false,2", "true,3", "false,3", "true,4", "false,5", "true,6", "false,7"
    })
    void inAnyOrderTheRowsAreWhatTheDocumentsSay(boolean foreignKeys, long seed) throws SQLException {
        open(foreignKeys);
        Random random = new Random(seed);
        // Some are there before, and come by the backfill in the middle of it all.
        for (int i = 0; i < 60; i++) {
            BsonDocument document = randomDocument(random);
            collection(document).insertOne(strip(document));
        }
        for (int round = 0; round < 25; round++) {
            List<RowChange> changes = new ArrayList<>();
            for (int i = random.nextInt(12); i >= 0; i--) {
                BsonDocument document = randomDocument(random);
                String collection = document.getString("in").getValue();
                changes.add(random.nextInt(4) == 0 ? deleted(collection, strip(document)) : upserted(document));
            }
            apply(changes);
            if (round == 8) {
                copy();
            }
            if (random.nextInt(3) == 0) {
                resync.drain();
            }
        }
        resync.drain();
        resync.sweep();
        assertThat(target.rows("SELECT collection, document_key, reason FROM sluice.dead_letter"))
                .isEmpty();
        assertThat(target.rows("SELECT count(*) FROM sluice.waiting").getFirst())
                .as("something waits, else this shows little")
                .isNotEqualTo("0");
        equal();
        List<String> versions = target.versions();
        new BackfillStore(TestTarget.PIPELINE).restart(target.connection(), "agents");
        copy();
        resync.drain();
        assertThat(target.versions()).as("again changes nothing").isEqualTo(versions);
    }

    /// The backfill copies again and again, and what waits is resynced, while the stream goes on.
    @ParameterizedTest(name = "foreign keys: {0}")
    @ValueSource(booleans = {true, false})
    void sideBySideTheyMissNothingOfEachOther(boolean foreignKeys) throws Exception {
        open(foreignKeys);
        AtomicBoolean over = new AtomicBoolean();
        Connection bookkeeping = target.connection();
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            Future<?> copying = threads.submit(() -> {
                while (!over.get()) {
                    copy();
                    for (CollectionTarget collection : target.targets()) {
                        new BackfillStore(TestTarget.PIPELINE).restart(bookkeeping, collection.collection());
                    }
                }
                return null;
            });
            Future<?> taking = threads.submit(() -> {
                while (!over.get()) {
                    resync.drain();
                }
            });
            Random random = new Random(11);
            for (int round = 0; round < 150; round++) {
                List<RowChange> changes = new ArrayList<>();
                for (int i = random.nextInt(4); i >= 0; i--) {
                    BsonDocument document = randomDocument(random);
                    String collection = document.getString("in").getValue();
                    changes.add(random.nextInt(3) == 0 ? deleted(collection, strip(document)) : upserted(document));
                }
                apply(changes);
            }
            over.set(true);
            copying.get();
            taking.get();
        }
        resync.drain();
        resync.sweep();
        assertThat(target.rows("SELECT collection, document_key, reason FROM sluice.dead_letter"))
                .isEmpty();
        equal();
    }

    private BsonDocument randomDocument(Random random) {
        String in = List.of("agents", "folders", "workflows", "nodes", "edges", "notes")
                .get(random.nextInt(6));
        int n = random.nextInt(5);
        BsonDocument document = switch (in) {
            case "agents" -> {
                BsonDocument agent = agent(n).append("friends", array(random.nextInt(5), random.nextInt(5)));
                if (random.nextBoolean()) {
                    agent.append("workflow", oid(random.nextInt(5)));
                }
                if (n < 2) {
                    agent.append(
                            "api_key", BsonDocument.parse("{v: 'Key" + n + "'}").get("v"));
                }
                agent.put(
                        "name",
                        BsonDocument.parse("{v: 'n" + random.nextInt(3) + "'}").get("v"));
                yield agent;
            }
            case "folders" -> BsonDocument.parse("{_id: 'f" + n + "', parent: 'f" + random.nextInt(5) + "'}");
            case "workflows" -> workflow(n).append("agent", oid(random.nextInt(5)));
            // Each node has a name of its own in its workflow.
            case "nodes" -> node(n, random.nextInt(3), "node" + n);
            case "edges" ->
                BsonDocument.parse("{_id: " + n + ", source: 'node" + random.nextInt(5) + "'}")
                        .append("workflow", oid(random.nextInt(3)));
            default -> {
                BsonDocument note = BsonDocument.parse("{_id: 'n" + n + "', owner: 'o" + random.nextInt(2)
                        + "', key_of: 'kEY" + random.nextInt(3) + "', rank: " + random.nextInt(3) + "}");
                if (random.nextBoolean()) {
                    note.put("pinned", BsonDocument.parse("{v: 'y'}").get("v"));
                }
                note.put("lines", lines(random));
                yield note;
            }
        };
        return document.append("in", BsonDocument.parse("{v: '" + in + "'}").get("v"));
    }

    private static org.bson.BsonArray lines(Random random) {
        org.bson.BsonArray lines = new org.bson.BsonArray();
        for (int i = random.nextInt(3); i >= 0; i--) {
            BsonDocument line = BsonDocument.parse("{text: 't" + i + "'}");
            line.put("agent", oid(random.nextInt(5)));
            line.put("seen", array(random.nextInt(5), random.nextInt(5)));
            lines.add(line);
        }
        return lines;
    }

    private static BsonDocument strip(BsonDocument document) {
        BsonDocument plain = document.clone();
        plain.remove("in");
        return plain;
    }

    private MongoCollection<BsonDocument> collection(BsonDocument document) {
        MongoCollection<BsonDocument> collection =
                database.getCollection(document.getString("in").getValue(), BsonDocument.class);
        collection.deleteOne(Filters.eq("_id", document.get("_id")));
        return collection;
    }

    private static BsonDocument agent(int n) {
        return BsonDocument.parse("{name: 'agent " + n + "'}").append("_id", oid(n));
    }

    private static BsonDocument workflow(int n) {
        return BsonDocument.parse("{name: 'workflow " + n + "'}").append("_id", oid(n));
    }

    private static BsonDocument node(int n, int workflow, String name) {
        return BsonDocument.parse("{node: '" + name + "'}")
                .append("_id", oid(100 + n))
                .append("workflow", oid(workflow));
    }

    private static org.bson.BsonValue oid(int n) {
        return Objects.requireNonNull(BsonDocument.parse("{v: {$oid: '" + String.format("%024x", 0x65a0 + n) + "'}}")
                .get("v"));
    }

    private static org.bson.BsonArray array(int... ids) {
        org.bson.BsonArray array = new org.bson.BsonArray();
        for (int id : ids) {
            array.add(oid(id));
        }
        return array;
    }

    private void put(String collection, BsonDocument... documents) throws SQLException {
        List<RowChange> changes = new ArrayList<>();
        for (BsonDocument document : documents) {
            changes.add(upserted(document.clone()
                    .append(
                            "in",
                            BsonDocument.parse("{v: '" + collection + "'}").get("v"))));
        }
        apply(changes);
    }

    private void delete(String collection, BsonDocument document) throws SQLException {
        apply(List.of(deleted(collection, document)));
    }

    private RowChange upserted(BsonDocument withCollection) {
        String collection = withCollection.getString("in").getValue();
        BsonDocument document = strip(withCollection);
        database.getCollection(collection, BsonDocument.class)
                .replaceOne(Filters.eq("_id", document.get("_id")), document, new ReplaceOptions().upsert(true));
        return mapped(new Change.Upsert(
                collection, document.get("_id", BsonNull.VALUE), document, new BsonTimestamp(second, 1), 1));
    }

    private RowChange deleted(String collection, BsonDocument document) {
        database.getCollection(collection, BsonDocument.class).deleteOne(Filters.eq("_id", document.get("_id")));
        return mapped(
                new Change.Delete(collection, document.get("_id", BsonNull.VALUE), new BsonTimestamp(second, 1), 1));
    }

    private RowChange mapped(Change change) {
        return Objects.requireNonNull(target.mapper().map(change));
    }

    private void apply(List<RowChange> changes) throws SQLException {
        stream.apply(changes, TestTarget.at(second++, 1), null);
    }

    private void copy() throws SQLException {
        try (Backfill backfill = new Backfill(
                source,
                new PostgresCopyProgress(target.connection(), TestTarget.PIPELINE, epoch),
                new Backfill.Writing(
                        () -> target.chunkSink(epoch), Fenced.beside(target.fences(), () -> null, () -> false)),
                Backfill.Limits.adaptive().withDocuments(7).withWorkers(3),
                new Silent())) {
            for (CollectionTarget collection : target.targets()) {
                backfill.copy(collection);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void equal() throws SQLException {
        FullComparison comparison = new FullComparison(source, target.connection(), TestTarget.PIPELINE);
        for (CollectionTarget collection : target.targets()) {
            assertThat(comparison.compare(collection)).allMatch(TableDifference::equal);
        }
    }

    private static final class Silent implements Backfill.Listener {
        @Override
        public void onEstimate(CollectionTarget target, long documents, long alreadyCopied) {}

        @Override
        public void onChunk(CollectionTarget target, Backfill.Done done) {}

        @Override
        public void onDone(CollectionTarget target) {}
    }
}
