/// Where rows go.
@NullMarked
package dev.sluice.sink;

import org.jspecify.annotations.NullMarked;
