-- A profile and its first revision.
WITH made AS (
    INSERT INTO profile (id, enterprise_id, name, category, issuer_id, agreement_id, active, revision,
        created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8)
    RETURNING id, enterprise_id, revision
)
INSERT INTO profile_revision (profile_id, revision, enterprise_id, body, created_at, created_by)
SELECT id, revision, enterprise_id, $9, $8, $10 FROM made
RETURNING revision
