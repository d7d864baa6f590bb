package dev.sluice.mapping.row;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testkit.TestTarget;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Holds what is taken for an address against what PostgreSQL's `inet` takes, so that no row is refused for
/// one.
class InetTextIT {
    private static final String[] PARTS = {
        ":", ":", "::", ".", ".", "/", "0", "1", "9", "10", "25", "255", "256", "32", "33", "128", "129", "00", "01",
        "f", "F", "ffff", "abcd", "g", "12345", "1.2.3.4", "::1", "-", "+", " ", "%eth0", "/24", "٣"
    };

    @Test
    void whatIsTakenForAnAddressPostgresqlTakesToo() throws SQLException {
        Random random = new Random(20260101);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 200_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int parts = random.nextInt(1, 14); parts > 0; parts--) {
                text.append(PARTS[random.nextInt(PARTS.length)]);
            }
            texts.add(text.toString());
        }
        // Mostly right ones, so that both sides of each rule are met.
        for (int i = 0; i < 100_000; i++) {
            StringBuilder text = new StringBuilder();
            boolean six = random.nextBoolean();
            int groups = six ? 8 - random.nextInt(3) : 4 + random.nextInt(8) / 7;
            int gap = random.nextInt(12);
            for (int group = 0; group < groups; group++) {
                text.append(group == 0 ? "" : six ? ":" : ".").append(six && group == gap ? ":" : "");
                int number = random.nextInt(six ? 65_536 : 260);
                text.append(six ? Integer.toHexString(number) : Integer.toString(number));
            }
            if (random.nextInt(3) == 0) {
                text.append('/').append(random.nextInt(six ? 131 : 35));
            }
            if (random.nextInt(4) == 0) {
                text.setCharAt(random.nextInt(text.length()), ":.0/".charAt(random.nextInt(4)));
            }
            texts.add(text.toString());
        }

        List<String> ours = texts.stream().filter(InetText::isAddress).toList();
        assertThat(ours).hasSizeGreaterThan(10_000);
        try (TestTarget target = TestTarget.demo();
                Connection connection = target.connection();
                PreparedStatement statement = connection.prepareStatement(
                        "SELECT t FROM unnest(?::text[]) t WHERE NOT pg_input_is_valid(t, 'inet') LIMIT 20")) {
            statement.setArray(1, connection.createArrayOf("text", ours.toArray()));
            List<String> refused = new ArrayList<>();
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    refused.add(rows.getString(1));
                }
            }
            assertThat(refused).isEmpty();
        }
    }

    /// The other way round: addresses as PostgreSQL writes them are all taken.
    @Test
    void whatPostgresqlWritesIsTakenForAnAddress() throws SQLException {
        try (TestTarget target = TestTarget.demo();
                Connection connection = target.connection();
                PreparedStatement statement = connection.prepareStatement(
                        "SELECT set_masklen('0.0.0.0'::inet + n * 4294967, (n % 33)::int)::text,"
                                + " set_masklen('::'::inet + n * 9007199254740991, (n % 129)::int)::text,"
                                + " set_masklen('2001:db8:0:0:1::'::inet + n, (n % 129)::int)::text"
                                + " FROM generate_series(0::bigint, 999) n");
                ResultSet rows = statement.executeQuery()) {
            int count = 0;
            while (rows.next()) {
                for (int column = 1; column <= 3; column++) {
                    String address = rows.getString(column);
                    assertThat(InetText.isAddress(address)).as(address).isTrue();
                }
                count++;
            }
            assertThat(count).isEqualTo(1_000);
        }
    }
}
