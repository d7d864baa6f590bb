package dev.sluice.mapping.convert;

import dev.sluice.schema.Conversion;
import java.util.List;

/// What the mapper has to know of a conversion before it runs. A new conversion does not compile until it is decided
/// here, above all whether it hides what it takes.
public enum ConversionTrait {
    /// What it takes must not be seen in quarantine.
    HIDES,
    /// It reads strings as dates.
    READS_DATES,
    /// It writes a value like a key with `form: typed`.
    WRITES_TYPED_KEY,
    /// It makes text of a value of any type.
    MAKES_TEXT,
    /// Nothing of these.
    NONE;

    static ConversionTrait of(Conversion conversion) {
        return switch (conversion) {
            case Conversion.Hash _, Conversion.Redact _ -> HIDES;
            // What it does inside an object is of the object in one respect only: what is hidden stays hidden.
            case Conversion.At at -> HIDES.isAmong(at.conversions()) ? HIDES : NONE;
            case Conversion.ParseTimestamp _ -> READS_DATES;
            case Conversion.TypedKey _ -> WRITES_TYPED_KEY;
            case Conversion.ToText _ -> MAKES_TEXT;
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
                    Conversion.Sentinel _,
                    Conversion.MapValues _,
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
                    Conversion.WrapArray _ -> NONE;
        };
    }

    /// Whether one of the conversions is of this kind.
    public boolean isAmong(List<Conversion> conversions) {
        return conversions.stream().anyMatch(conversion -> of(conversion) == this);
    }
}
