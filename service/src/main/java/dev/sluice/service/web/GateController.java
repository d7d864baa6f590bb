package dev.sluice.service.web;

import dev.sluice.gate.Gate;
import dev.sluice.service.ops.Gates;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;

/// `/api/gates`: what `sluice gate` says.
@Controller("/api")
@ExecuteOn(TaskExecutors.BLOCKING)
final class GateController {
    private final Gates gates;

    GateController(Gates gates) {
        this.gates = gates;
    }

    /// The gates of all mapped collections.
    @Get(value = "/gates", produces = MediaType.APPLICATION_JSON)
    @Refuses.WhileAway
    Gates.All all() {
        return gates.all();
    }

    /// The gate of one collection: each condition with its value, its limit and why it is not met.
    @Get(value = "/collections/{collection}/gate", produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.Unknown
    @Refuses.WhileAway
    Gate of(String collection) {
        return gates.of(NamedCollections.require(collection, gates::isMapped));
    }
}
