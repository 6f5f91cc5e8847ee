-- The registry. $1 enterprise, $2 name
SELECT d.id, d.enterprise_id, d.name, d.include_subdomains, d.revision, d.created_at, d.updated_at
--:columns
FROM domain d
WHERE ($1::uuid IS NULL OR d.enterprise_id = $1)
    AND ($2::text IS NULL OR d.name = $2)
--:after
--:page
