package dev.sluice.mapping;

import dev.sluice.mapping.MappingResult.MisfitValue;
import dev.sluice.mapping.MappingResult.Rejected;
import java.util.ArrayList;
import java.util.List;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// What comes to light while one document is mapped. Most documents have nothing to find, so nothing is
/// allocated for them. For one document and one thread.
final class Findings implements NestedMisfits {
    private @Nullable List<MisfitValue> misfits;
    private @Nullable Rejected rejected;
    private @Nullable List<Part> parts;

    /// A part of the value that is being converted.
    record Part(String path, BsonValue value, String reason) {}

    void add(MisfitValue misfit) {
        if (misfits == null) {
            misfits = new ArrayList<>();
        }
        misfits.add(misfit);
    }

    List<MisfitValue> misfits() {
        return misfits == null ? List.of() : List.copyOf(misfits);
    }

    /// The first reason counts.
    void reject(Rejected reason) {
        if (rejected == null) {
            rejected = reason;
        }
    }

    @Nullable
    Rejected rejected() {
        return rejected;
    }

    @Override
    public void misfit(String path, BsonValue part, String reason) {
        if (parts == null) {
            parts = new ArrayList<>();
        }
        parts.add(new Part(path, part, reason));
    }

    /// The parts that were reported since the last call; null when there were none.
    @Nullable
    List<Part> takeParts() {
        List<Part> taken = parts;
        parts = null;
        return taken;
    }
}
