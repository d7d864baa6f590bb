-- Indexes that MongoDB has, and those that references need. Applied after the copy, without stopping writers.
CREATE INDEX CONCURRENTLY user_roles_role_id_idx ON user_roles (role_id);
CREATE INDEX CONCURRENTLY rooms_u_id_idx ON rooms (u_id);
CREATE INDEX CONCURRENTLY messages_rid_ts_idx ON messages (rid, ts);
CREATE INDEX CONCURRENTLY messages_u_id_idx ON messages (u_id);
CREATE INDEX CONCURRENTLY message_mentions_user_id_idx ON message_mentions (user_id);
CREATE INDEX CONCURRENTLY messages_edited_by_id_idx ON messages (edited_by_id);
CREATE INDEX CONCURRENTLY permission_roles_role_id_idx ON permission_roles (role_id);
CREATE INDEX CONCURRENTLY sessions_created_at_idx ON sessions (created_at);
CREATE INDEX CONCURRENTLY sessions_user_id_idx ON sessions (user_id);
CREATE INDEX CONCURRENTLY subscriptions_u_id_idx ON subscriptions (u_id);
