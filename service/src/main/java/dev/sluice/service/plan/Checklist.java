package dev.sluice.service.plan;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Findings in the order in which they were made. For one thread.
final class Checklist {
    private final List<Finding> findings = new ArrayList<>();
    private boolean unreachable;

    void ok(Check check, String found) {
        add(check, Status.OK, null, found, null);
    }

    void info(Check check, @Nullable String subject, String found) {
        add(check, Status.INFO, subject, found, null);
    }

    void warning(Check check, @Nullable String subject, String found, String remedy) {
        add(check, Status.WARNING, subject, found, remedy);
    }

    void problem(Check check, @Nullable String subject, String found, String remedy) {
        add(check, Status.PROBLEM, subject, found, remedy);
    }

    private void add(Check check, Status status, @Nullable String subject, String found, @Nullable String remedy) {
        findings.add(new Finding(check, status, subject, found, remedy));
    }

    /// Notes that a side could not be looked at, so that the list says less than it was asked for.
    void notLookedAt() {
        unreachable = true;
    }

    boolean complete() {
        return !unreachable;
    }

    /// Whether one of these checks has found something that needs a person.
    boolean troubled(Check check) {
        return findings.stream().anyMatch(f -> f.check() == check && f.status().compareTo(Status.WARNING) >= 0);
    }

    List<Finding> findings() {
        return List.copyOf(findings);
    }
}
