/// What Sluice keeps in the schema `sluice` of the target about the copy and the documents that need
/// work: how far each copy is, the list of documents to be resynced, dead letters and quarantine. It
/// knows changes, positions and the audit, and nothing of the rows of the target's own tables.
@NullMarked
package dev.sluice.control;

import org.jspecify.annotations.NullMarked;
