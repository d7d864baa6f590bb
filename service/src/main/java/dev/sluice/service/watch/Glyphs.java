package dev.sluice.service.watch;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// The signs of which bars and curves are made.
///
/// @param levels of a curve, from the lowest
/// @param full part of a bar
/// @param empty part of a bar
/// @param between two things that stand in one line
/// @param cut what stands for what was cut off
/// @param unknown what stands for what is not known
public record Glyphs(String levels, char full, char empty, String between, String cut, String unknown) {
    /// For a terminal that shows all characters.
    public static final Glyphs UNICODE = new Glyphs("▁▂▃▄▅▆▇█", '█', '░', " · ", "…", "–");

    /// For one that may not.
    public static final Glyphs ASCII = new Glyphs("_.,-~=*#", '#', '-', " | ", "~", "-");

    /// What a terminal of that encoding can show.
    public static Glyphs of(Charset encoding) {
        return encoding.equals(StandardCharsets.UTF_8) ? UNICODE : ASCII;
    }

    /// A bar for a share from 0 to 1.
    String bar(double share, int width) {
        int filled = (int) Math.round(Math.clamp(share, 0, 1) * width);
        return String.valueOf(full).repeat(filled) + String.valueOf(empty).repeat(width - filled);
    }

    /// A curve, the latest value at its right end. Each sign is the greatest of the values in its
    /// place.
    ///
    /// @param values NaN where unknown, which is a blank
    /// @param least what the highest level stands for at least, so that a flat curve looks flat
    /// @param places how many values there are when the curve is as wide as it can be
    String curve(List<Double> values, double least, int places, int width) {
        double top = Math.max(
                least,
                values.stream().filter(v -> !v.isNaN()).max(Double::compare).orElse(0.0));
        StringBuilder curve = new StringBuilder();
        for (int i = 0; i < width; i++) {
            int from = values.size() - places + i * places / width;
            int to = values.size() - places + (i + 1) * places / width;
            double value = Double.NaN;
            for (int k = Math.max(0, from); k < to; k++) {
                value = Double.isNaN(value) ? values.get(k) : Math.max(value, values.get(k));
            }
            curve.append(
                    Double.isNaN(value)
                            ? ' '
                            : levels.charAt(
                                    (int) Math.min(levels.length() - 1, Math.max(0, value) / top * levels.length())));
        }
        return curve.toString();
    }
}
