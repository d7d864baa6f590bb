package dev.sluice.profile;

import dev.sluice.profile.IdSurvey.Kind;
import dev.sluice.profile.Proposal.KeyColumn;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.KeyMapping;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which key column the `_id`s of a collection become. A key is what references are written like, so it is
/// plain wherever no `_id` is written as one of another type could be: the ObjectId and the 24 digits of it
/// that another document holds as a string are one text then.
public final class Keys {
    private Keys() {}

    /// @param surveys of the collections by name
    /// @return by collection
    public static Map<String, KeyColumn> choose(Collection<CollectionProfile> profiles, Map<String, IdSurvey> surveys) {
        Map<String, KeyColumn> keys = new LinkedHashMap<>();
        for (CollectionProfile profile : profiles) {
            IdSurvey survey = surveys.get(profile.collection());
            if (survey == null) {
                throw new IllegalArgumentException("every collection that was profiled has a survey of its ids");
            }
            keys.put(profile.collection(), key(column(profile), profile.id(), survey));
        }
        return keys;
    }

    /// `id`, unless a field has that name: `_id` is a name that no field gets.
    private static String column(CollectionProfile profile) {
        return Layout.of(profile, Flattening.STANDARD, References.none()).columns().stream()
                        .anyMatch(flat ->
                                SqlNames.snake(String.join("_", flat.path())).equals("id"))
                ? "_id"
                : "id";
    }

    private static KeyColumn key(String column, FieldProfile id, IdSurvey survey) {
        Set<Kind> kinds = survey.kinds();
        if (kinds.isEmpty()) {
            return plain(
                    column,
                    null,
                    "no document was seen; should ids of several types come, `form: typed` tells them apart");
        }
        if (kinds.size() > 1) {
            return mixed(column, id, survey);
        }
        return switch (kinds.iterator().next()) {
            case OBJECT_ID ->
                plain(
                        column,
                        null,
                        "ObjectId as 24 hex digits: references to it are written the same, and need no look-up");
            case STRING ->
                nul(id, survey)
                        ? typed(column, "string, some with NUL")
                        : plain(
                                column,
                                KeyMapping.Of.STRING,
                                "string, at most " + BsonTypes.count(id.texts().charactersMax(), "character"));
            case BINARY ->
                survey.odd().binaries() + id.binaries().count() - id.binaries().uuids() > 0
                        ? typed(column, "binary, not only UUIDs")
                        : new KeyColumn(
                                column,
                                new ColumnType.Uuid(),
                                false,
                                null,
                                "UUID (binary of subtype 4); an _id of another type would be dead-lettered");
            case NUMBER ->
                fractions(id, survey)
                        ? typed(column, BsonTypes.shares(id) + ", not all of them whole")
                        : new KeyColumn(
                                column,
                                new ColumnType.Int(8),
                                false,
                                null,
                                "whole numbers (" + BsonTypes.shares(id)
                                        + "); an _id of another type would be dead-lettered");
            case OTHER -> typed(column, BsonTypes.shares(id));
        };
    }

    private static KeyColumn mixed(String column, FieldProfile id, IdSurvey survey) {
        String seen = BsonTypes.shares(id) + (id.types().size() > 1 ? "" : ", and others that are not in the sample");
        IdSurvey.Odd odd = survey.odd();
        if (odd.alike() > 0) {
            return typed(
                    column,
                    seen + "; " + BsonTypes.count(odd.alike(), "string")
                            + " could be written like an _id of another type");
        }
        if (nul(id, survey)) {
            return typed(column, seen + ", some strings with NUL");
        }
        if (survey.kinds().contains(Kind.NUMBER) && fractions(id, survey)) {
            return typed(column, seen + ", not all numbers whole");
        }
        return plain(
                column,
                survey.kinds().contains(Kind.STRING) ? KeyMapping.Of.ANY : null,
                seen + ": as text, no string of "
                        + (survey.complete()
                                ? "all there are"
                                : "the " + BsonTypes.number(survey.compared()) + " that were looked at")
                        + " is written like an _id of another type");
    }

    /// What is not UTF-8 is in no key, however it is written.
    private static boolean nul(FieldProfile id, IdSurvey survey) {
        return id.texts().unfit() - id.texts().notUtf8() + survey.odd().nul() > 0;
    }

    private static boolean fractions(FieldProfile id, IdSurvey survey) {
        return survey.odd().fractions() > 0
                || (id.numbers().count() > 0 && !id.numbers().whole());
    }

    private static KeyColumn plain(String column, KeyMapping.@Nullable Of of, String reason) {
        return new KeyColumn(column, new ColumnType.Text(), false, of, reason);
    }

    private static KeyColumn typed(String column, String reason) {
        return new KeyColumn(
                column, new ColumnType.Text(), true, null, reason + ": with its type, so that no two are alike");
    }
}
