package shop;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import shop.Users.Read;
import shop.Users.Written;

/**
 * Runs the shop under load and counts what goes wrong: 100 writes and 300 reads a second.
 *
 * <p>Each user's visits are written by this process alone, so it knows what a read must find: never less than the last
 * write that was acknowledged to it before the read, and never more than it has written.
 */
final class Service {
    private static final int WRITES_PER_SECOND = 100, READS_PER_SECOND = 300, WRITERS = 4, READERS = 10;
    private static final List<String> USERS =
            IntStream.range(0, 100).mapToObj(n -> "java-user-" + n).toList();
    private static final List<String> BAD = List.of("wrong", "stale", "different", "failed");

    private final Users users;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Map<String, Integer> begun = new ConcurrentHashMap<>(); // writes that were begun
    private final Map<String, Written> written = new ConcurrentHashMap<>(); // the last write that was acknowledged
    private final Map<String, Integer> counts = new LinkedHashMap<>();
    private final Map<String, Seen> seen = new HashMap<>();
    private final List<Move> moves = new ArrayList<>();
    private Exception trouble; // the first one

    /** The last route of a user, and when it was asked for. */
    private record Seen(String route, double asked) {}

    /** When users first got a new route, and until when they got the old one. */
    private static final class Move {
        final Set<String> users = new HashSet<>();
        String from, to;
        double oldUntil, first, last;

        String json() {
            return String.format(
                    Locale.ROOT,
                    "{\"from\": \"%s\", \"to\": \"%s\", \"users\": %d,"
                            + " \"old_until\": %.3f, \"first\": %.3f, \"last\": %.3f}",
                    from, to, users.size(), oldUntil, first, last);
        }
    }

    private interface Work {
        void with(String user) throws Exception;
    }

    private Service(Users users) {
        this.users = users;
        Stream.concat(Stream.of("writes", Users.MONGODB, Users.POSTGRES, Users.BOTH, "reported", "late"), BAD.stream())
                .forEach(name -> counts.put(name, 0));
    }

    private void write(String user) {
        begun.merge(user, 1, Integer::sum);
        written.put(user, users.visit(user));
        count("writes");
    }

    private void read(String user) throws Exception {
        Written last = written.get(user);
        double asked = now();
        Read read = users.visits(user, last);
        follow(user, read.route(), asked);
        count(read.route());
        if (!read.side().equals(read.route())) {
            count("late"); // PostgreSQL had not got the user's write in time, and MongoDB answered
        }
        int most = begun.get(user);
        if (read.visits() < last.visits() || read.visits() > most) {
            count("wrong");
        }
        if (!read.side().equals(Users.MONGODB) && read.row() < last.visits()) {
            count("stale");
        }
        if (read.side().equals(Users.BOTH) && most == last.visits() && read.row() != read.visits()) {
            count("different"); // nothing was written meanwhile, so both sides should have said the same
        }
    }

    private void count(String what) {
        count(what, 1);
    }

    private synchronized void count(String what, int by) {
        counts.merge(what, by, Integer::sum);
    }

    private void tellSluice() {
        try {
            count("reported", users.report());
        } catch (Exception e) {
            failed(e);
        }
    }

    private void failed(Exception e) {
        count("failed");
        trouble = trouble == null ? e : trouble;
    }

    private synchronized void follow(String user, String route, double asked) {
        Seen old = seen.put(user, new Seen(route, asked));
        if (old == null || old.route().equals(route)) {
            return;
        }
        double now = now();
        Move move = moves.stream()
                .filter(m -> m.from.equals(old.route()) && m.to.equals(route) && now - m.last < 2)
                .reduce((earlier, later) -> later)
                .filter(m -> !m.users.contains(user))
                .orElse(null);
        if (move == null) {
            move = new Move();
            move.from = old.route();
            move.to = route;
            move.first = now;
            moves.add(move);
        }
        move.users.add(user);
        move.oldUntil = Math.max(move.oldUntil, old.asked());
        move.last = now;
    }

    private static double now() {
        return System.currentTimeMillis() / 1000.0;
    }

    /** Does it for the users in turn, at an even pace. */
    private void repeat(Work work, List<String> users, int perSecond) throws InterruptedException {
        long pause = TimeUnit.SECONDS.toNanos(1) / perSecond;
        for (long due = System.nanoTime(); ; ) {
            for (String user : users) {
                due = Math.max(due + pause, System.nanoTime() - TimeUnit.SECONDS.toNanos(1));
                if (stop.await(due - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    return;
                }
                try {
                    work.with(user);
                } catch (Exception e) {
                    failed(e);
                }
            }
        }
    }

    private List<Thread> threads(Work work, int perSecond, int of) {
        return IntStream.range(0, of)
                .mapToObj(n -> new Thread(() -> {
                    List<String> every = IntStream.range(0, USERS.size())
                            .filter(i -> i % of == n)
                            .mapToObj(USERS::get)
                            .toList();
                    try {
                        repeat(work, every, perSecond / of);
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                }))
                .toList();
    }

    private synchronized String report() {
        return counts.entrySet().stream()
                .map(count -> "\"" + count.getKey() + "\": " + count.getValue())
                .collect(Collectors.joining(", "));
    }

    private void run(int seconds) throws InterruptedException {
        for (String user : USERS) {
            begun.put(user, users.visit(user).visits()); // what an earlier run has written
            write(user);
        }
        List<Thread> threads = new ArrayList<>(threads(this::write, WRITES_PER_SECOND, WRITERS));
        threads.addAll(threads(this::read, READS_PER_SECOND, READERS));
        threads.forEach(Thread::start);
        for (int left = seconds; left > 0 && !stop.await(1, TimeUnit.SECONDS); left--) {
            tellSluice();
            System.out.println("{" + report() + "}");
        }
        stop.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        tellSluice();
        System.out.println("{" + report() + ", \"moves\": "
                + moves.stream().map(Move::json).collect(Collectors.joining(", ", "[", "]")) + "}");
    }

    public static void main(String[] arguments) throws InterruptedException {
        Settings settings = Settings.read();
        Thread main = Thread.currentThread();
        Service service;
        try (Users users = new Users(settings, READERS)) {
            service = new Service(users);
            // SIGTERM and Ctrl-C: the JVM ends when this has, so the counts are printed first.
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                service.stop.countDown();
                try {
                    main.join();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }));
            service.run(settings.seconds());
        }
        String bad = BAD.stream()
                .filter(what -> service.counts.get(what) > 0)
                .map(what -> service.counts.get(what) + " " + what)
                .collect(Collectors.joining(", "));
        if (!bad.isEmpty()) {
            System.err.println("Reads were not right: " + bad + "."
                    + (service.trouble == null ? "" : " The first failure: " + service.trouble));
            Runtime.getRuntime().halt(1);
        }
        Runtime.getRuntime().halt(0);
    }
}
