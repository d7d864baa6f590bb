/// BSON without loss: strings whose bytes are not UTF-8, which MongoDB stores and the driver replaces, and names that
/// are in a document twice.
@NullMarked
package dev.sluice.bson;

import org.jspecify.annotations.NullMarked;
