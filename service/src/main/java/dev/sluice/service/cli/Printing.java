package dev.sluice.service.cli;

import dev.sluice.service.ops.SnakeCaseJson;
import java.io.PrintWriter;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// How a command gives its answer: in words, or with `--json` as one JSON value. Mixed into commands.
final class Printing {
    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    boolean isJson() {
        return json;
    }

    /// @param words made only when asked for; lines without the last line's end
    void print(Object answer, Supplier<String> words) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(json ? SnakeCaseJson.write(answer) : words.get());
        out.flush();
    }
}
