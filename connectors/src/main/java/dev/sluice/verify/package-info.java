/// Are both sides equal?
@NullMarked
package dev.sluice.verify;

import org.jspecify.annotations.NullMarked;
