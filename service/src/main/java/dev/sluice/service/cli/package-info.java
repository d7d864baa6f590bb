/// The command line.
@NullMarked
package dev.sluice.service.cli;

import org.jspecify.annotations.NullMarked;
