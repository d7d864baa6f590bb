package dev.sluice.source.debezium;

/// Who reads the document of an update, of which MongoDB's own event has only what was changed.
public enum LookUp {
    /// MongoDB, for each update by itself and in order (`updateLookup`).
    SERVER,
    /// We do, for many updates with one command, where MongoDB can be asked that way; see
    /// [dev.sluice.source.mongo.LookUps].
    BATCHES
}
