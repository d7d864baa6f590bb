package dev.sluice.service.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.sluice.sandbox.SandboxServers;
import dev.sluice.service.config.Setting;
import dev.sluice.service.ops.SnakeCaseJson;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/// `sluice`: the commands, and how their failures are reported.
///
/// Exit codes: 0 fine, 1 a finding (such as a difference), 2 wrong use, 3 could not run.
@Command(
        name = "sluice",
        mixinStandardHelpOptions = true,
        versionProvider = SluiceCommand.Version.class,
        description = "Keeps typed PostgreSQL tables in step with a live MongoDB.",
        synopsisSubcommandLabel = "COMMAND")
public final class SluiceCommand implements Runnable {
    static final int FINE = 0;
    static final int FINDING = 1;
    static final int WRONG_USE = 2;
    static final int COULD_NOT_RUN = 3;

    @Option(
            names = {"-v", "--verbose"},
            scope = ScopeType.INHERIT,
            description = "Say more, and show stack traces.")
    void verbose(boolean verbose) {
        if (verbose) {
            VERBOSE.set(true);
            ((Logger) LoggerFactory.getLogger("dev.sluice")).setLevel(Level.DEBUG);
        }
    }

    private static final java.util.concurrent.atomic.AtomicBoolean VERBOSE =
            new java.util.concurrent.atomic.AtomicBoolean();

    static final int HELP_WIDTH = 110;

    /// In the order of the help.
    static final List<Class<?>> COMMANDS = List.of(
            DemoCommand.class,
            InferCommand.class,
            PlanCommand.class,
            RunCommand.class,
            PauseCommand.class,
            ResumeCommand.class,
            LimitCommand.class,
            BackfillCommand.class,
            MigrateCommand.class,
            EvolveCommand.class,
            StatusCommand.class,
            VerifyCommand.class,
            GateCommand.class,
            RoutesCommand.class,
            CutoverCommand.class,
            RollbackCommand.class,
            FinishCommand.class,
            CheckpointCommand.class,
            ReplayCommand.class,
            ResyncCommand.class,
            SchemaChangesCommand.class,
            DeadLettersCommand.class,
            QuarantineCommand.class,
            BenchCommand.class,
            WarmCommand.class,
            CompletionCommand.class);

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    /// Parses, runs, and turns failures into a message for people and an exit code.
    public static int execute(String... given) {
        String[] arguments = asOptions(given);
        boolean json = List.of(arguments).contains("--json");
        CommandLine program = new CommandLine(new SluiceCommand());
        addCommands(program, arguments);
        program.getCommandSpec()
                .usageMessage()
                .footerHeading("%nSettings (environment):%n")
                .footer(footer());
        program.setUsageHelpWidth(HELP_WIDTH)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler((e, arguments_) -> wrongUse(e, json))
                .setExecutionExceptionHandler((e, command, parsed) -> failed(e, command, json));
        try {
            return program.execute(arguments);
        } catch (RuntimeException | Error e) {
            return failed(e, program, json);
        }
    }

    /// `help`, `help COMMAND` and `version` as the options that mean the same.
    private static String[] asOptions(String... arguments) {
        String first = arguments.length == 0 ? "" : arguments[0];
        return switch (first) {
            case "help" -> {
                String[] asked = Arrays.copyOfRange(arguments, 1, arguments.length);
                // The help of a command that there is not would be that of the program.
                yield asked.length > 0 && !isCommand(asked[0])
                        ? asked
                        : Stream.concat(Arrays.stream(asked), Stream.of("--help"))
                                .toArray(String[]::new);
            }
            case "version" -> new String[] {"--version"};
            default -> arguments;
        };
    }

    private static boolean isCommand(String name) {
        return COMMANDS.stream()
                .anyMatch(command -> command.getAnnotation(Command.class).name().equals(name));
    }

    /// The settings with their meaning, and the exit codes.
    private static String[] footer() {
        List<String> lines = new ArrayList<>();
        for (Setting setting : Setting.values()) {
            lines.add(String.format(
                    Locale.ROOT, "  %-21s %s", setting, setting.help().replace("%", "%%")));
        }
        lines.add("");
        lines.add(
                "MONGO_URI, POSTGRES_URI and the tokens may be in files: MONGO_URI_FILE=/run/secrets/mongo, and so on.");
        lines.add("");
        lines.add(
                "`sluice help COMMAND` says what a command does. With --json an error is an object as well, {\"exit_code\", \"error\"}.");
        lines.add("");
        lines.add("Exit codes: 0 fine, 1 a finding such as a difference, 2 wrong use, 3 could not run.");
        return lines.toArray(String[]::new);
    }

    /// Those that start servers of their own, which the image of the program leaves out.
    private static final Set<Class<?>> WITH_OWN_SERVERS =
            Set.of(DemoCommand.class, BenchCommand.class, WarmCommand.class);

    /// Says that a command can't run here, where the servers that it brings were left out.
    ///
    /// @return the exit code
    static int notIncluded(CommandLine command) {
        command.getErr()
                .println(command.getColorScheme()
                        .errorText("`" + command.getCommandSpec().qualifiedName()
                                + "` is not part of this image, since it brings servers of its own; run it from a build of the"
                                + " repository."));
        return COULD_NOT_RUN;
    }

    /// The command that is named; where none is, what the help and the suggestions say of all that can run
    /// here. Reading the options of all of them takes as long as a short command.
    private static void addCommands(CommandLine program, String... arguments) {
        String first = Arrays.stream(arguments)
                .filter(argument -> !argument.startsWith("-"))
                .findFirst()
                .orElse("");
        for (Class<?> command : COMMANDS) {
            if (command.getAnnotation(Command.class).name().equals(first)) {
                quietDriver();
                program.addSubcommand(command);
                return;
            }
        }
        boolean servers = SandboxServers.areIncluded();
        for (Class<?> command : COMMANDS) {
            if (servers || !WITH_OWN_SERVERS.contains(command)) {
                program.addSubcommand(named(command.getAnnotation(Command.class)));
            }
        }
    }

    /// The program with all options of all commands.
    static CommandLine whole() {
        CommandLine program = new CommandLine(new SluiceCommand());
        COMMANDS.forEach(program::addSubcommand);
        return program;
    }

    /// No more of a command than its line in the help.
    private static CommandLine.Model.CommandSpec named(Command command) {
        CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();
        spec.name(command.name()).usageMessage().header(command.header()).hidden(command.hidden());
        return spec;
    }

    /// The PostgreSQL driver logs through java.util.logging what it also throws, URL included.
    private static void quietDriver() {
        DriverLog.LOG.setLevel(java.util.logging.Level.OFF);
    }

    /// Held, since a logger that nobody holds forgets its level.
    private static final class DriverLog {
        private static final java.util.logging.Logger LOG = java.util.logging.Logger.getLogger("org.postgresql");
    }

    private static int wrongUse(CommandLine.ParameterException e, boolean json) {
        CommandLine command = e.getCommandLine();
        String message = e instanceof CommandLine.UnmatchedArgumentException unmatched
                        && command.getParent() == null
                        && !unmatched.getUnmatched().getFirst().startsWith("-")
                ? "There is no command '" + unmatched.getUnmatched().getFirst() + "'."
                : String.valueOf(e.getMessage());
        command.getErr().println(command.getColorScheme().errorText(message));
        if (!CommandLine.UnmatchedArgumentException.printSuggestions(e, command.getErr())) {
            command.getErr()
                    .println("  -> `" + command.getCommandSpec().qualifiedName()
                            + " --help` shows the commands and options.");
        }
        trace(e, command);
        if (json) {
            print(new Failed(WRONG_USE, message), command);
        }
        return WRONG_USE;
    }

    /// Says on standard error why something failed.
    ///
    /// @return the exit code for it
    static int complain(Throwable thrown, CommandLine command) {
        return failed(thrown, command, false);
    }

    private static int failed(Throwable thrown, CommandLine command, boolean json) {
        Complaint complaint = Complaint.of(Setup.explained(thrown), Setup.targetForPeople());
        command.getErr().println(command.getColorScheme().errorText(complaint.text()));
        trace(thrown, command);
        if (json) {
            print(new Failed(complaint.exitCode(), complaint.text()), command);
        }
        return complaint.exitCode();
    }

    /// What a program that asked for JSON gets in the place of the report. People find the same on standard error.
    record Failed(int exitCode, String error) {}

    private static void print(Failed failed, CommandLine command) {
        command.getOut().println(SnakeCaseJson.write(failed));
        command.getOut().flush();
    }

    /// Whether the user wants to hear more.
    static boolean isVerbose() {
        return VERBOSE.get();
    }

    static void trace(Throwable thrown, CommandLine command) {
        if (VERBOSE.get()) {
            thrown.printStackTrace(command.getErr());
        }
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "No command is named.");
    }

    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = SluiceCommand.class.getPackage().getImplementationVersion();
            return new String[] {"sluice " + (version == null ? "(development build)" : version)};
        }
    }
}
