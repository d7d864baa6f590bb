package dev.sluice.verify;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// JSON as PostgreSQL writes it when it is held as jsonb: the names of an object in the order of their
/// length and then of their bytes, a blank behind each comma and colon, numbers without an exponent.
/// What it is not certain of it leaves to PostgreSQL: then there is no text. For one thread.
final class JsonbText {
    /// Levels of objects and arrays; each takes some of the stack.
    private static final int DEPTH_MAX = 256;

    /// Digits, and the size of the exponent, of a number that is written out here.
    private static final int DIGITS_MAX = 400;

    /// So many names are put in order where they lie.
    private static final int FEW = 16;

    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private byte[] out = new byte[1 << 10];
    private int size;
    private byte[] ordered = new byte[1 << 10];
    /// Of the objects that are open, four numbers for each member so far: where its name begins in
    /// `out`, its length, and where the member begins and ends.
    private int[] members = new int[64];

    private int membersSize;

    private byte[] json = {};
    private int at;
    private int end;

    /// Whether JSON is, as jsonb, a text that PostgreSQL wrote. In both fields it comes behind the
    /// version of the format.
    ///
    /// @return false also where that is not certain
    boolean is(RowFields given, RowFields written) {
        return given.bytes()[given.at()] == written.bytes()[written.at()]
                && write(given.bytes(), given.at() + 1, given.length() - 1)
                && Arrays.equals(out, 0, size, written.bytes(), written.at() + 1, written.at() + written.length());
    }

    /// Writes JSON as jsonb.
    ///
    /// @return false where it is not certain
    boolean write(byte[] given, int from, int length) {
        json = given;
        at = from;
        end = from + length;
        size = 0;
        membersSize = 0;
        return value(1) && isEnd();
    }

    /// What was written last.
    String text() {
        return new String(out, 0, size, StandardCharsets.UTF_8);
    }

    private boolean isEnd() {
        skipBlanks();
        return at == end;
    }

    private void skipBlanks() {
        while (at < end && (json[at] == ' ' || json[at] == '\n' || json[at] == '\r' || json[at] == '\t')) {
            at++;
        }
    }

    /// @return 0 at the end
    private byte next() {
        skipBlanks();
        return at < end ? json[at] : 0;
    }

    private boolean value(int depth) {
        return switch (next()) {
            case '{' -> depth <= DEPTH_MAX && object(depth);
            case '[' -> depth <= DEPTH_MAX && array(depth);
            case '"' -> string();
            case 't' -> word("true");
            case 'f' -> word("false");
            case 'n' -> word("null");
            default -> number();
        };
    }

    private boolean word(String word) {
        if (end - at < word.length()) {
            return false;
        }
        for (int i = 0; i < word.length(); i++) {
            if (json[at + i] != word.charAt(i)) {
                return false;
            }
        }
        copy(at, word.length());
        at += word.length();
        return true;
    }

    private boolean array(int depth) {
        one('[');
        at++;
        if (next() == ']') {
            at++;
            one(']');
            return true;
        }
        while (value(depth + 1)) {
            byte behind = next();
            at++;
            if (behind == ']') {
                one(']');
                return true;
            }
            if (behind != ',') {
                return false;
            }
            two(',', ' ');
        }
        return false;
    }

    private boolean object(int depth) {
        one('{');
        at++;
        if (next() == '}') {
            at++;
            one('}');
            return true;
        }
        int first = membersSize;
        int begin = size;
        while (next() == '"') {
            int member = size;
            if (!string()) {
                return false;
            }
            int name = member + 1;
            int nameLength = size - 1 - name;
            // PostgreSQL orders by what the name is, and not by how it is written.
            if (isEscaped(name, nameLength) || next() != ':') {
                return false;
            }
            at++;
            two(':', ' ');
            if (!value(depth + 1)) {
                return false;
            }
            note(name, nameLength, member, size);
            byte behind = next();
            at++;
            if (behind == '}') {
                boolean distinct = order(first, begin);
                membersSize = first;
                one('}');
                return distinct;
            }
            if (behind != ',') {
                return false;
            }
            two(',', ' ');
        }
        return false;
    }

    private boolean isEscaped(int from, int length) {
        for (int i = from; i < from + length; i++) {
            if (out[i] == '\\') {
                return true;
            }
        }
        return false;
    }

    private void note(int name, int nameLength, int from, int to) {
        if (membersSize + 4 > members.length) {
            members = Arrays.copyOf(members, 2 * members.length);
        }
        members[membersSize] = name;
        members[membersSize + 1] = nameLength;
        members[membersSize + 2] = from;
        members[membersSize + 3] = to;
        membersSize += 4;
    }

    /// Puts the members of an object in order.
    ///
    /// @param first where their notes begin
    /// @param begin where the first of them lies
    /// @return false where two have one name
    private boolean order(int first, int begin) {
        boolean inOrder = true;
        for (int i = first + 4; i < membersSize && inOrder; i += 4) {
            inOrder = compare(i - 4, i) < 0;
        }
        if (inOrder) {
            return true;
        }
        int[] order = sorted(first);
        for (int i = 1; i < order.length; i++) {
            if (compare(order[i - 1], order[i]) == 0) {
                return false;
            }
        }
        int length = size - begin;
        if (ordered.length < length) {
            ordered = new byte[2 * length];
        }
        int to = 0;
        for (int member : order) {
            if (to > 0) {
                ordered[to++] = ',';
                ordered[to++] = ' ';
            }
            int from = members[member + 2];
            int bytes = members[member + 3] - from;
            System.arraycopy(out, from, ordered, to, bytes);
            to += bytes;
        }
        System.arraycopy(ordered, 0, out, begin, length);
        return true;
    }

    private int[] sorted(int first) {
        int count = (membersSize - first) / 4;
        int[] order = new int[count];
        for (int i = 0; i < count; i++) {
            order[i] = first + 4 * i;
        }
        if (count > FEW) {
            return Arrays.stream(order)
                    .boxed()
                    .sorted(this::compare)
                    .mapToInt(i -> i)
                    .toArray();
        }
        for (int i = 1; i < count; i++) {
            int moved = order[i];
            int to = i;
            while (to > 0 && compare(order[to - 1], moved) > 0) {
                order[to] = order[to - 1];
                to--;
            }
            order[to] = moved;
        }
        return order;
    }

    private int compare(int one, int other) {
        int byLength = Integer.compare(members[one + 1], members[other + 1]);
        return byLength != 0
                ? byLength
                : Arrays.compareUnsigned(
                        out,
                        members[one],
                        members[one] + members[one + 1],
                        out,
                        members[other],
                        members[other] + members[other + 1]);
    }

    private boolean string() {
        int from = at;
        at++;
        while (at < end) {
            byte b = json[at];
            if (b == '"') {
                at++;
                copy(from, at - from);
                return true;
            }
            if (b == '\\') {
                copy(from, at - from);
                if (!escape()) {
                    return false;
                }
                from = at;
            } else {
                at++;
            }
        }
        return false;
    }

    private boolean escape() {
        if (at + 1 >= end) {
            return false;
        }
        byte escaped = json[at + 1];
        switch (escaped) {
            case '"', '\\', 'b', 'f', 'n', 'r', 't' -> two('\\', (char) escaped);
            case '/' -> one('/');
            default -> {
                return escaped == 'u' && control();
            }
        }
        at += 2;
        return true;
    }

    /// A control character by its number; others are left to PostgreSQL.
    private boolean control() {
        if (at + 6 > end || json[at + 2] != '0' || json[at + 3] != '0' || json[at + 4] < '0' || json[at + 4] > '1') {
            return false;
        }
        int low = Character.digit(json[at + 5], 16);
        int code = 16 * (json[at + 4] - '0') + low;
        if (low < 0 || code == 0) {
            return false;
        }
        switch (code) {
            case '\b' -> two('\\', 'b');
            case '\f' -> two('\\', 'f');
            case '\n' -> two('\\', 'n');
            case '\r' -> two('\\', 'r');
            case '\t' -> two('\\', 't');
            default -> {
                copy(at, 4);
                two((char) json[at + 4], (char) HEX[low]);
            }
        }
        at += 6;
        return true;
    }

    private boolean number() {
        int from = at;
        boolean plain = true;
        while (at < end && isOfNumber(json[at])) {
            plain &= json[at] != 'e' && json[at] != 'E' && json[at] != '+';
            at++;
        }
        int length = at - from;
        if (length == 0) {
            return false;
        }
        // Of zero there is one, without a sign.
        boolean mayBeZero = json[from] == '-' && length > 1 && json[from + 1] == '0';
        if (plain && !mayBeZero) {
            copy(from, length);
            return true;
        }
        if (length > DIGITS_MAX) {
            return false;
        }
        try {
            BigDecimal value = new BigDecimal(new String(json, from, length, StandardCharsets.US_ASCII));
            if (Math.abs((long) value.scale()) > DIGITS_MAX) {
                return false;
            }
            byte[] text = value.toPlainString().getBytes(StandardCharsets.US_ASCII);
            ensure(text.length);
            System.arraycopy(text, 0, out, size, text.length);
            size += text.length;
            return true;
        } catch (NumberFormatException noNumber) {
            return false;
        }
    }

    private static boolean isOfNumber(byte b) {
        return (b >= '0' && b <= '9') || b == '-' || b == '.' || b == 'e' || b == 'E' || b == '+';
    }

    private void copy(int from, int length) {
        ensure(length);
        System.arraycopy(json, from, out, size, length);
        size += length;
    }

    private void one(char ascii) {
        ensure(1);
        out[size++] = (byte) ascii;
    }

    private void two(char first, char second) {
        ensure(2);
        out[size++] = (byte) first;
        out[size++] = (byte) second;
    }

    private void ensure(int more) {
        if (size + more > out.length) {
            out = Arrays.copyOf(out, Math.max(2 * out.length, size + more));
        }
    }
}
