-- Tables for ../mapping.yaml, proposed by `sluice infer`. Change them as you like until they are
-- applied; then add a V0002__... . Names carry no schema: the migration runs in the mapping's.
--
-- MongoDB orders strings by their bytes, PostgreSQL by the database's collation: write text COLLATE "C" where
-- lists are ordered by one. What is missing or null comes first in MongoDB, and last in PostgreSQL unless the
-- query says ORDER BY .. NULLS FIRST (descending: NULLS LAST).

CREATE TABLE users (
    id                       text PRIMARY KEY,
    created_at               timestamptz,
    username                 text,
    name                     text,
    services_password_bcrypt text,
    type                     text,
    status                   text,
    active                   boolean,
    utc_offset               double precision,
    updated_at               timestamptz,
    last_login               timestamptz,
    rest                     jsonb
);

CREATE TABLE user_emails (
    user_id  text NOT NULL,
    ordinal  integer NOT NULL,
    address  text,
    verified boolean,
    rest     jsonb,
    PRIMARY KEY (user_id, ordinal)
);

CREATE TABLE user_roles (
    user_id text NOT NULL,
    ordinal integer NOT NULL,
    role_id text,
    PRIMARY KEY (user_id, ordinal)
);

CREATE TABLE rooms (
    id            text PRIMARY KEY,
    t             text,
    name          text,
    msgs          bigint,
    users_count   bigint,
    u_id          text,
    u_username    text,
    ro            boolean,
    sys_mes       boolean,
    custom_fields jsonb,
    ts            timestamptz,
    lm            timestamptz,
    updated_at    timestamptz,
    rest          jsonb
);

CREATE TABLE messages (
    id                 text PRIMARY KEY,
    rid                text,
    msg                text,
    ts                 timestamptz,
    u_id               text,
    u_username         text,
    channels           jsonb,
    updated_at         timestamptz,
    edited_at          timestamptz,
    edited_by_id       text,
    edited_by_username text,
    rest               jsonb
);

CREATE TABLE message_mentions (
    message_id text NOT NULL,
    ordinal    integer NOT NULL,
    user_id    text,
    username   text,
    rest       jsonb,
    PRIMARY KEY (message_id, ordinal)
);

CREATE TABLE message_reactions (
    message_id text NOT NULL,
    key        text NOT NULL,
    usernames  text[],
    rest       jsonb,
    PRIMARY KEY (message_id, key)
);

CREATE TABLE message_urls (
    message_id text NOT NULL,
    ordinal    integer NOT NULL,
    url        text,
    meta_title text,
    rest       jsonb,
    PRIMARY KEY (message_id, ordinal)
);

CREATE TABLE permissions (
    id         text PRIMARY KEY,
    updated_at timestamptz,
    rest       jsonb
);

CREATE TABLE permission_roles (
    permission_id text NOT NULL,
    ordinal       integer NOT NULL,
    role_id       text,
    PRIMARY KEY (permission_id, ordinal)
);

CREATE TABLE roles (
    id          text PRIMARY KEY,
    scope       text,
    description text,
    protected   boolean,
    rest        jsonb
);

CREATE TABLE sessions (
    id          text PRIMARY KEY,
    user_id     text,
    login_token text,
    ip          text,
    created_at  timestamptz,
    year        bigint,
    month       bigint,
    rest        jsonb
);

CREATE TABLE settings (
    id         text PRIMARY KEY,
    type       text,
    value      jsonb,
    enabled    boolean,
    ts         timestamptz,
    updated_at timestamptz,
    rest       jsonb
);

CREATE TABLE subscriptions (
    id         text PRIMARY KEY,
    rid        text,
    u_id       text,
    u_username text,
    name       text,
    open       boolean,
    alert      boolean,
    unread     bigint,
    ls         timestamptz,
    ts         timestamptz,
    updated_at timestamptz,
    rest       jsonb
);

COMMENT ON TABLE users IS 'From MongoDB: users';
COMMENT ON COLUMN users.id IS 'From _id: string, at most 17 characters';
COMMENT ON COLUMN users.created_at IS 'From createdAt';
COMMENT ON COLUMN users.username IS 'From username';
COMMENT ON COLUMN users.name IS 'From name';
COMMENT ON COLUMN users.services_password_bcrypt IS 'From services.password.bcrypt';
COMMENT ON COLUMN users.type IS 'From type';
COMMENT ON COLUMN users.status IS 'From status';
COMMENT ON COLUMN users.active IS 'From active';
COMMENT ON COLUMN users.utc_offset IS 'From utcOffset';
COMMENT ON COLUMN users.updated_at IS 'From _updatedAt';
COMMENT ON COLUMN users.last_login IS 'From lastLogin';
COMMENT ON COLUMN users.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE user_emails IS 'From MongoDB: the elements of emails in users, a row each';
COMMENT ON COLUMN user_emails.user_id IS 'The document: id of users';
COMMENT ON COLUMN user_emails.ordinal IS 'Index in the array, from 0';
COMMENT ON COLUMN user_emails.address IS 'From address';
COMMENT ON COLUMN user_emails.verified IS 'From verified';
COMMENT ON COLUMN user_emails.rest IS 'Fields of the element that have no column of their own, by name';
COMMENT ON TABLE user_roles IS 'From MongoDB: the elements of roles in users, a row each';
COMMENT ON COLUMN user_roles.user_id IS 'The document: id of users';
COMMENT ON COLUMN user_roles.ordinal IS 'Index in the array, from 0';
COMMENT ON COLUMN user_roles.role_id IS 'The value of the element: _id of roles: 100 % of 60 values join';
COMMENT ON TABLE rooms IS 'From MongoDB: rooms';
COMMENT ON COLUMN rooms.id IS 'From _id: string, at most 17 characters';
COMMENT ON COLUMN rooms.t IS 'From t';
COMMENT ON COLUMN rooms.name IS 'From name';
COMMENT ON COLUMN rooms.msgs IS 'From msgs';
COMMENT ON COLUMN rooms.users_count IS 'From usersCount';
COMMENT ON COLUMN rooms.u_id IS 'From u._id: _id of users: 100 % of 40 values join';
COMMENT ON COLUMN rooms.u_username IS 'From u.username';
COMMENT ON COLUMN rooms.ro IS 'From ro';
COMMENT ON COLUMN rooms.sys_mes IS 'From sysMes';
COMMENT ON COLUMN rooms.custom_fields IS 'From customFields';
COMMENT ON COLUMN rooms.ts IS 'From ts';
COMMENT ON COLUMN rooms.lm IS 'From lm';
COMMENT ON COLUMN rooms.updated_at IS 'From _updatedAt';
COMMENT ON COLUMN rooms.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE messages IS 'From MongoDB: messages';
COMMENT ON COLUMN messages.id IS 'From _id: string, at most 17 characters';
COMMENT ON COLUMN messages.rid IS 'From rid: _id of rooms: 100 % of 400 values join';
COMMENT ON COLUMN messages.msg IS 'From msg';
COMMENT ON COLUMN messages.ts IS 'From ts';
COMMENT ON COLUMN messages.u_id IS 'From u._id: _id of users: 100 % of 400 values join';
COMMENT ON COLUMN messages.u_username IS 'From u.username';
COMMENT ON COLUMN messages.channels IS 'From channels';
COMMENT ON COLUMN messages.updated_at IS 'From _updatedAt';
COMMENT ON COLUMN messages.edited_at IS 'From editedAt';
COMMENT ON COLUMN messages.edited_by_id IS 'From editedBy._id: _id of users: 100 % of 40 values join';
COMMENT ON COLUMN messages.edited_by_username IS 'From editedBy.username';
COMMENT ON COLUMN messages.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE message_mentions IS 'From MongoDB: the elements of mentions in messages, a row each';
COMMENT ON COLUMN message_mentions.message_id IS 'The document: id of messages';
COMMENT ON COLUMN message_mentions.ordinal IS 'Index in the array, from 0';
COMMENT ON COLUMN message_mentions.user_id IS 'From _id: _id of users: 100 % of 399 values join';
COMMENT ON COLUMN message_mentions.username IS 'From username';
COMMENT ON COLUMN message_mentions.rest IS 'Fields of the element that have no column of their own, by name';
COMMENT ON TABLE message_reactions IS 'From MongoDB: the entries of reactions in messages, a row each';
COMMENT ON COLUMN message_reactions.message_id IS 'The document: id of messages';
COMMENT ON COLUMN message_reactions.key IS 'Name of the entry';
COMMENT ON COLUMN message_reactions.usernames IS 'From usernames';
COMMENT ON COLUMN message_reactions.rest IS 'Fields of the entry that have no column of their own, by name';
COMMENT ON TABLE message_urls IS 'From MongoDB: the elements of urls in messages, a row each';
COMMENT ON COLUMN message_urls.message_id IS 'The document: id of messages';
COMMENT ON COLUMN message_urls.ordinal IS 'Index in the array, from 0';
COMMENT ON COLUMN message_urls.url IS 'From url';
COMMENT ON COLUMN message_urls.meta_title IS 'From meta.title';
COMMENT ON COLUMN message_urls.rest IS 'Fields of the element that have no column of their own, by name';
COMMENT ON TABLE permissions IS 'From MongoDB: permissions';
COMMENT ON COLUMN permissions.id IS 'From _id: string, at most 11 characters';
COMMENT ON COLUMN permissions.updated_at IS 'From _updatedAt';
COMMENT ON COLUMN permissions.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE permission_roles IS 'From MongoDB: the elements of roles in permissions, a row each';
COMMENT ON COLUMN permission_roles.permission_id IS 'The document: id of permissions';
COMMENT ON COLUMN permission_roles.ordinal IS 'Index in the array, from 0';
COMMENT ON COLUMN permission_roles.role_id IS 'The value of the element: _id of roles: 100 % of 79 values join';
COMMENT ON TABLE roles IS 'From MongoDB: roles';
COMMENT ON COLUMN roles.id IS 'From _id: string, at most 9 characters';
COMMENT ON COLUMN roles.scope IS 'From scope';
COMMENT ON COLUMN roles.description IS 'From description';
COMMENT ON COLUMN roles.protected IS 'From protected';
COMMENT ON COLUMN roles.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE sessions IS 'From MongoDB: sessions';
COMMENT ON COLUMN sessions.id IS 'From _id: string, at most 17 characters';
COMMENT ON COLUMN sessions.user_id IS 'From userId: _id of users: 100 % of 30 values join';
COMMENT ON COLUMN sessions.login_token IS 'From loginToken';
COMMENT ON COLUMN sessions.ip IS 'From ip';
COMMENT ON COLUMN sessions.created_at IS 'From createdAt';
COMMENT ON COLUMN sessions.year IS 'From year';
COMMENT ON COLUMN sessions.month IS 'From month';
COMMENT ON COLUMN sessions.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE settings IS 'From MongoDB: settings';
COMMENT ON COLUMN settings.id IS 'From _id: string, at most 16 characters';
COMMENT ON COLUMN settings.type IS 'From type';
COMMENT ON COLUMN settings.value IS 'From value';
COMMENT ON COLUMN settings.enabled IS 'From enabled';
COMMENT ON COLUMN settings.ts IS 'From ts';
COMMENT ON COLUMN settings.updated_at IS 'From _updatedAt';
COMMENT ON COLUMN settings.rest IS 'Fields of the document that have no column of their own, by name';
COMMENT ON TABLE subscriptions IS 'From MongoDB: subscriptions';
COMMENT ON COLUMN subscriptions.id IS 'From _id: string, at most 17 characters';
COMMENT ON COLUMN subscriptions.rid IS 'From rid: _id of rooms: 100 % of 300 values join';
COMMENT ON COLUMN subscriptions.u_id IS 'From u._id: _id of users: 100 % of 300 values join';
COMMENT ON COLUMN subscriptions.u_username IS 'From u.username';
COMMENT ON COLUMN subscriptions.name IS 'From name';
COMMENT ON COLUMN subscriptions.open IS 'From open';
COMMENT ON COLUMN subscriptions.alert IS 'From alert';
COMMENT ON COLUMN subscriptions.unread IS 'From unread';
COMMENT ON COLUMN subscriptions.ls IS 'From ls';
COMMENT ON COLUMN subscriptions.ts IS 'From ts';
COMMENT ON COLUMN subscriptions.updated_at IS 'From _updatedAt';
COMMENT ON COLUMN subscriptions.rest IS 'Fields of the document that have no column of their own, by name';

-- MongoDB has these as unique. A document that breaks one here is a dead letter.
CREATE UNIQUE INDEX users_username_key ON users (username);
CREATE UNIQUE INDEX rooms_name_key ON rooms (name);
CREATE UNIQUE INDEX subscriptions_rid_u_id_key ON subscriptions (rid, u_id);

-- What other indexes of MongoDB are here:
-- users, emails, emails.address: unique between documents. A row is of an element here, and MongoDB allows the same value twice in one document.
-- sessions, ttl, createdAt: MongoDB deletes documents 7,776,000 s after this time, and the rows go with them. Nobody does once the writes have moved to PostgreSQL; then run DELETE FROM sessions WHERE created_at < now() - interval '7776000 seconds' now and then.

-- A document's rows are written together, so foreign keys from child tables hold, if you want them.
-- ALTER TABLE user_emails ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
-- ALTER TABLE user_roles ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
-- ALTER TABLE message_mentions ADD FOREIGN KEY (message_id) REFERENCES messages (id) ON DELETE CASCADE;
-- ALTER TABLE message_reactions ADD FOREIGN KEY (message_id) REFERENCES messages (id) ON DELETE CASCADE;
-- ALTER TABLE message_urls ADD FOREIGN KEY (message_id) REFERENCES messages (id) ON DELETE CASCADE;
-- ALTER TABLE permission_roles ADD FOREIGN KEY (permission_id) REFERENCES permissions (id) ON DELETE CASCADE;

-- MongoDB promises none of these. A row that breaks one stops the pipeline, and rows arrive in the order of
-- their documents: add what you know to hold, foreign keys as DEFERRABLE INITIALLY DEFERRED or after the
-- switch.
-- ALTER TABLE user_roles ADD FOREIGN KEY (role_id) REFERENCES roles (id);
-- ALTER TABLE rooms ADD FOREIGN KEY (u_id) REFERENCES users (id);
-- ALTER TABLE messages ADD FOREIGN KEY (rid) REFERENCES rooms (id);
-- ALTER TABLE messages ADD FOREIGN KEY (u_id) REFERENCES users (id);
-- ALTER TABLE messages ADD FOREIGN KEY (edited_by_id) REFERENCES users (id);
-- ALTER TABLE message_mentions ADD FOREIGN KEY (user_id) REFERENCES users (id);
-- ALTER TABLE permission_roles ADD FOREIGN KEY (role_id) REFERENCES roles (id);
-- ALTER TABLE sessions ADD FOREIGN KEY (user_id) REFERENCES users (id);
-- ALTER TABLE subscriptions ADD FOREIGN KEY (rid) REFERENCES rooms (id);
-- ALTER TABLE subscriptions ADD FOREIGN KEY (u_id) REFERENCES users (id);
