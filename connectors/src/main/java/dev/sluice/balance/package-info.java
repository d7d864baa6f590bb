/// How many documents and rows there are, and what lies between the two numbers.
@NullMarked
package dev.sluice.balance;

import org.jspecify.annotations.NullMarked;
