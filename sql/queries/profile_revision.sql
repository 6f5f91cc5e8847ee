-- One revision of a profile.
SELECT p.id, p.enterprise_id, r.revision, p.created_at, r.created_at AS updated_at, r.body
FROM profile_revision r JOIN profile p ON p.id = r.profile_id
WHERE r.profile_id = $1 AND r.revision = $2
