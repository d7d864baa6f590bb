package dev.sluice.balance;

import java.time.Instant;

/// How many documents a collection has, how many rows its own table has, and every term that explains the
/// difference between the two numbers, each counted separately:
///
/// ```
/// documents = rows - kept - without document - not ours
///           + dead letters + waiting + skipped + deduplicated + without row
/// ```
///
/// Rows of child tables are no part of it. While documents are written, the two last of each side move: what
/// is in flight is `without document` where a delete is not applied yet and `without row` where an insert is not.
///
/// @param documents in MongoDB
/// @param rows in the collection's own table
/// @param kept rows without a document that the mapping keeps when the document is deleted
/// @param withoutDocument rows without a document that should be deleted: in flight, or drift
/// @param notOurs rows that no document ever had: another writer, as a trigger, has inserted them, and the
///     mapping allows such rows
/// @param deadLetters documents without a row that are dead letters. One whose row is still there, as it was,
///     has a row
/// @param waiting documents without a row until the row comes that they refer to
/// @param skipped documents without a row by a rule of the mapping
/// @param deduplicated documents whose row another document has
/// @param withoutRow documents that should have a row and have none: in flight, or drift
/// @param countedAt when the rows were counted, by PostgreSQL's clock; the documents were just before
public record Balance(
        long documents,
        long rows,
        long kept,
        long withoutDocument,
        long notOurs,
        long deadLetters,
        long waiting,
        long skipped,
        long deduplicated,
        long withoutRow,
        Instant countedAt) {
    /// One of its numbers.
    public long of(Term term) {
        return switch (term) {
            case DOCUMENTS -> documents;
            case ROWS -> rows;
            case KEPT -> kept;
            case WITHOUT_DOCUMENT -> withoutDocument;
            case NOT_OURS -> notOurs;
            case DEAD_LETTERS -> deadLetters;
            case WAITING -> waiting;
            case SKIPPED -> skipped;
            case DEDUPLICATED -> deduplicated;
            case WITHOUT_ROW -> withoutRow;
        };
    }

    /// Whether the numbers add up.
    public boolean addsUp() {
        long sum = 0;
        for (Term term : Term.values()) {
            sum += switch (term.sign()) {
                case '+' -> of(term);
                case '-' -> -of(term);
                default -> 0;
            };
        }
        return sum == documents;
    }

    /// How many documents and rows are in flight, or drift.
    public long open() {
        return withoutDocument + withoutRow;
    }

    /// The two together, as of the older one.
    public Balance plus(Balance other) {
        return new Balance(
                documents + other.documents,
                rows + other.rows,
                kept + other.kept,
                withoutDocument + other.withoutDocument,
                notOurs + other.notOurs,
                deadLetters + other.deadLetters,
                waiting + other.waiting,
                skipped + other.skipped,
                deduplicated + other.deduplicated,
                withoutRow + other.withoutRow,
                countedAt.isBefore(other.countedAt) ? countedAt : other.countedAt);
    }
}
