package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

@DisplayName("The runbooks")
class RunbooksTest {
    private static final Path ROOT = Path.of("..");
    private static final Path RUNBOOKS = ROOT.resolve("deploy/runbooks");
    private static final Path VERBS = RUNBOOKS.resolve("verbs");

    private static final List<String> HEADINGS =
            List.of("## What it means", "## How to look", "## What to do", "## How to know it is over");

    /// Before a migration, and beside one: the index says why.
    private static final Set<String> NOT_OPERATED = Set.of("demo", "bench", "infer", "warm", "completion");

    private static final Pattern CALL = Pattern.compile("^\\s*(?:\\$ )?(?:\\./)?sluice (.*)$");
    private static final Pattern WORD = Pattern.compile("'([^']*)'|\"([^\"]*)\"|(\\S+)");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern IN_CODE = Pattern.compile("`[^`]*`");

    /// Every verb of the command line.
    static Stream<String> verbs() {
        return SluiceCommand.COMMANDS.stream()
                .map(command -> command.getAnnotation(CommandLine.Command.class).name())
                .filter(verb -> !NOT_OPERATED.contains(verb));
    }

    @ParameterizedTest
    @MethodSource("verbs")
    @DisplayName("have a page of each verb, with the four headings in their order, and name it in their index")
    void everyVerbHasItsPage(String verb) {
        Path page = VERBS.resolve(verb + ".md");
        assertThat(page).exists();
        assertThat(lines(page).stream().filter(line -> line.startsWith("## ")).toList())
                .as(page.toString())
                .isEqualTo(HEADINGS);
        assertThat(String.join("\n", lines(RUNBOOKS.resolve("README.md")))).contains("(verbs/" + verb + ".md)");
    }

    @Test
    @DisplayName("have no page of a verb that is not there")
    void noPageOfNoVerb() throws IOException {
        try (Stream<Path> pages = Files.list(VERBS)) {
            assertThat(pages.map(page -> page.getFileName().toString()))
                    .allSatisfy(name ->
                            assertThat(verbs().map(verb -> verb + ".md")).contains(name));
        }
    }

    @Test
    @DisplayName("are all named in their index, those of alerts too")
    void allAreIndexed() {
        String index = String.join("\n", lines(RUNBOOKS.resolve("README.md")));

        assertThat(pages(RUNBOOKS).stream()
                        .map(page -> RUNBOOKS.relativize(page).toString())
                        .filter(page -> !page.equals("README.md")))
                .hasSizeGreaterThan(25)
                .allMatch(page -> index.contains("](" + page + ")"));
    }

    @Test
    @DisplayName("call the program only as its command line takes it")
    void everyCallParses() {
        List<String> calls = new ArrayList<>();
        for (Path page : pages(RUNBOOKS)) {
            for (String line : code(lines(page))) {
                Matcher call = CALL.matcher(line);
                if (call.matches()) {
                    calls.add(line);
                    String[] arguments = arguments(call.group(1));
                    assertThatCode(() -> program().parseArgs(arguments))
                            .as("%s: %s", page, line)
                            .doesNotThrowAnyException();
                }
            }
        }
        assertThat(calls).hasSizeGreaterThan(50);
    }

    @Test
    @DisplayName("and the other pages for operators link only to files and headings that are there")
    void everyLinkLeadsSomewhere() {
        List<String> broken = new ArrayList<>();
        for (Path folder : List.of(ROOT.resolve("deploy"), ROOT.resolve("service/docs"))) {
            for (Path page : pages(folder)) {
                for (String line : prose(lines(page))) {
                    Matcher link = LINK.matcher(IN_CODE.matcher(line).replaceAll("code"));
                    while (link.find()) {
                        String target = link.group(1);
                        if (!target.matches("[a-z]+:.*") && !resolves(page, target)) {
                            broken.add(page + " -> " + target);
                        }
                    }
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    private static boolean resolves(Path page, String target) {
        String[] parts = target.split("#", 2);
        Path file = parts[0].isEmpty() ? page : page.resolveSibling(parts[0]).normalize();
        if (!Files.exists(file)) {
            return false;
        }
        return parts.length == 1 || (Files.isRegularFile(file) && anchors(file).contains(parts[1]));
    }

    /// As GitHub makes them: small letters, without punctuation, and a number behind a heading that was there before.
    private static Set<String> anchors(Path page) {
        Set<String> anchors = new HashSet<>();
        for (String line : prose(lines(page))) {
            if (line.matches("#{1,6} .*")) {
                String slug = line.replaceFirst("^#+ +", "")
                        .replaceAll("\\[([^\\]]*)\\]\\([^)]*\\)", "$1")
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N} _-]", "")
                        .replace(' ', '-');
                String free = slug;
                for (int n = 1; !anchors.add(free); n++) {
                    free = slug + "-" + n;
                }
            }
        }
        return anchors;
    }

    /// The whole command line, which is parsed and not run.
    static CommandLine program() {
        CommandLine program = new CommandLine(new SluiceCommand());
        SluiceCommand.COMMANDS.forEach(program::addSubcommand);
        return program.setCaseInsensitiveEnumValuesAllowed(true);
    }

    /// What a shell hands over: the words without their quotes, up to a pipe, a redirection or a comment.
    private static String[] arguments(String line) {
        List<String> arguments = new ArrayList<>();
        Matcher word = WORD.matcher(line);
        while (word.find()) {
            String plain = word.group(3);
            if (plain != null && plain.matches("[#|;&].*|\\d?>.*")) {
                break;
            }
            arguments.add(plain != null ? plain : word.group(1) != null ? word.group(1) : word.group(2));
        }
        return arguments.toArray(String[]::new);
    }

    private static List<String> code(List<String> lines) {
        return fenced(lines, true);
    }

    private static List<String> prose(List<String> lines) {
        return fenced(lines, false);
    }

    private static List<String> fenced(List<String> lines, boolean within) {
        List<String> chosen = new ArrayList<>();
        boolean fenced = false;
        for (String line : lines) {
            if (line.stripLeading().startsWith("```")) {
                fenced = !fenced;
            } else if (fenced == within) {
                chosen.add(line);
            }
        }
        return chosen;
    }

    private static List<Path> pages(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".md"))
                    .filter(file -> !file.toString().contains("node_modules"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
