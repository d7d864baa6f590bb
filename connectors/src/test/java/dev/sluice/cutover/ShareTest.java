package dev.sluice.cutover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.NotEmpty;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// Who reads from where.
class ShareTest {
    @Test
    @DisplayName("without a share the answer is the same for everyone, with or without a key")
    void everyone() {
        assertThat(Share.MONGODB.of("users", null)).contains(ReadFrom.MONGODB);
        assertThat(new Share(100, 0).of("users", null)).contains(ReadFrom.POSTGRES);
        assertThat(new Share(0, 100).of("users", "")).contains(ReadFrom.BOTH);
        assertThat(new Share(10, 0).of("users", null)).isEmpty();
        assertThat(new Share(10, 0).of("users", "")).isEmpty();
        assertThatThrownBy(() -> new Share(60, 41)).isInstanceOf(IllegalArgumentException.class);
        assertThat(new Share(10, 5).text()).isEqualTo("10 % postgres, 5 % both, 85 % mongodb");
        assertThat(new Share(40, 60).text()).isEqualTo("40 % postgres, 60 % both");
    }

    @Property
    void whoReadsFromPostgresStaysThereWhenThePercentageGrows(
            @ForAll @NotEmpty String key,
            @ForAll @IntRange(max = 99) int percent,
            @ForAll @IntRange(max = 100) int more) {
        Share before = new Share(percent, 0);
        Share after = new Share(Math.min(100, percent + more), 0);

        if (before.of("users", key).orElseThrow() == ReadFrom.POSTGRES) {
            assertThat(after.of("users", key)).contains(ReadFrom.POSTGRES);
        }
    }

    @Test
    @DisplayName("the shares are as large as they say, and other keys are taken in another collection")
    void shares() {
        Share share = new Share(10, 20);
        int postgres = 0;
        int both = 0;
        int sameElsewhere = 0;
        for (int i = 0; i < 20_000; i++) {
            ReadFrom from = share.of("users", "user-" + i).orElseThrow();
            postgres += from == ReadFrom.POSTGRES ? 1 : 0;
            both += from == ReadFrom.BOTH ? 1 : 0;
            sameElsewhere +=
                    from == ReadFrom.POSTGRES && share.of("orders", "user-" + i).orElseThrow() == ReadFrom.POSTGRES
                            ? 1
                            : 0;
        }
        assertThat(postgres).isBetween(1_850, 2_150);
        assertThat(both).isBetween(3_800, 4_200);
        assertThat(sameElsewhere).isLessThan(postgres / 5);
    }
}
