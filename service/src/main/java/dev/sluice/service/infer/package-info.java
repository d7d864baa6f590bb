/// From a database without a description to a mapping and its tables.
@NullMarked
package dev.sluice.service.infer;

import org.jspecify.annotations.NullMarked;
