package dev.sluice.balance;

import java.time.Instant;

/// How many documents a collection has, how many rows its own table has, and every term that explains the
/// difference between the two numbers, each counted separately:
///
/// ```
/// documents = rows - kept - to be deleted - not ours
///           + dead letters + waiting + skipped + deduplicated + no row yet
/// ```
///
/// Rows of child tables are no part of it. While documents are written, two terms move: what is in flight is
/// `to be deleted` where a delete is not applied yet and `no row yet` where an insert is not.
///
/// @param documents in MongoDB
/// @param rows in the collection's own table
/// @param kept rows that stay though no document is to have them: the mapping keeps rows whose documents are deleted,
///     or the document is a dead letter and rows of the collection don't give way. Where the mapping keeps rows, one
///     that another writer has inserted can't be told from these, but in a table with such rows (`notOurs`)
/// @param withoutDocument rows that should be deleted, since their document is deleted or a dead letter: in flight,
///     or drift
/// @param notOurs rows that no document ever had: another writer, as a trigger, has inserted them, and the
///     mapping allows such rows
/// @param deadLetters documents that are dead letters; a row that one still has is `kept` or `withoutDocument`
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
