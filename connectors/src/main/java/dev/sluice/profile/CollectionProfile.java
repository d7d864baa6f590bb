package dev.sluice.profile;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.bson.BsonDocument;
import org.jspecify.annotations.Nullable;

/// What the documents of one collection were like. Filled by one thread with [#add], then only read. What
/// it remembers is bounded, however many and however varied the documents are.
public final class CollectionProfile {
    private final String collection;
    private final OptionalLong estimate;
    private final ObjectProfile documents = new ObjectProfile();
    private final Limits limits;
    private long bytes;
    private long bytesMax;
    private long unseen;
    private @Nullable List<SourceIndex> indexes;
    private CollectionRules rules = CollectionRules.NONE;
    private @Nullable SensitiveFields sensitive;

    /// @param estimate about how many documents there are in all; empty where that is not known
    public CollectionProfile(String collection, OptionalLong estimate) {
        this(collection, estimate, 1);
    }

    /// @param collections that are profiled in all: what is remembered of each is less where they are many
    public CollectionProfile(String collection, OptionalLong estimate, int collections) {
        this.collection = collection;
        this.estimate = estimate;
        this.limits = new Limits(collections);
    }

    /// Forgets what is of no use once all documents were added.
    public void seal() {
        documents.seal();
    }

    /// @param size of the document in BSON, bytes
    public void add(BsonDocument document, long size) {
        sensitive = null;
        documents.add(document, 0, limits);
        bytes += size;
        bytesMax = Math.max(bytesMax, size);
    }

    /// A document that the heap is too small for: only that it is there.
    ///
    /// @param size in BSON, bytes
    public void addUnseen(long size) {
        unseen++;
        bytesMax = Math.max(bytesMax, size);
    }

    /// Notes the indexes that MongoDB has; that of `_id` is none of them.
    public void indexes(List<SourceIndex> found) {
        indexes = List.copyOf(found);
    }

    /// The indexes that MongoDB has; empty where nobody asked, or was allowed to.
    public Optional<List<SourceIndex>> indexes() {
        return Optional.ofNullable(indexes);
    }

    /// Notes what MongoDB asks of documents.
    public void rules(CollectionRules found) {
        rules = found;
    }

    /// What MongoDB asks of documents; [CollectionRules#NONE] where nobody asked, or was allowed to.
    public CollectionRules rules() {
        return rules;
    }

    /// The fields whose values must not be shown.
    SensitiveFields sensitive() {
        if (sensitive == null) {
            sensitive = SensitiveFields.of(documents);
        }
        return sensitive;
    }

    /// How many documents the heap was too small for.
    public long unseen() {
        return unseen;
    }

    public String collection() {
        return collection;
    }

    /// About how many documents there are in all, those that were not looked at included.
    public OptionalLong estimate() {
        return estimate;
    }

    /// `10,000 of about 20,000 documents` where only some were looked at; empty where all were.
    Optional<String> sample() {
        return estimate.isEmpty() || estimate.getAsLong() <= count()
                ? Optional.empty()
                : Optional.of(BsonTypes.number(count()) + " of about " + BsonTypes.number(estimate.getAsLong())
                        + " documents");
    }

    /// The documents that were looked at, as objects; `_id` is a field of them.
    public ObjectProfile documents() {
        return documents;
    }

    /// Whether an object was seen at a path through objects.
    public boolean hasObject(List<String> path) {
        return documents.at(path).filter(field -> field.object() != null).isPresent();
    }

    /// How many documents were looked at.
    public long count() {
        return documents.count();
    }

    /// Of the largest document in BSON.
    public long bytesMax() {
        return bytesMax;
    }

    /// On average, in BSON.
    public long bytesMean() {
        return count() == 0 ? 0 : bytes / count();
    }

    /// The profile of `_id`.
    FieldProfile id() {
        FieldProfile id = documents.fields().get("_id");
        return id == null ? new FieldProfile() : id;
    }
}
