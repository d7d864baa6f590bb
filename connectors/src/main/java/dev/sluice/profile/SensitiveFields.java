package dev.sluice.profile;

import dev.sluice.schema.ColumnType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// The fields of a collection whose values must not be shown, by their profiles. Nothing of their values
/// is in a report, a mapping or a migration: no range, no length, no word. Immutable once made.
final class SensitiveFields {
    private final Map<FieldProfile, Sensitive> byField = new HashMap<>();
    private final SequencedMap<List<String>, Sensitive> byPath = new LinkedHashMap<>();

    private SensitiveFields() {}

    static SensitiveFields of(ObjectProfile documents) {
        SensitiveFields fields = new SensitiveFields();
        fields.object(List.of(), documents, false);
        return fields;
    }

    /// Those that are to be redacted, and of which it is proposed, in the order in which they turned up;
    /// `_id` and its fields included. Paths go through arrays.
    SequencedMap<List<String>, Sensitive> byPath() {
        return byPath;
    }

    /// Why the values of a field are not shown; empty where they may be.
    Optional<Sensitive> of(FieldProfile field) {
        return Optional.ofNullable(byField.get(field));
    }

    /// Whether `redact` masks the field.
    boolean isMasked(FieldProfile field) {
        Sensitive sensitive = byField.get(field);
        return sensitive != null && sensitive.masked();
    }

    /// The column of a field that is masked.
    static TypeChoice masked(Sensitive sensitive) {
        return new TypeChoice(new ColumnType.Text(), List.of(), sensitive.reason() + ": masked");
    }

    private void object(List<String> path, ObjectProfile object, boolean within) {
        object.fields().forEach((name, field) -> {
            List<String> inner = new ArrayList<>(path);
            inner.add(name);
            field(List.copyOf(inner), field, within);
        });
    }

    private void field(List<String> path, FieldProfile field, boolean within) {
        FieldName name = FieldName.of(path.getLast());
        Sensitive.of(name, field, within).ifPresent(found -> mark(path, field, found));
        boolean inner = within || Sensitive.says(name);
        ObjectProfile object = field.object();
        if (object != null) {
            inside(path, field, object, inner);
        }
        ArrayProfile array = field.array();
        if (array == null) {
            return;
        }
        FieldProfile elements = array.elements();
        Sensitive.of(name, elements, within).ifPresent(found -> {
            mark(path, field, found);
            byField.put(elements, found);
        });
        if (elements.object() != null) {
            inside(path, field, elements.object(), inner);
        }
    }

    /// Where names are data, no path leads to one of the values: all of them are one.
    private void inside(List<String> path, FieldProfile field, ObjectProfile object, boolean within) {
        if (!Layout.isMap(object)) {
            object(path, object, within);
            return;
        }
        SensitiveFields values = new SensitiveFields();
        values.object(List.of(), object, within);
        byField.putAll(values.byField);
        values.byPath.values().stream()
                .reduce((one, other) -> one.masked() || !other.masked() ? one : other)
                .ifPresent(found -> mark(path, field, found));
    }

    /// Of two findings the one that masks counts.
    private void mark(List<String> path, FieldProfile field, Sensitive found) {
        Sensitive known = byField.get(field);
        if (known == null || (!known.masked() && found.masked())) {
            byField.put(field, found);
            byPath.put(path, found);
        }
    }
}
