/// What happens when things break: processes killed, databases away, history gone, documents that fit
/// nowhere.
@NullMarked
package dev.sluice.service.chaos;

import org.jspecify.annotations.NullMarked;
