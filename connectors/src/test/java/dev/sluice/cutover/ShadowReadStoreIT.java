package dev.sluice.cutover;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testkit.TestTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// How shadow reads add up.
@SuppressWarnings("NullAway.Init")
class ShadowReadStoreIT {
    private final ShadowReadStore store = new ShadowReadStore(TestTarget.PIPELINE);
    private TestTarget target;
    private Connection connection;

    @BeforeEach
    void open() throws SQLException {
        target = TestTarget.demo();
        connection = target.connection();
    }

    @AfterEach
    void close() {
        target.close();
    }

    @Test
    @DisplayName("counts of several reports add up; a difference ends the equal ones in a row")
    void addUp() throws SQLException {
        add(new ShadowTally().add(ShadowResult.EQUAL, 5).add(ShadowResult.UNCHECKED, 2));
        add(new ShadowTally().add(ShadowResult.EQUAL, 3));
        assertThat(counts().consecutiveEqual()).isEqualTo(8);
        assertThat(counts().lastDifferentAt()).isNull();

        add(new ShadowTally().add(ShadowResult.DIFFERENT, 1).add(ShadowResult.UNCHECKED, -1));
        assertThat(counts().consecutiveEqual()).isZero();
        assertThat(counts().lastDifferentAt()).isNotNull();
        add(new ShadowTally()
                .add(ShadowResult.EQUAL, 1)
                .add(ShadowResult.UNCONFIRMED, 1)
                .add(ShadowResult.UNCHECKED, -1));

        assertThat(counts().consecutiveEqual()).isEqualTo(1);
        assertThat(counts().results())
                .isEqualTo(Map.of(
                        ShadowResult.EQUAL,
                        9L,
                        ShadowResult.DIFFERENT,
                        1L,
                        ShadowResult.UNCONFIRMED,
                        1L,
                        ShadowResult.REPORTED,
                        0L,
                        ShadowResult.UNCHECKED,
                        0L));
        assertThat(counts().total()).isEqualTo(11);
        assertThat(store.counts(connection)).containsOnlyKeys("users");
    }

    @Test
    @DisplayName("several processes count at once, and no read is lost")
    void together() {
        List<CompletableFuture<Void>> reporters = IntStream.range(0, 4)
                .mapToObj(i -> CompletableFuture.runAsync(() -> {
                    try (Connection own = target.connector().open()) {
                        for (int n = 0; n < 25; n++) {
                            ShadowTally tally = new ShadowTally().addList("l", true);
                            tally.postgres().add(1);
                            store.add(own, new TreeMap<>(Map.of("users", tally, "orders", new ShadowTally())));
                        }
                    } catch (SQLException e) {
                        throw new IllegalStateException(e);
                    }
                }))
                .toList();
        reporters.forEach(CompletableFuture::join);

        assertThat(counts().of(ShadowResult.EQUAL)).isEqualTo(100);
        assertThat(counts().postgres().total()).isEqualTo(100);
        assertThat(counts().lists())
                .singleElement()
                .satisfies(list -> assertThat(list.equal()).isEqualTo(100));
    }

    @Test
    @DisplayName("times are of the window that is going on and the one before")
    void windows() throws SQLException {
        addTime(1);
        target.execute("UPDATE sluice.shadow_read SET window_began_at = now() - interval '11 minutes'");
        addTime(100);
        assertThat(counts().postgres().total()).isEqualTo(2);
        target.execute("UPDATE sluice.shadow_read SET window_began_at = now() - interval '11 minutes'");
        addTime(100);

        assertThat(counts().postgres().total()).isEqualTo(2);
        assertThat(Objects.requireNonNull(counts().postgres().percentile(50))).isBetween(90.0, 110.0);

        target.execute("UPDATE sluice.shadow_read SET window_began_at = now() - interval '1 hour'");
        addTime(5);
        assertThat(counts().postgres().total()).isEqualTo(1);
    }

    @Test
    @DisplayName("names that are too many are counted together")
    void names() throws SQLException {
        ShadowTally tally = new ShadowTally();
        IntStream.range(0, ShadowReadStore.NAMES_MAX + 7).forEach(i -> tally.addList("list-" + i, false));
        add(tally);
        add(new ShadowTally().addList("list-0", true).addList("one more", true));

        assertThat(counts().lists()).hasSize(ShadowReadStore.NAMES_MAX + 1);
        assertThat(counts().lists()).anySatisfy(list -> {
            assertThat(list.name()).isEqualTo(ShadowReadStore.OTHERS);
            assertThat(list.reported()).isEqualTo(7);
            assertThat(list.equal()).isEqualTo(1);
        });
        assertThat(counts().lists()).anySatisfy(list -> {
            assertThat(list.name()).isEqualTo("list-0");
            assertThat(list.reported() + list.equal()).isEqualTo(2);
        });
        assertThat(counts().of(ShadowResult.REPORTED)).isEqualTo(ShadowReadStore.NAMES_MAX + 7);
    }

    @Test
    @DisplayName("what is settled after the collection was copied again is not taken from the new counts")
    void copiedAgain() throws SQLException {
        target.execute("INSERT INTO sluice.backfill (pipeline, collection, state, finished_at) VALUES ('"
                + TestTarget.PIPELINE + "', 'users', 'done', now()) ON CONFLICT (pipeline, collection)"
                + " DO UPDATE SET state = 'done', finished_at = now()");
        add(new ShadowTally().add(ShadowResult.UNCHECKED, 4).addList("l", false));
        target.execute("UPDATE sluice.backfill SET finished_at = now() + interval '1 s'");
        assertThat(store.counts(connection)).isEmpty();

        add(new ShadowTally().add(ShadowResult.UNCONFIRMED, 4).add(ShadowResult.UNCHECKED, -4));

        assertThat(counts().of(ShadowResult.UNCHECKED)).isZero();
        assertThat(counts().of(ShadowResult.UNCONFIRMED)).isEqualTo(4);
        assertThat(counts().lists()).isEmpty();
    }

    private void addTime(double millis) throws SQLException {
        ShadowTally tally = new ShadowTally();
        tally.postgres().add(millis);
        add(tally);
    }

    private void add(ShadowTally tally) throws SQLException {
        store.add(connection, new TreeMap<>(Map.of("users", tally)));
    }

    private ShadowCounts counts() {
        try {
            return Objects.requireNonNull(store.counts(connection).get("users"));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
