package dev.sluice.service.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.profile.Flattening;
import dev.sluice.profile.MappingProposer;
import dev.sluice.service.config.Setting;
import dev.sluice.service.config.Settings;
import dev.sluice.service.infer.InferProgress;
import dev.sluice.service.infer.InferReport;
import dev.sluice.service.infer.Inference;
import dev.sluice.service.infer.ProposedFiles;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.MongoSource.Namespace;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `sluice infer`: from a database without a description to a mapping that accepts every document of it.
@Command(
        name = "infer",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "For example:",
            "  sluice infer                                         all collections, a sample of each",
            "  sluice infer --collection orders --whole --out shop  one, every document, into the folder shop"
        },
        versionProvider = SluiceCommand.Version.class,
        header = "Profile a database and propose a mapping and its tables.",
        description = {
            "Reads a sample of each collection and writes a folder for SLUICE_MAPPING: mapping.yaml, with the reason for"
                    + " each column as a comment, and the migration that makes the tables. `sluice backfill` and `sluice run`"
                    + " take it as it is. Needs MONGO_URI and MONGO_DB_NAME; PostgreSQL is not asked.",
            "Prints totals, what to look at first and the next steps; REPORT.md in the folder has all that was seen, and"
                    + " --verbose prints it too. The least and greatest numbers, dates and lengths are the only values of"
                    + " documents in it, and of secrets and personal data not even these: secrets are masked by `redact`."
        })
final class InferCommand implements Callable<Integer> {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,39}");
    /// Deeper, fields are not looked at one by one.
    private static final int DEPTH_MAX = 6;

    private static final Pattern SCHEMA = Pattern.compile("[a-z_][a-z0-9_]{0,62}");

    @Option(names = "--collection", paramLabel = "C", description = "Only this collection; may be repeated.")
    private List<String> collections = List.of();

    @ArgGroup
    private HowMany howMany = new HowMany();

    /// One of the two.
    static final class HowMany {
        @Option(
                names = "--sample",
                paramLabel = "N",
                description = "Documents of each collection to look at, picked at random (10000); of smaller ones all.")
        private int sample = 10_000;

        @Option(names = "--whole", description = "Look at every document.")
        private boolean whole;
    }

    @Option(names = "--out", paramLabel = "FOLDER", description = "Where to write (default: the mapping's name).")
    private @Nullable Path out;

    @Option(
            names = "--schema",
            description = "PostgreSQL schema of the tables (default: ${DEFAULT-VALUE}).",
            defaultValue = "public")
    private String schema = "public";

    @Option(names = "--name", description = "The mapping's name (default: the database's).")
    private @Nullable String name;

    @Option(names = "--force", description = "Overwrite mapping.yaml and the migration of the same name.")
    private boolean force;

    @Option(
            names = "--show-values",
            description = "Where a field always holds one of a few texts, write these into the mapping's comments.")
    private boolean showValues;

    @Option(
            names = "--include-empty",
            description = "Give collections without documents tables; else they are under `ignore`.")
    private boolean includeEmpty;

    @Option(
            names = "--depth",
            paramLabel = "N",
            description = "Objects inside one another whose fields become columns (2); what is deeper is jsonb.")
    private int depth = Flattening.STANDARD.levels();

    @Option(
            names = "--flatten",
            paramLabel = "PATH",
            description = "Make columns of the fields of this object, however deep it is and however much it varies:"
                    + " orders.shipping.options. May be repeated.")
    private List<String> flatten = List.of();

    @Option(names = "--json", description = "The report as JSON.")
    private boolean json;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws JsonProcessingException {
        Settings settings = Setup.withoutMapping(Setting.MONGO_URI, Setting.MONGO_DB_NAME);
        String database = settings.requireMongoDatabase();
        String mapping = name == null ? MappingProposer.nameOf(database) : name;
        checkOptions(mapping);
        ProposedFiles files = ProposedFiles.in(Optional.ofNullable(out).orElse(Path.of(mapping)), mapping);
        files.requireRoom(force);
        try (MongoSource source = Setup.source(settings, database)) {
            List<Namespace> namespaces = source.namespaces();
            checkCollections(database, namespaces);
            Flattening flattening = flattening(namespaces);
            Inference.Result result = new Inference(
                            source,
                            new Inference.Request(
                                    collections,
                                    howMany.whole ? 0 : howMany.sample,
                                    mapping,
                                    schema,
                                    flattening,
                                    wanted()),
                            InferProgress.to(System.err))
                    .run(namespaces);
            files.write(result.yaml(), result.sql(), result.afterCopy());
            InferReport.View view = InferReport.view(result, files);
            files.writeReport(InferReport.markdown(view));
            if (json) {
                spec.commandLine().getOut().println(InferReport.json(view));
                spec.commandLine().getOut().flush();
            } else {
                if (isVerbose()) {
                    InferReport.printAll(view, spec.commandLine().getOut());
                    spec.commandLine().getOut().println();
                }
                InferReport.print(view, spec.commandLine().getOut());
            }
            return view.coverage().deadLetters() == 0 ? SluiceCommand.FINE : SluiceCommand.FINDING;
        }
    }

    /// Of several collections that a path may begin with, the one with the longest name is meant.
    private Flattening flattening(List<Namespace> namespaces) {
        Map<String, Set<List<String>>> paths = new LinkedHashMap<>();
        for (String wanted : flatten) {
            String collection = namespaces.stream()
                    .map(Namespace::name)
                    .filter(there -> wanted.startsWith(there + "."))
                    .max(Comparator.comparingInt(String::length))
                    .orElseThrow(() -> wrong("--flatten: " + wanted
                            + " begins with no collection of the database; write orders.shipping for the object"
                            + " shipping in the documents of orders."));
            paths.computeIfAbsent(collection, c -> new LinkedHashSet<>())
                    .add(List.of(wanted.substring(collection.length() + 1).split("\\.")));
        }
        return new Flattening(depth, paths);
    }

    private Set<Inference.Wanted> wanted() {
        Set<Inference.Wanted> wanted = EnumSet.noneOf(Inference.Wanted.class);
        if (showValues) {
            wanted.add(Inference.Wanted.WORDS);
        }
        if (includeEmpty) {
            wanted.add(Inference.Wanted.EMPTY_COLLECTIONS);
        }
        return wanted;
    }

    /// Whether --verbose stands before or behind the command.
    private boolean isVerbose() {
        return Stream.of(spec.commandLine(), spec.root().commandLine())
                .anyMatch(command -> command.getParseResult().hasMatchedOption("--verbose"));
    }

    private void checkOptions(String mapping) {
        if (howMany.sample < 1) {
            throw wrong("--sample is at least 1; for every document there is --whole.");
        }
        if (depth < 0 || depth > DEPTH_MAX) {
            throw wrong("--depth is from 0 to " + DEPTH_MAX + ".");
        }
        if (!NAME.matcher(mapping).matches()) {
            throw wrong("--name is of at most 40 of a-z, 0-9 and _, and begins with a letter.");
        }
        if (!SCHEMA.matcher(schema).matches() || schema.startsWith("pg_") || schema.equals("sluice")) {
            throw wrong("--schema is of at most 63 of a-z, 0-9 and _, and neither sluice nor one of PostgreSQL's own.");
        }
    }

    private void checkCollections(String database, List<Namespace> namespaces) {
        if (namespaces.isEmpty()) {
            throw new SluiceException(
                    FailureKind.BAD_SETTING, "MONGO_DB_NAME: the database '" + database + "' has no collection.");
        }
        List<String> there = namespaces.stream()
                .filter(n -> n.kind() == Namespace.Kind.COLLECTION)
                .map(Namespace::name)
                .toList();
        if (there.isEmpty()) {
            throw new SluiceException(
                    FailureKind.BAD_SETTING,
                    "MONGO_DB_NAME: the database '" + database + "' has no collection that can be mapped: "
                            + namespaces.stream().map(InferCommand::forPeople).collect(Collectors.joining(", "))
                            + ". MongoDB has no change stream of those.");
        }
        for (String collection : collections) {
            if (!there.contains(collection)) {
                throw wrong("The database '" + database + "' has no collection '" + collection + "'; it has "
                        + String.join(", ", there) + ".");
            }
        }
    }

    private static String forPeople(Namespace namespace) {
        return namespace.name()
                + switch (namespace.kind()) {
                    case COLLECTION -> " is a collection";
                    case VIEW -> " is a view";
                    case TIME_SERIES -> " is a time series";
                };
    }

    private CommandLine.ParameterException wrong(String text) {
        return new CommandLine.ParameterException(spec.commandLine(), text);
    }
}
