-- $1 id
SELECT id, enterprise_id, name, role, scopes, to_jsonb(acts_as) AS acts_as, active, revision, created_at, updated_at
FROM client WHERE id = $1::uuid
