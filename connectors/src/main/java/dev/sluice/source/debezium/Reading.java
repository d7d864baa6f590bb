package dev.sluice.source.debezium;

/// Who reads the stream, and who the document of an update, of which MongoDB's own event has only what was changed.
public enum Reading {
    /// Debezium's own reader, for measuring: with documents as JSON, which MongoDB looks up, bounded by their number
    /// alone, and without heartbeats while there are no changes.
    DEBEZIUM,
    /// A [StreamReader], with documents as BSON, which MongoDB looks up, for each update by itself and in order
    /// (`updateLookup`).
    SERVER_LOOKS_UP,
    /// A [StreamReader], which looks up the documents of many updates with one command, where MongoDB can be asked
    /// that way; see [dev.sluice.source.mongo.LookUps].
    LOOK_UPS_IN_BATCHES;

    /// Whether a [StreamReader] reads.
    boolean isOurs() {
        return switch (this) {
            case DEBEZIUM -> false;
            case SERVER_LOOKS_UP, LOOK_UPS_IN_BATCHES -> true;
        };
    }
}
