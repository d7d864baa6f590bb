package dev.sluice.profile;

import dev.sluice.bson.Utf8;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.NavigableMap;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.bson.BsonBinary;
import org.bson.BsonBinarySubType;
import org.bson.BsonBoolean;
import org.bson.BsonDouble;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonValue;

/// How different the values of one path are, as far as [Limits] let it remember: whether none comes twice,
/// whether they are a few words again and again, and some that may be references. For one thread.
public final class DistinctValues {
    /// Below this, that none comes twice says nothing.
    private static final int EVIDENCE_MIN = 20;

    /// A few words are that when each comes so often on average.
    private static final int REPEATS_MIN = 4;

    private Set<Long> hashes = new HashSet<>();
    private final SequencedSet<String> words = new LinkedHashSet<>();
    /// By hash. The least hashes are kept, so that which values are does not depend on the order in which
    /// they came: the first ones of a collection are its oldest documents', and no fair sample.
    private final NavigableMap<Long, Candidate> candidates = new TreeMap<>();

    private long referenceCount;
    private long count;
    private long texts;
    private boolean repeated;
    private boolean forgot;
    private boolean manyWords;
    private boolean forgotReference;

    /// One of the different values that may be references.
    private static final class Candidate {
        private final BsonValue value;
        private long count = 1;

        Candidate(BsonValue value) {
            this.value = value;
        }
    }

    DistinctValues() {}

    void add(BsonValue value, Limits limits) {
        count++;
        if (!repeated && !forgot) {
            remember(value, limits);
        }
        if (value instanceof BsonString text) {
            texts++;
            addWord(text.getValue());
        }
        if (mayBeReference(value)) {
            addReference(value, limits);
        } else {
            forgotReference = true;
        }
    }

    /// Adds what other values were like. Afterwards whether none comes twice is not known.
    void addAll(DistinctValues other, Limits limits) {
        repeated = true;
        count += other.count;
        texts += other.texts;
        manyWords |= other.manyWords;
        if (!manyWords) {
            other.words.forEach(this::addWord);
        }
        long remembered = 0;
        for (Candidate candidate : other.candidates.values()) {
            addReference(candidate.value, limits);
            Candidate kept = candidates.get(hash(candidate.value));
            if (kept != null) {
                kept.count += candidate.count - 1;
            }
            remembered++;
        }
        referenceCount += other.referenceCount - remembered;
        forgotReference |= other.forgotReference;
    }

    /// Forgets what is of no use once everything was added.
    void seal() {
        hashes = new HashSet<>();
        forgot = true;
    }

    private void addReference(BsonValue value, Limits limits) {
        referenceCount++;
        long hash = hash(value);
        Candidate known = candidates.get(hash);
        if (known != null) {
            known.count++;
            return;
        }
        boolean full = candidates.size() >= Limits.REFERENCES_MAX
                || (candidates.size() >= Limits.REFERENCES_TRIED && !limits.takeReference());
        if (full && hash > candidates.lastKey()) {
            forgotReference = true;
            return;
        }
        if (full) {
            candidates.pollLastEntry();
            forgotReference = true;
        }
        candidates.put(hash, new Candidate(value));
    }

    private void remember(BsonValue value, Limits limits) {
        if (hashes.size() >= Limits.DISTINCT_MAX || !limits.takeHash()) {
            forgot = true;
        } else if (!hashes.add(hash(value))) {
            repeated = true;
            limits.giveBackHashes(hashes.size() + 1);
            hashes.clear();
        }
    }

    private void addWord(String text) {
        if (manyWords || words.contains(text)) {
            return;
        }
        if (words.size() >= Limits.WORDS_MAX || text.length() > Limits.WORD_LENGTH_MAX) {
            manyWords = true;
            words.clear();
        } else {
            words.add(text);
        }
    }

    private static boolean mayBeReference(BsonValue value) {
        return switch (value) {
            case BsonObjectId id -> true;
            case BsonInt32 number -> true;
            case BsonInt64 number -> true;
            case BsonDouble number -> number.getValue() == Math.rint(number.getValue());
            case BsonString text -> text.getValue().length() <= Limits.WORD_LENGTH_MAX;
            case BsonBinary binary -> binary.getType() == BsonBinarySubType.UUID_STANDARD.getValue();
            case BsonBoolean truth -> true;
            default -> false;
        };
    }

    private static long hash(BsonValue value) {
        return switch (value) {
            case BsonString text -> fnv(1, Utf8.encode(text.getValue()));
            case BsonBinary binary -> fnv(2, binary.getData());
            case BsonObjectId id -> fnv(3, id.getValue().toByteArray());
            case BsonInt32 number -> mix(number.getValue());
            case BsonInt64 number -> mix(number.getValue());
            default -> fnv(4, value.toString().getBytes(StandardCharsets.UTF_8));
        };
    }

    /// FNV-1a, then mixed: no two of some thousand different values are likely to have the same.
    private static long fnv(int kind, byte[] bytes) {
        long hash = 0xcbf29ce484222325L ^ kind;
        for (byte b : bytes) {
            hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
        }
        return mix(hash);
    }

    private static long mix(long bits) {
        long mixed = (bits ^ (bits >>> 33)) * 0xff51afd7ed558ccdL;
        mixed = (mixed ^ (mixed >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return mixed ^ (mixed >>> 33);
    }

    /// Whether there are enough values, and none was seen twice.
    public boolean unique() {
        return !repeated && count >= EVIDENCE_MIN;
    }

    /// The few texts that come again and again; empty where they are many, or rare.
    public SequencedSet<String> words() {
        return manyWords || texts < EVIDENCE_MIN || texts < (long) REPEATS_MIN * words.size()
                ? new LinkedHashSet<>()
                : Collections.unmodifiableSequencedSet(words);
    }

    /// The different texts, where they are few; empty where they are many or one is long.
    SequencedSet<String> fewTexts() {
        return manyWords ? new LinkedHashSet<>() : Collections.unmodifiableSequencedSet(words);
    }

    /// Different values that may be written like the `_id` of another document, and how often each was there:
    /// all of them, or where there are more than [Limits] lets it remember, some picked without regard to when
    /// they came.
    SequencedMap<BsonValue, Long> references() {
        SequencedMap<BsonValue, Long> references = new LinkedHashMap<>();
        candidates.values().forEach(candidate -> references.put(candidate.value, candidate.count));
        return references;
    }

    /// Some of [#references], to find out whether they are any.
    Set<BsonValue> triedReferences() {
        return candidates.values().stream()
                .limit(Limits.REFERENCES_TRIED)
                .map(candidate -> candidate.value)
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /// Whether [#references] has every different value there is, but for objects and arrays.
    boolean allReferences() {
        return !forgotReference;
    }

    /// How many values may be the `_id` of another document.
    long referenceCount() {
        return referenceCount;
    }
}
