package dev.sluice.mapping.convert;

import dev.sluice.mapping.document.ReadFields;
import dev.sluice.mapping.document.Scope;
import dev.sluice.mapping.value.Falsy;
import dev.sluice.mapping.value.Value;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Conversion;
import java.util.List;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// The conversions of a column or a source, ready to run. What they lose or refuse they say to the scope's
/// findings, where the chain's owner takes it from afterwards. Any thread.
public final class ConversionChain {
    private final ConversionStep[] steps;
    private final boolean hides;
    private final boolean readsDates;

    private ConversionChain(ConversionStep[] steps, List<Conversion> conversions) {
        this.steps = steps;
        this.hides = ConversionTrait.Kind.HIDES.isAmong(conversions);
        this.readsDates = ConversionTrait.Kind.READS_DATES.isAmong(conversions);
    }

    /// @param type of the column at the end: what a literal or a number is read for
    /// @param reads for sources that conversions compare with
    /// @throws IllegalArgumentException when a literal of a conversion is no value BSON has
    public static ConversionChain of(List<Conversion> conversions, ColumnType type, ReadFields reads) {
        return new ConversionChain(
                conversions.stream().map(c -> ConversionStep.of(c, type, reads)).toArray(ConversionStep[]::new),
                conversions);
    }

    /// Whether it reads strings as dates, so that nobody need be told how.
    public boolean readsDates() {
        return readsDates;
    }

    /// Whether there is no conversion, so that every value stays as it is.
    public boolean isEmpty() {
        return steps.length == 0;
    }

    /// Converts a value in its place.
    ///
    /// @param scope that it was read in; is told what the conversions lose or refuse
    public void apply(Value value, Scope scope) {
        apply(value, 0, scope);
    }

    /// The steps from one of them on, for a literal that another step puts in.
    void apply(Value value, int from, Scope scope) {
        for (int i = from; i < steps.length; i++) {
            ConversionStep step = steps[i];
            if (!step.leaves(value)) {
                BsonValue after = step.apply(value, scope);
                if (after != value.orNull()) {
                    value.change(after);
                }
            }
        }
    }

    /// The same for a value that is decoded.
    ///
    /// @param value null when it is missing
    @Nullable
    BsonValue apply(@Nullable BsonValue value, Scope scope) {
        Value made = Value.of(value);
        apply(made, scope);
        return made.orNull();
    }

    /// Whether what it takes must not be seen in quarantine.
    public boolean hides() {
        return hides;
    }

    /// The value as quarantine may show it.
    public BsonValue seen(BsonValue original) {
        return hides && !Falsy.isNull(original) ? Value.MASK : original;
    }
}
