-- An API token that was never used has no time of its last use. unnoted is then true: the first use is told at once.
-- compatible_from: 20
ALTER TABLE access_token ALTER COLUMN used_at DROP NOT NULL;
UPDATE access_token SET used_at = NULL WHERE used_at < created_at;

GRANT CREATE ON SCHEMA public TO reissued_job;
SET LOCAL ROLE reissued_job;
CREATE OR REPLACE FUNCTION token_by_hash(hashes bytea[], times timestamptz[])
    RETURNS TABLE (item bigint, token_id uuid, kind text, enterprise_id uuid, enterprise_status text,
        user_id uuid, client_id uuid, name text, role text, reach text, status text, scopes integer,
        acts_as uuid[], unnoted boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT x.item, t.id, t.kind, t.enterprise_id, e.status, u.id, c.id,
        CASE WHEN c.id IS NULL THEN u.name ELSE c.name END,
        CASE WHEN c.id IS NULL THEN u.role ELSE c.role END,
        CASE WHEN c.id IS NULL THEN u.reach ELSE 'enterprise' END,
        CASE WHEN c.id IS NULL THEN u.status WHEN c.active THEN 'active' ELSE 'blocked' END,
        CASE WHEN c.id IS NULL THEN t.scopes ELSE t.scopes & c.scopes END,
        CASE WHEN c.id IS NULL THEN '{}'::uuid[] ELSE c.acts_as END,
        (t.used_at < x.at - interval '1 minute') IS NOT FALSE
    FROM unnest(hashes, times) WITH ORDINALITY AS x (hash, at, item)
        JOIN access_token t ON t.hash = x.hash
        LEFT JOIN user_account u ON u.id = t.user_id
        LEFT JOIN client c ON c.id = t.client_id
        JOIN enterprise e ON e.id = CASE WHEN c.id IS NULL THEN u.enterprise_id ELSE c.enterprise_id END
    WHERE t.revoked_at IS NULL AND t.expires_at > x.at
      AND (t.idle_seconds IS NULL OR t.used_at + make_interval(secs => t.idle_seconds) > x.at);
END $$;
RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM reissued_job;
