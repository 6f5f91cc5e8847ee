-- Who holds a token, without writing: that it was used is noted apart (token_touch.sql), so that looking
-- never waits for a row's lock or for the disk.
GRANT CREATE ON SCHEMA public TO reissued_job;
SET LOCAL ROLE reissued_job;
DROP FUNCTION token_by_hash(bytea, timestamptz);
-- unnoted: used_at is more than a minute behind.
CREATE FUNCTION token_by_hash(token_hash bytea, at timestamptz)
    RETURNS TABLE (token_id uuid, kind text, enterprise_id uuid, enterprise_status text, user_id uuid,
        client_id uuid, name text, role text, reach text, status text, scopes integer, acts_as uuid[],
        unnoted boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE t access_token%ROWTYPE;
BEGIN
    SELECT * INTO t FROM access_token a WHERE a.hash = token_hash;
    IF NOT FOUND OR t.revoked_at IS NOT NULL OR t.expires_at <= at
       OR (t.idle_seconds IS NOT NULL AND t.used_at + make_interval(secs => t.idle_seconds) <= at) THEN
        RETURN;
    END IF;
    IF t.user_id IS NOT NULL THEN
        RETURN QUERY SELECT t.id, t.kind, t.enterprise_id, e.status, u.id, NULL::uuid, u.name, u.role, u.reach,
            u.status, t.scopes, '{}'::uuid[], t.used_at < at - interval '1 minute'
            FROM user_account u JOIN enterprise e ON e.id = u.enterprise_id WHERE u.id = t.user_id;
    ELSE
        RETURN QUERY SELECT t.id, t.kind, t.enterprise_id, e.status, NULL::uuid, c.id, c.name, c.role,
            'enterprise'::text, CASE WHEN c.active THEN 'active' ELSE 'blocked' END, t.scopes & c.scopes,
            c.acts_as, t.used_at < at - interval '1 minute'
            FROM client c JOIN enterprise e ON e.id = c.enterprise_id WHERE c.id = t.client_id;
    END IF;
END $$;
REVOKE ALL ON FUNCTION token_by_hash(bytea, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION token_by_hash(bytea, timestamptz) TO reissued_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM reissued_job;
