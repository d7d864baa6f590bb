/// HTTP: status for programs.
@NullMarked
package dev.sluice.service.web;

import org.jspecify.annotations.NullMarked;
