/// The heap that documents may take, shared by everything that reads or holds them.
@NullMarked
package dev.sluice.memory;

import org.jspecify.annotations.NullMarked;
