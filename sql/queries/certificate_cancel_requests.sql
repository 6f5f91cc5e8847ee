-- Cancels the open request of a certificate that gets another owner, but not one being issued.
WITH ended AS (
    UPDATE reissue_request r SET status = 'cancelled', revision = r.revision + 1, updated_at = $2,
        status_changed_at = $2
    FROM (SELECT id, status FROM reissue_request WHERE certificate_id = $1
            AND status NOT IN ('issued', 'cancelled', 'expired', 'issuing') FOR UPDATE) old
    WHERE r.id = old.id
    RETURNING r.id, old.status, r.spki_sha256
)
SELECT id, status, CASE WHEN spki_sha256 IS NOT NULL THEN spki_release(spki_sha256, id) END AS released
FROM ended
