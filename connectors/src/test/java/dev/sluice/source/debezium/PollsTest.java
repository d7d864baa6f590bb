package dev.sluice.source.debezium;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonDouble;
import org.bson.BsonString;
import org.bson.RawBsonDocument;
import org.bson.codecs.BsonDocumentCodec;
import org.junit.jupiter.api.Test;

/// What a stream may say of itself that has nothing to deliver.
class PollsTest {
    private static final Polls.Answer EMPTY = new Polls.Answer(false, null);

    private final Polls polls = new Polls();

    @Test
    void beforeThereWasAnAnswerNothingIsKnown() {
        polls.onPoll(10_000);
        assertThat(polls.idleSince(60_000)).as("it waits for a slow answer").isZero();
    }

    @Test
    void anAnswerCountsWhenTheNextPollIsSent() {
        polls.onPoll(10_000);
        polls.onAnswer(EMPTY);
        assertThat(polls.idleSince(60_000))
                .as("its changes may not be taken over")
                .isZero();
        polls.onPoll(15_000);
        assertThat(polls.idleSince(60_000)).isEqualTo(10_000);
    }

    @Test
    void aStreamThatSaidSoBeforeKnowsOnlyOfThePollsBefore() {
        polls.onPoll(10_000);
        polls.onAnswer(EMPTY);
        polls.onPoll(11_000);
        polls.onAnswer(EMPTY);
        polls.onPoll(12_000);
        assertThat(polls.idleSince(12_100)).as("too soon after the last").isEqualTo(10_000);
        assertThat(polls.idleSince(12_500)).isEqualTo(11_000);
        assertThat(polls.idleSince(10_500)).isZero();
    }

    @Test
    void aPollThatFailedCountsForNothing() {
        polls.onPoll(10_000);
        polls.onPoll(20_000);
        polls.onAnswer(EMPTY);
        polls.onPoll(21_000);
        assertThat(polls.idleSince(30_000)).isEqualTo(20_000);
    }

    @Test
    void manyQuickPollsDoNotPushOutTheOneThatIsNeeded() {
        for (long now = 10_000; now < 20_000; now += 2) {
            polls.onPoll(now);
            polls.onAnswer(EMPTY);
        }
        assertThat(polls.idleSince(20_000)).isBetween(19_000L, 20_000L);
        assertThat(polls.idleSince(15_000)).isBetween(14_000L, 15_000L);
    }

    @Test
    void aFullAnswerIsNotAllThereIs() {
        polls.onPoll(10_000);
        polls.onAnswer(new Polls.Answer(true, null));
        polls.onPoll(11_000);
        assertThat(polls.idleSince(60_000)).isZero();
        polls.onAnswer(EMPTY);
        polls.onPoll(12_000);
        assertThat(polls.idleSince(60_000)).isEqualTo(11_000);
    }

    @Test
    void theLastEventOfAnAnswerThatIsNotFullIsTheLastThereWas() {
        Polls.Answer answer = Polls.read(reply("a1", "b2", "c3"), 1_000);

        assertThat(answer).isEqualTo(new Polls.Answer(false, "c3"));
        polls.onAnswer(answer);
        assertThat(polls.isLast(token("c3"))).isTrue();
        assertThat(polls.isLast(token("b2"))).as("more came with it").isFalse();
    }

    @Test
    void anAnswerWithAsManyEventsAsWereAskedForIsFull() {
        assertThat(Polls.read(reply("a1", "b2"), 2)).isEqualTo(new Polls.Answer(true, null));
        assertThat(Polls.read(reply("a1", "b2"), 0)).isEqualTo(new Polls.Answer(false, "b2"));
        assertThat(Polls.read(reply(), 2)).isEqualTo(EMPTY);
    }

    @Test
    void aLargeAnswerIsFull() {
        BsonDocument event = event("a1").append("fullDocument", new BsonString("x".repeat(1 << 20)));

        assertThat(Polls.read(reply(List.of(event)), 0)).isEqualTo(new Polls.Answer(true, null));
    }

    @Test
    void anAnswerOfAnotherFormSaysNothing() {
        assertThat(Polls.read(raw(BsonDocument.parse("{ok: 1}")), 0).full()).isTrue();
        assertThat(Polls.read(BsonDocument.parse("{cursor: {nextBatch: []}}"), 0)
                        .full())
                .as("its size is not known")
                .isTrue();
    }

    private static BsonDocument reply(String... tokens) {
        return reply(Stream.of(tokens).map(PollsTest::event).toList());
    }

    private static BsonDocument reply(List<BsonDocument> events) {
        BsonDocument cursor =
                BsonDocument.parse("{id: 7, ns: 'shop.$cmd.aggregate'}").append("nextBatch", new BsonArray(events));
        return raw(new BsonDocument("ok", new BsonDouble(1)).append("cursor", cursor));
    }

    private static BsonDocument event(String token) {
        return new BsonDocument("_id", token(token)).append("operationType", new BsonString("insert"));
    }

    private static BsonDocument token(String data) {
        return new BsonDocument("_data", new BsonString(data));
    }

    private static BsonDocument raw(BsonDocument document) {
        return new RawBsonDocument(document, new BsonDocumentCodec());
    }
}
