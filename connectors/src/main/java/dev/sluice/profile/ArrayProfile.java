package dev.sluice.profile;

import org.bson.BsonArray;
import org.bson.BsonValue;

/// What the arrays of one path were like. Filled by one thread, then only read.
public final class ArrayProfile {
    private final FieldProfile elements = new FieldProfile();
    private final ElementKeys keys = new ElementKeys();
    private long count;
    private long empty;
    private long elementCount;
    private int lengthMax;

    ArrayProfile() {}

    void add(BsonArray array, int depth, Limits limits) {
        count++;
        if (array.isEmpty()) {
            empty++;
        }
        lengthMax = Math.max(lengthMax, array.size());
        elementCount += array.size();
        if (depth <= Limits.DEPTH_MAX) {
            keys.add(array);
            for (BsonValue element : array) {
                elements.add(element, depth, limits);
            }
        }
    }

    public long count() {
        return count;
    }

    public long empty() {
        return empty;
    }

    /// Elements of the longest.
    public int lengthMax() {
        return lengthMax;
    }

    /// Elements on average; 0 where there is no array.
    public double lengthMean() {
        return count == 0 ? 0 : (double) elementCount / count;
    }

    /// Adds what other arrays were like.
    void addAll(ArrayProfile other, Limits limits) {
        count += other.count;
        empty += other.empty;
        elementCount += other.elementCount;
        lengthMax = Math.max(lengthMax, other.lengthMax);
        elements.addAll(other.elements, limits);
    }

    /// Forgets what is of no use once everything was added.
    void seal() {
        elements.seal();
    }

    /// What tells elements of one array apart.
    ElementKeys keys() {
        return keys;
    }

    /// Of the elements of all of them.
    public FieldProfile elements() {
        return elements;
    }
}
