/// Threads, waits and the time that decisions are made by.
@NullMarked
package dev.sluice.threads;

import org.jspecify.annotations.NullMarked;
