/// The sink: from mapped changes to rows.
@NullMarked
package dev.sluice.sink;

import org.jspecify.annotations.NullMarked;
