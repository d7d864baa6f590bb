package dev.sluice.service.plan;

import dev.sluice.evolution.SourceCheck;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.schema.Mapping;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.Oplog;
import dev.sluice.source.mongo.SourceSurvey;
import dev.sluice.source.mongo.SourceSurvey.Found;
import dev.sluice.source.mongo.SourceSurvey.Kind;
import dev.sluice.source.mongo.SourceSurvey.Size;
import dev.sluice.source.mongo.WithoutChanges;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// MongoDB's side of the preflight.
final class SourceChecks {
    /// The first release with a change stream of a whole database.
    private static final int VERSION_MIN = 4;

    /// The oldest release that Debezium is tested with.
    private static final int VERSION_TESTED = 6;

    /// The oplog is to reach back this many times as long as the copy takes: a copy that is interrupted and
    /// made again must still find its beginning.
    private static final int OPLOG_MARGIN = 3;

    private final MongoSource source;
    private final SourceSurvey survey;
    private final Mapping mapping;
    private final List<CollectionTarget> targets;
    private final Checklist list;

    /// The sizes of the mapped collections that are there, in the order of the mapping.
    private final Map<String, Size> sizes = new LinkedHashMap<>();

    SourceChecks(MongoSource source, Mapping mapping, List<CollectionTarget> targets, Checklist list) {
        this.source = source;
        this.survey = source.survey();
        this.mapping = mapping;
        this.targets = targets;
        this.list = list;
    }

    /// @return the collections that can be read, with their sizes
    Map<String, Size> run() {
        if (reachable()) {
            version();
            server();
            if (collections()) {
                changeStream();
            }
        }
        return sizes;
    }

    private boolean reachable() {
        try {
            String replicaSet = source.hello().replicaSet();
            list.ok(Check.MONGO_REACHABLE, "MongoDB answers.");
            list.ok(
                    Check.MONGO_TOPOLOGY,
                    replicaSet.isEmpty() ? "It is a sharded cluster." : "It is the replica set " + replicaSet + ".");
            return true;
        } catch (SluiceException e) {
            if (e.kind() == FailureKind.NOT_A_REPLICA_SET) {
                list.ok(Check.MONGO_REACHABLE, "MongoDB answers.");
                list.problem(
                        Check.MONGO_TOPOLOGY, null, e.kind().what(), e.kind().remedy());
                return true;
            }
            list.problem(Check.MONGO_REACHABLE, null, e.whatHappened(), e.kind().remedy());
            list.notLookedAt();
            return false;
        }
    }

    private void version() {
        String version;
        try {
            version = survey.version();
        } catch (SluiceException e) {
            list.warning(
                    Check.MONGO_VERSION,
                    null,
                    "The version is not known: " + e.whatHappened(),
                    "Check it by hand; 6.0 or newer.");
            return;
        }
        int major = Integer.parseInt(version.replaceFirst("\\D.*$", ""));
        if (major < VERSION_MIN) {
            list.problem(
                    Check.MONGO_VERSION,
                    null,
                    "MongoDB " + version + " has no change stream of a database.",
                    "Upgrade to 6.0 or newer.");
        } else if (major < VERSION_TESTED) {
            list.warning(
                    Check.MONGO_VERSION,
                    null,
                    "MongoDB " + version + " is older than what the change stream's engine is tested with (6.0).",
                    "Upgrade, or try it on a copy first.");
        } else {
            list.ok(Check.MONGO_VERSION, "MongoDB " + version + ".");
        }
    }

    private void server() {
        try {
            survey.notMongoDb()
                    .ifPresentOrElse(
                            name -> list.warning(
                                    Check.MONGO_SERVER,
                                    null,
                                    "It answers as " + name
                                            + " does, which implements MongoDB's protocol. Sluice was never tested"
                                            + " on it: its change stream, resume tokens and clock may differ from MongoDB's.",
                                    "Try everything on a copy first, and compare with `sluice verify`."),
                            () -> list.ok(Check.MONGO_SERVER, "It identifies itself as MongoDB."));
        } catch (SluiceException e) {
            list.warning(
                    Check.MONGO_SERVER,
                    null,
                    "Whether it is MongoDB is not known: " + e.whatHappened(),
                    "Check it by hand.");
        }
    }

    /// @return whether the database can be read
    private boolean collections() {
        List<Found> found;
        try {
            found = survey.collections();
        } catch (SluiceException e) {
            list.problem(
                    Check.MONGO_READ,
                    source.database(),
                    "The user may not list the collections of " + source.database() + ": " + e.whatHappened(),
                    "Grant the role read on the database.");
            return false;
        }
        Map<String, Kind> kinds = new TreeMap<>();
        found.forEach(f -> kinds.put(f.name(), f.kind()));
        if (!mayRead(kinds)) {
            return false;
        }
        missing(kinds);
        unmapped(kinds);
        kinds(kinds);
        sizes(kinds);
        return true;
    }

    private boolean mayRead(Map<String, Kind> kinds) {
        List<String> refused = new ArrayList<>();
        String why = "";
        for (CollectionTarget target : targets) {
            if (kinds.containsKey(target.collection())) {
                try {
                    survey.first(target.collection(), 1, document -> {});
                } catch (SluiceException e) {
                    refused.add(target.collection());
                    why = e.whatHappened();
                }
            }
        }
        if (refused.isEmpty()) {
            list.ok(Check.MONGO_READ, "The user may list and read the collections of " + source.database() + ".");
            return true;
        }
        list.problem(
                Check.MONGO_READ,
                String.join(", ", refused),
                "Can't read " + String.join(", ", refused) + ": " + why,
                "Grant the role read on the database.");
        return false;
    }

    private void missing(Map<String, Kind> kinds) {
        List<String> missing = targets.stream()
                .map(CollectionTarget::collection)
                .filter(name -> !kinds.containsKey(name))
                .toList();
        String remedy = "Fine if it is still to come; else correct the name in the mapping, or MONGO_DB_NAME.";
        List<String> others = new ArrayList<>();
        for (String name : missing) {
            Optional<String> twin = kinds.keySet().stream()
                    .filter(k -> k.equalsIgnoreCase(name))
                    .findFirst();
            if (twin.isPresent()) {
                list.warning(
                        Check.COLLECTION_MISSING,
                        name,
                        "The mapping names the collection " + name + ", and " + source.database() + " has " + twin.get()
                                + ".",
                        "Correct the name in the mapping.");
            } else {
                others.add(name);
            }
        }
        if (!others.isEmpty()) {
            list.warning(
                    Check.COLLECTION_MISSING,
                    String.join(", ", others),
                    others.size() == 1
                            ? "The mapping names the collection " + others.getFirst() + ", and " + source.database()
                                    + " has none of that name."
                            : String.format(
                                    Locale.ROOT,
                                    "%s of the %,d collections that the mapping names %s in %s: %s.",
                                    others.size() == targets.size() ? "None" : others.size(),
                                    targets.size(),
                                    others.size() == targets.size() ? "is" : "are not",
                                    source.database(),
                                    String.join(", ", others)),
                    remedy);
        }
        if (missing.isEmpty()) {
            list.ok(Check.COLLECTION_MISSING, "Every mapped collection is there.");
        }
    }

    private void unmapped(Map<String, Kind> kinds) {
        List<String> leftAlone = kinds.entrySet().stream()
                .filter(e -> e.getValue() != Kind.VIEW)
                .map(Map.Entry::getKey)
                .filter(name -> !mapping.byCollection().containsKey(name)
                        && !mapping.ignored().contains(name))
                .toList();
        if (leftAlone.isEmpty()) {
            list.ok(Check.COLLECTION_UNMAPPED, "Every collection is mapped or ignored.");
        } else {
            list.warning(
                    Check.COLLECTION_UNMAPPED,
                    String.join(", ", leftAlone),
                    "Neither mapped nor ignored, and so not copied: " + String.join(", ", leftAlone) + ".",
                    "Map them, or name them under 'ignore' to say that this is meant.");
        }
    }

    private void kinds(Map<String, Kind> kinds) {
        for (CollectionTarget target : targets) {
            Kind kind = kinds.getOrDefault(target.collection(), Kind.COLLECTION);
            String name = target.collection();
            switch (kind) {
                case COLLECTION -> {}
                case VIEW -> withoutChanges(WithoutChanges.VIEW, name);
                case TIME_SERIES -> withoutChanges(WithoutChanges.TIME_SERIES, name);
                case CAPPED ->
                    list.warning(
                            Check.COLLECTION_KIND,
                            name,
                            name + " is capped: what drops out of it at its end is no change, so those rows stay.",
                            "Fine if the rows may stay; else delete them by a rule of your own.");
            }
        }
    }

    private void withoutChanges(WithoutChanges kind, String name) {
        list.problem(Check.COLLECTION_KIND, name, kind.what(name), kind.remedy());
    }

    private void sizes(Map<String, Kind> kinds) {
        String largest = "";
        long average = 0;
        for (CollectionTarget target : targets) {
            String name = target.collection();
            if (!kinds.containsKey(name)) {
                continue;
            }
            Size size = survey.size(name).orElseGet(() -> new Size(source.estimate(name), 0, 0));
            sizes.put(name, size);
            if (size.averageBytes() > average) {
                average = size.averageBytes();
                largest = name;
            }
        }
        if (largest.isEmpty()) {
            return;
        }
        list.ok(
                Check.DOCUMENT_SIZE,
                "The largest documents are those of " + largest + ": " + Quantity.bytes(average) + " on average.");
    }

    private void changeStream() {
        if (list.troubled(Check.MONGO_TOPOLOGY)) {
            return;
        }
        try {
            source.currentPosition();
            list.ok(Check.MONGO_CHANGE_STREAM, "The change stream of " + source.database() + " can be opened.");
        } catch (SluiceException e) {
            list.problem(
                    Check.MONGO_CHANGE_STREAM,
                    source.database(),
                    "The change stream of " + source.database() + " can't be opened: " + e.whatHappened(),
                    "Grant the role read on the database; it has find and changeStream.");
        }
    }

    /// The oplog's length against the time that the copy takes. Called last, when that is known.
    void oplog(CopyEstimate estimate) {
        if (list.troubled(Check.MONGO_REACHABLE)
                || list.troubled(Check.MONGO_TOPOLOGY)
                || list.troubled(Check.MONGO_READ)) {
            return;
        }
        Optional<Oplog.Window> known = survey.oplog().window();
        if (known.isEmpty()) {
            list.warning(
                    Check.MONGO_OPLOG,
                    null,
                    "The oplog can't be read, so how far back it goes is not known. " + estimate.forPeople(),
                    "Grant find on local.oplog.rs to see it here, or look with rs.printReplicationInfo().");
            return;
        }
        Oplog.Window window = known.get();
        String found = "The oplog goes back " + Quantity.time(Duration.ofSeconds(window.seconds())) + ". "
                + estimate.forPeople();
        if (window.seconds() >= OPLOG_MARGIN * estimate.seconds()) {
            list.ok(Check.MONGO_OPLOG, found);
            return;
        }
        list.warning(
                Check.MONGO_OPLOG,
                null,
                found
                        + (window.whole()
                                ? " Nothing has dropped out of it yet, so it may come to reach further."
                                : " That is less than " + OPLOG_MARGIN + " times as long."),
                "Make it larger (replSetResizeOplog). `sluice run` follows the stream while it copies, so it needs"
                        + " less; `sluice backfill`, and a run that is down for a while, need all of it.");
    }

    /// Whether it is the MongoDB that was copied, and, where it is, whether the stream can go on from the
    /// pipeline's position.
    ///
    /// @param look asks for both
    void source(Looking look) throws SQLException {
        if (list.troubled(Check.MONGO_REACHABLE) || list.troubled(Check.MONGO_CHANGE_STREAM)) {
            return;
        }
        try {
            SourceCheck.Found found = look.require();
            list.ok(
                    Check.MONGO_SOURCE,
                    "It is the MongoDB that was copied."
                            + (found.deployment().id() == null
                                    ? " That goes by its collections and operations, since its identifier can't be read:"
                                            + " grant find on local.system.replset."
                                    : ""));
            if (found.lost() == null) {
                list.ok(Check.MONGO_POSITION, "The stream can resume from the pipeline's position.");
            } else {
                list.problem(
                        Check.MONGO_POSITION,
                        null,
                        found.lost().whatHappened(),
                        found.lost().kind().remedy());
            }
        } catch (SluiceException e) {
            list.problem(
                    e.kind() == FailureKind.SOURCE_REPLACED ? Check.MONGO_SOURCE : Check.MONGO_POSITION,
                    null,
                    e.whatHappened(),
                    e.kind().remedy());
        }
    }

    /// Changes of collections that stop every command that writes, until a user decides. Not on another MongoDB,
    /// which they are not of.
    void changes(List<SluiceException> stops) {
        if (list.troubled(Check.MONGO_SOURCE)) {
            return;
        }
        for (SluiceException stop : stops) {
            list.problem(
                    Check.COLLECTION_CHANGED,
                    null,
                    stop.whatHappened(),
                    stop.kind().remedy());
        }
    }

    /// Asks whether it is the MongoDB that was copied.
    interface Looking {
        SourceCheck.Found require() throws SQLException;
    }

    /// What the mapped collections hold together.
    static Size total(Map<String, Size> sizes) {
        long documents = sizes.values().stream().mapToLong(Size::documents).sum();
        long bytes = sizes.values().stream().mapToLong(Size::bytes).sum();
        return new Size(documents, bytes, documents == 0 ? 0 : bytes / documents);
    }
}
