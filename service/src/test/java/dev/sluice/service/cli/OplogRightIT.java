package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.change.Watermark;
import dev.sluice.sandbox.SandboxMongo;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.Oplog;
import org.junit.jupiter.api.Test;

/// Where the oplog begins takes a right to see; without it that is unknown, and it is said which.
class OplogRightIT {
    @Test
    void whoMayNotReadTheOplogIsToldWhichRightIsMissing() {
        try (SandboxMongo mongo = SandboxMongo.start(SandboxMongo.Options.DEFAULTS.withPassword("hush-hush"));
                MongoSource source = new MongoSource(mongo.uri().replace("root:hush-hush@", ""), "shop")) {
            assertThat(source.oplog().start())
                    .isInstanceOfSatisfying(
                            Oplog.Start.Unknown.class,
                            unknown -> assertThat(unknown.reason())
                                    .contains("refused to show its oplog (13 ", "local.oplog.rs"));
            assertThat(source.oplog().window()).isEmpty();
        }
    }

    @Test
    void whoMayReadItIsToldItsFirstSecond() {
        long before = System.currentTimeMillis() / 1_000;
        try (SandboxMongo mongo = SandboxMongo.start(SandboxMongo.Options.DEFAULTS.withOplogMegabytes(16));
                MongoSource source = new MongoSource(mongo.uri(), "shop")) {
            source.hello();
            assertThat(source.oplog().start())
                    .isInstanceOfSatisfying(
                            Oplog.Start.At.class,
                            at -> assertThat(Watermark.seconds(at.oldest()))
                                    .isBetween(before - 1, System.currentTimeMillis() / 1_000 + 1));
        }
    }
}
