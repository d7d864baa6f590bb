package dev.sluice.service.demo;

import com.mongodb.MongoException;
import dev.sluice.failure.Failures;
import dev.sluice.failure.SluiceException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Goes through steps, each within its time, and says of each what came of it. For one thread.
final class Steps {
    private static final long POLL_MILLIS = 100;
    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

    private final Question<String> obstacle;
    private final CountDownLatch stop;
    private final Consumer<String> say;
    private final Instant began = Instant.now();
    private Instant until = began;
    private Instant nextLook = began;

    /// One of them.
    ///
    /// @param most how long may be waited in it
    record Step(String title, Duration most, Happening happening) {}

    /// What happens in a step.
    interface Happening {
        /// @return what came of it, for people
        String happens() throws NotComeAbout, Over, InterruptedException, SQLException;
    }

    /// Something that is waited for.
    interface Question<T> {
        /// @return empty while there is no answer
        Optional<T> ask() throws InterruptedException, SQLException;
    }

    /// How it ended.
    enum Outcome {
        /// Each step came about.
        ALL,
        /// It ended before the last step, since it was stopped or there was an obstacle; the steps before came about.
        CUT_SHORT,
        /// One or more did not come about.
        NOT_ALL
    }

    /// That a step did not come about.
    static final class NotComeAbout extends Exception {
        private static final long serialVersionUID = 1L;

        NotComeAbout(String why) {
            super(why);
        }
    }

    /// That no further step can come about.
    static final class Over extends Exception {
        private static final long serialVersionUID = 1L;

        Over(String why) {
            super(why);
        }
    }

    /// @param obstacle why no further step can come about; asked about once a second
    /// @param stop counted down when it is to end
    /// @param say takes a line for people
    Steps(Question<String> obstacle, CountDownLatch stop, Consumer<String> say) {
        this.obstacle = obstacle;
        this.stop = stop;
        this.say = say;
    }

    /// Goes through them; after one that did not come about the next one follows.
    Outcome run(List<Step> steps) throws InterruptedException {
        Outcome outcome = Outcome.ALL;
        for (Step step : steps) {
            until = Instant.now().plus(step.most());
            nextLook = Instant.now();
            try {
                look();
                say(step, step.happening().happens());
            } catch (Over over) {
                say.accept("The tour ends here: " + over.getMessage());
                return outcome == Outcome.ALL ? Outcome.CUT_SHORT : outcome;
            } catch (NotComeAbout late) {
                outcome = notComeAbout(step, String.valueOf(late.getMessage()));
            } catch (SluiceException | MongoException | SQLException e) {
                outcome = notComeAbout(step, Failures.classify(e).whatHappened());
            }
        }
        return outcome;
    }

    private Outcome notComeAbout(Step step, String why) {
        say(step, "DID NOT COME ABOUT. " + why);
        return Outcome.NOT_ALL;
    }

    private void say(Step step, String what) {
        say.accept(String.format(
                Locale.ROOT,
                "%5.1f s  %-14s  %s",
                Duration.between(began, Instant.now()).toMillis() / 1_000.0,
                step.title(),
                what));
    }

    /// Waits for an answer, for as long as the step may take. A database that can't be asked gives none.
    ///
    /// @param otherwise what to say when there is none in time
    <T> T await(String otherwise, Question<T> question) throws NotComeAbout, Over, InterruptedException {
        while (true) {
            String trouble = "";
            try {
                Optional<T> answer = question.ask();
                if (answer.isPresent()) {
                    return answer.get();
                }
            } catch (SluiceException | MongoException | SQLException e) {
                trouble = " " + Failures.classify(e).whatHappened();
            }
            look();
            if (!Instant.now().isBefore(until)) {
                throw new NotComeAbout(otherwise + trouble);
            }
            stop.await(POLL_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void look() throws Over, InterruptedException {
        if (stop.getCount() == 0) {
            throw new Over("it was stopped.");
        }
        if (Instant.now().isBefore(nextLook)) {
            return;
        }
        nextLook = Instant.now().plus(LOOK_EVERY);
        Optional<String> why;
        try {
            why = obstacle.ask();
        } catch (SluiceException | SQLException unknown) {
            // Whoever waits says what is wrong.
            return;
        }
        if (why.isPresent()) {
            throw new Over(why.get());
        }
    }
}
