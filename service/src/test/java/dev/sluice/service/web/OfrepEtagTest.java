package dev.sluice.service.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.service.web.OfrepController.Answer;
import dev.sluice.service.web.OfrepController.Flag;
import dev.sluice.service.web.OfrepController.Metadata;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class OfrepEtagTest {
    private static final int COLLECTIONS = 17;

    @Test
    @DisplayName(
            "each set of routes has an ETag of its own: all ways in which 17 collections are read from one side or the"
                    + " other")
    void eachSetOfRoutesHasItsOwn() {
        Set<String> etags = new HashSet<>();

        for (int set = 0; set < 1 << COLLECTIONS; set++) {
            etags.add(OfrepController.etag(flags(set)));
        }

        assertThat(etags).hasSize(1 << COLLECTIONS);
    }

    /// @param set one bit for each collection that is read from PostgreSQL
    private static List<Flag> flags(int set) {
        return IntStream.range(0, COLLECTIONS)
                .mapToObj(i -> {
                    String side = (set >> i & 1) == 1 ? "postgres" : "mongodb";
                    return (Flag) new Answer("c" + i, "STATIC", side, side, new Metadata("mongodb", false));
                })
                .toList();
    }
}
