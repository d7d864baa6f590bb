package dev.sluice.service.systems;

import java.util.List;
import org.bson.Document;

/// A document that makes a system's own migration abort, skip or lose, and what must become of it.
///
/// @param kind what is hostile about it; unique in its system
/// @param landed an SQL condition that its row meets; empty when it must not have one
/// @param quarantined what must be kept of it, no more and no less
/// @param deadLetter a part of the reason why it is parked; empty when it must not be
public record HostileDocument(
        String kind,
        String collection,
        Document document,
        String landed,
        List<Quarantined> quarantined,
        String deadLetter) {

    /// @param column the column within the document's table
    /// @param value canonical Extended JSON
    public record Quarantined(String column, String value) {}

    static HostileDocument lands(String kind, String collection, Document document, String condition) {
        return new HostileDocument(kind, collection, document, condition, List.of(), "");
    }

    HostileDocument keeps(String column, String value) {
        return new HostileDocument(kind, collection, document, landed, List.of(new Quarantined(column, value)), "");
    }

    static HostileDocument parked(String kind, String collection, Document document, String reason) {
        return new HostileDocument(kind, collection, document, "", List.of(), reason);
    }
}
