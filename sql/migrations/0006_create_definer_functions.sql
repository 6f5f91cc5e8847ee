-- What must be read across enterprises, or before one is known, goes through these functions. They
-- belong to the job role, whose policies see all, and have a fixed search_path.

-- Who holds this token; one round trip for every request. Touches used_at at most once a minute.
CREATE FUNCTION token_by_hash(token_hash bytea, at timestamptz)
    RETURNS TABLE (token_id uuid, kind text, enterprise_id uuid, enterprise_status text, user_id uuid,
        client_id uuid, name text, role text, reach text, status text, scopes integer, acts_as uuid[])
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE t access_token%ROWTYPE;
BEGIN
    SELECT * INTO t FROM access_token a WHERE a.hash = token_hash;
    IF NOT FOUND OR t.revoked_at IS NOT NULL OR t.expires_at <= at
       OR (t.idle_seconds IS NOT NULL AND t.used_at + make_interval(secs => t.idle_seconds) <= at) THEN
        RETURN;
    END IF;
    IF t.used_at < at - interval '1 minute' THEN
        UPDATE access_token a SET used_at = at WHERE a.id = t.id;
    END IF;
    IF t.user_id IS NOT NULL THEN
        RETURN QUERY SELECT t.id, t.kind, t.enterprise_id, e.status, u.id, NULL::uuid, u.name, u.role, u.reach,
            u.status, t.scopes, '{}'::uuid[]
            FROM user_account u JOIN enterprise e ON e.id = u.enterprise_id WHERE u.id = t.user_id;
    ELSE
        RETURN QUERY SELECT t.id, t.kind, t.enterprise_id, e.status, NULL::uuid, c.id, c.name, c.role,
            'enterprise'::text, CASE WHEN c.active THEN 'active' ELSE 'blocked' END, t.scopes & c.scopes, c.acts_as
            FROM client c JOIN enterprise e ON e.id = c.enterprise_id WHERE c.id = t.client_id;
    END IF;
END $$;

CREATE FUNCTION login_by_email(wanted text)
    RETURNS TABLE (user_id uuid, enterprise_id uuid, enterprise_status text, status text, role text,
        reach text, name text, password_hash text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT u.id, u.enterprise_id, e.status, u.status, u.role, u.reach, u.name, u.password_hash
    FROM user_account u JOIN enterprise e ON e.id = u.enterprise_id WHERE u.email = wanted $$;

CREATE FUNCTION client_by_id(wanted uuid)
    RETURNS TABLE (client_id uuid, enterprise_id uuid, enterprise_status text, secret_hash bytea, scopes integer,
        active boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.id, c.enterprise_id, e.status, c.secret_hash, c.scopes, c.active
    FROM client c JOIN enterprise e ON e.id = c.enterprise_id WHERE c.id = wanted $$;

CREATE FUNCTION jwt_issuer_by_name(wanted text) RETURNS SETOF jwt_issuer
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM jwt_issuer WHERE issuer = wanted AND active $$;

CREATE FUNCTION user_by_identity(of_enterprise uuid, of_kind text, of_issuer text, of_subject text)
    RETURNS TABLE (user_id uuid, enterprise_id uuid, enterprise_status text, status text, role text, reach text,
        name text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT u.id, u.enterprise_id, e.status, u.status, u.role, u.reach, u.name
    FROM identity i JOIN user_account u ON u.id = i.user_id JOIN enterprise e ON e.id = u.enterprise_id
    WHERE i.enterprise_id = of_enterprise AND i.kind = of_kind AND i.issuer = of_issuer AND i.subject = of_subject $$;

-- Claims a key for a request. 'ok', 'reused' or 'blocked'; whose it is is never told.
-- Holds: never in a certificate, never in another open request, after a request that ended without
-- a certificate only for the same owner. A request's former key is released by spki_release().
CREATE FUNCTION spki_claim_key(spki bytea, for_owner uuid, for_request uuid) RETURNS text
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE won boolean;
BEGIN
    IF EXISTS (SELECT 1 FROM blocked_key b WHERE b.spki_sha256 = spki) THEN
        RETURN 'blocked';
    END IF;
    INSERT INTO spki_claim AS c (spki_sha256, owner_id, request_id, state)
        VALUES (spki, for_owner, for_request, 'open')
        ON CONFLICT (spki_sha256) DO UPDATE SET request_id = for_request, state = 'open'
            WHERE (c.state = 'ended' AND c.owner_id = for_owner)
               OR (c.state = 'open' AND c.request_id = for_request)
        RETURNING true INTO won;
    RETURN CASE WHEN won THEN 'ok' ELSE 'reused' END;
END $$;

-- The request no longer holds this key (another CSR, or it ended without a certificate).
CREATE FUNCTION spki_release(for_request uuid) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE spki_claim SET state = 'ended' WHERE request_id = for_request AND state = 'open' $$;

-- The key stands in a certificate now. For imports and enrolments request is NULL.
CREATE FUNCTION spki_issued(spki bytea, for_owner uuid, for_request uuid) RETURNS boolean
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO spki_claim AS c (spki_sha256, owner_id, request_id, state)
        VALUES (spki, for_owner, for_request, 'issued')
        ON CONFLICT (spki_sha256) DO UPDATE SET state = 'issued'
            WHERE c.request_id IS NOT DISTINCT FROM for_request OR (c.state = 'ended' AND c.owner_id = for_owner)
        RETURNING true $$;

-- How a key stands towards a request: 'free', 'mine' (claimed by this request), 'reused', 'blocked'.
CREATE FUNCTION spki_state(spki bytea, for_owner uuid, for_request uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT CASE
        WHEN EXISTS (SELECT 1 FROM blocked_key b WHERE b.spki_sha256 = spki) THEN 'blocked'
        WHEN c.spki_sha256 IS NULL THEN 'free'
        WHEN c.state = 'open' AND c.request_id = for_request THEN 'mine'
        WHEN c.state = 'ended' AND c.owner_id = for_owner THEN 'free'
        ELSE 'reused' END
    FROM (SELECT 1) one LEFT JOIN spki_claim c ON c.spki_sha256 = spki $$;

-- Substring search over names. ILIKE is not leakproof, so under row-level security the trigram index
-- would never be used: the definer function applies the tenant itself. At most 5,001 candidates.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX certificate_search_idx ON certificate USING gin (search_text gin_trgm_ops);
CREATE INDEX reissue_request_search_idx ON reissue_request USING gin (search_text gin_trgm_ops);

CREATE FUNCTION search_names(what text, needle text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    SET enable_seqscan = off SET enable_indexscan = off AS $$
DECLARE
    tenant text := current_setting('app.enterprise', true);
    pattern text := '%' || replace(replace(replace(lower(needle), '\', '\\'), '%', '\%'), '_', '\_') || '%';
BEGIN
    IF tenant IS NULL OR tenant = '' OR char_length(needle) < 3 THEN
        RETURN;
    END IF;
    IF what NOT IN ('certificate', 'reissue_request') THEN
        RAISE EXCEPTION 'nothing to search in';
    END IF;
    IF tenant = '*' THEN
        RETURN QUERY EXECUTE format('SELECT id FROM %I WHERE search_text LIKE $1 LIMIT 5001', what) USING pattern;
    ELSE
        RETURN QUERY EXECUTE format('SELECT id FROM %I WHERE search_text LIKE $1 AND enterprise_id = $2 LIMIT 5001',
            what) USING pattern, tenant::uuid;
    END IF;
END $$;

-- A function's new owner needs CREATE on the schema at that moment, and only then.
GRANT CREATE ON SCHEMA public TO reissued_job;
DO $$
DECLARE f text;
BEGIN
    FOREACH f IN ARRAY ARRAY['token_by_hash(bytea, timestamptz)', 'login_by_email(text)', 'client_by_id(uuid)',
        'jwt_issuer_by_name(text)', 'user_by_identity(uuid, text, text, text)', 'spki_claim_key(bytea, uuid, uuid)',
        'spki_release(uuid)', 'spki_issued(bytea, uuid, uuid)', 'spki_state(bytea, uuid, uuid)',
        'search_names(text, text)'] LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO reissued_app', f);
        EXECUTE format('ALTER FUNCTION %s OWNER TO reissued_job', f);
    END LOOP;
END $$;
REVOKE CREATE ON SCHEMA public FROM reissued_job;
