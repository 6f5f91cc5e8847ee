-- For statements that serve a group of requests at once: what one did for one.

-- The events of several, each an array as of audit_write().
CREATE FUNCTION audit_write_all(events jsonb[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE n integer;
BEGIN
    INSERT INTO audit_event (id, at, enterprise_id, actor_kind, actor_id, actor_name, action, outcome,
        code, object_type, object_id, digest, from_state, to_state, before, after, detail, address,
        user_agent, request_id, canonical, row_mac, mac_kid)
    SELECT e.id, e.at, e.enterprise_id, e.actor_kind, e.actor_id, e.actor_name, e.action, e.outcome,
        e.code, e.object_type, e.object_id, decode(e.digest, 'hex'), e.from_state, e.to_state, e.before,
        e.after, e.detail, e.address, e.user_agent, e.request_id, e.canonical,
        decode(e.row_mac, 'hex'), e.mac_kid
    FROM unnest(events) AS one, jsonb_to_recordset(one) AS e (id uuid, at timestamptz, enterprise_id uuid,
        actor_kind text, actor_id uuid, actor_name text, action text, outcome text, code text,
        object_type text, object_id uuid, digest text, from_state text, to_state text, before jsonb,
        after jsonb, detail text, address text, user_agent text, request_id text, canonical text,
        row_mac text, mac_kid text);
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END $$;

GRANT CREATE ON SCHEMA public TO reissued_job;
SET LOCAL ROLE reissued_job;
-- Who holds the tokens of these hashes at these times, item by item; no row for one that is unknown,
-- expired or revoked. unnoted: used_at is more than a minute behind.
DROP FUNCTION token_by_hash(bytea, timestamptz);
CREATE FUNCTION token_by_hash(hashes bytea[], times timestamptz[])
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
        t.used_at < x.at - interval '1 minute'
    FROM unnest(hashes, times) WITH ORDINALITY AS x (hash, at, item)
        JOIN access_token t ON t.hash = x.hash
        LEFT JOIN user_account u ON u.id = t.user_id
        LEFT JOIN client c ON c.id = t.client_id
        JOIN enterprise e ON e.id = CASE WHEN c.id IS NULL THEN u.enterprise_id ELSE c.enterprise_id END
    WHERE t.revoked_at IS NULL AND t.expires_at > x.at
      AND (t.idle_seconds IS NULL OR t.used_at + make_interval(secs => t.idle_seconds) > x.at);
END $$;
REVOKE ALL ON FUNCTION token_by_hash(bytea[], timestamptz[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION token_by_hash(bytea[], timestamptz[]) TO reissued_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM reissued_job;
