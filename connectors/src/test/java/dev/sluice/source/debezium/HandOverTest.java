package dev.sluice.source.debezium;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.junit.jupiter.api.Test;

class HandOverTest {
    private static final Schema VALUE =
            SchemaBuilder.struct().field("after", Schema.OPTIONAL_STRING_SCHEMA).build();

    @Test
    void recordsComeInOrderAndNoMoreThanAskedFor() throws Exception {
        HandOver handOver = new HandOver(10, 1_000_000);
        List<SourceRecord> put = List.of(record(1), record(1), record(1));
        for (SourceRecord record : put) {
            handOver.put(record);
        }

        assertThat(handOver.take(2, Duration.ZERO)).containsExactlyElementsOf(put.subList(0, 2));
        assertThat(handOver.take(2, Duration.ZERO)).containsExactly(put.get(2));
    }

    @Test
    void theOneThatIsFullInBytesHoldsTheEngineUntilThereIsRoom() throws Exception {
        HandOver handOver = new HandOver(10, 5_000);
        handOver.put(record(6_000));
        CompletableFuture<Void> second = putInBackground(handOver, record(1));

        assertThat(second.isDone()).isFalse();
        assertThat(handOver.take(1, Duration.ZERO)).hasSize(1);
        second.get(10, TimeUnit.SECONDS);
        assertThat(handOver.take(1, Duration.ZERO)).hasSize(1);
    }

    @Test
    void theOneThatHoldsAsManyAsItMayHoldsTheEngineToo() throws Exception {
        HandOver handOver = new HandOver(1, 1_000_000);
        handOver.put(record(1));
        CompletableFuture<Void> second = putInBackground(handOver, record(1));

        assertThat(second.isDone()).isFalse();
        handOver.take(1, Duration.ZERO);
        second.get(10, TimeUnit.SECONDS);
    }

    @Test
    void lingeringEndsWhenThereAreEnough() throws Exception {
        HandOver handOver = new HandOver(10, 1_000_000);
        handOver.put(record(1));
        CompletableFuture<Void> second = putInBackground(handOver, record(1));

        assertThat(handOver.take(2, Duration.ofMinutes(5))).hasSize(2);
        second.get(10, TimeUnit.SECONDS);
    }

    @Test
    void closedItLetsEverybodyGoWithNothing() throws Exception {
        HandOver handOver = new HandOver(1, 1_000_000);
        handOver.put(record(1));
        CompletableFuture<Void> second = putInBackground(handOver, record(1));
        handOver.close();

        second.get(10, TimeUnit.SECONDS);
        assertThat(handOver.take(1, Duration.ZERO)).isEmpty();
        handOver.put(record(1));
        assertThat(handOver.take(1, Duration.ZERO)).isEmpty();
    }

    private static CompletableFuture<Void> putInBackground(HandOver handOver, SourceRecord record) throws Exception {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread thread = Thread.ofPlatform().daemon(true).start(() -> {
            try {
                handOver.put(record);
                done.complete(null);
            } catch (InterruptedException e) {
                done.completeExceptionally(e);
            }
        });
        // Until it waits, or is through.
        thread.join(200);
        return done;
    }

    private static SourceRecord record(int bytes) {
        return new SourceRecord(Map.of(), Map.of(), "topic", VALUE, new Struct(VALUE).put("after", "x".repeat(bytes)));
    }
}
