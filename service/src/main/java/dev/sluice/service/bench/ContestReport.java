package dev.sluice.service.bench;

import java.util.List;
import java.util.stream.Collectors;

/// What contests found.
///
/// @param bench its name on the command line
/// @param runs of each contender
record ContestReport(String bench, int runs, Machine machine, List<Contest.Table> tables) implements Report {

    @Override
    public String forPeople() {
        return tables.stream()
                        .map(ContestTable::of)
                        .collect(Collectors.joining(System.lineSeparator() + System.lineSeparator()))
                + System.lineSeparator() + System.lineSeparator() + "Medians of " + runs
                + (runs == 1 ? " run. " : " runs. ")
                + machine.forPeople() + tooShort();
    }

    private String tooShort() {
        return Brief.warning(tables.stream()
                .flatMap(table -> table.lines().stream())
                .filter(line -> line.runs().stream().anyMatch(run -> Brief.is(run.seconds())))
                .map(Contest.Line::name)
                .toList());
    }
}
