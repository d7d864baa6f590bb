package dev.sluice.sink.postgres.catalog;

/// Which triggers and rewrite rules act in a session, as conditions for statements that read PostgreSQL's
/// catalog. It is the session that decides: with `session_replication_role` at `replica` those act that are
/// enabled for it (ENABLE REPLICA) or always (ENABLE ALWAYS), else the ordinary ones and those.
final class Acting {
    private static final String STATES =
            "(CASE current_setting('session_replication_role') WHEN 'replica' THEN ARRAY['R', 'A'] ELSE ARRAY['O', 'A'] END)";

    /// That the trigger `g` acts: of `pg_trigger`, made by a user and not for a constraint.
    static final String TRIGGER = "(NOT g.tgisinternal AND g.tgenabled::text = ANY " + STATES + ")";

    /// That the rule `w` acts: of `pg_rewrite`.
    static final String RULE = "(w.ev_enabled::text = ANY " + STATES + ")";

    private Acting() {}

    /// The relations whose triggers act on what is written to a table: itself, and its partitions of all levels.
    ///
    /// @param oid an expression for the oid of the table
    static String relations(String oid) {
        return "(SELECT " + oid + "::oid UNION ALL SELECT relid::oid FROM pg_partition_tree(" + oid + "))";
    }
}
