package dev.sluice.service.simulation;

import dev.sluice.threads.Threads;
import java.lang.reflect.Constructor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Runs actors one at a time, each until it comes to a step or has to wait, and lets a schedule decide who is
/// next.
///
/// Each actor is a virtual thread whose scheduler is this. So whatever makes a thread wait gives the turn
/// back: a lock that another actor has, a future, a latch, the end of a thread; and it is the real ones that
/// they wait on. A wait that the clock ends takes no time and may end at any moment. Nothing else runs, so
/// the choices determine everything.
///
/// An actor whose process is gone is never run again; what it held is garbage.
///
/// The JDK has no public way yet to give virtual threads another scheduler than its own; its own tests use
/// the constructor that is used here. It takes `--add-opens java.base/java.lang=ALL-UNNAMED`, and
/// `-Djdk.trackAllThreads=false`, or the JDK would keep every actor that is never run again.
public final class Scheduler {
    private static final Constructor<?> BUILDER = builder();

    /// How much more often an actor that has something to do is chosen than one that waits for time to pass.
    private static final int READY_WEIGHT = 4;

    private static final int[] WEIGHTS = {8, 1, 40};

    private final Thread owner = Thread.currentThread();
    private final Choices choices;
    private final List<Actor> ready = new ArrayList<>();
    private final @Nullable List<String> said;
    private final BitSet gone = new BitSet();
    private int readyWeight;
    private @Nullable Actor current;
    private long steps;
    private @Nullable Throwable failure;

    /// @param choices decide who is next
    /// @param said takes what happens, in words; null when nobody wants to know
    Scheduler(Choices choices, @Nullable List<String> said) {
        this.choices = choices;
        this.said = said;
    }

    private static Constructor<?> builder() {
        if (!"false".equals(System.getProperty("jdk.trackAllThreads"))) {
            throw new IllegalStateException("The simulation needs -Djdk.trackAllThreads=false.");
        }
        try {
            Constructor<?> builder = Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
                    .getDeclaredConstructor(Executor.class);
            builder.setAccessible(true);
            return builder;
        } catch (ReflectiveOperationException | RuntimeException e) {
            throw new IllegalStateException(
                    "The simulation needs a JDK 25 and --add-opens java.base/java.lang=ALL-UNNAMED.", e);
        }
    }

    /// A thread of a process.
    private final class Actor implements Executor {
        private final String name;
        private final int process;
        private final int weight;
        private @Nullable Runnable next;
        private boolean resting;

        Actor(String name, int process, int weight) {
            this.name = name;
            this.process = process;
            this.weight = weight;
        }

        int weightNow() {
            return resting ? 1 : weight * READY_WEIGHT;
        }

        @Override
        public void execute(Runnable continuation) {
            Thread caller = Thread.currentThread();
            if (!caller.isVirtual() && caller != owner) {
                throw new IllegalStateException("something outside of the simulation wakes " + name);
            }
            if (!gone.get(process)) {
                next = continuation;
                ready.add(this);
                readyWeight += weightNow();
            }
        }
    }

    /// Starts an actor.
    ///
    /// @param process by whose number [#vanish] ends it
    Thread start(String name, int process, Runnable work) {
        Actor actor = new Actor(name, process, WEIGHTS[choices.next(WEIGHTS.length)]);
        try {
            return ((Thread.Builder.OfVirtual) BUILDER.newInstance(actor))
                    .name(name)
                    .start(() -> {
                        try {
                            work.run();
                        } catch (Throwable e) {
                            failure = e;
                        }
                    });
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Lets actors take turns.
    ///
    /// @return false when none can do anything
    boolean turn() {
        if (ready.isEmpty()) {
            return false;
        }
        int choice = choices.next(readyWeight);
        int at = 0;
        while (choice >= ready.get(at).weightNow()) {
            choice -= ready.get(at++).weightNow();
        }
        Actor actor = ready.remove(at);
        readyWeight -= actor.weightNow();
        actor.resting = false;
        Runnable next = actor.next;
        if (next == null) {
            throw new IllegalStateException("an actor is ready with nothing to do");
        }
        current = actor;
        steps++;
        next.run();
        current = null;
        return true;
    }

    /// How many turns there were.
    long steps() {
        return steps;
    }

    /// What an actor ended with that it should not have; null when none has.
    @Nullable
    Throwable failure() {
        return failure;
    }

    /// A process is gone, as in a power cut.
    void vanish(int process) {
        for (int i = ready.size() - 1; i >= 0; i--) {
            Actor actor = ready.get(i);
            if (actor.process == process) {
                readyWeight -= actor.weightNow();
                ready.remove(i);
            }
        }
        gone.set(process);
    }

    /// Gives the turn back; what the caller does next is one step.
    @SuppressWarnings("ThreadPriorityCheck") // the scheduler that it relies on is this one
    void step() {
        Thread.yield();
    }

    /// As [#step], until some time has passed.
    @SuppressWarnings("ThreadPriorityCheck")
    void rest() {
        Actor actor = current;
        if (actor != null) {
            actor.resting = true;
        }
        Thread.yield();
    }

    /// Notes what happens now.
    void say(String what) {
        if (said != null) {
            said.add((current == null ? "" : current.name + " ") + what);
        }
    }

    /// Whether a user wants to know what happens.
    boolean isHeard() {
        return said != null;
    }

    /// Threads of one process.
    Threads of(int process) {
        return new OfProcess(process);
    }

    private final class OfProcess implements Threads {
        private final int process;

        OfProcess(int process) {
            this.process = process;
        }

        @Override
        public Thread start(String name, Runnable work) {
            return Scheduler.this.start(name.replace("sluice-", "") + " of " + process, process, work);
        }

        @Override
        public boolean join(Thread thread, Duration most) {
            rest();
            return !thread.isAlive();
        }

        @Override
        public Condition condition(ReentrantLock lock) {
            return new UntimedCondition(lock, lock.newCondition());
        }

        @Override
        public boolean await(CountDownLatch latch, Duration most) {
            rest();
            return latch.getCount() == 0;
        }

        /// A millisecond for each turn.
        @Override
        public long nanoTime() {
            return TimeUnit.MILLISECONDS.toNanos(steps);
        }
    }

    /// Timed waits are over when the turn comes back.
    @SuppressWarnings("WaitNotInLoop") // whoever calls it has the loop
    private final class UntimedCondition implements Condition {
        private final ReentrantLock lock;
        private final Condition real;

        UntimedCondition(ReentrantLock lock, Condition real) {
            this.lock = lock;
            this.real = real;
        }

        @Override
        public void await() throws InterruptedException {
            real.await();
        }

        @Override
        public void awaitUninterruptibly() {
            real.awaitUninterruptibly();
        }

        @Override
        public long awaitNanos(long nanos) {
            lock.unlock();
            rest();
            lock.lock();
            return 0;
        }

        @Override
        public boolean await(long time, TimeUnit unit) {
            awaitNanos(unit.toNanos(time));
            return false;
        }

        @Override
        public boolean awaitUntil(java.util.Date deadline) {
            awaitNanos(0);
            return false;
        }

        @Override
        public void signal() {
            real.signal();
        }

        @Override
        public void signalAll() {
            real.signalAll();
        }
    }
}
