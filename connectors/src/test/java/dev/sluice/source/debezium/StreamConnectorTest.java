package dev.sluice.source.debezium;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class StreamConnectorTest {
    /// Debezium's own waits for one, and calls the configuration invalid where none answers.
    @Test
    void toBeValidatedTakesNoServer() {
        assertThat(new StreamConnector()
                        .validate(Map.of("mongodb.connection.string", "mongodb://127.0.0.1:1/?replicaSet=none"))
                        .configValues())
                .isEmpty();
    }
}
