/// The demo: a small shop that lives for a minute.
@NullMarked
package dev.sluice.service.demo;

import org.jspecify.annotations.NullMarked;
