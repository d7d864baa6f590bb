/// Text for people: numbers with their nouns, tables.
@NullMarked
package dev.sluice.service.text;

import org.jspecify.annotations.NullMarked;
