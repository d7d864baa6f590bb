-- Tables for ../mapping.yaml, proposed by `sluice infer`. Change them as you like until they are
-- applied; then add a V0002__... . Names carry no schema: the migration runs in the mapping's.
--
-- MongoDB orders strings by their bytes, PostgreSQL by the database's collation: write text COLLATE "C" where
-- lists are ordered by one. What is missing or null comes first in MongoDB, and last in PostgreSQL unless the
-- query says ORDER BY .. NULLS FIRST (descending: NULLS LAST).

CREATE TABLE tweets (
    _id                     text PRIMARY KEY,
    created_at              timestamptz,
    id                      bigint,
    id_str                  text,
    text                    text,
    source                  text,
    truncated               boolean,
    in_reply_to_status_id   bigint,
    user_id                 bigint,
    user_id_str             text,
    user_name               text,
    user_screen_name        text,
    user_location           text,
    user_followers_count    bigint,
    user_friends_count      bigint,
    user_created_at         timestamptz,
    user_verified           boolean,
    user_lang               text,
    coordinates_type        text,
    coordinates_coordinates double precision[],
    retweet_count           bigint,
    favorited               boolean,
    lang                    text,
    rest                    jsonb
);

CREATE TABLE tweet_entities_hashtags (
    tweet_id text NOT NULL,
    ordinal  integer NOT NULL,
    text     text,
    indices  bigint[],
    rest     jsonb,
    PRIMARY KEY (tweet_id, ordinal)
);

CREATE TABLE tweet_entities_urls (
    tweet_id     text NOT NULL,
    ordinal      integer NOT NULL,
    url          text,
    expanded_url text,
    indices      bigint[],
    rest         jsonb,
    PRIMARY KEY (tweet_id, ordinal)
);

CREATE TABLE tweet_entities_user_mentions (
    tweet_id    text NOT NULL,
    ordinal     integer NOT NULL,
    id          bigint,
    screen_name text,
    indices     bigint[],
    rest        jsonb,
    PRIMARY KEY (tweet_id, ordinal)
);

COMMENT ON TABLE tweets IS 'From MongoDB: tweets';
COMMENT ON COLUMN tweets._id IS 'From _id: ObjectId as 24 hex digits: references to it are written the same, and need no look-up';
COMMENT ON COLUMN tweets.created_at IS 'From created_at';
COMMENT ON COLUMN tweets.id IS 'From id';
COMMENT ON COLUMN tweets.id_str IS 'From id_str';
COMMENT ON COLUMN tweets.text IS 'From text';
COMMENT ON COLUMN tweets.source IS 'From source';
COMMENT ON COLUMN tweets.truncated IS 'From truncated';
COMMENT ON COLUMN tweets.in_reply_to_status_id IS 'From in_reply_to_status_id';
COMMENT ON COLUMN tweets.user_id IS 'From user.id';
COMMENT ON COLUMN tweets.user_id_str IS 'From user.id_str';
COMMENT ON COLUMN tweets.user_name IS 'From user.name';
COMMENT ON COLUMN tweets.user_screen_name IS 'From user.screen_name';
COMMENT ON COLUMN tweets.user_location IS 'From user.location';
COMMENT ON COLUMN tweets.user_followers_count IS 'From user.followers_count';
COMMENT ON COLUMN tweets.user_friends_count IS 'From user.friends_count';
COMMENT ON COLUMN tweets.user_created_at IS 'From user.created_at';
COMMENT ON COLUMN tweets.user_verified IS 'From user.verified';
COMMENT ON COLUMN tweets.user_lang IS 'From user.lang';
COMMENT ON COLUMN tweets.coordinates_type IS 'From coordinates.type';
COMMENT ON COLUMN tweets.coordinates_coordinates IS 'From coordinates.coordinates';
COMMENT ON COLUMN tweets.retweet_count IS 'From retweet_count';
COMMENT ON COLUMN tweets.favorited IS 'From favorited';
COMMENT ON COLUMN tweets.lang IS 'From lang';
COMMENT ON COLUMN tweets.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE tweet_entities_hashtags IS 'From MongoDB: the elements of entities.hashtags in tweets, a row each';
COMMENT ON COLUMN tweet_entities_hashtags.tweet_id IS 'The document: _id of tweets';
COMMENT ON COLUMN tweet_entities_hashtags.ordinal IS 'Index in the array, from 0';
COMMENT ON COLUMN tweet_entities_hashtags.text IS 'From text';
COMMENT ON COLUMN tweet_entities_hashtags.indices IS 'From indices';
COMMENT ON COLUMN tweet_entities_hashtags.rest IS 'Fields of the element that have no column of their own, by name';
COMMENT ON TABLE tweet_entities_urls IS 'From MongoDB: the elements of entities.urls in tweets, a row each';
COMMENT ON COLUMN tweet_entities_urls.tweet_id IS 'The document: _id of tweets';
COMMENT ON COLUMN tweet_entities_urls.ordinal IS 'Index in the array, from 0';
COMMENT ON COLUMN tweet_entities_urls.url IS 'From url';
COMMENT ON COLUMN tweet_entities_urls.expanded_url IS 'From expanded_url';
COMMENT ON COLUMN tweet_entities_urls.indices IS 'From indices';
COMMENT ON COLUMN tweet_entities_urls.rest IS 'Fields of the element that have no column of their own, by name';
COMMENT ON TABLE tweet_entities_user_mentions IS 'From MongoDB: the elements of entities.user_mentions in tweets, a row each';
COMMENT ON COLUMN tweet_entities_user_mentions.tweet_id IS 'The document: _id of tweets';
COMMENT ON COLUMN tweet_entities_user_mentions.ordinal IS 'Index in the array, from 0';
COMMENT ON COLUMN tweet_entities_user_mentions.id IS 'From id';
COMMENT ON COLUMN tweet_entities_user_mentions.screen_name IS 'From screen_name';
COMMENT ON COLUMN tweet_entities_user_mentions.indices IS 'From indices';
COMMENT ON COLUMN tweet_entities_user_mentions.rest IS 'Fields of the element that have no column of their own, by name';

-- MongoDB has these as unique. A document that breaks one here is a dead letter.
CREATE UNIQUE INDEX tweets_id_key ON tweets (id);

-- What other indexes of MongoDB are here:
-- tweets, near, coordinates: for places. PostgreSQL has GiST indexes on point, and the extension PostGIS on geography.

-- A document's rows are written together, so foreign keys from child tables hold, if you want them.
-- ALTER TABLE tweet_entities_hashtags ADD FOREIGN KEY (tweet_id) REFERENCES tweets (_id) ON DELETE CASCADE;
-- ALTER TABLE tweet_entities_urls ADD FOREIGN KEY (tweet_id) REFERENCES tweets (_id) ON DELETE CASCADE;
-- ALTER TABLE tweet_entities_user_mentions ADD FOREIGN KEY (tweet_id) REFERENCES tweets (_id) ON DELETE CASCADE;
