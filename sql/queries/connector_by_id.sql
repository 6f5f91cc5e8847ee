-- $1 id
SELECT id, enterprise_id, kind, name, display_name, active, settings, secrets, revision, created_at, updated_at
FROM connector WHERE id = $1::uuid
