package dev.sluice.source.debezium;

import java.util.ArrayList;
import java.util.List;

/// What a thread hands over together: what comes of one answer of MongoDB is to be looked up, mapped and
/// written together, and whoever got the first of it would begin with that alone. For one thread.
final class Together<T> {
    private final HandOver<T> to;
    private final List<T> items = new ArrayList<>();

    Together(HandOver<T> to) {
        this.to = to;
    }

    /// As many as a backlog has are handed over at once.
    void add(T item) {
        items.add(item);
        if (items.size() >= ReadingAhead.BACKLOG_EVENTS) {
            handOver();
        }
    }

    /// Hands over what there is.
    void handOver() {
        to.putAll(items);
        items.clear();
    }
}
