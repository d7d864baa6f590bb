package dev.sluice.service.web;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.change.IdText;
import dev.sluice.service.ops.ShadowReads;
import dev.sluice.service.ops.ShadowReads.Read;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.media.ArraySchema;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// `/api/shadow-reads`: what applications found that read both sides.
@Controller("/api/shadow-reads")
@ExecuteOn(TaskExecutors.BLOCKING)
final class ShadowReadController {
    private static final int READS_MAX = 1_000;
    private static final int KEYS_MAX = 100;
    private static final double MILLIS_MAX = 3_600_000;

    /// Names of queries are shown everywhere: what looks like a value of a document is refused.
    private static final String NAME = "^[A-Za-z][A-Za-z0-9_.:/-]{0,99}$";

    private static final Pattern NAMES = Pattern.compile(NAME);

    private final ShadowReads reads;

    ShadowReadController(ShadowReads reads) {
        this.reads = reads;
    }

    /// Reads of both sides, a thousand at most.
    record Report(
            @ArraySchema(minItems = 1, maxItems = READS_MAX) List<Reported> reads) {}

    /// An `_id`.
    @Schema(
            description = "An _id as Extended JSON, such as \"a\", 7 or {\"$oid\": \"...\"}",
            oneOf = {Map.class, String.class, Double.class, Boolean.class})
    static final class Key {
        private final JsonNode json;

        @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
        Key(JsonNode json) {
            this.json = json;
        }

        Optional<BsonValue> id() {
            return IdText.find(json.toString());
        }
    }

    /// What an application found.
    enum Result {
        @JsonProperty("equal")
        EQUAL,
        @JsonProperty("different")
        DIFFERENT
    }

    /// One read of both sides. It has `key`, `keys` or `name`. Never values of documents.
    ///
    /// @param collection a mapped one
    /// @param key the `_id` of the document that was read, as Extended JSON
    /// @param keys the `_id`s, where several documents were read; a hundred at most
    /// @param name what the application calls a query for a list: letters, digits and `_.:/-`, a hundred
    ///     at most
    /// @param result `equal` or `different`
    /// @param mongodbMs how long MongoDB took, milliseconds; null when it is not known
    /// @param postgresMs how long PostgreSQL took, milliseconds; null when it is not known
    record Reported(
            String collection,
            @Nullable Key key,

            @ArraySchema(minItems = 1, maxItems = KEYS_MAX) @Nullable
            List<@Nullable Key> keys,

            @Schema(pattern = NAME) @Nullable String name,

            Result result,

            @Schema(minimum = "0", maximum = "3600000") @Nullable
            Double mongodbMs,

            @Schema(minimum = "0", maximum = "3600000") @Nullable
            Double postgresMs) {}

    /// The shadow reads of each mapped collection since it was copied, with the times of both sides.
    ///
    /// @param collection null for all
    @Get(produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.Unknown
    @Refuses.WhileAway
    ShadowReads.All all(@QueryValue @Nullable String collection) {
        if (collection != null && !reads.isMapped(collection)) {
            throw Refusal.notFound("The mapping has no collection of that name.");
        }
        return reads.all(collection);
    }

    /// Counts what an application found. Documents that it found different are compared by Sluice soon
    /// after, so that lag is no difference. None is counted where one of them can't be understood.
    @Post(consumes = MediaType.APPLICATION_JSON, produces = MediaType.APPLICATION_JSON)
    @Refuses.BadRequests
    @Refuses.Readers
    @Refuses.WhileAway
    ShadowReads.Taken report(@Body @Nullable Report report) {
        List<Reported> reported = report == null ? null : report.reads();
        if (reported == null || reported.isEmpty() || reported.size() > READS_MAX) {
            throw Refusal.badRequest("reads is a list of 1 to " + READS_MAX + " reads.");
        }
        List<Read> understood = new ArrayList<>();
        for (int i = 0; i < reported.size(); i++) {
            understood.add(read(reported.get(i), "reads[" + i + "]"));
        }
        return reads.take(understood);
    }

    private Read read(Reported one, String at) {
        // Whatever the type says, the caller may have left it out.
        if (one.collection() == null || !reads.isMapped(one.collection())) {
            throw Refusal.badRequest(at + ".collection is none of the mapping's.");
        }
        if (one.result() == null) {
            throw Refusal.badRequest(at + ".result is missing: equal or different.");
        }
        int given = (one.key() == null ? 0 : 1) + (one.keys() == null ? 0 : 1) + (one.name() == null ? 0 : 1);
        if (given != 1) {
            throw Refusal.badRequest(at + " takes one of key, keys and name.");
        }
        if (one.name() != null && !NAMES.matcher(one.name()).matches()) {
            throw Refusal.badRequest(at + ".name is what the query is called in your code: letters, digits and _.:/-, a"
                    + " hundred at most. It is no place for values.");
        }
        return new Read(
                one.collection(),
                ids(one, at),
                one.name(),
                one.result() == Result.EQUAL,
                millis(one.mongodbMs(), at + ".mongodb_ms"),
                millis(one.postgresMs(), at + ".postgres_ms"));
    }

    private static List<BsonValue> ids(Reported one, String at) {
        if (one.key() != null) {
            return List.of(id(one.key(), at + ".key"));
        }
        if (one.keys() == null) {
            return List.of();
        }
        if (one.keys().isEmpty() || one.keys().size() > KEYS_MAX) {
            throw Refusal.badRequest(at + ".keys is a list of 1 to " + KEYS_MAX + " keys.");
        }
        List<BsonValue> ids = new ArrayList<>();
        for (Key key : one.keys()) {
            ids.add(id(key, at + ".keys[" + ids.size() + "]"));
        }
        return ids;
    }

    private static BsonValue id(Key key, String at) {
        return key.id()
                .orElseThrow(() -> Refusal.badRequest(
                        at + " is no _id as Extended JSON, such as \"a\", 7 or {\"$oid\": \"...\"}."));
    }

    private static @Nullable Double millis(@Nullable Double millis, String at) {
        if (millis != null && !(millis >= 0 && millis <= MILLIS_MAX)) {
            throw Refusal.badRequest(at + " is milliseconds, from 0 to an hour.");
        }
        return millis;
    }
}
