/// The program as the tests start it.
@NullMarked
package dev.sluice.service.program;

import org.jspecify.annotations.NullMarked;
