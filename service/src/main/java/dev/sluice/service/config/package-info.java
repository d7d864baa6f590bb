/// What the program is told, by environment and system properties.
@NullMarked
package dev.sluice.service.config;

import org.jspecify.annotations.NullMarked;
