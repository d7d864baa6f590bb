package dev.sluice.service;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ConfiguratorRank;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.joran.spi.ConsoleTarget;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.status.NopStatusListener;
import java.util.Locale;
import java.util.Map;

/// What is logged, and how: to standard error, one line each. In Java, since reading the same from a file
/// takes an XML parser and some three hundred classes more, a fifth of a second at each start. A file that the
/// property `logback.configurationFile` names goes before it.
///
/// Found by logback as a service, once, when the first logger is asked for.
@ConfiguratorRank(ConfiguratorRank.CUSTOM_HIGH_PRIORITY)
public final class LogSetting extends ContextAwareBase implements Configurator {
    private static final String FILE = "logback.configurationFile";
    private static final String PATTERN = "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %msg%n%ex{short}";

    /// Read here and not by `Settings`, which may log before it is read.
    private static final String FORMAT = "SLUICE_LOG_FORMAT";

    private static final Map<String, Level> LEVELS = Map.of(
            "dev.sluice", Level.INFO,
            // Whatever goes wrong in these ends in an exception that we hear of, and is said once, in our words. In
            // theirs it would come with stack traces, positions and resume tokens, which hold keys of documents.
            "io.debezium", Level.OFF,
            "org.apache.kafka", Level.OFF,
            "org.mongodb.driver", Level.OFF,
            "org.flywaydb", Level.WARN,
            // These two log what they also throw, which is said once, in our words.
            "org.flywaydb.core.internal.command.DbMigrate", Level.OFF,
            "org.flywaydb.core.internal.command.DbValidate", Level.OFF,
            "io.micronaut.http.server.netty.NettyHttpServer", Level.OFF);

    private static boolean isJson() {
        String property = FORMAT.toLowerCase(Locale.ROOT).replace('_', '.');
        return "json".equalsIgnoreCase(System.getProperty(property, System.getenv(FORMAT)));
    }

    private static Encoder<ILoggingEvent> text() {
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setPattern(PATTERN);
        return encoder;
    }

    /// Of each line its time in milliseconds since 1970, its level, its logger and its message.
    private static Encoder<ILoggingEvent> json() {
        JsonEncoder encoder = new JsonEncoder();
        encoder.setWithSequenceNumber(false);
        encoder.setWithNanoseconds(false);
        encoder.setWithThreadName(false);
        encoder.setWithContext(false);
        encoder.setWithMarkers(false);
        encoder.setWithMDC(false);
        encoder.setWithKVPList(false);
        encoder.setWithMessage(false);
        encoder.setWithArguments(false);
        // A stack trace's first line may hold what a driver says of values.
        encoder.setWithThrowable(false);
        encoder.setWithFormattedMessage(true);
        return encoder;
    }

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        if (System.getProperty(FILE) != null) {
            return ExecutionStatus.INVOKE_NEXT_IF_ANY;
        }
        // It has nothing to say that an operator could use.
        context.getStatusManager().add(new NopStatusListener());

        Encoder<ILoggingEvent> encoder = isJson() ? json() : text();
        encoder.setContext(context);
        encoder.start();
        ConsoleAppender<ILoggingEvent> stderr = new ConsoleAppender<>();
        stderr.setName("stderr");
        stderr.setContext(context);
        stderr.setTarget(ConsoleTarget.SystemErr.getName());
        stderr.setEncoder(encoder);
        stderr.start();

        context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).setLevel(Level.WARN);
        context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).addAppender(stderr);
        LEVELS.forEach((name, level) -> context.getLogger(name).setLevel(level));
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }
}
