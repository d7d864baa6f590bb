package dev.sluice.service.simulation;

import java.util.Arrays;

/// Every decision of a schedule, one after the other: first those that are given, then drawn from a seed, or
/// zero where there is none. Zero is always what a healthy and unhurried system would do, so that a schedule
/// with more zeros is a simpler one. For one thread.
final class Choices {
    private final int[] given;
    private final boolean drawn;
    private long state;
    private int[] made = new int[256];
    private int count;

    private Choices(int[] given, boolean drawn, long seed) {
        this.given = given;
        this.drawn = drawn;
        this.state = seed;
    }

    static Choices drawn(long seed) {
        return new Choices(new int[0], true, seed);
    }

    static Choices given(int[] choices) {
        return new Choices(choices, false, 0);
    }

    /// @return from 0 to `bound` - 1
    int next(int bound) {
        if (bound <= 1) {
            return 0;
        }
        int choice = 0;
        if (count < given.length) {
            choice = given[count] % bound;
        } else if (drawn) {
            choice = (int) ((random() >>> 33) % bound);
        }
        if (count == made.length) {
            made = Arrays.copyOf(made, 2 * count);
        }
        made[count++] = choice;
        return choice;
    }

    /// One in so many is true; false is what zero means.
    boolean oneIn(int chances) {
        return next(chances) == chances - 1;
    }

    /// SplitMix64.
    private long random() {
        state += 0x9E3779B97F4A7C15L;
        long z = state;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /// All that were made so far.
    int[] made() {
        return Arrays.copyOf(made, count);
    }
}
