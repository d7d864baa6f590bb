package dev.sluice.service.web;

import io.micronaut.http.HttpResponse;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.swagger.v3.oas.annotations.Hidden;
import io.swagger.v3.oas.annotations.OpenAPIDefinition;
import io.swagger.v3.oas.annotations.enums.SecuritySchemeType;
import io.swagger.v3.oas.annotations.info.Info;
import io.swagger.v3.oas.annotations.security.SecurityScheme;
import java.net.URI;

/// `/swagger`: the page that shows the REST interface. The compiler makes it and the description
/// (`/swagger/sluice.yml`) of the controllers.
@OpenAPIDefinition(
        info =
                @Info(
                        title = "Sluice",
                        version = "1",
                        description = "What the commands of `sluice` do, over HTTP. Keys of documents may be in the"
                                + " answers, their values never are. Errors are application/problem+json."))
@SecurityScheme(
        name = Api.TOKEN,
        type = SecuritySchemeType.HTTP,
        scheme = "bearer",
        description = "SLUICE_API_TOKEN; where none is set, calls that change something are accepted from the machine"
                + " itself only.")
@Controller("/swagger")
@Hidden
final class Api {
    static final String TOKEN = "token";

    private static final URI PAGE = URI.create("/swagger/views/swagger-ui/index.html");

    @Get
    HttpResponse<?> page() {
        return HttpResponse.redirect(PAGE);
    }
}
