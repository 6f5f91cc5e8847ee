-- A profile's next revision; the row is locked by profile_lock.
WITH made AS (
    UPDATE profile SET name = $2, category = $3, issuer_id = $4, agreement_id = $5, active = $6,
        revision = revision + 1, updated_at = $7
    WHERE id = $1
    RETURNING id, enterprise_id, revision
)
INSERT INTO profile_revision (profile_id, revision, enterprise_id, body, created_at, created_by)
SELECT id, revision, enterprise_id, $8, $7, $9 FROM made
RETURNING revision
