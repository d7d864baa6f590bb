package dev.sluice.service.pipeline;

import dev.sluice.verify.Suspect;
import dev.sluice.verify.Verdict;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// Documents whose drift is in the log, so that it is logged once for as long as it lasts, however often the stream
/// writes them meanwhile. Bounded: beyond that, some are logged again. For one thread.
final class LoggedDrift {
    private final int documentsMax;
    private final Map<String, Set<Suspect>> logged = new HashMap<>();

    /// @param documentsMax of each collection
    LoggedDrift(int documentsMax) {
        this.documentsMax = documentsMax;
    }

    /// Takes what a look has found.
    ///
    /// @return how many documents have drift that is not in the log
    int add(String collection, Map<Suspect, Verdict> verdicts) {
        Set<Suspect> known = logged.computeIfAbsent(collection, c -> new HashSet<>());
        int added = 0;
        for (Map.Entry<Suspect, Verdict> one : verdicts.entrySet()) {
            switch (one.getValue()) {
                case Verdict.Equal equal -> known.remove(one.getKey());
                case Verdict.Undecided undecided -> {}
                case Verdict.Drifted drifted -> {
                    if (!known.contains(one.getKey())) {
                        added++;
                        if (known.size() >= documentsMax) {
                            known.clear();
                        }
                        known.add(one.getKey());
                    }
                }
            }
        }
        return added;
    }
}
