package dev.sluice.mapping.row;

import dev.sluice.schema.ColumnType;
import org.bson.BsonValue;

/// Whether a column type holds a value exactly, by the same rules as the data path itself.
public final class ExactFit {
    private ExactFit() {}

    /// @return false where any part of the value would not fit; null fits every type
    public static boolean of(BsonValue value, ColumnType type) {
        boolean[] whole = {true};
        Outcome outcome = BsonToPg.to(type).convert(value, (path, part, reason) -> whole[0] = false);
        return whole[0] && outcome instanceof Outcome.Fits;
    }
}
