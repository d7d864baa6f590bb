package dev.sluice.service.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// `sluice completion`: has a shell complete commands and options.
@Command(
        name = "completion",
        mixinStandardHelpOptions = true,
        footer = {"", "For example:", "  source <(sluice completion)  for this shell"},
        versionProvider = SluiceCommand.Version.class,
        header = "Print the script that has bash or zsh complete commands and options.",
        description = {
            "For this shell:   source <(sluice completion)",
            "For all of yours: sluice completion > ~/.local/share/bash-completion/completions/sluice",
            ""
        })
final class CompletionCommand implements Callable<Integer> {
    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() {
        spec.commandLine().getOut().print(AutoComplete.bash("sluice", SluiceCommand.whole()));
        spec.commandLine().getOut().flush();
        return SluiceCommand.FINE;
    }
}
