-- The registry. $1 enterprise, $2 the name as any of these
SELECT d.id, d.enterprise_id, d.name, d.include_subdomains, d.revision, d.created_at, d.updated_at
--:columns
FROM domain d
WHERE ($1::uuid IS NULL OR d.enterprise_id = $1)
    AND ($2::text[] IS NULL OR d.name = ANY ($2))
--:after
--:page
