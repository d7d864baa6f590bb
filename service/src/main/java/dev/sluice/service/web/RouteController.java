package dev.sluice.service.web;

import dev.sluice.cutover.Share;
import dev.sluice.gate.Gate;
import dev.sluice.gate.Gate.Condition;
import dev.sluice.service.ops.Routes;
import dev.sluice.service.ops.Routes.Outcome;
import dev.sluice.service.ops.Routes.RouteReport;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// `/api/routes`, and moving them: what `sluice routes`, `cutover` and `rollback` do.
@Controller("/api")
@ExecuteOn(TaskExecutors.BLOCKING)
final class RouteController {
    private static final int PATIENCE_SECONDS = 60;
    private static final int PATIENCE_SECONDS_MAX = 600;

    private final Routes routes;

    RouteController(Routes routes) {
        this.routes = routes;
    }

    /// Where each mapped collection is read from.
    @Get(value = "/routes", produces = MediaType.APPLICATION_JSON)
    @Refuses.WhileAway
    Routes.All all() {
        return routes.all();
    }

    /// Where one collection is read from.
    @Get(value = "/routes/{collection}", produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.Unknown
    @Refuses.WhileAway
    RouteReport of(String collection) {
        return routes.of(NamedCollections.require(collection, routes::isMapped));
    }

    /// What a cut-over may say.
    ///
    /// @param percent the share that reads from PostgreSQL; 100 where none is given, or 0 with a shadow
    /// @param shadowPercent the share that reads from both sides; 0 where none is given
    /// @param autoRollback whether a running pipeline moves reads back by itself when rows drift or fall behind
    /// @param waitSeconds how long to wait until the rows have caught up; 60 where it is not given, at most 600
    /// @param dryRun whether it is only said what would become of it
    record Cutover(
            @Schema(minimum = "0", maximum = "100") @Nullable
            Integer percent,

            @Schema(minimum = "0", maximum = "100") @Nullable
            Integer shadowPercent,

            @Nullable Boolean autoRollback,

            @Schema(minimum = "0", maximum = "600") @Nullable
            Integer waitSeconds,

            @Nullable Boolean dryRun) {}

    /// What a cut-over of several may say.
    ///
    /// @param collections all are moved, in one transaction, or none
    /// @param percent as for one collection, and so are the others
    record CutoverOfSeveral(
            List<String> collections,

            @Schema(minimum = "0", maximum = "100") @Nullable
            Integer percent,

            @Schema(minimum = "0", maximum = "100") @Nullable
            Integer shadowPercent,

            @Nullable Boolean autoRollback,

            @Schema(minimum = "0", maximum = "600") @Nullable
            Integer waitSeconds,

            @Nullable Boolean dryRun) {
        CutoverOfSeveral {
            collections = collections == null ? List.of() : List.copyOf(collections);
        }

        Cutover each() {
            return new Cutover(percent, shadowPercent, autoRollback, waitSeconds, dryRun);
        }
    }

    /// What a rollback of several says.
    ///
    /// @param collections all are moved, in one transaction, or none
    record RollbackOfSeveral(List<String> collections) {
        RollbackOfSeveral {
            collections = collections == null ? List.of() : List.copyOf(collections);
        }
    }

    /// Moves readers of several collections to PostgreSQL, in one transaction, if all of their gates are open.
    @Post(value = "/cutover", consumes = MediaType.APPLICATION_JSON, produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.Unknown
    @Refuses.Conflicts
    @Refuses.Strangers
    @Refuses.WhileAway
    Routes.All cutOver(@Body CutoverOfSeveral cutover, HttpRequest<?> request) {
        return answer(routes.cutOver(
                wish(NamedCollections.require(cutover.collections(), routes::isMapped), cutover.each(), request)));
    }

    /// Moves all readers of several collections back to MongoDB, in one transaction.
    @Post(value = "/rollback", consumes = MediaType.APPLICATION_JSON, produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.Unknown
    @Refuses.Conflicts
    @Refuses.Strangers
    @Refuses.WhileAway
    Routes.All rollback(@Body RollbackOfSeveral rollback, HttpRequest<?> request) {
        return answer(routes.rollback(
                NamedCollections.require(rollback.collections(), routes::isMapped), false, Caller.of(request)));
    }

    /// Moves readers of the collection to PostgreSQL, if its gate is open.
    @Post(
            value = "/collections/{collection}/cutover",
            consumes = MediaType.APPLICATION_JSON,
            produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.Unknown
    @Refuses.Conflicts
    @Refuses.Strangers
    @Refuses.WhileAway
    RouteReport cutOver(String collection, @Body @Nullable Cutover cutover, HttpRequest<?> request) {
        Cutover asked = cutover == null ? new Cutover(null, null, null, null, null) : cutover;
        return answer(routes.cutOver(
                        wish(List.of(NamedCollections.require(collection, routes::isMapped)), asked, request)))
                .routes()
                .getFirst();
    }

    private static Routes.Wish wish(List<String> collections, Cutover asked, HttpRequest<?> request) {
        Share share = Share.asked(asked.percent(), asked.shadowPercent())
                .orElseThrow(() -> Refusal.badRequest(
                        "percent and shadow_percent are from 0 to 100, and not more than 100 together."));
        int wait = asked.waitSeconds() == null ? PATIENCE_SECONDS : asked.waitSeconds();
        if (wait < 0 || wait > PATIENCE_SECONDS_MAX) {
            throw Refusal.badRequest("wait_seconds is from 0 to " + PATIENCE_SECONDS_MAX + ".");
        }
        return new Routes.Wish(
                collections,
                false,
                share,
                Boolean.TRUE.equals(asked.autoRollback()),
                Duration.ofSeconds(wait),
                Boolean.TRUE.equals(asked.dryRun()),
                Caller.of(request));
    }

    /// Moves all readers of the collection back to MongoDB.
    @Post(value = "/collections/{collection}/rollback", consumes = MediaType.ALL, produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.Unknown
    @Refuses.Conflicts
    @Refuses.Strangers
    @Refuses.WhileAway
    RouteReport rollback(String collection, HttpRequest<?> request) {
        return answer(routes.rollback(
                        List.of(NamedCollections.require(collection, routes::isMapped)), false, Caller.of(request)))
                .routes()
                .getFirst();
    }

    private static Routes.All answer(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Moved moved -> new Routes.All(moved.routes());
            case Outcome.WouldMove would -> new Routes.All(would.routes());
            case Outcome.Shut shut ->
                throw Refusal.conflict("Nothing was moved: the gate is shut. " + reasons(shut.gates()));
            case Outcome.Behind behind ->
                throw Refusal.conflict("Nothing was moved: the rows did not have everything in time.");
            case Outcome.Changed changed -> throw Refusal.conflict("Nothing was moved. " + changed.reason());
            case Outcome.WritesMoved gone -> throw Refusal.conflict("Nothing was moved. " + gone.reason());
        };
    }

    private static String reasons(List<Gate> gates) {
        return gates.stream()
                .flatMap(gate -> gate.conditions().stream())
                .filter(condition -> !condition.met())
                .map(Condition::reason)
                .collect(Collectors.joining(" "));
    }
}
