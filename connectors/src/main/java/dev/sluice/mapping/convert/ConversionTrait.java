package dev.sluice.mapping.convert;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.schema.Conversion;
import java.util.ArrayList;
import java.util.List;

/// What the mapper has to know of a conversion before it runs. A new conversion does not compile until it is decided
/// here, above all whether it hides what it takes, and whether it puts values of the mapping in.
public sealed interface ConversionTrait {
    /// Traits that are the same for each conversion that has them.
    enum Kind implements ConversionTrait {
        /// What it takes must not be seen in quarantine.
        HIDES,
        /// It reads strings as dates.
        READS_DATES,
        /// It writes a value like a key with `form: typed`.
        WRITES_TYPED_KEY,
        /// It makes text of a value of any type.
        MAKES_TEXT,
        /// None that matters. What it puts in, if anything, lands inside an object, where everything fits.
        NONE;

        /// Whether one of the conversions is of this kind.
        public boolean isAmong(List<Conversion> conversions) {
            return conversions.stream().anyMatch(conversion -> of(conversion) == this);
        }
    }

    /// It puts values of the mapping in the place of the value as a whole, which have to fit the column.
    record PutsIn(List<JsonNode> literals) implements ConversionTrait {}

    /// @return never null; [Kind#NONE] for none
    static ConversionTrait of(Conversion conversion) {
        return switch (conversion) {
            case Conversion.Hash _, Conversion.Redact _ -> Kind.HIDES;
            // What it does inside an object is of the object in one respect only: what is hidden stays hidden.
            case Conversion.At at -> Kind.HIDES.isAmong(at.conversions()) ? Kind.HIDES : Kind.NONE;
            case Conversion.ParseTimestamp _ -> Kind.READS_DATES;
            case Conversion.TypedKey _ -> Kind.WRITES_TYPED_KEY;
            case Conversion.ToText _ -> Kind.MAKES_TEXT;
            case Conversion.Sentinel sentinel -> new PutsIn(List.of(sentinel.to()));
            case Conversion.MapValues map -> new PutsIn(values(map));
            case Conversion.Trim _,
                    Conversion.Lower _,
                    Conversion.EmptyToNull _,
                    Conversion.BlankToNull _,
                    Conversion.StripNul _,
                    Conversion.MaxLength _,
                    Conversion.JsonText _,
                    Conversion.Split _,
                    Conversion.Part _,
                    Conversion.ParseJson _,
                    Conversion.WrapText _,
                    Conversion.FalsyToNull _,
                    Conversion.Truthy _,
                    Conversion.ParseBoolean _,
                    Conversion.EqualTo _,
                    Conversion.ParseNumber _,
                    Conversion.Truncate _,
                    Conversion.Round _,
                    Conversion.NumberRange _,
                    Conversion.ParseEpoch _,
                    Conversion.InZone _,
                    Conversion.DateOnly _,
                    Conversion.JsonDates _,
                    Conversion.ObjectIdToUuid _,
                    Conversion.UnwrapReference _,
                    Conversion.LegacyUuid _,
                    Conversion.Only _,
                    Conversion.DropEmpty _,
                    Conversion.Distinct _,
                    Conversion.Without _,
                    Conversion.WrapArray _ -> Kind.NONE;
        };
    }

    private static List<JsonNode> values(Conversion.MapValues map) {
        List<JsonNode> values = new ArrayList<>(map.values().values());
        JsonNode otherwise = map.otherwise();
        if (otherwise != null) {
            values.add(otherwise);
        }
        return values;
    }
}
