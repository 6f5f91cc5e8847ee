-- $1 enterprise, $2 kind, $3 active
SELECT c.id, c.enterprise_id, c.kind, c.name, c.display_name, c.active, c.settings, c.secrets, c.revision,
    c.created_at, c.updated_at
--:columns
FROM connector c
WHERE ($1::uuid IS NULL OR c.enterprise_id = $1)
    AND ($2::text IS NULL OR c.kind = $2)
    AND ($3::text IS NULL OR c.active = $3::boolean)
--:after
--:page
