package dev.sluice.profile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.bson.BsonDocument;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

@DisplayName("An index of MongoDB")
class IndexPlanTest {
    private static final int DOCUMENTS = 30;

    /// Thirty documents with a value of each kind; `nick` is missing in every third.
    private static CollectionProfile profile(String... indexes) {
        List<BsonDocument> documents = new ArrayList<>();
        for (int i = 0; i < DOCUMENTS; i++) {
            documents.add(BsonDocument.parse("{_id: " + i + ", email: 'm" + i + "@x.example', age: " + i
                    + ", active: true, seenAt: {$date: '2026-01-01T00:00:00Z'}, tags: ['a', 'b'], body: '"
                    + "x".repeat(i == 0 ? 3_000 : 10) + "', mixed: " + (i % 2 == 0 ? "1" : "'1'") + ", score: '"
                    + i + "', address: {city: 'c" + i + "', zip: 'z'}, profile: {" + "k" + i + ": {a: 1}}"
                    + ", lines: [{sku: 's" + i + "', n: 1}, {sku: 't', n: 2}]"
                    + (i % 3 == 0 ? "" : ", nick: 'n" + i + "'") + "}"));
        }
        CollectionProfile profile = Profiles.of("people", documents);
        profile.indexes(List.of(indexes).stream()
                .map(BsonDocument::parse)
                .flatMap(entry -> SourceIndex.of(entry).stream())
                .toList());
        return profile;
    }

    private static List<String> planned(String... indexes) {
        return Profiles.propose(Profiles.wish(), profile(indexes)).tables().getFirst().indexes().stream()
                .map(index -> switch (index) {
                    case PlannedIndex.Made made -> made.sql(false);
                    case PlannedIndex.Noted noted -> noted.why();
                })
                .toList();
    }

    @Nested
    @DisplayName("that is not unique")
    class NotUnique {
        @Test
        @DisplayName("is made on the column of its field, whatever its direction")
        void oneField() {
            assertThat(planned("{name: 'i', key: {age: -1}}"))
                    .containsExactly("CREATE INDEX people_age_idx ON people (age)");
        }

        @Test
        @DisplayName("of several fields keeps their order and directions")
        void compound() {
            assertThat(planned("{name: 'i', key: {active: 1, seenAt: -1, _id: 1}}"))
                    .containsExactly("CREATE INDEX people_active_seen_at_id_idx ON people (active, seen_at DESC, id)");
        }

        @Test
        @DisplayName("of a nested field is on the column that it is laid flat into")
        void nested() {
            assertThat(planned("{name: 'i', key: {'address.city': 1}}"))
                    .containsExactly("CREATE INDEX people_address_city_idx ON people (address_city)");
        }

        @Test
        @DisplayName("of an array is a GIN index, and none together with other columns")
        void array() {
            assertThat(planned("{name: 'i', key: {tags: 1}}"))
                    .containsExactly("CREATE INDEX people_tags_idx ON people USING gin (tags)");
            assertThat(planned("{name: 'i', key: {tags: 1, age: 1}}"))
                    .singleElement()
                    .asString()
                    .contains("one of its fields is an array");
        }

        @Test
        @DisplayName("of the elements of an array is on the child table")
        void child() {
            assertThat(planned("{name: 'i', key: {'lines.sku': 1}}"))
                    .containsExactly("CREATE INDEX people_lines_sku_idx ON people_lines (sku)");
            assertThat(planned("{name: 'i', key: {'lines.sku': 1, age: 1}}"))
                    .singleElement()
                    .asString()
                    .contains("several tables");
            assertThat(planned("{name: 'i', key: {lines: 1}}"))
                    .singleElement()
                    .asString()
                    .contains("is the table people_lines here");
        }

        @Test
        @DisplayName("of texts that no B-tree holds is a note")
        void longTexts() {
            assertThat(planned("{name: 'i', key: {body: 1}}"))
                    .singleElement()
                    .asString()
                    .contains("may be too long for a B-tree", "md5(body)");
        }

        @Test
        @DisplayName("is made once when MongoDB has it twice under two names, and not for the key alone")
        void once() {
            assertThat(planned(
                            "{name: '_id_', key: {_id: 1}}",
                            "{name: 'a', key: {age: 1}}",
                            "{name: 'b', key: {age: -1}}"))
                    .containsExactly("CREATE INDEX people_age_idx ON people (age)");
        }

        @Test
        @DisplayName("of no column is a note with where the field is")
        void nowhere() {
            assertThat(planned("{name: 'i', key: {'profile.k1.a': 1}}"))
                    .singleElement()
                    .asString()
                    .contains("profile.k1.a is inside the jsonb of profile");
            assertThat(planned("{name: 'i', key: {never: 1}}")).containsExactly("never: never has no column.");
        }

        @Test
        @DisplayName("and hidden is a note")
        void hidden() {
            assertThat(planned("{name: 'i', key: {age: 1}, hidden: true}"))
                    .containsExactly("age: hidden, so that no query uses it.");
        }
    }

    @Nested
    @DisplayName("that is unique")
    class Unique {
        @Test
        @DisplayName("is unique here, plainly where the field is never missing")
        void neverMissing() {
            assertThat(planned("{name: 'i', key: {email: 1}, unique: true}"))
                    .containsExactly("CREATE UNIQUE INDEX people_email_key ON people (email)");
        }

        @Test
        @DisplayName("takes nulls for alike where the field may be missing, as MongoDB does")
        void missing() {
            assertThat(planned("{name: 'i', key: {nick: 1}, unique: true}"))
                    .containsExactly("CREATE UNIQUE INDEX people_nick_key ON people (nick) NULLS NOT DISTINCT");
            assertThat(planned("{name: 'i', key: {email: 1, nick: -1}, unique: true}"))
                    .containsExactly("CREATE UNIQUE INDEX people_email_nick_key ON people (email, nick DESC)"
                            + " NULLS NOT DISTINCT");
        }

        @Test
        @DisplayName("and sparse leaves out the rows that lack all of its fields")
        void sparse() {
            assertThat(planned("{name: 'i', key: {nick: 1}, unique: true, sparse: true}"))
                    .containsExactly("CREATE UNIQUE INDEX people_nick_key ON people (nick)");
            assertThat(planned("{name: 'i', key: {nick: 1, age: 1}, unique: true, sparse: true}"))
                    .containsExactly("CREATE UNIQUE INDEX people_nick_age_key ON people (nick, age)"
                            + " NULLS NOT DISTINCT WHERE nick IS NOT NULL OR age IS NOT NULL");
        }

        @Test
        @DisplayName("is a note where a document may have a value twice, or two values may become one")
        void notes() {
            assertThat(planned("{name: 'i', key: {tags: 1}, unique: true}"))
                    .singleElement()
                    .asString()
                    .contains("unique between documents");
            assertThat(planned("{name: 'i', key: {'lines.sku': 1}, unique: true}"))
                    .singleElement()
                    .asString()
                    .contains("unique between documents");
            assertThat(planned("{name: 'i', key: {mixed: 1}, unique: true}"))
                    .singleElement()
                    .asString()
                    .startsWith("mixed: unique, but ");
        }

        @Test
        @DisplayName("is kept though it is hidden from queries")
        void hidden() {
            assertThat(planned("{name: 'i', key: {email: 1}, unique: true, hidden: true}"))
                    .containsExactly("CREATE UNIQUE INDEX people_email_key ON people (email)");
        }
    }

    @Nested
    @DisplayName("of some documents")
    class Partial {
        private static String where(String filter) {
            return planned("{name: 'i', key: {email: 1}, partialFilterExpression: " + filter + "}")
                    .getFirst();
        }

        @Test
        @DisplayName("has MongoDB's filter as its condition")
        void condition() {
            String index = "CREATE INDEX people_email_idx ON people (email) WHERE ";
            assertThat(where("{active: true}")).isEqualTo(index + "active = true");
            assertThat(where("{age: {$gte: 18, $lt: 65}}")).isEqualTo(index + "age >= 18 AND age < 65");
            assertThat(where("{nick: {$exists: true}}")).isEqualTo(index + "nick IS NOT NULL");
            assertThat(where("{nick: {$type: 'string'}}")).isEqualTo(index + "nick IS NOT NULL");
            assertThat(where("{email: {$in: ['a', \"b'c\"]}}")).isEqualTo(index + "email IN ('a', 'b''c')");
            assertThat(where("{$or: [{age: 1}, {active: false}]}")).isEqualTo(index + "(age = 1 OR active = false)");
            assertThat(where("{$and: [{age: {$eq: 1}}, {active: true}]}"))
                    .isEqualTo(index + "age = 1 AND active = true");
        }

        @Test
        @DisplayName("is a note where the filter can't be said of the columns")
        void notSaid() {
            for (String filter : List.of(
                    "{email: {$gt: 'm'}}",
                    "{never: 1}",
                    "{age: {$exists: false}}",
                    "{age: 'x'}",
                    "{nick: {$type: 'int'}}",
                    "{age: {$mod: [2, 0]}}",
                    "{nick: '${a}'}")) {
                assertThat(where(filter)).as(filter).contains("by a filter that can't be said of the columns");
            }
        }

        @Test
        @DisplayName("takes nulls for alike unless the filter leaves them out")
        void unique() {
            assertThat(planned("{name: 'i', key: {nick: 1}, unique: true, partialFilterExpression: {active: true}}"))
                    .containsExactly("CREATE UNIQUE INDEX people_nick_key ON people (nick) NULLS NOT DISTINCT"
                            + " WHERE active = true");
            assertThat(planned("{name: 'i', key: {nick: 1}, unique: true,"
                            + " partialFilterExpression: {nick: {$exists: true}}}"))
                    .containsExactly("CREATE UNIQUE INDEX people_nick_key ON people (nick) WHERE nick IS NOT NULL");
        }
    }

    @Test
    @DisplayName("by which documents expire is made, and says who deletes rows once the writes have moved")
    void expiry() {
        assertThat(planned("{name: 'i', key: {seenAt: 1}, expireAfterSeconds: 3600}"))
                .hasSize(2)
                .contains("CREATE INDEX people_seen_at_idx ON people (seen_at)")
                .anySatisfy(note -> assertThat(note)
                        .contains("DELETE FROM people WHERE seen_at < now() - interval '3600 seconds'"));
    }

    @Test
    @DisplayName("of a kind of its own is a note with what PostgreSQL has instead")
    void otherKinds() {
        assertThat(planned("{name: 'i', key: {_fts: 'text', _ftsx: 1}, weights: {email: 1}}"))
                .singleElement()
                .asString()
                .contains("CREATE INDEX ON people USING gin (to_tsvector('simple', email))");
        assertThat(planned("{name: 'i', key: {place: '2dsphere'}}"))
                .singleElement()
                .asString()
                .contains("PostGIS");
        assertThat(planned("{name: 'i', key: {'$**': 1}}"))
                .singleElement()
                .asString()
                .contains("GIN");
        assertThat(planned("{name: 'i', key: {email: 'hashed'}}"))
                .singleElement()
                .asString()
                .contains("hashed");
        assertThat(planned("{name: 'i', key: {email: 1}, collation: {locale: 'en', strength: 2}}"))
                .singleElement()
                .asString()
                .contains("collation en", "citext");
    }

    @Test
    @DisplayName("replaces the guess that a column is unique, also where there is none")
    void noGuesses() {
        assertThat(MigrationSql.write(Profiles.propose(Profiles.wish(), profile())))
                .doesNotContain("UNIQUE");
    }
}
