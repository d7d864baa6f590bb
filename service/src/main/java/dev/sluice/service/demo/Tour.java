package dev.sluice.service.demo;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.ReplaceOptions;
import dev.sluice.control.Acceptance;
import dev.sluice.cutover.Share;
import dev.sluice.gate.Gate;
import dev.sluice.gate.Gate.Condition;
import dev.sluice.postgres.PostgresConnector;
import dev.sluice.service.demo.Steps.NotComeAbout;
import dev.sluice.service.demo.Steps.Over;
import dev.sluice.service.demo.Steps.Step;
import dev.sluice.service.ops.Gates;
import dev.sluice.service.ops.Quarantine;
import dev.sluice.service.ops.Routes;
import dev.sluice.service.ops.Routes.Wish;
import dev.sluice.service.ops.Verifications;
import dev.sluice.service.ops.Verifications.Verification;
import dev.sluice.service.pipeline.CollectionStatus;
import dev.sluice.service.pipeline.Pipeline;
import dev.sluice.service.text.Counted;
import dev.sluice.verify.Mode;
import dev.sluice.verify.Origin;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bson.Document;
import org.bson.types.ObjectId;

/// The story of a migration, told on a pipeline that runs: what each step says was read from the system. For
/// one thread.
final class Tour {
    private static final String USERS = "users";
    private static final String ACTOR = "the demo's tour";
    private static final String EMAIL = "tour@shop.example";
    private static final int LATEST = 20;
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Running running;
    private final Pipeline pipeline;
    private final MongoDatabase database;
    private final LongSupplier written;
    private final TourReader reader;
    private final Steps steps;

    private final Verifications verifications;
    private final Quarantine quarantine;
    private final Gates gates;
    private final Routes routes;

    /// A document that the shop does not touch, whose row is tampered with.
    private final ObjectId tampered = new ObjectId();

    private boolean repaired = true;

    /// Who follows it.
    ///
    /// @param say takes each line of the story
    /// @param stop counted down when the demo is to end
    record Audience(Consumer<String> say, CountDownLatch stop) {}

    /// @param written how many live writes there were so far
    /// @param reader started when reads are moved, and closed by the caller
    Tour(Running running, MongoDatabase database, LongSupplier written, TourReader reader, Audience audience) {
        this.running = running;
        this.pipeline = running.pipeline();
        this.database = database;
        this.written = written;
        this.reader = reader;
        this.steps = new Steps(this::obstacle, audience.stop(), audience.say());
        PostgresConnector connector = pipeline.spec().connector();
        this.verifications = new Verifications(pipeline.spec(), pipeline::spec);
        this.quarantine = new Quarantine(connector, pipeline.name());
        this.gates = new Gates(connector, pipeline.name(), pipeline.spec().collections());
        this.routes = new Routes(connector, pipeline.name(), pipeline.spec().collections());
    }

    /// Goes through all steps. One that does not come about is said, and the next one follows; when the writes
    /// of the collection move to PostgreSQL or the pipeline ends, no more follow.
    Steps.Outcome run() throws InterruptedException, SQLException {
        Steps.Outcome outcome = steps.run(List.of(
                new Step("copy", Duration.ofSeconds(60), this::copy),
                new Step("live writes", Duration.ofSeconds(20), this::liveWrites),
                new Step("tampered row", Duration.ofSeconds(20), this::tamper),
                new Step("found", Duration.ofSeconds(60), this::find),
                new Step("repaired", Duration.ofSeconds(60), this::repair),
                new Step("quarantine", Duration.ofSeconds(20), this::badDocument),
                new Step("gate shut", Duration.ofSeconds(30), this::gateShut),
                new Step("accepted", Duration.ofSeconds(10), this::accept),
                new Step("verify", Duration.ofSeconds(60), this::verify),
                new Step("gate open", Duration.ofSeconds(60), this::gateOpen),
                new Step("cut-over 10 %", Duration.ofSeconds(40), () -> cutOver(10)),
                new Step("cut-over 100 %", Duration.ofSeconds(40), () -> cutOver(100)),
                new Step("rollback", Duration.ofSeconds(30), this::rollback)));
        if (outcome == Steps.Outcome.CUT_SHORT && !repaired) {
            setEmail(EMAIL);
        }
        return outcome;
    }

    /// Why no further step can come about.
    private Optional<String> obstacle() throws SQLException {
        if (running.ended().isDone()) {
            return Optional.of("the pipeline has ended.");
        }
        return EndComparison.moved(pipeline).contains(USERS)
                ? Optional.of("the writes of " + USERS + " have moved to PostgreSQL.")
                : Optional.empty();
    }

    private String copy() throws NotComeAbout, Over, InterruptedException {
        await("The copy has not ended.", () -> pipeline.status().notCopied().isEmpty());
        return pipeline.status().collections().entrySet().stream()
                .map(c -> String.format(
                        Locale.ROOT,
                        "%,d %s became %s%s",
                        c.getValue().backfilledDocuments(),
                        c.getKey(),
                        Counted.of(c.getValue().backfilledRows(), "row"),
                        // A document that the stream has written meanwhile is left to it.
                        c.getValue().backfilledRows() < c.getValue().backfilledDocuments()
                                ? " (the others came by the stream)"
                                : ""))
                .collect(Collectors.joining(", ", "", "."));
    }

    private String liveWrites() throws NotComeAbout, Over, InterruptedException {
        long before = applied();
        long asked = Math.max(500, written.getAsLong() / 4);
        await("The stream applies nothing, or little.", () -> applied() - before >= asked);
        CollectionStatus users = pipeline.status().collections().get(USERS);
        return String.format(
                Locale.ROOT,
                "%s so far, %s applied%s.",
                Counted.of(written.getAsLong(), "write"),
                Counted.of(applied(), "change"),
                users == null
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                ", half of those of users within %.0f ms of MongoDB's commit",
                                users.latencyMillis(50)));
    }

    private long applied() {
        return pipeline.status().changesApplied();
    }

    private String tamper() throws NotComeAbout, Over, InterruptedException {
        Document document = new Document("_id", tampered).append("email", EMAIL).append("visits", 1);
        await(
                "MongoDB did not take the document.",
                () -> users().replaceOne(Filters.eq("_id", tampered), document, new ReplaceOptions().upsert(true))
                        .wasAcknowledged());
        await("The row of the document did not come.", () -> setEmail("tampered"));
        repaired = false;
        return "somebody changed email in 1 row of users in PostgreSQL, past Sluice.";
    }

    private String find() throws NotComeAbout, Over, InterruptedException {
        verification(false);
        List<Verifications.Drift> drift = verifications.drift(USERS, 10);
        if (drift.isEmpty()) {
            throw new NotComeAbout("The verification found no drift.");
        }
        return String.format(
                Locale.ROOT,
                "the verification of users found drift: %s %s, in %s (values are never shown).",
                Counted.of(drift.stream().mapToLong(Verifications.Drift::rows).sum(), "row"),
                drift.getFirst().kind(),
                String.join(", ", drift.getFirst().columns()));
    }

    /// The verification has ended before its repair begins.
    private String repair() throws NotComeAbout, Over, InterruptedException, SQLException {
        long asked = verification(true).id();
        long rows = steps.await(
                "Nothing was repaired.",
                () -> verifications.latest(LATEST).stream()
                        .filter(v -> v.id() == asked && v.repaired() > 0)
                        .map(Verification::repaired)
                        .findFirst());
        await("The drift is still there.", () -> verifications.drift(USERS, 1).isEmpty());
        if (!emailIs(EMAIL)) {
            throw new NotComeAbout("The row is still as it was tampered with.");
        }
        repaired = true;
        return "`verify --repair` wrote what MongoDB has: " + Counted.of(rows, "document")
                + " repaired, drift 0; email is right again.";
    }

    private String badDocument() throws NotComeAbout, Over, InterruptedException {
        Document document = new Document("email", "bad@shop.example").append("age", "not a number");
        ObjectId id = new ObjectId();
        await(
                "MongoDB did not take the document.",
                () -> users().replaceOne(Filters.eq("_id", id), document, new ReplaceOptions().upsert(true))
                        .wasAcknowledged());
        long values = steps.await(
                "Nothing was quarantined.",
                () -> Optional.of(quarantine.counts(USERS).total()).filter(total -> total > 0));
        return "a document with text in age came: its row is there, and " + Counted.of(values, "value")
                + (values == 1 ? " is" : " are") + " in quarantine, with the reason.";
    }

    private String gateShut() throws NotComeAbout, Over, InterruptedException {
        return steps.await(
                        "The gate does not count the quarantined value.",
                        () -> gates.of(USERS).conditions().stream()
                                .filter(condition -> condition.name().equals("quarantine"))
                                .map(Condition::reason)
                                .flatMap(Stream::ofNullable)
                                .findFirst())
                .transform(reason -> "users stays on MongoDB: " + reason);
    }

    private String accept() {
        int accepted = quarantine
                .accept(new Acceptance(null, USERS, ACTOR, "the demo's own"))
                .accepted()
                .size();
        return "`quarantine accept`: " + Counted.of(accepted, "value") + (accepted == 1 ? " is" : " are")
                + " known and may stay so; who accepted and why is in the audit.";
    }

    private String verify() throws NotComeAbout, Over, InterruptedException {
        Verification done = verification(false);
        return String.format(
                Locale.ROOT,
                "%s of users compared with what is in PostgreSQL: %d missing, %d extra, %d different.",
                Counted.of(done.documents(), "document"),
                done.missing(),
                done.extra(),
                done.different());
    }

    /// Asks for one, and waits for its end.
    private Verification verification(boolean repair) throws NotComeAbout, Over, InterruptedException {
        long before = steps.await("Another verification runs.", () -> {
            long newest = verifications.latest(1).stream()
                    .mapToLong(Verification::id)
                    .findFirst()
                    .orElse(0);
            return verifications.ask(List.of(USERS), Mode.FULL, repair, ACTOR) instanceof Verifications.Outcome.Begun
                    ? Optional.of(newest)
                    : Optional.empty();
        });
        Verification ended = steps.await(
                "The verification has not ended.",
                () -> verifications.latest(LATEST).stream()
                        .filter(v -> v.id() > before
                                && v.collection().equals(USERS)
                                && v.origin().equals(Origin.ASKED.text())
                                && v.finishedAt() != null)
                        .findFirst());
        if (ended.state().equals("failed")) {
            throw new NotComeAbout("The verification failed; the log says why.");
        }
        return ended;
    }

    private String gateOpen() throws NotComeAbout, Over, InterruptedException {
        String[] unmet = {"It could not be asked."};
        try {
            int met = steps.await("", () -> {
                Gate gate = gates.of(USERS);
                unmet[0] = gate.firstUnmet().map(Condition::reason).orElse("");
                return gate.open() ? Optional.of(gate.conditions().size()) : Optional.empty();
            });
            return "all " + met + " conditions of users are met.";
        } catch (NotComeAbout late) {
            throw new NotComeAbout(unmet[0]);
        }
    }

    /// A gate that is shut for a moment, such as by the lag, is waited for.
    private String cutOver(int percent) throws NotComeAbout, Over, InterruptedException {
        reader.start();
        String[] refused = {""};
        try {
            await("", () -> {
                Routes.Outcome outcome = routes.cutOver(
                        new Wish(List.of(USERS), false, new Share(percent, 0), false, PATIENCE, false, ACTOR));
                refused[0] = refusal(outcome);
                return outcome instanceof Routes.Outcome.Moved;
            });
        } catch (NotComeAbout late) {
            throw new NotComeAbout("The reads were not moved: " + refused[0] + late.getMessage());
        }
        return read(percent);
    }

    private static String refusal(Routes.Outcome outcome) {
        return switch (outcome) {
            case Routes.Outcome.Moved moved -> "";
            case Routes.Outcome.WouldMove would -> "";
            case Routes.Outcome.Changed changed -> changed.reason();
            case Routes.Outcome.Shut shut ->
                shut.gates().getFirst().firstUnmet().map(Condition::reason).orElse("");
            case Routes.Outcome.Behind behind -> "the rows did not catch up in time.";
            case Routes.Outcome.WritesMoved gone -> gone.reason();
        };
    }

    private String rollback() throws NotComeAbout, Over, InterruptedException {
        Routes.Outcome outcome = routes.rollback(List.of(USERS), false, ACTOR);
        if (!(outcome instanceof Routes.Outcome.Moved)) {
            throw new NotComeAbout("The reads were not moved back: " + refusal(outcome));
        }
        return read(0);
    }

    /// Waits until the reader is told so, and says what it read since.
    private String read(int percent) throws NotComeAbout, Over, InterruptedException {
        await("The reader is told otherwise.", () -> reader.sees(percent));
        TourReader.Reads before = reader.reads();
        TourReader.Reads since = steps.await(
                "The reader does not read.",
                () -> Optional.of(reader.reads().since(before)).filter(reads -> reads.all() >= TourReader.ENOUGH));
        return String.format(
                Locale.ROOT,
                "the application asks by OFREP before each read: of %,d reads %,d went to PostgreSQL, %,d to MongoDB;"
                        + " %,d failed.",
                since.all(),
                since.postgres(),
                since.mongo(),
                since.failed());
    }

    /// Something that is waited for.
    private interface Wanted {
        boolean isMet() throws InterruptedException, SQLException;
    }

    private void await(String otherwise, Wanted condition) throws NotComeAbout, Over, InterruptedException {
        steps.await(otherwise, () -> condition.isMet() ? Optional.of(true) : Optional.empty());
    }

    private MongoCollection<Document> users() {
        return database.getCollection(USERS);
    }

    /// In PostgreSQL, past Sluice.
    ///
    /// @return whether the row is there
    private boolean setEmail(String email) throws SQLException {
        try (Connection connection = pipeline.spec().connector().open();
                PreparedStatement statement = connection.prepareStatement("UPDATE users SET email = ? WHERE id = ?")) {
            statement.setString(1, email);
            statement.setString(2, tampered.toHexString());
            return statement.executeUpdate() == 1;
        }
    }

    private boolean emailIs(String email) throws SQLException {
        try (Connection connection = pipeline.spec().connector().open();
                PreparedStatement statement = connection.prepareStatement("SELECT email FROM users WHERE id = ?")) {
            statement.setString(1, tampered.toHexString());
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && email.equals(row.getString(1));
            }
        }
    }
}
