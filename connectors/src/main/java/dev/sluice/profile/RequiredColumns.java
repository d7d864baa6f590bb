package dev.sluice.profile;

import dev.sluice.profile.CollectionRules.Nullness;
import dev.sluice.profile.Proposal.Column;
import dev.sluice.profile.Proposal.Promise;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Which columns are NOT NULL, by the validator that MongoDB has and by what was read.
///
/// It is a constraint only where nothing but a write past the validator can break it: every document was
/// read, MongoDB refuses others, the type that it asks for is not null, and each value is of one type
/// that the column holds as it is. A document that breaks it is a dead letter, not a value in
/// quarantine. In all other cases the migration has it as a comment.
final class RequiredColumns {
    private RequiredColumns() {}

    /// The columns of the collection's own table, with what is promised of them.
    static List<Column> of(CollectionProfile profile, List<Column> columns) {
        return columns.stream()
                .map(column -> promise(profile, column).map(column::with).orElse(column))
                .toList();
    }

    private static Optional<Promise> promise(CollectionProfile profile, Column column) {
        Nullness nullness = profile.rules().required().get(column.path());
        FieldProfile field = profile.documents().at(column.path()).orElse(null);
        if (nullness == null || field == null || field.values() < profile.count()) {
            return Optional.empty();
        }
        Set<?> types = EnumSet.copyOf(field.types().keySet());
        boolean holds = profile.rules().enforced()
                && nullness == Nullness.NEVER
                && profile.sample().isEmpty()
                && profile.unseen() == 0
                && types.size() == 1
                && field.texts().unfit() == 0
                && column.conversions().isEmpty();
        return Optional.of(holds ? Promise.NOT_NULL : Promise.REQUIRED);
    }
}
