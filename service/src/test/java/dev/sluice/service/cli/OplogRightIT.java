package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.MongoSource.OplogStart;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Where the oplog begins takes a right to see; without it that is unknown, and it is said which.
class OplogRightIT {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @Test
    void whoMayNotReadTheOplogIsToldWhichRightIsMissing() throws IOException, InterruptedException {
        try (StandIn mongo = StandIn.start(folder, "--auth");
                MongoSource source = new MongoSource(mongo.uri(), "shop")) {
            assertThat(source.oplogStart())
                    .isInstanceOfSatisfying(
                            OplogStart.Unknown.class,
                            unknown -> assertThat(unknown.reason())
                                    .contains("refused to show its oplog (13 ", "local.oplog.rs"));
            assertThat(source.oldestOplogSecond()).isEmpty();
        }
    }

    @Test
    void whoMayReadItIsToldItsFirstSecond() throws IOException, InterruptedException {
        long before = System.currentTimeMillis() / 1_000;
        try (StandIn mongo = StandIn.start(folder);
                MongoSource source = new MongoSource(mongo.uri(), "shop")) {
            source.hello();
            assertThat(source.oplogStart())
                    .isInstanceOfSatisfying(
                            OplogStart.At.class,
                            at -> assertThat(at.second())
                                    .isBetween(before - 1, System.currentTimeMillis() / 1_000 + 1));
        }
    }
}
