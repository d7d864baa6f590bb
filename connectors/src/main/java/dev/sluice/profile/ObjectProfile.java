package dev.sluice.profile;

import dev.sluice.bson.TwinDocument;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import org.bson.BsonDocument;
import org.bson.BsonValue;

/// What the objects of one path were like, or the documents of a collection. Filled by one thread, then
/// only read.
public final class ObjectProfile {
    private final SequencedMap<String, FieldProfile> fields = new LinkedHashMap<>();
    private long count;
    private long empty;
    private int sizeMax;
    private boolean unbounded;

    ObjectProfile() {}

    void add(BsonDocument object, int depth, Limits limits) {
        count++;
        if (object.isEmpty()) {
            empty++;
        }
        sizeMax = Math.max(sizeMax, object.size());
        for (Map.Entry<String, BsonValue> field : object.entrySet()) {
            FieldProfile profile = fields.get(field.getKey());
            if (profile == null) {
                if (depth > Limits.DEPTH_MAX || fields.size() >= Limits.NAMES_MAX || !limits.takePath()) {
                    unbounded = true;
                    continue;
                }
                profile = new FieldProfile();
                fields.put(field.getKey(), profile);
            }
            profile.add(field.getValue(), depth, limits);
        }
        if (object instanceof TwinDocument twins) {
            twins.twins().stream()
                    .filter(twin -> twin.number() == 2)
                    .map(twin -> fields.get(twin.name()))
                    .filter(Objects::nonNull)
                    .forEach(FieldProfile::addTwin);
        }
    }

    /// The fields by name, in the order in which they turned up.
    public SequencedMap<String, FieldProfile> fields() {
        return Collections.unmodifiableSequencedMap(fields);
    }

    public long count() {
        return count;
    }

    /// Objects without a field.
    public long empty() {
        return empty;
    }

    /// Fields of the one that has most.
    public int sizeMax() {
        return sizeMax;
    }

    /// Whether not all names were remembered, for there were too many or they lie too deep.
    public boolean unbounded() {
        return unbounded;
    }

    /// The field at a path through objects; empty where none was seen, or an array is on the way.
    Optional<FieldProfile> at(List<String> path) {
        FieldProfile field = fields.get(path.getFirst());
        if (field == null || path.size() == 1) {
            return Optional.ofNullable(field);
        }
        ObjectProfile object = field.object();
        return object == null ? Optional.empty() : object.at(path.subList(1, path.size()));
    }

    /// How often a field is there on average: 1 where all objects have the same fields.
    public double fieldShare() {
        long there = fields.values().stream().mapToLong(FieldProfile::count).sum();
        return fields.isEmpty() || count == 0 ? 0 : (double) there / count / fields.size();
    }
}
