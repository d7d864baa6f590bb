package dev.sluice.mapping;

import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Conversion;
import java.util.List;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// The conversions of a column or a source, ready to run. What they lose or refuse they say to the scope's
/// findings, where the chain's owner takes it from afterwards. Any thread.
final class ConversionChain {
    private final ConversionStep[] steps;
    private final boolean hides;

    private ConversionChain(ConversionStep[] steps, boolean hides) {
        this.steps = steps;
        this.hides = hides;
    }

    /// @param type of the column at the end: what a literal or a number is read for
    /// @param rests for sources that conversions compare with
    /// @throws IllegalArgumentException when a literal of a conversion is no value BSON has
    static ConversionChain of(List<Conversion> conversions, ColumnType type, SourceReader.Rests rests) {
        return new ConversionChain(
                conversions.stream().map(c -> ConversionStep.of(c, type, rests)).toArray(ConversionStep[]::new),
                hides(conversions));
    }

    private static boolean hides(List<Conversion> conversions) {
        return conversions.stream()
                .anyMatch(c -> c instanceof Conversion.Hash
                        || c instanceof Conversion.Redact
                        || (c instanceof Conversion.At at && hides(at.conversions())));
    }

    boolean isEmpty() {
        return steps.length == 0;
    }

    /// @param value null when it is missing
    @Nullable
    BsonValue apply(@Nullable BsonValue value, Scope scope) {
        return apply(value, 0, scope);
    }

    /// The steps from one of them on, for a literal that another step puts in.
    @Nullable
    BsonValue apply(@Nullable BsonValue value, int from, Scope scope) {
        BsonValue converted = value;
        for (int i = from; i < steps.length; i++) {
            converted = steps[i].apply(converted, scope);
        }
        return converted;
    }

    /// The value as quarantine may show it: what the chain redacts must not be there either.
    BsonValue seen(BsonValue original) {
        return hides && !Falsy.isNull(original) ? Redactor.MASK : original;
    }
}
