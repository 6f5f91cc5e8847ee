-- A reissue request with everything a decision or an answer needs, in one read; and the functions of
-- the issuing statements, in plpgsql because its plans are kept for the life of a connection.

-- What a request is judged by: a draft and a declined one by the newest revision of the profile, any
-- other by the revision it was submitted under.
CREATE VIEW reissue_view WITH (security_invoker = true) AS
SELECT r.id, r.number, r.status, r.round, r.revision, r.category, r.reason, r.message, r.certificate_id,
    r.new_certificate_id, r.lineage_id, r.enterprise_id, r.profile_id, j.profile_revision, r.owner_id,
    r.requested_by, r.submitted_by, r.reviewer_id, r.agreement_accepted_by AS accepted_by,
    r.factor_passed_by, r.factor_digest, r.factor_round, r.subject, r.san, r.validity, r.key, r.checks,
    r.ignored, r.inherited_faults, r.declined, r.failure, r.spki_der, r.spki_sha256, r.digest,
    r.agreement_id, r.agreement_version, r.agreement_language, r.agreement_sha256,
    r.agreement_accepted_at, r.previous_action, r.previous_due_at, r.created_at, r.updated_at,
    r.submitted_at, r.status_changed_at, r.issued_at, r.expires_at, r.common_name, r.search_text,
    r.hidden,
    o.name AS owner_name, o.status AS owner_status, o.language AS owner_language,
    CASE WHEN r.requested_by_client THEN (SELECT name FROM client WHERE id = r.requested_by)
         WHEN r.requested_by = r.owner_id THEN o.name
         ELSE (SELECT name FROM user_account WHERE id = r.requested_by) END AS requested_name,
    CASE WHEN r.submitted_by = r.owner_id THEN o.name
         ELSE coalesce((SELECT name FROM user_account WHERE id = r.submitted_by),
                       (SELECT name FROM client WHERE id = r.submitted_by)) END AS submitted_name,
    CASE WHEN r.agreement_accepted_by = r.owner_id THEN o.name
         ELSE coalesce((SELECT name FROM user_account WHERE id = r.agreement_accepted_by),
                       (SELECT name FROM client WHERE id = r.agreement_accepted_by)) END AS accepted_name,
    (SELECT name FROM user_account WHERE id = r.reviewer_id) AS reviewer_name,
    coalesce((SELECT jsonb_agg(jsonb_build_object('id', a.id, 'round', a.round, 'stage', a.stage,
            'by', jsonb_build_object('id', a.by_id, 'name', u.name), 'decision', a.decision,
            'remarks', a.remarks, 'digest', 'sha256:' || encode(a.digest, 'hex'),
            'at', to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
            'by_status', u.status) ORDER BY a.at, a.id)
        FROM approval a LEFT JOIN user_account u ON u.id = a.by_id
        WHERE a.request_id = r.id), '[]'::jsonb) AS approvals,
    c.status AS certificate_status, c.source AS certificate_source, c.not_after AS certificate_not_after,
    c.generation AS certificate_generation, c.fingerprint_sha256 AS certificate_sha256,
    c.spki_sha256 AS certificate_spki_sha256, c.revocation_due_at AS certificate_due_at,
    c.serial AS certificate_serial,
    EXISTS (SELECT 1 FROM certificate n WHERE n.replaces_id = c.id) AS certificate_replaced,
    p.revision AS newest_revision, i.id AS issuer_id, i.slug AS issuer,
    w.wanted_agreement_id, w.wanted_version, w.least_version, t.language AS wanted_language,
    t.sha256 AS wanted_sha256,
    CASE WHEN r.spki_sha256 IS NOT NULL
         THEN spki_state(r.spki_sha256, r.owner_id, r.id) END AS spki_state,
    EXISTS (SELECT 1 FROM issuance x WHERE x.request_id = r.id AND x.state = 'intended') AS intent
FROM reissue_request r
    JOIN user_account o ON o.id = r.owner_id
    JOIN certificate c ON c.id = r.certificate_id
    JOIN profile p ON p.id = r.profile_id
    JOIN issuer i ON i.id = p.issuer_id
    CROSS JOIN LATERAL (SELECT CASE WHEN r.status IN ('draft', 'declined') THEN p.revision
        ELSE r.profile_revision END AS profile_revision) j
    LEFT JOIN LATERAL (SELECT a.id AS wanted_agreement_id, a.version AS wanted_version,
            coalesce((SELECT max(v.version) FROM agreement_text v
                WHERE v.agreement_id = a.id AND v.reacceptance), 1) AS least_version
        FROM profile_revision q JOIN agreement a ON a.id = (q.body->>'agreement_id')::uuid
        WHERE q.profile_id = r.profile_id AND q.revision = j.profile_revision) w ON true
    LEFT JOIN LATERAL (SELECT v.language, v.sha256 FROM agreement_text v
        WHERE v.agreement_id = w.wanted_agreement_id AND v.version = w.wanted_version
        ORDER BY v.language = o.language DESC, v.language = 'en' DESC, v.language LIMIT 1) t ON true;

GRANT SELECT ON reissue_view TO reissued_app, reissued_job, reissued_audit;

-- Due work of the issuing engine.
CREATE INDEX issuance_request_idx ON issuance (request_id);
CREATE INDEX approval_request_idx ON approval (request_id);

-- Writes events (an array of rs_audit_row()) as their caller; gives how many.
CREATE FUNCTION audit_write(events jsonb) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
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

-- The functions of the job role are replaced as that role, which needs CREATE on the schema for it.
GRANT CREATE ON SCHEMA public TO reissued_job;
SET LOCAL ROLE reissued_job;

-- Claims a key for a request (NULL: an enrolment) and lets the request's former key go:
-- 'ok', 'reused' or 'blocked'; whose it is is never told.
CREATE OR REPLACE FUNCTION spki_claim_key(spki bytea, for_owner uuid, for_request uuid) RETURNS text
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
    IF won IS NULL THEN
        RETURN 'reused';
    END IF;
    UPDATE spki_claim c SET state = 'ended'
        WHERE c.request_id = for_request AND c.state = 'open' AND c.spki_sha256 <> spki;
    RETURN 'ok';
END $$;

-- The key goes with a request or an enrolment that ended without a certificate.
DROP FUNCTION spki_release(uuid);
CREATE FUNCTION spki_release(spki bytea, for_request uuid) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE spki_claim c SET state = 'ended'
        WHERE c.spki_sha256 = spki AND c.request_id IS NOT DISTINCT FROM for_request AND c.state = 'open';
    RETURN FOUND;
END $$;

CREATE OR REPLACE FUNCTION spki_issued(spki bytea, for_owner uuid, for_request uuid) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO spki_claim AS c (spki_sha256, owner_id, request_id, state)
        VALUES (spki, for_owner, for_request, 'issued')
        ON CONFLICT (spki_sha256) DO UPDATE SET state = 'issued'
            WHERE c.request_id IS NOT DISTINCT FROM for_request OR (c.state = 'ended' AND c.owner_id = for_owner);
    RETURN FOUND;
END $$;

CREATE OR REPLACE FUNCTION spki_state(spki bytea, for_owner uuid, for_request uuid) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c spki_claim%ROWTYPE;
BEGIN
    IF EXISTS (SELECT 1 FROM blocked_key b WHERE b.spki_sha256 = spki) THEN
        RETURN 'blocked';
    END IF;
    SELECT * INTO c FROM spki_claim s WHERE s.spki_sha256 = spki;
    IF NOT FOUND THEN
        RETURN 'free';
    END IF;
    RETURN CASE
        WHEN c.state = 'open' AND c.request_id = for_request THEN 'mine'
        WHEN c.state = 'ended' AND c.owner_id = for_owner THEN 'free'
        ELSE 'reused' END;
END $$;

REVOKE ALL ON FUNCTION spki_release(bytea, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION spki_release(bytea, uuid) TO reissued_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM reissued_job;
