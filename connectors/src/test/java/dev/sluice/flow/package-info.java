/// Who may know whom.
@NullMarked
package dev.sluice.flow;

import org.jspecify.annotations.NullMarked;
