/// What rows, dead letters and quarantine should be, worked out a second time by code that shares nothing with the
/// mapper, and every path of the program held against it.
@NullMarked
package dev.sluice.service.oracle;

import org.jspecify.annotations.NullMarked;
