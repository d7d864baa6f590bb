package dev.sluice.testkit;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What objects take of the heap, found by following their fields: as a JVM without compressed references has them,
/// which is the most that they take.
public final class HeapSize {
    private static final int HEADER = 16;
    private static final int REFERENCE = 8;
    /// Of a map, with the bucket that leads to it.
    private static final int ENTRY = 64;

    private final Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Deque<Object> left = new ArrayDeque<>();

    private HeapSize() {}

    /// @param shared what is not counted, with all that is behind it
    public static long of(Object object, Object... shared) {
        HeapSize size = new HeapSize();
        Collections.addAll(size.seen, shared);
        size.add(object);
        long bytes = 0;
        while (!size.left.isEmpty()) {
            bytes += aligned(size.take(size.left.pop()));
        }
        return bytes;
    }

    private static long aligned(long bytes) {
        return (bytes + 7) / 8 * 8;
    }

    private void add(@Nullable Object object) {
        if (object != null && !(object instanceof Enum<?>) && seen.add(object)) {
            left.push(object);
        }
    }

    private long take(Object object) {
        return switch (object) {
            case String text -> HEADER + 16 + HEADER + aligned(bytes(text));
            case Number number when isOfTheJdk(number) -> HEADER + 8;
            case Boolean truth -> 0;
            case UUID uuid -> HEADER + 16;
            case Map<?, ?> map
            when isOfTheJdk(map) -> {
                map.forEach((key, value) -> {
                    add(key);
                    add(value);
                });
                yield 2 * HEADER + 5 * REFERENCE + (long) ENTRY * map.size();
            }
            case Collection<?> some
            when isOfTheJdk(some) -> {
                some.forEach(this::add);
                yield some.isEmpty() ? HEADER : 3 * HEADER + 2L * REFERENCE * some.size();
            }
            default -> object.getClass().isArray() ? array(object) : fields(object);
        };
    }

    private static int bytes(String text) {
        return text.chars().allMatch(c -> c < 256) ? text.length() : 2 * text.length();
    }

    private static boolean isOfTheJdk(Object object) {
        return object.getClass().getName().startsWith("java.");
    }

    private long array(Object array) {
        int length = Array.getLength(array);
        Class<?> of = array.getClass().getComponentType();
        if (of.isPrimitive()) {
            return HEADER + (long) bytes(of) * length;
        }
        for (int i = 0; i < length; i++) {
            add(Array.get(array, i));
        }
        return HEADER + (long) REFERENCE * length;
    }

    private static int bytes(Class<?> primitive) {
        return switch (primitive.getName()) {
            case "byte", "boolean" -> 1;
            case "short", "char" -> 2;
            case "int", "float" -> 4;
            default -> 8;
        };
    }

    private long fields(Object object) {
        long bytes = HEADER;
        for (Class<?> type = object.getClass(); type != Object.class; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers())) {
                    bytes += field.getType().isPrimitive() ? bytes(field.getType()) : REFERENCE;
                    if (!field.getType().isPrimitive()) {
                        add(valueOf(field, object));
                    }
                }
            }
        }
        return bytes;
    }

    private static @Nullable Object valueOf(Field field, Object object) {
        try {
            field.setAccessible(true);
            return field.get(object);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }
}
