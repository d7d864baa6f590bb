package dev.sluice.mapping.row;

import dev.sluice.mapping.value.Uuids;

/// Addresses of hosts as text: IPv4 as four decimal numbers, or IPv6, and optionally the length of the
/// network's prefix. All of them are read by PostgreSQL's `inet`, which takes shortened ones too
/// (`10.1/16`); those, and numbers with leading zeros, which some take for octal, are left to a person who
/// knows what they mean. No names, no zones (`%eth0`), and nothing is resolved.
final class InetText {
    private static final int GROUPS = 8;

    private InetText() {}

    static boolean isAddress(String text) {
        int slash = text.indexOf('/');
        int end = slash < 0 ? text.length() : slash;
        boolean six = text.indexOf(':') >= 0;
        boolean prefixed = slash < 0 || isNumber(text, slash + 1, text.length(), six ? 128 : 32);
        return prefixed && (six ? isIpv6(text, end) : isIpv4(text, 0, end));
    }

    private static boolean isIpv4(String text, int from, int end) {
        int numbers = 0;
        int start = from;
        while (start <= end) {
            int dot = text.indexOf('.', start);
            int stop = dot < 0 || dot > end ? end : dot;
            if (!isNumber(text, start, stop, 255)) {
                return false;
            }
            numbers++;
            start = stop + 1;
        }
        return numbers == 4;
    }

    private static boolean isIpv6(String text, int end) {
        int gap = text.indexOf("::");
        if (gap < 0) {
            return groups(text, 0, end) == GROUPS;
        }
        int before = gap == 0 ? 0 : groups(text, 0, gap);
        int after = gap + 2 == end ? 0 : groups(text, gap + 2, end);
        // The gap stands for one group at least. Only the last groups may be written as IPv4.
        boolean plain = text.lastIndexOf('.', gap) < 0;
        return plain && before >= 0 && after >= 0 && before + after < GROUPS;
    }

    /// How many groups of 16 bits there are; -1 where there is something else.
    private static int groups(String text, int from, int end) {
        int groups = 0;
        int start = from;
        while (start <= end) {
            int colon = text.indexOf(':', start);
            int stop = colon < 0 || colon > end ? end : colon;
            if (isGroup(text, start, stop)) {
                groups++;
            } else if (stop == end && isIpv4(text, start, end)) {
                groups += 2;
            } else {
                return -1;
            }
            start = stop + 1;
        }
        return groups;
    }

    private static boolean isGroup(String text, int from, int to) {
        if (to - from < 1 || to - from > 4) {
            return false;
        }
        for (int i = from; i < to; i++) {
            if (!Uuids.isHex(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    /// A decimal number up to so much, without leading zeros.
    private static boolean isNumber(String text, int from, int to, int max) {
        int length = to - from;
        if (length < 1 || length > 3 || (length > 1 && text.charAt(from) == '0')) {
            return false;
        }
        int number = 0;
        for (int i = from; i < to; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return false;
            }
            number = number * 10 + digit;
        }
        return number <= max;
    }
}
