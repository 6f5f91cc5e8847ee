-- The active ones of a kind, the least priority first. $1 enterprise, $2 kind
SELECT id, enterprise_id, kind, name, display_name, active, settings, secrets, revision, created_at, updated_at
FROM connector WHERE enterprise_id = $1::uuid AND kind = $2 AND active
ORDER BY coalesce((settings->>'priority')::integer, 100), created_at, id
