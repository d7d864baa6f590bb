package dev.sluice.source.debezium;

import io.debezium.connector.mongodb.MongoDbConnector;
import org.apache.kafka.connect.connector.Task;

/// Debezium's connector for MongoDB with a [StreamReader] in the place of its own. Made by the engine, by
/// reflection.
public final class StreamConnector extends MongoDbConnector {
    @Override
    public Class<? extends Task> taskClass() {
        return StreamTask.class;
    }
}
