package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

@DisplayName("The text of --help")
class HelpTextTest {
    /// A line of an example: settings, the program with its arguments, then, behind two blanks, what it is for.
    private static final Pattern EXAMPLE =
            Pattern.compile("^ {2}(?:source <\\(|(?:[A-Z_]+=\\S+ )*)sluice (.*?)(?:\\)| {2}|$)");

    @Test
    @DisplayName("is a format of every command, so that picocli prints it without a warning")
    void isAFormat() {
        CommandLine program = new CommandLine(new SluiceCommand());
        SluiceCommand.COMMANDS.forEach(program::addSubcommand);

        texts(program.getCommandSpec())
                .forEach(text ->
                        assertThatCode(() -> String.format(text)).as(text).doesNotThrowAnyException());
    }

    @Test
    @DisplayName("has examples of every command, and the program takes them")
    void examples() {
        for (Class<?> command : SluiceCommand.COMMANDS) {
            String name = command.getAnnotation(CommandLine.Command.class).name();
            List<String> examples = Stream.of(
                            command.getAnnotation(CommandLine.Command.class).footer())
                    .map(EXAMPLE::matcher)
                    .filter(Matcher::lookingAt)
                    .map(line -> line.group(1))
                    .toList();
            assertThat(examples).as(name).isNotEmpty();
            for (String example : examples) {
                String[] arguments =
                        example.replaceAll("\"[^\"]*\"", "text").strip().split(" +");
                assertThatCode(() -> RunbooksTest.program().parseArgs(arguments))
                        .as(example)
                        .doesNotThrowAnyException();
                assertThat(arguments[0]).isEqualTo(name);
            }
        }
    }

    @Test
    @DisplayName("of a bench breaks no line of its tables, which would lose its indent")
    void keepsItsIndents() {
        CommandSpec bench = new CommandLine(new BenchCommand()).getCommandSpec();

        Stream.concat(Stream.of(bench), bench.subcommands().values().stream().map(CommandLine::getCommandSpec))
                .flatMap(command -> Arrays.stream(command.usageMessage().description()))
                .filter(line -> line.startsWith(" "))
                .forEach(line -> assertThat(String.format(line).length())
                        .as(line)
                        .isLessThanOrEqualTo(SluiceCommand.HELP_WIDTH));
    }

    private static Stream<String> texts(CommandSpec command) {
        Stream<String> own = Stream.of(
                        command.usageMessage().header(),
                        command.usageMessage().description(),
                        command.usageMessage().footer())
                .flatMap(Arrays::stream);
        Stream<String> arguments = command.args().stream().flatMap(argument -> Arrays.stream(argument.description()));
        return Stream.concat(
                Stream.concat(own, arguments),
                command.subcommands().values().stream().flatMap(inner -> texts(inner.getCommandSpec())));
    }
}
