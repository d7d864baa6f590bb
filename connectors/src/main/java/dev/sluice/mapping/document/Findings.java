package dev.sluice.mapping.document;

import dev.sluice.mapping.row.MappingResult.MisfitValue;
import dev.sluice.mapping.row.MappingResult.Rejected;
import dev.sluice.mapping.value.NestedMisfits;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// What comes to light while one document is mapped. For one document and one thread.
public final class Findings implements NestedMisfits {
    private @Nullable List<MisfitValue> misfits;
    private @Nullable Rejected rejected;
    private @Nullable List<Part> parts;
    private @Nullable String loss;
    private @Nullable String refusal;
    private @Nullable Set<String> unmapped;
    private String column = "";
    private boolean rejects;

    /// A part of the value that is being converted.
    public record Part(String path, BsonValue value, String reason) {}

    /// From here on it is about this column.
    ///
    /// @param label `table.column`
    /// @param strict whether a misfit of it rejects the document
    public void enter(String label, boolean strict) {
        column = label;
        rejects = strict;
    }

    /// A value of the column that its type can't hold, for the column's policy.
    public void report(String path, BsonValue value, String reason) {
        if (rejects) {
            reject(new Rejected(column, path, reason));
        } else {
            keep(path, value, reason);
        }
    }

    /// A value that the row lands without, or in part without.
    public void keep(String path, BsonValue value, String reason) {
        add(new MisfitValue(column, path, value, reason));
    }

    /// A value that its row lands without, said of a column by name.
    public void add(MisfitValue misfit) {
        if (misfits == null) {
            misfits = new ArrayList<>();
        }
        misfits.add(misfit);
    }

    /// What the rows land without; empty for nothing.
    public List<MisfitValue> misfits() {
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
    public void reject(Rejected reason) {
        if (rejected == null) {
            rejected = reason;
        }
    }

    /// Why the document has no row; null where it has one.
    public @Nullable Rejected rejected() {
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
    public @Nullable List<Part> takeParts() {
        List<Part> taken = parts;
        parts = null;
        return taken;
    }

    /// Said by a conversion that takes something away from the value; the first reason counts.
    ///
    /// @param reason for people, without the value
    public void lose(String reason) {
        if (loss == null) {
            loss = reason;
        }
    }

    /// Why the value of the chain of conversions that has just ended is to be kept as it was; null when it
    /// need not be.
    public @Nullable String takeLoss() {
        String taken = loss;
        loss = null;
        return taken;
    }

    /// Said by a conversion that finds the value a misfit; the first reason counts.
    ///
    /// @param reason for people, without the value
    public void refuse(String reason) {
        if (refusal == null) {
            refusal = reason;
        }
    }

    /// Why the chain of conversions that has just ended has no value for the column; null when it has.
    public @Nullable String takeRefusal() {
        String taken = refusal;
        refusal = null;
        return taken;
    }
}
