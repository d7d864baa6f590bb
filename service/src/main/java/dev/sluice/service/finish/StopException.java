package dev.sluice.service.finish;

import java.util.List;

/// A step of a move found what forbids it; what was made is taken back in one place.
final class StopException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient List<Obstacle> obstacles;

    StopException(List<Obstacle> obstacles) {
        super(String.valueOf(obstacles));
        this.obstacles = List.copyOf(obstacles);
    }

    StopException(String collection, String reason) {
        this(List.of(new Obstacle(collection, reason)));
    }

    List<Obstacle> obstacles() {
        return obstacles;
    }
}
