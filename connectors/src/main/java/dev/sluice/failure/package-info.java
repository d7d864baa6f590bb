/// What went wrong, whether trying again can help, and what a person can do.
@NullMarked
package dev.sluice.failure;

import org.jspecify.annotations.NullMarked;
