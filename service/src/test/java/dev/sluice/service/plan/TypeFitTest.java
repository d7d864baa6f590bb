package dev.sluice.service.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.schema.ColumnType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What an assignment between two types does to values, by PostgreSQL's own rules.
class TypeFitTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "integer               | smallint                       | out of range",
                "bigint                | integer                        | out of range",
                "double precision      | bigint                         | rounds to whole",
                "numeric               | integer                        | rounds to whole",
                "numeric(18,2)         | numeric(18,1)                  | rounds to 1 digits",
                "numeric               | numeric(18,2)                  | rounds to 2 digits",
                "double precision      | numeric(18,2)                  | rounds to 2 digits",
                "numeric(18,2)         | numeric(10,2)                  | more than 8 digits",
                "bigint                | numeric(18,0)                  | more than 18 digits",
                "smallint              | numeric(5,1)                   | more than 4 digits",
                "numeric               | double precision               | digits beyond",
                "bigint                | double precision               | digits beyond",
                "integer               | real                           | digits beyond",
                "double precision      | real                           | digits beyond",
                "timestamptz           | date                           | time of day",
                "timestamptz           | time without time zone         | day is lost",
                "timestamptz           | timestamp(3) with time zone    | fraction",
                "timestamptz           | timestamp(0) without time zone | fraction",
                "text                  | character varying(20)          | longer than 20",
                "citext                | character varying(20)          | longer than 20",
                "varchar(21)           | character varying(20)          | longer than 20",
                "text                  | character(3)                   | longer than 3",
                "text                  | character(3)                   | lost; PostgreSQL pads",
                "varchar(3)            | character(3)                   | pads shorter values with blanks",
                "text[]                | character(3)[]                 | pads shorter values with blanks",
                "text[]                | character varying(20)[]        | longer than 20",
                "text                  | character varying(20)          | blanks at the end of such a value are cut off",
                "text                  | character varying(20)          | longer than 20 characters, and it is lost",
                "text                  | money                          | smallest coin",
                "text                  | real                           | digits beyond",
                "text                  | interval(0)                    | fraction",
                "text                  | interval day to second(3)      | fraction",
                "text                  | time(0) without time zone      | fraction",
                "bigint[]              | integer[]                      | out of range",
            })
    void whatIsRoundedCutOrRefusedIsSaid(String mapped, String live, String loss) {
        assertThat(TypeFit.loss(type(mapped), live, "it is lost").orElse("")).contains(loss);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "integer               | integer",
                "integer               | bigint",
                "smallint              | real",
                "integer               | double precision",
                "integer               | numeric",
                "integer               | numeric(10,0)",
                "bigint                | numeric(20,1)",
                "numeric(10,2)         | numeric(18,2)",
                "numeric(10,2)         | numeric",
                "numeric(10,2)         | numeric(3,-2)",
                "text                  | text",
                "text                  | citext",
                "text                  | character varying",
                "varchar(20)           | character varying(20)",
                "timestamptz           | timestamp with time zone",
                "timestamptz           | timestamp without time zone",
                "date                  | timestamp with time zone",
                "jsonb                 | json",
                "uuid                  | text",
                "text[]                | text[]",
                "boolean               | some_domain",
            })
    void whatStaysAsItIsIsNot(String mapped, String live) {
        assertThat(TypeFit.loss(type(mapped), live, "it is lost")).isEmpty();
    }

    private static ColumnType type(String name) {
        return ColumnType.parse(name).orElseThrow();
    }
}
