package dev.sluice.service.infer;

import dev.sluice.bson.DocumentDecoder;
import dev.sluice.change.IdBracket;
import dev.sluice.change.IdRange;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import dev.sluice.mapping.DocumentMapper;
import dev.sluice.memory.Footprint;
import dev.sluice.profile.CollectionProfile;
import dev.sluice.profile.CollectionRules;
import dev.sluice.profile.Coverage;
import dev.sluice.profile.FieldSummary;
import dev.sluice.profile.Flattening;
import dev.sluice.profile.IdSurvey;
import dev.sluice.profile.Keys;
import dev.sluice.profile.MappingProposer;
import dev.sluice.profile.MappingYaml;
import dev.sluice.profile.MigrationSql;
import dev.sluice.profile.Proposal;
import dev.sluice.profile.References;
import dev.sluice.profile.SourceIndex;
import dev.sluice.schema.Mapping;
import dev.sluice.schema.MappingReader;
import dev.sluice.source.mongo.MongoSource;
import dev.sluice.source.mongo.MongoSource.Namespace;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bson.BsonValue;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/// Reads the documents of a database, proposes a mapping, and tries it on documents: those of a small
/// collection again, of a large one a second sample, which the proposal was not made from. Reads only. For one
/// thread.
public final class Inference {
    private static final int IDS_MAX = 500;

    private final MongoSource source;
    private final Request request;
    private final InferProgress progress;

    /// What is asked for.
    ///
    /// @param collections only these; empty for all
    /// @param sample documents of each collection that are looked at; 0 for all
    /// @param name of the mapping
    /// @param schema of the tables
    /// @param flattening how deep objects are laid flat
    /// @param wanted what is not done unless somebody asks for it
    public record Request(
            List<String> collections,
            int sample,
            String name,
            String schema,
            Flattening flattening,
            Set<Wanted> wanted) {
        public Request {
            collections = List.copyOf(collections);
            wanted = Set.copyOf(wanted);
        }
    }

    /// What is done only if it is asked for.
    public enum Wanted {
        /// The few texts that a field always holds are written into the mapping.
        WORDS,
        /// Collections without documents get tables.
        EMPTY_COLLECTIONS
    }

    /// What came of it.
    ///
    /// @param yaml the mapping
    /// @param sql the migration
    /// @param afterCopy what is applied after the copy; null for nothing
    /// @param collections in the order of the mapping
    public record Result(
            Proposal proposal,
            String yaml,
            String sql,
            @Nullable String afterCopy,
            List<Inferred> collections) {
        public Result {
            collections = List.copyOf(collections);
        }
    }

    /// One collection.
    public record Inferred(
            Proposal.Table table, CollectionProfile profile, List<FieldSummary> fields, Coverage coverage) {
        public Inferred {
            fields = List.copyOf(fields);
        }
    }

    public Inference(MongoSource source, Request request, InferProgress progress) {
        this.source = source;
        this.request = request;
        this.progress = progress;
    }

    /// @param namespaces all collections and views of the database
    public Result run(List<Namespace> namespaces) {
        try {
            return infer(namespaces);
        } finally {
            progress.end();
        }
    }

    private Result infer(List<Namespace> namespaces) {
        List<String> chosen = new ArrayList<>();
        SequencedMap<String, String> ignored = new LinkedHashMap<>();
        for (Namespace namespace : namespaces) {
            switch (namespace.kind()) {
                case COLLECTION -> {
                    if (request.collections().isEmpty() || request.collections().contains(namespace.name())) {
                        chosen.add(namespace.name());
                    } else {
                        ignored.put(namespace.name(), "not asked for");
                    }
                }
                case VIEW -> ignored.put(namespace.name(), "a view: computed from others, without changes of its own");
                case TIME_SERIES ->
                    ignored.put(namespace.name(), "a time series: MongoDB gives no change stream of it");
            }
        }
        Map<String, Long> estimates = new LinkedHashMap<>();
        chosen.forEach(collection -> estimates.put(collection, source.estimate(collection)));
        progress.begin(2 * estimates.values().stream().mapToLong(this::lookedAt).sum());
        SequencedMap<String, CollectionProfile> profiles = new LinkedHashMap<>();
        estimates.forEach(
                (collection, estimate) -> profiles.put(collection, profile(collection, estimate, chosen.size())));
        profiles.forEach((collection, profile) -> source.indexes(collection)
                .ifPresent(entries -> profile.indexes(entries.stream()
                        .flatMap(entry -> SourceIndex.of(entry).stream())
                        .toList())));
        profiles.forEach((collection, profile) ->
                source.options(collection).ifPresent(options -> profile.rules(CollectionRules.of(options))));

        requireObjects(profiles);
        leaveOutEmpty(profiles, ignored);
        Map<String, IdSurvey> surveys = new LinkedHashMap<>();
        profiles.keySet().forEach(collection -> surveys.put(collection, IdSurvey.of(ids(collection))));
        Map<String, Proposal.KeyColumn> keys = Keys.choose(profiles.values(), surveys);
        progress.step("references", "looking for references");
        References references = References.find(profiles.values(), keys, this::existing);
        Proposal proposal = MappingProposer.propose(
                new MappingProposer.Wish(
                        request.name(),
                        source.database(),
                        request.schema(),
                        ignored,
                        request.wanted().contains(Wanted.WORDS)),
                List.copyOf(profiles.values()),
                keys,
                references,
                request.flattening());
        String yaml = MappingYaml.write(proposal);
        Mapping mapping = MappingReader.read("mapping.yaml", yaml);
        List<Inferred> inferred = new ArrayList<>();
        for (Proposal.Table table : proposal.tables()) {
            CollectionProfile profile = profiles.get(table.collection());
            var collection = mapping.byCollection().get(table.collection());
            if (profile == null || collection == null) {
                throw new IllegalStateException("every table is of a collection that was profiled");
            }
            Coverage coverage = Coverage.of(collection);
            long estimate = estimates.getOrDefault(table.collection(), 0L);
            progress.step(table.collection(), "trying the mapping on " + lookedAt(estimate) + " documents");
            read(table.collection(), estimate, document -> {
                if (!Footprint.isLarge(document.getByteBuffer().remaining())) {
                    coverage.add(DocumentDecoder.document(document));
                } else if (DocumentMapper.tooLargeToDecode(document) == null) {
                    coverage.add(document);
                }
            });
            inferred.add(new Inferred(table, profile, FieldSummary.of(profile, table), coverage));
        }
        return new Result(
                proposal,
                yaml,
                MigrationSql.write(proposal),
                MigrationSql.afterCopy(proposal).orElse(null),
                inferred);
    }

    /// @throws SluiceException of kind BAD_SETTING where what is to be laid flat is no object
    private void requireObjects(Map<String, CollectionProfile> profiles) {
        request.flattening().paths().forEach((collection, paths) -> {
            CollectionProfile profile = profiles.get(collection);
            for (List<String> path : paths) {
                if (profile == null || !profile.hasObject(path)) {
                    throw new SluiceException(
                            FailureKind.BAD_SETTING,
                            "--flatten: no object was seen at " + String.join(".", path) + " in the documents of "
                                    + collection + " that were read.");
                }
            }
        });
    }

    /// A collection without documents has no columns. It gets a table where it was named, or there is no
    /// other.
    private void leaveOutEmpty(SequencedMap<String, CollectionProfile> profiles, SequencedMap<String, String> ignored) {
        List<String> empty = profiles.values().stream()
                .filter(profile -> profile.count() + profile.unseen() == 0)
                .map(CollectionProfile::collection)
                .toList();
        if (request.wanted().contains(Wanted.EMPTY_COLLECTIONS)
                || !request.collections().isEmpty()
                || empty.size() == profiles.size()) {
            return;
        }
        empty.forEach(collection -> {
            profiles.remove(collection);
            ignored.put(collection, Proposal.EMPTY);
        });
    }

    private long lookedAt(long estimate) {
        return request.sample() == 0 ? estimate : Math.min(estimate, request.sample());
    }

    private boolean isSampled(long estimate) {
        return request.sample() > 0 && estimate > request.sample();
    }

    /// @param collections that are profiled in all
    private CollectionProfile profile(String collection, long estimate, int collections) {
        CollectionProfile profile = new CollectionProfile(
                collection, isSampled(estimate) ? OptionalLong.of(estimate) : OptionalLong.empty(), collections);
        progress.step(
                collection,
                isSampled(estimate)
                        ? "looking at " + request.sample() + " of about " + estimate + " documents"
                        : "looking at all documents, about " + estimate);
        read(collection, estimate, document -> {
            int bytes = document.getByteBuffer().remaining();
            if (Footprint.isLarge(bytes) && DocumentMapper.tooLargeToDecode(document) != null) {
                profile.addUnseen(bytes);
            } else {
                profile.add(DocumentDecoder.document(document), bytes);
            }
        });
        profile.seal();
        return profile;
    }

    private void read(String collection, long estimate, Consumer<RawBsonDocument> reader) {
        Consumer<RawBsonDocument> counted = document -> {
            reader.accept(document);
            progress.advance();
        };
        if (isSampled(estimate)) {
            source.sample(collection, request.sample(), null, counted);
            return;
        }
        source.forEach(collection, counted);
    }

    private IdSurvey.Ids ids(String collection) {
        return most -> Stream.of(IdBracket.values())
                .map(bracket -> source.ids(collection, IdRange.all(bracket), most, null))
                .filter(ids -> !ids.isEmpty())
                .toList();
    }

    private Set<BsonValue> existing(String collection, Collection<BsonValue> ids) {
        List<BsonValue> all = List.copyOf(ids);
        Set<BsonValue> existing = new HashSet<>();
        for (int from = 0; from < all.size(); from += IDS_MAX) {
            existing.addAll(source.existingIds(collection, all.subList(from, Math.min(all.size(), from + IDS_MAX))));
        }
        return existing;
    }
}
