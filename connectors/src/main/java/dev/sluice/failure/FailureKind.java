package dev.sluice.failure;

/// The kinds of failure, whether trying again can help, and what a person can do. The list of those that
/// are retried is kept short on purpose: nothing is retried that can't succeed.
public enum FailureKind {
    SOURCE_UNREACHABLE(
            Retry.FOREVER,
            "MongoDB can't be reached.",
            "Check that it runs and that MONGO_URI names it; Sluice keeps trying."),
    TARGET_UNREACHABLE(
            Retry.FOREVER,
            "PostgreSQL can't be reached.",
            "Check that it runs and that POSTGRES_URI names it; Sluice keeps trying."),
    TARGET_READ_ONLY(
            Retry.FOREVER,
            "PostgreSQL takes no writes.",
            "It is a standby, or was set to read only. After a fail-over POSTGRES_URI has to lead to the new primary: name"
                    + " several hosts and targetServerType=primary to have it found. `sluice run` keeps trying."),
    TARGET_SET_READ_ONLY(
            Retry.NEVER,
            "PostgreSQL is set to take no writes of this role or in this database.",
            "Take the setting back, as said above, and start again."),
    TARGET_UNWELL(
            Retry.FOREVER,
            "PostgreSQL has trouble of its own.",
            "It lacks memory, or its files or disk fail: look at its log. `sluice run` keeps trying."),
    TARGET_CONFLICT(
            Retry.FOREVER,
            "PostgreSQL asked for the transaction to be tried again.",
            "Nothing to do: deadlocks and lock time-outs pass; if they don't, look for long transactions on the target tables."),
    ENGINE(
            Retry.FOREVER,
            "The change stream ended unexpectedly.",
            "Sluice opens a new one from the committed position; look at the cause if this happens again and again."),
    SOURCE_REFUSED(
            Retry.NEVER,
            "MongoDB refused the credentials or a command.",
            "Check user, password, authSource in MONGO_URI, and that the user may read the database and run changeStream."),
    TARGET_REFUSED(
            Retry.NEVER,
            "PostgreSQL refused the credentials.",
            "Check user and password in POSTGRES_URI and the server's pg_hba.conf."),
    MISSING_RIGHT(
            Retry.NEVER,
            "PostgreSQL refused a statement because the role lacks a right.",
            "Grant it (deploy/README.md lists the rights Sluice needs), and start again. Migrations need more than a run does:"
                    + " `sluice migrate` can be run with another role."),
    ROW_SECURITY(
            Retry.NEVER,
            "Row level security keeps the role from seeing or writing rows in PostgreSQL.",
            "Let the role see and write every row: by policies, or, as a superuser, by ALTER ROLE .. BYPASSRLS. `sluice plan`"
                    + " prints the statements for each table. Then start again: Sluice resumes where it stopped."),
    MISSING_DATABASE(
            Retry.NEVER,
            "The PostgreSQL database does not exist.",
            "Create it, or let Sluice: AUTO_CREATE_DB=true with a role that has CREATEDB."),
    MISSING_TABLE(
            Retry.NEVER,
            "The target's tables are not as the mapping needs them.",
            "Change the tables or the mapping so that they agree: `sluice plan` says for each what to do. Then start"
                    + " again: Sluice resumes where it stopped."),
    TARGET_ALTERED(
            Retry.A_FEW_TIMES,
            "A table of the target was altered while Sluice worked on it.",
            "Nothing to do: the mapping can write the table as it is now. `run` continues by itself; run any other command"
                    + " again to resume where it stopped."),
    HISTORY_LOST(
            Retry.NEVER,
            "MongoDB's oplog no longer holds the position Sluice has to resume from.",
            "Run `sluice backfill --resync --prune`: it takes a new position and copies everything again. Rows are kept and"
                    + " updated; --prune deletes those whose documents are gone."),
    CHANGE_TOO_LARGE(
            Retry.NEVER,
            "MongoDB can't send a change: its _id is so long that no change event of it fits into 16 MB.",
            "Run the command that is named above, which copies that collection again, then `sluice run`. Nothing is lost, and other"
                    + " collections are not touched. If no command is named: `sluice backfill --resync --prune` takes a new"
                    + " position after the change and copies everything again."),
    SOURCE_REPLACED(
            Retry.NEVER,
            "This is not the MongoDB that the pipeline has copied, or it was restored to an earlier state.",
            "Nothing was written, and the rows are as they were. Check MONGO_URI, MONGO_DB_NAME and where a name or a proxy"
                    + " in between leads to; `sluice plan` looks at it again. Only if this MongoDB is the source from now on:"
                    + " `sluice backfill --accept-source` notes that, takes a new position and copies everything from it;"
                    + " rows that it has no documents for stay."),
    POSITION_UNKNOWN(
            Retry.NEVER,
            "MongoDB can't read the position Sluice has to resume from.",
            "It is the MongoDB that was copied, but its version does not understand the position: most likely it was"
                    + " downgraded. `sluice backfill --resync --prune` takes a new position and copies everything again."),
    COLLECTION_CHANGED(
            Retry.NEVER,
            "A collection was dropped, renamed or replaced in MongoDB, and the mapping says to stop then.",
            "Until you decide, no row is deleted and no change after it is applied. To keep the rows: `sluice schema-changes"
                    + " accept --all`, or its number. To let the rows follow the change: on_drop: follow in the mapping. Then"
                    + " start `sluice run` again."),
    CHANGE_AHEAD(
            Retry.NEVER,
            "A collection was dropped, renamed or replaced in MongoDB, and the stream has not passed that yet.",
            "`sluice run` applies what was before it, passes it and goes on; then try again. Or `sluice backfill --resync` copies"
                    + " everything as it is now and starts the stream from there; with --prune it deletes rows whose documents"
                    + " are gone."),
    DATABASE_DROPPED(
            Retry.NEVER,
            "The database was dropped in MongoDB, and the change stream ended with it.",
            "`sluice backfill --resync` copies what there is now and starts a new stream; rows stay. With --prune it deletes those"
                    + " whose documents are gone. `sluice schema-changes accept` is no way on."),
    FENCED_OUT(
            Retry.NEVER,
            "Another process writes this pipeline.",
            "Stop that process, or wait for it: `sluice run` stands by unless SLUICE_STANDBY=false, `sluice backfill` takes"
                    + " --wait 5m."),
    WRITES_MOVED(
            Retry.NEVER,
            "The rows are the application's now.",
            "Sluice neither writes nor compares them any more. Run the command for the other collections; `sluice routes`"
                    + " shows which have moved. `run` continues with the others by itself."),
    MIGRATION_FINISHED(
            Retry.NEVER,
            "The migration into a table is finished: the application writes it.",
            "Nothing was written or compared. Stop `sluice run` for good; to migrate other collections, use a mapping of"
                    + " them alone."),
    TARGET_POOLED(
            Retry.NEVER,
            "POSTGRES_URI leads to a pooler that gives each transaction another session.",
            "Give Sluice a way around it: PostgreSQL's own port, or a pool in session mode."),
    TARGET_DAMAGED(
            Retry.NEVER,
            "PostgreSQL says that a table or an index is damaged.",
            "Look at its log: REINDEX repairs an index; restore a table from a backup. Then start Sluice again; it resumes"
                    + " where it stopped."),
    DISK_FULL(
            Retry.NEVER,
            "PostgreSQL's disk is full.",
            "Free or add space, then start Sluice again; it resumes where it stopped."),
    ROWS_REFUSED(
            Retry.NEVER,
            "PostgreSQL refuses too many of a collection's rows for the same reason.",
            "A column, constraint or trigger was probably added to the table, or the mapping no longer fits the documents."
                    + " Fix the table or the mapping (`sluice plan` shows where they differ) and start again; Sluice resumes"
                    + " where it was. To make these documents dead letters instead: SLUICE_REFUSED_SHARE=100."),
    AFTER_MIGRATION(
            Retry.NEVER,
            "What comes after the copy could not all be done.",
            "The stream goes on, and the gate stays shut (after_migrations). Correct the rows, the script or the right that is named"
                    + " above; then `sluice migrate --after`, or the next start of `sluice run`, tries it again."),
    NO_TEMPORARY_FILE(
            Retry.A_FEW_TIMES,
            "No temporary file could be written.",
            "Make room in the folder that is named above, or name another one: SLUICE_JAVA_OPTS=-Djava.io.tmpdir=/folder."
                    + " With a larger heap (-Xmx) fewer documents need one."),
    NOT_A_REPLICA_SET(
            Retry.NEVER,
            "MongoDB is not a replica set, so it has no change streams.",
            "Start mongod with --replSet and run rs.initiate(); one node is enough."),
    BAD_SETTING(
            Retry.NEVER, "A setting can't be used.", "Correct it and start again; `sluice --help` lists the settings."),
    MAPPING(Retry.NEVER, "The mapping can't be used.", "Correct the lines named above and start again."),
    UNEXPECTED(
            Retry.A_FEW_TIMES,
            "Something Sluice does not know went wrong.",
            "Run with --verbose for the stack trace and report it; nothing was committed that was not applied.");

    /// Whether a failure is worth another try.
    public enum Retry {
        FOREVER,
        A_FEW_TIMES,
        NEVER
    }

    private final Retry retry;
    private final String what;
    private final String remedy;

    FailureKind(Retry retry, String what, String remedy) {
        this.retry = retry;
        this.what = what;
        this.remedy = remedy;
    }

    public Retry retry() {
        return retry;
    }

    /// One sentence that says what happened.
    public String what() {
        return what;
    }

    /// One sentence that says what to do.
    public String remedy() {
        return remedy;
    }
}
