package dev.sluice.sink.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/// When refused rows are a table that no longer takes a collection's rows: with a share of a half.
class RefusalWatchTest {
    private final SQLException check = new SQLException("refused", "23514");
    private final SQLException notNull = new SQLException("refused", "23502");

    private final RefusalWatch watch = new RefusalWatch(0.5);

    private void refuse(String collection, int rows, SQLException why) {
        for (int i = 0; i < rows; i++) {
            watch.refused(collection, why);
        }
    }

    @Test
    void fewRefusedRowsAreDeadLettersEvenWhereAllAreRefused() {
        refuse("users", RefusalWatch.LEAST - 1, check);

        assertThatThrownBy(() -> watch.refused("users", check)).isInstanceOfSatisfying(SluiceException.class, stop -> {
            assertThat(stop.kind()).isEqualTo(FailureKind.ROWS_REFUSED);
            assertThat(stop.getMessage())
                    .contains("Collection users: 50 of the last 50 rows, for one reason: ")
                    .contains("the position has not moved");
        });
    }

    @Test
    void manyRefusedRowsAreDeadLettersWhileMostAreTaken() {
        assertThatCode(() -> {
                    for (int i = 0; i < 10_000; i++) {
                        watch.applied("users", 1);
                        watch.refused("users", check);
                    }
                })
                .as("a half is not more than a half")
                .doesNotThrowAnyException();
    }

    @Test
    void whatWasTakenLongAgoDoesNotHideWhatIsRefusedNow() {
        watch.applied("users", 1_000_000);
        refuse("users", RefusalWatch.WINDOW / 2, check);

        assertThatThrownBy(() -> watch.refused("users", check)).hasMessageContaining("251 of the last 500 rows");
    }

    @Test
    void whatWasRefusedLongAgoIsForgotten() {
        refuse("users", RefusalWatch.LEAST - 1, check);
        watch.applied("users", RefusalWatch.WINDOW);

        assertThatCode(() -> refuse("users", RefusalWatch.WINDOW / 2, check)).doesNotThrowAnyException();
    }

    @Test
    void eachReasonCountsForItself() {
        refuse("users", RefusalWatch.LEAST - 1, check);

        assertThatCode(() -> refuse("users", RefusalWatch.LEAST - 1, notNull)).doesNotThrowAnyException();
    }

    @Test
    void eachCollectionCountsForItself() {
        refuse("users", RefusalWatch.LEAST - 1, check);

        assertThatCode(() -> refuse("orders", RefusalWatch.LEAST - 1, check)).doesNotThrowAnyException();
    }

    @Test
    void aShareOfOneNeverStops() {
        RefusalWatch never = new RefusalWatch(1);

        assertThatCode(() -> {
                    for (int i = 0; i < 2_000; i++) {
                        never.refused("users", check);
                    }
                })
                .doesNotThrowAnyException();
    }
}
