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
    private static final Polls.Answer EMPTY = new Polls.Answer(true, false, false, null);

    private static final Polls.Answer EMPTY_PIECE = new Polls.Answer(true, false, true, null);

    private final Polls polls = new Polls();

    @Test
    void beforeThereWasAnAnswerNothingIsKnown() {
        polls.onPoll(10_000);
        assertThat(polls.idleSince(60_000)).as("it waits for a slow answer").isZero();
    }

    @Test
    void anAnswerCountsWhenTheNextPollIsSent() {
        polls.onPoll(10_000);
        answer(EMPTY);
        assertThat(polls.idleSince(60_000))
                .as("its changes may not be taken over")
                .isZero();
        polls.onPoll(15_000);
        assertThat(polls.idleSince(60_000)).isEqualTo(10_000);
    }

    @Test
    void aStreamThatSaidSoBeforeKnowsOnlyOfThePollsBefore() {
        polls.onPoll(10_000);
        answer(EMPTY);
        polls.onPoll(11_000);
        answer(EMPTY);
        polls.onPoll(12_000);
        assertThat(polls.idleSince(12_100)).as("too soon after the last").isEqualTo(10_000);
        assertThat(polls.idleSince(12_500)).isEqualTo(11_000);
        assertThat(polls.idleSince(10_500)).isZero();
    }

    @Test
    void aPollThatFailedCountsForNothing() {
        polls.onPoll(10_000);
        polls.onPoll(20_000);
        answer(EMPTY);
        polls.onPoll(21_000);
        assertThat(polls.idleSince(30_000)).isEqualTo(20_000);
    }

    @Test
    void manyQuickPollsDoNotPushOutTheOneThatIsNeeded() {
        for (long now = 10_000; now < 20_000; now += 2) {
            polls.onPoll(now);
            answer(EMPTY);
        }
        assertThat(polls.idleSince(20_000)).isBetween(19_000L, 20_000L);
        assertThat(polls.idleSince(15_000)).isBetween(14_000L, 15_000L);
    }

    @Test
    void aFullAnswerIsNotAllThereIs() {
        polls.onPoll(10_000);
        answer(new Polls.Answer(false, true, false, null));
        polls.onPoll(11_000);
        assertThat(polls.idleSince(60_000)).isZero();
        answer(EMPTY);
        polls.onPoll(12_000);
        assertThat(polls.idleSince(60_000)).isEqualTo(11_000);
    }

    @Test
    void whereAServerLooksThroughItsOplogByPiecesAnAnswerWithEventsIsNotAllThereIs() {
        polls.onPoll(10_000);
        answer(new Polls.Answer(false, false, true, "c3"));
        polls.onPoll(11_000);
        assertThat(polls.idleSince(60_000)).isZero();
        polls.onAnswer(EMPTY_PIECE, true, 11_500);
        polls.onPoll(11_500);
        assertThat(polls.idleSince(60_000)).as("it waited at the end").isEqualTo(11_000);
    }

    @Test
    void whereAServerLooksThroughItsOplogByPiecesQuickEmptyAnswersCountAfterSomeQuiet() {
        for (long now = 10_000; now < 12_000; now += 100) {
            polls.onPoll(now);
            polls.onAnswer(EMPTY_PIECE, false, now + 50);
        }
        polls.onPoll(12_000);
        assertThat(polls.idleSince(60_000)).as("more may be behind the piece").isZero();
        polls.onAnswer(EMPTY_PIECE, false, 12_050);
        polls.onPoll(12_100);
        assertThat(polls.idleSince(60_000)).isEqualTo(12_000);
        polls.onAnswer(new Polls.Answer(false, false, true, "c3"), false, 12_150);
        polls.onPoll(12_200);
        polls.onAnswer(EMPTY_PIECE, false, 12_250);
        polls.onPoll(12_300);
        assertThat(polls.idleSince(60_000)).as("that was no quiet").isEqualTo(12_000);
    }

    @Test
    void whoAnswersIsToldByTheFormOfItsTokens() {
        assertThat(Polls.read(reply(List.of(), "82674A5B"), 0).byPieces()).isFalse();
        assertThat(Polls.read(reply(List.of(), "45000000"), 0).byPieces()).isTrue();
        assertThat(Polls.read(reply(List.of(), "82000000"), 0).byPieces())
                .as("130 bytes of BSON")
                .isTrue();
    }

    @Test
    void theLastEventOfAnAnswerThatIsNotFullIsTheLastThereWas() {
        Polls.Answer answer = Polls.read(reply("a1", "b2", "c3"), 1_000);

        assertThat(answer).isEqualTo(new Polls.Answer(false, false, false, "c3"));
        answer(answer);
        assertThat(polls.isLast(token("c3"))).isTrue();
        assertThat(polls.isLast(token("b2"))).as("more came with it").isFalse();
    }

    @Test
    void anAnswerWithAsManyEventsAsWereAskedForIsFull() {
        assertThat(Polls.read(reply("a1", "b2"), 2)).isEqualTo(new Polls.Answer(false, true, false, null));
        assertThat(Polls.read(reply("a1", "b2"), 0)).isEqualTo(new Polls.Answer(false, false, false, "b2"));
        assertThat(Polls.read(reply(), 2)).isEqualTo(EMPTY);
    }

    @Test
    void aLargeAnswerIsFull() {
        BsonDocument event = event("a1").append("fullDocument", new BsonString("x".repeat(1 << 20)));

        assertThat(Polls.read(reply(List.of(event)), 0)).isEqualTo(new Polls.Answer(false, true, false, null));
    }

    @Test
    void anAnswerOfAnotherFormSaysNothing() {
        assertThat(Polls.read(raw(BsonDocument.parse("{ok: 1}")), 0).full()).isTrue();
        assertThat(Polls.read(BsonDocument.parse("{cursor: {nextBatch: []}}"), 0)
                        .full())
                .as("its size is not known")
                .isTrue();
    }

    private void answer(Polls.Answer answer) {
        polls.onAnswer(answer, false, 0);
    }

    private static BsonDocument reply(String... tokens) {
        return reply(Stream.of(tokens).map(PollsTest::event).toList());
    }

    private static BsonDocument reply(List<BsonDocument> events) {
        return reply(events, "82674A5B9D");
    }

    private static BsonDocument reply(List<BsonDocument> events, String goOnFrom) {
        BsonDocument cursor = BsonDocument.parse("{id: 7, ns: 'shop.$cmd.aggregate'}")
                .append("nextBatch", new BsonArray(events))
                .append("postBatchResumeToken", token(goOnFrom));
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
