package dev.sluice.after;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// How scripts that come after the copy are found and cut.
class AfterScriptsTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @Test
    @DisplayName(
            "scripts come in the order of their versions, and statements in that of the file, without comments before them")
    void order() throws IOException {
        AfterScripts scripts = new ScriptFolder(folder)
                .with("V0010__last.sql", "SELECT 3")
                .with("V0002__first.sql", """
                        -- a comment; with a semicolon
                        CREATE INDEX a ON users (name); /* and; one */
                        DO $$ BEGIN PERFORM 1; PERFORM 2; END $$;

                        -- nothing behind it
                        """)
                .scripts();

        assertThat(scripts.statements())
                .extracting(AfterStatement::name, AfterStatement::sql)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(
                                "V0002__first.sql, statement 1", "CREATE INDEX a ON users (name)"),
                        org.assertj.core.groups.Tuple.tuple(
                                "V0002__first.sql, statement 2", "DO $$ BEGIN PERFORM 1; PERFORM 2; END $$"),
                        org.assertj.core.groups.Tuple.tuple("V0010__last.sql, statement 1", "SELECT 3"));
    }

    @Test
    @DisplayName("a file without a version, and two with the same, are refused by name")
    void names() throws IOException {
        ScriptFolder scripts = new ScriptFolder(folder).with("indexes.sql", "SELECT 1");
        assertThatThrownBy(scripts::scripts)
                .isInstanceOf(SluiceException.class)
                .hasMessage("migrations/after/indexes.sql is not named V0001__what_it_does.sql, so its place among the"
                        + " others is not known.")
                .extracting(e -> ((SluiceException) e).kind())
                .isEqualTo(FailureKind.MAPPING);

        scripts.without("indexes.sql").with("V1__a.sql", "SELECT 1").with("V0001__b.sql", "SELECT 1");
        assertThatThrownBy(scripts::scripts).hasMessageContaining("has the same version as V0001__b.sql");
    }

    @Test
    @DisplayName("the index of a CREATE INDEX CONCURRENTLY is known by its name and table, and of no other statement")
    void concurrentIndexes() {
        assertThat(
                        ConcurrentIndex.of(
                                "create /* x */ unique index concurrently if not exists \"A\"\"b\" on only \"S\".t using btree (x)"))
                .contains(new ConcurrentIndex("A\"b", "\"S\".t"));
        assertThat(ConcurrentIndex.of("CREATE INDEX CONCURRENTLY Orders_Idx ON orders(placed_at)"))
                .contains(new ConcurrentIndex("orders_idx", "orders"));
        assertThat(ConcurrentIndex.of("CREATE INDEX CONCURRENTLY ON shop.orders (placed_at)"))
                .contains(new ConcurrentIndex("", "shop.orders"));
        assertThat(ConcurrentIndex.of("CREATE INDEX orders_idx ON orders (placed_at)"))
                .isEmpty();
        assertThat(ConcurrentIndex.of("DROP INDEX CONCURRENTLY orders_idx")).isEmpty();
        assertThat(ConcurrentIndex.of("")).isEmpty();
    }
}
