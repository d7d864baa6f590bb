/// What tests share: real servers, once for each JVM, and targets that are each test's own.
@NullMarked
package dev.sluice.testkit;

import org.jspecify.annotations.NullMarked;
