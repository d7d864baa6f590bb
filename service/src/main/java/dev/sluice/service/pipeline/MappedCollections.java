package dev.sluice.service.pipeline;

import dev.sluice.control.BackfillStore;
import dev.sluice.control.ResyncStore;
import dev.sluice.pipeline.PipelineSpec;
import dev.sluice.positions.LeftCollections;
import dev.sluice.positions.PositionStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Compares the collections of the mapping with those that it had when the pipeline last ran.
final class MappedCollections {
    private static final Logger LOG = LoggerFactory.getLogger(MappedCollections.class);

    private final PipelineSpec pipeline;

    MappedCollections(PipelineSpec pipeline) {
        this.pipeline = pipeline;
    }

    /// Marks a collection that was added to the mapping again to be copied, and deletes the progress of one
    /// that was removed. To be called before the position moves: it passes changes of collections that are
    /// not mapped, so rows whose documents are gone have to be searched for.
    ///
    /// @param connection in auto-commit mode, as it is afterwards
    void follow(Connection connection) throws SQLException {
        LeftCollections collections = new LeftCollections(pipeline.name());
        ResyncStore resync = new ResyncStore(pipeline.name());
        connection.setAutoCommit(false);
        try {
            List<String> back = collections.comeBack(connection, pipeline.collections());
            for (String collection : back) {
                resync.askForAll(connection, collection, "asked", true);
            }
            List<String> left = collections.leave(connection, pipeline.collections());
            for (String collection : left) {
                new BackfillStore(pipeline.name()).restart(connection, collection);
                new PositionStore(pipeline.name()).forgetCollection(connection, collection);
            }
            connection.commit();
            if (!back.isEmpty()) {
                LOG.info(
                        "Back in the mapping: {}. Copied again, since nothing was followed meanwhile; rows whose documents"
                                + " are gone are deleted.",
                        String.join(", ", back));
            }
            if (!left.isEmpty()) {
                LOG.info(
                        "No longer in the mapping: {}. The rows stay as they are. When a collection comes back it is copied"
                                + " again.",
                        String.join(", ", left));
            }
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }
}
