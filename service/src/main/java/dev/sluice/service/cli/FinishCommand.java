package dev.sluice.service.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.control.ControlSchema;
import dev.sluice.cutover.ReplicationSlot;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.service.finish.CertificateText;
import dev.sluice.service.finish.Finish;
import dev.sluice.service.finish.Finish.Outcome;
import dev.sluice.service.finish.Obstacle;
import dev.sluice.service.ops.SnakeCaseJson;
import dev.sluice.source.mongo.MongoSource;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `sluice finish`: writes move to PostgreSQL.
@Command(
        name = "finish",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "For example:",
            "  sluice finish --all --dry-run       what is in the way",
            "  sluice finish orders                its writes move to PostgreSQL",
            "  sluice finish --all --block-writes  MongoDB refuses writes for that moment",
            "  sluice finish --certificate         what was moved, with proofs"
        },
        versionProvider = SluiceCommand.Version.class,
        header = "Move the writes of collections to PostgreSQL: the end of their migration.",
        description = {
            "For collections whose reads are on PostgreSQL, while `sluice run` runs. Stop their writers first, or say"
                    + " --block-writes. Compares what was written since the last full verification, makes sure that nobody"
                    + " writes to MongoDB, waits until the rows have everything, sets sequences past the highest key, checks"
                    + " constraints that are not validated, and moves the writes in one transaction, with a certificate. Then"
                    + " the application may write to PostgreSQL.",
            "From then on no command of Sluice writes or compares these tables, and there is no rollback.",
            "Ends with 0 when the writes have moved, 1 when something forbids it; then nothing has changed."
        })
final class FinishCommand implements Callable<Integer> {
    @Mixin
    private final Chosen chosen = new Chosen();

    @Option(names = "--dry-run", description = "Say what forbids it, or what would be done, and change nothing.")
    private boolean dryRun;

    @Option(
            names = "--quiet",
            paramLabel = "TIME",
            description = "For how long nobody may have written to MongoDB, as 10s (default: ${DEFAULT-VALUE}).",
            defaultValue = "10s",
            converter = DemoCommand.Length.class)
    private Duration quiet = Duration.ofSeconds(10);

    @Option(
            names = "--wait",
            paramLabel = "TIME",
            description = "How long to wait until the rows have everything (default: ${DEFAULT-VALUE}).",
            defaultValue = "60s",
            converter = DemoCommand.Length.class)
    private Duration patience = Duration.ofSeconds(60);

    @Option(
            names = "--block-writes",
            description =
                    "Have MongoDB (6.0 and later) refuse all writes meanwhile, on the whole server. The block stays"
                            + " when these are the last collections; else it is taken back at the end.")
    private boolean blockWrites;

    @Option(
            names = "--keep-slot",
            paramLabel = "NAME",
            description =
                    "Make a logical replication slot and a publication of this name at that moment, so that a way back"
                            + " can be built on every change since. PostgreSQL keeps its WAL until it is read or dropped.")
    private @Nullable String slot;

    @Option(
            names = "--page",
            paramLabel = "FILE",
            description = "Write the certificates into this file, as a page to print (HTML).")
    private @Nullable Path page;

    @Option(names = "--certificate", description = "Only show the certificates of collections whose writes have moved.")
    private boolean certificate;

    @Option(
            names = "--unblock",
            description = "Only end MongoDB's block of writes, as --block-writes or a killed process has left it.")
    private boolean unblock;

    @Option(
            names = "--drop-control",
            description =
                    "Only remove Sluice's schema from PostgreSQL, certificates and audit included, once the writes of"
                            + " every collection have moved. A line in the comment of each table then keeps Sluice from"
                            + " it. Asks for --yes.")
    private boolean dropControl;

    @Option(names = "--yes", description = "Together with --drop-control: do it.")
    private boolean yes;

    @Mixin
    private final Printing printing = new Printing();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        if ((certificate ? 1 : 0) + (unblock ? 1 : 0) + (dropControl ? 1 : 0) > 1) {
            throw new ParameterException(
                    spec.commandLine(), "--certificate, --unblock and --drop-control: one of them at a time.");
        }
        if (slot != null) {
            ReplicationSlot.fault(slot).ifPresent(fault -> {
                throw new ParameterException(spec.commandLine(), "--keep-slot: " + fault);
            });
        }
        if (certificate) {
            return showCertificates();
        }
        return dropControl ? removeControl() : unblock ? endBlock() : finish();
    }

    private int finish() throws InterruptedException {
        Setup setup = Setup.forBoth();
        List<String> named = chosen.of(setup);
        PrintWriter err = spec.commandLine().getErr();
        try (StopSignal stop = StopSignal.install(err, "Stopping; nothing has moved yet.", null);
                MongoSource source = setup.source()) {
            PipelineSpec pipeline = setup.pipeline(setup.targets(), source);
            List<String> collections = RoutesCommand.movable(chosen, setup, RoutesCommand.routes(setup));
            if (collections.isEmpty()) {
                printing.print(
                        new Outcome.Finished(List.of(), false),
                        () -> "The writes of all " + named.size() + " collections have moved already.");
                return SluiceCommand.FINE;
            }
            Finish finish = new Finish(pipeline, sentence -> say(err, sentence), stop);
            Finish.Wish wish = new Finish.Wish(collections, quiet, patience, blockWrites, slot, Actor.atTheKeyboard());
            Outcome outcome = dryRun ? finish.dryRun(wish) : finish.run(wish);
            if (outcome instanceof Outcome.Finished finished && page != null) {
                write(finished.certificates().stream()
                        .map(made -> SnakeCaseJson.read(SnakeCaseJson.write(made)))
                        .toList());
            }
            printing.print(outcome, () -> text(outcome));
            return outcome instanceof Outcome.Refused ? SluiceCommand.FINDING : SluiceCommand.FINE;
        }
    }

    private static void say(PrintWriter err, String sentence) {
        err.println(sentence);
        err.flush();
    }

    private static String text(Outcome outcome) {
        String end = System.lineSeparator();
        return switch (outcome) {
            case Outcome.Finished finished ->
                finished.certificates().stream()
                                .map(made -> CertificateText.words(SnakeCaseJson.read(SnakeCaseJson.write(made))))
                                .collect(Collectors.joining(end))
                        + end
                        + "The application may write to PostgreSQL now. Sluice neither writes nor compares these tables any"
                        + " more."
                        + (finished.stillBlocked()
                                ? " MongoDB still refuses all writes, on the whole server: `sluice finish --unblock` ends that."
                                : "");
            case Outcome.Refused refused ->
                refused.obstacles().stream().map(Obstacle::toString).collect(Collectors.joining(end)) + end
                        + "Nothing has moved.";
            case Outcome.Possible possible -> {
                List<String> lines = new ArrayList<>();
                lines.add("Nothing forbids it now for " + String.join(", ", possible.collections()) + ".");
                lines.add("Tables that would be the application's: " + String.join(", ", possible.tables()));
                lines.add("Constraints that would be checked against every row: " + orNone(possible.validate()));
                lines.add("Sequences that would be set past the highest key: " + orNone(possible.sequences()));
                lines.add("Triggers that are disabled, and would stay so (ALTER TABLE .. ENABLE TRIGGER): "
                        + orNone(possible.disabledTriggers()));
                if (possible.duties().isEmpty()) {
                    lines.add("What MongoDB does by itself and nobody would do any more: none");
                }
                possible.duties().forEach(d -> lines.add("Nobody will do this any more: " + d));
                possible.stillWritten()
                        .forEach(w -> lines.add("Writers still write to MongoDB: " + w
                                + " by its clock. Stop them before, or say --block-writes."));
                lines.add("Nothing was changed (--dry-run).");
                yield String.join(end, lines);
            }
        };
    }

    private static String orNone(List<String> names) {
        return names.isEmpty() ? "none" : String.join(", ", names);
    }

    private int showCertificates() {
        Setup setup = Setup.forTarget();
        SequencedMap<String, String> all = Finish.certificates(setup.connector(), setup.pipelineName());
        if (!chosen.isEmpty()) {
            all.keySet().retainAll(chosen.of(setup));
        }
        List<JsonNode> certificates =
                all.values().stream().map(SnakeCaseJson::read).toList();
        if (page != null) {
            write(certificates);
        }
        printing.print(
                certificates,
                () -> certificates.isEmpty()
                        ? "The writes of no such collection have moved."
                        : certificates.stream()
                                .map(CertificateText::words)
                                .collect(Collectors.joining(System.lineSeparator())));
        return certificates.isEmpty() ? SluiceCommand.FINDING : SluiceCommand.FINE;
    }

    private int endBlock() throws InterruptedException {
        Setup setup = Setup.forBoth();
        try (MongoSource source = setup.source()) {
            Finish finish = new Finish(setup.pipeline(setup.targets(), source), sentence -> {}, () -> false);
            return switch (finish.unblock(Actor.atTheKeyboard())) {
                case Finish.Unblocking.Ended ended -> {
                    printing.print(
                            ended.was(),
                            () -> ended.was() ? "MongoDB takes writes again." : "MongoDB did not refuse writes.");
                    yield SluiceCommand.FINE;
                }
                case Finish.Unblocking.Refused refused -> {
                    printing.print(refused, () -> refused.reason() + " Nothing was changed.");
                    yield SluiceCommand.FINDING;
                }
            };
        }
    }

    private int removeControl() {
        Setup setup = Setup.forTarget();
        ControlSchema removal = new ControlSchema(setup.connector());
        List<String> obstacles = removal.obstacles();
        if (!obstacles.isEmpty()) {
            printing.print(obstacles, () -> String.join(System.lineSeparator(), obstacles));
            return SluiceCommand.FINDING;
        }
        if (page != null) {
            write(Finish.certificates(setup.connector(), setup.pipelineName()).values().stream()
                    .map(SnakeCaseJson::read)
                    .toList());
        }
        if (!yes) {
            throw new ParameterException(
                    spec.commandLine(),
                    "This drops the schema sluice of " + setup.connector().uri()
                            + " with all certificates and the audit; the"
                            + " application's tables stay. Say --yes to do it, with --page FILE to keep the certificates.");
        }
        ControlSchema.Removed removed = removal.drop();
        printing.print(removed, () -> text(removed));
        return SluiceCommand.FINE;
    }

    private static String text(ControlSchema.Removed removed) {
        List<String> lines = new ArrayList<>();
        lines.add(
                "The schema sluice is gone. The application's tables keep their rows; the comment of each says that the"
                        + " application writes it, and keeps Sluice from it: " + String.join(", ", removed.tables())
                        + ".");
        removed.slots()
                .forEach(left -> lines.add("The replication slot " + left
                        + " and its publication stay, and PostgreSQL keeps its WAL for it. When nobody needs it any more:"
                        + " SELECT pg_drop_replication_slot('" + left + "'); DROP PUBLICATION " + left + ";"));
        if (removed.stillBlocked()) {
            lines.add("MongoDB refuses all writes, on the whole server: `sluice finish --unblock` ends that.");
        }
        return String.join(System.lineSeparator(), lines);
    }

    private void write(List<JsonNode> certificates) {
        if (page == null) {
            return;
        }
        try {
            Files.writeString(page, CertificateText.page(certificates));
        } catch (java.io.IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
