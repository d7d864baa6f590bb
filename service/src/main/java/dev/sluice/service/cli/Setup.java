package dev.sluice.service.cli;

import com.mongodb.ConnectionString;
import com.mongodb.MongoConfigurationException;
import dev.sluice.after.AfterScripts;
import dev.sluice.cutover.WriteBlockNote;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import dev.sluice.failure.WrongUseException;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.LockHolder;
import dev.sluice.positions.MovedWrites;
import dev.sluice.positions.PipelineLock;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.postgres.PostgresUri;
import dev.sluice.postgres.ReadOnlySetting;
import dev.sluice.schema.Catalog;
import dev.sluice.schema.Mapping;
import dev.sluice.service.config.Setting;
import dev.sluice.service.config.Settings;
import dev.sluice.service.pipeline.ReadLimitWatch;
import dev.sluice.service.pipeline.WrittenWith;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.sink.postgres.check.TargetCheck;
import dev.sluice.sink.postgres.check.TargetDatabase;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.MongoTls;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/// What the commands have in common: from settings to a mapping and two connections. Cheap checks come
/// first, so that a mistake in a file is reported before a server is asked.
final class Setup {
    private static final Logger LOG = LoggerFactory.getLogger(Setup.class);

    private final Settings settings;
    private final Catalog.Entry entry;
    private final PostgresUri target;
    private final AfterScripts afterScripts;

    /// Made once: a pipeline decides of which ids the keys are, and the targets of a command have to be those.
    private final List<CollectionTarget> targets;

    private Setup(Settings settings, Catalog.Entry entry, PostgresUri target) {
        this.settings = settings;
        this.entry = entry;
        this.target = target;
        // Read once here for their mistakes.
        this.afterScripts = AfterScripts.of(entry);
        // A literal that does not fit its column is found here.
        this.targets = CollectionTarget.of(entry.mapping());
    }

    /// For commands that talk to PostgreSQL only.
    static Setup forTarget() {
        Settings settings = settingsFromEnvironment();
        settings.require(Setting.SLUICE_MAPPING, Setting.POSTGRES_URI);
        return of(settings);
    }

    /// For commands that talk to both sides.
    static Setup forBoth() {
        Settings settings = settingsFromEnvironment();
        settings.require(Setting.SLUICE_MAPPING, Setting.MONGO_URI, Setting.POSTGRES_URI);
        return of(settings);
    }

    /// For commands that have no mapping.
    ///
    /// @param needed those that must be there
    static Settings withoutMapping(Setting... needed) {
        Settings settings = settingsFromEnvironment();
        settings.require(needed);
        return settings;
    }

    /// The target without its password, for messages; empty when no setting names one that can be used.
    static Optional<String> targetForPeople() {
        try {
            return Optional.of(PostgresUri.parse(settingsFromEnvironment().requirePostgresUri())
                    .toString());
        } catch (SluiceException notGiven) {
            return Optional.empty();
        }
    }

    /// The same failure, or, where a setting keeps the target from being written to, that setting with the statement
    /// that takes it back.
    static Throwable explained(Throwable thrown) {
        SluiceException known = Failures.classify(thrown);
        if (known.kind() != FailureKind.TARGET_READ_ONLY) {
            return thrown;
        }
        try {
            PostgresUri target = PostgresUri.parse(settingsFromEnvironment().requirePostgresUri());
            return ReadOnlySetting.explain(new PostgresConnector(target), known);
        } catch (SluiceException notGiven) {
            return thrown;
        }
    }

    private static Settings settingsFromEnvironment() {
        return Settings.read(System.getenv(), properties());
    }

    /// The settings that are given, without secrets, as `NAME=value`.
    static List<String> given() {
        return Settings.given(System.getenv(), properties());
    }

    private static Map<String, String> properties() {
        Map<String, String> properties = new HashMap<>();
        System.getProperties().forEach((name, value) -> {
            String text = name.toString();
            if (text.startsWith("sluice.")) {
                properties.put(text, value.toString());
            }
        });
        return properties;
    }

    private static Setup of(Settings settings) {
        Catalog.Entry entry = mapping(settings.requireMapping());
        PostgresUri target = PostgresUri.parse(settings.requirePostgresUri());
        return new Setup(
                settings, entry, settings.caFile().map(target::withCaFile).orElse(target));
    }

    private static Catalog.Entry mapping(String nameOrPath) {
        try {
            return Catalog.load(nameOrPath);
        } catch (IllegalArgumentException none) {
            throw new SluiceException(FailureKind.BAD_SETTING, String.valueOf(none.getMessage()), none);
        }
    }

    Settings settings() {
        return settings;
    }

    Catalog.Entry entry() {
        return entry;
    }

    String pipelineName() {
        return settings.pipeline().orElse(entry.mapping().name());
    }

    PostgresConnector connector() {
        return new PostgresConnector(target, settings.refusedShare() / 100.0);
    }

    TargetDatabase database() {
        return new TargetDatabase(target);
    }

    /// What comes after the copy.
    AfterScripts afterScripts() {
        return afterScripts;
    }

    List<CollectionTarget> targets() {
        return targets;
    }

    /// The collections that Sluice writes and compares: those whose writes have not moved to PostgreSQL. All where
    /// PostgreSQL does not answer: the command meets that itself.
    ///
    /// @param named those that the command names
    /// @throws SluiceException of kind WRITES_MOVED when the writes of one that is named have moved
    List<CollectionTarget> followed(Collection<String> named) {
        Set<String> moved;
        try (Connection connection = connector().open()) {
            moved = new MovedWrites(pipelineName()).load(connection);
        } catch (SQLException away) {
            return targets();
        }
        List<String> refused = named.stream().filter(moved::contains).toList();
        if (!refused.isEmpty()) {
            throw MovedWrites.refused(refused);
        }
        return targets().stream()
                .filter(target -> !moved.contains(target.collection()))
                .toList();
    }

    /// Prints that MongoDB refuses all writes since a `sluice finish` was killed, so that whoever looks at the
    /// pipeline meets it. Nothing where PostgreSQL does not answer: the command meets that itself.
    void sayLeftBlock(PrintWriter err) {
        try (Connection connection = connector().open()) {
            WriteBlockNote.read(connection, pipelineName())
                    .filter(note -> note.reason() == WriteBlockNote.Reason.LEFT)
                    .ifPresent(note -> {
                        err.println(note.forPeople());
                        err.flush();
                    });
        } catch (SQLException away) {
            LOG.debug("Whether a block of writes is left can't be asked now", away);
        }
    }

    /// For commands that neither copy nor follow.
    ///
    /// @throws SluiceException of kind BAD_SETTING when the rows were written with another mapping
    void requireSameMapping() {
        try (Connection connection = connector().open()) {
            WrittenWith.mapping(entry).requireUnchanged(connection, pipelineName());
        } catch (SQLException away) {
            LOG.debug("Which mapping the rows were written with can't be asked now", away);
        }
    }

    /// The same with the mapping that is in force, where that is another one than the file's
    /// ([WrittenWith#superseded]). The file's where PostgreSQL does not answer: the pipeline asks again.
    Setup inForce() {
        Optional<WrittenWith.InForce> other = superseded();
        other.ifPresent(mapping -> LOG.warn(
                "Working with version {} of the mapping of the pipeline {}, and not with the file's. {}",
                mapping.version(),
                pipelineName(),
                mapping.why()));
        return other.map(this::with).orElse(this);
    }

    /// As [#inForce], for a process that has been told already.
    Setup goingOn() {
        return superseded().map(this::with).orElse(this);
    }

    private Setup with(WrittenWith.InForce mapping) {
        return new Setup(
                settings, entry.withText("version " + mapping.version() + " of the mapping", mapping.text()), target);
    }

    private Optional<WrittenWith.InForce> superseded() {
        try (Connection connection = connector().open()) {
            return WrittenWith.mapping(entry).superseded(connection, pipelineName());
        } catch (SQLException away) {
            LOG.debug("Which mapping is in force can't be asked now", away);
            return Optional.empty();
        }
    }

    /// @param followed collections of the mapping; what is missing is not written
    PipelineSpec pipeline(List<CollectionTarget> followed, MongoSource source) {
        Set<String> left = targets().stream()
                .map(CollectionTarget::collection)
                .filter(name -> followed.stream().noneMatch(t -> t.collection().equals(name)))
                .collect(Collectors.toSet());
        return PipelineSpec.of(pipelineName(), targets(), source, connector()).without(left);
    }

    /// Those of the collections that an option names; all where it names none.
    ///
    /// @throws CommandLine.ParameterException when there is none of a name
    static List<CollectionTarget> chosen(
            CommandLine.Model.CommandSpec command, List<CollectionTarget> all, Collection<String> names) {
        try {
            return CollectionTarget.chosen(all, names);
        } catch (WrongUseException unknown) {
            throw new CommandLine.ParameterException(
                    command.commandLine(), String.valueOf(unknown.getMessage()), unknown);
        }
    }

    /// Has this process keep the limit of reads that is set for the pipeline.
    ReadLimitWatch keepReadLimit(MongoSource source) {
        return ReadLimitWatch.start(connector(), pipelineName(), source);
    }

    MongoSource source() {
        return source(settings, settings.mongoDatabase().orElse(entry.mapping().database()));
    }

    /// @throws SluiceException of kind BAD_SETTING when MONGO_URI is none
    static MongoSource source(Settings settings, String database) {
        String uri = settings.requireMongoUri();
        try {
            if (new ConnectionString(MongoTls.forDriver(uri))
                    .getHosts().stream().noneMatch(host -> host.startsWith(":"))) {
                return new MongoSource(
                        settings.caFile()
                                .map(file -> MongoTls.withCaFile(uri, file))
                                .orElse(uri),
                        database);
            }
        } catch (IllegalArgumentException | MongoConfigurationException malformed) {
            // Said below, without the cause: the driver quotes what it could not read, which may be the password's.
            LOG.debug("The driver refused MONGO_URI: {}", malformed.getClass().getSimpleName());
        }
        throw new SluiceException(
                FailureKind.BAD_SETTING,
                "MONGO_URI is not of the form mongodb://user:password@host:port/?replicaSet=name or mongodb+srv://.."
                        + " (in user and password write @ as %40, : as %3A, / as %2F and % as %25).");
    }

    /// Prints which collections the mapping neither maps nor ignores, so that none is left out silently.
    void sayWhatIsLeftAlone(MongoSource source) {
        Mapping mapping = entry.mapping();
        List<String> leftAlone = source.collections().stream()
                .filter(name -> !mapping.byCollection().containsKey(name)
                        && !mapping.ignored().contains(name))
                .toList();
        if (!leftAlone.isEmpty()) {
            LOG.info(
                    "Left alone, since the mapping neither maps nor ignores them: {} (name them under 'ignore' to say that"
                            + " this is meant).",
                    String.join(", ", leftAlone));
        }
    }

    /// Whether no collection of the mapping exists, which looks like a complete copy and is more
    /// likely the wrong database. Prints a warning then.
    boolean sayThatNothingIsThere(MongoSource source) {
        List<String> there = source.collections();
        Mapping mapping = entry.mapping();
        if (there.stream().anyMatch(mapping.byCollection()::containsKey) || !source.listsCollections()) {
            return false;
        }
        LOG.warn(
                "None of the mapping's collections is in the database {}, which has {}. If that is the wrong database,"
                        + " MONGO_DB_NAME names the right one.",
                source.database(),
                there.isEmpty() ? "no collections at all" : "others: " + String.join(", ", there));
        return true;
    }

    /// With the control schema gone, only the tables themselves say that their writes have moved. Where
    /// PostgreSQL does not answer, or has no such database yet, the command meets that itself.
    private void requireUnfinished() {
        try (Connection connection = connector().open()) {
            Set<String> moved = new MovedWrites(pipelineName()).load(connection);
            TargetCheck.requireUnfinished(
                    connection,
                    targets().stream()
                            .filter(target -> !moved.contains(target.collection()))
                            .toList());
        } catch (SQLException away) {
            LOG.debug("Whether the migration is finished can't be asked now", away);
        }
    }

    /// Says which other process writes the pipeline, before anything else takes time. Nothing where PostgreSQL does not
    /// answer, or has no such database yet: the command meets that itself.
    ///
    /// @throws SluiceException of kind FENCED_OUT where this process is not to wait for that one
    void sayWhoWrites() {
        Optional<LockHolder> other;
        try (Connection connection = connector().open()) {
            other = PipelineLock.holder(connection, pipelineName());
        } catch (SQLException away) {
            LOG.debug("Who writes the pipeline can't be asked now", away);
            return;
        }
        if (other.isPresent() && !settings.standby()) {
            throw PipelineLock.heldBy(pipelineName(), other.get());
        }
        other.ifPresent(holder -> LOG.info(
                "The pipeline {} is written by {}: this process checks both sides, stands by, and takes over when that"
                        + " one ends.",
                pipelineName(),
                holder.forPeople()));
    }

    /// Brings the target up to date as far as the settings allow, and refuses to go on when it is not.
    ///
    /// @throws SluiceException of kind MIGRATION_FINISHED, before anything is made there, when the
    ///     application writes tables of the mapping
    void prepareTarget() {
        requireUnfinished();
        if (settings.autoCreateDatabase()) {
            database().createIfMissing();
        }
        if (settings.autoMigrate()) {
            List<String> applied = database().migrate(entry);
            if (!applied.isEmpty()) {
                LOG.info("Applied {} migrations to {}.", applied.size(), target);
            }
            return;
        }
        int pending = database().pending(entry);
        if (pending > 0) {
            throw new SluiceException(
                    FailureKind.MISSING_TABLE,
                    pending + " migrations are not applied to " + target
                            + ", and AUTO_MIGRATE is false. Run `sluice migrate`.");
        }
    }
}
