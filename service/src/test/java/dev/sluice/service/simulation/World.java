package dev.sluice.service.simulation;

import dev.sluice.change.Chunk;
import dev.sluice.change.Position;
import dev.sluice.change.Watermark;
import dev.sluice.control.ResyncStore.Cause;
import dev.sluice.control.ResyncStore.Entry;
import dev.sluice.memory.MemoryBudget;
import dev.sluice.service.simulation.SimulatedMongo.Kind;
import dev.sluice.service.simulation.SimulatedMongo.Write;
import dev.sluice.sink.CollectionTarget;
import dev.sluice.source.ChangeSource;
import dev.sluice.threads.Threads;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.bson.BsonInt64;
import org.bson.BsonTimestamp;
import org.jspecify.annotations.Nullable;

/// One schedule: two servers, some processes, what happens to them, and what has to hold after each step.
public final class World {
    static final List<String> COLLECTIONS = List.of("a", "b");

    /// Most documents in a chunk, so that a collection is several.
    public static final int DOCUMENTS_AT_ONCE = 2;

    private static final int PROCESSES_MAX = 8;
    private static final int FAULTS_MAX = 3;
    private static final int WRITES_MAX = 9;

    /// A schedule that is not over by then goes round in circles.
    private static final int STEPS_MAX = 8_000;

    private final Choices choices;
    private final Set<Rule> broken;
    private final Scheduler scheduler;
    private final List<CollectionTarget> targets;
    private final Starting starting;
    private final SimulatedMongo mongo;
    private final SimulatedPostgres postgres;
    private final Promises promises;
    private final boolean[] alive = new boolean[PROCESSES_MAX];
    private int processes;
    private int faultsLeft;
    private boolean changed;
    private boolean calm;

    /// Starts the threads of a process.
    @FunctionalInterface
    public interface Starting {
        void start(World world, int process, Command command);
    }

    /// What a process is told to do.
    public enum Command {
        RUN,
        BACKFILL
    }

    /// @param targets the collections `a` and `b`
    World(
            Choices choices,
            Set<Rule> broken,
            List<CollectionTarget> targets,
            Starting starting,
            @Nullable List<String> said) {
        this.choices = choices;
        this.broken = broken;
        this.scheduler = new Scheduler(choices, said);
        this.targets = targets;
        this.starting = starting;
        this.mongo = new SimulatedMongo(this);
        this.postgres = new SimulatedPostgres(this);
        this.promises = new Promises(this);
    }

    /// Runs it to its end.
    ///
    /// @return what did not hold; null when everything did
    @Nullable
    String run() {
        faultsLeft = choices.next(FAULTS_MAX + 1);
        for (int i = choices.next(5); i > 0; i--) {
            mongo.write(List.of(new Write(collection(), choices.next(SimulatedMongo.IDS), Kind.INSERT)));
        }
        startProcess(Command.RUN);
        scheduler.start("world", PROCESSES_MAX, this::happen);
        while (scheduler.turn()) {
            if (scheduler.failure() != null) {
                return "an actor ended with " + scheduler.failure();
            }
            if (changed) {
                changed = false;
                String failure = promises.check();
                if (failure != null) {
                    return failure;
                }
                if (calm && promises.isOver()) {
                    return null;
                }
            }
            if (scheduler.steps() > STEPS_MAX) {
                return "it does not come to an end: " + promises.whatIsLeft();
            }
        }
        return "nobody can do anything any more";
    }

    long steps() {
        return scheduler.steps();
    }

    private String collection() {
        return COLLECTIONS.get(choices.next(COLLECTIONS.size()));
    }

    /// What happens from outside, in its own time.
    private void happen() {
        int writes = 2 + choices.next(WRITES_MAX - 1);
        Theme theme = Theme.values()[choices.next(Theme.values().length)];
        int others = theme == Theme.LIST ? 2 + choices.next(4) : choices.next(4);
        while (writes > 0 || others > 0) {
            for (int wait = choices.next(12); wait > 0; wait--) {
                scheduler.step();
            }
            scheduler.step();
            if (choices.next(writes + others) < writes) {
                writes--;
                write();
            } else {
                others--;
                intervene(theme);
            }
        }
        scheduler.step();
        scheduler.say("is calm from now on");
        calm = true;
        if (!anyAlive()) {
            startProcess(Command.RUN);
        }
        while (true) {
            scheduler.rest();
            // A process that was fenced out is not started again by anybody else.
            if (!anyAlive()) {
                startProcess(Command.RUN);
            }
            changed = true;
        }
    }

    private boolean anyAlive() {
        for (int i = 0; i < processes; i++) {
            if (alive[i]) {
                return true;
            }
        }
        return false;
    }

    private void write() {
        List<Write> writes = new ArrayList<>();
        writes.add(new Write(collection(), choices.next(SimulatedMongo.IDS), kind()));
        if (choices.oneIn(4)) {
            Write second = new Write(collection(), choices.next(SimulatedMongo.IDS), kind());
            if (!second.collection().equals(writes.getFirst().collection())
                    || second.id() != writes.getFirst().id()) {
                writes.add(second);
            }
        }
        mongo.write(writes);
    }

    private Kind kind() {
        return switch (choices.next(5)) {
            case 0 -> Kind.UPDATE;
            case 1 -> Kind.REPLACE;
            case 2 -> Kind.IRRELEVANT;
            default -> Kind.DELETE;
        };
    }

    /// What a schedule is about, so that some have much of one thing.
    private enum Theme {
        EVERYTHING,
        PROCESSES,
        LIST
    }

    private void intervene(Theme theme) {
        int what = switch (theme) {
            case EVERYTHING -> choices.next(6);
            case PROCESSES -> choices.next(3);
            case LIST -> 3 + choices.next(3);
        };
        switch (what) {
            case 0 -> startProcess(choices.oneIn(3) ? Command.BACKFILL : Command.RUN);
            case 1 -> crash();
            case 2 -> {
                scheduler.say("PostgreSQL restarts");
                postgres.restart();
            }
            case 3 -> damage();
            case 4 -> ask(new Entry(0, collection(), null, null, Cause.ASKED, choices.next(2) == 1));
            default -> replay();
        }
    }

    private void startProcess(Command command) {
        if (processes < PROCESSES_MAX) {
            int process = processes++;
            alive[process] = true;
            scheduler.say("process " + process + " starts: " + command.name().toLowerCase(Locale.ROOT));
            starting.start(this, process, command);
        } else if (!anyAlive()) {
            throw new IllegalStateException("too many processes were fenced out");
        }
    }

    private void crash() {
        for (int i = 0; i < processes; i++) {
            if (alive[i] && (choices.next(2) == 0 || i == processes - 1)) {
                scheduler.say("process " + i + " crashes");
                alive[i] = false;
                scheduler.vanish(i);
                postgres.vanish(i);
                break;
            }
        }
        if (!anyAlive()) {
            startProcess(Command.RUN);
        }
    }

    /// Another writer changes a row, notices, and asks for its repair.
    private void damage() {
        int collection = choices.next(COLLECTIONS.size());
        int id = choices.next(SimulatedMongo.IDS);
        int row = choices.next(2) == 0 ? -1 : 0;
        postgres.state().rows[collection][id] = row;
        scheduler.say("another writer " + (row == 0 ? "deletes" : "overwrites") + " the row of "
                + COLLECTIONS.get(collection) + id);
        String name = COLLECTIONS.get(collection);
        long entry = switch (choices.next(3)) {
            case 0 -> ask(new Entry(0, name, documentKey(id), null, Cause.REPAIR, false));
            case 1 -> ask(new Entry(0, name, null, String.valueOf(id), Cause.REPAIR, false));
            default -> ask(new Entry(0, name, null, null, Cause.ASKED, true));
        };
        promises.damaged(collection, id, entry);
    }

    /// Lists the documents that were touched since some time.
    private void replay() {
        int events = mongo.oplog().size();
        for (int i = Math.max(0, events - 1 - choices.next(4)); i < events; i++) {
            SimulatedMongo.Event event = mongo.oplog().get(i);
            ask(new Entry(0, event.collection(), documentKey(event.id()), null, Cause.ASKED, false));
        }
    }

    private static String documentKey(int id) {
        return dev.sluice.sink.postgres.table.RowIdentity.documentKey(new BsonInt64(id));
    }

    private long ask(Entry entry) {
        long number = postgres.ask(entry);
        if (scheduler.isHeard()) {
            scheduler.say("asks for " + text(entry) + ", entry " + number);
        }
        return number;
    }

    /// An entry of the list in words.
    static String text(Entry entry) {
        if (entry.documentKey() != null) {
            return "document " + entry.documentKey() + " of " + entry.collection();
        }
        return (entry.rowKey() != null ? "row " + entry.rowKey() : "all") + " of " + entry.collection()
                + (entry.repair() ? ", a repair" : "") + (entry.prune() ? ", to be pruned" : "");
    }

    Choices choices() {
        return choices;
    }

    /// Whether something fails now that fails once in so many times.
    boolean fault(int chances) {
        if (calm || faultsLeft == 0 || !choices.oneIn(chances)) {
            return false;
        }
        faultsLeft--;
        return true;
    }

    /// Whether a rule is taken away.
    public boolean broken(Rule rule) {
        return broken.contains(rule);
    }

    Scheduler scheduler() {
        return scheduler;
    }

    SimulatedMongo mongo() {
        return mongo;
    }

    SimulatedPostgres postgres() {
        return postgres;
    }

    Promises promises() {
        return promises;
    }

    void committed() {
        changed = true;
    }

    void committing(long epoch) {
        promises.committing(epoch);
    }

    void tookOver(long epoch) {
        promises.tookOver(epoch);
    }

    void moved(@Nullable Position from, Position to) {
        promises.moved(from, to);
    }

    void unresolved(int collection, int id, long time) {
        promises.unresolved(collection, id, time);
    }

    void resolved(int collection, int id) {
        promises.resolved(collection, id);
    }

    void written(int collection, int id) {
        promises.written(collection, id);
    }

    void copied(Chunk chunk) {
        promises.copied(chunk);
    }

    void copiedAll(String collection) {
        promises.copiedAll(COLLECTIONS.indexOf(collection));
    }

    void struck(Entry entry) {
        promises.struck(entry);
    }

    // What a process has of it.

    /// All collections of the mapping.
    public List<CollectionTarget> targets() {
        return targets;
    }

    /// A process has ended by itself.
    public void ended(int process) {
        scheduler.say("process " + process + " ends");
        alive[process] = false;
    }

    public Threads threads(int process) {
        return scheduler.of(process);
    }

    public SimulatedServers servers(int process) {
        return new SimulatedServers(this, process);
    }

    ChangeSource stream(int process, MemoryBudget memory, Position from, ChangeSource.Handler handler) {
        return mongo.stream(scheduler.of(process), memory, from, handler);
    }

    static boolean covers(Watermark watermark, long time) {
        return watermark.covers(new BsonTimestamp(time));
    }
}
