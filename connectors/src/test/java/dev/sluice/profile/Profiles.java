package dev.sluice.profile;

import dev.sluice.schema.CollectionMapping;
import dev.sluice.schema.Mapping;
import dev.sluice.schema.MappingReader;
import java.util.ArrayList;
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
        List<CollectionProfile> profiles = new ArrayList<>();
        collections.forEach((name, documents) -> profiles.add(of(name, documents)));
        return MappingProposer.propose(wish(), profiles, References.find(profiles, lookup(collections)));
    }

    /// Finds `_id`s among the documents, whole numbers by value as MongoDB does.
    static References.IdLookup lookup(Map<String, List<BsonDocument>> collections) {
        return (collection, ids) -> {
            Set<BsonValue> there = new HashSet<>();
            for (BsonDocument document : collections.getOrDefault(collection, List.of())) {
                BsonValue id = document.get("_id");
                BsonValue asLong = id instanceof BsonInt32 number ? new BsonInt64(number.getValue()) : id;
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
