package dev.sluice.schema;

import java.util.List;
import java.util.stream.Collectors;

/// A mapping that can't be used. Carries every problem that was found, each with its place, so that one run
/// of the reader is enough to fix the file.
public final class MappingException extends RuntimeException {
    private final transient List<Problem> problems;

    public MappingException(List<Problem> problems) {
        super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
    }

    public MappingException(Where where, String message) {
        this(List.of(new Problem(where, message)));
    }

    public List<Problem> problems() {
        return problems;
    }

    /// One thing that is wrong, and where.
    public record Problem(Where where, String message) {
        @Override
        public String toString() {
            return where + ": " + message;
        }
    }
}
