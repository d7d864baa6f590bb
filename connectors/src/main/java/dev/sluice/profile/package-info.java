/// What the documents of an unknown database look like, and the mapping and tables that follow from it.
/// Pure: documents in, profile and texts out; no I/O, no clock, no values of documents beyond the least and
/// greatest numbers, dates and lengths.
@NullMarked
package dev.sluice.profile;

import org.jspecify.annotations.NullMarked;
