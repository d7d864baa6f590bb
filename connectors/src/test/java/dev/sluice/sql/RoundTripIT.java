package dev.sluice.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testkit.TestTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Statements that are sent together")
@SuppressWarnings("NullAway.Init")
class RoundTripIT {
    private TestTarget target;
    private Connection connection;
    private final List<String> answers = new ArrayList<>();

    @BeforeEach
    void open() throws SQLException {
        target = TestTarget.demo();
        connection = target.connector().open();
        connection.setAutoCommit(false);
    }

    @AfterEach
    void close() throws SQLException {
        connection.close();
        target.close();
    }

    @Test
    @DisplayName("are executed in their order, each with its own parameters, and each reader has its own answer")
    void inOrder() throws SQLException {
        for (int time = 1; time <= 7; time++) {
            answers.clear();

            // More often than the driver prepares a statement for good.
            RoundTrip.send(connection, List.of(insert("a" + time), count(), insert("b" + time), count(), none()));

            assertThat(answers)
                    .containsExactly(
                            "1 inserted", (2 * time - 1) + " there", "1 inserted", 2 * time + " there", "no row");
        }
    }

    @Test
    @DisplayName("are not executed behind one that fails")
    void failing() throws SQLException {
        RoundTrip.send(connection, List.of(insert("a")));

        assertThatThrownBy(() -> RoundTrip.send(connection, List.of(insert("b"), insert("a"), insert("c"))))
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("23505"));

        connection.rollback();
        RoundTrip.send(connection, List.of(count()));
        assertThat(answers).endsWith("0 there");
    }

    @Test
    @DisplayName("leave the connection usable when a reader does not like its answer")
    void refused() throws SQLException {
        RoundTrip.Part refusing = new RoundTrip.Query("SELECT 1", (statement, first) -> first, rows -> {
            throw new SQLException("not this one");
        });

        assertThatThrownBy(() -> RoundTrip.send(connection, List.of(refusing, count())))
                .hasMessage("not this one");

        RoundTrip.send(connection, List.of(count()));
        assertThat(answers).containsExactly("0 there");
    }

    @Test
    @DisplayName("are none where there are none")
    void nothing() throws SQLException {
        RoundTrip.send(connection, List.of());

        assertThat(target.rows("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
                        + " AND datname = current_database()"))
                .containsExactly("0");
    }

    private RoundTrip.Part insert(String id) {
        return new RoundTrip.Update(
                "INSERT INTO users (id, email) VALUES (?, ?)",
                (statement, first) -> {
                    statement.setString(first, id);
                    statement.setString(first + 1, id + "@shop.example");
                    return first + 2;
                },
                rows -> answers.add(rows + " inserted"));
    }

    private RoundTrip.Part count() {
        return new RoundTrip.Query("SELECT count(*) FROM users", (statement, first) -> first, rows -> {
            rows.next();
            answers.add(rows.getInt(1) + " there");
        });
    }

    private RoundTrip.Part none() {
        return new RoundTrip.Query(
                "SELECT id FROM users WHERE false",
                (statement, first) -> first,
                rows -> answers.add(rows.next() ? "a row" : "no row"));
    }
}
