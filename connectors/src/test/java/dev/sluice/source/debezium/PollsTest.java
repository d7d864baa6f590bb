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
    private static final String GO_ON_FROM = "82674A5B9D";

    private final Polls polls = new Polls();

    @Test
    void beforeThereWasAnAnswerNothingIsKnown() {
        polls.onPoll(10_000);
        assertThat(idleSince("end")).as("it waits for a slow answer").isZero();
    }

    @Test
    void aStreamThatHasGotToTheEndOfAnAnswerHasAllThereWasWhenItWasAskedFor() {
        polls.onPoll(10_000);
        answer(empty("end"));
        assertThat(idleSince("end")).isEqualTo(10_000);
        polls.onPoll(15_000);
        assertThat(idleSince("end")).as("nothing is known of the next").isEqualTo(10_000);
        answer(empty("end"));
        assertThat(idleSince("end")).isEqualTo(15_000);
    }

    @Test
    void aStreamThatIsStillBehindKnowsOnlyOfWhereItIs() {
        polls.onPoll(10_000);
        answer(empty("first"));
        polls.onPoll(11_000);
        answer(events("last"));
        polls.onPoll(12_000);
        answer(empty("end"));

        assertThat(idleSince("first")).as("the changes are not delivered").isEqualTo(10_000);
        assertThat(idleSince("between")).isZero();
        assertThat(idleSince("last")).as("the last of them is").isEqualTo(11_000);
        assertThat(idleSince("end")).isEqualTo(12_000);
    }

    @Test
    void aPollThatFailedCountsForNothing() {
        polls.onPoll(10_000);
        polls.onPoll(20_000);
        answer(empty("end"));
        assertThat(idleSince("end")).isEqualTo(20_000);
    }

    @Test
    void ofManyPlacesTheLatestAreRemembered() {
        for (int i = 0; i < 10_000; i++) {
            polls.onPoll(10_000 + i);
            answer(empty("place " + i));
        }
        assertThat(idleSince("place 9999")).isEqualTo(19_999);
        assertThat(idleSince("place 9800")).isEqualTo(19_800);
        assertThat(idleSince("place 1")).isZero();
    }

    @Test
    void aFullAnswerIsNotAllThereIs() {
        polls.onPoll(10_000);
        answer(new Polls.Answer(false, true, false, null, "further"));
        assertThat(idleSince("further")).isZero();
        polls.onPoll(11_000);
        answer(empty("further"));
        assertThat(idleSince("further")).isEqualTo(11_000);
    }

    @Test
    void whereAServerLooksThroughItsOplogByPiecesAnAnswerWithEventsIsNotAllThereIs() {
        polls.onPoll(10_000);
        answer(new Polls.Answer(false, false, true, "c3", "c3"));
        assertThat(idleSince("c3")).isZero();
        polls.onPoll(11_000);
        polls.onAnswer(emptyPiece("c3"), true, 11_500);
        assertThat(idleSince("c3")).as("it waited at the end").isEqualTo(11_000);
    }

    @Test
    void whereAServerLooksThroughItsOplogByPiecesQuickEmptyAnswersCountAfterSomeQuiet() {
        for (long now = 10_000; now < 12_000; now += 100) {
            polls.onPoll(now);
            polls.onAnswer(emptyPiece("c3"), false, now + 50);
        }
        assertThat(idleSince("c3")).as("more may be behind the piece").isZero();
        polls.onPoll(12_000);
        polls.onAnswer(emptyPiece("c3"), false, 12_050);
        assertThat(idleSince("c3")).isEqualTo(12_000);
        polls.onPoll(12_100);
        polls.onAnswer(new Polls.Answer(false, false, true, "d4", "d4"), false, 12_150);
        polls.onPoll(12_200);
        polls.onAnswer(emptyPiece("d4"), false, 12_250);
        assertThat(idleSince("d4")).as("that was no quiet").isZero();
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

        assertThat(answer).isEqualTo(new Polls.Answer(false, false, false, "c3", GO_ON_FROM));
        answer(answer);
        assertThat(polls.isLast(token("c3"))).isTrue();
        assertThat(polls.isLast(token("b2"))).as("more came with it").isFalse();
    }

    @Test
    void anAnswerWithAsManyEventsAsWereAskedForIsFull() {
        assertThat(Polls.read(reply("a1", "b2"), 2)).isEqualTo(new Polls.Answer(false, true, false, null, GO_ON_FROM));
        assertThat(Polls.read(reply("a1", "b2"), 0)).isEqualTo(new Polls.Answer(false, false, false, "b2", GO_ON_FROM));
        assertThat(Polls.read(reply(), 2)).isEqualTo(empty(GO_ON_FROM));
    }

    @Test
    void aLargeAnswerIsFull() {
        BsonDocument event = event("a1").append("fullDocument", new BsonString("x".repeat(1 << 20)));

        assertThat(Polls.read(reply(List.of(event)), 0))
                .isEqualTo(new Polls.Answer(false, true, false, null, GO_ON_FROM));
    }

    @Test
    void anAnswerOfAnotherFormSaysNothing() {
        assertThat(Polls.read(raw(BsonDocument.parse("{ok: 1}")), 0).full()).isTrue();
        assertThat(Polls.read(BsonDocument.parse("{cursor: {nextBatch: []}}"), 0)
                        .full())
                .as("its size is not known")
                .isTrue();
    }

    private long idleSince(String place) {
        return polls.idleSince(token(place));
    }

    private static Polls.Answer empty(String goOnFrom) {
        return new Polls.Answer(true, false, false, null, goOnFrom);
    }

    private static Polls.Answer emptyPiece(String goOnFrom) {
        return new Polls.Answer(true, false, true, null, goOnFrom);
    }

    /// Of a mongod, which has looked a little further than to the last event.
    private static Polls.Answer events(String last) {
        return new Polls.Answer(false, false, false, last, last + " and further");
    }

    private void answer(Polls.Answer answer) {
        polls.onAnswer(answer, false, 0);
    }

    private static BsonDocument reply(String... tokens) {
        return reply(Stream.of(tokens).map(PollsTest::event).toList());
    }

    private static BsonDocument reply(List<BsonDocument> events) {
        return reply(events, GO_ON_FROM);
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
