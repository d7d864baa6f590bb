package dev.sluice.service.config;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A length of time as people write it: `90`, `60s`, `5m` or `1h`.
public final class Length {
    private static final Pattern FORM = Pattern.compile("(\\d{1,6})([smh]?)");

    private Length() {}

    /// @throws IllegalArgumentException with what is understood
    public static Duration parse(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("a time is a number with s, m or h behind it, such as 60s");
        }
        long number = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofSeconds(number);
        };
    }
}
