-- $1 id
SELECT id, name, status, revision, created_at, updated_at FROM enterprise WHERE id = $1::uuid
