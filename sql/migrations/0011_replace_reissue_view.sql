-- reissue_view in half the time: its columns and what they say are as before. What most requests do not
-- have (names other than the owner's, approvals, an agreement, an intent) is fetched by functions, whose
-- plans are kept and which only run where there is something to fetch; as subqueries of the view each of
-- them cost its preparation in every read of a request. They run as their caller, under its row-level
-- security.

CREATE FUNCTION person_name(person uuid) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((SELECT u.name FROM user_account u WHERE u.id = person),
                    (SELECT c.name FROM client c WHERE c.id = person));
END $$;

CREATE FUNCTION approvals_of(request uuid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((SELECT jsonb_agg(jsonb_build_object('id', a.id, 'round', a.round, 'stage', a.stage,
            'by', jsonb_build_object('id', a.by_id, 'name', u.name), 'decision', a.decision,
            'remarks', a.remarks, 'digest', 'sha256:' || encode(a.digest, 'hex'),
            'at', to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
            'by_status', u.status) ORDER BY a.at, a.id)
        FROM approval a LEFT JOIN user_account u ON u.id = a.by_id
        WHERE a.request_id = request), '[]'::jsonb);
END $$;

CREATE FUNCTION intended(request uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM issuance x WHERE x.request_id = request AND x.state = 'intended');
END $$;

-- The agreement of a revision of a profile.
CREATE FUNCTION agreement_of(profile uuid, of_revision bigint) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT (q.body->>'agreement_id')::uuid FROM profile_revision q
        WHERE q.profile_id = profile AND q.revision = of_revision);
END $$;

-- What is to be accepted of an agreement: its newest version in the language, in English, or in any.
CREATE FUNCTION agreement_wanted(agreement uuid, in_language text)
    RETURNS TABLE (agreement_id uuid, version integer, least_version integer, language text, sha256 bytea)
    LANGUAGE plpgsql STABLE STRICT AS $$
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

GRANT EXECUTE ON FUNCTION person_name(uuid), approvals_of(uuid), intended(uuid), agreement_of(uuid, bigint),
    agreement_wanted(uuid, text) TO reissued_app, reissued_job, reissued_audit;

CREATE OR REPLACE VIEW reissue_view WITH (security_invoker = true) AS
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
    CASE WHEN r.requested_by = r.owner_id THEN o.name ELSE person_name(r.requested_by) END AS requested_name,
    CASE WHEN r.submitted_by = r.owner_id THEN o.name
         WHEN r.submitted_by IS NOT NULL THEN person_name(r.submitted_by) END AS submitted_name,
    CASE WHEN r.agreement_accepted_by = r.owner_id THEN o.name
         WHEN r.agreement_accepted_by IS NOT NULL THEN person_name(r.agreement_accepted_by)
         END AS accepted_name,
    CASE WHEN r.reviewer_id IS NOT NULL THEN person_name(r.reviewer_id) END AS reviewer_name,
    -- Nobody decides about what was never submitted.
    CASE WHEN r.submitted_at IS NULL THEN '[]'::jsonb ELSE approvals_of(r.id) END AS approvals,
    c.status AS certificate_status, c.source AS certificate_source, c.not_after AS certificate_not_after,
    c.generation AS certificate_generation, c.fingerprint_sha256 AS certificate_sha256,
    c.spki_sha256 AS certificate_spki_sha256, c.revocation_due_at AS certificate_due_at,
    c.serial AS certificate_serial,
    EXISTS (SELECT 1 FROM certificate n WHERE n.replaces_id = c.id) AS certificate_replaced,
    p.revision AS newest_revision, i.id AS issuer_id, i.slug AS issuer,
    w.agreement_id AS wanted_agreement_id, w.version AS wanted_version, w.least_version,
    w.language AS wanted_language, w.sha256 AS wanted_sha256,
    CASE WHEN r.spki_sha256 IS NOT NULL
         THEN spki_state(r.spki_sha256, r.owner_id, r.id) END AS spki_state,
    -- An intent is recorded by the statement that makes the request `issuing`, and ends with that state.
    CASE WHEN r.status = 'issuing' THEN intended(r.id) ELSE false END AS intent
FROM reissue_request r
    JOIN user_account o ON o.id = r.owner_id
    JOIN certificate c ON c.id = r.certificate_id
    JOIN profile p ON p.id = r.profile_id
    JOIN issuer i ON i.id = p.issuer_id
    CROSS JOIN LATERAL (SELECT CASE WHEN r.status IN ('draft', 'declined') THEN p.revision
        ELSE r.profile_revision END AS profile_revision) j
    LEFT JOIN LATERAL agreement_wanted(CASE WHEN j.profile_revision = p.revision THEN p.agreement_id
        ELSE agreement_of(p.id, j.profile_revision) END, o.language) w ON true;
