package dev.sluice.service.simulation;

/// A rule that the protocol rests on. A simulation takes one away to see that it would be noticed.
public enum Rule {
    /// The stream notes what it touches on the fences that the chunks look at.
    FENCE_NOTED,
    /// A chunk leaves out what the stream has touched.
    TOUCHED_LEFT_OUT,
    /// The fence is held until the commit.
    FENCE_HELD,
    /// After a commit of the stream that failed, or is in doubt, nothing is written by another session.
    FENCE_SPOILED,
    /// The watermark says no more than what is applied.
    WATERMARK_EXACT,
    /// Each transaction compares the epoch.
    EPOCH_COMPARED,
    /// Who takes over waits for transactions that are under way.
    WRITERS_AWAITED,
    /// The position from which a run goes on, and what is read where no stream runs is not from before, are
    /// read after the epoch is raised.
    POSITION_AFTER_EPOCH,
    /// Documents are read as they were at the stream's position or later.
    READ_NOT_BEFORE,
    /// The stream's position is asked for after the flight was opened.
    FLIGHT_BEFORE_POSITION,
    /// The position moves in the transaction of the rows.
    POSITION_WITH_ROWS,
    /// The watermark moves in the transaction of the rows.
    WATERMARK_WITH_ROWS,
    /// A chunk is done in the transaction of its rows.
    CHUNK_DONE_WITH_ROWS,
    /// A document leaves the list in the transaction of its rows.
    STRUCK_WITH_ROWS,
    /// A document that is asked for again while it is read is another entry of the list.
    ASKED_AGAIN_IS_ANOTHER_ENTRY,
    /// A failed commit is a failure.
    COMMIT_CHECKED,
    /// After a break the stream opens at the time of its position, since that may be among several of that
    /// time.
    STREAM_OPENS_AT_ITS_TIME,
    /// What a run has read and not applied is forgotten when it breaks off, and none of its parts outlives
    /// it.
    PARTS_AWAITED,
    /// A deleted document's row goes only while nobody has touched it since.
    PRUNE_LEAVES_TOUCHED
}
