-- reissue_view: a stored digest is shown while it is that of the content, and is not computed anew then.
-- compatible_from: 20
CREATE OR REPLACE VIEW reissue_view WITH (security_invoker = true) AS
SELECT r.id, r.number, r.status, r.round, r.revision, r.category, r.reason, r.message, r.certificate_id,
    r.new_certificate_id, r.lineage_id, r.enterprise_id, r.profile_id, a.profile_revision, r.owner_id,
    r.requested_by, r.submitted_by, r.reviewer_id, r.agreement_accepted_by AS accepted_by,
    r.factor_passed_by, r.factor_digest, r.factor_round, r.subject, r.san, r.validity, r.key, r.checks,
    r.ignored, r.inherited_faults, r.declined, r.failure, r.spki_der, r.spki_sha256,
    -- A draft follows the newest revision of its profile: of an older one the digest is no more true.
    CASE WHEN r.profile_revision = a.profile_revision THEN r.digest END AS digest,
    r.agreement_id, r.agreement_version, r.agreement_language, r.agreement_sha256,
    r.agreement_accepted_at, r.previous_action, r.previous_due_at, r.created_at, r.updated_at,
    r.submitted_at, r.status_changed_at, r.issued_at, r.expires_at, r.common_name, r.search_text,
    r.hidden,
    a.owner_name, a.owner_status, a.owner_language,
    CASE WHEN r.requested_by = r.owner_id THEN a.owner_name ELSE person_name(r.requested_by) END
        AS requested_name,
    CASE WHEN r.submitted_by = r.owner_id THEN a.owner_name
         WHEN r.submitted_by IS NOT NULL THEN person_name(r.submitted_by) END AS submitted_name,
    CASE WHEN r.agreement_accepted_by = r.owner_id THEN a.owner_name
         WHEN r.agreement_accepted_by IS NOT NULL THEN person_name(r.agreement_accepted_by)
         END AS accepted_name,
    CASE WHEN r.reviewer_id IS NOT NULL THEN person_name(r.reviewer_id) END AS reviewer_name,
    -- Nobody decides about what was never submitted.
    CASE WHEN r.submitted_at IS NULL THEN '[]'::jsonb ELSE approvals_of(r.id) END AS approvals,
    a.certificate_status, a.certificate_source, a.certificate_not_after, a.certificate_generation,
    a.certificate_sha256, a.certificate_spki_sha256, a.certificate_due_at, a.certificate_serial,
    a.certificate_replaced, a.newest_revision, a.issuer_id, a.issuer, a.wanted_agreement_id,
    a.wanted_version, a.least_version, a.wanted_language, a.wanted_sha256,
    CASE WHEN r.spki_sha256 IS NOT NULL
         THEN spki_state(r.spki_sha256, r.owner_id, r.id) END AS spki_state,
    -- An intent is recorded by the statement that makes the request `issuing`, and ends with that state.
    CASE WHEN r.status = 'issuing' THEN intended(r.id) ELSE false END AS intent,
    a.issuer_active,
    CASE WHEN r.new_certificate_id IS NOT NULL THEN certificate_end(r.new_certificate_id) END AS issued_not_after,
    a.challenge_id, a.challenge_status, a.challenge_expires_at
FROM reissue_request r
    CROSS JOIN LATERAL (
        SELECT j.profile_revision,
            o.name AS owner_name, o.status AS owner_status, o.language AS owner_language,
            c.status AS certificate_status, c.source AS certificate_source,
            c.not_after AS certificate_not_after, c.generation AS certificate_generation,
            c.fingerprint_sha256 AS certificate_sha256, c.spki_sha256 AS certificate_spki_sha256,
            c.revocation_due_at AS certificate_due_at, c.serial AS certificate_serial,
            EXISTS (SELECT 1 FROM certificate n WHERE n.replaces_id = c.id) AS certificate_replaced,
            p.revision AS newest_revision,
            i.id AS issuer_id, i.slug AS issuer, i.active AS issuer_active,
            w.agreement_id AS wanted_agreement_id, w.version AS wanted_version, w.least_version,
            w.language AS wanted_language, w.sha256 AS wanted_sha256,
            h.challenge_id, h.challenge_status, h.challenge_expires_at
        FROM user_account o
            JOIN certificate c ON c.id = r.certificate_id
            JOIN profile p ON p.id = r.profile_id
            CROSS JOIN LATERAL (SELECT CASE WHEN r.status IN ('draft', 'declined') THEN p.revision
                ELSE r.profile_revision END AS profile_revision) j
            JOIN issuer i ON i.id = CASE WHEN j.profile_revision = p.revision THEN p.issuer_id
                ELSE issuer_of(p.id, j.profile_revision) END
            LEFT JOIN LATERAL agreement_wanted(CASE WHEN j.profile_revision = p.revision THEN p.agreement_id
                ELSE agreement_of(p.id, j.profile_revision) END, o.language) w ON true
            -- Only while one is asked for, or when it was passed.
            LEFT JOIN LATERAL challenge_of(CASE WHEN r.status = 'authenticating' OR r.factor_round = r.round
                THEN r.id END, r.round) h ON true
        WHERE o.id = r.owner_id
        OFFSET 0) a; -- OFFSET 0: it stays a query of its own
