/// The preflight: whether both databases are as Sluice needs them, and what would be written. Changes
/// nothing in either of them.
@NullMarked
package dev.sluice.service.plan;

import org.jspecify.annotations.NullMarked;
