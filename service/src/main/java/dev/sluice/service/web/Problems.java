package dev.sluice.service.web;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.server.exceptions.ExceptionHandler;
import io.micronaut.http.server.exceptions.response.Error;
import io.micronaut.http.server.exceptions.response.ErrorContext;
import io.micronaut.http.server.exceptions.response.ErrorResponseProcessor;
import jakarta.inject.Singleton;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Every answer that is an error is a [Problem]: refusals of our controllers, servers that are away, and what the HTTP
/// server says itself of unknown routes and unreadable bodies.
final class Problems {
    private Problems() {}

    static MutableHttpResponse<Problem> answer(HttpStatus status, @Nullable String detail) {
        return HttpResponse.<Problem>status(status)
                .contentType(MediaType.APPLICATION_JSON_PROBLEM_TYPE)
                .body(Problem.of(status, detail));
    }

    /// What a controller refuses.
    @Singleton
    static final class Refused implements ExceptionHandler<Refusal, HttpResponse<Problem>> {
        @Override
        @SuppressWarnings("rawtypes") // as Micronaut declares it
        public HttpResponse<Problem> handle(@Nullable HttpRequest request, Refusal refusal) {
            return answer(refusal.status(), refusal.getMessage());
        }
    }

    /// What needs a server that does not answer, or writes rows that are the application's now.
    @Singleton
    static final class Away implements ExceptionHandler<SluiceException, HttpResponse<Problem>> {
        @Override
        @SuppressWarnings("rawtypes") // as Micronaut declares it
        public HttpResponse<Problem> handle(@Nullable HttpRequest request, SluiceException away) {
            boolean theirs = away.kind() == FailureKind.WRITES_MOVED || away.kind() == FailureKind.MIGRATION_FINISHED;
            return answer(theirs ? HttpStatus.CONFLICT : HttpStatus.SERVICE_UNAVAILABLE, away.forPeople());
        }
    }

    /// What the HTTP server refuses by itself.
    @Singleton
    static final class OfServer implements ErrorResponseProcessor<Object> {
        private final BodyLimit limit;

        OfServer(BodyLimit limit) {
            this.limit = limit;
        }

        @Override
        public MutableHttpResponse<Object> processResponse(ErrorContext context, MutableHttpResponse<?> response) {
            HttpStatus status = response.status();
            Optional<String> detail = detail(context, status);
            return OfrepFailure.isFor(context.getRequest())
                    ? response.contentType(MediaType.APPLICATION_JSON_TYPE)
                            .body(OfrepFailure.of(context.getRequest(), status, detail.orElse(status.getReason())))
                    : response.contentType(MediaType.APPLICATION_JSON_PROBLEM_TYPE)
                            .body(Problem.of(status, detail.orElse(null)));
        }

        /// The message of an unexpected exception may hold anything, so it is for the log alone.
        private Optional<String> detail(ErrorContext context, HttpStatus status) {
            if (status == HttpStatus.REQUEST_ENTITY_TOO_LARGE) {
                return Optional.of(limit.refusal());
            }
            if (status.getCode() >= HttpStatus.INTERNAL_SERVER_ERROR.getCode()) {
                return Optional.of("Sluice could not answer; its log says why.");
            }
            Optional<String> sent = context.getRootCause().flatMap(BodyFault::of);
            return sent.isPresent()
                    ? sent
                    : Optional.of(context.getErrors().stream()
                                    .map(Error::getMessage)
                                    .collect(Collectors.joining(" ")))
                            .filter(text -> !text.equals(status.getReason()) && !text.isBlank());
        }
    }
}
