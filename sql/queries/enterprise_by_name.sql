-- $1 name or id
SELECT id, name, status, revision, created_at, updated_at FROM enterprise WHERE name = $1::text OR id::text = $1::text
