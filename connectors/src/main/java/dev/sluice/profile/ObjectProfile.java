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
import org.jspecify.annotations.Nullable;

/// What the objects of one path were like, or the documents of a collection. Filled by one thread, then
/// only read.
public final class ObjectProfile {
    private final SequencedMap<String, FieldProfile> fields = new LinkedHashMap<>();
    private long count;
    private long empty;
    private int sizeMax;
    private boolean unbounded;
    private @Nullable FieldProfile entries;

    ObjectProfile() {}

    void add(BsonDocument object, int depth, Limits limits) {
        entries = null;
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

    /// Adds what the objects of another path were like.
    void addAll(ObjectProfile other, Limits limits) {
        entries = null;
        count += other.count;
        empty += other.empty;
        sizeMax = Math.max(sizeMax, other.sizeMax);
        unbounded |= other.unbounded;
        other.fields.forEach((name, field) -> {
            FieldProfile profile = fields.get(name);
            if (profile == null) {
                if (fields.size() >= Limits.NAMES_MAX) {
                    unbounded = true;
                    return;
                }
                profile = new FieldProfile();
                fields.put(name, profile);
            }
            profile.addAll(field, limits);
        });
    }

    /// Forgets what is of no use once everything was added.
    void seal() {
        fields.values().forEach(FieldProfile::seal);
    }

    /// The values of all fields as those of one, for an object whose names are data.
    FieldProfile entries() {
        if (entries == null) {
            FieldProfile all = new FieldProfile();
            Limits limits = new Limits(1);
            fields.values().forEach(field -> all.addAll(field, limits));
            entries = all;
        }
        return entries;
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
