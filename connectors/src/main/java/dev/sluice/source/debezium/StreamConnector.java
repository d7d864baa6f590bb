package dev.sluice.source.debezium;

import io.debezium.connector.mongodb.MongoDbConnector;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.Config;
import org.apache.kafka.connect.connector.Task;

/// Debezium's connector for MongoDB with a [StreamReader] in the place of its own. Made by the engine, by
/// reflection.
public final class StreamConnector extends MongoDbConnector {
    @Override
    public Class<? extends Task> taskClass() {
        return StreamTask.class;
    }

    /// Finds nothing, and asks no server: the settings are our own, and the server was asked before the engine
    /// starts. Debezium's own check waits ten seconds for a server that goes down at that moment, and then
    /// reports an invalid configuration, which does not look like an outage.
    @Override
    public Config validate(Map<String, String> properties) {
        return new Config(List.of());
    }
}
