-- token_by_hash tells until when a token holds and when it was used, and does not ask what time it is: requests
-- that come together with one token are then one look. The service judges by its own clock, as before.
-- compatible_from: 20
GRANT CREATE ON SCHEMA public TO reissued_job;
SET LOCAL ROLE reissued_job;
CREATE FUNCTION token_by_hash(hashes bytea[])
    RETURNS TABLE (item bigint, token_id uuid, kind text, enterprise_id uuid, enterprise_status text,
        user_id uuid, client_id uuid, name text, role text, reach text, status text, scopes integer,
        acts_as uuid[], holds_until timestamptz, used_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT x.item, t.id, t.kind, t.enterprise_id, e.status, u.id, c.id,
        CASE WHEN c.id IS NULL THEN u.name ELSE c.name END,
        CASE WHEN c.id IS NULL THEN u.role ELSE c.role END,
        CASE WHEN c.id IS NULL THEN u.reach ELSE 'enterprise' END,
        CASE WHEN c.id IS NULL THEN u.status WHEN c.active THEN 'active' ELSE 'blocked' END,
        CASE WHEN c.id IS NULL THEN t.scopes ELSE t.scopes & c.scopes END,
        CASE WHEN c.id IS NULL THEN '{}'::uuid[] ELSE c.acts_as END,
        LEAST(t.expires_at, t.used_at + make_interval(secs => t.idle_seconds)), t.used_at
    FROM unnest(hashes) WITH ORDINALITY AS x (hash, item)
        JOIN access_token t ON t.hash = x.hash
        LEFT JOIN user_account u ON u.id = t.user_id
        LEFT JOIN client c ON c.id = t.client_id
        JOIN enterprise e ON e.id = CASE WHEN c.id IS NULL THEN u.enterprise_id ELSE c.enterprise_id END
    WHERE t.revoked_at IS NULL;
END $$;
REVOKE ALL ON FUNCTION token_by_hash(bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION token_by_hash(bytea[]) TO reissued_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM reissued_job;
