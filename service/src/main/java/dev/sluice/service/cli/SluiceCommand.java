package dev.sluice.service.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/// `sluice`: the commands, and what becomes of their failures.
///
/// Exit codes: 0 fine, 1 a finding (such as a difference), 2 wrong use, 3 could not run.
@Command(
        name = "sluice",
        mixinStandardHelpOptions = true,
        versionProvider = SluiceCommand.Version.class,
        description = "Keeps typed PostgreSQL tables in step with a live MongoDB.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            DemoCommand.class,
            RunCommand.class,
            BackfillCommand.class,
            MigrateCommand.class,
            StatusCommand.class
        },
        footerHeading = "%nSettings (environment):%n",
        footer = {
            "  MONGO_URI          source, for example mongodb://user:password@host/?replicaSet=rs0",
            "  MONGO_DB_NAME      database, when not the mapping's",
            "  POSTGRES_URI       target, for example postgresql://user:password@host/db?sslmode=require",
            "  SLUICE_MAPPING     a name in the catalog (demo, docsgpt), a file or a folder",
            "  SLUICE_PIPELINE    the pipeline's name, when not the mapping's",
            "  AUTO_MIGRATE       apply migrations at start (true)",
            "  AUTO_CREATE_DB     create the PostgreSQL database when it is missing (true)",
            "  SLUICE_HTTP_PORT   port for metrics, health and REST (8080)",
            "  SLUICE_HTTP_HOST   address to listen on (0.0.0.0)",
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

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    /// Parses, runs, and turns failures into a message for people and an exit code.
    public static int execute(String... arguments) {
        return new CommandLine(new SluiceCommand())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((e, command, parsed) -> {
                    SluiceException failure = e instanceof IllegalArgumentException wrong
                            ? new SluiceException(FailureKind.BAD_SETTING, String.valueOf(wrong.getMessage()), wrong)
                            : Failures.classify(e);
                    command.getErr().println(command.getColorScheme().errorText(failure.forPeople()));
                    if (VERBOSE.get()) {
                        e.printStackTrace(command.getErr());
                    }
                    return exitCode(failure.kind());
                })
                .execute(arguments);
    }

    static int exitCode(FailureKind kind) {
        return switch (kind) {
            case BAD_SETTING, MAPPING -> WRONG_USE;
            case SOURCE_UNREACHABLE,
                    TARGET_UNREACHABLE,
                    TARGET_CONFLICT,
                    ENGINE,
                    SOURCE_REFUSED,
                    TARGET_REFUSED,
                    MISSING_RIGHT,
                    MISSING_DATABASE,
                    MISSING_TABLE,
                    HISTORY_LOST,
                    FENCED_OUT,
                    DISK_FULL,
                    NOT_A_REPLICA_SET,
                    UNEXPECTED -> COULD_NOT_RUN;
        };
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Say which command.");
    }

    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = SluiceCommand.class.getPackage().getImplementationVersion();
            return new String[] {"sluice " + (version == null ? "(development build)" : version)};
        }
    }
}
