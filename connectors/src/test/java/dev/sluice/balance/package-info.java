@NullMarked
package dev.sluice.balance;

import org.jspecify.annotations.NullMarked;
