/// What is asked of MongoDB directly: its state, a first position, chunks of documents.
@NullMarked
package dev.sluice.source.mongo;

import org.jspecify.annotations.NullMarked;
