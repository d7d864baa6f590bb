package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

@DisplayName("The text of --help")
class HelpTextTest {
    @Test
    @DisplayName("is a format of every command, so that picocli prints it without a warning")
    void isAFormat() {
        CommandLine program = new CommandLine(new SluiceCommand());
        SluiceCommand.COMMANDS.forEach(program::addSubcommand);

        texts(program.getCommandSpec())
                .forEach(text ->
                        assertThatCode(() -> String.format(text)).as(text).doesNotThrowAnyException());
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
