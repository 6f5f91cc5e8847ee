-- A certificate with what an answer says about it, in one read.
CREATE VIEW certificate_view WITH (security_invoker = true) AS
SELECT c.id, c.enterprise_id, c.owner_id, c.profile_id, c.issuer_id, c.issuer_name AS issuer, c.serial,
    c.status, c.category, c.source, c.subject, c.san, c.common_name, c.not_before, c.not_after, c.key,
    c.extensions, c.unsupported, c.spki_sha256, c.fingerprint_sha256, c.lineage_id, c.generation,
    c.replaces_id, c.issued_by_request_id, c.revoked_at, c.revocation_reason, c.invalidity_date,
    c.revocation_due_at, c.revision, c.created_at, c.updated_at,
    CASE c.source WHEN 'imported' THEN c.not_before ELSE c.created_at END AS issued_at,
    p.revision AS profile_revision,
    (SELECT n.id FROM certificate n WHERE n.replaces_id = c.id
        ORDER BY n.created_at DESC, n.id DESC LIMIT 1) AS replaced_by_id,
    (SELECT r.id FROM reissue_request r WHERE r.certificate_id = c.id
        AND r.status NOT IN ('issued', 'cancelled', 'expired')) AS open_request_id
FROM certificate c JOIN profile p ON p.id = c.profile_id;

GRANT SELECT ON certificate_view TO reissued_app, reissued_job, reissued_audit;
