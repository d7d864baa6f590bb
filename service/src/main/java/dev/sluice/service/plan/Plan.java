package dev.sluice.service.plan;

import java.util.List;
import java.util.Locale;

/// What was found before anything is started.
///
/// @param complete whether both sides could be looked at
/// @param estimate how long the copy may take
/// @param checks every finding, MongoDB's first
/// @param dryRun what would become of a sample of each collection's documents
public record Plan(
        String pipeline,
        String mapping,
        boolean complete,
        int problems,
        int warnings,
        CopyEstimate estimate,
        List<Finding> checks,
        List<Forecast> dryRun) {
    public Plan {
        checks = List.copyOf(checks);
        dryRun = List.copyOf(dryRun);
    }

    static Plan of(String pipeline, String mapping, Checklist list, CopyEstimate estimate, List<Forecast> dryRun) {
        List<Finding> checks = list.findings();
        return new Plan(
                pipeline,
                mapping,
                list.complete(),
                count(checks, Status.PROBLEM),
                count(checks, Status.WARNING),
                estimate,
                checks,
                dryRun);
    }

    private static int count(List<Finding> checks, Status status) {
        return Math.toIntExact(checks.stream().filter(c -> c.status() == status).count());
    }

    /// A page of text: a line for each finding, with what to do beneath it.
    public String forPeople() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(Locale.ROOT, "pipeline %s, mapping %s%n", pipeline, mapping));
        for (Check.Side side : Check.Side.values()) {
            List<Finding> here =
                    checks.stream().filter(f -> f.check().side() == side).toList();
            if (here.isEmpty()) {
                continue;
            }
            text.append(String.format(Locale.ROOT, "%n%s%n", side.heading()));
            for (Finding finding : here) {
                text.append(String.format(
                        Locale.ROOT,
                        "  %-8s %-20s %s%n",
                        finding.status().id(),
                        finding.check().id(),
                        finding.found()));
                if (finding.remedy() != null) {
                    text.append(String.format(Locale.ROOT, "  %-8s %-20s -> %s%n", "", "", finding.remedy()));
                }
            }
        }
        if (!dryRun.isEmpty()) {
            text.append(String.format(Locale.ROOT, "%nDry run%n"));
            dryRun.forEach(f -> text.append(f.forPeople().indent(2)));
        }
        return text.append(String.format(Locale.ROOT, "%n%s", verdict())).toString();
    }

    private String verdict() {
        String found = counted(problems, "problem") + ", " + counted(warnings, "warning") + ".";
        if (!complete) {
            return found + " Not everything could be checked.";
        }
        return problems > 0
                ? found + " Fix the problems first."
                : found + " Nothing was changed; `sluice run` starts it.";
    }

    private static String counted(int count, String what) {
        return count + " " + what + (count == 1 ? "" : "s");
    }
}
