-- $1 enterprise
SELECT id, enterprise_id, name, role, scopes, to_jsonb(acts_as) AS acts_as, active, revision, created_at, updated_at
    --:columns
FROM client
WHERE ($1::uuid IS NULL OR enterprise_id = $1::uuid)
    --:after
    --:page
