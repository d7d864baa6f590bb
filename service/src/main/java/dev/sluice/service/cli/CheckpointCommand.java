package dev.sluice.service.cli;

import dev.sluice.positions.CheckpointStore.Checkpoint;
import dev.sluice.service.ops.Checkpoints;
import dev.sluice.service.ops.Checkpoints.All;
import dev.sluice.service.ops.Checkpoints.Outcome;
import dev.sluice.service.text.TextTable;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/// `sluice checkpoint`: the committed position under a name, to replay from.
@Command(
        name = "checkpoint",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "For example:",
            "  sluice checkpoint before-release       give the position a name",
            "  sluice checkpoint list                 all of them",
            "  sluice checkpoint drop before-release  forget one"
        },
        versionProvider = SluiceCommand.Version.class,
        header = "Give the committed position a name, to replay from later.",
        description = {
            "`sluice checkpoint before-import` makes one, `sluice replay --from before-import` goes back to it. A running"
                    + " pipeline makes some by itself, at its start and every five minutes, and keeps them for seven"
                    + " days.",
            "It is worth as much as the oplog still reaches."
        },
        subcommands = {CheckpointCommand.ListThem.class, CheckpointCommand.Drop.class})
final class CheckpointCommand implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", arity = "0..1", description = "What to call the position.")
    private @Nullable String name;

    @Mixin
    private final Printing printing = new Printing();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (name == null) {
            throw new ParameterException(
                    spec.commandLine(), "Give the position a name, or name what to do: list or drop.");
        }
        String mistake = Checkpoints.mistake(name);
        if (mistake != null) {
            throw new ParameterException(spec.commandLine(), mistake);
        }
        return switch (checkpoints().make(name, Actor.atTheKeyboard())) {
            case Outcome.Made made -> {
                printing.print(made.checkpoint(), () -> text(made.checkpoint()));
                yield SluiceCommand.FINE;
            }
            case Outcome.BadName bad -> throw new ParameterException(spec.commandLine(), bad.reason());
            case Outcome.Taken taken ->
                throw new ParameterException(
                        spec.commandLine(),
                        "There is a checkpoint '" + taken.name() + "' already; take another name, or drop it first.");
            case Outcome.NoPosition none -> throw new ParameterException(spec.commandLine(), none.reason());
        };
    }

    private static String text(Checkpoint checkpoint) {
        return "Checkpoint " + checkpoint.name() + ": the position of "
                + (checkpoint.clusterTime() == null ? "an unknown time" : checkpoint.clusterTime()) + ".";
    }

    private static Checkpoints checkpoints() {
        Setup setup = Setup.forTarget();
        return new Checkpoints(setup.connector(), setup.pipelineName());
    }

    /// `list`.
    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "List them, the newest first.")
    static final class ListThem implements Callable<Integer> {
        @Mixin
        private final Printing printing = new Printing();

        @Override
        public Integer call() {
            All all = checkpoints().list();
            printing.print(all, () -> text(all));
            return SluiceCommand.FINE;
        }

        private static String text(All all) {
            if (all.checkpoints().isEmpty()) {
                return "No checkpoints.";
            }
            TextTable table = new TextTable()
                    .words("name")
                    .words("kind")
                    .words("position of")
                    .words("made at");
            for (Checkpoint c : all.checkpoints()) {
                table.row(c.name(), c.kind(), c.clusterTime() == null ? "unknown" : c.clusterTime(), c.createdAt());
            }
            return table.text();
        }
    }

    /// `drop`.
    @Command(
            name = "drop",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "Forget one.")
    static final class Drop implements Callable<Integer> {
        @Parameters(paramLabel = "NAME", description = "Its name, as `list` shows it.")
        private String name = "";

        @Mixin
        private final Printing printing = new Printing();

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandSpec spec;

        @Override
        public Integer call() {
            if (!checkpoints().drop(name, Actor.atTheKeyboard())) {
                throw new ParameterException(
                        spec.commandLine(),
                        "There is no checkpoint '" + name + "'; `sluice checkpoint list` shows those there are.");
            }
            printing.print(Map.of("dropped", name), () -> "Dropped the checkpoint " + name + ".");
            return SluiceCommand.FINE;
        }
    }
}
