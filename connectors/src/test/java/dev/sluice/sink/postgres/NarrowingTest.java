package dev.sluice.sink.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sink.RowChange;
import dev.sluice.testkit.ThingChanges;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A document that a unique index keeps out while others write too")
class NarrowingTest {
    private static final Rival RIVAL = new Rival(1L, true, "things_name_key", "[\"a\"]");

    @Test
    @DisplayName("is written once more where who was in its way is gone by the time it is looked for")
    void goneMeanwhile() throws SQLException {
        Others others = new Others().refusing(3).contests(new Contest(null, null));

        assertThat(others.apply()).isEmpty();
        assertThat(others.writes).isEqualTo(4);
    }

    @Test
    @DisplayName("contends once more where another document came while it did, and knows then behind which one it is")
    void cameMeanwhile() throws SQLException {
        Others others = new Others()
                .refusing(Integer.MAX_VALUE)
                .contests(new Contest(null, null), new Contest(null, null), new Contest(null, RIVAL));

        assertThat(others.apply().stream().map(DeadLetter::behind)).containsExactly(RIVAL);
    }

    @Test
    @DisplayName("is a dead letter after some contests with a document that no query finds")
    void neverSeen() throws SQLException {
        Others others = new Others().refusing(Integer.MAX_VALUE).contests(new Contest(null, null));

        assertThat(others.apply().stream().map(DeadLetter::behind)).containsExactly((Rival) null);
    }

    /// What others do meanwhile.
    private static final class Others implements Narrowing.Step {
        private final Deque<Contest> contests = new ArrayDeque<>();
        private int refusals;
        private int writes;

        /// @param times how often a row is refused
        Others refusing(int times) {
            refusals = times;
            return this;
        }

        /// @param outcomes one after the other; the last one from then on
        Others contests(Contest... outcomes) {
            contests.addAll(List.of(outcomes));
            return this;
        }

        List<DeadLetter> apply() throws SQLException {
            return new Narrowing(this, new RefusalWatch(1))
                    .apply(List.of(ThingChanges.insert(2)))
                    .deadLetters();
        }

        @Override
        public Written write(List<RowChange> changes) throws SQLException {
            writes++;
            if (refusals > 0) {
                refusals--;
                throw new SQLException("duplicate key value violates unique constraint", "23505");
            }
            return Written.nothing();
        }

        @Override
        public Contest contend(RowChange change) {
            return contests.size() > 1 ? contests.remove() : contests.getFirst();
        }

        @Override
        public List<RowChange> parked(List<RowChange> changes) {
            return List.of();
        }
    }
}
