package dev.sluice.control;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// The mappings that a pipeline's rows were written with, one after the other, and at most one that is
/// wanted: asked for, and not yet taken over by the process that writes. Every method works in the
/// caller's transaction.
public final class MappingVersions {
    private static final String LATEST = "SELECT version, mapping, since FROM sluice.mapping_version"
            + " WHERE pipeline = ? AND since IS NOT NULL ORDER BY version DESC LIMIT 1";

    private static final String BEFORE = "SELECT version, mapping, since FROM sluice.mapping_version"
            + " WHERE pipeline = ? AND since IS NOT NULL AND version < ? ORDER BY version DESC LIMIT 1";

    private static final String WANTED = "SELECT version, mapping, wanted_at, coalesce(wanted_by, '')"
            + " FROM sluice.mapping_version WHERE pipeline = ? AND since IS NULL";

    private static final String IS_FORMER = "SELECT EXISTS (SELECT FROM sluice.mapping_version"
            + " WHERE pipeline = ? AND mapping = ? AND since IS NOT NULL AND version < ?)";

    private static final String ADD =
            "INSERT INTO sluice.mapping_version (pipeline, version, mapping, since) SELECT ?, coalesce(max(version), 0) + 1,"
                    + " ?, now() FROM sluice.mapping_version WHERE pipeline = ? RETURNING version";

    private static final String WANT =
            "INSERT INTO sluice.mapping_version (pipeline, version, mapping, wanted_at, wanted_by)"
                    + " SELECT ?, coalesce(max(version), 0) + 1, ?, now(), ? FROM sluice.mapping_version WHERE pipeline = ?"
                    + " RETURNING version";

    private static final String BEGIN = "UPDATE sluice.mapping_version v SET since = now(), cluster_time_seconds = ?,"
            + " cluster_time_increment = ?, version = (SELECT max(version) + CASE WHEN v.version = max(version) THEN 0"
            + " ELSE 1 END FROM sluice.mapping_version o WHERE o.pipeline = v.pipeline)"
            + " WHERE v.pipeline = ? AND v.since IS NULL RETURNING version";

    private final String pipeline;

    public MappingVersions(String pipeline) {
        this.pipeline = pipeline;
    }

    /// A mapping that rows were written with.
    ///
    /// @param number from 1
    /// @param text of the file
    public record Version(int number, String text, Instant since) {}

    /// A mapping that is asked for.
    ///
    /// @param by who asked for it; empty where that is not known
    public record Wanted(int number, String text, Instant at, String by) {}

    /// The mapping that rows are written with; empty where no process has noted it, as before it wrote the first.
    public Optional<Version> latest(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(LATEST)) {
            statement.setString(1, pipeline);
            return version(statement);
        }
    }

    /// The mapping that rows were written with before a version; empty where that is the first.
    public Optional<Version> before(Connection connection, int version) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(BEFORE)) {
            statement.setString(1, pipeline);
            statement.setInt(2, version);
            return version(statement);
        }
    }

    private static Optional<Version> version(PreparedStatement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery()) {
            return row.next()
                    ? Optional.of(new Version(row.getInt(1), row.getString(2), instant(row, 3)))
                    : Optional.empty();
        }
    }

    private static Instant instant(ResultSet row, int column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }

    /// Whether rows were written with this text before the version that they are written with now.
    public boolean isFormer(Connection connection, String text, Version now) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(IS_FORMER)) {
            statement.setString(1, pipeline);
            statement.setString(2, text);
            statement.setInt(3, now.number());
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    /// Notes that rows are written with this mapping from now on.
    ///
    /// @return its number
    public int add(Connection connection, String text) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(ADD)) {
            statement.setString(1, pipeline);
            statement.setString(2, text);
            statement.setString(3, pipeline);
            return number(statement);
        }
    }

    /// Replaces the text of a version that says the same in other words.
    public void reword(Connection connection, int version, String text) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "UPDATE sluice.mapping_version SET mapping = ? WHERE pipeline = ? AND version = ?")) {
            statement.setString(1, text);
            statement.setString(2, pipeline);
            statement.setInt(3, version);
            statement.executeUpdate();
        }
    }

    /// The mapping that is asked for and that no process has taken over yet.
    public Optional<Wanted> wanted(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(WANTED)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? Optional.of(new Wanted(row.getInt(1), row.getString(2), instant(row, 3), row.getString(4)))
                        : Optional.empty();
            }
        }
    }

    /// Asks for a mapping, in the place of one that is wanted already.
    ///
    /// @return its number
    public int want(Connection connection, String text, String by) throws SQLException {
        withdraw(connection);
        try (PreparedStatement statement = connection.prepareStatement(WANT)) {
            statement.setString(1, pipeline);
            statement.setString(2, text);
            statement.setString(3, by);
            statement.setString(4, pipeline);
            return number(statement);
        }
    }

    /// Takes back what was asked for and has not been taken over.
    public void withdraw(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "DELETE FROM sluice.mapping_version WHERE pipeline = ? AND since IS NULL")) {
            statement.setString(1, pipeline);
            statement.executeUpdate();
        }
    }

    /// Notes that rows are written with the wanted mapping from now on.
    ///
    /// @param from the position of the stream; null where it is not known
    /// @return its number
    public int begin(Connection connection, @Nullable BsonTimestamp from) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(BEGIN)) {
            if (from == null) {
                statement.setNull(1, Types.BIGINT);
                statement.setNull(2, Types.INTEGER);
            } else {
                statement.setLong(1, Integer.toUnsignedLong(from.getTime()));
                statement.setInt(2, from.getInc());
            }
            statement.setString(3, pipeline);
            return number(statement);
        }
    }

    private static int number(PreparedStatement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery()) {
            row.next();
            return row.getInt(1);
        }
    }
}
