package dev.sluice.service.finish;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.service.text.Counted;
import dev.sluice.source.mongo.SourceDuties.Duty;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/// Certificates in words: for the terminal, and as a page to print.
public final class CertificateText {
    private CertificateText() {}

    /// A line of a certificate: what it is about, and what is said of it.
    private record Line(String title, String text) {}

    static String duty(Duty duty) {
        return switch (duty) {
            case Duty.Ttl ttl -> ttl.collection() + ": " + ttl(ttl.index(), ttl.field(), ttl.afterSeconds());
            case Duty.Capped capped -> capped.collection() + ": " + CAPPED;
            case Duty.Validator validator -> validator.collection() + ": " + VALIDATOR;
        };
    }

    private static final String CAPPED = "it is capped: MongoDB dropped the oldest documents";
    private static final String VALIDATOR = "its validator refused documents that do not fit a schema";

    private static String ttl(String index, String field, long seconds) {
        return "the TTL index " + index + " deleted documents " + Counted.of(seconds, "second") + " after " + field;
    }

    /// In lines for a terminal.
    ///
    /// @param certificate as it is kept, JSON
    public static String words(JsonNode certificate) {
        StringJoiner text = new StringJoiner(System.lineSeparator());
        text.add(certificate.path("collection").asText() + ": its writes moved to PostgreSQL at "
                + certificate.path("moved_at").asText() + ", by "
                + certificate.path("moved_by").asText());
        for (Line line : lines(certificate)) {
            text.add(String.format(Locale.ROOT, "  %-13s %s", line.title(), line.text()));
        }
        return text.toString();
    }

    /// A page for a browser, to be printed.
    ///
    /// @param certificates as they are kept, JSON
    public static String page(List<JsonNode> certificates) {
        StringBuilder page = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                + "<title>Sluice: certificate</title><style>body{font:14px/1.5 sans-serif;max-width:46em;margin:2em auto}"
                + "table{border-collapse:collapse;width:100%;margin-bottom:2em}th,td{text-align:left;vertical-align:top;"
                + "padding:.3em .6em;border-top:1px solid #999}th{width:9em}section{break-inside:avoid}</style></head><body>\n"
                + "<h1>Writes moved to PostgreSQL</h1>\n");
        for (JsonNode certificate : certificates) {
            page.append("<section><h2>")
                    .append(html(certificate.path("collection").asText()))
                    .append("</h2><table>\n");
            row(
                    page,
                    "moved",
                    certificate.path("moved_at").asText() + ", by "
                            + certificate.path("moved_by").asText());
            row(
                    page,
                    "pipeline",
                    certificate.path("pipeline").asText() + ", MongoDB database "
                            + certificate.path("database").asText());
            lines(certificate).forEach(line -> row(page, line.title(), line.text()));
            page.append("</table></section>\n");
        }
        return page.append("</body></html>\n").toString();
    }

    private static void row(StringBuilder page, String title, String text) {
        page.append("<tr><th>")
                .append(html(title))
                .append("</th><td>")
                .append(html(text))
                .append("</td></tr>\n");
    }

    private static String html(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    private static List<Line> lines(JsonNode certificate) {
        List<Line> lines = new ArrayList<>();
        lines.add(new Line(
                "through", "every write up to " + certificate.path("through").asText() + ", MongoDB's time"));
        lines.add(new Line(
                "writers",
                certificate.path("writers").asText()
                        + String.format(
                                Locale.ROOT,
                                "; %.1f s without writers",
                                certificate.path("seconds_without_writers").asDouble())));
        lines.add(new Line("documents", number(certificate.path("documents"))));
        certificate
                .path("rows")
                .properties()
                .forEach(table -> lines.add(new Line("rows", number(table.getValue()) + " in " + table.getKey())));
        JsonNode compared = certificate.path("verification");
        lines.add(new Line(
                "verified",
                number(compared.path("full_documents")) + " documents as of "
                        + compared.path("full_as_of").asText() + ", and what was written since ("
                        + Counted.of(compared.path("again").asLong(), "document") + ")"));
        JsonNode accepted = certificate.path("accepted");
        lines.add(new Line(
                "accepted",
                Counted.of(accepted.path("dead_letters").asLong(), "dead letter") + ", "
                        + Counted.of(accepted.path("quarantined_values").asLong(), "quarantined value")));
        JsonNode target = certificate.path("target");
        list(lines, "sequences", "set past the highest key: ", target.path("sequences"));
        list(lines, "constraints", "checked against every row: ", target.path("validated"));
        list(
                lines,
                "triggers",
                "disabled, ALTER TABLE .. ENABLE TRIGGER turns them on: ",
                target.path("disabled_triggers"));
        duties(lines, certificate.path("duties"));
        if (certificate.path("slot").isTextual()) {
            lines.add(new Line(
                    "slot",
                    "the replication slot and publication "
                            + certificate.path("slot").asText()
                            + " have every change since; PostgreSQL keeps its WAL until it is read or dropped"));
        }
        return lines;
    }

    private static void duties(List<Line> lines, JsonNode duties) {
        String nobody = "; nobody does that now";
        duties.path("ttl")
                .forEach(ttl -> lines.add(new Line(
                        "to do",
                        ttl(
                                        ttl.path("index").asText(),
                                        ttl.path("field").asText(),
                                        ttl.path("after_seconds").asLong())
                                + nobody)));
        if (duties.path("capped").asBoolean()) {
            lines.add(new Line("to do", CAPPED + nobody));
        }
        if (duties.path("validator").asBoolean()) {
            lines.add(new Line("to do", VALIDATOR + nobody));
        }
        if (duties.path("readers").isNull()) {
            lines.add(new Line(
                    "to do",
                    "who else reads change streams of this MongoDB could not be seen (the right inprog); they hear"
                            + " nothing any more"));
        }
        duties.path("readers")
                .forEach(reader -> lines.add(new Line(
                        "to do",
                        "a change stream of " + reader.path("namespace").asText() + " is read by "
                                + reader.path("application").asText("a client without a name") + " at "
                                + reader.path("client").asText("?")
                                + "; it hears nothing of this collection any more")));
    }

    private static void list(List<Line> lines, String title, String words, JsonNode names) {
        if (!names.isEmpty()) {
            StringJoiner all = new StringJoiner(", ");
            names.forEach(name -> all.add(name.asText()));
            lines.add(new Line(title, words + all));
        }
    }

    private static String number(JsonNode count) {
        return String.format(Locale.ROOT, "%,d", count.asLong());
    }
}
