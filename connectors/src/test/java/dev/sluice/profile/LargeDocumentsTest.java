package dev.sluice.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.profile.Coverage.Landing;
import dev.sluice.schema.Mapping;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bson.BsonDocument;
import org.bson.RawBsonDocument;
import org.bson.codecs.BsonDocumentCodec;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LargeDocumentsTest {
    @Test
    @DisplayName("of a document that the heap is too small for it is said that it is there and was not read")
    void unseen() {
        CollectionProfile profile = Profiles.of("things", "{a: 1}", "{a: 2}");
        profile.addUnseen(15 << 20);

        assertThat(profile.count()).isEqualTo(2);
        assertThat(hazards(profile))
                .extracting(Hazard::kind)
                .containsExactly(Hazard.Kind.LARGE_DOCUMENT, Hazard.Kind.LARGE_DOCUMENT);
        assertThat(hazards(profile).getLast().text()).startsWith("1 were not read");
    }

    private static List<Hazard> hazards(CollectionProfile profile) {
        return Hazards.of(
                profile, Profiles.key(profile), Layout.of(profile, Flattening.STANDARD, References.none()), false);
    }

    @Test
    @DisplayName("documents as bytes are counted as the same documents as objects")
    void rawIsCountedAlike() {
        SequencedMap<String, List<BsonDocument>> collections = new LinkedHashMap<>();
        List<BsonDocument> documents = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            documents.add(BsonDocument.parse("{_id: " + i + ", n: " + i + ", tags: ['a', 'b'], o: {x: 1, y: 'z'}}"));
        }
        collections.put("things", documents);
        Mapping mapping = Profiles.read(Profiles.propose(collections));
        List<BsonDocument> tried = new ArrayList<>(documents);
        tried.add(BsonDocument.parse("{_id: 100, n: 'no number', more: [1, 2, 3]}"));
        tried.add(BsonDocument.parse("{_id: {not: 'a key'}, n: 1}"));
        Coverage objects = Profiles.coverage(mapping, "things", Map.of("things", tried));
        List<BsonDocument> raw = tried.stream()
                .map(d -> (BsonDocument) new RawBsonDocument(d, new BsonDocumentCodec()))
                .toList();
        Coverage bytes = Profiles.coverage(mapping, "things", Map.of("things", raw));

        assertThat(bytes.documents()).isEqualTo(52);
        assertThat(bytes.whole()).isEqualTo(objects.whole());
        assertThat(bytes.reasons()).isEqualTo(objects.reasons());
        for (Landing landing : Landing.values()) {
            assertThat(bytes.values(landing)).as(landing.name()).isEqualTo(objects.values(landing));
        }
    }
}
