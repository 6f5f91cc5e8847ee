-- The current revision of a profile, which nobody else can change until the transaction ends.
SELECT p.id, p.enterprise_id, p.revision, p.created_at, p.updated_at, r.body
FROM profile p JOIN profile_revision r ON r.profile_id = p.id AND r.revision = p.revision
WHERE p.id = $1
FOR UPDATE OF p
