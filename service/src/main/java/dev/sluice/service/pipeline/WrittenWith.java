package dev.sluice.service.pipeline;

import dev.sluice.change.Position;
import dev.sluice.control.BackfillStore;
import dev.sluice.control.MappingVersions;
import dev.sluice.control.MappingVersions.Version;
import dev.sluice.control.MappingVersions.Wanted;
import dev.sluice.control.ResyncStore;
import dev.sluice.cutover.Route;
import dev.sluice.cutover.RouteStore;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.positions.MovedWrites;
import dev.sluice.positions.PositionStore;
import dev.sluice.schema.Catalog;
import dev.sluice.schema.MappingDiff;
import dev.sluice.schema.MappingDiff.OfCollection;
import dev.sluice.schema.MappingException;
import dev.sluice.schema.MappingReader;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Compares the mapping with the one that a pipeline's rows were written with. Rows of a collection for which both
/// say something else are written again: a column that is new would stay NULL in all of them, and a comparison
/// would say that somebody else has changed them.
///
/// Any thread.
public final class WrittenWith {
    private static final Logger LOG = LoggerFactory.getLogger(WrittenWith.class);

    private static final WrittenWith UNKNOWN = new WrittenWith(null);

    private final Catalog.@Nullable Entry entry;

    private WrittenWith(Catalog.@Nullable Entry entry) {
        this.entry = entry;
    }

    /// For the mapping of a file.
    public static WrittenWith mapping(Catalog.Entry entry) {
        return new WrittenWith(entry);
    }

    /// For a mapping that is in no file, which is taken for the one that rows were written with.
    public static WrittenWith unknown() {
        return UNKNOWN;
    }

    /// Names of MongoDB's collections that the mapping maps or ignores; empty where it is in no file.
    Optional<Set<String>> accountedFor() {
        return Optional.ofNullable(entry)
                .map(Catalog.Entry::mapping)
                .map(mapping -> Stream.concat(mapping.byCollection().keySet().stream(), mapping.ignored().stream())
                        .collect(Collectors.toUnmodifiableSet()));
    }

    /// What the mapping says else than the one before.
    ///
    /// @param before the version that rows were written with
    public record Changed(Version before, MappingDiff diff) {}

    /// A mapping that is in force in the place of the one of the file.
    ///
    /// @param version its number
    /// @param text of its file
    /// @param why in a sentence
    public record InForce(int version, String text, String why) {}

    /// The mapping that is in force, where that is another one than that of the file: one that `sluice
    /// evolve` asks for, or, where the file has one that rows were written with before, the one that
    /// they are written with now. So a process that starts with a file of before, or takes over with
    /// one, does not undo what others have done.
    ///
    /// @param connection of a database that may not have the control schema yet, or an older one
    public Optional<InForce> superseded(Connection connection, String pipeline) throws SQLException {
        if (entry == null || !isNoted(connection)) {
            return Optional.empty();
        }
        MappingVersions versions = new MappingVersions(pipeline);
        Optional<Wanted> wanted = versions.wanted(connection);
        if (wanted.isPresent()) {
            return wanted.filter(w -> !w.text().equals(entry.text()))
                    .map(w ->
                            new InForce(w.number(), w.text(), "It is wanted since " + w.at() + " by " + w.by() + "."));
        }
        Version now = versions.latest(connection).orElse(null);
        if (now == null || now.text().equals(entry.text()) || !versions.isFormer(connection, entry.text(), now)) {
            return Optional.empty();
        }
        return Optional.of(
                new InForce(
                        now.number(),
                        now.text(),
                        "SLUICE_MAPPING has one of before, which " + now.number() + " has replaced at " + now.since()
                                + ". Put the current file in its place; `sluice evolve` with the one of before goes back to it."));
    }

    /// What changed since rows were last written.
    ///
    /// @return empty where nothing did, nothing is noted yet, or what is noted can't be read by this release
    public Optional<Changed> changed(Connection connection, String pipeline) throws SQLException {
        Version before = new MappingVersions(pipeline).latest(connection).orElse(null);
        if (entry == null || before == null || before.text().equals(entry.text())) {
            return Optional.empty();
        }
        try {
            MappingDiff diff = MappingDiff.of(
                    MappingReader.read("version " + before.number() + " of the mapping", before.text()),
                    entry.mapping());
            return diff.collections().isEmpty() ? Optional.empty() : Optional.of(new Changed(before, diff));
        } catch (MappingException unreadable) {
            LOG.warn(
                    "Version {} of the mapping of the pipeline {} can't be read by this release, so that it is not known"
                            + " what the rows that it wrote lack by the one of now. `sluice verify` finds that.",
                    before.number(),
                    pipeline);
            return Optional.empty();
        }
    }

    /// Has the rows written again for which the mapping says something else than before, and notes the mapping. To
    /// be called by the process that has just taken the pipeline over, before it writes, in a transaction.
    ///
    /// @throws SluiceException of kind BAD_SETTING when readers of such a collection are on PostgreSQL: they would
    ///     see rows of both mappings
    void follow(Connection connection, String pipeline) throws SQLException {
        if (entry == null) {
            return;
        }
        MappingVersions versions = new MappingVersions(pipeline);
        Version before = versions.latest(connection).orElse(null);
        boolean asked = versions.wanted(connection)
                .filter(w -> w.text().equals(entry.text()))
                .isPresent();
        Changed changed = changed(connection, pipeline).orElse(null);
        if (before == null || changed == null) {
            if (asked) {
                LOG.info(
                        "The pipeline {} writes with version {} of its mapping.",
                        pipeline,
                        begin(connection, pipeline, versions));
            } else if (before == null) {
                versions.add(connection, entry.text());
            } else if (!before.text().equals(entry.text())) {
                versions.reword(connection, before.number(), entry.text());
            }
            return;
        }
        Set<String> moved = new MovedWrites(pipeline).load(connection);
        List<OfCollection> again = changed.diff().filled().stream()
                .filter(collection -> !moved.contains(collection.collection()))
                .toList();
        requireNoReaders(connection, pipeline, again);
        int version = asked ? begin(connection, pipeline, versions) : versions.add(connection, entry.text());
        for (OfCollection collection : again) {
            fill(connection, pipeline, collection);
        }
        for (OfCollection collection : changed.diff().collections()) {
            LOG.warn(
                    "The mapping of {} is another one since version {} of it ({}): {}. {}",
                    collection.collection(),
                    before.number(),
                    before.since(),
                    text(collection),
                    consequence(collection, again.contains(collection)));
        }
        LOG.info("The pipeline {} writes with version {} of its mapping.", pipeline, version);
    }

    private static int begin(Connection connection, String pipeline, MappingVersions versions) throws SQLException {
        Position from = new PositionStore(pipeline).load(connection).orElse(null);
        return versions.begin(connection, from == null ? null : from.clusterTime());
    }

    private static void fill(Connection connection, String pipeline, OfCollection collection) throws SQLException {
        switch (collection.effect()) {
            case NONE -> {}
            case FILL -> {
                BackfillStore copies = new BackfillStore(pipeline);
                copies.restart(connection, collection.collection());
                // As one that was broken off: a copy then resumes this one, and leaves the others as they are.
                copies.begin(connection, collection.collection());
            }
            case FILL_AND_PRUNE ->
                new ResyncStore(pipeline).askForAll(connection, collection.collection(), "asked", true);
        }
    }

    private static String consequence(OfCollection collection, boolean again) {
        return switch (collection.effect()) {
            case NONE -> "The rows that are there stay as they are.";
            case FILL, FILL_AND_PRUNE ->
                again
                        ? "All of its documents are read again, beside the stream; until that is done its gate is shut."
                        : "Its writes have moved to PostgreSQL, so the rows stay as they are.";
        };
    }

    /// The changes of a collection, for people.
    public static String text(OfCollection collection) {
        return collection.changes().stream().map(Object::toString).collect(Collectors.joining("; "));
    }

    /// For commands that neither copy nor follow: what they would write or compare has to be of one mapping.
    ///
    /// @param connection of a database that may not have the control schema yet
    /// @throws SluiceException of kind BAD_SETTING when rows are to be written again
    public void requireUnchanged(Connection connection, String pipeline) throws SQLException {
        List<OfCollection> again = changedIfNoted(connection, pipeline)
                .map(changed -> changed.diff().filled())
                .orElse(List.of());
        if (!again.isEmpty()) {
            throw new SluiceException(
                    FailureKind.BAD_SETTING,
                    "SLUICE_MAPPING is another mapping than the rows of the pipeline " + pipeline
                            + " were written with: "
                            + again.stream()
                                    .map(collection -> collection.collection() + ": " + text(collection))
                                    .collect(Collectors.joining("; "))
                            + ". Nothing was done. `sluice evolve` has these rows written again, by the process that runs the"
                            + " pipeline or by itself; `sluice plan` says what that means.");
        }
    }

    /// As [#changed], also where the control schema is not there, or older.
    public Optional<Changed> changedIfNoted(Connection connection, String pipeline) throws SQLException {
        return isNoted(connection) ? changed(connection, pipeline) : Optional.empty();
    }

    /// Whether the control schema has what is asked here.
    public static boolean isNoted(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("SELECT EXISTS (SELECT FROM pg_attribute WHERE attname = 'wanted_at'"
                                + " AND NOT attisdropped AND attrelid = to_regclass('sluice.mapping_version'))")) {
            row.next();
            return row.getBoolean(1);
        }
    }

    private static void requireNoReaders(Connection connection, String pipeline, List<OfCollection> again)
            throws SQLException {
        List<String> read = new ArrayList<>();
        Map<String, Route> routes = new RouteStore(pipeline).routes(connection);
        for (OfCollection collection : again) {
            Route route = routes.get(collection.collection());
            if (route != null && route.share().percent() > 0) {
                read.add(collection.collection());
            }
        }
        if (!read.isEmpty()) {
            throw new SluiceException(
                    FailureKind.BAD_SETTING,
                    "SLUICE_MAPPING: the mapping of " + String.join(", ", read)
                            + " is another one than its rows were written with, and readers of it are on PostgreSQL. They"
                            + " would see rows of both until all are written again, so that nothing was changed. Move them back"
                            + " first: `sluice rollback " + String.join(" ", read)
                            + "`; then start again, and move them when the gate is open.");
        }
    }
}
