/// The settings, from environment variables and system properties.
@NullMarked
package dev.sluice.service.config;

import org.jspecify.annotations.NullMarked;
