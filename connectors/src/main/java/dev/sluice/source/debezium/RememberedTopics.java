package dev.sluice.source.debezium;

import io.debezium.schema.DefaultTopicNamingStrategy;
import io.debezium.spi.schema.DataCollectionId;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;

/// Debezium's topic names, put together once for each collection and not for each event. Made by the
/// engine, by reflection.
public final class RememberedTopics extends DefaultTopicNamingStrategy {
    private final Map<DataCollectionId, String> names = new ConcurrentHashMap<>();

    public RememberedTopics(Properties properties) {
        super(properties);
    }

    @Override
    public String dataChangeTopic(DataCollectionId id) {
        return names.computeIfAbsent(id, super::dataChangeTopic);
    }
}
