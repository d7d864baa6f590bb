package dev.sluice.service.config;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The bearer tokens of HTTP calls. There may be several at once, so that one can be replaced without a gap.
///
/// @param operate of calls that change something; they may look, too. Empty: such calls are accepted from the
///     machine itself only
/// @param read of calls that look. Empty: looking is open to all
/// @param operateFile the file that the former are from; null where they are from no file
/// @param readFile the file that the latter are from; null where they are from no file
public record Tokens(
        List<String> operate,
        List<String> read,
        @Nullable Path operateFile,
        @Nullable Path readFile) {
    public Tokens {
        operate = List.copyOf(operate);
        read = List.copyOf(read);
    }

    /// @param text separated by commas
    static List<String> split(String text) {
        return Arrays.stream(text.split(","))
                .map(String::strip)
                .filter(t -> !t.isEmpty())
                .toList();
    }

    /// Without the tokens.
    @Override
    public String toString() {
        return "Tokens[" + operate.size() + " to operate, " + read.size() + " to read]";
    }
}
