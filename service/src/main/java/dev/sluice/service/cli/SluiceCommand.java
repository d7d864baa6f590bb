package dev.sluice.service.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.List;
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
        synopsisSubcommandLabel = "COMMAND",
        footerHeading = "%nSettings (environment):%n",
        footer = {
            "  MONGO_URI          source, for example mongodb://user:password@host/?replicaSet=rs0",
            "  MONGO_DB_NAME      database, when not the mapping's; infer has none to fall back on",
            "  POSTGRES_URI       target, for example postgresql://user:password@host/db?sslmode=require",
            "  SLUICE_MAPPING     a name in the catalog (demo, devmentor, docsgpt, tbd-agents), a file or a folder",
            "  SLUICE_PIPELINE    the pipeline's name, when not the mapping's",
            "  SLUICE_CA_FILE     PEM file with the CAs that check both servers' certificates (TLS is asked for in the URIs)",
            "  AUTO_MIGRATE       apply migrations at start (true)",
            "  AUTO_CREATE_DB     create the PostgreSQL database when it is missing (true)",
            "  SLUICE_HTTP_PORT   port for metrics, health and REST (8080)",
            "  SLUICE_HTTP_HOST   address to listen on (0.0.0.0)",
            "  SLUICE_API_TOKEN   bearer token for calls that change something; without one, from this machine only",
            "  SLUICE_VERIFY_BUDGET  percent of the time that run may spend on verification (10; 0: none)",
            "  SLUICE_STANDBY     whether run waits while another process writes the pipeline; else it ends (true)",
            "  SLUICE_LAG_LIMIT   from which lag on /health/lag answers 503 (60s)",
            "  SLUICE_REFUSED_SHARE  percent of a collection's recent rows: stop when PostgreSQL refuses more of them (20; 100: never)",
            "  SLUICE_TRANSPORT   how changes travel: embedded, in this process (embedded)",
            "",
            "Exit codes: 0 fine, 1 a finding such as a difference, 2 wrong use, 3 could not run."
        })
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

    private static final java.util.logging.Logger DRIVER_LOG = java.util.logging.Logger.getLogger("org.postgresql");

    private static final int HELP_WIDTH = 110;

    /// In the order of the help.
    private static final List<Class<?>> COMMANDS = List.of(
            DemoCommand.class,
            InferCommand.class,
            PlanCommand.class,
            RunCommand.class,
            BackfillCommand.class,
            MigrateCommand.class,
            StatusCommand.class,
            VerifyCommand.class,
            CheckpointCommand.class,
            ReplayCommand.class,
            ResyncCommand.class,
            SchemaChangesCommand.class,
            DeadLettersCommand.class,
            QuarantineCommand.class,
            BenchCommand.class);

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    /// Parses, runs, and turns failures into a message for people and an exit code.
    public static int execute(String... arguments) {
        // The PostgreSQL driver logs through java.util.logging what it also throws, URL included.
        DRIVER_LOG.setLevel(java.util.logging.Level.OFF);
        CommandLine program = new CommandLine(new SluiceCommand());
        commands(arguments).forEach(program::addSubcommand);
        program.setUsageHelpWidth(HELP_WIDTH)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler((e, arguments_) -> wrongUse(e))
                .setExecutionExceptionHandler((e, command, parsed) -> complain(e, command));
        try {
            return program.execute(arguments);
        } catch (RuntimeException | Error e) {
            return complain(e, program);
        }
    }

    /// The command that is named first, or all of them for the help and for suggestions. Reading
    /// the options of all of them takes half as long as a short command.
    private static List<Class<?>> commands(String... arguments) {
        if (arguments.length > 0) {
            for (Class<?> command : COMMANDS) {
                if (command.getAnnotation(Command.class).name().equals(arguments[0])) {
                    return List.of(command);
                }
            }
        }
        return COMMANDS;
    }

    private static int wrongUse(CommandLine.ParameterException e) {
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
        return WRONG_USE;
    }

    static int complain(Throwable thrown, CommandLine command) {
        Complaint complaint = Complaint.of(thrown, Setup.targetForPeople());
        command.getErr().println(command.getColorScheme().errorText(complaint.text()));
        trace(thrown, command);
        return complaint.exitCode();
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
