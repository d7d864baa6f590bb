-- Schema projects: projects, what is to be done in them, their files, and what happened. DevMentor's plan names these five
-- tables and gives them a UUID for a key; the other columns are Sluice's proposal.
-- A database where DevMentor has made them itself is left as it is: then its columns want a mapping of their own.

DO $devmentor$
BEGIN
    IF to_regclass('projects.projects') IS NOT NULL AND (to_regclass('public.pgmigrations') IS NOT NULL OR NOT (
        SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('projects.projects')))
    THEN
        RAISE NOTICE 'DevMentor has created its own schema projects here; it is left as it is';
        RETURN;
    END IF;

    IF to_regnamespace('projects') IS NULL THEN
        CREATE SCHEMA projects;
        COMMENT ON SCHEMA projects IS 'Projects, what is to be done in them, their files, and what happened.';
    END IF;

    CREATE TABLE IF NOT EXISTS projects.projects (
        id             uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
        owner_id       uuid         REFERENCES auth.users (id) ON DELETE SET NULL,
        name           varchar(255) NOT NULL,
        description    text,
        status         varchar(50)  NOT NULL DEFAULT 'active',
        repository_url text,
        tags           text[]       NOT NULL DEFAULT '{}',
        settings       jsonb        NOT NULL DEFAULT '{}',
        created_at     timestamptz  NOT NULL DEFAULT now(),
        updated_at     timestamptz  NOT NULL DEFAULT now()
    );
    CREATE INDEX IF NOT EXISTS idx_projects_projects_owner_id ON projects.projects (owner_id);

    CREATE TABLE IF NOT EXISTS projects.epics (
        id          uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
        project_id  uuid         NOT NULL REFERENCES projects.projects (id) ON DELETE CASCADE,
        title       varchar(255) NOT NULL,
        description text,
        status      varchar(50)  NOT NULL DEFAULT 'open',
        priority    integer      NOT NULL DEFAULT 0,
        position    integer      NOT NULL DEFAULT 0,
        created_at  timestamptz  NOT NULL DEFAULT now(),
        updated_at  timestamptz  NOT NULL DEFAULT now()
    );
    CREATE INDEX IF NOT EXISTS idx_projects_epics_project_id ON projects.epics (project_id);

    CREATE TABLE IF NOT EXISTS projects.tasks (
        id             uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
        project_id     uuid          NOT NULL REFERENCES projects.projects (id) ON DELETE CASCADE,
        epic_id        uuid          REFERENCES projects.epics (id) ON DELETE SET NULL,
        assignee_id    uuid          REFERENCES auth.users (id) ON DELETE SET NULL,
        title          varchar(255)  NOT NULL,
        description    text,
        status         varchar(50)   NOT NULL DEFAULT 'todo',
        priority       integer       NOT NULL DEFAULT 0,
        position       integer       NOT NULL DEFAULT 0,
        estimate_hours numeric(8, 2),
        due_date       date,
        tags           text[]        NOT NULL DEFAULT '{}',
        completed_at   timestamptz,
        created_at     timestamptz   NOT NULL DEFAULT now(),
        updated_at     timestamptz   NOT NULL DEFAULT now()
    );
    CREATE INDEX IF NOT EXISTS idx_projects_tasks_project_id ON projects.tasks (project_id);
    CREATE INDEX IF NOT EXISTS idx_projects_tasks_epic_id ON projects.tasks (epic_id);
    CREATE INDEX IF NOT EXISTS idx_projects_tasks_assignee_id ON projects.tasks (assignee_id);

    CREATE TABLE IF NOT EXISTS projects.project_files (
        id          uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
        project_id  uuid         NOT NULL REFERENCES projects.projects (id) ON DELETE CASCADE,
        uploaded_by uuid         REFERENCES auth.users (id) ON DELETE SET NULL,
        path        text         NOT NULL,
        version     integer      NOT NULL DEFAULT 1,
        mime_type   varchar(255),
        size_bytes  bigint,
        checksum    text,
        content     text,
        metadata    jsonb        NOT NULL DEFAULT '{}',
        created_at  timestamptz  NOT NULL DEFAULT now(),
        updated_at  timestamptz  NOT NULL DEFAULT now()
    );
    CREATE INDEX IF NOT EXISTS idx_projects_project_files_project_id ON projects.project_files (project_id, path);
    CREATE INDEX IF NOT EXISTS idx_projects_project_files_uploaded_by ON projects.project_files (uploaded_by);

    CREATE TABLE IF NOT EXISTS projects.project_activity (
        id          uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
        project_id  uuid         NOT NULL REFERENCES projects.projects (id) ON DELETE CASCADE,
        user_id     uuid         REFERENCES auth.users (id) ON DELETE SET NULL,
        action      varchar(100) NOT NULL,
        epic_id     uuid         REFERENCES projects.epics (id) ON DELETE SET NULL,
        task_id     uuid         REFERENCES projects.tasks (id) ON DELETE SET NULL,
        file_id     uuid         REFERENCES projects.project_files (id) ON DELETE SET NULL,
        details     jsonb        NOT NULL DEFAULT '{}',
        created_at  timestamptz  NOT NULL DEFAULT now()
    );
    CREATE INDEX IF NOT EXISTS idx_projects_project_activity_project_id
        ON projects.project_activity (project_id, created_at DESC);
    CREATE INDEX IF NOT EXISTS idx_projects_project_activity_user_id ON projects.project_activity (user_id);
    CREATE INDEX IF NOT EXISTS idx_projects_project_activity_epic_id ON projects.project_activity (epic_id);
    CREATE INDEX IF NOT EXISTS idx_projects_project_activity_task_id ON projects.project_activity (task_id);
    CREATE INDEX IF NOT EXISTS idx_projects_project_activity_file_id ON projects.project_activity (file_id);

    COMMENT ON TABLE projects.projects IS 'Projects. From MongoDB: projects.';
    COMMENT ON COLUMN projects.projects.id IS 'Primary key, derived from the document''s _id; the same on every run.';
    COMMENT ON COLUMN projects.projects.owner_id IS 'Whose: auth.users.id. From owner_id; NULL where that user is not there.';
    COMMENT ON COLUMN projects.projects.name IS 'Name. From name, its first 255 characters.';
    COMMENT ON COLUMN projects.projects.description IS 'What it is about. From description.';
    COMMENT ON COLUMN projects.projects.status IS 'How it stands. From status; active where the document has none.';
    COMMENT ON COLUMN projects.projects.repository_url IS 'Where its code is. From repository_url.';
    COMMENT ON COLUMN projects.projects.tags IS 'Labels. From tags.';
    COMMENT ON COLUMN projects.projects.settings IS 'Its settings, of any shape. From settings, kept whole.';
    COMMENT ON COLUMN projects.projects.created_at IS 'When it was made. From created_at, else the time in the ObjectId.';
    COMMENT ON COLUMN projects.projects.updated_at IS
        'When it last changed. From updated_at, else created_at, else the time in the ObjectId.';

    COMMENT ON TABLE projects.epics IS 'Large pieces of work. They go with their project. From MongoDB: epics.';
    COMMENT ON COLUMN projects.epics.id IS 'Primary key, derived from the document''s _id.';
    COMMENT ON COLUMN projects.epics.project_id IS
        'The project: projects.projects.id. From project_id. An epic whose project is not there has no row.';
    COMMENT ON COLUMN projects.epics.title IS 'Title. From title, its first 255 characters.';
    COMMENT ON COLUMN projects.epics.description IS 'What is to be reached. From description.';
    COMMENT ON COLUMN projects.epics.status IS 'How it stands. From status; open where the document has none.';
    COMMENT ON COLUMN projects.epics.priority IS 'The higher the sooner. From priority; 0 where the document has none.';
    COMMENT ON COLUMN projects.epics.position IS 'Its place on the board. From position; 0 where the document has none.';
    COMMENT ON COLUMN projects.epics.created_at IS 'When it was made. From created_at, else the time in the ObjectId.';
    COMMENT ON COLUMN projects.epics.updated_at IS
        'When it last changed. From updated_at, else created_at, else the time in the ObjectId.';

    COMMENT ON TABLE projects.tasks IS 'What is to be done. They go with their project. From MongoDB: tasks.';
    COMMENT ON COLUMN projects.tasks.id IS 'Primary key, derived from the document''s _id.';
    COMMENT ON COLUMN projects.tasks.project_id IS
        'The project: projects.projects.id. From project_id. A task whose project is not there has no row.';
    COMMENT ON COLUMN projects.tasks.epic_id IS 'The epic: projects.epics.id. From epic_id; NULL where that is not there.';
    COMMENT ON COLUMN projects.tasks.assignee_id IS
        'Who does it: auth.users.id. From assignee_id; NULL where that user is not there.';
    COMMENT ON COLUMN projects.tasks.title IS 'Title. From title, its first 255 characters.';
    COMMENT ON COLUMN projects.tasks.description IS 'What is to be done. From description.';
    COMMENT ON COLUMN projects.tasks.status IS 'How it stands. From status; todo where the document has none.';
    COMMENT ON COLUMN projects.tasks.priority IS 'The higher the sooner. From priority; 0 where the document has none.';
    COMMENT ON COLUMN projects.tasks.position IS 'Its place on the board. From position; 0 where the document has none.';
    COMMENT ON COLUMN projects.tasks.estimate_hours IS 'How long it will take, in hours. From estimate_hours.';
    COMMENT ON COLUMN projects.tasks.due_date IS 'By which day. From due_date, a date at midnight UTC or ISO 8601 text.';
    COMMENT ON COLUMN projects.tasks.tags IS 'Labels. From tags.';
    COMMENT ON COLUMN projects.tasks.completed_at IS 'When it was done. From completed_at.';
    COMMENT ON COLUMN projects.tasks.created_at IS 'When it was made. From created_at, else the time in the ObjectId.';
    COMMENT ON COLUMN projects.tasks.updated_at IS
        'When it last changed. From updated_at, else created_at, else the time in the ObjectId.';

    COMMENT ON TABLE projects.project_files IS
        'Files of projects, one row for each version; bytes that are no text stay where they are. From MongoDB: project_files.';
    COMMENT ON COLUMN projects.project_files.id IS 'Primary key, derived from the document''s _id.';
    COMMENT ON COLUMN projects.project_files.project_id IS
        'The project: projects.projects.id. From project_id. A file whose project is not there has no row.';
    COMMENT ON COLUMN projects.project_files.uploaded_by IS
        'Who put it there: auth.users.id. From uploaded_by; NULL where that user is not there.';
    COMMENT ON COLUMN projects.project_files.path IS 'Where it is, from the project''s folder. From path.';
    COMMENT ON COLUMN projects.project_files.version IS 'Which version of it, from 1. From version.';
    COMMENT ON COLUMN projects.project_files.mime_type IS 'Media type. From mime_type.';
    COMMENT ON COLUMN projects.project_files.size_bytes IS 'How many bytes. From size.';
    COMMENT ON COLUMN projects.project_files.checksum IS 'Checksum of the bytes. From checksum.';
    COMMENT ON COLUMN projects.project_files.content IS 'The text, where it is one. From content.';
    COMMENT ON COLUMN projects.project_files.metadata IS 'What else is known of it, of any shape. From metadata, kept whole.';
    COMMENT ON COLUMN projects.project_files.created_at IS 'When it was made. From created_at, else the time in the ObjectId.';
    COMMENT ON COLUMN projects.project_files.updated_at IS
        'When it last changed. From updated_at, else created_at, else the time in the ObjectId.';

    COMMENT ON TABLE projects.project_activity IS
        'What happened in projects; written once, never changed. From MongoDB: project_activity.';
    COMMENT ON COLUMN projects.project_activity.id IS 'Primary key, derived from the document''s _id.';
    COMMENT ON COLUMN projects.project_activity.project_id IS
        'The project: projects.projects.id. From project_id. An entry whose project is not there has no row.';
    COMMENT ON COLUMN projects.project_activity.user_id IS
        'Who: auth.users.id. From user_id; NULL where that user is not there.';
    COMMENT ON COLUMN projects.project_activity.action IS 'What. From action, its first 100 characters.';
    COMMENT ON COLUMN projects.project_activity.epic_id IS
        'The epic it was done to: projects.epics.id. From epic_id; NULL where that is not there.';
    COMMENT ON COLUMN projects.project_activity.task_id IS
        'The task it was done to: projects.tasks.id. From task_id; NULL where that is not there.';
    COMMENT ON COLUMN projects.project_activity.file_id IS
        'The file it was done to: projects.project_files.id. From file_id; NULL where that is not there.';
    COMMENT ON COLUMN projects.project_activity.details IS 'What else is known, of any shape. From details, kept whole.';
    COMMENT ON COLUMN projects.project_activity.created_at IS 'When. From created_at, else the time in the ObjectId.';
END
$devmentor$;
