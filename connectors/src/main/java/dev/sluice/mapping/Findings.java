package dev.sluice.mapping;

import dev.sluice.mapping.MappingResult.MisfitValue;
import dev.sluice.mapping.MappingResult.Rejected;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// What comes to light while one document is mapped. For one document and one thread.
final class Findings implements NestedMisfits {
    /// Why a value behind another one of its name is kept in quarantine.
    static final String TWIN = "comes after another value of the same name, which is the one that queries see";

    private @Nullable List<MisfitValue> misfits;
    private @Nullable Rejected rejected;
    private @Nullable List<Part> parts;
    private @Nullable String loss;
    private @Nullable String refusal;
    private @Nullable Set<String> unmapped;
    private String column = "";
    private boolean rejects;

    /// A part of the value that is being converted.
    record Part(String path, BsonValue value, String reason) {}

    /// From here on it is about this column.
    ///
    /// @param label `table.column`
    /// @param strict whether a misfit of it rejects the document
    void enter(String label, boolean strict) {
        column = label;
        rejects = strict;
    }

    /// A value of the column that its type can't hold, for the column's policy.
    void report(String path, BsonValue value, String reason) {
        if (rejects) {
            reject(new Rejected(column, path, reason));
        } else {
            keep(path, value, reason);
        }
    }

    /// A value that the row lands without, or in part without.
    void keep(String path, BsonValue value, String reason) {
        add(new MisfitValue(column, path, value, reason));
    }

    void add(MisfitValue misfit) {
        if (misfits == null) {
            misfits = new ArrayList<>();
        }
        misfits.add(misfit);
    }

    List<MisfitValue> misfits() {
        return misfits == null ? List.of() : List.copyOf(misfits);
    }

    /// A field that nothing reads; once is enough for the many elements of an array.
    void addUnmapped(String path) {
        if (unmapped == null) {
            unmapped = new LinkedHashSet<>();
        }
        unmapped.add(path);
    }

    /// Whether nothing has come to light.
    boolean isNothing() {
        return misfits == null && rejected == null && unmapped == null;
    }

    List<String> unmapped() {
        return unmapped == null ? List.of() : List.copyOf(unmapped);
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

    /// Said by a conversion that takes something away from the value; the first reason counts.
    ///
    /// @param reason for people, without the value
    void lose(String reason) {
        if (loss == null) {
            loss = reason;
        }
    }

    /// Why the value of the chain of conversions that has just ended is to be kept as it was; null when it
    /// need not be.
    @Nullable
    String takeLoss() {
        String taken = loss;
        loss = null;
        return taken;
    }

    /// Said by a conversion that finds the value a misfit; the first reason counts.
    ///
    /// @param reason for people, without the value
    void refuse(String reason) {
        if (refusal == null) {
            refusal = reason;
        }
    }

    /// Why the chain of conversions that has just ended has no value for the column; null when it has.
    @Nullable
    String takeRefusal() {
        String taken = refusal;
        refusal = null;
        return taken;
    }
}
