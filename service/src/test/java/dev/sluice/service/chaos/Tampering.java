package dev.sluice.service.chaos;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;

/// Changes rows of the demo shop behind Sluice's back, each in a small way, and knows what a verification
/// has to say of it. Only rows of documents that nobody writes, which stay as they were changed.
final class Tampering {
    static final int USERS = 400;
    static final int ORDERS = 200;
    static final long FIRST_ORDER = 1_000_000;

    private final LiveSystem system;
    private final Random random;
    private final SortedSet<String> expected = new TreeSet<>();
    private final List<Integer> users = new ArrayList<>();
    private final List<Long> orders = new ArrayList<>();
    private int strangers;

    Tampering(LiveSystem system, Random random) {
        this.system = system;
        this.random = random;
    }

    /// What a verification has to find: `table key kind columns`.
    SortedSet<String> expected() {
        return expected;
    }

    /// Changes some of everything, each document once.
    void tamper() throws SQLException {
        expected.clear();
        users.clear();
        orders.clear();
        for (int i = 0; i < USERS; i++) {
            users.add(i);
        }
        for (long i = 0; i < ORDERS; i++) {
            orders.add(FIRST_ORDER + i);
        }
        for (int i = 0; i < 2; i++) {
            user("age = age + 1", "age");
            user("balance = balance + 0.01", "balance");
            user("signed_up_at = signed_up_at + interval '1 ms'", "signed_up_at");
            user("name = name || ' '", "name");
            user("name = upper(name)", "name");
            user("latitude = latitude + 0.0000000001", "latitude");
            user("rest = jsonb_set(rest, '{visits}', '1.0')", "rest");
            user("preferences = 'null'", "preferences");
            user("tags = tags || ARRAY['']", "tags");
            user("email = '', country = 'Nowhere'", "email,country");
            swapTwoUsers();
            deleteUser();
            insertUser();
            order("total = total - 0.01", "total");
            order("placed_at = placed_at - interval '1 microsecond'", "placed_at");
            line("title = title || '.'", "title");
            line("unit_price = unit_price + 0.01", "unit_price");
            line("attributes = '{\"a\": {\"b\": [1, 2]}}'", "attributes");
            deleteLine();
            insertLine();
            swapTwoLines();
            deleteOrder();
            insertOrder();
        }
    }

    private String user() {
        return "quiet-" + users.remove(random.nextInt(users.size()));
    }

    private long order() {
        return orders.remove(random.nextInt(orders.size()));
    }

    private void expect(String table, Object key, String kind, String columns) {
        expected.add((table + " " + key + " " + kind + " " + columns).strip());
    }

    private void user(String set, String columns) throws SQLException {
        String key = user();
        system.execute("UPDATE users SET " + set + " WHERE id = '" + key + "'");
        expect("users", key, "different", columns);
    }

    private void order(String set, String columns) throws SQLException {
        long key = order();
        system.execute("UPDATE orders SET " + set + " WHERE id = " + key);
        expect("orders", key, "different", columns);
    }

    private void line(String set, String columns) throws SQLException {
        long key = order();
        system.execute("UPDATE order_lines SET " + set + " WHERE ordinal = 1 AND order_id = " + key);
        expect("order_lines", key, "different", columns);
    }

    private void swapTwoUsers() throws SQLException {
        String one = user();
        String other = user();
        system.execute("UPDATE users a SET name = b.name, email = b.email FROM users b WHERE (a.id, b.id) IN (('" + one
                + "', '" + other + "'), ('" + other + "', '" + one + "'))");
        expect("users", one, "different", "email,name");
        expect("users", other, "different", "email,name");
    }

    private void deleteUser() throws SQLException {
        String key = user();
        system.execute("DELETE FROM users WHERE id = '" + key + "'");
        expect("users", key, "missing", "");
    }

    private void insertUser() throws SQLException {
        String key = "stranger-" + strangers++;
        system.execute("INSERT INTO users (id, email) VALUES ('" + key + "', 'nobody')");
        expect("users", key, "extra", "");
    }

    private void deleteLine() throws SQLException {
        long key = order();
        system.execute("DELETE FROM order_lines WHERE ordinal = 0 AND order_id = " + key);
        expect("order_lines", key, "missing", "");
    }

    private void insertLine() throws SQLException {
        long key = order();
        system.execute("INSERT INTO order_lines (order_id, ordinal, sku, quantity) VALUES (" + key + ", 99, '', 1)");
        expect("order_lines", key, "extra", "");
    }

    private void swapTwoLines() throws SQLException {
        long key = order();
        system.execute("UPDATE order_lines a SET sku = b.sku FROM order_lines b WHERE a.order_id = " + key
                + " AND b.order_id = " + key + " AND a.ordinal + b.ordinal = 1");
        expect("order_lines", key, "different", "sku");
    }

    private void deleteOrder() throws SQLException {
        long key = order();
        system.execute("DELETE FROM orders WHERE id = " + key);
        expect("orders", key, "missing", "");
        expect("order_lines", key, "missing", "");
    }

    private void insertOrder() throws SQLException {
        long key = 2 * FIRST_ORDER + strangers++;
        system.execute("INSERT INTO orders (id, status, placed_at) VALUES (" + key + ", 'new', now());"
                + " INSERT INTO order_lines (order_id, ordinal, sku, quantity) VALUES (" + key + ", 0, 'S', 1)");
        expect("orders", key, "extra", "");
        expect("order_lines", key, "extra", "");
    }
}
