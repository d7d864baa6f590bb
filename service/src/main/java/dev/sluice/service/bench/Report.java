package dev.sluice.service.bench;

/// What a bench found. Its fields are what `--json` writes.
public sealed interface Report
        permits ColdReport,
                ContestReport,
                DriftReport,
                FilterReport,
                FinishReport,
                GrowthReport,
                LatencyReport,
                MemoryReport,
                OfrepReport {
    /// As a table and a line on what it was measured on.
    String forPeople();
}
