package dev.sluice.service.web;

import io.micronaut.context.annotation.Requires;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Post;
import io.swagger.v3.oas.annotations.Hidden;

/// An endpoint that does nothing, for `sluice bench ofrep` to compare with. No other process has it.
@Hidden
@Requires(property = NothingController.WANTED)
@Controller("/nothing")
final class NothingController {
    static final String WANTED = "bench.nothing";

    @Post(consumes = MediaType.APPLICATION_JSON, produces = MediaType.APPLICATION_JSON)
    String nothing() {
        return "{}";
    }
}
