package dev.sluice.service.web;

import dev.sluice.service.config.LiveTokens;
import dev.sluice.service.config.Settings;
import dev.sluice.service.config.Tokens;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpMethod;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.annotation.RequestFilter;
import io.micronaut.http.annotation.ServerFilter;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Who may do what over HTTP. Changing something takes a token of SLUICE_API_TOKEN; where none is set, a
/// call from this machine. Looking, asking for a route, and reporting shadow reads, which the readers
/// do, take a token of SLUICE_API_READ_TOKEN or of the other, where one to read is set; else they are
/// open to all who reach the port. Metrics and health are always open.
///
/// A browser on this machine is "from this machine" too, whatever page it shows. So without a token a
/// call must also name this machine as its host (a page can point a name of its own here), come from no
/// other page, and not be passed on by a proxy, which hides who it is from.
@ServerFilter({"/api/**", "/ofrep/**"})
final class ApiGuard {
    private static final Set<HttpMethod> LOOKING = Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);
    private static final List<String> PASSED_ON = List.of("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via");
    private static final String BEARER = "bearer ";
    private static final String SHADOW_READS = "/api/shadow-reads";

    private final LiveTokens tokens;

    ApiGuard(Settings settings) {
        this.tokens = new LiveTokens(settings.tokens(), System::nanoTime);
    }

    private static List<byte[]> bytes(List<String> tokens) {
        return tokens.stream().map(t -> t.getBytes(StandardCharsets.UTF_8)).toList();
    }

    /// @return null to let it pass
    @RequestFilter
    @Nullable
    HttpResponse<?> check(HttpRequest<?> request) {
        Tokens now = tokens.now();
        List<byte[]> operate = bytes(now.operate());
        List<byte[]> read = bytes(now.read());
        if (isForReaders(request)) {
            return read.isEmpty() || hasToken(request, read) || hasToken(request, operate)
                    ? null
                    : unauthorized(request, "This call takes a token of SLUICE_API_READ_TOKEN");
        }
        if (!operate.isEmpty()) {
            if (hasToken(request, operate)) {
                return null;
            }
            return hasToken(request, read)
                    ? Problems.answer(
                            HttpStatus.FORBIDDEN,
                            "This call changes something, and the token is one of SLUICE_API_READ_TOKEN, which may look"
                                    + " only.")
                    : unauthorized(request, "This call changes something and takes a token of SLUICE_API_TOKEN");
        }
        String refusal = refusalWithoutToken(request);
        return refusal == null ? null : Problems.answer(HttpStatus.FORBIDDEN, refusal);
    }

    private static boolean isForReaders(HttpRequest<?> request) {
        return LOOKING.contains(request.getMethod())
                || OfrepFailure.isFor(request)
                || request.getPath().equals(SHADOW_READS);
    }

    private static boolean hasToken(HttpRequest<?> request, List<byte[]> tokens) {
        String header = request.getHeaders().get(HttpHeaders.AUTHORIZATION);
        if (header == null || !header.toLowerCase(Locale.ROOT).startsWith(BEARER)) {
            return false;
        }
        byte[] given = header.substring(BEARER.length()).strip().getBytes(StandardCharsets.UTF_8);
        boolean found = false;
        for (byte[] token : tokens) {
            // In a time that says nothing of how much of it was right, or of which one it was.
            found |= MessageDigest.isEqual(token, given);
        }
        return found;
    }

    private static HttpResponse<?> unauthorized(HttpRequest<?> request, String why) {
        String detail = why + ": Authorization: Bearer <token>.";
        return (OfrepFailure.isFor(request)
                        ? OfrepFailure.answer(request, HttpStatus.UNAUTHORIZED, detail)
                        : Problems.answer(HttpStatus.UNAUTHORIZED, detail))
                .header(HttpHeaders.WWW_AUTHENTICATE, "Bearer realm=\"sluice\"");
    }

    private static @Nullable String refusalWithoutToken(HttpRequest<?> request) {
        boolean loopback = request.getRemoteAddress().getAddress() != null
                && request.getRemoteAddress().getAddress().isLoopbackAddress();
        boolean passedOn = PASSED_ON.stream().anyMatch(request.getHeaders()::contains);
        if (!loopback || passedOn || !isThisMachine(request.getHeaders().get(HttpHeaders.HOST))) {
            return "Without SLUICE_API_TOKEN, calls that change something are accepted from the machine itself only."
                    + " Set it, and send it as Authorization: Bearer <token>.";
        }
        String origin = request.getHeaders().get(HttpHeaders.ORIGIN);
        if (origin != null && !isOwn(origin, String.valueOf(request.getHeaders().get(HttpHeaders.HOST)))) {
            return "This call comes from another page than Sluice's own. Set SLUICE_API_TOKEN, and send it as"
                    + " Authorization: Bearer <token>.";
        }
        return null;
    }

    private static boolean isThisMachine(@Nullable String host) {
        if (host == null) {
            return false;
        }
        String name = host.replaceFirst(":\\d+$", "");
        if (name.equalsIgnoreCase("localhost")) {
            return true;
        }
        // Only what is an address already; a name would be asked for, and its owner would answer.
        boolean address = name.matches("\\[[0-9a-fA-F:.]+]") || name.matches("\\d{1,3}(\\.\\d{1,3}){3}");
        try {
            return address && InetAddress.getByName(name).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    private static boolean isOwn(String origin, String host) {
        try {
            return host.equalsIgnoreCase(URI.create(origin).getAuthority());
        } catch (IllegalArgumentException malformed) {
            return false;
        }
    }
}
