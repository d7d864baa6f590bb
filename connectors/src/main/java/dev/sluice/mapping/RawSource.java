package dev.sluice.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.schema.SkipRule;
import dev.sluice.schema.Source;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A source that is a field, or the first of several fields, read without decoding. For one thread.
final class RawSource {
    /// The value has to be decoded to tell.
    static final long UNCERTAIN = -1;

    /// The moment the document's `_id` was made.
    static final long ID_TIME = -2;

    private final List<Candidate> candidates;
    private final boolean truthy;

    /// @param slot -1 for the time of the `_id`
    private record Candidate(RawTable table, int slot) {}

    private RawSource(List<Candidate> candidates, boolean truthy) {
        this.candidates = candidates;
        this.truthy = truthy;
    }

    /// @param here where the source's own paths start
    /// @param document the document; the same for a column of the collection's own table
    /// @return null when it is another source
    static @Nullable RawSource of(Source source, RawTable here, RawTable document) {
        return switch (source) {
            case Source.FirstOf(List<Source> sources) -> of(sources, false, here, document);
            case Source.FirstTruthy(List<Source> sources) -> of(sources, true, here, document);
            default -> of(List.of(source), false, here, document);
        };
    }

    private static @Nullable RawSource of(List<Source> sources, boolean truthy, RawTable here, RawTable document) {
        List<Candidate> candidates = new ArrayList<>();
        for (Source source : sources) {
            switch (source) {
                case Source.Path path
                when RawTable.hasNoIndex(path) -> candidates.add(new Candidate(here, here.slot(path)));
                case Source.Parent(Source.Path path)
                when RawTable.hasNoIndex(path) -> candidates.add(new Candidate(document, document.slot(path)));
                case Source.IdTime i -> candidates.add(new Candidate(document, -1));
                default -> {
                    return null;
                }
            }
        }
        return new RawSource(candidates, truthy);
    }

    /// The place of the value that is taken, as [RawTable#found] has it; 0 when there is none.
    long choose(byte[] bytes) {
        long seen = 0;
        for (Candidate candidate : candidates) {
            if (candidate.slot < 0) {
                if (candidate.table.isIdObjectId()) {
                    return ID_TIME;
                }
                continue;
            }
            long place = candidate.table.found(candidate.slot);
            if (place == 0) {
                continue;
            }
            byte type = (byte) place;
            RawBytes.Truth truth = type == RawBytes.NULL || type == RawBytes.UNDEFINED
                    ? RawBytes.Truth.FALSE
                    : truthy ? RawBytes.truth(bytes, type, (int) (place >>> 8)) : RawBytes.Truth.TRUE;
            switch (truth) {
                case TRUE -> {
                    return place;
                }
                case UNKNOWN -> {
                    return UNCERTAIN;
                }
                case FALSE -> seen = seen == 0 ? place : seen;
            }
        }
        return seen;
    }

    /// A rule that leaves documents out, for telling that it does not.
    static final class Rule {
        private final RawSource source;
        private final SkipRule.When when;
        private final List<byte[]> texts;

        private Rule(RawSource source, SkipRule.When when, List<byte[]> texts) {
            this.source = source;
            this.when = when;
            this.texts = texts;
        }

        /// @return null when it is never certain
        static @Nullable Rule of(SkipRule rule, RawTable document) {
            RawSource source = RawSource.of(rule.source(), document, document);
            return source == null
                    ? null
                    : new Rule(
                            source,
                            rule.when(),
                            rule.values().stream()
                                    .filter(JsonNode::isTextual)
                                    .map(literal -> literal.textValue().getBytes(StandardCharsets.UTF_8))
                                    .toList());
        }

        /// Whether it certainly does not apply.
        boolean leaves(byte[] bytes) {
            long place = source.choose(bytes);
            if (place < 0) {
                return false;
            }
            byte type = (byte) place;
            int at = (int) (place >>> 8);
            return switch (when) {
                case MISSING -> place != 0;
                case NULL -> place != 0 && type != RawBytes.NULL && type != RawBytes.UNDEFINED;
                case FALSY -> place != 0 && RawBytes.truth(bytes, type, at) == RawBytes.Truth.TRUE;
                case EQUALS -> place == 0 || (type == RawBytes.STRING && RawSteps.isNoneOf(texts, bytes, at));
                case DIFFERS -> place == 0;
            };
        }
    }
}
