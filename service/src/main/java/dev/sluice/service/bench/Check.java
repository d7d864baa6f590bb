package dev.sluice.service.bench;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;

/// Ends the bench where a copy is wrong: how fast it was made is of no interest then.
final class Check {
    private Check() {}

    /// @throws SluiceException when they differ
    static void equal(String what, Object expected, Object actual) {
        if (!expected.equals(actual)) {
            throw new SluiceException(
                    FailureKind.UNEXPECTED,
                    "A copy is wrong, so nothing was measured: " + what + " should be " + expected + " and is " + actual
                            + ".");
        }
    }
}
