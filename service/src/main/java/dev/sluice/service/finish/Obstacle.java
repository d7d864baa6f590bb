package dev.sluice.service.finish;

/// Why the writes of a collection can't move now.
///
/// @param collection a name, or several with commas between them
/// @param reason a sentence or two: what it is, and what to do
public record Obstacle(String collection, String reason) {
    @Override
    public String toString() {
        return collection + ": " + reason;
    }
}
