/// The applications of `deploy/examples`, installed and run by tests.
@NullMarked
package dev.sluice.service.applications;

import org.jspecify.annotations.NullMarked;
