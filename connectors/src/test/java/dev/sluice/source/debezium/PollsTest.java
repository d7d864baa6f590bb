package dev.sluice.source.debezium;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// What a stream may say of itself that has nothing to deliver.
class PollsTest {
    private final Polls polls = new Polls();

    @Test
    void beforeThereWasAnAnswerNothingIsKnown() {
        polls.onPoll(10_000);
        assertThat(polls.idleSince(60_000)).as("it waits for a slow answer").isZero();
    }

    @Test
    void anAnswerCountsWhenTheNextPollIsSent() {
        polls.onPoll(10_000);
        polls.onAnswer();
        assertThat(polls.idleSince(60_000))
                .as("its changes may not be taken over")
                .isZero();
        polls.onPoll(15_000);
        assertThat(polls.idleSince(60_000)).isEqualTo(10_000);
    }

    @Test
    void aStreamThatSaidSoBeforeKnowsOnlyOfThePollsBefore() {
        polls.onPoll(10_000);
        polls.onAnswer();
        polls.onPoll(11_000);
        polls.onAnswer();
        polls.onPoll(12_000);
        assertThat(polls.idleSince(12_100)).as("too soon after the last").isEqualTo(10_000);
        assertThat(polls.idleSince(12_500)).isEqualTo(11_000);
        assertThat(polls.idleSince(10_500)).isZero();
    }

    @Test
    void aPollThatFailedCountsForNothing() {
        polls.onPoll(10_000);
        polls.onPoll(20_000);
        polls.onAnswer();
        polls.onPoll(21_000);
        assertThat(polls.idleSince(30_000)).isEqualTo(20_000);
    }

    @Test
    void manyQuickPollsDoNotPushOutTheOneThatIsNeeded() {
        for (long now = 10_000; now < 20_000; now += 2) {
            polls.onPoll(now);
            polls.onAnswer();
        }
        assertThat(polls.idleSince(20_000)).isBetween(19_000L, 20_000L);
        assertThat(polls.idleSince(15_000)).isBetween(14_000L, 15_000L);
    }
}
