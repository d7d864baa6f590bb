package dev.sluice.service.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.bson.Document;

/// Users with notes, a list of texts that no column names: documents of any size, in a table as it is.
///
/// @param notes how many, of a thousand letters each
record BulkyUsers(String size, int notes, long documents) {
    private static final int LETTERS = 1_000;
    private static final int TEXTS = 500;
    private static final List<String> POOL = pool();

    /// Half a kilobyte, fifty, and five megabytes; so many that copying them takes seconds.
    static List<BulkyUsers> sizes(int percent) {
        return List.of(
                new BulkyUsers("0.5 KB", 0, share(200_000, percent)),
                new BulkyUsers("50 KB", 50, share(10_000, percent)),
                new BulkyUsers("5 MB", 5_000, share(150, percent)));
    }

    private static long share(long of, int percent) {
        return Math.max(2, of * percent / 100);
    }

    Document user(long n, Random random) {
        Document user = Users.user(n, random);
        if (notes > 0) {
            List<String> texts = new ArrayList<>(notes);
            for (int i = 0; i < notes; i++) {
                texts.add(POOL.get(random.nextInt(TEXTS)));
            }
            user.append("notes", texts);
        }
        return user;
    }

    /// Digits, which PostgreSQL makes half as large when it stores them.
    private static List<String> pool() {
        Random random = new Random(1);
        List<String> texts = new ArrayList<>(TEXTS);
        for (int i = 0; i < TEXTS; i++) {
            StringBuilder text = new StringBuilder(LETTERS + 16);
            while (text.length() < LETTERS) {
                text.append(String.format(Locale.ROOT, "%016x", random.nextLong()));
            }
            texts.add(text.substring(0, LETTERS));
        }
        return texts;
    }
}
