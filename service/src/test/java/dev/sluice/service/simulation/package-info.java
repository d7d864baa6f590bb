/// A deterministic simulation of the protocol: the code that decides, on fakes that keep what the servers
/// promise.
@NullMarked
package dev.sluice.service.simulation;

import org.jspecify.annotations.NullMarked;
