package dev.sluice.service.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.balance.Balance;
import dev.sluice.control.DeadLetterStore.Staying;
import dev.sluice.service.text.Counted;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Balances as people read them.
class BalanceTableTest {
    private static final Instant AT = Instant.parse("2026-01-01T00:00:00.250Z");
    private static final Balance PLAIN = new Balance(7, 7, 0, 0, 0, 0, 0, 0, 0, 0, AT);
    private static final Balance FULL = new Balance(34_000, 33_950, 3, 2, 1, 13, 38, 3, 2, 0, AT.plusSeconds(9));

    @Test
    @DisplayName("each line is an equation whose signs are in the head, and the last one adds the others up")
    void lines() {
        SequencedMap<String, Balance> balances = new LinkedHashMap<>();
        balances.put("users", PLAIN);
        balances.put("orders", FULL);

        assertThat(BalanceTable.forPeople(balances, Map.of()).lines().map(line -> line.replaceAll(" {2,}", "|")))
                .containsExactly(
                        "collection|documents|= rows|- kept|- to be deleted|- not ours|+ dead letters|+ waiting|+ skipped"
                                + "|+ deduplicated|+ no row yet|counted at",
                        "users|7|7|0|0|0|0|0|0|0|0|2026-01-01T00:00:00Z",
                        "orders|34,000|33,950|3|2|1|13|38|3|2|0|2026-01-01T00:00:09Z",
                        "all|34,007|33,957|3|2|1|13|38|3|2|0|2026-01-01T00:00:00Z",
                        "orders: 2 rows are to be deleted: changes that are not applied yet, or drift. `sluice verify`"
                                + " tells which.");
    }

    @Test
    @DisplayName("what is in flight and what is drift are terms of what should have a row, and of what should go")
    void settled() {
        assertThat(BalanceTable.explained("users", PLAIN, 0, 0)).isEmpty();
        assertThat(BalanceTable.explained("orders", FULL, 0, 2)).contains("orders: 2 to be deleted = 2 extra");
        assertThat(BalanceTable.explained("orders", new Balance(9, 7, 0, 1, 0, 0, 0, 0, 0, 3, AT), 1, 0))
                .contains("orders: 3 no row yet = 1 missing + 2 not applied yet; 1 to be deleted = 0 extra + 1 not"
                        + " applied yet");
    }

    @Test
    @DisplayName(
            "rows that PostgreSQL does not let go are said to stay with what keeps them, and are no changes in flight")
    void staying() {
        SequencedMap<String, Balance> balances = new LinkedHashMap<>();
        balances.put("orders", FULL);

        assertThat(BalanceTable.forPeople(balances, Map.of("orders", new Staying(2, "a foreign key")))
                        .lines())
                .last()
                .isEqualTo("orders: 2 rows are to be deleted and stay, since PostgreSQL does not let them go: a foreign"
                        + " key. Once nothing keeps them, `sluice dead-letters retry` deletes them.");
        assertThat(BalanceTable.forPeople(balances, Map.of("orders", new Staying(1, "a foreign key"))))
                .contains(
                        "orders: 1 row is to be deleted and stays", "orders: 1 row is to be deleted: changes that are");
        assertThat(BalanceTable.staying("users", PLAIN, new Staying(1, "a foreign key")))
                .isEmpty();
    }

    @Test
    @DisplayName(
            "after a copy, rows without a document are from before it or deleted since, and documents without came later")
    void afterCopy() {
        SequencedMap<String, Balance> balances = new LinkedHashMap<>();
        balances.put("orders", new Balance(9, 7, 0, 1, 0, 0, 0, 0, 0, 3, AT));

        assertThat(BalanceTable.afterCopy(balances, Map.of(), false, Map.of()).lines())
                .last()
                .isEqualTo(
                        "orders: 3 documents have no row yet: changes since the copy, which `sluice run` applies, or drift."
                                + " 1 row has no document: rows from before the copy, which `sluice backfill --prune` deletes, or"
                                + " deletes since, which `sluice run` applies. `sluice verify` tells which.");
    }

    @Test
    @DisplayName(
            "after a prune, rows without a document are those that the table's trigger keeps, and no others to prune")
    void afterPrune() {
        SequencedMap<String, Balance> balances = new LinkedHashMap<>();
        balances.put("orders", new Balance(9, 10, 0, 1, 0, 0, 0, 0, 0, 0, AT));

        assertThat(BalanceTable.afterCopy(balances, Map.of(), true, Map.of("orders", "the trigger keep (f)"))
                        .lines())
                .last()
                .isEqualTo(
                        "orders: 1 row has no document: rows from before the copy, which the trigger keep (f) lets stay"
                                + " though they were to be pruned (let its function return OLD while"
                                + " current_setting('sluice.applying', true) is 'on', then prune again), or deletes since, which"
                                + " `sluice run` applies. `sluice verify` tells which.");
        assertThat(BalanceTable.afterCopy(balances, Map.of(), false, Map.of("orders", "the trigger keep (f)")))
                .contains(
                        "which the trigger keep (f) lets stay where `sluice backfill --prune` would delete them (let");
        assertThat(BalanceTable.afterCopy(balances, Map.of(), true, Map.of()))
                .contains("orders: 1 row has no document: deletes since, which `sluice run` applies.");
    }

    @Test
    @DisplayName("in a sentence, documents that all have rows are a number, and others say what they are")
    void equation() {
        assertThat(BalanceTable.equation(PLAIN)).isEqualTo("7 documents");
        assertThat(BalanceTable.equation(FULL))
                .isEqualTo("34,000 documents = 33,950 rows - 3 kept - 2 to be deleted - 1 not ours + 13 dead letters"
                        + " + 38 waiting + 3 skipped + 2 deduplicated");
    }

    @Test
    @DisplayName("as many rows as documents are not a number alone where they are not the same ones")
    void notTheSameOnes() {
        assertThat(BalanceTable.equation(new Balance(7, 7, 1, 0, 0, 1, 0, 0, 0, 0, AT)))
                .isEqualTo("7 documents = 7 rows - 1 kept + 1 dead letter");
    }

    @Test
    @DisplayName("one is one: a document, a row, a dead letter")
    void one() {
        assertThat(BalanceTable.equation(new Balance(1, 1, 1, 0, 0, 1, 0, 0, 0, 0, AT)))
                .isEqualTo("1 document = 1 row - 1 kept + 1 dead letter");
        assertThat(Counted.of(0, "document")).isEqualTo("0 documents");
        assertThat(Counted.of(1, "document")).isEqualTo("1 document");
        assertThat(Counted.of(2_000, "entry is", "entries are")).isEqualTo("2,000 entries are");
    }

    @Test
    @DisplayName("where nothing was counted there is no table")
    void nothing() {
        assertThat(BalanceTable.forPeople(new LinkedHashMap<>(), Map.of())).isEmpty();
    }
}
