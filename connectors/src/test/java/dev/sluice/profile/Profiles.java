package dev.sluice.profile;

import dev.sluice.change.IdBracket;
import dev.sluice.profile.Proposal.KeyColumn;
import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.ColumnType;
import dev.sluice.schema.Mapping;
import dev.sluice.schema.MappingReader;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.Set;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonNull;
import org.bson.BsonNumber;
import org.bson.BsonValue;

/// What tests of proposals share: from documents in memory to a proposal and what becomes of them under it.
final class Profiles {
    private Profiles() {}

    static CollectionProfile of(String collection, List<BsonDocument> documents) {
        CollectionProfile profile = new CollectionProfile(collection, OptionalLong.of(documents.size()));
        documents.forEach(document -> profile.add(document, 100));
        return profile;
    }

    static CollectionProfile of(String collection, String... documents) {
        List<BsonDocument> parsed = new ArrayList<>();
        for (int i = 0; i < documents.length; i++) {
            BsonDocument document = BsonDocument.parse(documents[i]);
            if (!document.containsKey("_id")) {
                document.put("_id", new BsonInt32(i));
            }
            parsed.add(document);
        }
        return of(collection, parsed);
    }

    static MappingProposer.Wish wish() {
        return new MappingProposer.Wish("test", "test", "public", new LinkedHashMap<>(), false);
    }

    static Proposal propose(SequencedMap<String, List<BsonDocument>> collections) {
        return propose(collections, Map.of());
    }

    /// @param indexes of MongoDB, by collection; of those that are not in it they could not be read
    static Proposal propose(
            SequencedMap<String, List<BsonDocument>> collections, Map<String, List<SourceIndex>> indexes) {
        return propose(collections, indexes, Map.of(), false);
    }

    /// @param rules of MongoDB, by collection
    /// @param words whether words that fields always hold are written down
    static Proposal propose(
            SequencedMap<String, List<BsonDocument>> collections,
            Map<String, List<SourceIndex>> indexes,
            Map<String, CollectionRules> rules,
            boolean words) {
        List<CollectionProfile> profiles = new ArrayList<>();
        collections.forEach((name, documents) -> {
            CollectionProfile profile = of(name, documents);
            if (indexes.containsKey(name)) {
                profile.indexes(indexes.getOrDefault(name, List.of()));
            }
            profile.rules(rules.getOrDefault(name, CollectionRules.NONE));
            profiles.add(profile);
        });
        Map<String, IdSurvey> surveys = new HashMap<>();
        collections.forEach((name, documents) -> surveys.put(name, survey(name, collections)));
        Map<String, KeyColumn> keys = Keys.choose(profiles, surveys);
        MappingProposer.Wish wish = new MappingProposer.Wish("test", "test", "public", new LinkedHashMap<>(), words);
        return MappingProposer.propose(wish, profiles, keys, References.find(profiles, keys, lookup(collections)));
    }

    /// The proposal for one collection, without looking for references.
    static Proposal propose(MappingProposer.Wish wish, CollectionProfile profile) {
        return MappingProposer.propose(
                wish, List.of(profile), Map.of(profile.collection(), key(profile)), References.none());
    }

    /// A key for documents that nobody looks up.
    static KeyColumn key(CollectionProfile profile) {
        return Keys.choose(
                        List.of(profile),
                        Map.of(profile.collection(), survey(profile.collection(), new LinkedHashMap<>())))
                .getOrDefault(profile.collection(), new KeyColumn("id", new ColumnType.Text(), false, null, ""));
    }

    static IdSurvey survey(String collection, Map<String, List<BsonDocument>> collections) {
        return IdSurvey.of(most -> {
            Map<IdBracket, List<BsonValue>> byType = new EnumMap<>(IdBracket.class);
            collections.getOrDefault(collection, List.of()).forEach(document -> {
                BsonValue id = document.get("_id", BsonNull.VALUE);
                byType.computeIfAbsent(IdBracket.of(id), bracket -> new ArrayList<>())
                        .add(id);
            });
            byType.values()
                    .forEach(ids ->
                            ids.subList(Math.min(most, ids.size()), ids.size()).clear());
            return List.copyOf(byType.values());
        });
    }

    /// Finds `_id`s among the documents, whole numbers by value as MongoDB does.
    static References.IdLookup lookup(Map<String, List<BsonDocument>> collections) {
        return (collection, ids) -> {
            Set<BsonValue> there = new HashSet<>();
            for (BsonDocument document : collections.getOrDefault(collection, List.of())) {
                BsonValue id = document.get("_id");
                BsonValue asLong = id instanceof BsonNumber number && number.longValue() == number.doubleValue()
                        ? new BsonInt64(number.longValue())
                        : id;
                if (id != null && (ids.contains(id) || ids.contains(asLong))) {
                    there.add(id);
                }
            }
            return there;
        };
    }

    static Mapping read(Proposal proposal) {
        return MappingReader.read("proposed.yaml", MappingYaml.write(proposal));
    }

    /// What becomes of the documents of one collection under the mapping that is proposed for all.
    static Coverage coverage(Mapping mapping, String collection, Map<String, List<BsonDocument>> documents) {
        CollectionMapping of = mapping.byCollection().get(collection);
        if (of == null) {
            throw new AssertionError("no collection " + collection + " is proposed");
        }
        Coverage coverage = Coverage.of(of);
        documents.getOrDefault(collection, List.of()).forEach(coverage::add);
        return coverage;
    }
}
