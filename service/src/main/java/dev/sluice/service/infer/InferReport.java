package dev.sluice.service.infer;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.profile.Coverage;
import dev.sluice.profile.Coverage.Landing;
import dev.sluice.profile.FieldSummary;
import dev.sluice.profile.Hazard;
import dev.sluice.profile.PlannedIndex;
import dev.sluice.profile.Proposal;
import dev.sluice.service.infer.Inference.Inferred;
import dev.sluice.service.text.Counted;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The profile of a database and the proposed mapping, for people and for programs.
public final class InferReport {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .defaultPropertyInclusion(
                    JsonInclude.Value.construct(JsonInclude.Include.ALWAYS, JsonInclude.Include.ALWAYS))
            .build();

    /// Paths of one collection that people are shown, those inside jsonb columns left out; all are in the
    /// JSON.
    private static final int FIELDS_MAX = 60;

    /// Hazards of one collection that people are shown.
    private static final int HAZARDS_MAX = 8;

    private static final int REASONS_MAX = 5;

    /// Topics that a screen has room for.
    private static final int TOPICS_MAX = 10;

    /// Characters of a line that lists places.
    private static final int LINE_MAX = 110;

    private InferReport() {}

    /// The report as a program reads it.
    ///
    /// @param afterMigration what is applied after the copy; null for nothing
    /// @param report the file with all that is known, for people
    /// @param setting what SLUICE_MAPPING has to be
    /// @param decisions what to look at, by topic: places, without values
    public record View(
            String name,
            String database,
            String schema,
            String mapping,
            String migration,
            @Nullable String afterMigration,
            String report,
            String setting,
            Map<String, String> ignored,
            List<CollectionView> collections,
            Map<String, List<String>> decisions,
            CoverageView coverage) {
        public View {
            decisions = new LinkedHashMap<>(decisions);
            ignored = new LinkedHashMap<>(ignored);
            collections = List.copyOf(collections);
        }
    }

    /// What becomes of an index of MongoDB.
    ///
    /// @param index its name; empty for one that a reference needs
    /// @param sql that makes one here; null where there is none
    /// @param note why not, or what else there is to know; null for nothing
    public record IndexView(
            String index, @Nullable String sql, @Nullable String note) {
        static IndexView of(PlannedIndex index) {
            return switch (index) {
                case PlannedIndex.Made made -> new IndexView(made.source(), made.sql(!made.unique()), null);
                case PlannedIndex.Noted noted -> new IndexView(noted.source(), null, noted.why());
            };
        }
    }

    /// @param estimate of the documents there are in all; null when all of them were looked at
    /// @param indexes null where MongoDB's could not be read
    public record CollectionView(
            String collection,
            String table,
            List<String> childTables,
            long documents,
            @Nullable Long estimate,
            long largestBytes,
            List<FieldSummary> fields,
            @Nullable List<IndexView> indexes,
            List<Hazard> hazards,
            CoverageView coverage) {
        public CollectionView {
            childTables = List.copyOf(childTables);
            indexes = indexes == null ? null : List.copyOf(indexes);
            fields = List.copyOf(fields);
            hazards = List.copyOf(hazards);
        }
    }

    /// What became of the documents that the mapping was tried on, in numbers.
    ///
    /// @param whole documents of which every value has a column made for it, and fits
    /// @param values of all documents: leaves, `_id` and null left out
    public record CoverageView(
            long documents,
            long whole,
            long deadLetters,
            long values,
            long typed,
            long json,
            long rest,
            long quarantined,
            SequencedMap<String, Long> reasons) {
        static CoverageView of(Coverage coverage) {
            return new CoverageView(
                    coverage.documents(),
                    coverage.whole(),
                    coverage.deadLetters(),
                    coverage.values(),
                    coverage.values(Landing.TYPED),
                    coverage.values(Landing.JSON),
                    coverage.values(Landing.REST),
                    coverage.values(Landing.QUARANTINED),
                    coverage.reasons());
        }

        CoverageView plus(CoverageView other) {
            return new CoverageView(
                    documents + other.documents,
                    whole + other.whole,
                    deadLetters + other.deadLetters,
                    values + other.values,
                    typed + other.typed,
                    json + other.json,
                    rest + other.rest,
                    quarantined + other.quarantined,
                    new LinkedHashMap<>());
        }
    }

    public static View view(Inference.Result result, ProposedFiles files) {
        List<CollectionView> collections =
                result.collections().stream().map(InferReport::collection).toList();
        CoverageView total = new CoverageView(0, 0, 0, 0, 0, 0, 0, 0, new LinkedHashMap<>());
        for (CollectionView collection : collections) {
            total = total.plus(collection.coverage());
        }
        return new View(
                result.proposal().name(),
                result.proposal().database(),
                result.proposal().schema(),
                files.mapping().toString(),
                files.migration().toString(),
                result.afterCopy() == null ? null : files.after().toString(),
                files.report().toString(),
                files.setting(),
                result.proposal().ignored(),
                collections,
                decisions(result),
                total);
    }

    private static Map<String, List<String>> decisions(Inference.Result result) {
        Map<String, List<String>> decisions = new LinkedHashMap<>();
        Decisions.of(result.collections()).forEach((topic, places) -> decisions.put(topic.title(), places));
        return decisions;
    }

    private static CollectionView collection(Inferred inferred) {
        return new CollectionView(
                inferred.table().collection(),
                inferred.table().table(),
                inferred.table().children().stream().map(c -> c.table()).toList(),
                inferred.profile().count(),
                inferred.profile().estimate().isPresent()
                        ? inferred.profile().estimate().getAsLong()
                        : null,
                inferred.profile().bytesMax(),
                inferred.fields(),
                inferred.profile().indexes().isPresent()
                        ? inferred.table().indexes().stream().map(IndexView::of).toList()
                        : null,
                inferred.table().hazards(),
                CoverageView.of(inferred.coverage()));
    }

    public static String json(View view) throws JsonProcessingException {
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(view);
    }

    /// Prints a screen: totals, what to look at, and what comes next.
    public static void print(View view, PrintWriter out) {
        totals(view, out);
        if (!view.decisions().isEmpty()) {
            out.printf("%nLook at these first:%n");
            view.decisions().entrySet().stream()
                    .limit(TOPICS_MAX)
                    .forEach(topic -> out.println(line(topic.getKey(), topic.getValue())));
            int more = view.decisions().size() - TOPICS_MAX;
            if (more > 0) {
                out.printf("  and %s in the report%n", Counted.of(more, "topic"));
            }
        }
        List<String> files = new ArrayList<>(List.of(view.mapping(), view.migration()));
        if (view.afterMigration() != null) {
            files.add(view.afterMigration());
        }
        files.add(view.report());
        Path folder = Path.of(view.setting());
        out.printf(
                "%nWrote to %s: %s. Next:%n",
                folder,
                files.stream()
                        .map(file -> folder.normalize()
                                .relativize(Path.of(file).normalize())
                                .toString())
                        .collect(Collectors.joining(", ")));
        out.printf("  export SLUICE_MAPPING=%s POSTGRES_URI=postgresql://..%n", shell(view.setting()));
        out.printf("  sluice plan      # checks both servers, and maps documents without writing%n");
        out.printf("  sluice migrate   # makes the tables%n");
        out.printf("  sluice run       # copies, then follows the changes; a page shows it%n");
        out.printf("  sluice verify    # compares every row with its document%n");
        out.flush();
    }

    private static void totals(View view, PrintWriter out) {
        long empty =
                view.ignored().values().stream().filter(Proposal.EMPTY::equals).count();
        long others = view.ignored().size() - empty;
        long tables = view.collections().stream()
                .mapToLong(collection -> 1 + collection.childTables().size())
                .sum();
        out.printf(
                "%s in %s%s%s; %s were read.%n",
                Counted.of(view.collections().size(), "collection"),
                Counted.of(tables, "table"),
                empty == 0 ? "" : ", " + empty + " without documents left alone",
                others == 0 ? "" : ", " + Counted.of(others, "other") + " left alone",
                Counted.of(
                        view.collections().stream()
                                .mapToLong(CollectionView::documents)
                                .sum(),
                        "document"));
        CoverageView coverage = view.coverage();
        out.printf(
                "The mapping was tried on %s: %s land whole, %s.%n"
                        + "Of their values %s have a typed column, %s are jsonb, %s in the rest, %s quarantined.%n",
                Counted.of(coverage.documents(), "document"),
                share(coverage.whole(), coverage.documents()),
                Counted.of(coverage.deadLetters(), "dead letter"),
                share(coverage.typed(), coverage.values()),
                share(coverage.json(), coverage.values()),
                share(coverage.rest(), coverage.values()),
                number(coverage.quarantined()));
    }

    /// As many places as a line has room for.
    private static String line(String topic, List<String> places) {
        StringBuilder line = new StringBuilder("  " + places.size() + " x " + topic + ": ");
        int shown = 0;
        for (String place : places) {
            String next = (shown == 0 ? "" : ", ") + place;
            if (shown > 0 && line.length() + next.length() > LINE_MAX) {
                break;
            }
            line.append(next);
            shown++;
        }
        return line + (shown < places.size() ? " and " + (places.size() - shown) + " more" : "");
    }

    /// A word of a shell.
    private static String shell(String text) {
        return text.matches("[\\w./+@%-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }

    /// The report as a file: [#print], and [#printAll] with the collections.
    public static String markdown(View view) {
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        out.printf("# What `sluice infer` saw in %s%n%n```%n", view.database());
        print(view, out);
        out.printf("```%n%n## What there is to decide%n%n");
        view.decisions().forEach((topic, places) -> {
            out.printf("%s:%n%n```%n", topic);
            places.forEach(out::println);
            out.printf("```%n%n");
        });
        out.printf("## The collections%n%n```%n");
        printAll(view, out);
        out.printf("```%n");
        out.flush();
        return text.toString();
    }

    /// Prints the profile of each collection, its hazards, and the coverage.
    public static void printAll(View view, PrintWriter out) {
        view.collections().forEach(collection -> print(collection, out));
        view.ignored().forEach((name, why) -> out.printf("%s: left alone, %s%n", name, why));
        if (!view.ignored().isEmpty()) {
            out.println();
        }
        coverage(view, out);
        out.flush();
    }

    private static void print(CollectionView collection, PrintWriter out) {
        Long estimate = collection.estimate();
        out.printf(
                Locale.ROOT,
                "%s: %s%s, the largest %,d bytes; table %s%s%n",
                collection.collection(),
                Counted.of(collection.documents(), "document"),
                estimate == null ? "" : String.format(Locale.ROOT, " of about %,d", estimate),
                collection.largestBytes(),
                collection.table(),
                collection.childTables().isEmpty() ? "" : " with " + String.join(", ", collection.childTables()));
        List<FieldSummary> shown = collection
                .fields()
                .subList(0, Math.min(FIELDS_MAX, collection.fields().size()));
        int path = width(shown.stream().map(FieldSummary::path).toList(), "field", 36);
        int types = width(shown.stream().map(FieldSummary::typesForPeople).toList(), "types", 34);
        int range = width(shown.stream().map(FieldSummary::range).toList(), "range", 46);
        String format = "  %-" + path + "s  %8s  %-" + types + "s  %-" + range + "s  %s";
        if (!shown.isEmpty()) {
            out.println(String.format(format, "field", "there", "types", "range", "becomes")
                    .stripTrailing());
        }
        for (FieldSummary field : shown) {
            out.println(String.format(
                            format,
                            field.path(),
                            share(field.there()),
                            field.typesForPeople(),
                            field.range(),
                            field.becomes())
                    .stripTrailing());
        }
        if (shown.size() < collection.fields().size()) {
            out.printf(
                    "  and %,d more, inside jsonb columns first of all (--json has them)%n",
                    collection.fields().size() - shown.size());
        }
        indexes(collection, out);
        List<Hazard> hazards = collection.hazards();
        hazards.stream().limit(HAZARDS_MAX).forEach(h -> out.printf("  ! %s: %s%n", h.path(), h.text()));
        if (hazards.size() > HAZARDS_MAX) {
            out.printf("  ! and %,d more (--json has them all)%n", hazards.size() - HAZARDS_MAX);
        }
        out.println();
    }

    private static void indexes(CollectionView collection, PrintWriter out) {
        List<IndexView> indexes = collection.indexes();
        if (indexes == null) {
            out.printf("  ! its indexes could not be read: the user needs the right listIndexes%n");
            return;
        }
        long made = indexes.stream().filter(index -> index.sql() != null).count();
        if (!indexes.isEmpty()) {
            out.printf(
                    "  %s, and %s of MongoDB's in comments of the migration%n",
                    Counted.of(made, "index", "indexes"), indexes.size() - made);
        }
    }

    private static int width(List<String> cells, String title, int most) {
        return Math.min(
                most,
                Math.max(
                        title.length(),
                        cells.stream().mapToInt(String::length).max().orElse(0)));
    }

    private static void coverage(View view, PrintWriter out) {
        List<String> names =
                view.collections().stream().map(CollectionView::collection).toList();
        int width = width(names, "collection", 40);
        String format = "%-" + width + "s  %10s  %8s  %12s  %10s  %8s  %8s  %8s  %11s%n";
        out.printf(
                format,
                "coverage",
                "documents",
                "whole",
                "dead letters",
                "values",
                "typed",
                "jsonb",
                "rest",
                "quarantined");
        view.collections().forEach(c -> coverage(c.collection(), c.coverage(), format, out));
        if (view.collections().size() > 1) {
            coverage("all", view.coverage(), format, out);
        }
    }

    private static void coverage(String name, CoverageView coverage, String format, PrintWriter out) {
        out.printf(
                format,
                name,
                number(coverage.documents()),
                share(coverage.whole(), coverage.documents()),
                number(coverage.deadLetters()),
                number(coverage.values()),
                share(coverage.typed(), coverage.values()),
                share(coverage.json(), coverage.values()),
                share(coverage.rest(), coverage.values()),
                share(coverage.quarantined(), coverage.values()));
        coverage.reasons().entrySet().stream()
                .limit(REASONS_MAX)
                .forEach(reason -> out.printf(Locale.ROOT, "  %,d x %s%n", reason.getValue(), reason.getKey()));
        if (coverage.reasons().size() > REASONS_MAX) {
            out.printf(
                    "  and %,d more (--json has them all)%n", coverage.reasons().size() - REASONS_MAX);
        }
    }

    private static String number(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    private static String share(long part, long whole) {
        return whole == 0 ? "-" : part > 0 && part * 1_000 < whole ? "< 0.1 %" : share((double) part / whole);
    }

    /// Cut, not rounded: 99.99 % are not all.
    private static String share(double share) {
        return String.format(Locale.ROOT, "%.1f %%", Math.floor(share * 1_000 + 1e-9) / 10);
    }
}
