package dev.sluice.service.ops;

import java.util.List;

/// What was accepted, so that it no longer stands in the way.
///
/// @param accepted the numbers of those that were accepted now; without those that are not there, or were accepted
///     already
public record Accepted(List<Long> accepted) {
    public Accepted {
        accepted = List.copyOf(accepted);
    }
}
