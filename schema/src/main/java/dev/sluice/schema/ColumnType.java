package dev.sluice.schema;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The PostgreSQL types a mapping may name. A closed set: a new type will not compile until every switch
/// over it, `BsonToPg` and the binary COPY encoder first of all, has decided what it means.
public sealed interface ColumnType {

    /// The type as PostgreSQL writes it in DDL, for example `numeric(18,2)` or `text[]`.
    String sql();

    /// A type that a row's key can have.
    sealed interface Key extends ColumnType {
        /// The name of the type of array elements that hold such keys, for `Connection.createArrayOf`.
        default String arrayElement() {
            return switch (this) {
                case Text t -> "text";
                case Varchar v -> "text";
                case Int i -> "bigint";
                case Uuid u -> "uuid";
            };
        }
    }

    /// Text of any length, without NUL, which PostgreSQL can't hold.
    record Text() implements Key {
        @Override
        public String sql() {
            return "text";
        }
    }

    /// Text of at most `length` characters (code points, as PostgreSQL counts them).
    record Varchar(int length) implements Key {
        public Varchar {
            if (length < 1 || length > 10_485_760) {
                throw new IllegalArgumentException("varchar(n) takes a length from 1 to 10485760");
            }
        }

        @Override
        public String sql() {
            return "varchar(" + length + ")";
        }
    }

    /// Text compared without regard to case; needs the extension `citext`.
    record Citext() implements ColumnType {
        @Override
        public String sql() {
            return "citext";
        }
    }

    record Bool() implements ColumnType {
        @Override
        public String sql() {
            return "boolean";
        }
    }

    /// A whole number of 2, 4 or 8 bytes.
    record Int(int bytes) implements Key {
        public Int {
            if (bytes != 2 && bytes != 4 && bytes != 8) {
                throw new IllegalArgumentException("an integer has 2, 4 or 8 bytes");
            }
        }

        @Override
        public String sql() {
            return bytes == 2 ? "smallint" : bytes == 4 ? "integer" : "bigint";
        }
    }

    record DoublePrecision() implements ColumnType {
        @Override
        public String sql() {
            return "double precision";
        }
    }

    /// An exact decimal. `precision` 0 means unconstrained.
    record Numeric(int precision, int scale) implements ColumnType {
        public static final Numeric UNCONSTRAINED = new Numeric(0, 0);

        /// @throws IllegalArgumentException where PostgreSQL would refuse the type; unlike the constructor
        ///     it takes no 0 for "unconstrained"
        static Numeric of(int precision, int scale) {
            if (precision == 0) {
                throw new IllegalArgumentException(REFUSAL);
            }
            return new Numeric(precision, scale);
        }

        private static final String REFUSAL =
                "numeric(p,s) takes a precision from 1 to 1000 and a scale from 0 to the precision";

        public Numeric {
            if (precision < 0 || precision > 1000 || scale < 0 || (precision > 0 && scale > precision)) {
                throw new IllegalArgumentException(REFUSAL);
            }
        }

        public boolean constrained() {
            return precision > 0;
        }

        @Override
        public String sql() {
            return constrained() ? "numeric(" + precision + "," + scale + ")" : "numeric";
        }
    }

    /// A point in time, microseconds, from 4713 BC to 294276 AD.
    record Timestamptz() implements ColumnType {
        @Override
        public String sql() {
            return "timestamptz";
        }
    }

    /// A calendar day.
    record Date() implements ColumnType {
        @Override
        public String sql() {
            return "date";
        }
    }

    record Uuid() implements Key {
        @Override
        public String sql() {
            return "uuid";
        }
    }

    record Bytea() implements ColumnType {
        @Override
        public String sql() {
            return "bytea";
        }
    }

    record Jsonb() implements ColumnType {
        @Override
        public String sql() {
            return "jsonb";
        }
    }

    /// The address of a host, IPv4 or IPv6, and optionally its network.
    record Inet() implements ColumnType {
        @Override
        public String sql() {
            return "inet";
        }
    }

    /// A type that Sluice knows by its name alone: an enum, a domain, `interval`, `ltree` and whatever else
    /// PostgreSQL reads from text. Values travel as text, and PostgreSQL says whether it can read them.
    ///
    /// @param sql as PostgreSQL writes it: `interval`, `bit(4)`, `shop.mood`
    record Postgres(String sql) implements ColumnType {
        public Postgres {
            if (!Parser.POSTGRES.matcher(sql).matches()) {
                throw new IllegalArgumentException(
                        "'" + sql + "' is not a name of a type, as in interval, bit(4)," + " shop.mood or \"Mood\"");
            }
        }
    }

    /// A one-dimensional array. PostgreSQL's element may be anything here but an array.
    record Array(ColumnType element) implements ColumnType {
        public Array {
            if (element instanceof Array) {
                throw new IllegalArgumentException("an array of arrays: map it to jsonb");
            }
        }

        @Override
        public String sql() {
            return element.sql() + "[]";
        }
    }

    /// Reads a type as a mapping writes it: PostgreSQL's own names and their usual aliases, in any case.
    ///
    /// @return empty when the name is not a type Sluice can write
    /// @throws IllegalArgumentException when it is one, with arguments that can't be (`numeric(2,5)`)
    static Optional<ColumnType> parse(String text) {
        String name = text.strip().toLowerCase(Locale.ROOT).replaceAll("\\s+", " ");
        if (name.endsWith("[]")) {
            return parse(name.substring(0, name.length() - 2)).map(Array::new);
        }
        Matcher matcher = Parser.WITH_ARGUMENTS.matcher(name);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String base = matcher.group(1).strip();
        boolean noArguments = matcher.group(2) == null;
        return Optional.ofNullable(
                switch (base) {
                    case "text" -> noArguments ? new Text() : null;
                    case "varchar", "character varying" ->
                        noArguments
                                ? new Text()
                                : matcher.group(3) == null ? new Varchar(Integer.parseInt(matcher.group(2))) : null;
                    case "citext" -> noArguments ? new Citext() : null;
                    case "boolean", "bool" -> noArguments ? new Bool() : null;
                    case "smallint", "int2" -> noArguments ? new Int(2) : null;
                    case "integer", "int", "int4" -> noArguments ? new Int(4) : null;
                    case "bigint", "int8" -> noArguments ? new Int(8) : null;
                    case "double precision", "float8", "float" -> noArguments ? new DoublePrecision() : null;
                    case "numeric", "decimal" ->
                        noArguments
                                ? Numeric.UNCONSTRAINED
                                : Numeric.of(
                                        Integer.parseInt(matcher.group(2)),
                                        matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3)));
                    case "timestamptz", "timestamp with time zone" -> noArguments ? new Timestamptz() : null;
                    case "date" -> noArguments ? new Date() : null;
                    case "uuid" -> noArguments ? new Uuid() : null;
                    case "bytea" -> noArguments ? new Bytea() : null;
                    case "jsonb" -> noArguments ? new Jsonb() : null;
                    case "inet" -> noArguments ? new Inet() : null;
                    default -> null;
                });
    }

    /// Reads the name of any type PostgreSQL has, which a mapping writes as `{postgres: name}`. One that
    /// [#parse] knows is that type.
    ///
    /// @throws IllegalArgumentException when it can't be the name of a type
    static ColumnType named(String text) {
        String name = text.strip();
        if (name.endsWith("[]")) {
            return new Array(named(name.substring(0, name.length() - 2)));
        }
        return parse(name).orElseGet(() -> new Postgres(name));
    }

    /// The names for an error message that has to say what is allowed.
    String NAMES = "text, varchar(n), citext, boolean, smallint, integer, bigint, double precision, numeric(p,s),"
            + " timestamptz, date, uuid, bytea, jsonb, inet, and each of them with [] for an array; {postgres: name}"
            + " for any other type of PostgreSQL";

    /// Holds the pattern, since an interface can't have private constants.
    final class Parser {
        private static final Pattern WITH_ARGUMENTS =
                Pattern.compile("([a-z0-9 ]+?)\\s*(?:\\(\\s*(\\d{1,8})\\s*(?:,\\s*(\\d{1,8})\\s*)?\\))?");

        /// A name, of several words perhaps, plain or in quotes, with a schema or without, with arguments or without.
        private static final Pattern POSTGRES = Pattern.compile("(?:(?:[A-Za-z_][\\w$]*|\"[^\"]+\")\\.)?"
                + "(?:[A-Za-z_][\\w$]*(?: [A-Za-z]+)*|\"[^\"]+\")"
                + "(?:\\s*\\(\\s*\\w+(?:\\s*,\\s*\\w+)*\\s*\\))?(?: with(?:out)? time zone)?");

        private Parser() {}
    }
}
