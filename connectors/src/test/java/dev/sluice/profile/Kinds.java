package dev.sluice.profile;

import dev.sluice.schema.Mapping;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.SequencedMap;
import java.util.function.IntFunction;
import org.bson.BsonArray;
import org.bson.BsonBoolean;
import org.bson.BsonDateTime;
import org.bson.BsonDecimal128;
import org.bson.BsonDocument;
import org.bson.BsonDouble;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonNull;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.types.Decimal128;
import org.bson.types.ObjectId;

/// Databases as people have them, generated: the shapes of eight kinds of applications, with invented values. The
/// same on every run.
public final class Kinds {
    /// @param collections the documents; some collections have none
    /// @param indexes as MongoDB lists them, by collection
    public record Kind(
            String name,
            SequencedMap<String, List<BsonDocument>> collections,
            SequencedMap<String, List<BsonDocument>> indexes) {}

    private final Random random;
    private final SequencedMap<String, List<BsonDocument>> collections = new LinkedHashMap<>();
    private final SequencedMap<String, List<BsonDocument>> indexes = new LinkedHashMap<>();

    private Kinds(int seed) {
        random = new Random(seed);
    }

    /// All eight.
    public static List<Kind> all() {
        return List.of(
                new Kinds(1).chat(),
                new Kinds(2).cms(),
                new Kinds(3).forum(),
                new Kinds(4).books(),
                new Kinds(5).tweets(),
                new Kinds(6).restaurants(),
                new Kinds(7).bank(),
                new Kinds(8).album());
    }

    /// What became of one collection.
    public record Tried(
            Proposal.Table table, CollectionProfile profile, List<FieldSummary> fields, Coverage coverage) {}

    /// The proposal for a kind, and what becomes of its documents.
    public record Proposed(Proposal proposal, List<Tried> tried) {}

    /// Proposes a mapping for a kind, its collections without documents left out.
    public static Proposed propose(Kind kind) {
        SequencedMap<String, List<BsonDocument>> filled = new LinkedHashMap<>(kind.collections());
        filled.values().removeIf(List::isEmpty);
        Map<String, List<SourceIndex>> indexes = new HashMap<>();
        kind.indexes()
                .forEach((collection, entries) -> indexes.put(
                        collection,
                        entries.stream()
                                .flatMap(entry -> SourceIndex.of(entry).stream())
                                .toList()));
        Proposal proposal = Profiles.propose(filled, indexes);
        Mapping mapping = Profiles.read(proposal);
        List<Tried> tried = new ArrayList<>();
        for (Proposal.Table table : proposal.tables()) {
            CollectionProfile profile =
                    Profiles.of(table.collection(), filled.getOrDefault(table.collection(), List.of()));
            profile.indexes(indexes.getOrDefault(table.collection(), List.of()));
            tried.add(new Tried(
                    table,
                    profile,
                    FieldSummary.of(profile, table),
                    Profiles.coverage(mapping, table.collection(), filled)));
        }
        return new Proposed(proposal, tried);
    }

    /// One of them.
    public static Kind of(String name) {
        return all().stream()
                .filter(kind -> kind.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private Kind kind(String name) {
        collections.keySet().forEach(collection -> indexes.computeIfAbsent(collection, c -> new ArrayList<>()));
        return new Kind(name, collections, indexes);
    }

    // A server for chats: many collections, a third of them empty; ids of 17 letters and digits, users embedded.
    private Kind chat() {
        List<String> users = texts(60, i -> id17());
        List<String> rooms = texts(40, i -> id17());
        fill("users", users.size(), i -> {
            BsonDocument user = doc("_id", users.get(i))
                    .append("createdAt", date(i))
                    .append("username", text("user" + i))
                    .append("name", text(words(2)))
                    .append(
                            "emails",
                            array(doc("address", "user" + i + "@example.com").append("verified", bool(i % 3 > 0))))
                    .append("services", doc("password", doc("bcrypt", "$2b$10$" + letters(53))))
                    .append("type", text("user"))
                    .append("status", text(one("online", "away", "offline")))
                    .append("active", bool(i % 9 > 0))
                    .append("roles", array(text(i == 0 ? "admin" : "user")))
                    .append("utcOffset", new BsonDouble(i % 3))
                    .append("_updatedAt", date(i + 3));
            if (i % 4 > 0) {
                user.append("lastLogin", date(i + 2));
            }
            return user;
        });
        fill(
                "rooms",
                rooms.size(),
                i -> doc("_id", rooms.get(i))
                        .append("t", text(one("c", "p", "d")))
                        .append("name", text("room-" + i))
                        .append("msgs", number(random.nextInt(900)))
                        .append("usersCount", number(1 + random.nextInt(50)))
                        .append("u", embedded(users, random.nextInt(users.size())))
                        .append("ro", bool(i % 7 == 0))
                        .append("sysMes", bool(true))
                        .append("customFields", new BsonDocument())
                        .append("ts", date(i))
                        .append("lm", i % 5 == 0 ? BsonNull.VALUE : date(i + 9))
                        .append("_updatedAt", date(i + 9)));
        fill("messages", 400, i -> {
            BsonDocument message = doc("_id", id17())
                    .append("rid", text(rooms.get(random.nextInt(rooms.size()))))
                    .append("msg", text(words(1 + i % 9)))
                    .append("ts", date(i))
                    .append("u", embedded(users, random.nextInt(users.size())))
                    .append("mentions", array(i % 3, m -> embedded(users, (i + m) % users.size())))
                    .append("channels", new BsonArray())
                    .append("_updatedAt", date(i));
            if (i % 2 == 0) {
                BsonDocument reactions = new BsonDocument();
                for (int r = 0; r < 1 + i % 3; r++) {
                    reactions.append(
                            ":" + letters(6) + ":",
                            doc("usernames", array(1 + r, u -> text("user" + random.nextInt(60)))));
                }
                message.append("reactions", reactions);
            }
            if (i % 10 == 0) {
                message.append("editedAt", date(i + 1)).append("editedBy", embedded(users, i % users.size()));
            }
            if (i % 8 == 0) {
                message.append(
                        "urls",
                        array(doc("url", "https://example.com/" + letters(8)).append("meta", doc("title", words(3)))));
            }
            return message;
        });
        fill(
                "subscriptions",
                300,
                i -> doc("_id", id17())
                        .append("rid", text(rooms.get(i % rooms.size())))
                        .append("u", embedded(users, i / rooms.size() * 7 % users.size()))
                        .append("name", text("room-" + i % rooms.size()))
                        .append("open", bool(i % 6 > 0))
                        .append("alert", bool(i % 5 == 0))
                        .append("unread", number(i % 4))
                        .append("ls", date(i))
                        .append("ts", date(i))
                        .append("_updatedAt", date(i)));
        fill(
                "settings",
                50,
                i -> doc("_id", one("Accounts", "Message", "Layout") + "_" + letters(7))
                        .append("type", text(one("string", "int", "boolean")))
                        .append("value", i % 3 == 0 ? text(words(1)) : i % 3 == 1 ? number(i) : bool(i % 2 == 0))
                        .append("enabled", bool(true))
                        .append("ts", date(0))
                        .append("_updatedAt", date(i)));
        fill(
                "permissions",
                40,
                i -> doc("_id", letters(4) + "-" + letters(6))
                        .append(
                                "roles",
                                array(
                                        1 + i % 3,
                                        r -> text(List.of("admin", "moderator", "user")
                                                .get(r))))
                        .append("_updatedAt", date(1)));
        fill(
                "roles",
                3,
                i -> doc("_id", List.of("admin", "moderator", "user").get(i))
                        .append("scope", text("Users"))
                        .append("description", text(""))
                        .append("protected", bool(true)));
        fill(
                "sessions",
                30,
                i -> doc("_id", id17())
                        .append("userId", text(users.get(i)))
                        .append("loginToken", text(letters(43)))
                        .append("ip", text("10.0.0." + i))
                        .append("createdAt", date(i))
                        .append("year", number(2024))
                        .append("month", number(1 + i % 12)));
        for (String empty : List.of("custom_emoji", "custom_sounds", "export_operations", "invites")) {
            fill(empty, 0, i -> new BsonDocument());
        }
        index("users", "{key: {username: 1}, name: 'username_1', unique: true, sparse: true}");
        index("users", "{key: {'emails.address': 1}, name: 'emails', unique: true, sparse: true}");
        index("rooms", "{key: {name: 1}, name: 'name_1', unique: true, sparse: true}");
        index("messages", "{key: {rid: 1, ts: 1}, name: 'rid_1_ts_1'}");
        index("messages", "{key: {'u._id': 1}, name: 'author'}");
        index("messages", "{key: {'mentions._id': 1}, name: 'mentioned'}");
        index("subscriptions", "{key: {rid: 1, 'u._id': 1}, name: 'rid_1_u', unique: true}");
        index("sessions", "{key: {createdAt: 1}, name: 'ttl', expireAfterSeconds: 7776000}");
        return kind("chat");
    }

    // A CMS: articles, pages and galleries in one collection, drafts, blocks inside blocks, references.
    private Kind cms() {
        List<BsonValue> authors = values(8, i -> oid(1, i));
        List<BsonValue> tags = values(25, i -> oid(2, i));
        List<BsonValue> media = values(30, i -> oid(3, i));
        fill(
                "authors",
                authors.size(),
                i -> new BsonDocument("_id", authors.get(i))
                        .append("name", text(words(2)))
                        .append("slug", text("author-" + i))
                        .append("bio", i % 2 == 0 ? BsonNull.VALUE : text(words(20))));
        fill(
                "tags",
                tags.size(),
                i -> new BsonDocument("_id", tags.get(i))
                        .append("slug", text("tag-" + i))
                        .append("label", text(words(1))));
        fill(
                "media",
                media.size(),
                i -> new BsonDocument("_id", media.get(i))
                        .append("file", text("uploads/" + letters(12) + ".jpg"))
                        .append("mime", text(one("image/jpeg", "image/png")))
                        .append("size", new BsonInt64(10_000 + random.nextInt(9_000_000)))
                        .append("width", number(640 + 10 * i))
                        .append("height", number(480))
                        .append("uploadedAt", date(i)));
        fill("contents", 240, i -> {
            String type = List.of("article", "article", "page", "gallery").get(i % 4);
            BsonDocument content = new BsonDocument("_id", oid(4, i))
                    .append("type", text(type))
                    .append("slug", text(type + "-" + i))
                    .append("title", text(words(4)))
                    .append("status", text(i % 5 == 0 ? "draft" : "published"))
                    .append("author", authors.get(random.nextInt(authors.size())))
                    .append("tags", array(random.nextInt(4), t -> tags.get((i + 7 * t) % tags.size())))
                    .append("seo", doc("title", words(3)).append("noindex", bool(i % 9 == 0)))
                    .append("publishedAt", i % 5 == 0 ? BsonNull.VALUE : date(i))
                    .append("updatedAt", date(i + 5))
                    .append("version", number(1 + i % 6));
            if (type.equals("gallery")) {
                content.append("images", array(1 + i % 5, m -> media.get((i + 3 * m) % media.size())))
                        .append("layout", text(one("grid", "slides")));
            } else {
                content.append(
                        "blocks",
                        array(
                                1 + i % 4,
                                b -> doc("_id", letters(10))
                                        .append("kind", text(one("text", "quote", "list")))
                                        .append("body", text(words(12)))
                                        .append(
                                                "items",
                                                array(
                                                        b,
                                                        x -> doc("label", words(2))
                                                                .append("done", bool(x == 0))))));
            }
            if (type.equals("page")) {
                content.append("template", text(one("wide", "narrow")))
                        .append("parent", i < 8 ? BsonNull.VALUE : oid(4, 2));
            }
            return content;
        });
        fill(
                "redirects",
                30,
                i -> new BsonDocument("_id", oid(5, i))
                        .append("from", text("/old/" + letters(6)))
                        .append("to", text("/article-" + i))
                        .append("code", number(i % 3 == 0 ? 302 : 301)));
        fill("locks", 0, i -> new BsonDocument());
        index("contents", "{key: {slug: 1}, name: 'slug', unique: true}");
        index("contents", "{key: {type: 1, publishedAt: -1}, name: 'latest'}");
        index("contents", "{key: {tags: 1}, name: 'tags'}");
        index("contents", "{key: {title: 'text', 'blocks.body': 'text'}, name: 'words'}");
        index("authors", "{key: {slug: 1}, name: 'slug', unique: true}");
        index("tags", "{key: {slug: 1}, name: 'slug', unique: true}");
        return kind("cms");
    }

    // A forum with all it has in one collection: hashes, sets, sorted sets, lists and strings, told apart by a key.
    private Kind forum() {
        List<BsonDocument> objects = new ArrayList<>();
        for (int u = 1; u <= 60; u++) {
            objects.add(key("user:" + u)
                    .append("uid", number(u))
                    .append("username", text("user" + u))
                    .append("email", text("user" + u + "@example.com"))
                    .append("joindate", new BsonInt64(1_600_000_000_000L + u * 86_400_000L))
                    .append("postcount", number(u % 13))
                    .append("banned", number(u % 20 == 0 ? 1 : 0)));
        }
        for (int t = 1; t <= 80; t++) {
            objects.add(key("topic:" + t)
                    .append("tid", number(t))
                    .append("uid", number(1 + t % 60))
                    .append("title", text(words(4)))
                    .append("slug", text(t + "/" + letters(9)))
                    .append("timestamp", new BsonInt64(1_610_000_000_000L + t * 3_600_000L))
                    .append("viewcount", number(random.nextInt(900)))
                    .append("locked", number(t % 11 == 0 ? 1 : 0)));
            for (int p = 0; p < 3; p++) {
                int pid = 3 * t + p;
                objects.add(key("post:" + pid)
                        .append("pid", number(pid))
                        .append("tid", number(t))
                        .append("uid", number(1 + pid % 60))
                        .append("content", text(words(15)))
                        .append("timestamp", new BsonInt64(1_610_000_000_000L + pid * 60_000L)));
                objects.add(key("topic:" + t + ":posts")
                        .append("value", text(String.valueOf(pid)))
                        .append("score", new BsonDouble(1_610_000_000_000L + pid * 60_000L)));
            }
        }
        for (int u = 1; u <= 30; u++) {
            int user = u;
            objects.add(key("uid:" + u + ":followed")
                    .append("members", array(1 + u % 4, m -> text(String.valueOf(1 + (user + m) % 60)))));
        }
        objects.add(key("global").append("nextUid", number(61)).append("nextTid", number(81)));
        objects.add(key("config").append("title", text("A forum")).append("maxTags", text("5")));
        fill("objects", objects.size(), objects::get);
        fill(
                "sessions",
                40,
                i -> doc("_id", letters(32))
                        .append("expires", date(i))
                        .append("session", text("{\"cookie\":{\"path\":\"/\"},\"n\":" + i + "}")));
        fill("searchtopic", 0, i -> new BsonDocument());
        index("objects", "{key: {_key: 1, score: -1}, name: 'byscore'}");
        index("objects", "{key: {_key: 1, value: -1}, name: 'byvalue', unique: true, sparse: true}");
        index("sessions", "{key: {expires: 1}, name: 'expires', expireAfterSeconds: 0}");
        return kind("forum");
    }

    // A book shop: ISBNs as ids, prices as doubles, ratings by the reader's name, orders with lines.
    private Kind books() {
        List<String> isbns = texts(80, i -> "978" + (1_000_000_000L + random.nextInt(900_000_000)));
        fill(
                "publishers",
                12,
                i -> new BsonDocument("_id", number(i + 1))
                        .append("name", text(words(2)))
                        .append("city", text(words(1))));
        fill("books", isbns.size(), i -> {
            BsonDocument ratings = new BsonDocument();
            for (int r = 0; r < random.nextInt(5); r++) {
                ratings.append("reader " + letters(5), number(1 + random.nextInt(5)));
            }
            return doc("_id", isbns.get(i))
                    .append("title", text(words(3)))
                    .append("authors", array(1 + i % 2, a -> text(words(2))))
                    .append("publisher_id", number(1 + i % 12))
                    .append("price", price())
                    .append("pages", number(80 + random.nextInt(700)))
                    .append(
                            "published",
                            text(String.format(Locale.ROOT, "20%02d-%02d-%02d", i % 24, 1 + i % 12, 1 + i % 28)))
                    .append("in_stock", number(random.nextInt(30)))
                    .append(
                            "dimensions",
                            doc("width", new BsonDouble(12.5 + i % 4)).append("height", new BsonDouble(19)))
                    .append("ratings", ratings)
                    .append(
                            "genres",
                            array(
                                    1 + i % 3,
                                    g -> text(
                                            List.of("crime", "poetry", "travel").get(g))));
        });
        fill(
                "customers",
                50,
                i -> new BsonDocument("_id", number(1000 + 37 * i))
                        .append("name", text(words(2)))
                        .append("email", text("reader" + i + "@example.com"))
                        .append("since", date(i))
                        .append(
                                "addresses",
                                array(
                                        1 + i % 2,
                                        a -> doc("label", a == 0 ? "home" : "work")
                                                .append("street", text(words(2) + " " + i))
                                                .append("zip", text(String.format(Locale.ROOT, "%05d", 1000 + i)))
                                                .append("city", text(words(1)))))
                        .append("newsletter", bool(i % 2 == 0)));
        fill(
                "orders",
                150,
                i -> new BsonDocument("_id", new BsonInt64(20_240_000L + i))
                        .append("buyer", number(1000 + 37 * random.nextInt(50)))
                        .append("date", date(i))
                        .append("status", text(one("open", "paid", "sent")))
                        .append(
                                "lines",
                                array(
                                        1 + i % 4,
                                        l -> doc("isbn", isbns.get((i + 11 * l) % isbns.size()))
                                                .append("quantity", number(1 + random.nextInt(3)))
                                                .append("price", price())))
                        .append("total", price())
                        .append("coupon", i % 6 == 0 ? text("SAVE" + i % 4) : BsonNull.VALUE));
        index("books", "{key: {title: 1}, name: 'title'}");
        index("books", "{key: {genres: 1, price: 1}, name: 'genre'}");
        index("customers", "{key: {email: 1}, name: 'email', unique: true}");
        index("orders", "{key: {buyer: 1, date: -1}, name: 'latest'}");
        index("orders", "{key: {'lines.isbn': 1}, name: 'sold'}");
        return kind("books");
    }

    // Tweets: dates as texts, ids as numbers and as texts, the user in each, entities with arrays.
    private Kind tweets() {
        fill("tweets", 200, i -> {
            long id = 1_100_000_000_000_000_000L + 7_919L * i;
            int user = i % 40;
            BsonDocument tweet = new BsonDocument("_id", oid(1, i))
                    .append("created_at", text(tweeted(i)))
                    .append("id", new BsonInt64(id))
                    .append("id_str", text(String.valueOf(id)))
                    .append("text", text(words(10)))
                    .append("source", text(one("web", "phone")))
                    .append("truncated", bool(i % 10 == 0))
                    .append("in_reply_to_status_id", i % 4 == 0 && i > 0 ? new BsonInt64(id - 7_919L) : BsonNull.VALUE)
                    .append(
                            "user",
                            new BsonDocument("id", new BsonInt64(40_000_000L + 31L * user))
                                    .append("id_str", text(String.valueOf(40_000_000L + 31L * user)))
                                    .append("name", text(words(2)))
                                    .append("screen_name", text("person" + user))
                                    .append("location", text(words(1)))
                                    .append("url", BsonNull.VALUE)
                                    .append("followers_count", number(random.nextInt(9_000)))
                                    .append("friends_count", number(random.nextInt(900)))
                                    .append("created_at", text(tweeted(-1_000 - user)))
                                    .append("verified", bool(user == 1))
                                    .append("lang", text("en")))
                    .append("geo", BsonNull.VALUE)
                    .append(
                            "coordinates",
                            i % 20 == 0
                                    ? doc("type", "Point")
                                            .append("coordinates", array(new BsonDouble(8.5), new BsonDouble(47.4)))
                                    : BsonNull.VALUE)
                    .append("retweet_count", number(random.nextInt(50)))
                    .append("favorited", bool(false))
                    .append("lang", text(one("en", "de", "und")))
                    .append(
                            "entities",
                            new BsonDocument(
                                            "hashtags",
                                            array(
                                                    i % 3,
                                                    h -> doc("text", words(1))
                                                            .append("indices", array(number(h), number(h + 6)))))
                                    .append(
                                            "urls",
                                            array(
                                                    i % 2,
                                                    h -> doc("url", "https://t.example/" + letters(8))
                                                            .append(
                                                                    "expanded_url",
                                                                    text("https://example.com/" + letters(9)))
                                                            .append("indices", array(number(20), number(43)))))
                                    .append(
                                            "user_mentions",
                                            array(
                                                    i % 2,
                                                    h -> new BsonDocument(
                                                                    "id",
                                                                    new BsonInt64(
                                                                            40_000_000L + 31L * ((user + 1) % 40)))
                                                            .append("screen_name", text("person" + (user + 1) % 40))
                                                            .append("indices", array(number(0), number(8))))));
            return tweet;
        });
        index("tweets", "{key: {id: 1}, name: 'id', unique: true}");
        index("tweets", "{key: {'user.screen_name': 1, created_at: -1}, name: 'of_user'}");
        index("tweets", "{key: {coordinates: '2dsphere'}, name: 'near'}");
        return kind("tweets");
    }

    // Restaurants: an array of grades, coordinates, an address.
    private Kind restaurants() {
        fill(
                "restaurants",
                150,
                i -> new BsonDocument("_id", oid(1, i))
                        .append(
                                "address",
                                doc("building", String.valueOf(10 + i))
                                        .append(
                                                "coord",
                                                array(
                                                        new BsonDouble(-73.9 - i / 1_000.0),
                                                        new BsonDouble(40.7 + i / 1_000.0)))
                                        .append("street", text(words(2)))
                                        .append("zipcode", text(String.valueOf(10_000 + i % 90))))
                        .append("borough", text(one("North", "South", "East", "Missing")))
                        .append("cuisine", text(one("Bakery", "Thai", "Pizza")))
                        .append(
                                "grades",
                                array(
                                        i % 5,
                                        g -> new BsonDocument(
                                                        "date",
                                                        new BsonDateTime(1_300_000_000_000L / 86_400_000L * 86_400_000L
                                                                + (i + 50L * g) * 86_400_000L))
                                                .append("grade", text(one("A", "B", "Z")))
                                                .append("score", number(random.nextInt(30)))))
                        .append("name", text(words(3)))
                        .append("restaurant_id", text(String.valueOf(40_300_000 + 17 * i))));
        index("restaurants", "{key: {'address.coord': '2d'}, name: 'near'}");
        index("restaurants", "{key: {borough: 1, cuisine: 1}, name: 'borough'}");
        return kind("restaurants");
    }

    // Accounts of a bank, of which customers know the numbers; transactions in buckets, their amounts as texts.
    private Kind bank() {
        List<Integer> accounts = new ArrayList<>();
        for (int i = 0; i < 90; i++) {
            accounts.add(50_000 + 4_391 * i);
        }
        fill(
                "accounts",
                accounts.size(),
                i -> new BsonDocument("_id", oid(1, i))
                        .append("account_id", number(accounts.get(i)))
                        .append("limit", number(i % 9 == 0 ? 9_000 : 10_000))
                        .append(
                                "products",
                                array(
                                        1 + i % 3,
                                        p -> text(List.of("Brokerage", "Savings", "Derivatives")
                                                .get(p)))));
        fill("customers", 60, i -> {
            BsonDocument tiers = new BsonDocument();
            for (int t = 0; t < i % 3; t++) {
                tiers.append(
                        hex(i * 3 + t),
                        doc("tier", one("Gold", "Silver"))
                                .append("benefits", array(1 + t, b -> text(words(2))))
                                .append("active", bool(true))
                                .append("id", text(hex(i * 3 + t))));
            }
            return new BsonDocument("_id", oid(2, i))
                    .append("username", text("customer" + i))
                    .append("name", text(words(2)))
                    .append("address", text(i + " " + words(2) + ", " + words(1)))
                    .append("birthdate", new BsonDateTime((5_000L + 31L * i) * 86_400_000L))
                    .append("email", text("customer" + i + "@example.com"))
                    .append("accounts", array(1 + i % 4, a -> number(accounts.get((i + 13 * a) % accounts.size()))))
                    .append("tier_and_details", tiers);
        });
        fill(
                "transactions",
                accounts.size(),
                i -> new BsonDocument("_id", oid(3, i))
                        .append("account_id", number(accounts.get(i)))
                        .append("transaction_count", number(5))
                        .append("bucket_start_date", date(i))
                        .append("bucket_end_date", date(i + 5))
                        .append(
                                "transactions",
                                array(
                                        5,
                                        t -> new BsonDocument("date", date(i + t))
                                                .append("amount", number(1 + random.nextInt(9_000)))
                                                .append("transaction_code", text(one("buy", "sell")))
                                                .append("symbol", text(one("abc", "xyz", "qrs")))
                                                .append(
                                                        "price",
                                                        text(random.nextInt(400) + "."
                                                                + (100_000 + random.nextInt(900_000))))
                                                .append(
                                                        "total",
                                                        text(random.nextInt(90_000) + "."
                                                                + (100_000 + random.nextInt(900_000))))
                                                .append(
                                                        "fee",
                                                        new BsonDecimal128(
                                                                Decimal128.parse(random.nextInt(9) + ".25"))))));
        index("accounts", "{key: {account_id: 1}, name: 'account', unique: true}");
        index("customers", "{key: {username: 1}, name: 'username', unique: true}");
        index("transactions", "{key: {account_id: 1, bucket_start_date: -1}, name: 'bucket'}");
        return kind("bank");
    }

    // A photo album: tiny documents, references by whole numbers, flags as 0 and 1.
    private Kind album() {
        fill(
                "users",
                10,
                i -> new BsonDocument("_id", number(i + 1))
                        .append("name", text(words(2)))
                        .append("email", text("photographer" + i + "@example.com"))
                        .append(
                                "address",
                                doc("city", words(1))
                                        .append(
                                                "geo",
                                                doc("lat", "-" + (10 + i) + ".3159")
                                                        .append("lng", text("81." + (1_000 + i))))));
        fill(
                "albums",
                100,
                i -> new BsonDocument("_id", number(i + 1))
                        .append("userId", number(1 + i / 10))
                        .append("title", text(words(3))));
        fill(
                "photos",
                1_000,
                i -> new BsonDocument("_id", number(i + 1))
                        .append("albumId", number(1 + i / 10))
                        .append("title", text(words(2)))
                        .append("url", text("https://photos.example/600/" + letters(6)))
                        .append("thumbnailUrl", text("https://photos.example/150/" + letters(6)))
                        .append("favourite", number(i % 7 == 0 ? 1 : 0))
                        .append("width", number(600 + i % 5))
                        .append("takenAt", new BsonInt64(1_500_000_000L + 86_400L * i)));
        index("photos", "{key: {albumId: 1}, name: 'album'}");
        return kind("album");
    }

    private void fill(String collection, int count, IntFunction<BsonDocument> documents) {
        List<BsonDocument> filled = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            filled.add(documents.apply(i));
        }
        collections.put(collection, filled);
    }

    private void index(String collection, String definition) {
        indexes.computeIfAbsent(collection, c -> new ArrayList<>()).add(BsonDocument.parse(definition));
    }

    private static BsonDocument doc(String name, String value) {
        return new BsonDocument(name, text(value));
    }

    private static BsonDocument doc(String name, BsonValue value) {
        return new BsonDocument(name, value);
    }

    private int keyed;

    private BsonDocument key(String key) {
        return new BsonDocument("_id", oid(1, keyed++)).append("_key", text(key));
    }

    private static BsonDocument embedded(List<String> users, int user) {
        return doc("_id", users.get(user)).append("username", text("user" + user));
    }

    private static BsonArray array(BsonValue... elements) {
        return new BsonArray(List.of(elements));
    }

    private static BsonArray array(int count, IntFunction<BsonValue> elements) {
        return new BsonArray(values(count, elements));
    }

    private static List<BsonValue> values(int count, IntFunction<BsonValue> values) {
        List<BsonValue> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(values.apply(i));
        }
        return all;
    }

    private static List<String> texts(int count, IntFunction<String> texts) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(texts.apply(i));
        }
        return all;
    }

    private static BsonString text(String text) {
        return new BsonString(text);
    }

    private static BsonInt32 number(int number) {
        return new BsonInt32(number);
    }

    private static BsonBoolean bool(boolean truth) {
        return BsonBoolean.valueOf(truth);
    }

    private BsonDouble price() {
        return new BsonDouble((100 + random.nextInt(9_900)) / 100.0);
    }

    private static BsonDateTime date(int days) {
        return new BsonDateTime(1_700_000_123_456L + days * 86_400_000L);
    }

    private static String tweeted(int hours) {
        return DateTimeFormatter.ofPattern("EEE MMM dd HH:mm:ss Z yyyy", Locale.ENGLISH)
                .format(Instant.ofEpochSecond(1_550_000_000L + 3_600L * hours).atOffset(ZoneOffset.UTC));
    }

    private static BsonObjectId oid(int collection, int i) {
        return new BsonObjectId(new ObjectId(String.format(Locale.ROOT, "65f0c0ffee%02x%012x", collection, i)));
    }

    private static String hex(int i) {
        return String.format(Locale.ROOT, "%032x", 0x5bd1e995L * (i + 1));
    }

    private String one(String... texts) {
        return texts[random.nextInt(texts.length)];
    }

    private String id17() {
        String alphabet = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz";
        StringBuilder id = new StringBuilder();
        for (int i = 0; i < 17; i++) {
            id.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return id.toString();
    }

    private String letters(int count) {
        StringBuilder letters = new StringBuilder();
        for (int i = 0; i < count; i++) {
            letters.append((char) ('a' + random.nextInt(26)));
        }
        return letters.toString();
    }

    private String words(int count) {
        List<String> words = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            words.add(letters(3 + random.nextInt(5)));
        }
        return String.join(" ", words);
    }
}
