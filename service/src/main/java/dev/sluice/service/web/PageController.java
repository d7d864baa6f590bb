package dev.sluice.service.web;

import io.micronaut.core.io.ResourceResolver;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.server.types.files.StreamedFile;
import io.swagger.v3.oas.annotations.Hidden;

/// `/`: the page. It holds no data; it asks `/api` for them, with the token that its user gives it.
@Controller
@Hidden
final class PageController {
    private static final String PAGE = "classpath:page/index.html";

    private final ResourceResolver resources;

    PageController(ResourceResolver resources) {
        this.resources = resources;
    }

    @Get(produces = MediaType.TEXT_HTML)
    HttpResponse<StreamedFile> page() {
        return resources
                .getResource(PAGE)
                .map(page -> HttpResponse.ok(new StreamedFile(page)))
                .orElseThrow(() -> new IllegalStateException("the page is not in the program"));
    }
}
