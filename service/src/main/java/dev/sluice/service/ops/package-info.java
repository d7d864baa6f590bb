/// What an operator sees: metrics, health, status.
@NullMarked
package dev.sluice.service.ops;

import org.jspecify.annotations.NullMarked;
