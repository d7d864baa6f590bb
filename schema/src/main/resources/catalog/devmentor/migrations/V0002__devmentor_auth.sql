-- Schema auth: people, their sessions, and what they did there.
--
-- A database that DevMentor has already set up itself, with its own migrations (node-pg-migrate) or another role, is left
-- exactly as it is. IF NOT EXISTS serves the database that is half ours. The schema is asked for before it is made, since
-- CREATE SCHEMA IF NOT EXISTS wants the right to create one even where it is there.

DO $devmentor$
BEGIN
    IF to_regclass('auth.users') IS NOT NULL AND (to_regclass('public.pgmigrations') IS NOT NULL OR NOT (
        SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('auth.users')))
    THEN
        RAISE NOTICE 'DevMentor has created its own schema auth here; it is left as it is';
        RETURN;
    END IF;

    IF to_regnamespace('auth') IS NULL THEN
        CREATE SCHEMA auth;
        COMMENT ON SCHEMA auth IS 'People, their sessions, and a log of what they did there.';
    END IF;

    CREATE TABLE IF NOT EXISTS auth.users (
        id                    uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
        email                 varchar(255) NOT NULL UNIQUE,
        username              varchar(50)  NOT NULL UNIQUE,
        full_name             varchar(255) NOT NULL,
        password_hash         text         NOT NULL,
        role                  varchar(20)  NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin', 'super_admin')),
        is_active             boolean      DEFAULT true,
        is_verified           boolean      DEFAULT false,
        github_id             varchar(50)  UNIQUE,
        avatar_url            text,
        last_login_at         timestamptz,
        failed_login_attempts integer      DEFAULT 0,
        locked_until          timestamptz,
        created_at            timestamptz  DEFAULT now(),
        updated_at            timestamptz  DEFAULT now()
    );
    CREATE INDEX IF NOT EXISTS idx_auth_users_email ON auth.users (email);
    CREATE INDEX IF NOT EXISTS idx_auth_users_username ON auth.users (username);

    CREATE TABLE IF NOT EXISTS auth.user_sessions (
        id            uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id       uuid        NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
        session_token text        NOT NULL UNIQUE,
        refresh_token text        NOT NULL UNIQUE,
        ip_address    inet,
        user_agent    text,
        expires_at    timestamptz NOT NULL,
        created_at    timestamptz DEFAULT now()
    );
    CREATE INDEX IF NOT EXISTS idx_auth_sessions_user_id ON auth.user_sessions (user_id);
    CREATE INDEX IF NOT EXISTS idx_auth_sessions_token ON auth.user_sessions (session_token);

    CREATE TABLE IF NOT EXISTS auth.audit_log (
        id         uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id    uuid         REFERENCES auth.users (id) ON DELETE SET NULL,
        action     varchar(100) NOT NULL,
        ip_address inet,
        user_agent text,
        success    boolean      NOT NULL,
        details    jsonb,
        created_at timestamptz  DEFAULT now()
    );
    CREATE INDEX IF NOT EXISTS idx_auth_audit_user_id ON auth.audit_log (user_id);
    CREATE INDEX IF NOT EXISTS idx_auth_audit_created_at ON auth.audit_log (created_at);

    -- A row that Sluice brings carries the time its document was changed; that of the copy would be wrong. Sluice says so on
    -- its connections, and nobody else does.
    CREATE OR REPLACE FUNCTION auth.update_updated_at_column() RETURNS trigger
        LANGUAGE plpgsql AS $body$
    BEGIN
        IF current_setting('sluice.applying', true) = 'on' THEN
            RETURN NEW;
        END IF;
        NEW.updated_at := now();
        RETURN NEW;
    END
    $body$;

    DROP TRIGGER IF EXISTS update_auth_users_updated_at ON auth.users;
    CREATE TRIGGER update_auth_users_updated_at BEFORE UPDATE ON auth.users
        FOR EACH ROW EXECUTE FUNCTION auth.update_updated_at_column();

    COMMENT ON FUNCTION auth.update_updated_at_column() IS
        'Stamps a row that is updated, except by Sluice, which brings the time its document was changed.';

    COMMENT ON TABLE auth.users IS 'People who can log in. From MongoDB: users.';
    COMMENT ON COLUMN auth.users.id IS 'Primary key, derived from the document''s _id; the same on every run.';
    COMMENT ON COLUMN auth.users.email IS 'Where to write to; unique. From email.';
    COMMENT ON COLUMN auth.users.username IS
        'What they log in with; unique. From username, else from email; its first 50 characters.';
    COMMENT ON COLUMN auth.users.full_name IS
        'Name. From full_name, else from first_name and last_name, else what username comes from; its first 255 characters.';
    COMMENT ON COLUMN auth.users.password_hash IS
        'Hash of the password; empty, which no password has, where the document has none. From password_hash.';
    COMMENT ON COLUMN auth.users.role IS
        'user, admin or super_admin. From role, in any case; user where it is something else, or nothing.';
    COMMENT ON COLUMN auth.users.is_active IS 'Whether they may log in. From is_active; true where the document has none.';
    COMMENT ON COLUMN auth.users.is_verified IS
        'Whether the address is theirs. From is_verified; false where the document has none.';
    COMMENT ON COLUMN auth.users.github_id IS 'Who they are on GitHub; unique. From github_id, a number or text.';
    COMMENT ON COLUMN auth.users.avatar_url IS 'Their picture. From avatar_url.';
    COMMENT ON COLUMN auth.users.last_login_at IS 'When they last logged in. From last_login_at.';
    COMMENT ON COLUMN auth.users.failed_login_attempts IS
        'How often in a row logging in has failed. From failed_login_attempts; 0 where the document has none.';
    COMMENT ON COLUMN auth.users.locked_until IS 'Until when they may not log in. From locked_until.';
    COMMENT ON COLUMN auth.users.created_at IS 'When they signed up. From created_at, else the time in the ObjectId.';
    COMMENT ON COLUMN auth.users.updated_at IS
        'When the row last changed; set by a trigger unless Sluice writes it. From updated_at, else created_at, else the '
        'time in the ObjectId.';

    COMMENT ON TABLE auth.user_sessions IS 'Logins that last. They go with their user. From MongoDB: user_sessions.';
    COMMENT ON COLUMN auth.user_sessions.id IS 'Primary key, derived from the document''s _id.';
    COMMENT ON COLUMN auth.user_sessions.user_id IS
        'Whose: auth.users.id. From user_id, an ObjectId or its 24 digits. A session whose user is not there has no row.';
    COMMENT ON COLUMN auth.user_sessions.session_token IS 'What the browser shows; unique and secret. From session_token.';
    COMMENT ON COLUMN auth.user_sessions.refresh_token IS
        'What a new session_token is asked for with; unique and secret. From refresh_token.';
    COMMENT ON COLUMN auth.user_sessions.ip_address IS 'Where from. From ip_address; NULL where that is no address.';
    COMMENT ON COLUMN auth.user_sessions.user_agent IS 'What with. From user_agent.';
    COMMENT ON COLUMN auth.user_sessions.expires_at IS
        'Until when it is good. From expires_at; 1970, which is over, where the document has none.';
    COMMENT ON COLUMN auth.user_sessions.created_at IS 'When it began. From created_at, else the time in the ObjectId.';

    COMMENT ON TABLE auth.audit_log IS 'What was done, or tried, by whom. From MongoDB: audit_log.';
    COMMENT ON COLUMN auth.audit_log.id IS 'Primary key, derived from the document''s _id.';
    COMMENT ON COLUMN auth.audit_log.user_id IS 'Who: auth.users.id. From user_id; NULL where that user is not there.';
    COMMENT ON COLUMN auth.audit_log.action IS 'What. From action, its first 100 characters; empty where there is none.';
    COMMENT ON COLUMN auth.audit_log.ip_address IS 'Where from. From ip_address; NULL where that is no address.';
    COMMENT ON COLUMN auth.audit_log.user_agent IS 'What with. From user_agent.';
    COMMENT ON COLUMN auth.audit_log.success IS 'Whether it came off. From success; false where the document has none.';
    COMMENT ON COLUMN auth.audit_log.details IS 'What else is known, of any shape. From details, kept whole.';
    COMMENT ON COLUMN auth.audit_log.created_at IS 'When. From created_at, else the time in the ObjectId.';
END
$devmentor$;
