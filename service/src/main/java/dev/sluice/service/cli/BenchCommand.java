package dev.sluice.service.cli;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.sandbox.SandboxException;
import dev.sluice.sandbox.SandboxServers;
import dev.sluice.service.bench.BackfillBench;
import dev.sluice.service.bench.ColdBench;
import dev.sluice.service.bench.Curve;
import dev.sluice.service.bench.DriftBench;
import dev.sluice.service.bench.FilterBench;
import dev.sluice.service.bench.FinishBench;
import dev.sluice.service.bench.GrowthBench;
import dev.sluice.service.bench.LatencyBench;
import dev.sluice.service.bench.MemoryBench;
import dev.sluice.service.bench.OfrepBench;
import dev.sluice.service.bench.Report;
import dev.sluice.service.bench.StreamBench;
import dev.sluice.service.bench.VerifyBench;
import dev.sluice.service.ops.SnakeCaseJson;
import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `sluice bench`: what every claim about speed in the documentation was measured with.
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "For example:",
            "  sluice bench backfill       the copy, and loops that do nothing but copy",
            "  sluice bench cold --runs 3  whole processes, start included",
            "  sluice bench latency        from a write in MongoDB to its commit in PostgreSQL"
        },
        versionProvider = SluiceCommand.Version.class,
        header = "Measure Sluice and the limits of the machine, in one run, on the same servers.",
        synopsisSubcommandLabel = "WHAT",
        description = {
            "Makes its own data and measures Sluice and the limits in turn: each run has every contender once. The"
                    + " servers are those of the demo (PostgreSQL and MongoDB of its own), or those named by"
                    + " SLUICE_TEST_POSTGRES_URI and SLUICE_TEST_MONGO_URI, where it works in databases of its own.",
            "",
            "The columns:",
            "  rows/s, changes/s  median of the runs",
            "  min .. max         the slowest and the fastest run",
            "  of [n]             this rate as a part of the limit [n]: the median of the ratios within each run,",
            "                     and the least and the greatest of them in brackets",
            "  CPU s/100k         CPU seconds of this process for 100,000 rows or changes; the servers' are not",
            "                     in it",
            "  peak RSS           most memory this process held in any run. All contenders share one JVM, so a",
            "                     later one's figure may hold what an earlier one made the heap grow to",
            ""
        },
        subcommands = {
            BenchCommand.Backfill.class,
            BenchCommand.Stream.class,
            BenchCommand.Cold.class,
            BenchCommand.Memory.class,
            BenchCommand.Growth.class,
            BenchCommand.Filter.class,
            BenchCommand.Latency.class,
            BenchCommand.Verify.class,
            BenchCommand.Ofrep.class,
            BenchCommand.Drift.class,
            BenchCommand.Finish.class
        })
final class BenchCommand implements Runnable {
    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(),
                "What is to be measured is missing: backfill, stream, cold, memory, growth, filter, latency, verify,"
                        + " ofrep, drift or finish.");
    }

    /// What they have in common.
    abstract static class Measuring implements Callable<Integer> {
        @Option(names = "--json", description = "One JSON object, with every single run; progress goes to stderr.")
        private boolean json;

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandLine.Model.CommandSpec spec;

        /// @param progress where to say how it goes on
        abstract Report measure(PrintStream progress) throws SQLException, InterruptedException;

        final void require(boolean fine, String otherwise) {
            if (!fine) {
                throw new CommandLine.ParameterException(spec.commandLine(), otherwise);
            }
        }

        @Override
        public Integer call() throws SQLException, InterruptedException {
            if (!SandboxServers.areIncluded()) {
                return SluiceCommand.notIncluded(spec.commandLine());
            }
            PrintStream out = System.out;
            try {
                if (json) {
                    // The sandbox says on standard output what it starts; a program wants the object alone.
                    System.setOut(System.err);
                }
                Report report = measure(json ? System.err : out);
                out.println(json ? SnakeCaseJson.write(report) : System.lineSeparator() + report.forPeople());
                return SluiceCommand.FINE;
            } catch (SandboxException e) {
                throw new SluiceException(FailureKind.BAD_SETTING, String.valueOf(e.getMessage()), e);
            } finally {
                System.setOut(out);
            }
        }
    }

    /// How often, for the contests.
    static final class Runs {
        private static final int MAX = 100;

        @Option(
                names = "--runs",
                paramLabel = "N",
                description = "How many runs; medians are shown (default: ${DEFAULT-VALUE}).",
                defaultValue = "3")
        private int runs = 3;

        int of(Measuring command) {
            command.require(runs >= 1 && runs <= MAX, "--runs is from 1 to " + MAX + ".");
            return runs;
        }
    }

    @Command(
            name = "backfill",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "Copying a collection into empty tables, and once more over what is there.",
            description = {
                "Documents of about 450 bytes into a table of 17 typed columns, and orders with 5 child rows each. After"
                        + " each copy the rows are counted and Sluice's are compared with the bare loop's, value for"
                        + " value; a wrong copy ends the bench with exit code 3.",
                "",
                "The limits: find alone; COPY of bytes that are ready in a file; the bare loop, which is find with a"
                        + " hand-written codec into COPY, 10,000 documents a transaction, one batch read while the other is"
                        + " sent, with nothing that makes a copy safe; and the same by way of a temporary table and ON CONFLICT.",
                ""
            })
    static final class Backfill extends Measuring {
        private static final long LEAST = 1_000;
        private static final long MOST = 100_000_000;

        @Option(
                names = "--documents",
                paramLabel = "N",
                description = "How many rows each copy makes (default: ${DEFAULT-VALUE}).",
                defaultValue = "500000")
        private long documents = 500_000;

        @Option(
                names = "--children",
                negatable = true,
                defaultValue = "true",
                fallbackValue = "true",
                description = "Also a collection with child rows, which is the default; --no-children leaves it out.")
        private boolean children = true;

        @CommandLine.Mixin
        private final Runs runs = new Runs();

        @Override
        Report measure(PrintStream progress) throws SQLException, InterruptedException {
            require(
                    documents >= LEAST && documents <= MOST,
                    String.format("--documents is from %,d to %,d.", LEAST, MOST));
            return new BackfillBench(progress, documents, runs.of(this), children).run();
        }
    }

    @Command(
            name = "stream",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "Draining a backlog of changes.",
            description = {
                "Changes of users: 60 %% updates of two fields, 30 %% inserts, 10 %% deletes. Everybody reads them from the"
                        + " same position; the clock runs from the first tenth of them to the last, so that no start-up"
                        + " is in it.",
                "",
                "The limits: the driver's change stream with the look-up of updated documents, into nothing;"
                        + " Debezium's engine into a handler that only counts, with Sluice's settings and Debezium's"
                        + " own reader, which makes JSON; the same with Sluice's reader, which takes BSON, where MongoDB"
                        + " looks updated documents up; and into PostgreSQL the least that one thread can do: the"
                        + " driver's change stream, the last state of each document by COPY, and the token, in one"
                        + " transaction.",
                ""
            })
    static final class Stream extends Measuring {
        private static final int LEAST = 5_000;
        private static final int MOST = 10_000_000;

        @Option(
                names = "--changes",
                paramLabel = "N",
                description = "How many changes (default: ${DEFAULT-VALUE}).",
                defaultValue = "100000")
        private int changes = 100_000;

        @Option(
                names = "--steps",
                description = "Show also what each setting of the engine gives, from Debezium's defaults on.")
        private boolean steps;

        @Option(
                names = "--irrelevant",
                description = "Let every other update be of a field that nothing reads, with a mapping without a column"
                        + " of the rest, and show what it brings that such updates are neither looked up nor written.")
        private boolean irrelevant;

        @CommandLine.Mixin
        private final Runs runs = new Runs();

        @Override
        Report measure(PrintStream progress) throws SQLException, InterruptedException {
            require(changes >= LEAST && changes <= MOST, String.format("--changes is from %,d to %,d.", LEAST, MOST));
            StreamBench.Workload workload =
                    irrelevant ? StreamBench.Workload.HALF_IRRELEVANT : StreamBench.Workload.RELEVANT;
            return new StreamBench(progress, changes, runs.of(this), workload, steps).run();
        }
    }

    /// Which program is started as a process.
    static final class Programs {
        @Option(
                names = "--launcher",
                paramLabel = "FILE",
                description = "The script `sluice` of the program that is measured (default: this program's own).")
        private @Nullable Path launcher;
    }

    @Command(
            name = "cold",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "Draining and copying in processes of their own, from their start on.",
            description = {
                "`sluice run` drains a backlog of changes (60 %% updates, 30 %% inserts, 10 %% deletes), `sluice backfill`"
                        + " copies documents of about 450 bytes, each in a new process that the launcher starts, with its"
                        + " start cache where there is none yet. The rows are counted and compared each time. The clock runs"
                        + " from the process's start to the commit of the last change, or to the end of the copy.",
                "",
                "The limit is the bare loop as a process with the same options of the JVM, which does the least that can be"
                        + " done. Contenders take turns. The columns:",
                "  of the limit     its rate as a part of the bare loop's, the median of the ratios within each run",
                "  CPU s            user and system, of the process and of what its launcher started",
                "  times the limit  the same as a multiple of the bare loop's",
                "  peak RSS         the most memory that the process held",
                "  longest pause    of its garbage collector, in any run",
                "  over 10 ms       how many such pauses the worst run had",
                ""
            })
    static final class Cold extends Measuring {
        private static final int LEAST_CHANGES = 1_000;
        private static final int MOST_CHANGES = 10_000_000;

        @Option(
                names = "--changes",
                paramLabel = "N",
                description = "How many changes are drained; 0: none (default: ${DEFAULT-VALUE}).",
                defaultValue = "100000")
        private int changes = 100_000;

        @Option(
                names = "--documents",
                paramLabel = "N",
                description = "How many documents are copied; 0: none (default: ${DEFAULT-VALUE}).",
                defaultValue = "1000000")
        private long documents = 1_000_000;

        @Option(
                names = "--other",
                paramLabel = "FILE",
                description = "The script `sluice` of another commit or release, measured as well.")
        private @Nullable Path other;

        @Option(
                names = "--runs",
                paramLabel = "N",
                description = "How many runs; medians are shown (default: ${DEFAULT-VALUE}).",
                defaultValue = "7")
        private int runs = 7;

        @CommandLine.Mixin
        private final Programs programs = new Programs();

        @Override
        Report measure(PrintStream progress) throws SQLException, InterruptedException {
            require(
                    changes == 0 || (changes >= LEAST_CHANGES && changes <= MOST_CHANGES),
                    String.format("--changes is 0 or from %,d to %,d.", LEAST_CHANGES, MOST_CHANGES));
            require(
                    documents == 0 || (documents >= Backfill.LEAST && documents <= Backfill.MOST),
                    String.format("--documents is 0 or from %,d to %,d.", Backfill.LEAST, Backfill.MOST));
            require(
                    changes > 0 || documents > 0,
                    "--changes 0 and --documents 0 leave nothing to measure; leave one of them out.");
            require(runs >= 1 && runs <= Runs.MAX, "--runs is from 1 to " + Runs.MAX + ".");
            return new ColdBench(progress, new ColdBench.Wish(changes, documents, runs, programs.launcher, other))
                    .run();
        }
    }

    @Command(
            name = "memory",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "Copying, comparing and streaming with several heaps.",
            description = {
                "Documents of 0.5 KB, 50 KB and 5 MB, most of which no column names, are copied (`backfill`), compared"
                        + " (`verify`) and streamed (`run`) by new processes with each heap. What fails is shown with what"
                        + " the process said.",
                "",
                "The columns:",
                "  of the last heap  the rate as a part of that with the heap that was named last",
                "  MB/s              of BSON",
                "  CPU s, peak RSS   as of `bench cold`",
                ""
            })
    static final class Memory extends Measuring {
        @Option(
                names = "--heap",
                paramLabel = "SIZE",
                description = "As -Xmx has it, or `default` for the JVM's choice; may be repeated"
                        + " (default: 256m, 512m, 1g and default).")
        private List<String> heaps = List.of();

        @Option(
                names = "--percent",
                paramLabel = "N",
                description = "Of the usual 200,000, 10,000 and 150 documents (default: ${DEFAULT-VALUE}).",
                defaultValue = "100")
        private int percent = 100;

        @CommandLine.Mixin
        private final Runs runs = new Runs();

        @CommandLine.Mixin
        private final Programs programs = new Programs();

        @Override
        Report measure(PrintStream progress) throws SQLException, InterruptedException {
            require(
                    heaps.stream().allMatch(heap -> heap.matches("default|[1-9]\\d{0,5}[kmgKMG]")),
                    "--heap is a size such as 256m or 1g, or default.");
            require(percent >= 1 && percent <= 10_000, "--percent is from 1 to 10,000.");
            return new MemoryBench(
                            progress,
                            new MemoryBench.Wish(
                                    heaps.isEmpty() ? List.of("256m", "512m", "1g", "default") : heaps,
                                    percent,
                                    runs.of(this),
                                    programs.launcher))
                    .run();
        }
    }

    @Command(
            name = "growth",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "Curves: how rate, memory and the work for a change go with sizes.",
            description = {
                "Each point is measured by new processes in databases of its own, which are dropped after it, and its"
                        + " rows are counted. The curves, and where they are measured unless --at says otherwise:",
                "  documents    copying 1, 10 and 30 million documents of 450 bytes; memory (30 million take 30 GB of",
                "               disk)",
                "  collections  as many documents and a tenth as many changes in 1, 10, 100 and 400 collections",
                "  children     an element appended to an array of 1, 10, 1,000 and 100,000 with a child table: time",
                "               until it is committed, reads of the document, child rows written, keys of child rows",
                "               read",
                "  indexes      copying and draining with 0 and 5 secondary indexes on the table",
                "  backlog      draining 100,000 and 1,000,000 changes",
                "  resume       the copy of 10 million, killed at 90 %%: what is left as a part of a whole copy's time",
                "  verify       comparing 10 million, while nobody writes and while 500 changes a second are written",
                ""
            })
    static final class Growth extends Measuring {
        private static final long LARGEST = 100_000_000;

        @Option(
                names = "--curve",
                paramLabel = "C",
                description = "One of ${COMPLETION-CANDIDATES}; may be repeated (default: all).")
        private List<Curve> curves = List.of();

        @Option(
                names = "--at",
                paramLabel = "N",
                description = "Where it is measured; may be repeated, for one curve only.")
        private List<Long> at = List.of();

        @Option(
                names = "--documents",
                paramLabel = "N",
                description = "How many in all, where something else grows (default: ${DEFAULT-VALUE}).",
                defaultValue = "1000000")
        private long documents = 1_000_000;

        @Option(
                names = "--out",
                paramLabel = "FILE",
                description =
                        "A CSV file behind which the points of each run are written; Curves.java in service/docs/pictures"
                                + " makes pictures of it.")
        private @Nullable Path out;

        @CommandLine.Mixin
        private final Runs runs = new Runs();

        @CommandLine.Mixin
        private final Programs programs = new Programs();

        @Override
        Report measure(PrintStream progress) throws SQLException, InterruptedException {
            List<Curve> chosen = curves.isEmpty() ? List.of(Curve.values()) : curves;
            require(at.isEmpty() || chosen.size() == 1, "--at is for one --curve.");
            for (long x : at) {
                Curve curve = chosen.getFirst();
                require(
                        x >= curve.least() && x <= curve.most(),
                        String.format("--at is from %,d to %,d for this curve.", curve.least(), curve.most()));
            }
            require(
                    documents >= Backfill.LEAST && documents <= LARGEST,
                    String.format("--documents is from %,d to %,d.", Backfill.LEAST, LARGEST));
            return new GrowthBench(
                            progress,
                            new GrowthBench.Wish(chosen, at, documents, runs.of(this), out, programs.launcher))
                    .run();
        }
    }

    @Command(
            name = "filter",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "What the server's filter of the change stream costs, by its form.",
            description = {
                "1, 10, 40 and 400 collections are named in a filter, in several forms, and read by the driver alone into"
                        + " nothing: first a stretch of which every change is of one of them, then one of which none is."
                        + " A form that does not let exactly the right changes through ends the bench.",
                "",
                "The first form, with which the others are compared, names no collections, and lets all changes through."
                        + " \"server CPU\" is the time that MongoDB took, all it did meanwhile included.",
                ""
            })
    static final class Filter extends Measuring {
        private static final int LEAST = 1_000;
        private static final int MOST = 10_000_000;

        @Option(
                names = "--events",
                paramLabel = "N",
                description = "How many changes each stretch has (default: ${DEFAULT-VALUE}).",
                defaultValue = "50000")
        private int events = 50_000;

        @CommandLine.Mixin
        private final Runs runs = new Runs();

        @Override
        Report measure(PrintStream progress) {
            require(events >= LEAST && events <= MOST, String.format("--events is from %,d to %,d.", LEAST, MOST));
            return new FilterBench(progress, events, runs.of(this)).run();
        }
    }

    @Command(
            name = "latency",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "From MongoDB's acknowledgement of a write to PostgreSQL's commit of its row.",
            description = {
                "Writers make single changes (60 %% updates, 30 %% inserts, 10 %% deletes) at a fixed rate: each has its"
                        + " planned moment, and a late one does not put off the next. Both ends are timed in this process."
                        + " Each run begins with up to 10 s that are not counted.",
                "",
                "The limit is a bare loop: the driver's change stream, COPY and ON CONFLICT, one transaction for"
                        + " whatever has come. The columns, milliseconds:",
                "  achieved/s   changes written in a second; less than asked where the writers could not follow",
                "  p99 of limit Sluice's p99 as a multiple of the bare loop's, median of the runs",
                "  (a .. b)     behind a median: the least and the greatest of the runs",
                "  delivered    acknowledged until read and mapped: server, driver and engine",
                "  waited       until its transaction began",
                "  written      until that was committed",
                "  backlog      most changes acknowledged and not yet committed",
                ""
            })
    static final class Latency extends Measuring {
        private static final int FASTEST = 100_000;
        private static final int LONGEST = 3_600;

        @Option(
                names = "--rate",
                paramLabel = "N",
                split = ",",
                description =
                        "Changes per second; may be repeated, or several with commas between (default: 500 and 2000).")
        private List<Integer> rates = List.of();

        @Option(
                names = "--seconds",
                paramLabel = "N",
                description = "How long each run measures (default: ${DEFAULT-VALUE}).",
                defaultValue = "30")
        private int seconds = 30;

        @Option(
                names = "--beside",
                paramLabel = "WHAT",
                description = "Measure Sluice also while it does something else; may be repeated: verifier (continuous"
                        + " verification of 100,000 documents, as much as by default), backfill (the copy of another"
                        + " collection).")
        private List<LatencyBench.Beside> beside = List.of();

        @CommandLine.Mixin
        private final Runs runs = new Runs();

        @Override
        Report measure(PrintStream progress) throws SQLException, InterruptedException {
            require(
                    rates.stream().allMatch(rate -> rate >= 1 && rate <= FASTEST),
                    String.format("--rate is from 1 to %,d.", FASTEST));
            require(seconds >= 1 && seconds <= LONGEST, String.format("--seconds is from 1 to %,d.", LONGEST));
            return new LatencyBench(
                            progress,
                            rates.isEmpty() ? List.of(500, 2_000) : rates,
                            new LatencyBench.Length(seconds, runs.of(this)),
                            beside)
                    .run();
        }
    }

    @Command(
            name = "verify",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "Comparing both sides, against copying.",
            description = {
                "The documents of `bench backfill`: copied, compared while they are equal, and compared after one row in"
                        + " 1,000 was changed. A comparison that does not find exactly what was changed ends the bench with"
                        + " exit code 3.",
                "",
                "The limits: find alone, and Sluice's own copy of the same documents in the same run.",
                ""
            })
    static final class Verify extends Measuring {
        @Option(
                names = "--documents",
                paramLabel = "N",
                description = "How many rows are compared (default: ${DEFAULT-VALUE}).",
                defaultValue = "500000")
        private long documents = 500_000;

        @Option(
                names = "--children",
                negatable = true,
                defaultValue = "true",
                fallbackValue = "true",
                description = "Also a collection with child rows, which is the default; --no-children leaves it out.")
        private boolean children = true;

        @CommandLine.Mixin
        private final Runs runs = new Runs();

        @Override
        Report measure(PrintStream progress) throws SQLException, InterruptedException {
            require(
                    documents >= Backfill.LEAST && documents <= Backfill.MOST,
                    String.format("--documents is from %,d to %,d.", Backfill.LEAST, Backfill.MOST));
            return new VerifyBench(progress, documents, runs.of(this), children).run();
        }
    }

    @Command(
            name = "ofrep",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "Answering where to read from, over HTTP.",
            description = {
                "Eight connections ask one call after the other, by OFREP, for one flag whose route goes by the targeting"
                        + " key, for all flags, and for all with an ETag that is still right. Callers and server are in"
                        + " this process.",
                "",
                "The limit is an endpoint of the same server that does nothing.",
                ""
            })
    static final class Ofrep extends Measuring {
        private static final int LONGEST = 3_600;

        @Option(
                names = "--seconds",
                paramLabel = "N",
                description = "How long each run measures (default: ${DEFAULT-VALUE}).",
                defaultValue = "10")
        private int seconds = 10;

        @CommandLine.Mixin
        private final Runs runs = new Runs();

        @Override
        Report measure(PrintStream progress) throws SQLException, InterruptedException {
            require(seconds >= 1 && seconds <= LONGEST, String.format("--seconds is from 1 to %,d.", LONGEST));
            return new OfrepBench(progress, seconds, runs.of(this)).run();
        }
    }

    @Command(
            name = "drift",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "How soon a row that was changed by hand is found.",
            description = {
                "A running pipeline verifies continuously. Rows anywhere in the table are changed in PostgreSQL, one after"
                        + " the other, at any moment; the clock runs from each change until the gate shuts because of it.",
                ""
            })
    static final class Drift extends Measuring {
        private static final int MOST_TIMES = 1_000;

        @Option(
                names = "--documents",
                paramLabel = "N",
                description = "How many rows the table has (default: ${DEFAULT-VALUE}).",
                defaultValue = "1000000")
        private long documents = 1_000_000;

        @Option(
                names = "--budget",
                paramLabel = "PERCENT",
                description =
                        "Of the time that may be spent on verification, as SLUICE_VERIFY_BUDGET (default: ${DEFAULT-VALUE}).",
                defaultValue = "10")
        private int percent = 10;

        @Option(
                names = "--times",
                paramLabel = "N",
                description = "How many rows are changed (default: ${DEFAULT-VALUE}).",
                defaultValue = "5")
        private int times = 5;

        @Override
        Report measure(PrintStream progress) throws SQLException, InterruptedException {
            require(
                    documents >= Backfill.LEAST && documents <= Backfill.MOST,
                    String.format("--documents is from %,d to %,d.", Backfill.LEAST, Backfill.MOST));
            require(percent >= 1 && percent <= 100, "--budget is from 1 to 100.");
            require(times >= 1 && times <= MOST_TIMES, String.format("--times is from 1 to %,d.", MOST_TIMES));
            return new DriftBench(progress, documents, percent, times).run();
        }
    }

    @Command(
            name = "finish",
            mixinStandardHelpOptions = true,
            versionProvider = SluiceCommand.Version.class,
            header = "For how long nobody can write when writes move to PostgreSQL.",
            description = {
                "Documents are copied and verified; then eight writers write to MongoDB (60 %% updates, 40 %% inserts), reads"
                        + " are cut over, and `finish --block-writes` moves the writes. Each writer that MongoDB has refused goes"
                        + " on in PostgreSQL as soon as the writes have moved, and must find there what it wrote last.",
                "",
                "MongoDB refuses the writes of all its users meanwhile: don't name a server here that others use.",
                ""
            })
    static final class Finish extends Measuring {
        private static final int FASTEST = 100_000;
        private static final int LONGEST = 3_600;

        @Option(
                names = "--documents",
                paramLabel = "N",
                description = "How many are copied before (default: ${DEFAULT-VALUE}).",
                defaultValue = "1000000")
        private long documents = 1_000_000;

        @Option(
                names = "--rate",
                paramLabel = "N",
                description = "Changes per second (default: ${DEFAULT-VALUE}).",
                defaultValue = "1000")
        private int rate = 1_000;

        @Option(
                names = "--seconds",
                paramLabel = "N",
                description = "How long they are written before the writes move (default: ${DEFAULT-VALUE}).",
                defaultValue = "60")
        private int seconds = 60;

        @Override
        Report measure(PrintStream progress) throws SQLException, InterruptedException {
            require(
                    documents >= Backfill.LEAST && documents <= Backfill.MOST,
                    String.format("--documents is from %,d to %,d.", Backfill.LEAST, Backfill.MOST));
            require(rate >= 1 && rate <= FASTEST, String.format("--rate is from 1 to %,d.", FASTEST));
            require(seconds >= 1 && seconds <= LONGEST, String.format("--seconds is from 1 to %,d.", LONGEST));
            return new FinishBench(progress, documents, rate, seconds).run();
        }
    }
}
