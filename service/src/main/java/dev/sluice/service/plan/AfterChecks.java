package dev.sluice.service.plan;

import dev.sluice.after.AfterScripts;
import dev.sluice.after.AfterStatement;
import dev.sluice.after.AfterStore;
import dev.sluice.after.AfterStore.Listed;
import dev.sluice.failure.Failures;
import dev.sluice.mapping.row.TableShape;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.schema.Catalog;
import dev.sluice.service.text.Counted;
import dev.sluice.sink.CollectionTarget;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What is to come after the copy.
///
/// @param migrate whether `run` and `backfill` apply it themselves
record AfterChecks(
        PostgresConnector connector, AfterStore store, Catalog.Entry entry, boolean migrate, Checklist list) {
    private static final Logger LOG = LoggerFactory.getLogger(AfterChecks.class);

    /// The tables that the role does not own; a superuser owns all.
    private static final String OF_OTHERS = """
            SELECT string_agg(c.oid::regclass::text, ', ' ORDER BY c.oid::regclass::text), current_user,
                   string_agg(DISTINCT pg_get_userbyid(c.relowner), ', ')
            FROM pg_class c WHERE c.oid IN (SELECT to_regclass(u.t) FROM unnest(?) u (t))
                AND NOT pg_has_role(c.relowner, 'USAGE') HAVING count(*) > 0
            """;

    void run(List<CollectionTarget> targets) {
        AfterScripts scripts = AfterScripts.of(entry);
        try (Connection connection = connector.open()) {
            connection.setReadOnly(true);
            List<Listed> all = store.list(connection, scripts);
            statements(all, scripts);
            owned(connection, targets, all.stream().anyMatch(AfterChecks::isToCome));
        } catch (SQLException away) {
            // The other checks say that the server is away, or which right is missing.
            LOG.debug("What comes after the copy could not be looked at: {}", Failures.describe(away));
        }
    }

    private static boolean isToCome(Listed statement) {
        return switch (statement.state()) {
            case PENDING, RUNNING, FAILED -> true;
            case DONE, CHANGED, REMOVED -> false;
        };
    }

    private void statements(List<Listed> all, AfterScripts scripts) {
        for (Listed each : all) {
            String name = each.script() + ", statement " + each.number();
            switch (each.state()) {
                case CHANGED, REMOVED ->
                    list.problem(
                            Check.AFTER_MIGRATIONS,
                            each.script() + " " + each.number(),
                            name + " is not as it was applied (" + each.beginning() + ").",
                            "Put the script back as it was applied, and make changes in a new one.");
                case FAILED ->
                    list.warning(
                            Check.AFTER_MIGRATIONS,
                            each.script() + " " + each.number(),
                            name + " was refused when it was tried last (" + each.beginning() + ").",
                            "`sluice status` says why; `sluice migrate --after` tries it again.");
                case PENDING, RUNNING, DONE -> {}
            }
            if (isToCome(each)) {
                scripts.statements().stream()
                        .filter(s -> s.script().equals(each.script()) && s.number() == each.number())
                        .forEach(this::hazards);
            }
        }
        long done = all.stream().filter(each -> !isToCome(each)).count();
        if (!all.isEmpty()) {
            String found = done + " of " + Counted.of(all.size(), "statement") + " in migrations/after are applied";
            if (done == all.size()) {
                list.ok(Check.AFTER_MIGRATIONS, found + ".");
            } else {
                list.info(
                        Check.AFTER_MIGRATIONS,
                        null,
                        found + "; the others come after the copy"
                                + (migrate
                                        ? ", by `sluice run` or `sluice backfill`."
                                        : ", by `sluice migrate --after`, since AUTO_MIGRATE is false."));
            }
        }
    }

    private void hazards(AfterStatement statement) {
        statement
                .hazard()
                .ifPresent(hazard -> list.warning(
                        Check.AFTER_MIGRATIONS,
                        statement.script() + " " + statement.number(),
                        statement.name() + " (" + statement.beginning() + ") " + hazard.what(),
                        hazard.remedy()));
    }

    private void owned(Connection connection, List<CollectionTarget> targets, boolean scripts) throws SQLException {
        String[] tables = targets.stream()
                .flatMap(t -> Stream.concat(Stream.of(t.mapper().shape()), t.mapper().childShapes().stream()))
                .map(TableShape::table)
                .map(table -> table.sql())
                .distinct()
                .toArray(String[]::new);
        try (PreparedStatement statement = connection.prepareStatement(OF_OTHERS)) {
            statement.setArray(1, connection.createArrayOf("text", tables));
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    return;
                }
                String found = "The role " + row.getString(2) + " does not own " + row.getString(1) + " (owner "
                        + row.getString(3) + ")";
                if (scripts && migrate) {
                    list.warning(
                            Check.AFTER_MIGRATIONS,
                            null,
                            found + ", so it can't index, constrain or analyze them after the copy.",
                            "After the copy run `sluice migrate --after` with a role that owns them.");
                } else {
                    list.info(
                            Check.AFTER_MIGRATIONS,
                            null,
                            found
                                    + ", so it can't analyze them after the copy; until autovacuum or `sluice migrate --after`"
                                    + " with a role that owns them has, the gate is shut.");
                }
            }
        }
    }
}
