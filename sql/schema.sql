-- The schema at its head, for reading. Made by tests/store/schema.sh from the migrations.


SELECT pg_catalog.set_config('search_path', '', false);

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';

CREATE FUNCTION public.agreement_of(profile uuid, of_revision bigint) RETURNS uuid
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN (SELECT (q.body->>'agreement_id')::uuid FROM profile_revision q
        WHERE q.profile_id = profile AND q.revision = of_revision);
END $$;

ALTER FUNCTION public.agreement_of(profile uuid, of_revision bigint) OWNER TO reissued_owner;

CREATE FUNCTION public.agreement_wanted(agreement uuid, in_language text) RETURNS TABLE(agreement_id uuid, version integer, least_version integer, language text, sha256 bytea)
    LANGUAGE plpgsql STABLE STRICT
    AS $$
BEGIN
    RETURN QUERY SELECT a.id, a.version,
            coalesce((SELECT max(v.version) FROM agreement_text v
                WHERE v.agreement_id = a.id AND v.reacceptance), 1),
            t.language, t.sha256
        FROM agreement a
            LEFT JOIN LATERAL (SELECT v.language, v.sha256 FROM agreement_text v
                WHERE v.agreement_id = a.id AND v.version = a.version
                ORDER BY v.language = in_language DESC, v.language = 'en' DESC, v.language LIMIT 1) t ON true
        WHERE a.id = agreement;
END $$;

ALTER FUNCTION public.agreement_wanted(agreement uuid, in_language text) OWNER TO reissued_owner;

CREATE FUNCTION public.app_sees(enterprise uuid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT CASE current_setting('app.enterprise', true) WHEN '*' THEN true
              ELSE enterprise::text = current_setting('app.enterprise', true) END $$;

ALTER FUNCTION public.app_sees(enterprise uuid) OWNER TO reissued_owner;

CREATE FUNCTION public.approvals_of(request uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN coalesce((SELECT jsonb_agg(jsonb_build_object('id', a.id, 'round', a.round, 'stage', a.stage,
            'by', jsonb_build_object('id', a.by_id, 'name', u.name), 'decision', a.decision,
            'remarks', a.remarks, 'digest', 'sha256:' || encode(a.digest, 'hex'),
            'at', to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
            'by_status', u.status) ORDER BY a.at, a.id)
        FROM approval a LEFT JOIN user_account u ON u.id = a.by_id
        WHERE a.request_id = request), '[]'::jsonb);
END $$;

ALTER FUNCTION public.approvals_of(request uuid) OWNER TO reissued_owner;

CREATE FUNCTION public.audit_guard() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'raise_exception';
END $$;

ALTER FUNCTION public.audit_guard() OWNER TO reissued_owner;

CREATE FUNCTION public.audit_insert(event jsonb) RETURNS uuid
    LANGUAGE sql
    AS $$
    INSERT INTO audit_event (id, at, enterprise_id, actor_kind, actor_id, actor_name, action, outcome, code,
        object_type, object_id, digest, from_state, to_state, before, after, detail, address, user_agent,
        request_id, canonical, row_mac, mac_kid)
    SELECT (event->>'id')::uuid, (event->>'at')::timestamptz, (event->>'enterprise_id')::uuid,
        event->>'actor_kind', (event->>'actor_id')::uuid, event->>'actor_name', event->>'action',
        event->>'outcome', event->>'code', event->>'object_type', (event->>'object_id')::uuid,
        decode(event->>'digest', 'hex'), event->>'from_state', event->>'to_state',
        NULLIF(event->'before', 'null'), NULLIF(event->'after', 'null'),
        event->>'detail', event->>'address', event->>'user_agent', event->>'request_id',
        event->>'canonical', decode(event->>'row_mac', 'hex'), event->>'mac_kid';
    SELECT (event->>'id')::uuid $$;

ALTER FUNCTION public.audit_insert(event jsonb) OWNER TO reissued_owner;

CREATE FUNCTION public.audit_write(events jsonb) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE n integer;
BEGIN
    INSERT INTO audit_event (id, at, enterprise_id, actor_kind, actor_id, actor_name, action, outcome,
        code, object_type, object_id, digest, from_state, to_state, before, after, detail, address,
        user_agent, request_id, canonical, row_mac, mac_kid)
    SELECT e.id, e.at, e.enterprise_id, e.actor_kind, e.actor_id, e.actor_name, e.action, e.outcome,
        e.code, e.object_type, e.object_id, decode(e.digest, 'hex'), e.from_state, e.to_state, e.before,
        e.after, e.detail, e.address, e.user_agent, e.request_id, e.canonical,
        decode(e.row_mac, 'hex'), e.mac_kid
    FROM jsonb_to_recordset(events) AS e (id uuid, at timestamptz, enterprise_id uuid, actor_kind text,
        actor_id uuid, actor_name text, action text, outcome text, code text, object_type text,
        object_id uuid, digest text, from_state text, to_state text, before jsonb, after jsonb,
        detail text, address text, user_agent text, request_id text, canonical text, row_mac text,
        mac_kid text);
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END $$;

ALTER FUNCTION public.audit_write(events jsonb) OWNER TO reissued_owner;

CREATE FUNCTION public.audit_write_all(events jsonb[]) RETURNS integer
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION public.audit_write_all(events jsonb[]) OWNER TO reissued_owner;

CREATE FUNCTION public.certificate_end(certificate uuid) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN (SELECT c.not_after FROM certificate c WHERE c.id = certificate);
END $$;

ALTER FUNCTION public.certificate_end(certificate uuid) OWNER TO reissued_owner;

CREATE FUNCTION public.challenge_ends() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NEW.status NOT IN ('pending', 'exchanging', 'returned', 'verified') THEN
        NEW.ended_at := coalesce(NEW.ended_at, NEW.updated_at);
        NEW.private_sealed := NULL;
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.challenge_ends() OWNER TO reissued_owner;

CREATE FUNCTION public.challenge_follows_request() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE challenge SET status = 'invalidated', updated_at = NEW.updated_at, revision = revision + 1
    WHERE request_id = NEW.id AND status IN ('pending', 'exchanging', 'returned', 'verified')
      AND NOT (round = NEW.round AND digest = NEW.digest AND CASE operation
          WHEN 'reissue' THEN NEW.status = 'authenticating'
          ELSE NEW.status IN ('pending', 'in_review', 'pending_dual_control') END);
    RETURN NULL;
END $$;

ALTER FUNCTION public.challenge_follows_request() OWNER TO reissued_owner;

CREATE FUNCTION public.challenge_follows_user() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE challenge SET status = 'cancelled', updated_at = NEW.updated_at, revision = revision + 1
    WHERE user_id = NEW.id AND status IN ('pending', 'exchanging', 'returned', 'verified')
      AND (NEW.status = 'blocked' OR mechanism IN ('email_otp', 'email_sms_otp'));
    RETURN NULL;
END $$;

ALTER FUNCTION public.challenge_follows_user() OWNER TO reissued_owner;

CREATE FUNCTION public.challenge_moved() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO challenge_event (enterprise_id, challenge_id, at, kind, to_status, address, user_agent)
        VALUES (NEW.enterprise_id, NEW.id, NEW.updated_at, 'status', NEW.status, NEW.address, NEW.user_agent);
    ELSE
        INSERT INTO challenge_event (enterprise_id, challenge_id, at, kind, from_status, to_status, code)
        VALUES (NEW.enterprise_id, NEW.id, NEW.updated_at, 'status', OLD.status, NEW.status, NEW.failure);
        -- It was no wrong answer after all.
        IF NEW.status = 'verified' OR (NEW.status = 'consumed' AND OLD.status <> 'verified') THEN
            UPDATE challenge_subject SET wrong = 0, locks = 0, locked_until = NULL WHERE user_id = NEW.user_id;
        END IF;
        IF NEW.ended_at IS NOT NULL THEN
            UPDATE challenge_delivery SET code_sealed = NULL, destination_sealed = NULL
            WHERE challenge_id = NEW.id AND (code_sealed IS NOT NULL OR destination_sealed IS NOT NULL);
        END IF;
    END IF;
    RETURN NULL;
END $$;

ALTER FUNCTION public.challenge_moved() OWNER TO reissued_owner;

CREATE FUNCTION public.challenge_of(request uuid, of_round integer) RETURNS TABLE(challenge_id uuid, challenge_status text, challenge_expires_at timestamp with time zone)
    LANGUAGE plpgsql STABLE STRICT
    AS $$
BEGIN
    RETURN QUERY SELECT c.id, c.status, c.expires_at FROM challenge c
        WHERE c.request_id = request AND c.round = of_round AND c.operation = 'reissue'
        ORDER BY (c.status = 'consumed') DESC, c.created_at DESC, c.id DESC LIMIT 1;
END $$;

ALTER FUNCTION public.challenge_of(request uuid, of_round integer) OWNER TO reissued_owner;

CREATE FUNCTION public.client_by_id(wanted uuid) RETURNS TABLE(client_id uuid, enterprise_id uuid, enterprise_status text, secret_hash bytea, scopes integer, active boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT c.id, c.enterprise_id, e.status, c.secret_hash, c.scopes, c.active
    FROM client c JOIN enterprise e ON e.id = c.enterprise_id WHERE c.id = wanted $$;

ALTER FUNCTION public.client_by_id(wanted uuid) OWNER TO reissued_job;

CREATE FUNCTION public.evidence_guard() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'evidence is append-only' USING ERRCODE = 'raise_exception';
END $$;

ALTER FUNCTION public.evidence_guard() OWNER TO reissued_owner;

CREATE FUNCTION public.idem_effect(claim jsonb, made_type text, made_id uuid) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF claim IS NULL THEN
        RETURN true;
    END IF;
    UPDATE idempotency SET state = 'effect', object_type = made_type, object_id = made_id
    WHERE enterprise_id = (claim->>'enterprise_id')::uuid AND actor_id = (claim->>'actor_id')::uuid
      AND method = claim->>'method' AND path = claim->>'path' AND key = claim->>'key'
      AND lease_until = (claim->>'lease')::timestamptz AND state <> 'answered';
    RETURN FOUND;
END $$;

ALTER FUNCTION public.idem_effect(claim jsonb, made_type text, made_id uuid) OWNER TO reissued_owner;

CREATE FUNCTION public.intended(request uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM issuance x WHERE x.request_id = request AND x.state = 'intended');
END $$;

ALTER FUNCTION public.intended(request uuid) OWNER TO reissued_owner;

CREATE FUNCTION public.issuance_guard() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'issuances are never deleted' USING ERRCODE = 'raise_exception';
    END IF;
    IF NEW.tbs <> OLD.tbs OR NEW.tbs_sha256 <> OLD.tbs_sha256 OR NEW.serial <> OLD.serial
       OR NEW.issuer_id <> OLD.issuer_id OR NEW.request_id IS DISTINCT FROM OLD.request_id
       OR NEW.round IS DISTINCT FROM OLD.round OR NEW.certificate_id <> OLD.certificate_id
       OR NEW.content <> OLD.content OR NEW.sign_before <> OLD.sign_before THEN
        RAISE EXCEPTION 'an intent is immutable' USING ERRCODE = 'raise_exception';
    END IF;
    IF OLD.state <> 'intended' AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'an ended issuance is immutable' USING ERRCODE = 'raise_exception';
    END IF;
    RETURN NEW;
END $$;

ALTER FUNCTION public.issuance_guard() OWNER TO reissued_owner;

CREATE FUNCTION public.issuer_of(profile uuid, of_revision bigint) RETURNS uuid
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN (SELECT (q.body->>'issuer_id')::uuid FROM profile_revision q
        WHERE q.profile_id = profile AND q.revision = of_revision);
END $$;

ALTER FUNCTION public.issuer_of(profile uuid, of_revision bigint) OWNER TO reissued_owner;

CREATE TABLE public.jwt_issuer (
    id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    kind text DEFAULT 'oidc'::text NOT NULL,
    issuer text NOT NULL,
    audience text NOT NULL,
    algorithms jsonb NOT NULL,
    jwks jsonb,
    jwks_uri text,
    scopes integer NOT NULL,
    active boolean DEFAULT true NOT NULL,
    revision bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT jwt_issuer_keys CHECK (((jwks IS NULL) <> (jwks_uri IS NULL))),
    CONSTRAINT jwt_issuer_kind_known CHECK ((kind = ANY (ARRAY['oidc'::text, 'entra'::text])))
);

ALTER TABLE ONLY public.jwt_issuer FORCE ROW LEVEL SECURITY;

ALTER TABLE public.jwt_issuer OWNER TO reissued_owner;

CREATE FUNCTION public.jwt_issuer_by_name(wanted text) RETURNS SETOF public.jwt_issuer
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT * FROM jwt_issuer WHERE issuer = wanted AND active $$;

ALTER FUNCTION public.jwt_issuer_by_name(wanted text) OWNER TO reissued_job;

CREATE FUNCTION public.login_by_email(wanted text) RETURNS TABLE(user_id uuid, enterprise_id uuid, enterprise_status text, status text, role text, reach text, name text, password_hash text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT u.id, u.enterprise_id, e.status, u.status, u.role, u.reach, u.name, u.password_hash
    FROM user_account u JOIN enterprise e ON e.id = u.enterprise_id WHERE u.email = wanted $$;

ALTER FUNCTION public.login_by_email(wanted text) OWNER TO reissued_job;

CREATE FUNCTION public.person_name(person uuid) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN coalesce((SELECT u.name FROM user_account u WHERE u.id = person),
                    (SELECT c.name FROM client c WHERE c.id = person));
END $$;

ALTER FUNCTION public.person_name(person uuid) OWNER TO reissued_owner;

CREATE FUNCTION public.search_names(what text, needle text, owners uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_indexscan TO 'off'
    AS $_$
DECLARE
    tenant text := current_setting('app.enterprise', true);
    pattern text := '%' || replace(replace(replace(lower(needle), '\', '\\'), '%', '\%'), '_', '\_') || '%';
    names text;
    found integer;
BEGIN
    IF tenant IS NULL OR tenant = '' OR char_length(needle) < 3 THEN
        RETURN;
    END IF;
    IF what NOT IN ('certificate', 'reissue_request') THEN
        RAISE EXCEPTION 'nothing to search in';
    END IF;
    names := format('%I WHERE true', what)
        || CASE WHEN tenant = '*' THEN '' ELSE ' AND enterprise_id = $2::uuid' END
        || CASE WHEN owners IS NULL THEN '' ELSE ' AND owner_id = ANY ($3)' END;
    -- A sample of 500; only when two in five hold it, 5,001 are worth looking for among 15,000.
    PERFORM set_config('enable_indexscan', 'on', true);
    EXECUTE format('SELECT count(*) FROM (SELECT search_text FROM %s LIMIT 500) s WHERE search_text LIKE $1', names)
        INTO found USING pattern, tenant, owners;
    IF found >= 200 THEN
        EXECUTE format('SELECT count(*) FROM (SELECT FROM (SELECT search_text FROM %s LIMIT 15000) s
            WHERE search_text LIKE $1 LIMIT 5001) h', names) INTO found USING pattern, tenant, owners;
    END IF;
    IF found <= 5000 THEN
        PERFORM set_config('enable_indexscan', 'off', true);
        RETURN QUERY EXECUTE format('SELECT id FROM %s AND search_text LIKE $1 LIMIT 5001', names)
            USING pattern, tenant, owners;
        GET DIAGNOSTICS found = ROW_COUNT;
    END IF;
    IF found > 5000 THEN
        RAISE EXCEPTION 'more than 5000 names hold this'
            USING ERRCODE = 'program_limit_exceeded', CONSTRAINT = 'search_names_fewer';
    END IF;
END $_$;

ALTER FUNCTION public.search_names(what text, needle text, owners uuid[]) OWNER TO reissued_job;

CREATE FUNCTION public.spki_claim_key(spki bytea, for_owner uuid, for_request uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
    IF won IS NULL THEN
        RETURN 'reused';
    END IF;
    UPDATE spki_claim c SET state = 'ended'
        WHERE c.request_id = for_request AND c.state = 'open' AND c.spki_sha256 <> spki;
    RETURN 'ok';
END $$;

ALTER FUNCTION public.spki_claim_key(spki bytea, for_owner uuid, for_request uuid) OWNER TO reissued_job;

CREATE FUNCTION public.spki_issued(spki bytea, for_owner uuid, for_request uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO spki_claim AS c (spki_sha256, owner_id, request_id, state)
        VALUES (spki, for_owner, for_request, 'issued')
        ON CONFLICT (spki_sha256) DO UPDATE SET state = 'issued'
            WHERE c.request_id IS NOT DISTINCT FROM for_request OR (c.state = 'ended' AND c.owner_id = for_owner);
    RETURN FOUND;
END $$;

ALTER FUNCTION public.spki_issued(spki bytea, for_owner uuid, for_request uuid) OWNER TO reissued_job;

CREATE FUNCTION public.spki_release(spki bytea, for_request uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    UPDATE spki_claim c SET state = 'ended'
        WHERE c.spki_sha256 = spki AND c.request_id IS NOT DISTINCT FROM for_request AND c.state = 'open';
    RETURN FOUND;
END $$;

ALTER FUNCTION public.spki_release(spki bytea, for_request uuid) OWNER TO reissued_job;

CREATE FUNCTION public.spki_state(spki bytea, for_owner uuid, for_request uuid) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    RETURN CASE WHEN EXISTS (SELECT 1 FROM blocked_key b WHERE b.spki_sha256 = spki) THEN 'blocked'
        ELSE coalesce((SELECT CASE
                WHEN c.state = 'open' AND c.request_id = for_request THEN 'mine'
                WHEN c.state = 'ended' AND c.owner_id = for_owner THEN 'free'
                ELSE 'reused' END
            FROM spki_claim c WHERE c.spki_sha256 = spki), 'free') END;
END $$;

ALTER FUNCTION public.spki_state(spki bytea, for_owner uuid, for_request uuid) OWNER TO reissued_job;

CREATE FUNCTION public.token_by_hash(hashes bytea[]) RETURNS TABLE(item bigint, token_id uuid, kind text, enterprise_id uuid, enterprise_status text, user_id uuid, client_id uuid, name text, role text, reach text, status text, scopes integer, acts_as uuid[], holds_until timestamp with time zone, used_at timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

ALTER FUNCTION public.token_by_hash(hashes bytea[]) OWNER TO reissued_job;

CREATE FUNCTION public.token_by_hash(hashes bytea[], times timestamp with time zone[]) RETURNS TABLE(item bigint, token_id uuid, kind text, enterprise_id uuid, enterprise_status text, user_id uuid, client_id uuid, name text, role text, reach text, status text, scopes integer, acts_as uuid[], unnoted boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

ALTER FUNCTION public.token_by_hash(hashes bytea[], times timestamp with time zone[]) OWNER TO reissued_job;

CREATE FUNCTION public.user_by_identity(of_enterprise uuid, of_kind text, of_issuer text, of_subject text) RETURNS TABLE(user_id uuid, enterprise_id uuid, enterprise_status text, status text, role text, reach text, name text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    SELECT u.id, u.enterprise_id, e.status, u.status, u.role, u.reach, u.name
    FROM identity i JOIN user_account u ON u.id = i.user_id JOIN enterprise e ON e.id = u.enterprise_id
    WHERE i.enterprise_id = of_enterprise AND i.kind = of_kind AND i.issuer = of_issuer AND i.subject = of_subject $$;

ALTER FUNCTION public.user_by_identity(of_enterprise uuid, of_kind text, of_issuer text, of_subject text) OWNER TO reissued_job;

CREATE TABLE public.access_token (
    id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    kind text NOT NULL,
    hash bytea NOT NULL,
    user_id uuid,
    client_id uuid,
    name text DEFAULT ''::text NOT NULL,
    scopes integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    idle_seconds integer,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    address text,
    user_agent text,
    CONSTRAINT access_token_holder CHECK (((user_id IS NULL) <> (client_id IS NULL))),
    CONSTRAINT access_token_kind_known CHECK ((kind = ANY (ARRAY['session'::text, 'api'::text, 'client'::text])))
);

ALTER TABLE ONLY public.access_token FORCE ROW LEVEL SECURITY;

ALTER TABLE public.access_token OWNER TO reissued_owner;

CREATE TABLE public.agreement (
    id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    revision bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.agreement FORCE ROW LEVEL SECURITY;

ALTER TABLE public.agreement OWNER TO reissued_owner;

CREATE TABLE public.agreement_text (
    agreement_id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    version integer NOT NULL,
    language text NOT NULL,
    format text NOT NULL,
    text text NOT NULL,
    sha256 bytea NOT NULL,
    reacceptance boolean NOT NULL,
    published_at timestamp with time zone NOT NULL,
    CONSTRAINT agreement_text_format_known CHECK ((format = ANY (ARRAY['text'::text, 'markdown'::text])))
);

ALTER TABLE ONLY public.agreement_text FORCE ROW LEVEL SECURITY;

ALTER TABLE public.agreement_text OWNER TO reissued_owner;

CREATE TABLE public.approval (
    id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    request_id uuid NOT NULL,
    round integer NOT NULL,
    stage integer NOT NULL,
    by_id uuid NOT NULL,
    decision text NOT NULL,
    remarks text,
    digest bytea NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT approval_decision_known CHECK ((decision = ANY (ARRAY['approved'::text, 'declined'::text])))
);

ALTER TABLE ONLY public.approval FORCE ROW LEVEL SECURITY;

ALTER TABLE public.approval OWNER TO reissued_owner;

CREATE TABLE public.audit_event (
    seq bigint NOT NULL,
    id uuid NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    at timestamp with time zone NOT NULL,
    enterprise_id uuid,
    actor_kind text NOT NULL,
    actor_id uuid,
    actor_name text,
    action text NOT NULL,
    outcome text NOT NULL,
    code text,
    object_type text NOT NULL,
    object_id uuid,
    digest bytea,
    from_state text,
    to_state text,
    before jsonb,
    after jsonb,
    detail text,
    address text,
    user_agent text,
    request_id text,
    canonical text NOT NULL,
    row_mac bytea NOT NULL,
    mac_kid text NOT NULL,
    CONSTRAINT audit_event_actor_known CHECK ((actor_kind = ANY (ARRAY['user'::text, 'client'::text, 'system'::text, 'anonymous'::text]))),
    CONSTRAINT audit_event_outcome_known CHECK ((outcome = ANY (ARRAY['done'::text, 'denied'::text, 'failed'::text])))
);

ALTER TABLE ONLY public.audit_event FORCE ROW LEVEL SECURITY;

ALTER TABLE public.audit_event OWNER TO reissued_owner;

ALTER TABLE public.audit_event ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_event_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.blocked_key (
    spki_sha256 bytea NOT NULL,
    reason text NOT NULL,
    source text NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE public.blocked_key OWNER TO reissued_owner;

CREATE TABLE public.caa_check (
    id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    request_id uuid,
    kind text NOT NULL,
    name text NOT NULL,
    wildcard boolean NOT NULL,
    basis jsonb NOT NULL,
    result text NOT NULL,
    code text NOT NULL,
    detail text,
    found_at text,
    records jsonb NOT NULL,
    dnssec text NOT NULL,
    queries jsonb NOT NULL,
    perspective text DEFAULT 'primary'::text NOT NULL,
    checked_by uuid,
    checked_at timestamp with time zone NOT NULL,
    valid_until timestamp with time zone NOT NULL,
    CONSTRAINT caa_check_dnssec_known CHECK ((dnssec = ANY (ARRAY['secure'::text, 'insecure'::text, 'bogus'::text, 'unknown'::text]))),
    CONSTRAINT caa_check_kind_known CHECK ((kind = ANY (ARRAY['dns'::text, 'mail'::text]))),
    CONSTRAINT caa_check_result_known CHECK ((result = ANY (ARRAY['permitted'::text, 'forbidden'::text, 'error'::text])))
);

ALTER TABLE ONLY public.caa_check FORCE ROW LEVEL SECURITY;

ALTER TABLE public.caa_check OWNER TO reissued_owner;

CREATE TABLE public.certificate (
    id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    profile_id uuid NOT NULL,
    issuer_id uuid,
    issuer_name text NOT NULL,
    issuer_name_sha256 bytea NOT NULL,
    serial bytea NOT NULL,
    status text NOT NULL,
    category text NOT NULL,
    source text NOT NULL,
    subject jsonb NOT NULL,
    san jsonb NOT NULL,
    common_name text DEFAULT ''::text NOT NULL,
    search_text text NOT NULL,
    not_before timestamp with time zone NOT NULL,
    not_after timestamp with time zone NOT NULL,
    key jsonb NOT NULL,
    extensions jsonb NOT NULL,
    unsupported jsonb DEFAULT '[]'::jsonb NOT NULL,
    spki_sha256 bytea NOT NULL,
    fingerprint_sha256 bytea NOT NULL,
    lineage_id uuid NOT NULL,
    generation integer DEFAULT 1 NOT NULL,
    replaces_id uuid,
    issued_by_request_id uuid,
    revoked_at timestamp with time zone,
    revocation_reason text,
    invalidity_date timestamp with time zone,
    revocation_due_at timestamp with time zone,
    revision bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT certificate_reason_known CHECK ((revocation_reason = ANY (ARRAY['unspecified'::text, 'keyCompromise'::text, 'affiliationChanged'::text, 'superseded'::text, 'cessationOfOperation'::text, 'privilegeWithdrawn'::text, 'caCompromise'::text]))),
    CONSTRAINT certificate_revocation_whole CHECK ((((status = 'revoked'::text) = (revoked_at IS NOT NULL)) AND ((revoked_at IS NULL) = (revocation_reason IS NULL)))),
    CONSTRAINT certificate_source_known CHECK ((source = ANY (ARRAY['issued'::text, 'imported'::text]))),
    CONSTRAINT certificate_status_known CHECK ((status = ANY (ARRAY['issued'::text, 'suspended'::text, 'revoked'::text])))
);

ALTER TABLE ONLY public.certificate FORCE ROW LEVEL SECURITY;

ALTER TABLE public.certificate OWNER TO reissued_owner;

CREATE TABLE public.certificate_der (
    certificate_id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    der bytea NOT NULL,
    chain_pem text
);

ALTER TABLE ONLY public.certificate_der FORCE ROW LEVEL SECURITY;

ALTER TABLE public.certificate_der OWNER TO reissued_owner;

CREATE TABLE public.profile (
    id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    name text NOT NULL,
    category text NOT NULL,
    issuer_id uuid NOT NULL,
    agreement_id uuid,
    active boolean NOT NULL,
    revision bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.profile FORCE ROW LEVEL SECURITY;

ALTER TABLE public.profile OWNER TO reissued_owner;

CREATE TABLE public.reissue_request (
    id uuid NOT NULL,
    number text NOT NULL,
    enterprise_id uuid NOT NULL,
    certificate_id uuid NOT NULL,
    lineage_id uuid NOT NULL,
    profile_id uuid NOT NULL,
    profile_revision bigint NOT NULL,
    category text NOT NULL,
    owner_id uuid NOT NULL,
    requested_by uuid NOT NULL,
    requested_by_client boolean DEFAULT false NOT NULL,
    reason text NOT NULL,
    status text NOT NULL,
    round integer DEFAULT 1 NOT NULL,
    revision bigint DEFAULT 1 NOT NULL,
    subject jsonb NOT NULL,
    san jsonb NOT NULL,
    validity jsonb NOT NULL,
    common_name text DEFAULT ''::text NOT NULL,
    search_text text NOT NULL,
    message text,
    csr_der bytea,
    spki_der bytea,
    spki_sha256 bytea,
    key jsonb,
    checks jsonb DEFAULT '[]'::jsonb NOT NULL,
    ignored jsonb DEFAULT '[]'::jsonb NOT NULL,
    inherited_faults jsonb DEFAULT '[]'::jsonb NOT NULL,
    digest bytea NOT NULL,
    agreement_id uuid,
    agreement_version integer,
    agreement_language text,
    agreement_sha256 bytea,
    agreement_accepted_at timestamp with time zone,
    agreement_accepted_by uuid,
    agreement_address text,
    submitted_at timestamp with time zone,
    submitted_by uuid,
    factor_passed_by uuid,
    factor_digest bytea,
    factor_round integer,
    reviewer_id uuid,
    declined jsonb,
    failure jsonb,
    previous_action text NOT NULL,
    previous_due_at timestamp with time zone,
    new_certificate_id uuid,
    hidden boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    status_changed_at timestamp with time zone NOT NULL,
    issued_at timestamp with time zone,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT reissue_request_issued_whole CHECK (((status = 'issued'::text) = (new_certificate_id IS NOT NULL))),
    CONSTRAINT reissue_request_previous_known CHECK ((previous_action = ANY (ARRAY['keep'::text, 'revoke_on_issue'::text, 'revoke_after_days'::text, 'revoke_on_submit'::text]))),
    CONSTRAINT reissue_request_reason_known CHECK ((reason = ANY (ARRAY['key_lost'::text, 'information_changed'::text, 'key_strength_changed'::text, 'key_compromised'::text, 'other'::text]))),
    CONSTRAINT reissue_request_status_known CHECK ((status = ANY (ARRAY['draft'::text, 'authenticating'::text, 'pending'::text, 'in_review'::text, 'pending_dual_control'::text, 'declined'::text, 'issuing'::text, 'failed'::text, 'issued'::text, 'cancelled'::text, 'expired'::text])))
);

ALTER TABLE ONLY public.reissue_request FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reissue_request OWNER TO reissued_owner;

CREATE VIEW public.certificate_view WITH (security_invoker='true') AS
 SELECT c.id,
    c.enterprise_id,
    c.owner_id,
    c.profile_id,
    c.issuer_id,
    c.issuer_name AS issuer,
    c.serial,
    c.status,
    c.category,
    c.source,
    c.subject,
    c.san,
    c.common_name,
    c.not_before,
    c.not_after,
    c.key,
    c.extensions,
    c.unsupported,
    c.spki_sha256,
    c.fingerprint_sha256,
    c.lineage_id,
    c.generation,
    c.replaces_id,
    c.issued_by_request_id,
    c.revoked_at,
    c.revocation_reason,
    c.invalidity_date,
    c.revocation_due_at,
    c.revision,
    c.created_at,
    c.updated_at,
        CASE c.source
            WHEN 'imported'::text THEN c.not_before
            ELSE c.created_at
        END AS issued_at,
    p.revision AS profile_revision,
    ( SELECT n.id
           FROM public.certificate n
          WHERE (n.replaces_id = c.id)
          ORDER BY n.created_at DESC, n.id DESC
         LIMIT 1) AS replaced_by_id,
    ( SELECT r.id
           FROM public.reissue_request r
          WHERE ((r.certificate_id = c.id) AND (r.status <> ALL (ARRAY['issued'::text, 'cancelled'::text, 'expired'::text])))) AS open_request_id
   FROM (public.certificate c
     JOIN public.profile p ON ((p.id = c.profile_id)));

ALTER TABLE public.certificate_view OWNER TO reissued_owner;

CREATE TABLE public.challenge (
    id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    operation text NOT NULL,
    user_id uuid NOT NULL,
    request_id uuid,
    certificate_id uuid,
    profile_id uuid,
    object_id uuid GENERATED ALWAYS AS (COALESCE(request_id, certificate_id, profile_id, user_id)) STORED NOT NULL,
    round integer,
    digest bytea,
    mechanism text NOT NULL,
    style text NOT NULL,
    connector_id uuid,
    connector_revision bigint,
    option jsonb NOT NULL,
    policy_revision bigint NOT NULL,
    on_behalf boolean DEFAULT false NOT NULL,
    summary text NOT NULL,
    status text NOT NULL,
    failure text,
    digits integer,
    attempts integer DEFAULT 0 NOT NULL,
    attempts_max integer NOT NULL,
    attempted_at timestamp with time zone,
    resends integer DEFAULT 0 NOT NULL,
    resends_max integer NOT NULL,
    resend_after timestamp with time zone,
    token_id uuid,
    token_hash bytea NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    address text,
    user_agent text,
    return_url text,
    private_sealed bytea,
    private_kid text,
    revision bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    verified_until timestamp with time zone,
    ended_at timestamp with time zone,
    CONSTRAINT challenge_attempts_bounded CHECK ((attempts <= attempts_max)),
    CONSTRAINT challenge_ended_whole CHECK (((ended_at IS NULL) = (status = ANY (ARRAY['pending'::text, 'exchanging'::text, 'returned'::text, 'verified'::text])))),
    CONSTRAINT challenge_object_fits CHECK ((((operation = ANY (ARRAY['reissue'::text, 'approve'::text])) = ((request_id IS NOT NULL) AND (round IS NOT NULL) AND (digest IS NOT NULL))) AND ((operation = 'revoke'::text) = (certificate_id IS NOT NULL)) AND ((operation = 'enrol'::text) = (profile_id IS NOT NULL)))),
    CONSTRAINT challenge_operation_known CHECK ((operation = ANY (ARRAY['reissue'::text, 'approve'::text, 'revoke'::text, 'enrol'::text, 'account'::text]))),
    CONSTRAINT challenge_private_gone CHECK (((ended_at IS NULL) OR (private_sealed IS NULL))),
    CONSTRAINT challenge_resends_bounded CHECK ((resends <= resends_max)),
    CONSTRAINT challenge_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'exchanging'::text, 'returned'::text, 'verified'::text, 'consumed'::text, 'rejected'::text, 'locked'::text, 'expired'::text, 'superseded'::text, 'invalidated'::text, 'cancelled'::text, 'delivery_failed'::text]))),
    CONSTRAINT challenge_style_known CHECK ((style = ANY (ARRAY['code'::text, 'password'::text, 'redirect'::text]))),
    CONSTRAINT challenge_verified_later CHECK (((operation <> 'reissue'::text) OR (status <> 'verified'::text))),
    CONSTRAINT challenge_verified_whole CHECK (((status <> 'verified'::text) OR (verified_until IS NOT NULL)))
);

ALTER TABLE ONLY public.challenge FORCE ROW LEVEL SECURITY;

ALTER TABLE public.challenge OWNER TO reissued_owner;

CREATE TABLE public.challenge_code (
    challenge_id uuid NOT NULL,
    channel text NOT NULL,
    enterprise_id uuid NOT NULL,
    salt bytea NOT NULL,
    mac bytea NOT NULL,
    kid text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    CONSTRAINT challenge_code_channel_known CHECK ((channel = ANY (ARRAY['email'::text, 'sms'::text])))
);

ALTER TABLE ONLY public.challenge_code FORCE ROW LEVEL SECURITY;

ALTER TABLE public.challenge_code OWNER TO reissued_owner;

CREATE TABLE public.challenge_delivery (
    id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    challenge_id uuid NOT NULL,
    channel text NOT NULL,
    attempt integer NOT NULL,
    code_sealed bytea,
    code_kid text,
    destination_sealed bytea,
    destination_kid text NOT NULL,
    destination_mac bytea NOT NULL,
    masked text NOT NULL,
    status text DEFAULT 'queued'::text NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    provider text,
    provider_message_id text,
    code text,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    CONSTRAINT challenge_delivery_channel_known CHECK ((channel = ANY (ARRAY['email'::text, 'sms'::text]))),
    CONSTRAINT challenge_delivery_status_known CHECK ((status = ANY (ARRAY['queued'::text, 'sent'::text, 'failed'::text])))
);

ALTER TABLE ONLY public.challenge_delivery FORCE ROW LEVEL SECURITY;

ALTER TABLE public.challenge_delivery OWNER TO reissued_owner;

CREATE TABLE public.challenge_event (
    seq bigint NOT NULL,
    enterprise_id uuid NOT NULL,
    challenge_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    from_status text,
    to_status text,
    outcome text,
    code text,
    detail jsonb,
    proof_sealed bytea,
    proof_kid text,
    address text,
    user_agent text,
    CONSTRAINT challenge_event_kind_known CHECK ((kind = ANY (ARRAY['status'::text, 'attempt'::text, 'delivery'::text, 'proof'::text])))
);

ALTER TABLE ONLY public.challenge_event FORCE ROW LEVEL SECURITY;

ALTER TABLE public.challenge_event OWNER TO reissued_owner;

ALTER TABLE public.challenge_event ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.challenge_event_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.challenge_handle (
    hash bytea NOT NULL,
    enterprise_id uuid NOT NULL,
    challenge_id uuid NOT NULL,
    kind text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT challenge_handle_kind_known CHECK ((kind = ANY (ARRAY['redirect'::text, 'state'::text, 'result'::text])))
);

ALTER TABLE ONLY public.challenge_handle FORCE ROW LEVEL SECURITY;

ALTER TABLE public.challenge_handle OWNER TO reissued_owner;

CREATE TABLE public.challenge_once (
    kind text NOT NULL,
    key_hash bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE public.challenge_once OWNER TO reissued_owner;

CREATE TABLE public.challenge_subject (
    user_id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    wrong integer DEFAULT 0 NOT NULL,
    locks integer DEFAULT 0 NOT NULL,
    locked_until timestamp with time zone,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.challenge_subject FORCE ROW LEVEL SECURITY;

ALTER TABLE public.challenge_subject OWNER TO reissued_owner;

CREATE TABLE public.client (
    id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    name text NOT NULL,
    secret_hash bytea NOT NULL,
    role text NOT NULL,
    scopes integer NOT NULL,
    acts_as uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    active boolean DEFAULT true NOT NULL,
    revision bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT client_role_known CHECK ((role = ANY (ARRAY['subscriber'::text, 'ra_officer'::text, 'admin'::text, 'auditor'::text])))
);

ALTER TABLE ONLY public.client FORCE ROW LEVEL SECURITY;

ALTER TABLE public.client OWNER TO reissued_owner;

CREATE TABLE public.connector (
    id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    display_name text,
    active boolean DEFAULT true NOT NULL,
    settings jsonb NOT NULL,
    secrets jsonb NOT NULL,
    revision bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT connector_kind_known CHECK ((kind = ANY (ARRAY['smtp'::text, 'sms'::text, 'saml'::text, 'active_directory'::text, 'azure_ad'::text, 'oidc'::text]))),
    CONSTRAINT connector_secrets_object CHECK ((jsonb_typeof(secrets) = 'object'::text)),
    CONSTRAINT connector_settings_object CHECK ((jsonb_typeof(settings) = 'object'::text))
);

ALTER TABLE ONLY public.connector FORCE ROW LEVEL SECURITY;

ALTER TABLE public.connector OWNER TO reissued_owner;

CREATE TABLE public.connector_breaker (
    connector_id uuid NOT NULL,
    failures integer NOT NULL,
    open_until timestamp with time zone
);

ALTER TABLE public.connector_breaker OWNER TO reissued_owner;

CREATE TABLE public.domain (
    id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    name text NOT NULL,
    include_subdomains boolean NOT NULL,
    created_by uuid NOT NULL,
    revision bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.domain FORCE ROW LEVEL SECURITY;

ALTER TABLE public.domain OWNER TO reissued_owner;

CREATE TABLE public.domain_validation (
    id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    identifier_type text NOT NULL,
    identifier text NOT NULL,
    method text NOT NULL,
    status text NOT NULL,
    recipient text,
    token_sha256 bytea,
    token_sealed bytea,
    token_kid text,
    file_name text,
    rules text NOT NULL,
    requested_by uuid NOT NULL,
    attempt_count integer DEFAULT 0 NOT NULL,
    wrong_tokens integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone,
    code text,
    detail text,
    revision bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    validated_at timestamp with time zone,
    valid_until timestamp with time zone,
    wide boolean DEFAULT true NOT NULL,
    ceiling timestamp with time zone,
    CONSTRAINT domain_validation_method_known CHECK ((method = ANY (ARRAY['dns_txt'::text, 'dns_persist'::text, 'http_file'::text, 'email_constructed'::text, 'email_caa'::text, 'email_txt'::text, 'mailbox'::text]))),
    CONSTRAINT domain_validation_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'valid'::text, 'invalid'::text, 'expired'::text, 'cancelled'::text]))),
    CONSTRAINT domain_validation_token_gone CHECK (((status = 'pending'::text) OR (token_sealed IS NULL))),
    CONSTRAINT domain_validation_type_known CHECK ((identifier_type = ANY (ARRAY['dns'::text, 'email'::text, 'ip'::text]))),
    CONSTRAINT domain_validation_valid_whole CHECK (((status = 'valid'::text) <= (validated_at IS NOT NULL)))
);

ALTER TABLE ONLY public.domain_validation FORCE ROW LEVEL SECURITY;

ALTER TABLE public.domain_validation OWNER TO reissued_owner;

CREATE TABLE public.domain_validation_attempt (
    id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    validation_id uuid NOT NULL,
    number integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    perspective text DEFAULT 'primary'::text NOT NULL,
    result text NOT NULL,
    code text,
    detail text,
    evidence jsonb NOT NULL,
    CONSTRAINT domain_validation_attempt_result_known CHECK ((result = ANY (ARRAY['passed'::text, 'failed'::text, 'error'::text])))
);

ALTER TABLE ONLY public.domain_validation_attempt FORCE ROW LEVEL SECURITY;

ALTER TABLE public.domain_validation_attempt OWNER TO reissued_owner;

CREATE TABLE public.domain_validation_mail (
    mail_id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    validation_id uuid NOT NULL,
    source jsonb NOT NULL,
    token_sha256 bytea NOT NULL
);

ALTER TABLE ONLY public.domain_validation_mail FORCE ROW LEVEL SECURITY;

ALTER TABLE public.domain_validation_mail OWNER TO reissued_owner;

CREATE TABLE public.enterprise (
    id uuid NOT NULL,
    name text NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    revision bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT enterprise_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
    CONSTRAINT enterprise_status_known CHECK ((status = ANY (ARRAY['active'::text, 'suspended'::text])))
);

ALTER TABLE ONLY public.enterprise FORCE ROW LEVEL SECURITY;

ALTER TABLE public.enterprise OWNER TO reissued_owner;

CREATE TABLE public.idempotency (
    enterprise_id uuid NOT NULL,
    actor_id uuid NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    kid text NOT NULL,
    state text NOT NULL,
    lease_until timestamp with time zone NOT NULL,
    object_type text,
    object_id uuid,
    status integer,
    headers jsonb,
    body bytea,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT idempotency_state_known CHECK ((state = ANY (ARRAY['claimed'::text, 'effect'::text, 'answered'::text])))
);

ALTER TABLE ONLY public.idempotency FORCE ROW LEVEL SECURITY;

ALTER TABLE public.idempotency OWNER TO reissued_owner;

CREATE TABLE public.identity (
    id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    usable_from timestamp with time zone,
    CONSTRAINT identity_kind_known CHECK ((kind = ANY (ARRAY['oidc'::text, 'entra'::text, 'saml'::text, 'ad'::text])))
);

ALTER TABLE ONLY public.identity FORCE ROW LEVEL SECURITY;

ALTER TABLE public.identity OWNER TO reissued_owner;

CREATE TABLE public.issuance (
    id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    request_id uuid,
    round integer,
    issuer_id uuid NOT NULL,
    serial bytea NOT NULL,
    tbs bytea NOT NULL,
    tbs_sha256 bytea NOT NULL,
    content jsonb NOT NULL,
    state text NOT NULL,
    sign_before timestamp with time zone NOT NULL,
    lease_until timestamp with time zone NOT NULL,
    lease_holder text NOT NULL,
    certificate_id uuid NOT NULL,
    der bytea,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT issuance_der_whole CHECK (((state = 'issued'::text) = (der IS NOT NULL))),
    CONSTRAINT issuance_state_known CHECK ((state = ANY (ARRAY['intended'::text, 'issued'::text, 'abandoned'::text])))
);

ALTER TABLE ONLY public.issuance FORCE ROW LEVEL SECURITY;

ALTER TABLE public.issuance OWNER TO reissued_owner;

CREATE TABLE public.issuer (
    id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    certificate_der bytea NOT NULL,
    chain_pem text NOT NULL,
    not_after timestamp with time zone NOT NULL,
    publicly_trusted boolean NOT NULL,
    active boolean DEFAULT true NOT NULL,
    revision bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT issuer_slug_form CHECK ((slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text))
);

ALTER TABLE public.issuer OWNER TO reissued_owner;

CREATE TABLE public.job (
    id uuid NOT NULL,
    kind text NOT NULL,
    dedupe_key text,
    enterprise_id uuid,
    payload jsonb DEFAULT '{}'::jsonb NOT NULL,
    run_at timestamp with time zone NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    lease_until timestamp with time zone,
    state text DEFAULT 'queued'::text NOT NULL,
    last_error text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT job_state_known CHECK ((state = ANY (ARRAY['queued'::text, 'dead'::text])))
);

ALTER TABLE public.job OWNER TO reissued_owner;

CREATE TABLE public.job_schedule (
    kind text NOT NULL,
    next_run_at timestamp with time zone NOT NULL,
    lease_until timestamp with time zone
);

ALTER TABLE public.job_schedule OWNER TO reissued_owner;

CREATE TABLE public.keyring_check (
    kid text NOT NULL,
    check_value bytea NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE public.keyring_check OWNER TO reissued_owner;

CREATE TABLE public.mail (
    id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    purpose text NOT NULL,
    object_id uuid NOT NULL,
    connector_id uuid,
    recipient text NOT NULL,
    message_id text NOT NULL,
    message_sealed bytea,
    message_kid text,
    state text DEFAULT 'queued'::text NOT NULL,
    code text,
    detail text,
    tries jsonb DEFAULT '[]'::jsonb NOT NULL,
    resends integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    give_up_at timestamp with time zone NOT NULL,
    keep_until timestamp with time zone,
    CONSTRAINT mail_failed_wiped CHECK (((state <> 'failed'::text) OR (message_sealed IS NULL))),
    CONSTRAINT mail_state_known CHECK ((state = ANY (ARRAY['queued'::text, 'sent'::text, 'failed'::text])))
);

ALTER TABLE ONLY public.mail FORCE ROW LEVEL SECURITY;

ALTER TABLE public.mail OWNER TO reissued_owner;

CREATE TABLE public.profile_revision (
    profile_id uuid NOT NULL,
    revision bigint NOT NULL,
    enterprise_id uuid NOT NULL,
    body jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by uuid
);

ALTER TABLE ONLY public.profile_revision FORCE ROW LEVEL SECURITY;

ALTER TABLE public.profile_revision OWNER TO reissued_owner;

CREATE TABLE public.rate_counter (
    bucket text NOT NULL,
    key_hash bytea NOT NULL,
    window_start timestamp with time zone NOT NULL,
    hits integer NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE public.rate_counter OWNER TO reissued_owner;

CREATE SEQUENCE public.reissue_number
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE public.reissue_number OWNER TO reissued_owner;

CREATE TABLE public.user_account (
    id uuid NOT NULL,
    enterprise_id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    language text DEFAULT 'en'::text NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    role text NOT NULL,
    reach text DEFAULT 'enterprise'::text NOT NULL,
    password_hash text,
    revision bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    email_usable_from timestamp with time zone,
    linked_kinds text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT user_account_reach_known CHECK ((reach = ANY (ARRAY['enterprise'::text, 'platform'::text]))),
    CONSTRAINT user_account_role_known CHECK ((role = ANY (ARRAY['subscriber'::text, 'ra_officer'::text, 'admin'::text, 'auditor'::text]))),
    CONSTRAINT user_account_status_known CHECK ((status = ANY (ARRAY['active'::text, 'suspended'::text, 'blocked'::text, 'restricted'::text])))
);

ALTER TABLE ONLY public.user_account FORCE ROW LEVEL SECURITY;

ALTER TABLE public.user_account OWNER TO reissued_owner;

CREATE VIEW public.reissue_view WITH (security_invoker='true') AS
 SELECT r.id,
    r.number,
    r.status,
    r.round,
    r.revision,
    r.category,
    r.reason,
    r.message,
    r.certificate_id,
    r.new_certificate_id,
    r.lineage_id,
    r.enterprise_id,
    r.profile_id,
    a.profile_revision,
    r.owner_id,
    r.requested_by,
    r.submitted_by,
    r.reviewer_id,
    r.agreement_accepted_by AS accepted_by,
    r.factor_passed_by,
    r.factor_digest,
    r.factor_round,
    r.subject,
    r.san,
    r.validity,
    r.key,
    r.checks,
    r.ignored,
    r.inherited_faults,
    r.declined,
    r.failure,
    r.spki_der,
    r.spki_sha256,
        CASE
            WHEN (r.profile_revision = a.profile_revision) THEN r.digest
            ELSE NULL::bytea
        END AS digest,
    r.agreement_id,
    r.agreement_version,
    r.agreement_language,
    r.agreement_sha256,
    r.agreement_accepted_at,
    r.previous_action,
    r.previous_due_at,
    r.created_at,
    r.updated_at,
    r.submitted_at,
    r.status_changed_at,
    r.issued_at,
    r.expires_at,
    r.common_name,
    r.search_text,
    r.hidden,
    a.owner_name,
    a.owner_status,
    a.owner_language,
        CASE
            WHEN (r.requested_by = r.owner_id) THEN a.owner_name
            ELSE public.person_name(r.requested_by)
        END AS requested_name,
        CASE
            WHEN (r.submitted_by = r.owner_id) THEN a.owner_name
            WHEN (r.submitted_by IS NOT NULL) THEN public.person_name(r.submitted_by)
            ELSE NULL::text
        END AS submitted_name,
        CASE
            WHEN (r.agreement_accepted_by = r.owner_id) THEN a.owner_name
            WHEN (r.agreement_accepted_by IS NOT NULL) THEN public.person_name(r.agreement_accepted_by)
            ELSE NULL::text
        END AS accepted_name,
        CASE
            WHEN (r.reviewer_id IS NOT NULL) THEN public.person_name(r.reviewer_id)
            ELSE NULL::text
        END AS reviewer_name,
        CASE
            WHEN (r.submitted_at IS NULL) THEN '[]'::jsonb
            ELSE public.approvals_of(r.id)
        END AS approvals,
    a.certificate_status,
    a.certificate_source,
    a.certificate_not_after,
    a.certificate_generation,
    a.certificate_sha256,
    a.certificate_spki_sha256,
    a.certificate_due_at,
    a.certificate_serial,
    a.certificate_replaced,
    a.newest_revision,
    a.issuer_id,
    a.issuer,
    a.wanted_agreement_id,
    a.wanted_version,
    a.least_version,
    a.wanted_language,
    a.wanted_sha256,
        CASE
            WHEN (r.spki_sha256 IS NOT NULL) THEN public.spki_state(r.spki_sha256, r.owner_id, r.id)
            ELSE NULL::text
        END AS spki_state,
        CASE
            WHEN (r.status = 'issuing'::text) THEN public.intended(r.id)
            ELSE false
        END AS intent,
    a.issuer_active,
        CASE
            WHEN (r.new_certificate_id IS NOT NULL) THEN public.certificate_end(r.new_certificate_id)
            ELSE NULL::timestamp with time zone
        END AS issued_not_after,
    a.challenge_id,
    a.challenge_status,
    a.challenge_expires_at
   FROM (public.reissue_request r
     CROSS JOIN LATERAL ( SELECT j.profile_revision,
            o.name AS owner_name,
            o.status AS owner_status,
            o.language AS owner_language,
            c.status AS certificate_status,
            c.source AS certificate_source,
            c.not_after AS certificate_not_after,
            c.generation AS certificate_generation,
            c.fingerprint_sha256 AS certificate_sha256,
            c.spki_sha256 AS certificate_spki_sha256,
            c.revocation_due_at AS certificate_due_at,
            c.serial AS certificate_serial,
            (EXISTS ( SELECT 1
                   FROM public.certificate n
                  WHERE (n.replaces_id = c.id))) AS certificate_replaced,
            p.revision AS newest_revision,
            i.id AS issuer_id,
            i.slug AS issuer,
            i.active AS issuer_active,
            w.agreement_id AS wanted_agreement_id,
            w.version AS wanted_version,
            w.least_version,
            w.language AS wanted_language,
            w.sha256 AS wanted_sha256,
            h.challenge_id,
            h.challenge_status,
            h.challenge_expires_at
           FROM ((((((public.user_account o
             JOIN public.certificate c ON ((c.id = r.certificate_id)))
             JOIN public.profile p ON ((p.id = r.profile_id)))
             CROSS JOIN LATERAL ( SELECT
                        CASE
                            WHEN (r.status = ANY (ARRAY['draft'::text, 'declined'::text])) THEN p.revision
                            ELSE r.profile_revision
                        END AS profile_revision) j)
             JOIN public.issuer i ON ((i.id =
                CASE
                    WHEN (j.profile_revision = p.revision) THEN p.issuer_id
                    ELSE public.issuer_of(p.id, j.profile_revision)
                END)))
             LEFT JOIN LATERAL public.agreement_wanted(
                CASE
                    WHEN (j.profile_revision = p.revision) THEN p.agreement_id
                    ELSE public.agreement_of(p.id, j.profile_revision)
                END, o.language) w(agreement_id, version, least_version, language, sha256) ON (true))
             LEFT JOIN LATERAL public.challenge_of(
                CASE
                    WHEN ((r.status = 'authenticating'::text) OR (r.factor_round = r.round)) THEN r.id
                    ELSE NULL::uuid
                END, r.round) h(challenge_id, challenge_status, challenge_expires_at) ON (true))
          WHERE (o.id = r.owner_id)
         OFFSET 0) a);

ALTER TABLE public.reissue_view OWNER TO reissued_owner;

CREATE TABLE public.rule_set (
    name text NOT NULL,
    effective_from timestamp with time zone NOT NULL,
    max_validity_days integer,
    dcv_reuse_days integer,
    persist_reuse_days integer,
    mailbox_reuse_days integer,
    suspension boolean NOT NULL,
    dnssec_mandatory boolean NOT NULL,
    caa text NOT NULL,
    names text NOT NULL,
    server_keys boolean NOT NULL,
    perspectives integer NOT NULL,
    CONSTRAINT rule_set_caa_known CHECK ((caa = ANY (ARRAY['issue'::text, 'issuemail'::text, 'none'::text, 'profile'::text]))),
    CONSTRAINT rule_set_name_known CHECK ((name = ANY (ARRAY['tls-br'::text, 'smime-br'::text, 'codesign-br'::text, 'private'::text]))),
    CONSTRAINT rule_set_names_known CHECK ((names = ANY (ARRAY['tls'::text, 'mailbox'::text, 'free'::text])))
);

ALTER TABLE public.rule_set OWNER TO reissued_owner;

CREATE TABLE public.schema_migration (
    version integer NOT NULL,
    name text NOT NULL,
    sha256 bytea NOT NULL,
    compatible_from integer NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE public.schema_migration OWNER TO reissued_owner;

CREATE TABLE public.spki_claim (
    spki_sha256 bytea NOT NULL,
    owner_id uuid NOT NULL,
    request_id uuid,
    state text NOT NULL,
    CONSTRAINT spki_claim_state_known CHECK ((state = ANY (ARRAY['open'::text, 'ended'::text, 'issued'::text])))
);

ALTER TABLE public.spki_claim OWNER TO reissued_owner;

CREATE TABLE public.user_means (
    user_id uuid NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    enterprise_id uuid NOT NULL,
    sealed bytea NOT NULL,
    kid text NOT NULL,
    masked text,
    code_salt bytea,
    code_mac bytea,
    code_kid text,
    attempts integer DEFAULT 0 NOT NULL,
    last_counter bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    usable_from timestamp with time zone,
    CONSTRAINT user_means_kind_known CHECK ((kind = ANY (ARRAY['totp'::text, 'mobile'::text]))),
    CONSTRAINT user_means_state_known CHECK ((state = ANY (ARRAY['pending'::text, 'active'::text]))),
    CONSTRAINT user_means_whole CHECK ((((state = 'pending'::text) = (expires_at IS NOT NULL)) AND ((state = 'active'::text) = (usable_from IS NOT NULL))))
);

ALTER TABLE ONLY public.user_means FORCE ROW LEVEL SECURITY;

ALTER TABLE public.user_means OWNER TO reissued_owner;

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_hash_unique UNIQUE (hash);

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.agreement
    ADD CONSTRAINT agreement_name_unique UNIQUE (enterprise_id, name);

ALTER TABLE ONLY public.agreement
    ADD CONSTRAINT agreement_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.agreement_text
    ADD CONSTRAINT agreement_text_pk PRIMARY KEY (agreement_id, version, language);

ALTER TABLE ONLY public.approval
    ADD CONSTRAINT approval_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.audit_event
    ADD CONSTRAINT audit_event_id_unique UNIQUE (id);

ALTER TABLE ONLY public.audit_event
    ADD CONSTRAINT audit_event_pk PRIMARY KEY (seq);

ALTER TABLE ONLY public.blocked_key
    ADD CONSTRAINT blocked_key_pk PRIMARY KEY (spki_sha256);

ALTER TABLE ONLY public.caa_check
    ADD CONSTRAINT caa_check_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.certificate_der
    ADD CONSTRAINT certificate_der_pk PRIMARY KEY (certificate_id);

ALTER TABLE ONLY public.certificate
    ADD CONSTRAINT certificate_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.certificate
    ADD CONSTRAINT certificate_serial_unique UNIQUE (issuer_name_sha256, serial);

ALTER TABLE ONLY public.challenge_code
    ADD CONSTRAINT challenge_code_pk PRIMARY KEY (challenge_id, channel);

ALTER TABLE ONLY public.challenge_delivery
    ADD CONSTRAINT challenge_delivery_once UNIQUE (challenge_id, channel, attempt);

ALTER TABLE ONLY public.challenge_delivery
    ADD CONSTRAINT challenge_delivery_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.challenge_event
    ADD CONSTRAINT challenge_event_pk PRIMARY KEY (seq);

ALTER TABLE ONLY public.challenge_handle
    ADD CONSTRAINT challenge_handle_pk PRIMARY KEY (hash);

ALTER TABLE ONLY public.challenge_once
    ADD CONSTRAINT challenge_once_pk PRIMARY KEY (kind, key_hash);

ALTER TABLE ONLY public.challenge
    ADD CONSTRAINT challenge_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.challenge_subject
    ADD CONSTRAINT challenge_subject_pk PRIMARY KEY (user_id);

ALTER TABLE ONLY public.client
    ADD CONSTRAINT client_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.connector_breaker
    ADD CONSTRAINT connector_breaker_pk PRIMARY KEY (connector_id);

ALTER TABLE ONLY public.connector
    ADD CONSTRAINT connector_name_unique UNIQUE (enterprise_id, name);

ALTER TABLE ONLY public.connector
    ADD CONSTRAINT connector_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.domain
    ADD CONSTRAINT domain_name_unique UNIQUE (enterprise_id, name);

ALTER TABLE ONLY public.domain
    ADD CONSTRAINT domain_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.domain_validation_attempt
    ADD CONSTRAINT domain_validation_attempt_once UNIQUE (validation_id, number, perspective);

ALTER TABLE ONLY public.domain_validation_attempt
    ADD CONSTRAINT domain_validation_attempt_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.domain_validation_mail
    ADD CONSTRAINT domain_validation_mail_pk PRIMARY KEY (mail_id);

ALTER TABLE ONLY public.domain_validation_mail
    ADD CONSTRAINT domain_validation_mail_token_unique UNIQUE (token_sha256);

ALTER TABLE ONLY public.domain_validation
    ADD CONSTRAINT domain_validation_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.enterprise
    ADD CONSTRAINT enterprise_name_unique UNIQUE (name);

ALTER TABLE ONLY public.enterprise
    ADD CONSTRAINT enterprise_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_pk PRIMARY KEY (enterprise_id, actor_id, method, path, key);

ALTER TABLE ONLY public.identity
    ADD CONSTRAINT identity_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.identity
    ADD CONSTRAINT identity_unique UNIQUE (enterprise_id, kind, issuer, subject);

ALTER TABLE ONLY public.issuance
    ADD CONSTRAINT issuance_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.issuance
    ADD CONSTRAINT issuance_serial_unique UNIQUE (issuer_id, serial);

ALTER TABLE ONLY public.issuer
    ADD CONSTRAINT issuer_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.issuer
    ADD CONSTRAINT issuer_slug_unique UNIQUE (slug);

ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.job_schedule
    ADD CONSTRAINT job_schedule_pk PRIMARY KEY (kind);

ALTER TABLE ONLY public.jwt_issuer
    ADD CONSTRAINT jwt_issuer_issuer_unique UNIQUE (issuer);

ALTER TABLE ONLY public.jwt_issuer
    ADD CONSTRAINT jwt_issuer_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.keyring_check
    ADD CONSTRAINT keyring_check_pk PRIMARY KEY (kid);

ALTER TABLE ONLY public.mail
    ADD CONSTRAINT mail_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.profile
    ADD CONSTRAINT profile_name_unique UNIQUE (enterprise_id, name);

ALTER TABLE ONLY public.profile
    ADD CONSTRAINT profile_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.profile_revision
    ADD CONSTRAINT profile_revision_pk PRIMARY KEY (profile_id, revision);

ALTER TABLE ONLY public.rate_counter
    ADD CONSTRAINT rate_counter_pk PRIMARY KEY (bucket, key_hash, window_start);

ALTER TABLE ONLY public.reissue_request
    ADD CONSTRAINT reissue_request_number_unique UNIQUE (number);

ALTER TABLE ONLY public.reissue_request
    ADD CONSTRAINT reissue_request_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.rule_set
    ADD CONSTRAINT rule_set_pk PRIMARY KEY (name, effective_from);

ALTER TABLE ONLY public.schema_migration
    ADD CONSTRAINT schema_migration_pk PRIMARY KEY (version);

ALTER TABLE ONLY public.spki_claim
    ADD CONSTRAINT spki_claim_pk PRIMARY KEY (spki_sha256);

ALTER TABLE ONLY public.user_account
    ADD CONSTRAINT user_account_email_unique UNIQUE (email);

ALTER TABLE ONLY public.user_account
    ADD CONSTRAINT user_account_pk PRIMARY KEY (id);

ALTER TABLE ONLY public.user_means
    ADD CONSTRAINT user_means_pk PRIMARY KEY (user_id, kind, state);

CREATE INDEX access_token_client_idx ON public.access_token USING btree (client_id);

CREATE INDEX access_token_expiry_idx ON public.access_token USING btree (expires_at);

CREATE INDEX access_token_user_idx ON public.access_token USING btree (user_id, kind, created_at, id);

CREATE UNIQUE INDEX approval_once ON public.approval USING btree (request_id, round, by_id) WHERE (decision = 'approved'::text);

CREATE INDEX approval_request_idx ON public.approval USING btree (request_id);

CREATE INDEX audit_event_actor_idx ON public.audit_event USING btree (actor_id, at, id);

CREATE INDEX audit_event_at_idx ON public.audit_event USING btree (at, id);

CREATE INDEX audit_event_enterprise_idx ON public.audit_event USING btree (enterprise_id, at, id);

CREATE INDEX audit_event_object_idx ON public.audit_event USING btree (object_id, seq);

CREATE INDEX blocked_key_created_idx ON public.blocked_key USING btree (created_at, spki_sha256);

CREATE INDEX caa_check_checked_idx ON public.caa_check USING btree (enterprise_id, checked_at, id);

CREATE INDEX caa_check_name_idx ON public.caa_check USING btree (enterprise_id, name, checked_at);

CREATE INDEX caa_check_request_name_idx ON public.caa_check USING btree (request_id, name, checked_at) WHERE (request_id IS NOT NULL);

CREATE INDEX certificate_all_created_idx ON public.certificate USING btree (created_at, id);

CREATE INDEX certificate_created_idx ON public.certificate USING btree (enterprise_id, created_at, id);

CREATE INDEX certificate_due_idx ON public.certificate USING btree (revocation_due_at) WHERE (revocation_due_at IS NOT NULL);

CREATE INDEX certificate_expiry_idx ON public.certificate USING btree (enterprise_id, not_after, id);

CREATE INDEX certificate_fingerprint_idx ON public.certificate USING btree (fingerprint_sha256);

CREATE INDEX certificate_lineage_idx ON public.certificate USING btree (lineage_id);

CREATE INDEX certificate_name_idx ON public.certificate USING btree (enterprise_id, common_name, id);

CREATE INDEX certificate_owner_idx ON public.certificate USING btree (owner_id, created_at, id);

CREATE INDEX certificate_replaces_idx ON public.certificate USING btree (replaces_id);

CREATE INDEX certificate_search_idx ON public.certificate USING gin (search_text public.gin_trgm_ops);

CREATE INDEX certificate_serial_idx ON public.certificate USING btree (serial);

CREATE INDEX certificate_spki_idx ON public.certificate USING btree (spki_sha256);

CREATE INDEX certificate_status_idx ON public.certificate USING btree (enterprise_id, status, created_at, id);

CREATE INDEX challenge_delivery_message_idx ON public.challenge_delivery USING btree (provider_message_id) WHERE (provider_message_id IS NOT NULL);

CREATE INDEX challenge_delivery_sealed_idx ON public.challenge_delivery USING btree (created_at) WHERE ((code_sealed IS NOT NULL) OR (destination_sealed IS NOT NULL));

CREATE INDEX challenge_event_challenge_idx ON public.challenge_event USING btree (challenge_id, seq);

CREATE INDEX challenge_expiry_idx ON public.challenge USING btree (expires_at) WHERE (status = ANY (ARRAY['pending'::text, 'exchanging'::text, 'returned'::text, 'verified'::text]));

CREATE INDEX challenge_handle_expiry_idx ON public.challenge_handle USING btree (expires_at);

CREATE INDEX challenge_once_expiry_idx ON public.challenge_once USING btree (expires_at);

CREATE UNIQUE INDEX challenge_one_live ON public.challenge USING btree (operation, object_id, user_id) WHERE (status = ANY (ARRAY['pending'::text, 'exchanging'::text, 'returned'::text, 'verified'::text]));

CREATE INDEX challenge_request_idx ON public.challenge USING btree (request_id, created_at) WHERE (request_id IS NOT NULL);

CREATE INDEX challenge_user_idx ON public.challenge USING btree (user_id, created_at);

CREATE INDEX client_enterprise_idx ON public.client USING btree (enterprise_id, created_at, id);

CREATE INDEX connector_kind_idx ON public.connector USING btree (enterprise_id, kind) WHERE active;

CREATE INDEX connector_list_idx ON public.connector USING btree (enterprise_id, created_at, id);

CREATE INDEX domain_created_idx ON public.domain USING btree (enterprise_id, created_at, id);

CREATE INDEX domain_validation_created_idx ON public.domain_validation USING btree (enterprise_id, created_at, id);

CREATE INDEX domain_validation_identifier_idx ON public.domain_validation USING btree (enterprise_id, identifier);

CREATE INDEX domain_validation_mail_validation_idx ON public.domain_validation_mail USING btree (validation_id);

CREATE INDEX domain_validation_pending_idx ON public.domain_validation USING btree (expires_at) WHERE (status = 'pending'::text);

CREATE INDEX domain_validation_valid_idx ON public.domain_validation USING btree (valid_until) WHERE (status = 'valid'::text);

CREATE INDEX idempotency_expiry_idx ON public.idempotency USING btree (expires_at);

CREATE INDEX identity_user_idx ON public.identity USING btree (user_id);

CREATE INDEX issuance_intended_idx ON public.issuance USING btree (lease_until) WHERE (state = 'intended'::text);

CREATE UNIQUE INDEX issuance_once ON public.issuance USING btree (request_id, round) WHERE (state <> 'abandoned'::text);

CREATE INDEX issuance_request_idx ON public.issuance USING btree (request_id);

CREATE UNIQUE INDEX job_dedupe ON public.job USING btree (kind, dedupe_key) WHERE (state = 'queued'::text);

CREATE INDEX job_due_idx ON public.job USING btree (run_at) WHERE (state = 'queued'::text);

CREATE INDEX mail_object_idx ON public.mail USING btree (object_id, created_at);

CREATE INDEX mail_sealed_idx ON public.mail USING btree (give_up_at) WHERE (message_sealed IS NOT NULL);

CREATE INDEX profile_list_idx ON public.profile USING btree (enterprise_id, created_at, id);

CREATE INDEX rate_counter_expiry_idx ON public.rate_counter USING btree (expires_at);

CREATE INDEX reissue_request_all_created_idx ON public.reissue_request USING btree (created_at, id);

CREATE INDEX reissue_request_certificate_idx ON public.reissue_request USING btree (certificate_id, created_at);

CREATE INDEX reissue_request_created_idx ON public.reissue_request USING btree (enterprise_id, created_at, id);

CREATE INDEX reissue_request_idle_idx ON public.reissue_request USING btree (expires_at) WHERE (status = ANY (ARRAY['draft'::text, 'authenticating'::text, 'declined'::text, 'failed'::text]));

CREATE UNIQUE INDEX reissue_request_one_open ON public.reissue_request USING btree (certificate_id) WHERE (status <> ALL (ARRAY['issued'::text, 'cancelled'::text, 'expired'::text]));

CREATE INDEX reissue_request_owner_idx ON public.reissue_request USING btree (owner_id, created_at, id);

CREATE INDEX reissue_request_search_idx ON public.reissue_request USING gin (search_text public.gin_trgm_ops);

CREATE INDEX reissue_request_spki_idx ON public.reissue_request USING btree (spki_sha256);

CREATE INDEX reissue_request_status_idx ON public.reissue_request USING btree (enterprise_id, status, created_at, id);

CREATE INDEX spki_claim_request_idx ON public.spki_claim USING btree (request_id);

CREATE INDEX user_account_enterprise_idx ON public.user_account USING btree (enterprise_id, created_at, id);

CREATE TRIGGER audit_event_no_change BEFORE DELETE OR UPDATE ON public.audit_event FOR EACH ROW EXECUTE FUNCTION public.audit_guard();

CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON public.audit_event FOR EACH STATEMENT EXECUTE FUNCTION public.audit_guard();

CREATE TRIGGER caa_check_no_change BEFORE DELETE OR UPDATE ON public.caa_check FOR EACH ROW EXECUTE FUNCTION public.evidence_guard();

CREATE TRIGGER challenge_after AFTER UPDATE OF status ON public.challenge FOR EACH ROW WHEN ((old.status IS DISTINCT FROM new.status)) EXECUTE FUNCTION public.challenge_moved();

CREATE TRIGGER challenge_before BEFORE UPDATE OF status ON public.challenge FOR EACH ROW EXECUTE FUNCTION public.challenge_ends();

CREATE TRIGGER challenge_event_no_change BEFORE DELETE OR UPDATE ON public.challenge_event FOR EACH ROW EXECUTE FUNCTION public.evidence_guard();

CREATE TRIGGER challenge_made AFTER INSERT ON public.challenge FOR EACH ROW EXECUTE FUNCTION public.challenge_moved();

CREATE TRIGGER domain_validation_attempt_no_change BEFORE DELETE OR UPDATE ON public.domain_validation_attempt FOR EACH ROW EXECUTE FUNCTION public.evidence_guard();

CREATE TRIGGER domain_validation_mail_no_change BEFORE DELETE OR UPDATE ON public.domain_validation_mail FOR EACH ROW EXECUTE FUNCTION public.evidence_guard();

CREATE TRIGGER issuance_immutable BEFORE DELETE OR UPDATE ON public.issuance FOR EACH ROW EXECUTE FUNCTION public.issuance_guard();

CREATE TRIGGER reissue_request_challenges AFTER UPDATE ON public.reissue_request FOR EACH ROW WHEN (((old.status = ANY (ARRAY['authenticating'::text, 'pending'::text, 'in_review'::text, 'pending_dual_control'::text])) AND (((old.status IS DISTINCT FROM new.status) OR (old.round IS DISTINCT FROM new.round)) OR (old.digest IS DISTINCT FROM new.digest)))) EXECUTE FUNCTION public.challenge_follows_request();

CREATE TRIGGER user_account_challenges AFTER UPDATE OF status, email ON public.user_account FOR EACH ROW WHEN ((((new.status = 'blocked'::text) AND (old.status <> 'blocked'::text)) OR (new.email <> old.email))) EXECUTE FUNCTION public.challenge_follows_user();

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_client_fk FOREIGN KEY (client_id) REFERENCES public.client(id);

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES public.enterprise(id);

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_user_fk FOREIGN KEY (user_id) REFERENCES public.user_account(id);

ALTER TABLE ONLY public.agreement
    ADD CONSTRAINT agreement_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES public.enterprise(id);

ALTER TABLE ONLY public.agreement_text
    ADD CONSTRAINT agreement_text_agreement_fk FOREIGN KEY (agreement_id) REFERENCES public.agreement(id);

ALTER TABLE ONLY public.approval
    ADD CONSTRAINT approval_by_fk FOREIGN KEY (by_id) REFERENCES public.user_account(id);

ALTER TABLE ONLY public.approval
    ADD CONSTRAINT approval_request_fk FOREIGN KEY (request_id) REFERENCES public.reissue_request(id);

ALTER TABLE ONLY public.caa_check
    ADD CONSTRAINT caa_check_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES public.enterprise(id);

ALTER TABLE ONLY public.caa_check
    ADD CONSTRAINT caa_check_request_fk FOREIGN KEY (request_id) REFERENCES public.reissue_request(id);

ALTER TABLE ONLY public.certificate_der
    ADD CONSTRAINT certificate_der_certificate_fk FOREIGN KEY (certificate_id) REFERENCES public.certificate(id);

ALTER TABLE ONLY public.certificate
    ADD CONSTRAINT certificate_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES public.enterprise(id);

ALTER TABLE ONLY public.certificate
    ADD CONSTRAINT certificate_issuer_fk FOREIGN KEY (issuer_id) REFERENCES public.issuer(id);

ALTER TABLE ONLY public.certificate
    ADD CONSTRAINT certificate_owner_fk FOREIGN KEY (owner_id) REFERENCES public.user_account(id);

ALTER TABLE ONLY public.certificate
    ADD CONSTRAINT certificate_profile_fk FOREIGN KEY (profile_id) REFERENCES public.profile(id);

ALTER TABLE ONLY public.certificate
    ADD CONSTRAINT certificate_replaces_fk FOREIGN KEY (replaces_id) REFERENCES public.certificate(id);

ALTER TABLE ONLY public.challenge_code
    ADD CONSTRAINT challenge_code_challenge_fk FOREIGN KEY (challenge_id) REFERENCES public.challenge(id);

ALTER TABLE ONLY public.challenge_delivery
    ADD CONSTRAINT challenge_delivery_challenge_fk FOREIGN KEY (challenge_id) REFERENCES public.challenge(id);

ALTER TABLE ONLY public.challenge
    ADD CONSTRAINT challenge_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES public.enterprise(id);

ALTER TABLE ONLY public.challenge_event
    ADD CONSTRAINT challenge_event_challenge_fk FOREIGN KEY (challenge_id) REFERENCES public.challenge(id);

ALTER TABLE ONLY public.challenge_handle
    ADD CONSTRAINT challenge_handle_challenge_fk FOREIGN KEY (challenge_id) REFERENCES public.challenge(id);

ALTER TABLE ONLY public.challenge
    ADD CONSTRAINT challenge_request_fk FOREIGN KEY (request_id) REFERENCES public.reissue_request(id);

ALTER TABLE ONLY public.challenge_subject
    ADD CONSTRAINT challenge_subject_user_fk FOREIGN KEY (user_id) REFERENCES public.user_account(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.challenge
    ADD CONSTRAINT challenge_user_fk FOREIGN KEY (user_id) REFERENCES public.user_account(id);

ALTER TABLE ONLY public.client
    ADD CONSTRAINT client_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES public.enterprise(id);

ALTER TABLE ONLY public.connector_breaker
    ADD CONSTRAINT connector_breaker_fk FOREIGN KEY (connector_id) REFERENCES public.connector(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.connector
    ADD CONSTRAINT connector_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES public.enterprise(id);

ALTER TABLE ONLY public.domain
    ADD CONSTRAINT domain_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES public.enterprise(id);

ALTER TABLE ONLY public.domain_validation_attempt
    ADD CONSTRAINT domain_validation_attempt_fk FOREIGN KEY (validation_id) REFERENCES public.domain_validation(id);

ALTER TABLE ONLY public.domain_validation
    ADD CONSTRAINT domain_validation_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES public.enterprise(id);

ALTER TABLE ONLY public.domain_validation_mail
    ADD CONSTRAINT domain_validation_mail_fk FOREIGN KEY (mail_id) REFERENCES public.mail(id);

ALTER TABLE ONLY public.domain_validation_mail
    ADD CONSTRAINT domain_validation_mail_validation_fk FOREIGN KEY (validation_id) REFERENCES public.domain_validation(id);

ALTER TABLE ONLY public.identity
    ADD CONSTRAINT identity_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES public.enterprise(id);

ALTER TABLE ONLY public.identity
    ADD CONSTRAINT identity_user_fk FOREIGN KEY (user_id) REFERENCES public.user_account(id);

ALTER TABLE ONLY public.issuance
    ADD CONSTRAINT issuance_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES public.enterprise(id);

ALTER TABLE ONLY public.issuance
    ADD CONSTRAINT issuance_issuer_fk FOREIGN KEY (issuer_id) REFERENCES public.issuer(id);

ALTER TABLE ONLY public.issuance
    ADD CONSTRAINT issuance_request_fk FOREIGN KEY (request_id) REFERENCES public.reissue_request(id);

ALTER TABLE ONLY public.jwt_issuer
    ADD CONSTRAINT jwt_issuer_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES public.enterprise(id);

ALTER TABLE ONLY public.mail
    ADD CONSTRAINT mail_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES public.enterprise(id);

ALTER TABLE ONLY public.profile
    ADD CONSTRAINT profile_agreement_fk FOREIGN KEY (agreement_id) REFERENCES public.agreement(id);

ALTER TABLE ONLY public.profile
    ADD CONSTRAINT profile_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES public.enterprise(id);

ALTER TABLE ONLY public.profile
    ADD CONSTRAINT profile_issuer_fk FOREIGN KEY (issuer_id) REFERENCES public.issuer(id);

ALTER TABLE ONLY public.profile_revision
    ADD CONSTRAINT profile_revision_profile_fk FOREIGN KEY (profile_id) REFERENCES public.profile(id);

ALTER TABLE ONLY public.reissue_request
    ADD CONSTRAINT reissue_request_certificate_fk FOREIGN KEY (certificate_id) REFERENCES public.certificate(id);

ALTER TABLE ONLY public.reissue_request
    ADD CONSTRAINT reissue_request_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES public.enterprise(id);

ALTER TABLE ONLY public.reissue_request
    ADD CONSTRAINT reissue_request_new_fk FOREIGN KEY (new_certificate_id) REFERENCES public.certificate(id);

ALTER TABLE ONLY public.reissue_request
    ADD CONSTRAINT reissue_request_owner_fk FOREIGN KEY (owner_id) REFERENCES public.user_account(id);

ALTER TABLE ONLY public.reissue_request
    ADD CONSTRAINT reissue_request_profile_fk FOREIGN KEY (profile_id) REFERENCES public.profile(id);

ALTER TABLE ONLY public.user_account
    ADD CONSTRAINT user_account_enterprise_fk FOREIGN KEY (enterprise_id) REFERENCES public.enterprise(id);

ALTER TABLE ONLY public.user_means
    ADD CONSTRAINT user_means_user_fk FOREIGN KEY (user_id) REFERENCES public.user_account(id) ON DELETE CASCADE;

ALTER TABLE public.access_token ENABLE ROW LEVEL SECURITY;

CREATE POLICY access_token_job ON public.access_token TO reissued_job, reissued_audit USING (true);

CREATE POLICY access_token_tenant ON public.access_token USING (public.app_sees(enterprise_id));

ALTER TABLE public.agreement ENABLE ROW LEVEL SECURITY;

CREATE POLICY agreement_job ON public.agreement TO reissued_job, reissued_audit USING (true);

CREATE POLICY agreement_tenant ON public.agreement USING (public.app_sees(enterprise_id));

ALTER TABLE public.agreement_text ENABLE ROW LEVEL SECURITY;

CREATE POLICY agreement_text_job ON public.agreement_text TO reissued_job, reissued_audit USING (true);

CREATE POLICY agreement_text_tenant ON public.agreement_text USING (public.app_sees(enterprise_id));

ALTER TABLE public.approval ENABLE ROW LEVEL SECURITY;

CREATE POLICY approval_job ON public.approval TO reissued_job, reissued_audit USING (true);

CREATE POLICY approval_tenant ON public.approval USING (public.app_sees(enterprise_id));

ALTER TABLE public.audit_event ENABLE ROW LEVEL SECURITY;

CREATE POLICY audit_event_insert ON public.audit_event FOR INSERT WITH CHECK (true);

CREATE POLICY audit_event_job ON public.audit_event FOR SELECT TO reissued_job, reissued_audit USING (true);

CREATE POLICY audit_event_tenant ON public.audit_event FOR SELECT USING (public.app_sees(enterprise_id));

ALTER TABLE public.caa_check ENABLE ROW LEVEL SECURITY;

CREATE POLICY caa_check_job ON public.caa_check TO reissued_job, reissued_audit USING (true);

CREATE POLICY caa_check_tenant ON public.caa_check USING (public.app_sees(enterprise_id));

ALTER TABLE public.certificate ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.certificate_der ENABLE ROW LEVEL SECURITY;

CREATE POLICY certificate_der_job ON public.certificate_der TO reissued_job, reissued_audit USING (true);

CREATE POLICY certificate_der_tenant ON public.certificate_der USING (public.app_sees(enterprise_id));

CREATE POLICY certificate_job ON public.certificate TO reissued_job, reissued_audit USING (true);

CREATE POLICY certificate_tenant ON public.certificate USING (public.app_sees(enterprise_id));

ALTER TABLE public.challenge ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.challenge_code ENABLE ROW LEVEL SECURITY;

CREATE POLICY challenge_code_job ON public.challenge_code TO reissued_job, reissued_audit USING (true);

CREATE POLICY challenge_code_tenant ON public.challenge_code USING (public.app_sees(enterprise_id));

ALTER TABLE public.challenge_delivery ENABLE ROW LEVEL SECURITY;

CREATE POLICY challenge_delivery_job ON public.challenge_delivery TO reissued_job, reissued_audit USING (true);

CREATE POLICY challenge_delivery_tenant ON public.challenge_delivery USING (public.app_sees(enterprise_id));

ALTER TABLE public.challenge_event ENABLE ROW LEVEL SECURITY;

CREATE POLICY challenge_event_job ON public.challenge_event TO reissued_job, reissued_audit USING (true);

CREATE POLICY challenge_event_tenant ON public.challenge_event USING (public.app_sees(enterprise_id));

ALTER TABLE public.challenge_handle ENABLE ROW LEVEL SECURITY;

CREATE POLICY challenge_handle_job ON public.challenge_handle TO reissued_job, reissued_audit USING (true);

CREATE POLICY challenge_handle_tenant ON public.challenge_handle USING (public.app_sees(enterprise_id));

CREATE POLICY challenge_job ON public.challenge TO reissued_job, reissued_audit USING (true);

ALTER TABLE public.challenge_subject ENABLE ROW LEVEL SECURITY;

CREATE POLICY challenge_subject_job ON public.challenge_subject TO reissued_job, reissued_audit USING (true);

CREATE POLICY challenge_subject_tenant ON public.challenge_subject USING (public.app_sees(enterprise_id));

CREATE POLICY challenge_tenant ON public.challenge USING (public.app_sees(enterprise_id));

ALTER TABLE public.client ENABLE ROW LEVEL SECURITY;

CREATE POLICY client_job ON public.client TO reissued_job, reissued_audit USING (true);

CREATE POLICY client_tenant ON public.client USING (public.app_sees(enterprise_id));

ALTER TABLE public.connector ENABLE ROW LEVEL SECURITY;

CREATE POLICY connector_job ON public.connector TO reissued_job, reissued_audit USING (true);

CREATE POLICY connector_tenant ON public.connector USING (public.app_sees(enterprise_id));

ALTER TABLE public.domain ENABLE ROW LEVEL SECURITY;

CREATE POLICY domain_job ON public.domain TO reissued_job, reissued_audit USING (true);

CREATE POLICY domain_tenant ON public.domain USING (public.app_sees(enterprise_id));

ALTER TABLE public.domain_validation ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.domain_validation_attempt ENABLE ROW LEVEL SECURITY;

CREATE POLICY domain_validation_attempt_job ON public.domain_validation_attempt TO reissued_job, reissued_audit USING (true);

CREATE POLICY domain_validation_attempt_tenant ON public.domain_validation_attempt USING (public.app_sees(enterprise_id));

CREATE POLICY domain_validation_job ON public.domain_validation TO reissued_job, reissued_audit USING (true);

ALTER TABLE public.domain_validation_mail ENABLE ROW LEVEL SECURITY;

CREATE POLICY domain_validation_mail_job ON public.domain_validation_mail TO reissued_job, reissued_audit USING (true);

CREATE POLICY domain_validation_mail_tenant ON public.domain_validation_mail USING (public.app_sees(enterprise_id));

CREATE POLICY domain_validation_tenant ON public.domain_validation USING (public.app_sees(enterprise_id));

ALTER TABLE public.enterprise ENABLE ROW LEVEL SECURITY;

CREATE POLICY enterprise_job ON public.enterprise TO reissued_job, reissued_audit USING (true);

CREATE POLICY enterprise_tenant ON public.enterprise USING (public.app_sees(id));

ALTER TABLE public.idempotency ENABLE ROW LEVEL SECURITY;

CREATE POLICY idempotency_job ON public.idempotency TO reissued_job USING (true);

CREATE POLICY idempotency_tenant ON public.idempotency USING (public.app_sees(enterprise_id));

ALTER TABLE public.identity ENABLE ROW LEVEL SECURITY;

CREATE POLICY identity_job ON public.identity TO reissued_job, reissued_audit USING (true);

CREATE POLICY identity_tenant ON public.identity USING (public.app_sees(enterprise_id));

ALTER TABLE public.issuance ENABLE ROW LEVEL SECURITY;

CREATE POLICY issuance_job ON public.issuance TO reissued_job, reissued_audit USING (true);

CREATE POLICY issuance_tenant ON public.issuance USING (public.app_sees(enterprise_id));

ALTER TABLE public.jwt_issuer ENABLE ROW LEVEL SECURITY;

CREATE POLICY jwt_issuer_job ON public.jwt_issuer TO reissued_job, reissued_audit USING (true);

CREATE POLICY jwt_issuer_tenant ON public.jwt_issuer USING (public.app_sees(enterprise_id));

ALTER TABLE public.mail ENABLE ROW LEVEL SECURITY;

CREATE POLICY mail_job ON public.mail TO reissued_job, reissued_audit USING (true);

CREATE POLICY mail_tenant ON public.mail USING (public.app_sees(enterprise_id));

ALTER TABLE public.profile ENABLE ROW LEVEL SECURITY;

CREATE POLICY profile_job ON public.profile TO reissued_job, reissued_audit USING (true);

ALTER TABLE public.profile_revision ENABLE ROW LEVEL SECURITY;

CREATE POLICY profile_revision_job ON public.profile_revision TO reissued_job, reissued_audit USING (true);

CREATE POLICY profile_revision_tenant ON public.profile_revision USING (public.app_sees(enterprise_id));

CREATE POLICY profile_tenant ON public.profile USING (public.app_sees(enterprise_id));

ALTER TABLE public.reissue_request ENABLE ROW LEVEL SECURITY;

CREATE POLICY reissue_request_job ON public.reissue_request TO reissued_job, reissued_audit USING (true);

CREATE POLICY reissue_request_tenant ON public.reissue_request USING (public.app_sees(enterprise_id));

ALTER TABLE public.user_account ENABLE ROW LEVEL SECURITY;

CREATE POLICY user_account_job ON public.user_account TO reissued_job, reissued_audit USING (true);

CREATE POLICY user_account_tenant ON public.user_account USING (public.app_sees(enterprise_id));

ALTER TABLE public.user_means ENABLE ROW LEVEL SECURITY;

CREATE POLICY user_means_job ON public.user_means TO reissued_job, reissued_audit USING (true);

CREATE POLICY user_means_tenant ON public.user_means USING (public.app_sees(enterprise_id));

GRANT ALL ON SCHEMA public TO reissued_owner WITH GRANT OPTION;
GRANT USAGE ON SCHEMA public TO reissued_app;
GRANT USAGE ON SCHEMA public TO reissued_job;
GRANT USAGE ON SCHEMA public TO reissued_audit;

GRANT ALL ON FUNCTION public.agreement_of(profile uuid, of_revision bigint) TO reissued_app;
GRANT ALL ON FUNCTION public.agreement_of(profile uuid, of_revision bigint) TO reissued_job;
GRANT ALL ON FUNCTION public.agreement_of(profile uuid, of_revision bigint) TO reissued_audit;

GRANT ALL ON FUNCTION public.agreement_wanted(agreement uuid, in_language text) TO reissued_app;
GRANT ALL ON FUNCTION public.agreement_wanted(agreement uuid, in_language text) TO reissued_job;
GRANT ALL ON FUNCTION public.agreement_wanted(agreement uuid, in_language text) TO reissued_audit;

GRANT ALL ON FUNCTION public.approvals_of(request uuid) TO reissued_app;
GRANT ALL ON FUNCTION public.approvals_of(request uuid) TO reissued_job;
GRANT ALL ON FUNCTION public.approvals_of(request uuid) TO reissued_audit;

GRANT ALL ON FUNCTION public.certificate_end(certificate uuid) TO reissued_app;
GRANT ALL ON FUNCTION public.certificate_end(certificate uuid) TO reissued_job;
GRANT ALL ON FUNCTION public.certificate_end(certificate uuid) TO reissued_audit;

GRANT ALL ON FUNCTION public.challenge_of(request uuid, of_round integer) TO reissued_app;
GRANT ALL ON FUNCTION public.challenge_of(request uuid, of_round integer) TO reissued_job;
GRANT ALL ON FUNCTION public.challenge_of(request uuid, of_round integer) TO reissued_audit;

REVOKE ALL ON FUNCTION public.client_by_id(wanted uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.client_by_id(wanted uuid) TO reissued_app;

GRANT ALL ON FUNCTION public.intended(request uuid) TO reissued_app;
GRANT ALL ON FUNCTION public.intended(request uuid) TO reissued_job;
GRANT ALL ON FUNCTION public.intended(request uuid) TO reissued_audit;

GRANT ALL ON FUNCTION public.issuer_of(profile uuid, of_revision bigint) TO reissued_app;
GRANT ALL ON FUNCTION public.issuer_of(profile uuid, of_revision bigint) TO reissued_job;
GRANT ALL ON FUNCTION public.issuer_of(profile uuid, of_revision bigint) TO reissued_audit;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.jwt_issuer TO reissued_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.jwt_issuer TO reissued_job;
GRANT SELECT ON TABLE public.jwt_issuer TO reissued_audit;

REVOKE ALL ON FUNCTION public.jwt_issuer_by_name(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.jwt_issuer_by_name(wanted text) TO reissued_app;

REVOKE ALL ON FUNCTION public.login_by_email(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.login_by_email(wanted text) TO reissued_app;

GRANT ALL ON FUNCTION public.person_name(person uuid) TO reissued_app;
GRANT ALL ON FUNCTION public.person_name(person uuid) TO reissued_job;
GRANT ALL ON FUNCTION public.person_name(person uuid) TO reissued_audit;

REVOKE ALL ON FUNCTION public.search_names(what text, needle text, owners uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.search_names(what text, needle text, owners uuid[]) TO reissued_app;

REVOKE ALL ON FUNCTION public.spki_claim_key(spki bytea, for_owner uuid, for_request uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.spki_claim_key(spki bytea, for_owner uuid, for_request uuid) TO reissued_app;

REVOKE ALL ON FUNCTION public.spki_issued(spki bytea, for_owner uuid, for_request uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.spki_issued(spki bytea, for_owner uuid, for_request uuid) TO reissued_app;

REVOKE ALL ON FUNCTION public.spki_release(spki bytea, for_request uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.spki_release(spki bytea, for_request uuid) TO reissued_app;

REVOKE ALL ON FUNCTION public.spki_state(spki bytea, for_owner uuid, for_request uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.spki_state(spki bytea, for_owner uuid, for_request uuid) TO reissued_app;

REVOKE ALL ON FUNCTION public.token_by_hash(hashes bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.token_by_hash(hashes bytea[]) TO reissued_app;

REVOKE ALL ON FUNCTION public.token_by_hash(hashes bytea[], times timestamp with time zone[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.token_by_hash(hashes bytea[], times timestamp with time zone[]) TO reissued_app;

REVOKE ALL ON FUNCTION public.user_by_identity(of_enterprise uuid, of_kind text, of_issuer text, of_subject text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.user_by_identity(of_enterprise uuid, of_kind text, of_issuer text, of_subject text) TO reissued_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.access_token TO reissued_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.access_token TO reissued_job;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.agreement TO reissued_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.agreement TO reissued_job;
GRANT SELECT ON TABLE public.agreement TO reissued_audit;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.agreement_text TO reissued_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.agreement_text TO reissued_job;
GRANT SELECT ON TABLE public.agreement_text TO reissued_audit;

GRANT SELECT,INSERT ON TABLE public.approval TO reissued_app;
GRANT SELECT,INSERT ON TABLE public.approval TO reissued_job;
GRANT SELECT ON TABLE public.approval TO reissued_audit;

GRANT SELECT,INSERT ON TABLE public.audit_event TO reissued_app;
GRANT SELECT,INSERT ON TABLE public.audit_event TO reissued_job;
GRANT SELECT ON TABLE public.audit_event TO reissued_audit;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.blocked_key TO reissued_job;
GRANT SELECT,INSERT,DELETE ON TABLE public.blocked_key TO reissued_app;

GRANT SELECT,INSERT ON TABLE public.caa_check TO reissued_app;
GRANT SELECT,INSERT ON TABLE public.caa_check TO reissued_job;
GRANT SELECT ON TABLE public.caa_check TO reissued_audit;

GRANT SELECT,INSERT,UPDATE ON TABLE public.certificate TO reissued_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.certificate TO reissued_job;
GRANT SELECT ON TABLE public.certificate TO reissued_audit;

GRANT SELECT,INSERT ON TABLE public.certificate_der TO reissued_app;
GRANT SELECT,INSERT ON TABLE public.certificate_der TO reissued_job;
GRANT SELECT ON TABLE public.certificate_der TO reissued_audit;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.profile TO reissued_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.profile TO reissued_job;
GRANT SELECT ON TABLE public.profile TO reissued_audit;

GRANT SELECT,INSERT,UPDATE ON TABLE public.reissue_request TO reissued_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.reissue_request TO reissued_job;
GRANT SELECT ON TABLE public.reissue_request TO reissued_audit;

GRANT SELECT ON TABLE public.certificate_view TO reissued_app;
GRANT SELECT ON TABLE public.certificate_view TO reissued_job;
GRANT SELECT ON TABLE public.certificate_view TO reissued_audit;

GRANT SELECT,INSERT,UPDATE ON TABLE public.challenge TO reissued_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.challenge TO reissued_job;
GRANT SELECT ON TABLE public.challenge TO reissued_audit;

GRANT SELECT,INSERT,UPDATE ON TABLE public.challenge_code TO reissued_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.challenge_code TO reissued_job;

GRANT SELECT,INSERT,UPDATE ON TABLE public.challenge_delivery TO reissued_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.challenge_delivery TO reissued_job;

GRANT SELECT,INSERT ON TABLE public.challenge_event TO reissued_app;
GRANT SELECT,INSERT ON TABLE public.challenge_event TO reissued_job;
GRANT SELECT ON TABLE public.challenge_event TO reissued_audit;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.challenge_handle TO reissued_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.challenge_handle TO reissued_job;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.challenge_once TO reissued_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.challenge_once TO reissued_job;

GRANT SELECT,INSERT,UPDATE ON TABLE public.challenge_subject TO reissued_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.challenge_subject TO reissued_job;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.client TO reissued_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.client TO reissued_job;
GRANT SELECT ON TABLE public.client TO reissued_audit;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.connector TO reissued_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.connector TO reissued_job;

GRANT SELECT(id) ON TABLE public.connector TO reissued_audit;

GRANT SELECT(enterprise_id) ON TABLE public.connector TO reissued_audit;

GRANT SELECT(kind) ON TABLE public.connector TO reissued_audit;

GRANT SELECT(name) ON TABLE public.connector TO reissued_audit;

GRANT SELECT(display_name) ON TABLE public.connector TO reissued_audit;

GRANT SELECT(active) ON TABLE public.connector TO reissued_audit;

GRANT SELECT(settings) ON TABLE public.connector TO reissued_audit;

GRANT SELECT(revision) ON TABLE public.connector TO reissued_audit;

GRANT SELECT(created_at) ON TABLE public.connector TO reissued_audit;

GRANT SELECT(updated_at) ON TABLE public.connector TO reissued_audit;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.connector_breaker TO reissued_job;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.domain TO reissued_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.domain TO reissued_job;
GRANT SELECT ON TABLE public.domain TO reissued_audit;

GRANT SELECT,INSERT,UPDATE ON TABLE public.domain_validation TO reissued_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.domain_validation TO reissued_job;
GRANT SELECT ON TABLE public.domain_validation TO reissued_audit;

GRANT SELECT,INSERT ON TABLE public.domain_validation_attempt TO reissued_app;
GRANT SELECT,INSERT ON TABLE public.domain_validation_attempt TO reissued_job;
GRANT SELECT ON TABLE public.domain_validation_attempt TO reissued_audit;

GRANT SELECT,INSERT ON TABLE public.domain_validation_mail TO reissued_app;
GRANT SELECT,INSERT ON TABLE public.domain_validation_mail TO reissued_job;
GRANT SELECT ON TABLE public.domain_validation_mail TO reissued_audit;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.enterprise TO reissued_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.enterprise TO reissued_job;
GRANT SELECT ON TABLE public.enterprise TO reissued_audit;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.idempotency TO reissued_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.idempotency TO reissued_job;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.identity TO reissued_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.identity TO reissued_job;
GRANT SELECT ON TABLE public.identity TO reissued_audit;

GRANT SELECT,INSERT,UPDATE ON TABLE public.issuance TO reissued_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.issuance TO reissued_job;
GRANT SELECT ON TABLE public.issuance TO reissued_audit;

GRANT SELECT,INSERT,UPDATE ON TABLE public.issuer TO reissued_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.issuer TO reissued_job;
GRANT SELECT ON TABLE public.issuer TO reissued_audit;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.job TO reissued_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.job TO reissued_job;
GRANT SELECT ON TABLE public.job TO reissued_audit;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.job_schedule TO reissued_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.job_schedule TO reissued_job;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.keyring_check TO reissued_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.keyring_check TO reissued_job;

GRANT SELECT,INSERT,UPDATE ON TABLE public.mail TO reissued_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.mail TO reissued_job;

GRANT SELECT(id) ON TABLE public.mail TO reissued_audit;

GRANT SELECT(enterprise_id) ON TABLE public.mail TO reissued_audit;

GRANT SELECT(purpose) ON TABLE public.mail TO reissued_audit;

GRANT SELECT(object_id) ON TABLE public.mail TO reissued_audit;

GRANT SELECT(connector_id) ON TABLE public.mail TO reissued_audit;

GRANT SELECT(recipient) ON TABLE public.mail TO reissued_audit;

GRANT SELECT(message_id) ON TABLE public.mail TO reissued_audit;

GRANT SELECT(state) ON TABLE public.mail TO reissued_audit;

GRANT SELECT(code) ON TABLE public.mail TO reissued_audit;

GRANT SELECT(detail) ON TABLE public.mail TO reissued_audit;

GRANT SELECT(tries) ON TABLE public.mail TO reissued_audit;

GRANT SELECT(resends) ON TABLE public.mail TO reissued_audit;

GRANT SELECT(created_at) ON TABLE public.mail TO reissued_audit;

GRANT SELECT(updated_at) ON TABLE public.mail TO reissued_audit;

GRANT SELECT(sent_at) ON TABLE public.mail TO reissued_audit;

GRANT SELECT(give_up_at) ON TABLE public.mail TO reissued_audit;

GRANT SELECT(keep_until) ON TABLE public.mail TO reissued_audit;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.profile_revision TO reissued_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.profile_revision TO reissued_job;
GRANT SELECT ON TABLE public.profile_revision TO reissued_audit;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rate_counter TO reissued_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rate_counter TO reissued_job;

GRANT USAGE ON SEQUENCE public.reissue_number TO reissued_app;
GRANT USAGE ON SEQUENCE public.reissue_number TO reissued_job;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.user_account TO reissued_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.user_account TO reissued_job;

GRANT SELECT(id) ON TABLE public.user_account TO reissued_audit;

GRANT SELECT(enterprise_id) ON TABLE public.user_account TO reissued_audit;

GRANT SELECT(email) ON TABLE public.user_account TO reissued_audit;

GRANT SELECT(name) ON TABLE public.user_account TO reissued_audit;

GRANT SELECT(language) ON TABLE public.user_account TO reissued_audit;

GRANT SELECT(status) ON TABLE public.user_account TO reissued_audit;

GRANT SELECT(role) ON TABLE public.user_account TO reissued_audit;

GRANT SELECT(reach) ON TABLE public.user_account TO reissued_audit;

GRANT SELECT(revision) ON TABLE public.user_account TO reissued_audit;

GRANT SELECT(created_at) ON TABLE public.user_account TO reissued_audit;

GRANT SELECT(updated_at) ON TABLE public.user_account TO reissued_audit;

GRANT SELECT ON TABLE public.reissue_view TO reissued_app;
GRANT SELECT ON TABLE public.reissue_view TO reissued_job;
GRANT SELECT ON TABLE public.reissue_view TO reissued_audit;

GRANT SELECT ON TABLE public.rule_set TO reissued_app;
GRANT SELECT ON TABLE public.rule_set TO reissued_job;
GRANT SELECT ON TABLE public.rule_set TO reissued_audit;

GRANT SELECT ON TABLE public.schema_migration TO reissued_app;
GRANT SELECT ON TABLE public.schema_migration TO reissued_job;
GRANT SELECT ON TABLE public.schema_migration TO reissued_audit;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.spki_claim TO reissued_job;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.user_means TO reissued_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.user_means TO reissued_job;

