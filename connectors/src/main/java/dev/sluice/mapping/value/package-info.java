/// One BSON value: its bytes, its object, its number, text or UUID, and its JSON. Knows the bytes of documents and the
/// memory they take, and nothing of mappings, of tables or of what is done to values.
@NullMarked
package dev.sluice.mapping.value;

import org.jspecify.annotations.NullMarked;
