/// Looks before the leap: whether both sides are as Sluice needs them, and what would be written. Changes
/// nothing on either side.
@NullMarked
package dev.sluice.service.plan;

import org.jspecify.annotations.NullMarked;
