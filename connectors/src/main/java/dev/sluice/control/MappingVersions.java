package dev.sluice.control;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;

/// The mappings that a pipeline's rows were written with, one after the other. Every method works in the caller's
/// transaction.
public final class MappingVersions {
    private final String pipeline;

    public MappingVersions(String pipeline) {
        this.pipeline = pipeline;
    }

    /// A mapping that rows were written with.
    ///
    /// @param number from 1
    /// @param text of the file
    public record Version(int number, String text, Instant since) {}

    /// The mapping that rows are written with; empty where no process has noted it, as before it wrote the first.
    public Optional<Version> latest(Connection connection) throws SQLException {
        String sql = "SELECT version, mapping, since FROM sluice.mapping_version WHERE pipeline = ?"
                + " ORDER BY version DESC LIMIT 1";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? Optional.of(new Version(
                                row.getInt(1),
                                row.getString(2),
                                row.getObject(3, OffsetDateTime.class).toInstant()))
                        : Optional.empty();
            }
        }
    }

    /// Notes that rows are written with this mapping from now on.
    ///
    /// @return its number
    public int add(Connection connection, String text) throws SQLException {
        String sql = "INSERT INTO sluice.mapping_version (pipeline, version, mapping)"
                + " SELECT ?, coalesce(max(version), 0) + 1, ? FROM sluice.mapping_version WHERE pipeline = ?"
                + " RETURNING version";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, pipeline);
            statement.setString(2, text);
            statement.setString(3, pipeline);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getInt(1);
            }
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
}
