package dev.sluice.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.mapping.row.TableShape;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.TableName;
import dev.sluice.sink.copy.EncodedRows;
import java.math.BigDecimal;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Which values are certainly the same, and which are left to PostgreSQL.
class SameValueTest {
    private static final int NUMERIC = 1700;
    private static final int INT8 = 20;
    private static final int TEXT = 25;
    private static final int CHAR = 1042;

    /// What `atttypmod` is for `numeric(30,scale)`.
    private static int modifier(int scale) {
        return scale < 0 ? -1 : ((30 << 16) | scale) + 4;
    }

    private static boolean same(SameValue value, ColumnType type, @Nullable Object expected, @Nullable Object stored) {
        return value.is(field(type, expected), field(type, stored), new JsonbText());
    }

    private static RowFields field(ColumnType type, @Nullable Object value) {
        TableShape shape = new TableShape(new TableName("public", "t"), 1, List.of(TableShape.Column.plain("v", type)));
        EncodedRows rows = new EncodedRows(List.of(shape));
        rows.startDocument();
        rows.addRow(0, value);
        rows.endDocument();
        RowFields fields = new RowFields();
        fields.start(rows.encoded(0), 0);
        return fields;
    }

    private static SameValue of(ColumnType type, int oid, String name, int modifier) {
        return SameValue.of(TableShape.Column.plain("v", type), false, true, new SameValue.Live(oid, name, modifier))
                .orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({
        // the mapping's scale, the column's, expected, stored; -1 for no scale
        "-1, -1, 1.5, 1.5, true",
        "-1, -1, 1.5, 1.50, false",
        "-1, -1, 0, 0.0, false",
        "-1, -1, -1.5, 1.5, false",
        "-1, -1, 15, 150000, false",
        "-1, 2, 1.5, 1.50, true",
        "-1, 2, 1.5, 1.5, false",
        "-1, 2, 0, 0.00, true",
        "-1, 2, 1.505, 1.51, false",
        "-1, 2, 1.505, 1.505, false",
        "2, 2, 10000, 10000.00, true",
        "2, 2, 1.5, 1.51, false",
        "2, 4, 1.5, 1.5000, true",
        "2, 4, 1.5001, 1.5001, false",
        "2, -1, 1.5, 1.50, true",
        "2, -1, 1.5, 1.5, false",
        "4, 2, 1.5, 1.50, true",
        "4, 2, 1.555, 1.56, false"
    })
    void aDecimalIsSameAtTheScaleOfTheColumnUnlessItWouldBeRounded(
            int staged, int live, String expected, String stored, boolean same) {
        ColumnType type = staged < 0 ? ColumnType.Numeric.UNCONSTRAINED : new ColumnType.Numeric(30, staged);

        assertThat(same(
                        of(type, NUMERIC, "numeric", modifier(live)),
                        ColumnType.Numeric.UNCONSTRAINED,
                        new BigDecimal(expected),
                        new BigDecimal(stored)))
                .isEqualTo(same);
    }

    @Test
    void whatIsNoNumberIsSameAsItself() {
        ColumnType type = ColumnType.Numeric.UNCONSTRAINED;
        SameValue value = of(type, NUMERIC, "numeric", modifier(2));

        assertThat(same(value, type, Double.NaN, Double.NaN)).isTrue();
        assertThat(same(value, type, Double.NaN, BigDecimal.ZERO)).isFalse();
        assertThat(same(value, type, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY))
                .isFalse();
    }

    @Test
    void nullIsSameAsNullAlone() {
        SameValue value = of(new ColumnType.Text(), TEXT, "text", -1);

        assertThat(same(value, new ColumnType.Text(), null, null)).isTrue();
        assertThat(same(value, new ColumnType.Text(), "", null)).isFalse();
        assertThat(same(value, new ColumnType.Text(), null, "")).isFalse();
    }

    @Test
    void wholeNumbersAreComparedAcrossWidths() {
        SameValue value = of(new ColumnType.Int(4), INT8, "int8", -1);

        assertThat(value.is(field(new ColumnType.Int(4), -5L), field(new ColumnType.Int(8), -5L), new JsonbText()))
                .isTrue();
        assertThat(value.is(
                        field(new ColumnType.Int(4), -5L),
                        field(new ColumnType.Int(8), 4_294_967_291L),
                        new JsonbText()))
                .isFalse();
    }

    @Test
    void typesOfOtherRulesAreLeftToPostgreSql() {
        assertThat(left(new ColumnType.Text(), new SameValue.Live(CHAR, "bpchar", 9)))
                .isTrue();
        assertThat(left(new ColumnType.Int(4), new SameValue.Live(NUMERIC, "numeric", -1)))
                .isTrue();
        assertThat(left(new ColumnType.Inet(), new SameValue.Live(869, "inet", -1)))
                .isTrue();
        assertThat(left(new ColumnType.Text(), null)).isTrue();
        assertThat(left(new ColumnType.Text(), new SameValue.Live(TEXT, "text", -1)))
                .isFalse();
    }

    private static boolean left(ColumnType type, SameValue.@Nullable Live live) {
        return SameValue.of(TableShape.Column.plain("v", type), false, true, live)
                .isEmpty();
    }
}
