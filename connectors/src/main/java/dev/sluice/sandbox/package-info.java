/// Real servers for the demo and for the tests: a PostgreSQL and a MongoDB that start, restart and go away
/// on demand.
@NullMarked
package dev.sluice.sandbox;

import org.jspecify.annotations.NullMarked;
