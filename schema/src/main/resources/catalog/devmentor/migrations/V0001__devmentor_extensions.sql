-- DevMentor's extensions. Needs CREATE on the database where they are not there yet.
-- They stay in whichever schema they are in; keys need neither of them, since gen_random_uuid() is PostgreSQL's own.

CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
CREATE EXTENSION IF NOT EXISTS pgcrypto;
