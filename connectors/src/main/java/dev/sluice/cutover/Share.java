package dev.sluice.cutover;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Which share of the readers of a collection reads from where; the rest reads from MongoDB.
///
/// @param percent of the targeting keys read from PostgreSQL, 0 to 100
/// @param shadowPercent of the targeting keys read from both sides; the two are not more than 100 together
public record Share(int percent, int shadowPercent) {
    private static final int BUCKETS = 10_000;
    private static final int PER_PERCENT = BUCKETS / 100;

    /// Everyone reads from MongoDB.
    public static final Share MONGODB = new Share(0, 0);

    public Share {
        if (percent < 0 || shadowPercent < 0 || percent + shadowPercent > 100) {
            throw new IllegalArgumentException("shares are from 0 to 100 percent, and not more together");
        }
    }

    /// The share that somebody asks for.
    ///
    /// @param percent of PostgreSQL; null where it is not said: then all, or none where a shadow is said
    /// @param shadowPercent of both sides; null where it is not said: then none
    /// @return empty where one is not from 0 to 100, or both are more than 100 together
    public static Optional<Share> asked(@Nullable Integer percent, @Nullable Integer shadowPercent) {
        int shadow = shadowPercent == null ? 0 : shadowPercent;
        int share = percent != null ? percent : shadowPercent != null ? 0 : 100;
        boolean each = share >= 0 && share <= 100 && shadow >= 0 && shadow <= 100;
        return each && share + shadow <= 100 ? Optional.of(new Share(share, shadow)) : Optional.empty();
    }

    /// Where everyone reads from; empty where that goes by the targeting key.
    public Optional<ReadFrom> forEveryone() {
        if (percent == 100) {
            return Optional.of(ReadFrom.POSTGRES);
        }
        if (shadowPercent == 100) {
            return Optional.of(ReadFrom.BOTH);
        }
        return percent == 0 && shadowPercent == 0 ? Optional.of(ReadFrom.MONGODB) : Optional.empty();
    }

    /// Where one reader reads from. The same key gets the same answer, and keeps PostgreSQL when the percentage
    /// grows.
    ///
    /// @param targetingKey what identifies the user, the tenant or the session; null or empty for nobody
    /// @return empty where it goes by the key and there is none
    public Optional<ReadFrom> of(String collection, @Nullable String targetingKey) {
        Optional<ReadFrom> everyone = forEveryone();
        if (everyone.isPresent() || targetingKey == null || targetingKey.isEmpty()) {
            return everyone;
        }
        int bucket = bucket(collection, targetingKey);
        if (bucket < percent * PER_PERCENT) {
            return Optional.of(ReadFrom.POSTGRES);
        }
        return Optional.of(bucket < (percent + shadowPercent) * PER_PERCENT ? ReadFrom.BOTH : ReadFrom.MONGODB);
    }

    /// As the SQL function `sluice.route_bucket`.
    static int bucket(String collection, String targetingKey) {
        try {
            byte[] digest = MessageDigest.getInstance("MD5")
                    .digest((collection + ":" + targetingKey).getBytes(StandardCharsets.UTF_8));
            return (int) (Integer.toUnsignedLong(ByteBuffer.wrap(digest).getInt()) % BUCKETS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has MD5", e);
        }
    }

    /// Whether some reader that reads from MongoDB alone now would read from PostgreSQL, too, and so the gate is asked.
    public boolean takesMoreThan(Share now) {
        return percent > now.percent || percent + shadowPercent > now.percent + now.shadowPercent;
    }

    /// `mongodb`, `postgres`, `both`, or the shares.
    public String text() {
        return forEveryone()
                .map(ReadFrom::text)
                .orElseGet(() -> (percent == 0 ? "" : percent + " % postgres, ")
                        + (shadowPercent == 0 ? "" : shadowPercent + " % both, ")
                        + (100 - percent - shadowPercent == 0 ? "" : (100 - percent - shadowPercent) + " % mongodb, "))
                .replaceFirst(", $", "");
    }
}
